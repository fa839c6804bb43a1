//! `/api/studies`: a tiny model really trained and measured behind it.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{StatusCode, header};
use engine::WeightFormat;
use engine::device::DeviceChoice;
use protocol::language::Language;
use protocol::study::{EvaluationSplit, Preset, StudySpec};
use serde_json::Value;

use super::{Scripts, Setup, access, get, post, sse, text};
use crate::executor::scripted::Script;
use crate::executor::{Limits, ModelReader, Shelf};
use crate::hub::Hub;
use crate::server::{Server, router};
use crate::study::{Desk, Library};

/// Two languages, one adapter, four prompts: seconds.
fn tiny() -> StudySpec {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/parity/gemma3/single");
    let mut spec = Preset::Sample.spec(model.canonicalize().unwrap().to_str().unwrap());
    spec.name = "tiny".into();
    spec.languages = vec![Language::De, Language::Zh];
    spec.splits = [(EvaluationSplit::ToxicTest, 4)].into();
    spec.max_new_tokens = 4;
    spec.bootstrap = 20;
    spec.training.rank = 2;
    spec.training.max_steps = Some(2);
    spec
}

fn setup(home: &Path) -> Setup {
    let script = Arc::new(Script::default());
    let scripts = Arc::new(Scripts(Arc::clone(&script)));
    let shelf = Arc::new(Shelf::new(scripts, Limits::default(), 2));
    let desk = Desk::new(
        Library::new(home),
        Hub::new(home).unwrap(),
        ModelReader::new(DeviceChoice::Cpu, WeightFormat::AsStored).unwrap(),
        Vec::new(),
        Arc::new(|| false),
    );
    let server = Server::new(shelf, "scripted".into(), Box::new(Vec::new)).with_studies(desk);
    let server = Arc::new(server);
    let router = router(Arc::clone(&server), &access()).unwrap();
    Setup {
        script,
        server,
        router,
    }
}

#[tokio::test]
async fn a_study_is_run_watched_and_read() {
    let home = tempfile::tempdir().unwrap();
    let setup = setup(home.path());
    Library::new(home.path()).create(&tiny(), None).unwrap();
    let address = "/api/studies/tiny/matrix";
    let (status, body) = setup.json(get(address)).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
    let (status, body) = setup.json(post("/api/studies/tiny/run", "{}")).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let response = setup.send(get("/api/studies/tiny/events")).await;
    let events = sse(&text(response).await);
    let (name, last) = events.last().unwrap();
    assert_eq!(name.as_deref(), Some("ended"), "{events:?}");
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["state"], "finished", "{last}");

    let (_, list) = setup.json(get("/api/studies")).await;
    assert_eq!(list["studies"][0]["name"], "tiny");
    assert_eq!(list["studies"][0]["label"], "sample: not for research");
    let (status, body) = setup.json(get(address)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let rows = body["matrix"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 4, "ZS, two X-FT, M-FT");
    assert!(rows[1]["cells"][0]["delta"][0].is_number(), "{}", rows[1]);
    let (_, page) = setup
        .json(get(
            "/api/studies/tiny/samples?strategy=x-ft-de&language=zh&sort=worse",
        ))
        .await;
    assert_eq!(page["total"], 4, "{page}");
    for (format, kind, begins) in [
        ("csv", "text/csv; charset=utf-8", &b"metric,"[..]),
        ("json", "application/json", b"{\"format\":1"),
        ("latex", "application/x-latex; charset=utf-8", b"% sample: "),
        ("svg", "image/svg+xml", b"<svg "),
        ("png", "image/png", b"\x89PNG"),
        ("parquet", "application/vnd.apache.parquet", b"PAR1"),
    ] {
        let address = format!("/api/studies/tiny/export?format={format}");
        let response = setup.send(get(&address)).await;
        assert_eq!(response.status(), StatusCode::OK, "{format}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], kind);
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX);
        let bytes = bytes.await.unwrap();
        assert!(bytes.starts_with(begins), "{format}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said() {
    let home = tempfile::tempdir().unwrap();
    let setup = setup(home.path());
    let (status, body) = setup.json(get("/api/studies/none")).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
    let (status, presets) = setup.json(get("/api/studies/presets")).await;
    assert_eq!(status, StatusCode::OK);
    let mut spec = presets["presets"][0]["spec"].clone();
    let refused = async |spec: &Value, field: &str| {
        let body = serde_json::json!({ "spec": spec }).to_string();
        let (status, body) = setup.json(post("/api/studies", Body::from(body))).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(body["error"]["field"], field, "{body}");
    };
    // Not installed here; and a path is no model's name.
    refused(&spec, "spec.model").await;
    spec["model"] = "/etc/passwd".into();
    refused(&spec, "spec.model").await;
    let (status, body) = setup
        .json(get("/api/studies/none/matrix?metric=charm"))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    assert!(!home.path().join("studies").exists());
}
