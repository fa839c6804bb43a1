//! Reads a request's JSON body within limits, and says which field is wrong.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use protocol::api::ErrorKind;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use super::error::ApiError;

/// Bytes of a body.
pub const BODY_LIMIT: usize = 2 * 1024 * 1024;
/// Time in which a body must arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A body of type `application/json`. Nesting deeper than 128 is refused by `serde_json`.
#[derive(Debug, Clone, Copy)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::new(
                ErrorKind::UnsupportedMediaType,
                "the body must be sent as `Content-Type: application/json`",
            ));
        }
        let too_large = || {
            ApiError::new(
                ErrorKind::BodyTooLarge,
                format!("the body may have at most {BODY_LIMIT} bytes"),
            )
        };
        let declared = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if declared.is_some_and(|length| length > BODY_LIMIT) {
            return Err(too_large());
        }
        let bytes = tokio::time::timeout(BODY_TIMEOUT, to_bytes(request.into_body(), BODY_LIMIT))
            .await
            .map_err(|_| {
                ApiError::new(
                    ErrorKind::Timeout,
                    format!(
                        "the body did not arrive within {} s",
                        BODY_TIMEOUT.as_secs()
                    ),
                )
            })?
            .map_err(|_| too_large())?;
        parse(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    let essence = value
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let invalid_json = error.inner().classify() != Category::Data;
        let message = error.inner().to_string();
        if invalid_json {
            return ApiError::new(ErrorKind::InvalidJson, message);
        }
        // A field that is missing or unknown is named in the message only.
        match path(error.path()).or_else(|| quoted(&message)) {
            Some(field) => ApiError::field(field, message),
            None => ApiError::new(ErrorKind::InvalidField, message),
        }
    })?;
    deserializer
        .end()
        .map_err(|error| ApiError::new(ErrorKind::InvalidJson, error.to_string()))?;
    Ok(value)
}

/// `texts[3]`, in the words of the API.
fn path(path: &serde_path_to_error::Path) -> Option<String> {
    let mut name = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => name.push_str(&format!("[{index}]")),
            Segment::Map { key } => {
                if !name.is_empty() {
                    name.push('.');
                }
                name.push_str(key);
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    (!name.is_empty()).then_some(name)
}

/// What stands first in backticks, which is the field where a message names one.
pub fn quoted(message: &str) -> Option<String> {
    Some(message.split('`').nth(1)?.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use protocol::api::completions::CompletionRequest;
    use protocol::api::generate::GenerateRequest;
    use protocol::api::perplexity::PerplexityRequest;

    use super::*;

    fn fault<T: DeserializeOwned>(text: &str) -> (ErrorKind, Option<String>) {
        match parse::<T>(text.as_bytes()) {
            Ok(_) => panic!("{text} was accepted"),
            Err(error) => {
                let detail = error.into_body().error;
                (detail.kind, detail.field)
            }
        }
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let named = |field: &str| (ErrorKind::InvalidField, Some(field.to_owned()));
        let generate = fault::<GenerateRequest>;
        assert_eq!(generate(r#"{"prompt":1}"#), named("prompt"));
        assert_eq!(generate(r#"{"prompt":"a","topp":1}"#), named("topp"));
        assert_eq!(
            generate(r#"{"prompt":"a","stop":["b",2]}"#),
            named("stop[1]")
        );
        assert_eq!(generate(r#"{"prompt":"a","seed":-1}"#), named("seed"));
        assert_eq!(generate(r#"{"prompt":"a","seed":1.5}"#), named("seed"));
        assert_eq!(
            generate(r#"{"prompt":"a","max_new_tokens":1e99}"#),
            named("max_new_tokens")
        );
        assert_eq!(fault::<PerplexityRequest>("{}"), named("texts"));
        let completion = fault::<CompletionRequest>;
        assert_eq!(
            completion(r#"{"model":"m","prompt":[1,2]}"#),
            named("prompt")
        );
        assert_eq!(completion(r#"{"prompt":"a"}"#), named("model"));
    }

    #[test]
    fn what_is_not_json_is_said_to_be_none() {
        let bad = (ErrorKind::InvalidJson, None);
        assert_eq!(fault::<GenerateRequest>("{"), bad);
        assert_eq!(fault::<GenerateRequest>(""), bad);
        assert_eq!(fault::<GenerateRequest>(r#"{"prompt":"a"} x"#), bad);
        let deep = format!(r#"{{"prompt":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
        let (kind, _) = fault::<CompletionRequest>(&deep);
        assert!(matches!(
            kind,
            ErrorKind::InvalidJson | ErrorKind::InvalidField
        ));
    }
}
