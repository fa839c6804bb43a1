//! Serves the built page.

use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use protocol::api::ErrorKind;
use tower::ServiceExt;
use tower_http::services::ServeDir;

use super::error::ApiError;

/// The directory of the built page.
#[derive(Debug, Clone)]
pub struct Pages {
    directory: Option<PathBuf>,
}

impl Pages {
    /// Pages of a directory, or of none.
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self { directory }
    }

    /// What `index.html` says, empty where there is none.
    pub fn index(&self) -> String {
        let read = |directory: &PathBuf| std::fs::read_to_string(directory.join("index.html"));
        match self.directory.as_ref().map(read) {
            Some(Ok(text)) => text,
            Some(Err(error)) => {
                tracing::warn!(%error, "the page has no index.html");
                String::new()
            }
            None => String::new(),
        }
    }

    /// Answers a request that no route answers.
    pub async fn serve(&self, request: Request) -> Response {
        let path = request.uri().path();
        let first = path.split('/').nth(1);
        let of_the_api = matches!(first, Some("api" | "v1"));
        let readable = matches!(*request.method(), Method::GET | Method::HEAD);
        let Some(directory) = self.directory.as_ref().filter(|_| !of_the_api) else {
            return not_found(path);
        };
        if !readable {
            return ApiError::new(
                ErrorKind::MethodNotAllowed,
                "pages can only be read, with GET or HEAD",
            )
            .into_response();
        }
        let path = path.to_owned();
        let immutable = is_hashed(&path);
        // Addresses of the page's own router have no file; they are all answered by the same page.
        let is_file = path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.contains('.'));
        let mut request = request;
        if !is_file {
            *request.uri_mut() = Uri::from_static("/index.html");
        }
        let files = ServeDir::new(directory).precompressed_br();
        let mut response = match files.oneshot(request).await {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        };
        if response.status() == StatusCode::NOT_FOUND {
            return not_found(&path);
        }
        let cache = if immutable {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        response
    }
}

fn not_found(path: &str) -> Response {
    ApiError::new(ErrorKind::NotFound, format!("there is nothing at `{path}`")).into_response()
}

/// `name-0123456789abcdef.js`: the content is in the name, so that it never changes.
fn is_hashed(path: &str) -> bool {
    let stem = Path::new(path)
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names() {
        for path in ["/frontend-0123456789abcdef.js", "/a/b-89abcdef_bg.wasm"] {
            assert!(is_hashed(path), "{path}");
        }
        for path in [
            "/index.html",
            "/worker.js",
            "/a-b.js",
            "/x-12345.js",
            "/",
            "/deadbeef.js",
        ] {
            assert!(!is_hashed(path), "{path}");
        }
    }
}
