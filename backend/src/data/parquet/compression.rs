//! How pages are compressed.

use std::io::Read;

use super::{Fault, fault};

/// A page may be this long: larger ones are not written by any program for tables of sentences.
pub const PAGE_LIMIT: usize = 64 << 20;
/// Snappy's best case copies 64 bytes for three.
const SNAPPY_RATIO: usize = 22;

/// A codec, by parquet's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// 0
    None,
    /// 1
    Snappy,
    /// 6
    Zstandard,
}

impl Codec {
    /// By its number.
    pub fn of(number: i64) -> Result<Self, Fault> {
        match number {
            0 => Ok(Self::None),
            1 => Ok(Self::Snappy),
            6 => Ok(Self::Zstandard),
            other => {
                let name = ["", "", "gzip", "lzo", "brotli", "lz4", "", "lz4_raw"]
                    .get(usize::try_from(other).unwrap_or(usize::MAX))
                    .map_or_else(|| format!("number {other}"), |name| (*name).to_owned());
                fault(format!(
                    "it is compressed with {name}; write it again with snappy, zstd or none"
                ))
            }
        }
    }

    /// The `length` bytes that `packed` stands for.
    pub fn unpack(self, packed: Vec<u8>, length: usize) -> Result<Vec<u8>, Fault> {
        if length > PAGE_LIMIT {
            return fault(format!("a page of {} MiB", length >> 20));
        }
        let unpacked = match self {
            Self::None => packed,
            Self::Snappy => {
                let said = snap::raw::decompress_len(&packed).unwrap_or(usize::MAX);
                if said != length || said > packed.len().saturating_mul(SNAPPY_RATIO) {
                    return fault("a page that is compressed with snappy is damaged");
                }
                snap::raw::Decoder::new()
                    .decompress_vec(&packed)
                    .map_err(|error| Fault::File(format!("a compressed page: {error}")))?
            }
            Self::Zstandard => {
                let damaged = |error: String| Fault::File(format!("a compressed page: {error}"));
                let mut unpacked = Vec::new();
                ruzstd::decoding::StreamingDecoder::new(packed.as_slice())
                    .map_err(|error| damaged(error.to_string()))?
                    .take(length as u64 + 1)
                    .read_to_end(&mut unpacked)
                    .map_err(|error| damaged(error.to_string()))?;
                unpacked
            }
        };
        match unpacked.len() == length {
            true => Ok(unpacked),
            false => fault("a page is not as long as it says"),
        }
    }
}
