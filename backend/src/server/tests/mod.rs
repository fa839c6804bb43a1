//! The server on a scripted model: in process where that is enough, over a socket where it is not.

mod adapters;
mod data;
mod files;
mod limits;
mod score;
mod sockets;
mod streams;
mod studies;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use protocol::api::devices::DeviceEntry;
use protocol::provenance::ModelProvenance;
use serde_json::Value;
use tower::ServiceExt;

use super::{Access, Server, router};
use crate::executor::scripted::{Script, ScriptedModel};
use crate::executor::{FilesOnDisk, Library, Limits, Loaded, Shelf, ShelfError, Title};
use crate::hub::ResolvedFile;

/// Knows the models `scripted`, `second` and `third`, all the same script, and `absent`, which is
/// not on this machine.
struct Scripts(Arc<Script>);

impl Library for Scripts {
    fn titles(&self) -> Result<Vec<Title>, ShelfError> {
        let title = |id: &str, installed| Title {
            id: id.into(),
            family: "script".into(),
            languages: vec!["en".into()],
            licence: "MIT".into(),
            bytes: 7,
            installed,
        };
        Ok(vec![title("absent", false), title("scripted", true)])
    }

    fn load(&self, id: &str) -> Result<Loaded, ShelfError> {
        match id {
            "scripted" | "second" | "third" => Ok(Loaded {
                model: Arc::new(ScriptedModel(Arc::clone(&self.0))),
                provenance: ModelProvenance {
                    model: id.into(),
                    sha256: "00".repeat(32),
                    weights: "none".into(),
                    device: "script".into(),
                    version: "0".into(),
                    adapter: None,
                },
            }),
            "absent" => Err(ShelfError::Unavailable("fetch it first".into())),
            _ => Err(ShelfError::Unknown(format!("there is no model `{id}`"))),
        }
    }

    fn files(&self, id: &str) -> Result<FilesOnDisk, ShelfError> {
        self.load(id)?;
        // Any file will do; this one is there.
        Ok(FilesOnDisk {
            sha256: "00".repeat(32),
            files: vec![ResolvedFile {
                name: "weights.gguf".into(),
                path: Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json"),
                bytes: 7,
                sha256: "11".repeat(32),
            }],
        })
    }
}

/// A server with its script.
struct Setup {
    script: Arc<Script>,
    server: Arc<Server>,
    router: Router,
}

fn access() -> Access {
    Access {
        listen: "127.0.0.1:8080".parse().unwrap(),
        hosts: Vec::new(),
        token: None,
        pages: None,
    }
}

fn setup_with(limits: Limits, access: &Access) -> Setup {
    let script = Arc::new(Script::default());
    let library = Arc::new(Scripts(Arc::clone(&script)));
    let shelf = Arc::new(Shelf::new(library, limits, 2));
    let devices = || {
        vec![DeviceEntry {
            name: "cpu".into(),
            description: "a processor".into(),
            memory_bytes: Some(1),
            dtypes: vec!["f32".into()],
            selected: true,
        }]
    };
    let server = Arc::new(Server::new(shelf, "scripted".into(), Box::new(devices)));
    let router = router(Arc::clone(&server), access).unwrap();
    Setup {
        script,
        server,
        router,
    }
}

fn setup() -> Setup {
    setup_with(Limits::default(), &access())
}

fn get(path: &str) -> Request<Body> {
    Request::get(path)
        .header(header::HOST, "localhost:8080")
        .body(Body::empty())
        .unwrap()
}

fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path)
        .header(header::HOST, "localhost:8080")
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.into())
        .unwrap()
}

impl Setup {
    async fn send(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn json(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.send(request).await;
        let status = response.status();
        let text = text(response).await;
        let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        (status, value)
    }
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The `data:` lines of an event stream, with the names of the events that have one.
fn sse(text: &str) -> Vec<(Option<String>, String)> {
    text.split("\n\n")
        .filter(|block| !block.is_empty())
        .map(|block| {
            let line = |name: &str| {
                block
                    .lines()
                    .find_map(|line| line.strip_prefix(name))
                    .map(|rest| rest.trim_start().to_owned())
            };
            (line("event:"), line("data:").unwrap())
        })
        .collect()
}
