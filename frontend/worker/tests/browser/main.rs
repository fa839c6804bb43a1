//! The engine in a real browser's worker, against itself: vector kernels against plain loops, one
//! pass against the other, the graphics card against the processor; and the browser's storage.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(target_arch = "wasm32")]

mod kernels;
mod passes;
mod storage;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
