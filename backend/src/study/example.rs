//! Studies that come with the program, so that a fresh installation shows a real one at once.

use std::sync::LazyLock;

use protocol::study::StudyExport;

/// Exports that were made with this program, each in `examples/`.
const FILES: &[&str] = &[];

static EXAMPLES: LazyLock<Vec<StudyExport>> = LazyLock::new(|| {
    FILES
        .iter()
        .filter_map(|text| match serde_json::from_str(text) {
            Ok(export) => Some(export),
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
            assert!(example.spec.name.starts_with("example-"));
            assert!(
                example
                    .samples
                    .iter()
                    .all(|sample| sample.prompt.is_empty())
            );
        }
    }
}
