//! The inference worker: a model in the browser, beside the page and out of its way. It hears
//! [`protocol::local::Command`]s and says [`protocol::local::Event`]s.
//!
//! `mailbox` hears, `voice` says; `desk` does one command after the other; `files` brings a model
//! into the browser; `load` turns files into a `session`, which generates; `webgpu` opens the
//! graphics card.

mod adapter;
mod capabilities;
mod desk;
mod device_trial;
pub mod failure;
pub mod files;
mod forcing;
mod javascript;
mod load;
mod mailbox;
mod network;
mod pause;
mod session;
mod toxicity;
mod voice;
mod webgpu;

use protocol::local::Event;

/// Begins to listen, and says so.
pub fn start() {
    voice::speak_when_panicking();
    match mailbox::open() {
        Ok(mailbox) => {
            wasm_bindgen_futures::spawn_local(desk::serve(mailbox));
            voice::say(&Event::Ready);
        }
        Err(failure) => voice::crash(&failure.to_string()),
    }
}
