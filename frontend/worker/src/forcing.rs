//! Forced decoding on the loaded model.

use engine::measure::ForcedDecoding;
use protocol::api::forced_decoding::{ForcedDecodingRequest, ForcedDecodingResponse};

use crate::failure::Failure;
use crate::mailbox::Interruptions;
use crate::pause::pause;
use crate::session::Session;

/// Forces a completion upon the model, piece by piece.
///
/// # Errors
/// The request cannot be forced, the page stops it, or the device fails.
pub async fn force(
    session: &mut Session,
    id: u64,
    request: &ForcedDecodingRequest,
    interruptions: &Interruptions,
) -> Result<ForcedDecodingResponse, Failure> {
    let (adapter, provenance) = session.adapter(request.adapter.as_ref())?.unzip();
    let mut forced = ForcedDecoding::new(&session.model, &request.prompt, &request.completion)?;
    let runner = session.generator.runner(adapter.as_ref())?;
    while !forced.step(runner).await? {
        pause().await;
        if interruptions.take_stop(id) {
            return Err(Failure::Cancelled);
        }
    }
    Ok(ForcedDecodingResponse {
        prompt_tokens: forced.prompt_tokens(),
        tokens: forced.finish(),
        provenance: session.loaded.provenance.with_adapter(provenance),
    })
}
