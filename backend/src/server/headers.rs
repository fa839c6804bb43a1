//! Headers that every response carries.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The content security policy of pages whose `index.html` is given: scripts from here, WASM, and
/// the page's own inline scripts by their hashes.
pub fn content_security_policy(index_html: &str) -> String {
    let mut scripts = String::from("'self' 'wasm-unsafe-eval'");
    for script in inline_scripts(index_html) {
        let hash = STANDARD.encode(Sha256::digest(script.as_bytes()));
        scripts.push_str(&format!(" 'sha256-{hash}'"));
    }
    // Style attributes carry computed geometry (heatmap cells); style sheets come from here only.
    format!(
        "default-src 'self'; script-src {scripts}; worker-src 'self'; style-src 'self'; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Contents of `<script>` elements without `src`, exactly as written.
fn inline_scripts(html: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<script") {
        let Some(open) = rest[start..].find('>').map(|at| start + at) else {
            break;
        };
        let attributes = &rest[start..open];
        let Some(close) = rest[open..].find("</script").map(|at| open + at) else {
            break;
        };
        let has_source = attributes
            .split_ascii_whitespace()
            .any(|attribute| attribute.starts_with("src="));
        if !has_source {
            scripts.push(&rest[open + 1..close]);
        }
        rest = &rest[close..];
    }
    scripts
}

/// Adds the headers to a response.
pub async fn security_headers(
    State(policy): State<HeaderValue>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Threads in WASM need the page to be isolated from others.
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-embedder-policy"),
            "require-corp",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_allowed_by_their_hash_and_no_others() {
        let html = "<script src=\"/a.js\"></script><script type=\"module\">alert(1)</script>";
        assert_eq!(inline_scripts(html), ["alert(1)"]);
        let policy = content_security_policy(html);
        // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
        assert!(policy.contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"));
        let script_rule = policy.split("; ").nth(1).unwrap_or_default();
        assert!(!script_rule.contains("unsafe-inline"), "{script_rule}");
        assert!(script_rule.contains("'wasm-unsafe-eval'"));
    }

    #[test]
    fn a_broken_page_gives_a_policy_without_hashes() {
        for html in ["", "<script", "<script>never closed", "no scripts"] {
            assert!(!content_security_policy(html).contains("sha256"), "{html}");
        }
    }
}
