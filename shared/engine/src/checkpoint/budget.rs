//! How much memory the header of a file may unfold to.

use crate::error::CheckpointError;

/// What any file may use, however small it is.
const FLOOR: u64 = 1 << 20;

/// Memory that a parser may still allocate: twice the file and a megabyte.
///
/// A few bytes of a header can stand for many bytes in memory (an empty string takes 8 bytes in
/// a GGUF file and 24 here). Parsers book every allocation that grows with the file's content
/// before they make it.
pub(crate) struct Budget {
    left: u64,
}

impl Budget {
    /// For a file of `length` bytes.
    pub fn for_file(length: u64) -> Self {
        Self {
            left: length.saturating_mul(2).saturating_add(FLOOR),
        }
    }

    /// Books `count` items of `size` bytes.
    ///
    /// # Errors
    /// When the file would take more than its share.
    pub fn book(
        &mut self,
        count: u64,
        size: usize,
        file: &str,
        place: &str,
    ) -> Result<(), CheckpointError> {
        let left = count
            .checked_mul(size as u64)
            .and_then(|bytes| self.left.checked_sub(bytes));
        match left {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(CheckpointError::new(
                file,
                place,
                "the header needs more memory than twice the file",
            )),
        }
    }
}
