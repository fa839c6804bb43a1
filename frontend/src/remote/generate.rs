//! `POST /api/generate` as a stream of events.

use std::ops::ControlFlow;

use protocol::api::generate::{GenerateRequest, StreamEvent};
use web_sys::AbortSignal;

use super::events::events;
use super::{RemoteFailure, fetch};

/// Sends the request and hands over each event as it arrives, the last one included.
/// Aborting `stop` closes the connection, which ends the generation on the server.
pub async fn generate(
    request: &GenerateRequest,
    stop: &AbortSignal,
    mut on_event: impl FnMut(StreamEvent),
) -> Result<(), RemoteFailure> {
    let request = fetch::post("/api/generate", request, Some(stop))?;
    let ended = events(&request, |event: StreamEvent| {
        let last = matches!(event, StreamEvent::Done { .. } | StreamEvent::Error { .. });
        on_event(event);
        match last {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })
    .await?;
    match ended {
        true => Ok(()),
        false => Err(RemoteFailure::Unreadable(
            "the stream ended before the completion did".to_owned(),
        )),
    }
}
