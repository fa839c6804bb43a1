//! `GET /api/data`.

use axum::http::StatusCode;

use super::{get, setup};

#[tokio::test]
async fn the_sample_is_there_and_has_rows() {
    let setup = setup();
    let (status, found) = setup.json(get("/api/data")).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    assert_eq!(found["sets"][0]["name"], "sample");
    assert_eq!(found["sets"][0]["label"], "sample: not for research");
    assert_eq!(found["sets"][0]["counts"][0]["language"], "ar");
    let address = "/api/data/sample/rows?language=de&split=test&offset=2&limit=2";
    let (status, found) = setup.json(get(address)).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    assert_eq!(found["total"], 6);
    assert_eq!(found["rows"].as_array().map(Vec::len), Some(2));
    assert_eq!(found["rows"][0]["split"], "test");
    assert!(found["rows"][0]["toxic"].is_string());
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let setup = setup();
    for (query, status, field) in [
        (
            "cold_zh/rows?language=zh",
            StatusCode::NOT_FOUND,
            Some("name"),
        ),
        (
            "sample/rows?language=am",
            StatusCode::UNPROCESSABLE_ENTITY,
            Some("language"),
        ),
        (
            "sample/rows",
            StatusCode::UNPROCESSABLE_ENTITY,
            Some("language"),
        ),
        (
            "sample/rows?language=de&page=2",
            StatusCode::UNPROCESSABLE_ENTITY,
            Some("page"),
        ),
        (
            "sample/rows?language=de&limit=0",
            StatusCode::UNPROCESSABLE_ENTITY,
            Some("limit"),
        ),
    ] {
        let (found, body) = setup.json(get(&format!("/api/data/{query}"))).await;
        assert_eq!(found, status, "{query}: {body}");
        assert_eq!(body["error"]["field"].as_str(), field, "{query}: {body}");
    }
}
