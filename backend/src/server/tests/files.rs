//! Files of models, and the built page: ranges, types, compression.

use axum::http::{StatusCode, header};
use serde_json::json;

use super::{Access, access, get, post, setup, setup_with, text};
use crate::executor::Limits;

#[tokio::test]
async fn a_models_files_are_listed_and_handed_out_in_ranges() {
    let setup = setup();
    let (status, list) = setup.json(get("/api/models/scripted/files")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        list["files"],
        json!([{"name": "weights.gguf", "bytes": 7, "sha256": "11".repeat(32)}])
    );

    let path = "/api/models/scripted/files/weights.gguf";
    let whole = setup.send(get(path)).await;
    assert_eq!(whole.status(), StatusCode::OK);
    let tag = whole.headers()[header::ETAG].clone();
    let whole = text(whole).await;

    let ranged = |range: &str| {
        let mut request = get(path);
        let headers = request.headers_mut();
        headers.insert(header::RANGE, range.parse().unwrap());
        headers.insert(header::ACCEPT_ENCODING, "gzip, br".parse().unwrap());
        request
    };
    let part = setup.send(ranged("bytes=10-29")).await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        part.headers()[header::CONTENT_RANGE].to_str().unwrap(),
        format!("bytes 10-29/{}", whole.len())
    );
    assert!(!part.headers().contains_key(header::CONTENT_ENCODING));
    assert_eq!(text(part).await, whole[10..30]);
    let beyond = setup.send(ranged("bytes=99999999-")).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);

    let mut again = get(path);
    again.headers_mut().insert(header::IF_NONE_MATCH, tag);
    assert_eq!(setup.send(again).await.status(), StatusCode::NOT_MODIFIED);

    for (path, status, kind) in [
        ("/api/models/nobody/files", 404, "model_not_found"),
        ("/api/models/absent/files", 503, "unavailable"),
        ("/api/models/scripted/files/other.gguf", 404, "not_found"),
        (
            "/api/models/scripted/files/..%2f..%2fCargo.toml",
            404,
            "not_found",
        ),
    ] {
        let (found, body) = setup.json(get(path)).await;
        assert_eq!(
            (found.as_u16(), &body["error"]["type"]),
            (status, &json!(kind)),
            "{path}"
        );
    }
}

#[tokio::test]
async fn programs_are_sent_as_they_were_compressed_before() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        std::fs::write(directory.path().join(name), content).unwrap();
    };
    write("index.html", "<html></html>");
    write("worker_bg.wasm", &"wasm ".repeat(100));
    write("worker_bg.wasm.br", "compressed");
    write("plain_bg.wasm", &"wasm ".repeat(100));
    let setup = setup_with(
        Limits::default(),
        &Access {
            pages: Some(directory.path().to_owned()),
            ..access()
        },
    );
    let ask = |path: &str| {
        let mut request = get(path);
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT_ENCODING, "gzip, br".parse().unwrap());
        request
    };
    let response = setup.send(ask("/worker_bg.wasm")).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/wasm");
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "br");
    assert_eq!(text(response).await, "compressed");
    let response = setup.send(get("/worker_bg.wasm")).await;
    assert!(text(response).await.starts_with("wasm "));
    // One that nobody has compressed is not compressed for each reader anew.
    let response = setup.send(ask("/plain_bg.wasm")).await;
    assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
}

#[tokio::test]
async fn a_completion_is_forced_upon_the_model() {
    let setup = setup();
    let force = |body: serde_json::Value| post("/api/forced_decoding", body.to_string());
    let (status, body) = setup
        .json(force(json!({"prompt": "abc", "completion": [98, 97]})))
        .await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(body["prompt_tokens"], 3);
    assert_eq!(body["tokens"][0]["given"]["text"], "b");
    assert_eq!(body["tokens"][0]["top"]["token"], 97);
    assert_eq!(body["tokens"][1]["given"]["logprob"], -1.5);
    assert_eq!(body["provenance"]["model"], "scripted");
    for (request, field) in [
        (json!({"prompt": "", "completion": [1]}), "prompt"),
        (json!({"prompt": "a", "completion": []}), "completion"),
    ] {
        let (status, body) = setup.json(force(request)).await;
        assert_eq!(status.as_u16(), 422);
        assert_eq!(body["error"]["field"], field);
    }
    let (status, body) = setup
        .json(force(json!({"prompt": "PANIC", "completion": [1]})))
        .await;
    assert_eq!(status.as_u16(), 500, "{body}");
}
