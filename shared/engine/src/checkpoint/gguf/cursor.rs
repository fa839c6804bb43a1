//! Reads a header from front to back through a small window.

use super::super::budget::Budget;
use super::super::source::ByteSource;
use crate::error::CheckpointError;

/// Bytes held at a time.
const WINDOW: u64 = 1 << 18;
/// Longest string, whatever the file's size.
const MAX_STRING: u64 = 1 << 30;
/// Bytes of a string before its characters.
pub(super) const STRING_PREFIX: u64 = 8;

/// A position in a source. Every read names the place it is for, which goes into errors.
pub(super) struct Cursor<'s> {
    source: &'s dyn ByteSource,
    /// Bytes of the source from `start`.
    window: Vec<u8>,
    start: u64,
    /// Position in `window`.
    at: usize,
    budget: Budget,
}

impl<'s> Cursor<'s> {
    pub fn new(source: &'s dyn ByteSource) -> Self {
        Self {
            source,
            window: Vec::new(),
            start: 0,
            at: 0,
            budget: Budget::for_file(source.len()),
        }
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.start + self.at as u64
    }

    /// An error in this file.
    pub fn error(&self, place: &str, reason: impl Into<String>) -> CheckpointError {
        CheckpointError::new(self.source.name(), place, reason)
    }

    /// Books `count` items of `size` bytes of memory.
    pub fn book(&mut self, count: u64, size: usize, place: &str) -> Result<(), CheckpointError> {
        self.budget.book(count, size, self.source.name(), place)
    }

    /// Checks that `count` items of at least `size` bytes can follow in the file.
    pub fn expect(&self, count: u64, size: u64, place: &str) -> Result<(), CheckpointError> {
        let left = self.source.len().saturating_sub(self.position());
        if count.checked_mul(size).is_none_or(|bytes| bytes > left) {
            return Err(self.error(
                place,
                format!("{count} items of {size} bytes or more do not fit the {left} bytes left"),
            ));
        }
        Ok(())
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self, place: &str) -> Result<[u8; N], CheckpointError> {
        self.fill(N as u64, place)?;
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.window[self.at..self.at + N]);
        self.at += N;
        Ok(bytes)
    }

    pub fn u8(&mut self, place: &str) -> Result<u8, CheckpointError> {
        Ok(u8::from_le_bytes(self.array(place)?))
    }

    pub fn u32(&mut self, place: &str) -> Result<u32, CheckpointError> {
        Ok(u32::from_le_bytes(self.array(place)?))
    }

    pub fn u64(&mut self, place: &str) -> Result<u64, CheckpointError> {
        Ok(u64::from_le_bytes(self.array(place)?))
    }

    /// A length and so many bytes of UTF-8. Books its characters, not the `String` itself.
    pub fn string(&mut self, place: &str) -> Result<String, CheckpointError> {
        let length = self.u64(place)?;
        if length > MAX_STRING {
            return Err(self.error(place, format!("a string of {length} bytes is too long")));
        }
        self.expect(length, 1, place)?;
        self.book(length, 1, place)?;
        if length <= WINDOW {
            self.fill(length, place)?;
            let end = self.at + length as usize;
            let text = std::str::from_utf8(&self.window[self.at..end])
                .map_err(|error| self.error(place, error.to_string()))?
                .to_owned();
            self.at = end;
            return Ok(text);
        }
        let bytes = self.source.read(self.position(), length)?;
        self.skip(length);
        String::from_utf8(bytes).map_err(|error| self.error(place, error.to_string()))
    }

    /// `count` numbers of `N` bytes.
    pub fn numbers<const N: usize, T>(
        &mut self,
        count: u64,
        place: &str,
        decode: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, CheckpointError> {
        self.expect(count, N as u64, place)?;
        self.book(count, size_of::<T>(), place)?;
        let capacity = usize::try_from(count).map_err(|_| self.error(place, "too many items"))?;
        let mut numbers = Vec::with_capacity(capacity);
        while numbers.len() < capacity {
            let part = (capacity - numbers.len()).min(WINDOW as usize / N);
            self.fill((part * N) as u64, place)?;
            let end = self.at + part * N;
            let bytes = self.window[self.at..end].as_chunks::<N>().0;
            numbers.extend(bytes.iter().map(|bytes| decode(*bytes)));
            self.at = end;
        }
        Ok(numbers)
    }

    /// Makes the next `wanted` bytes (at most a window) available in `window` from `at`.
    fn fill(&mut self, wanted: u64, place: &str) -> Result<(), CheckpointError> {
        if (self.window.len() - self.at) as u64 >= wanted {
            return Ok(());
        }
        let position = self.position();
        let left = self.source.len().saturating_sub(position);
        if wanted > left {
            return Err(self.error(
                place,
                format!("the file ends here: {wanted} bytes wanted, {left} left"),
            ));
        }
        self.window.resize(left.min(WINDOW) as usize, 0);
        self.source.read_into(position, &mut self.window)?;
        self.start = position;
        self.at = 0;
        Ok(())
    }

    /// Steps over bytes beyond the window.
    fn skip(&mut self, length: u64) {
        self.start = self.position() + length;
        self.window.clear();
        self.at = 0;
    }
}
