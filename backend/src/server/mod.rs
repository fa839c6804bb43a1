//! The HTTP server. The only room that knows routes, status codes and headers.

mod connection;
mod error;
mod guard;
mod headers;
mod json;
mod metrics;
pub mod openapi;
mod pages;
mod query;
mod routes;
mod state;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use protocol::api::ErrorKind;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

pub use connection::HEAD_TIMEOUT;
pub use state::Server;

use error::ApiError;
use guard::Guard;
use pages::Pages;

/// Time that running generations get to end by themselves when the server is stopped.
const STOP_GRACE: Duration = Duration::from_secs(3);
/// Time that connections get after that.
const CONNECTION_GRACE: Duration = Duration::from_secs(5);

/// Who may talk to the server and what pages it has.
#[derive(Debug, Clone)]
pub struct Access {
    /// Address it listens on.
    pub listen: SocketAddr,
    /// Further names it is known by.
    pub hosts: Vec<String>,
    /// Required of every request to the API, where set.
    pub token: Option<String>,
    /// Directory of the built page.
    pub pages: Option<PathBuf>,
}

/// The whole service, from guard to route.
///
/// # Errors
/// Where the page's policy cannot be a header, which hashes never cause.
pub fn router(
    server: Arc<Server>,
    access: &Access,
) -> Result<Router, axum::http::header::InvalidHeaderValue> {
    let pages = Pages::new(access.pages.clone());
    let policy = HeaderValue::try_from(headers::content_security_policy(&pages.index()))?;
    let guard = Arc::new(Guard::new(
        access.listen,
        &access.hosts,
        access.token.clone(),
    ));
    Ok(routes::routes()
        .with_state(Arc::clone(&server))
        .fallback(move |request: Request| async move { pages.serve(request).await })
        .method_not_allowed_fallback(|| async {
            ApiError::new(
                ErrorKind::MethodNotAllowed,
                "this address does not know the method",
            )
        })
        .layer(compression())
        .layer(from_fn_with_state(guard, guard::guard))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(server, count))
        .layer(from_fn_with_state(policy, headers::security_headers)))
}

/// Compresses what is made for each request. Event streams are left alone by the default predicate;
/// so are weights, which do not shrink, and programs, which `cargo xtask` compresses once.
fn compression() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(
            DefaultPredicate::new()
                .and(NotForContentType::const_new("application/octet-stream"))
                .and(NotForContentType::const_new("application/wasm")),
        )
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    use axum::response::IntoResponse;
    ApiError::new(ErrorKind::Internal, "the server failed in this request").into_response()
}

async fn count(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("page", MatchedPath::as_str)
        .to_owned();
    let method = match request.method().as_str() {
        method @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS") => method.to_owned(),
        // Anyone can invent methods; each would be a series of its own.
        _ => "other".to_owned(),
    };
    let response = next.run(request).await;
    let kind = response
        .extensions()
        .get::<ErrorKind>()
        .and_then(|kind| serde_json::to_value(kind).ok());
    server.metrics.count(
        &route,
        &method,
        response.status().as_u16(),
        kind.as_ref().and_then(|kind| kind.as_str()),
        start.elapsed(),
    );
    response
}

/// Serves on `listener` until `stop`: then nothing new is accepted, running generations get some
/// seconds and then end with an event that says why, and the connections are closed.
pub async fn serve(
    listener: TcpListener,
    server: Arc<Server>,
    router: Router,
    head_timeout: Duration,
    stop: CancellationToken,
) {
    let shelf = Arc::clone(&server.shelf);
    let stopping = stop.clone();
    let stopper = tokio::spawn(async move {
        stopping.cancelled().await;
        server.begin_shutdown();
        server.shelf.stop(STOP_GRACE);
    });
    let patience = STOP_GRACE + CONNECTION_GRACE;
    connection::serve(listener, router, head_timeout, stop, patience).await;
    stopper.abort();
    // By now nobody listens to what still runs.
    shelf.stop(Duration::ZERO);
}
