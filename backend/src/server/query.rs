//! Says which field of a query is wrong.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use protocol::api::ErrorKind;

use super::error::ApiError;
use super::json::quoted;

/// What was asked for in the address.
///
/// # Errors
/// A field that is unknown or has a value that it cannot have.
pub fn asked<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, ApiError> {
    match query {
        Ok(Query(query)) => Ok(query),
        Err(rejection) => Err(fault(&rejection.body_text())),
    }
}

/// The reader's words follow what it was doing, and the field where it knows it.
fn fault(text: &str) -> ApiError {
    let reason = text
        .strip_prefix("Failed to deserialize query string: ")
        .unwrap_or(text);
    let is_name = |field: &&str| field.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let named = reason.split_once(": ");
    match named.filter(|(field, _)| is_name(field)) {
        Some((field, reason)) => ApiError::field(field, reason),
        None => match quoted(reason) {
            Some(field) => ApiError::field(field, reason),
            None => ApiError::new(ErrorKind::InvalidField, reason),
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::http::Uri;
    use protocol::study::api::MatrixQuery;

    use super::*;

    #[test]
    fn the_field_at_fault_is_named() {
        let field = |query: &str| {
            let uri: Uri = format!("/?{query}").parse().unwrap();
            let error = asked(Query::<MatrixQuery>::try_from_uri(&uri)).unwrap_err();
            error.into_body().error.field
        };
        assert_eq!(field("metric=bar").as_deref(), Some("metric"));
        assert_eq!(field("metrics=toxicity").as_deref(), Some("metrics"));
    }
}
