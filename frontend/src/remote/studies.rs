//! What can be asked of the server's studies beside reading them.

use std::ops::ControlFlow;

use protocol::study::api::NewStudy;
use protocol::study::{StudyEvent, StudyStatus};
use web_sys::AbortSignal;

use super::address::segment;
use super::events::events;
use super::{RemoteFailure, fetch};

/// Something that is done to a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Begin, or go on.
    Run,
    /// Stop after the piece under way.
    Pause,
    /// Stop at once; the piece under way is done again later.
    Cancel,
}

/// Makes a study.
pub async fn create(study: &NewStudy) -> Result<StudyStatus, RemoteFailure> {
    fetch::ask("/api/studies", study).await
}

/// Does something to a study.
pub async fn act(name: &str, action: Action) -> Result<StudyStatus, RemoteFailure> {
    let action = match action {
        Action::Run => "run",
        Action::Pause => "pause",
        Action::Cancel => "cancel",
    };
    let path = format!("/api/studies/{}/{action}", segment(name));
    fetch::ask(&path, &serde_json::json!({})).await
}

/// Hands over what a study reports, until it ends; whether it has.
pub async fn follow(
    name: &str,
    stop: &AbortSignal,
    mut on_event: impl FnMut(StudyEvent),
) -> Result<bool, RemoteFailure> {
    let path = format!("/api/studies/{}/events", segment(name));
    let request = fetch::get_until(&path, stop)?;
    events(&request, |event: StudyEvent| {
        let last = matches!(event, StudyEvent::Ended { .. });
        on_event(event);
        match last {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })
    .await
}
