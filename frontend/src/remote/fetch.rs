//! Requests answered by one JSON document.

use protocol::api::ErrorBody;
use protocol::api::forced_decoding::{ForcedDecodingRequest, ForcedDecodingResponse};
use protocol::api::health::Health;
use protocol::api::models::ModelList;
use protocol::api::score::{ScoreRequest, ScoreResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, Request, RequestInit, Response};

use super::{RemoteFailure, reach, token};

/// The status of a request without the server's token.
const UNAUTHORIZED: u16 = 401;

/// Whether the server can work. A server that is not well says so with an error status and the same document.
pub async fn health() -> Result<Health, RemoteFailure> {
    let response = send(&get("/health")?).await?;
    let body = text(&response).await?;
    parse(&body).map_err(|unreadable| {
        if response.ok() {
            unreadable
        } else {
            refusal(response.status(), &body)
        }
    })
}

/// The models that the server knows.
pub async fn models() -> Result<ModelList, RemoteFailure> {
    json("/api/models").await
}

/// How toxic texts are.
pub async fn score(request: &ScoreRequest) -> Result<ScoreResponse, RemoteFailure> {
    ask("/api/score", request).await
}

/// The document that answers a request with a JSON body.
pub async fn ask<T: DeserializeOwned>(
    path: &str,
    body: &impl Serialize,
) -> Result<T, RemoteFailure> {
    let request = post(path, body, None)?;
    parse(&text(&accepted(send(&request).await?).await?).await?)
}

/// The document at an address of the API.
pub async fn json<T: DeserializeOwned>(path: &str) -> Result<T, RemoteFailure> {
    let response = accepted(send(&get(path)?).await?).await?;
    parse(&text(&response).await?)
}

/// Forces a completion upon the server's model.
pub async fn force(
    request: &ForcedDecodingRequest,
    stop: &AbortSignal,
) -> Result<ForcedDecodingResponse, RemoteFailure> {
    let request = post("/api/forced_decoding", request, Some(stop))?;
    parse(&text(&accepted(send(&request).await?).await?).await?)
}

/// A request with a JSON body. Aborting `stop` closes its connection.
pub(super) fn post(
    path: &str,
    body: &impl Serialize,
    stop: Option<&AbortSignal>,
) -> Result<Request, RemoteFailure> {
    let body = serde_json::to_string(body)
        .map_err(|error| RemoteFailure::Unreadable(error.to_string()))?;
    let headers = Headers::new().map_err(unreadable)?;
    headers
        .set("Content-Type", "application/json")
        .map_err(unreadable)?;
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_headers(&headers);
    options.set_body(&JsValue::from_str(&body));
    options.set_signal(stop);
    Request::new_with_str_and_init(path, &options).map_err(unreadable)
}

/// Sends a request; any status is an answer.
pub(super) async fn send(request: &Request) -> Result<Response, RemoteFailure> {
    let window = web_sys::window().ok_or(RemoteFailure::Unreachable)?;
    token::put_on(request);
    let answer = JsFuture::from(window.fetch_with_request(request))
        .await
        .map_err(failure);
    // A request that was stopped says nothing of the server.
    if !matches!(answer, Err(RemoteFailure::Stopped)) {
        reach::tell(answer.is_ok());
    }
    answer?.dyn_into().map_err(unreadable)
}

/// Turns an error status into the error that its body tells.
pub(super) async fn accepted(response: Response) -> Result<Response, RemoteFailure> {
    if response.ok() {
        return Ok(response);
    }
    if response.status() == UNAUTHORIZED {
        reach::want_token();
    }
    let body = text(&response).await?;
    Err(refusal(response.status(), &body))
}

/// An interrupted or failed fetch, as the browser reports it.
pub(super) fn failure(error: JsValue) -> RemoteFailure {
    let name = js_sys::Reflect::get(&error, &"name".into())
        .ok()
        .and_then(|name| name.as_string());
    if name.as_deref() == Some("AbortError") {
        RemoteFailure::Stopped
    } else {
        RemoteFailure::Unreachable
    }
}

/// A value of JavaScript that is not what it should be.
pub(super) fn unreadable(value: JsValue) -> RemoteFailure {
    RemoteFailure::Unreadable(format!("{value:?}"))
}

/// A request for a document.
pub(super) fn get(path: &str) -> Result<Request, RemoteFailure> {
    Request::new_with_str(path).map_err(unreadable)
}

/// A request for a stream. Aborting `stop` closes its connection.
pub(super) fn get_until(path: &str, stop: &AbortSignal) -> Result<Request, RemoteFailure> {
    let options = RequestInit::new();
    options.set_signal(Some(stop));
    Request::new_with_str_and_init(path, &options).map_err(unreadable)
}

async fn text(response: &Response) -> Result<String, RemoteFailure> {
    let promise = response.text().map_err(unreadable)?;
    JsFuture::from(promise)
        .await
        .map_err(failure)?
        .as_string()
        .ok_or_else(|| RemoteFailure::Unreadable("no text".to_owned()))
}

fn parse<T: DeserializeOwned>(body: &str) -> Result<T, RemoteFailure> {
    serde_json::from_str(body).map_err(|error| RemoteFailure::Unreadable(error.to_string()))
}

fn refusal(status: u16, body: &str) -> RemoteFailure {
    serde_json::from_str::<ErrorBody>(body).map_or(RemoteFailure::Foreign(status), |body| {
        RemoteFailure::Refused(body.error)
    })
}
