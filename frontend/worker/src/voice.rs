//! What the worker says to the page.

use std::sync::atomic::{AtomicBool, Ordering};

use protocol::api::{ErrorDetail, ErrorKind};
use protocol::local::{AfterLoss, Event, FailedCommand, LocalFailure, WayOut};
use wasm_bindgen::JsValue;

use crate::failure::Failure;
use crate::javascript::scope;

/// The model runs on WebGPU, or is about to.
static ON_WEBGPU: AtomicBool = AtomicBool::new(false);
/// The graphics card was lost before, since the user asked for it.
static LOST_BEFORE: AtomicBool = AtomicBool::new(false);
/// One loss is told once.
static LOSS_TOLD: AtomicBool = AtomicBool::new(false);

/// Sends an event.
pub fn say(event: &Event) {
    match serde_json::to_string(event) {
        Ok(text) => {
            // Texts can always be cloned for the page; a page that is gone misses nothing.
            let _ = scope().post_message(&JsValue::from_str(&text));
        }
        Err(error) => crash(&error.to_string()),
    }
}

/// Says that a command came to nothing.
pub fn fail(command: FailedCommand, failure: &Failure) {
    say(&Event::Failed {
        command,
        failure: failure.told(),
    });
}

/// Says that the program cannot go on.
pub fn crash(reason: &str) {
    say(&Event::Crashed {
        failure: LocalFailure {
            error: ErrorDetail {
                kind: ErrorKind::Internal,
                message: format!("The inference worker failed: {reason}"),
                field: None,
            },
            ways_out: vec![WayOut::RestartWorker, WayOut::UseServer],
        },
    });
}

/// Notes whether a loss of the graphics card concerns anyone, and whether it is the second one.
pub fn on_webgpu(on_webgpu: bool, lost_before: bool) {
    ON_WEBGPU.store(on_webgpu, Ordering::Relaxed);
    LOST_BEFORE.store(lost_before, Ordering::Relaxed);
}

/// Says that the graphics card is gone. The page's client ends this worker then.
pub fn lose_device(reason: &str) {
    if !ON_WEBGPU.load(Ordering::Relaxed) {
        return;
    }
    // A card that goes takes several operations with it, each of which says so.
    let first = !LOSS_TOLD.swap(true, Ordering::Relaxed);
    if first {
        say(&Event::DeviceLost {
            reason: reason.to_owned(),
            next: if LOST_BEFORE.load(Ordering::Relaxed) {
                AfterLoss::UseCpu
            } else {
                AfterLoss::RetryWebGpu
            },
        });
    }
}

/// A panic cannot be caught here: the page is told, and starts another worker. While the model is
/// on WebGPU it counts as a loss of the device, whose failures show as panics too.
pub fn speak_when_panicking() {
    std::panic::set_hook(Box::new(|panic| {
        let reason = panic.to_string();
        if ON_WEBGPU.load(Ordering::Relaxed) {
            lose_device(&reason);
        } else {
            crash(&reason);
        }
    }));
}
