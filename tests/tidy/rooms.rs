//! What each room may and may not do.

use crate::code::{Code, production};
use crate::repository::none;

fn find(words: &[&str], looked_at: impl Fn(&Code) -> bool) -> Vec<String> {
    let codes: Vec<Code> = production().into_iter().filter(looked_at).collect();
    assert!(!codes.is_empty(), "the room that is looked at has no code");
    codes
        .iter()
        .flat_map(|code| words.iter().flat_map(|word| code.find(word)))
        .collect()
}

#[test]
fn engine_and_scoring_open_no_file_and_read_no_clock() {
    none(find(
        &[
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "Instant",
            "SystemTime",
        ],
        |code| code.path.starts_with("shared/engine/") || code.path.starts_with("shared/scoring/"),
    ));
}

#[test]
fn only_the_server_knows_http() {
    none(find(&["axum", "StatusCode"], |code| {
        !code.path.starts_with("backend/src/server/")
    }));
}

#[test]
fn programs_do_not_panic_on_purpose() {
    // clippy knows which `expect` is meant; this is about those who silence it.
    let words = [
        ".unwrap()",
        "panic!",
        "todo!",
        "unimplemented!",
        "clippy::unwrap_used",
        "clippy::expect_used",
        "clippy::panic",
    ];
    none(find(&words, |_| true));
}

#[test]
fn unsafe_code_stays_with_the_simd_kernels() {
    none(find(&["unsafe"], |code| {
        !code.path.starts_with("shared/engine/src/kernels/simd")
    }));
}
