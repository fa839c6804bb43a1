//! Adapters over the API, on a model that takes none.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::json;

use super::{Setup, access, get, post, setup, text};
use crate::adapters::tests::{adapter, made, spec};
use crate::adapters::{AdapterStore, RECORD};
use crate::server::{Server, router};

/// The scripted server with one adapter in its store.
fn with_adapter(home: &std::path::Path) -> Setup {
    let store = AdapterStore::new(home);
    store.save("polite", &adapter(), &spec(), made()).unwrap();
    let Setup { script, server, .. } = setup();
    let server = Server::new(
        Arc::clone(&server.shelf),
        server.default_model.clone(),
        Box::new(Vec::new),
    );
    let server = Arc::new(server.with_adapters(store));
    let router = router(Arc::clone(&server), &access()).unwrap();
    Setup {
        script,
        server,
        router,
    }
}

#[tokio::test]
async fn adapters_are_listed_and_handed_out() {
    let home = tempfile::tempdir().unwrap();
    let setup = with_adapter(home.path());
    let (status, list) = setup.json(get("/api/adapters")).await;
    assert_eq!(status, StatusCode::OK);
    let entry = &list["adapters"][0];
    assert_eq!(entry["name"], "polite");
    assert_eq!(entry["base_model"]["sha256"], "a".repeat(64));
    assert_eq!(entry["target_modules"], json!(["q_proj", "down_proj"]));
    let file = &entry["files"][0];
    assert_eq!(file["name"], "adapter_config.json");
    let config = setup
        .send(get("/api/adapters/polite/files/adapter_config.json"))
        .await;
    assert_eq!(config.status(), StatusCode::OK);
    let config = text(config).await;
    assert_eq!(file["bytes"], config.len());
    assert!(config.contains("LORA"), "{config}");
    let record = setup
        .send(get(&format!("/api/adapters/polite/files/{RECORD}")))
        .await;
    assert_eq!(record.status(), StatusCode::OK);
    for path in [
        "/api/adapters/nobody/files/adapter_config.json",
        "/api/adapters/polite/files/other",
        "/api/adapters/polite/files/..%2f..%2fsecret",
        "/api/adapters/..%2fadapters%2fpolite/files/adapter_config.json",
    ] {
        let (status, body) = setup.json(get(path)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {body}");
    }
}

#[tokio::test]
async fn a_server_without_adapters_has_an_empty_list() {
    let setup = setup();
    let (status, list) = setup.json(get("/api/adapters")).await;
    assert_eq!((status, list), (StatusCode::OK, json!({"adapters": []})));
}

#[tokio::test]
async fn a_request_that_cannot_have_its_adapter_says_so() {
    let home = tempfile::tempdir().unwrap();
    let setup = with_adapter(home.path());
    for (adapter, field) in [
        (
            json!({"name": "polite", "strength": 1.6}),
            "adapter.strength",
        ),
        (json!({"name": "polite"}), "adapter"),
    ] {
        let body = json!({"prompt": "a", "adapter": adapter});
        let (status, answer) = setup.json(post("/api/generate", body.to_string())).await;
        assert_eq!(status.as_u16(), 422, "{answer}");
        assert_eq!(answer["error"]["field"], field, "{answer}");
    }
}
