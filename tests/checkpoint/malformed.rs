//! What a table of broken files looks like.

use engine::CheckpointError;

/// A broken file and what its error must say.
pub struct Malformed {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    /// Part of the error's place.
    pub place: &'static str,
    /// Part of the error's reason.
    pub reason: &'static str,
}

pub fn case(
    name: &'static str,
    bytes: Vec<u8>,
    place: &'static str,
    reason: &'static str,
) -> Malformed {
    Malformed {
        name,
        bytes,
        place,
        reason,
    }
}

/// Opens every file and compares the error; `open` gives the error or `None`.
pub fn check(cases: &[Malformed], open: impl Fn(&[u8]) -> Option<CheckpointError>) {
    for case in cases {
        let Some(error) = open(&case.bytes) else {
            panic!("`{}` was accepted", case.name);
        };
        assert!(
            error.place.contains(case.place) && error.reason.contains(case.reason),
            "`{}` gave \"{error}\", expected \"{}\" at \"{}\"",
            case.name,
            case.reason,
            case.place
        );
        assert_eq!(error.file, "broken", "`{}`", case.name);
    }
}
