//! What a result was made from, as one hash.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// SHA-256 of bytes, in lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Hash of all inputs of a piece of work: results of the same key are the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// Of inputs, by their JSON. Maps must be ordered.
    ///
    /// # Errors
    /// Inputs that JSON cannot write.
    pub fn of(inputs: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self(sha256(&serde_json::to_vec(inputs)?)))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
