//! Whether stored values can only be finite, seen from the few bytes that decide it.

use super::super::tensor_type::TensorType;
use super::BlockError;

const HALF_EXPONENT: u16 = 0x7c00;
const BRAIN_EXPONENT: u16 = 0x7f80;
const SINGLE_EXPONENT: u32 = 0x7f80_0000;

/// Checks the values of float types, and only the half-precision factors of each block of
/// quantised ones: products of finite half-precision factors and small integers are finite in
/// single precision. Bytes after the last whole block are not looked at.
///
/// # Errors
/// [`BlockError::NotFinite`] with the first value concerned.
pub fn check_finite(kind: TensorType, bytes: &[u8]) -> Result<(), BlockError> {
    let block = match kind {
        TensorType::F32 => bytes
            .as_chunks::<4>()
            .0
            .iter()
            .position(|bytes| is_special(u32::from_le_bytes(*bytes), SINGLE_EXPONENT)),
        TensorType::F16 => position_of_special(bytes, HALF_EXPONENT),
        TensorType::BF16 => position_of_special(bytes, BRAIN_EXPONENT),
        TensorType::Q4_0 | TensorType::Q5_0 | TensorType::Q8_0 => factors(kind, bytes, &[0]),
        TensorType::Q4_1 | TensorType::Q5_1 | TensorType::Q4K | TensorType::Q5K => {
            factors(kind, bytes, &[0, 2])
        }
        TensorType::Q6K => factors(kind, bytes, &[208]),
    };
    match block {
        Some(block) => Err(BlockError::NotFinite {
            index: block * kind.block_len(),
        }),
        None => Ok(()),
    }
}

/// The first block with a special number at one of the offsets.
fn factors(kind: TensorType, bytes: &[u8], offsets: &[usize]) -> Option<usize> {
    bytes.chunks_exact(kind.block_bytes()).position(|block| {
        offsets.iter().any(|&at| {
            let bits = u16::from_le_bytes([block[at], block[at + 1]]);
            bits & HALF_EXPONENT == HALF_EXPONENT
        })
    })
}

fn position_of_special(bytes: &[u8], exponent: u16) -> Option<usize> {
    bytes
        .as_chunks::<2>()
        .0
        .iter()
        .position(|bytes| u16::from_le_bytes(*bytes) & exponent == exponent)
}

fn is_special(bits: u32, exponent: u32) -> bool {
    bits & exponent == exponent
}
