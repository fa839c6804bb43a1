//! Who may talk to the server: known `Host`, own origin, and the token where one is set.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::api::ErrorKind;
use subtle::ConstantTimeEq;

use super::error::ApiError;

/// What is let in.
#[derive(Debug, Clone)]
pub struct Guard {
    hosts: Vec<String>,
    /// A page cannot make a browser send another IP address as `Host` than the one it connects to,
    /// so that where the server listens on every address, each of them is fine.
    any_address: bool,
    token: Option<String>,
}

impl Guard {
    /// For a server that listens on `listen` and is also known by `hosts` (without port).
    pub fn new(listen: SocketAddr, hosts: &[String], token: Option<String>) -> Self {
        let mut known: Vec<String> = ["localhost", "127.0.0.1", "::1"]
            .map(str::to_owned)
            .to_vec();
        known.push(listen.ip().to_string());
        known.extend(hosts.iter().map(|host| bare(host).to_ascii_lowercase()));
        Self {
            hosts: known,
            any_address: listen.ip().is_unspecified(),
            token,
        }
    }

    fn check(&self, request: &Request) -> Result<(), ApiError> {
        let host = host(request.headers(), request.uri());
        self.check_host(host)?;
        check_origin(request.method(), request.headers(), host)?;
        if needs_token(request.uri().path()) {
            self.check_token(request.headers())?;
        }
        Ok(())
    }

    fn check_host(&self, host: Option<&str>) -> Result<(), ApiError> {
        // Against DNS rebinding: a page of evil.example whose name suddenly resolves to this
        // machine still says `Host: evil.example`.
        let name = bare(host.unwrap_or_default()).to_ascii_lowercase();
        let is_address = name.parse::<IpAddr>().is_ok();
        if self.hosts.contains(&name) || (self.any_address && is_address) {
            return Ok(());
        }
        Err(ApiError::new(
            ErrorKind::UnknownHost,
            format!("this server does not answer for `{name}`; start it with --allow-host {name}"),
        ))
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, given)| given.trim());
        match given {
            Some(given) if bool::from(given.as_bytes().ct_eq(token.as_bytes())) => Ok(()),
            _ => Err(ApiError::new(
                ErrorKind::Unauthorized,
                "send the server's token as `Authorization: Bearer TOKEN`",
            )),
        }
    }
}

/// The page itself and the probe of a supervisor hold no secret; a browser cannot send a token
/// with its first request.
fn needs_token(path: &str) -> bool {
    ["/api", "/v1", "/metrics", "/openapi.json"]
        .iter()
        .any(|prefix| {
            path.strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
}

fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    // An absolute request target overrides the header (RFC 9112 §3.2.2).
    uri.authority()
        .map(|authority| authority.as_str())
        .or_else(|| {
            let mut values = headers.get_all(header::HOST).iter();
            let first = values.next()?.to_str().ok()?;
            values.next().is_none().then_some(first)
        })
}

/// The name or address without port, brackets and user part.
fn bare(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    match host.rsplit_once(':') {
        // More than one colon without brackets is a bare IPv6 address.
        Some((name, _)) if !name.contains(':') => name,
        _ => host,
    }
}

fn check_origin(method: &Method, headers: &HeaderMap, host: Option<&str>) -> Result<(), ApiError> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let foreign = |origin: &str| {
        ApiError::new(
            ErrorKind::ForeignOrigin,
            format!("requests from pages of `{origin}` are not accepted"),
        )
    };
    if let Some(origin) = headers.get(header::ORIGIN) {
        let origin = origin.to_str().unwrap_or_default();
        let same = origin.split_once("://").is_some_and(|(scheme, authority)| {
            matches!(scheme, "http" | "https")
                && host.is_some_and(|host| authority.eq_ignore_ascii_case(host))
        });
        return if same { Ok(()) } else { Err(foreign(origin)) };
    }
    match headers.get("sec-fetch-site").map(|value| value.as_bytes()) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(foreign("another site")),
    }
}

/// Lets a request through or answers it.
pub async fn guard(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    match guard.check(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn hosts_lose_their_ports() {
        for (host, name) in [
            ("localhost", "localhost"),
            ("localhost:8080", "localhost"),
            ("127.0.0.1:1", "127.0.0.1"),
            ("[::1]:8080", "::1"),
            ("[::1]", "::1"),
            ("::1", "::1"),
            ("", ""),
        ] {
            assert_eq!(bare(host), name);
        }
    }

    #[test]
    fn every_address_is_answered_for_where_all_are_listened_on() {
        let guard =
            |listen: &str| Guard::new(listen.parse().unwrap(), &["Box.Example:80".into()], None);
        let open = guard("0.0.0.0:80");
        assert!(open.check_host(Some("192.0.2.7:80")).is_ok());
        assert!(open.check_host(Some("box.example")).is_ok());
        assert!(open.check_host(Some("evil.example")).is_err());
        let closed = guard("192.0.2.1:80");
        assert!(closed.check_host(Some("192.0.2.1")).is_ok());
        assert!(closed.check_host(Some("192.0.2.7")).is_err());
        assert!(closed.check_host(None).is_err());
    }

    #[test]
    fn paths_that_need_the_token() {
        for path in [
            "/api/models",
            "/v1/completions",
            "/metrics",
            "/openapi.json",
        ] {
            assert!(needs_token(path), "{path}");
        }
        for path in ["/", "/health", "/apiary", "/index.html"] {
            assert!(!needs_token(path), "{path}");
        }
    }
}
