//! Runs asynchronous work until it is done or the user presses Ctrl-C.

use std::future::Future;

use super::Failure;

/// Runs `work`; when it is interrupted, it is dropped, and with it every request it has made.
///
/// # Errors
/// What the work could not do, or that it was interrupted.
pub fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        tokio::select! {
            done = work => done,
            pressed = tokio::signal::ctrl_c() => {
                pressed?;
                Err(Failure::interrupted())
            }
        }
    })
}
