//! `POST /api/generate` as a stream of events.

use js_sys::{Reflect, Uint8Array};
use protocol::api::event_stream::EventStream;
use protocol::api::generate::{GenerateRequest, StreamEvent};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStreamDefaultReader};

use super::{RemoteFailure, fetch};

/// Sends the request and hands over each event as it arrives, the last one included.
/// Aborting `stop` closes the connection, which ends the generation on the server.
pub async fn generate(
    request: &GenerateRequest,
    stop: &AbortSignal,
    mut on_event: impl FnMut(StreamEvent),
) -> Result<(), RemoteFailure> {
    let response =
        fetch::accepted(fetch::send(&fetch::post("/api/generate", request, Some(stop))?).await?)
            .await?;
    let reader: ReadableStreamDefaultReader = response
        .body()
        .ok_or_else(|| RemoteFailure::Unreadable("no body".to_owned()))?
        .get_reader()
        .dyn_into()
        .map_err(|reader| fetch::unreadable(reader.into()))?;
    let mut events = EventStream::default();
    while let Some(bytes) = read(&reader).await? {
        for data in events.push(&bytes) {
            let event: StreamEvent = serde_json::from_str(&data)
                .map_err(|error| RemoteFailure::Unreadable(error.to_string()))?;
            let last = matches!(event, StreamEvent::Done { .. } | StreamEvent::Error { .. });
            on_event(event);
            if last {
                return Ok(());
            }
        }
    }
    Err(RemoteFailure::Unreadable(
        "the stream ended before the completion did".to_owned(),
    ))
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
