//! Server-sent events, as they arrive.

use std::ops::ControlFlow;

use js_sys::{Reflect, Uint8Array};
use protocol::api::event_stream::EventStream;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, Request};

use super::{RemoteFailure, fetch};

/// Sends the request and hands over each event until the function has had enough. Whether it had:
/// otherwise the stream has ended by itself.
pub async fn events<T: DeserializeOwned>(
    request: &Request,
    mut on_event: impl FnMut(T) -> ControlFlow<()>,
) -> Result<bool, RemoteFailure> {
    let response = fetch::accepted(fetch::send(request).await?).await?;
    let reader: ReadableStreamDefaultReader = response
        .body()
        .ok_or_else(|| RemoteFailure::Unreadable("no body".to_owned()))?
        .get_reader()
        .dyn_into()
        .map_err(|reader| fetch::unreadable(reader.into()))?;
    let mut events = EventStream::default();
    while let Some(bytes) = read(&reader).await? {
        for data in events.push(&bytes) {
            let event = serde_json::from_str(&data)
                .map_err(|error| RemoteFailure::Unreadable(error.to_string()))?;
            if on_event(event).is_break() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The next piece of the body, or `None` at its end.
async fn read(reader: &ReadableStreamDefaultReader) -> Result<Option<Vec<u8>>, RemoteFailure> {
    let piece = JsFuture::from(reader.read())
        .await
        .map_err(fetch::failure)?;
    let field = |name: &str| Reflect::get(&piece, &name.into()).map_err(fetch::unreadable);
    if field("done")?.is_truthy() {
        return Ok(None);
    }
    let bytes: Uint8Array = field("value")?.dyn_into().map_err(fetch::unreadable)?;
    Ok(Some(bytes.to_vec()))
}
