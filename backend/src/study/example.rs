//! Studies that come with the program, so that a fresh installation shows a real one at once.

use std::sync::LazyLock;

use protocol::study::StudyExport;

/// How their names begin, so that a study of the user's can have the same name otherwise.
const PREFIX: &str = "example-";
/// Exports of `backend study export NAME --format json --samples 2`, each in `examples/`.
const FILES: &[&str] = &[include_str!("../../examples/quick.json")];

static EXAMPLES: LazyLock<Vec<StudyExport>> = LazyLock::new(|| {
    FILES
        .iter()
        .filter_map(|text| match serde_json::from_str::<StudyExport>(text) {
            Ok(mut export) => {
                export.spec.name.insert_str(0, PREFIX);
                Some(export)
            }
            Err(error) => {
                tracing::warn!(%error, "a study that came with the program cannot be read");
                None
            }
        })
        .collect()
});

/// All of them.
pub fn examples() -> &'static [StudyExport] {
    &EXAMPLES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_can_be_read() {
        assert_eq!(examples().len(), FILES.len());
        for example in examples() {
            assert!(example.spec.name.starts_with(PREFIX));
            assert!(
                example
                    .samples
                    .iter()
                    .all(|sample| sample.prompt.is_empty())
            );
        }
    }
}
