//! A piece of a file.

use sha2::{Digest, Sha256};

/// Bytes of every shard but a file's last.
pub const SHARD_BYTES: u64 = 8 << 20;

/// A shard that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// Which file of the model's list.
    pub file: usize,
    /// Which piece of the file.
    pub number: u64,
    /// SHA-256 of its bytes, in lower-case hexadecimal digits.
    pub sha256: String,
}

impl Shard {
    /// The name under which it is kept.
    pub fn name(&self) -> String {
        format!("{}-{:05}-{}", self.file, self.number, self.sha256)
    }

    /// The shard that is kept under a name, if it is one's.
    pub fn parse(name: &str) -> Option<Self> {
        let mut parts = name.splitn(3, '-');
        let shard = Self {
            file: parts.next()?.parse().ok()?,
            number: parts.next()?.parse().ok()?,
            sha256: parts.next()?.to_owned(),
        };
        (shard.sha256.len() == 64 && shard.name() == name).then_some(shard)
    }
}

/// Where the shards of a file of so many bytes lie.
pub fn ranges(bytes: u64) -> impl Iterator<Item = (u64, std::ops::Range<u64>)> {
    (0..bytes.div_ceil(SHARD_BYTES)).map(move |number| {
        let start = number * SHARD_BYTES;
        (number, start..bytes.min(start + SHARD_BYTES))
    })
}

/// SHA-256 in lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(Sha256::new_with_prefix(bytes))
}

/// The digest in lower-case hexadecimal digits.
pub fn hexadecimal(digest: Sha256) -> String {
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
