//! The description of the API for machines.

use axum::Json;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Polydetox",
        description = "Runs language models and measures texts. Every response that is not a success has one error body.",
        license(name = "MIT OR Apache-2.0"),
    ),
    paths(
        routes::health::health,
        routes::metrics::metrics,
        routes::models::models,
        routes::models::openai_models,
        routes::model_files::model_files,
        routes::model_files::model_file,
        routes::data::data,
        routes::data::rows,
        routes::adapters::adapters,
        routes::adapters::adapter_file,
        routes::studies::studies,
        routes::studies::presets,
        routes::studies::create,
        routes::studies::status,
        routes::studies::matrix,
        routes::studies::samples,
        routes::studies::export_file,
        routes::studies::run,
        routes::studies::pause,
        routes::studies::cancel,
        routes::studies::events,
        routes::devices::devices,
        routes::generate::generate,
        routes::perplexity::perplexity,
        routes::score::score,
        routes::scorers::scorers,
        routes::scorers::evaluation,
        routes::forced_decoding::forced_decoding,
        routes::completions::completions,
    ),
    modifiers(&Token),
    security((), ("token" = [])),
)]
struct Description;

/// The token that a server on a public address asks for.
struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme(
            "token",
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        );
    }
}

/// The document.
pub fn document() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// `GET /openapi.json`.
pub async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use std::path::Path;

    use super::document;

    /// `POLYDETOX_BLESS=1 cargo test -p backend openapi` writes the snapshot anew.
    #[test]
    fn the_snapshot_is_up_to_date() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
        let now = document().to_pretty_json().unwrap() + "\n";
        if std::env::var_os("POLYDETOX_BLESS").is_some() {
            std::fs::write(&path, &now).unwrap();
        }
        let then = std::fs::read_to_string(&path).expect("backend/openapi.json");
        assert!(
            then == now,
            "the API has changed: POLYDETOX_BLESS=1 cargo test -p backend openapi"
        );
    }
}
