//! The keys of a file, with getters that say what they expect.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::value::{Array, Value};
use crate::error::CheckpointError;

/// Keys and values of a GGUF file.
///
/// The plain getters give `None` for a key that is missing or of another kind; the `require_`
/// ones an error that says which of the two it is. Whole numbers of any width serve wherever they
/// fit, as writers do not agree on widths.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    file: String,
    entries: BTreeMap<String, Value>,
}

impl Metadata {
    /// No keys yet, for a file of that name.
    pub fn new(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            entries: BTreeMap::new(),
        }
    }

    /// Name of the file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// An error in the value of `key`.
    pub fn error(&self, key: &str, reason: impl Into<String>) -> CheckpointError {
        CheckpointError::new(&self.file, key, reason)
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key)
    }

    /// All keys with their values, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries
            .iter()
            .map(|(key, value)| (key.as_str(), value))
    }

    /// Sets or replaces a value.
    pub fn set(&mut self, key: impl Into<String>, value: Value) {
        self.entries.insert(key.into(), value);
    }

    /// Removes a key and gives its value.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.entries.remove(key)
    }

    /// Adds a value under a key that must be new.
    pub(super) fn add(&mut self, key: String, value: Value) -> Result<(), CheckpointError> {
        match self.entries.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(value);
                Ok(())
            }
            Entry::Occupied(entry) => Err(CheckpointError::new(
                &self.file,
                entry.key(),
                "the key appears twice",
            )),
        }
    }

    /// A text.
    pub fn str(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number that fits 32 bits.
    pub fn u32(&self, key: &str) -> Option<u32> {
        self.get(key)?.as_u64()?.try_into().ok()
    }

    /// A whole number that can count something in memory.
    pub fn usize(&self, key: &str) -> Option<usize> {
        self.get(key)?.as_u64()?.try_into().ok()
    }

    /// A single-precision number.
    pub fn f32(&self, key: &str) -> Option<f32> {
        match self.get(key)? {
            Value::F32(number) => Some(*number),
            _ => None,
        }
    }

    /// A truth value.
    pub fn bool(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// An array of texts.
    pub fn strings(&self, key: &str) -> Option<&[String]> {
        match self.get(key)? {
            Value::Array(Array::String(items)) => Some(items),
            _ => None,
        }
    }

    /// An array of single-precision numbers.
    pub fn f32s(&self, key: &str) -> Option<&[f32]> {
        match self.get(key)? {
            Value::Array(Array::F32(items)) => Some(items),
            _ => None,
        }
    }

    /// An array of signed 32-bit numbers.
    pub fn i32s(&self, key: &str) -> Option<&[i32]> {
        match self.get(key)? {
            Value::Array(Array::I32(items)) => Some(items),
            _ => None,
        }
    }

    /// [`Metadata::str`] of a key that must be there.
    ///
    /// # Errors
    /// When it is missing or no text.
    pub fn require_str(&self, key: &str) -> Result<&str, CheckpointError> {
        self.require(key, self.str(key), "a text")
    }

    /// [`Metadata::u32`] of a key that must be there.
    ///
    /// # Errors
    /// When it is missing or no whole number below 2^32.
    pub fn require_u32(&self, key: &str) -> Result<u32, CheckpointError> {
        self.require(key, self.u32(key), "a whole number below 2^32")
    }

    /// [`Metadata::usize`] of a key that must be there.
    ///
    /// # Errors
    /// When it is missing or no whole number that fits.
    pub fn require_usize(&self, key: &str) -> Result<usize, CheckpointError> {
        self.require(key, self.usize(key), "a whole number")
    }

    /// [`Metadata::f32`] of a key that must be there.
    ///
    /// # Errors
    /// When it is missing, of another kind or not finite.
    pub fn require_f32(&self, key: &str) -> Result<f32, CheckpointError> {
        let number = self.f32(key).filter(|number| number.is_finite());
        self.require(key, number, "a finite single-precision number")
    }

    /// [`Metadata::bool`] of a key that must be there.
    ///
    /// # Errors
    /// When it is missing or no truth value.
    pub fn require_bool(&self, key: &str) -> Result<bool, CheckpointError> {
        self.require(key, self.bool(key), "a truth value")
    }

    /// [`Metadata::strings`] of a key that must be there.
    ///
    /// # Errors
    /// When it is missing or no array of texts.
    pub fn require_strings(&self, key: &str) -> Result<&[String], CheckpointError> {
        self.require(key, self.strings(key), "an array of texts")
    }

    /// [`Metadata::f32s`] of a key that must be there.
    ///
    /// # Errors
    /// When it is missing or no such array.
    pub fn require_f32s(&self, key: &str) -> Result<&[f32], CheckpointError> {
        self.require(key, self.f32s(key), "an array of single-precision numbers")
    }

    /// [`Metadata::i32s`] of a key that must be there.
    ///
    /// # Errors
    /// When it is missing or no such array.
    pub fn require_i32s(&self, key: &str) -> Result<&[i32], CheckpointError> {
        self.require(key, self.i32s(key), "an array of signed 32-bit numbers")
    }

    fn require<T>(
        &self,
        key: &str,
        value: Option<T>,
        expected: &str,
    ) -> Result<T, CheckpointError> {
        value.ok_or_else(|| {
            let reason = if self.entries.contains_key(key) {
                format!("is not {expected}")
            } else {
                "is missing".to_owned()
            };
            self.error(key, reason)
        })
    }
}
