//! What is refused, with which status and which field.

use axum::body::Body;
use axum::http::{HeaderName, Method, Request, StatusCode, header};
use serde_json::{Value, json};

use super::{Access, access, get, post, setup, setup_with, text};
use crate::executor::Limits;

#[tokio::test]
async fn bad_bodies_are_refused_and_the_field_is_named() {
    let setup = setup();
    let generate = |body: Value| post("/api/generate", body.to_string());
    let complete = |body: Value| post("/v1/completions", body.to_string());
    let measure = |body: Value| post("/api/perplexity", body.to_string());
    let prompt = |key: &str, value: Value| {
        let mut body = json!({"prompt": "a"});
        body[key] = value;
        generate(body)
    };
    let openai = |key: &str, value: Value| {
        let mut body = json!({"model": "scripted", "prompt": "a"});
        body[key] = value;
        complete(body)
    };
    let many: Vec<String> = (0..17).map(|index| index.to_string()).collect();
    let cases = [
        (generate(json!({})), 422, "invalid_field", "prompt"),
        (
            generate(json!({"prompt": ""})),
            422,
            "invalid_field",
            "prompt",
        ),
        (
            generate(json!({"prompt": "a".repeat(64)})),
            422,
            "invalid_field",
            "prompt",
        ),
        (
            generate(json!({"prompt": ["a"]})),
            422,
            "invalid_field",
            "prompt",
        ),
        (
            prompt("model", json!("nobody")),
            404,
            "model_not_found",
            "model",
        ),
        (
            prompt("model", json!("../../etc/passwd")),
            404,
            "model_not_found",
            "model",
        ),
        (
            prompt("model", json!("absent")),
            503,
            "unavailable",
            "model",
        ),
        (
            prompt("max_new_tokens", json!(0)),
            422,
            "invalid_field",
            "max_new_tokens",
        ),
        (
            prompt("max_new_tokens", json!(8193)),
            422,
            "invalid_field",
            "max_new_tokens",
        ),
        (
            prompt("max_new_tokens", json!(-1)),
            422,
            "invalid_field",
            "max_new_tokens",
        ),
        (
            prompt("temperature", json!(-0.1)),
            422,
            "invalid_field",
            "temperature",
        ),
        (
            prompt("temperature", json!(5.1)),
            422,
            "invalid_field",
            "temperature",
        ),
        (
            prompt("temperature", json!("hot")),
            422,
            "invalid_field",
            "temperature",
        ),
        (prompt("top_p", json!(0)), 422, "invalid_field", "top_p"),
        (prompt("top_p", json!(1.1)), 422, "invalid_field", "top_p"),
        (prompt("top_k", json!(-1)), 422, "invalid_field", "top_k"),
        (
            prompt("repetition_penalty", json!(0)),
            422,
            "invalid_field",
            "repetition_penalty",
        ),
        (prompt("seed", json!("x")), 422, "invalid_field", "seed"),
        (prompt("stop", json!([""])), 422, "invalid_field", "stop"),
        (prompt("stop", json!(many)), 422, "invalid_field", "stop"),
        (
            prompt("logprobs", json!(21)),
            422,
            "invalid_field",
            "logprobs",
        ),
        (
            prompt("temprature", json!(1)),
            422,
            "invalid_field",
            "temprature",
        ),
        (
            openai("model", json!("nobody")),
            404,
            "model_not_found",
            "model",
        ),
        (
            openai("max_tokens", json!(0)),
            422,
            "invalid_field",
            "max_tokens",
        ),
        (openai("n", json!(0)), 422, "invalid_field", "n"),
        (openai("n", json!(129)), 422, "invalid_field", "n"),
        // More at once than there are places can never succeed, so that 429 would be wrong.
        (openai("n", json!(100)), 422, "invalid_field", "n"),
        (openai("prompt", json!([])), 422, "invalid_field", "prompt"),
        (
            openai("prompt", json!([1, 2])),
            422,
            "invalid_field",
            "prompt",
        ),
        (openai("echo", json!(true)), 422, "invalid_field", "echo"),
        (
            openai("stop", json!(["", "a"])),
            422,
            "invalid_field",
            "stop",
        ),
        (measure(json!({})), 422, "invalid_field", "texts"),
        (measure(json!({"texts": []})), 422, "invalid_field", "texts"),
        (
            measure(json!({"texts": ["a", ""]})),
            422,
            "invalid_field",
            "texts[1]",
        ),
        (
            measure(json!({"texts": vec!["a"; 257]})),
            422,
            "invalid_field",
            "texts",
        ),
        (
            measure(json!({"texts": ["a"], "model": "x"})),
            404,
            "model_not_found",
            "model",
        ),
    ];
    for (request, status, kind, field) in cases {
        let shown = format!("{status} {kind} {field}");
        let (found, body) = setup.json(request).await;
        assert_eq!(found.as_u16(), status, "{shown}: {body}");
        assert_eq!(body["error"]["type"], kind, "{shown}");
        assert_eq!(body["error"]["field"], field, "{shown}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(!message.is_empty(), "{shown}");
    }
    // And it goes on.
    let (status, body) = setup.json(generate(json!({"prompt": "a"}))).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

#[tokio::test]
async fn bad_requests_are_refused_with_the_one_error_body() {
    let setup = setup();
    let plain = |mut request: Request<Body>, name: HeaderName, value: &'static str| {
        request.headers_mut().remove(&name);
        if !value.is_empty() {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request
    };
    let body = r#"{"prompt":"a"}"#;
    let good = || post("/api/generate", body);
    let site = HeaderName::from_static("sec-fetch-site");
    let method = |path: &str, method: Method| {
        let mut request = get(path);
        *request.method_mut() = method;
        request
    };
    let large = format!(
        r#"{{"prompt":"{}"}}"#,
        "a".repeat(super::super::json::BODY_LIMIT)
    );
    let deep = "[".repeat(100_000);
    let cases = [
        (post("/api/generate", "{"), 400, "invalid_json"),
        (post("/api/generate", deep), 422, "invalid_field"),
        (post("/api/generate", vec![0xff, 0xfe]), 400, "invalid_json"),
        (post("/api/generate", large), 413, "body_too_large"),
        (
            plain(good(), header::CONTENT_TYPE, ""),
            415,
            "unsupported_media_type",
        ),
        (
            plain(good(), header::CONTENT_TYPE, "text/plain"),
            415,
            "unsupported_media_type",
        ),
        (plain(good(), header::HOST, ""), 421, "unknown_host"),
        (
            plain(good(), header::HOST, "evil.example"),
            421,
            "unknown_host",
        ),
        (
            plain(get("/health"), header::HOST, "evil.example:8080"),
            421,
            "unknown_host",
        ),
        (
            plain(good(), header::ORIGIN, "http://evil.example"),
            403,
            "foreign_origin",
        ),
        (
            plain(good(), header::ORIGIN, "http://localhost:3000"),
            403,
            "foreign_origin",
        ),
        (plain(good(), header::ORIGIN, "null"), 403, "foreign_origin"),
        (
            plain(good(), site.clone(), "cross-site"),
            403,
            "foreign_origin",
        ),
        (
            plain(good(), site.clone(), "same-site"),
            403,
            "foreign_origin",
        ),
        (get("/api/nothing"), 404, "not_found"),
        (get("/v1/chat/completions"), 404, "not_found"),
        (get("/nothing"), 404, "not_found"),
        (
            method("/api/generate", Method::GET),
            405,
            "method_not_allowed",
        ),
        (method("/health", Method::DELETE), 405, "method_not_allowed"),
        (
            method("/api/generate", Method::OPTIONS),
            405,
            "method_not_allowed",
        ),
    ];
    for (request, status, kind) in cases {
        let shown = format!(
            "{} {} {:?}",
            request.method(),
            request.uri(),
            request.headers()
        );
        let (found, body) = setup.json(request).await;
        assert_eq!(
            (found.as_u16(), &body["error"]["type"]),
            (status, &json!(kind)),
            "{shown}"
        );
    }
    for request in [
        good(),
        plain(good(), header::ORIGIN, "http://localhost:8080"),
        plain(good(), site, "same-origin"),
        plain(
            good(),
            header::CONTENT_TYPE,
            "Application/JSON; charset=utf-8",
        ),
    ] {
        let shown = format!("{:?}", request.headers());
        assert_eq!(
            setup.send(request).await.status(),
            StatusCode::OK,
            "{shown}"
        );
    }
}

#[tokio::test]
async fn every_response_carries_the_security_headers_and_none_invites_other_origins() {
    let setup = setup();
    let mut foreign = get("/health");
    foreign
        .headers_mut()
        .insert(header::ORIGIN, "http://evil.example".parse().unwrap());
    for request in [
        get("/health"),
        foreign,
        get("/nothing"),
        post("/api/generate", "{"),
        post("/api/generate", r#"{"prompt":"a","stream":true}"#),
    ] {
        let response = setup.send(request).await;
        let headers = response.headers();
        let has = |name: &str, part: &str| {
            let value = headers.get(name).unwrap_or_else(|| panic!("no {name}"));
            assert!(value.to_str().unwrap().contains(part), "{name}: {value:?}");
        };
        has("content-security-policy", "frame-ancestors 'none'");
        has(
            "content-security-policy",
            "script-src 'self' 'wasm-unsafe-eval'",
        );
        has("x-content-type-options", "nosniff");
        has("referrer-policy", "no-referrer");
        has("cross-origin-opener-policy", "same-origin");
        has("cross-origin-embedder-policy", "require-corp");
        assert!(
            headers
                .keys()
                .all(|name| !name.as_str().starts_with("access-control"))
        );
    }
}

#[tokio::test]
async fn a_token_is_asked_for_where_one_is_set() {
    let access = Access {
        token: Some("secret".into()),
        ..access()
    };
    let setup = setup_with(Limits::default(), &access);
    let with = |path: &str, value: &str| {
        let mut request = get(path);
        if !value.is_empty() {
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        request
    };
    for path in [
        "/api/models",
        "/v1/models",
        "/metrics",
        "/openapi.json",
        "/api/nothing",
    ] {
        for wrong in [
            "",
            "Bearer wrong",
            "Bearer",
            "secret",
            "Basic secret",
            "Bearer secret2",
        ] {
            let response = setup.send(with(path, wrong)).await;
            assert_eq!(
                response.status(),
                StatusCode::UNAUTHORIZED,
                "{path} {wrong}"
            );
            assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
            assert!(text(response).await.contains("unauthorized"));
        }
        let right = setup.send(with(path, "bearer secret")).await.status();
        assert_ne!(right, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(setup.send(get("/health")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn pages_are_served_with_type_and_caching() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        std::fs::write(directory.path().join(name), content).unwrap();
    };
    write(
        "index.html",
        "<html><script type=\"module\">alert(1)</script></html>",
    );
    write("page-0123456789abcdef_bg.wasm", "wasm");
    write("worker.js", &"// a comment\n".repeat(100));
    std::fs::create_dir(directory.path().join("dist")).unwrap();
    std::fs::write(directory.path().parent().unwrap().join("outside.txt"), "no").unwrap();
    let setup = setup_with(
        Limits::default(),
        &Access {
            pages: Some(directory.path().to_owned()),
            ..access()
        },
    );
    for (path, kind, cache) in [
        ("/", "text/html", "no-cache"),
        ("/matrices", "text/html", "no-cache"),
        ("/a/deep/route?x=1", "text/html", "no-cache"),
        ("/worker.js", "text/javascript", "no-cache"),
        (
            "/page-0123456789abcdef_bg.wasm",
            "application/wasm",
            "public, max-age=31536000, immutable",
        ),
    ] {
        let response = setup.send(get(path)).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers();
        assert!(
            headers[header::CONTENT_TYPE]
                .to_str()
                .unwrap()
                .starts_with(kind),
            "{path}"
        );
        assert_eq!(headers[header::CACHE_CONTROL], cache, "{path}");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"));
    }
    for path in [
        "/missing.js",
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/api/nothing",
    ] {
        let status = setup.send(get(path)).await.status();
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    let status = setup.send(post("/", "{}")).await.status();
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);

    let mut compressed = get("/worker.js");
    compressed
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, "gzip".parse().unwrap());
    let response = setup.send(compressed).await;
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
}
