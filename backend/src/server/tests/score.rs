//! `POST /api/score`.

use axum::http::StatusCode;
use serde_json::json;

use super::{post, setup};

#[tokio::test]
async fn texts_are_scored_in_the_language_they_are_in() {
    let setup = setup();
    let texts = json!([
        "Du bist ein Idiot, halt die Klappe!",
        "Der Zug kommt um neun.",
        " 12 ",
        "Какая сегодня хорошая погода, пойдём гулять."
    ]);
    let body = json!({"language": "de", "texts": texts}).to_string();
    let (status, found) = setup.json(post("/api/score", body)).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    assert_eq!(found["scorer"], "ngram");
    let score = |index: usize| found["texts"][index]["score"].as_f64();
    assert!(score(0) > Some(0.5) && score(1) < Some(0.5), "{found}");
    assert!(score(2).is_none() && found["texts"][2]["empty"] == true);
    assert_eq!(found["texts"][3]["language"], "ru");
    assert_eq!(found["texts"][3]["drift"], true);
    let reason = &found["texts"][0]["reasons"][0];
    assert!(reason["weight"].as_f64() > Some(0.0), "{reason}");
}

#[tokio::test]
async fn what_cannot_be_scored_is_refused_by_field() {
    let setup = setup();
    for (body, field) in [
        (json!({"language": "de", "texts": []}), "texts"),
        (json!({"language": "am", "texts": ["a"]}), "language"),
        (
            json!({"language": "de", "scorer": "oracle", "texts": ["a"]}),
            "scorer",
        ),
        (json!({"texts": ["a"]}), "language"),
    ] {
        let (status, found) = setup.json(post("/api/score", body.to_string())).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{found}");
        assert_eq!(found["error"]["field"], field, "{found}");
    }
}
