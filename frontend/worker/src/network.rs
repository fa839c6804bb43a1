//! Requests to the server that the page came from.

use js_sys::Uint8Array;
use protocol::api::ErrorBody;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, ReadableStreamDefaultReader, Request, RequestInit, Response};

use crate::failure::Failure;
use crate::javascript::{explain, property, scope};

/// One JSON document.
///
/// # Errors
/// Nobody answers, the server refuses, or its answer is something else.
pub async fn json<T: DeserializeOwned>(address: &str, signal: &AbortSignal) -> Result<T, Failure> {
    let response = send(address, None, signal).await?;
    let body = text(&response).await?;
    serde_json::from_str(&body).map_err(|error| Failure::Answer(error.to_string()))
}

/// Bytes `start..end` of a file. `on_bytes` hears of each piece that arrives.
///
/// # Errors
/// As [`json`], and where the server sends another range.
pub async fn range(
    address: &str,
    start: u64,
    end: u64,
    signal: &AbortSignal,
    mut on_bytes: impl FnMut(u64),
) -> Result<Vec<u8>, Failure> {
    let wanted =
        usize::try_from(end - start).map_err(|_| Failure::Answer("a part is too large".into()))?;
    let last = end.saturating_sub(1);
    let response = send(address, Some(format!("bytes={start}-{last}")), signal).await?;
    if response.status() != 206 {
        return Err(Failure::Answer(format!(
            "a range was asked for, and status {} came",
            response.status()
        )));
    }
    let reader: ReadableStreamDefaultReader = response
        .body()
        .ok_or_else(|| Failure::Answer("no body".into()))?
        .get_reader()
        .unchecked_into();
    let mut bytes = vec![0; wanted];
    let mut filled = 0;
    loop {
        let piece = JsFuture::from(reader.read()).await.map_err(lost)?;
        if property(&piece, "done").is_truthy() {
            break;
        }
        let piece: Uint8Array = property(&piece, "value").unchecked_into();
        let length = piece.length() as usize;
        let Some(place) = bytes.get_mut(filled..filled + length) else {
            return Err(Failure::Answer("more bytes than asked for".into()));
        };
        piece.copy_to(place);
        filled += length;
        on_bytes(length as u64);
    }
    if filled != wanted {
        return Err(Failure::Unreachable(format!(
            "the connection ended after {filled} of {wanted} bytes"
        )));
    }
    Ok(bytes)
}

async fn send(
    address: &str,
    range: Option<String>,
    signal: &AbortSignal,
) -> Result<Response, Failure> {
    let headers = Headers::new().map_err(|error| Failure::browser(&error))?;
    if let Some(range) = range {
        headers
            .set("Range", &range)
            .map_err(|error| Failure::browser(&error))?;
    }
    // The page names the worker by the server's token, where it has one.
    let token = property(&scope(), "name").as_string().unwrap_or_default();
    if !token.is_empty() {
        headers
            .set("Authorization", &format!("Bearer {token}"))
            .map_err(|error| Failure::browser(&error))?;
    }
    let options = RequestInit::new();
    options.set_headers(&headers);
    options.set_signal(Some(signal));
    // What is kept is kept by us; the browser's own cache would hold it a second time.
    js_sys::Reflect::set(&options, &"cache".into(), &"no-store".into())
        .map_err(|error| Failure::browser(&error))?;
    let request = Request::new_with_str_and_init(address, &options)
        .map_err(|error| Failure::browser(&error))?;
    let response: Response = JsFuture::from(scope().fetch_with_request(&request))
        .await
        .map_err(lost)?
        .unchecked_into();
    if response.ok() {
        return Ok(response);
    }
    let body = text(&response).await?;
    Err(match serde_json::from_str::<ErrorBody>(&body) {
        Ok(body) => Failure::Refused(body.error),
        // A proxy in front of a server that is down.
        Err(_) if response.status() >= 502 => {
            Failure::Unreachable(format!("status {}", response.status()))
        }
        Err(_) => Failure::Answer(format!("status {}", response.status())),
    })
}

async fn text(response: &Response) -> Result<String, Failure> {
    let promise = response.text().map_err(|error| Failure::browser(&error))?;
    let text = JsFuture::from(promise).await.map_err(lost)?;
    Ok(text.as_string().unwrap_or_default())
}

fn lost(error: JsValue) -> Failure {
    match Failure::browser(&error) {
        Failure::Cancelled => Failure::Cancelled,
        _ => Failure::Unreachable(explain(&error)),
    }
}
