//! One file per address.

pub mod adapters;
pub mod completions;
pub mod data;
pub mod devices;
pub mod forced_decoding;
pub mod generate;
pub mod health;
pub mod metrics;
pub mod model_files;
pub mod models;
pub mod perplexity;
pub mod score;
pub mod scorers;
pub mod studies;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::openapi;
use super::state::Server;

/// Every address of the API.
pub fn routes() -> Router<Arc<Server>> {
    Router::new()
        .route("/health", get(health::health))
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(openapi::openapi))
        .route("/api/models", get(models::models))
        .route("/api/models/{id}/files", get(model_files::model_files))
        .route(
            "/api/models/{id}/files/{name}",
            get(model_files::model_file),
        )
        .route("/api/data", get(data::data))
        .route("/api/data/{name}/rows", get(data::rows))
        .route("/api/adapters", get(adapters::adapters))
        .route(
            "/api/adapters/{name}/files/{file}",
            get(adapters::adapter_file),
        )
        .route("/api/studies", get(studies::studies).post(studies::create))
        .route("/api/studies/presets", get(studies::presets))
        .route("/api/studies/{name}", get(studies::status))
        .route("/api/studies/{name}/matrix", get(studies::matrix))
        .route("/api/studies/{name}/samples", get(studies::samples))
        .route("/api/studies/{name}/export", get(studies::export_file))
        .route("/api/studies/{name}/run", post(studies::run))
        .route("/api/studies/{name}/pause", post(studies::pause))
        .route("/api/studies/{name}/cancel", post(studies::cancel))
        .route("/api/studies/{name}/events", get(studies::events))
        .route("/api/devices", get(devices::devices))
        .route("/api/generate", post(generate::generate))
        .route("/api/perplexity", post(perplexity::perplexity))
        .route(
            "/api/forced_decoding",
            post(forced_decoding::forced_decoding),
        )
        .route("/api/score", post(score::score))
        .route("/api/scorers", get(scorers::scorers))
        .route("/api/scorers/{name}/evaluation", get(scorers::evaluation))
        .route("/v1/models", get(models::openai_models))
        .route("/v1/completions", post(completions::completions))
}
