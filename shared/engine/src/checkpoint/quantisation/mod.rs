//! From stored blocks to single precision, in ggml's exact layouts and order of operations.

mod blocks_256;
mod blocks_32;
mod finite;
mod float;

use super::tensor_type::TensorType;

pub use finite::check_finite;

/// Bytes that are not the blocks they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// The number of bytes does not fit the number of values.
    #[error("{bytes} bytes are not {values} values of type {kind}", kind = .kind.name())]
    Length {
        /// The type.
        kind: TensorType,
        /// Bytes given.
        bytes: usize,
        /// Values wanted.
        values: usize,
    },
    /// A value, or a factor of a block, is NaN or infinite.
    #[error("value {index} or the scale of its block is not finite")]
    NotFinite {
        /// The first value that is affected, counted from the tensor's start.
        index: usize,
    },
}

/// Unpacks `bytes` into `out`.
///
/// # Errors
/// When `bytes` does not hold exactly `out.len()` values, or a value is not finite; `out` is then
/// unspecified.
pub fn dequantise(kind: TensorType, bytes: &[u8], out: &mut [f32]) -> Result<(), BlockError> {
    let fits = out.len().is_multiple_of(kind.block_len())
        && (out.len() / kind.block_len()).checked_mul(kind.block_bytes()) == Some(bytes.len());
    if !fits {
        return Err(BlockError::Length {
            kind,
            bytes: bytes.len(),
            values: out.len(),
        });
    }
    check_finite(kind, bytes)?;
    match kind {
        TensorType::F32 => float::f32(bytes, out),
        TensorType::F16 => float::f16(bytes, out),
        TensorType::BF16 => float::bf16(bytes, out),
        TensorType::Q4_0 => each_block(bytes, out, blocks_32::q4_0),
        TensorType::Q4_1 => each_block(bytes, out, blocks_32::q4_1),
        TensorType::Q5_0 => each_block(bytes, out, blocks_32::q5_0),
        TensorType::Q5_1 => each_block(bytes, out, blocks_32::q5_1),
        TensorType::Q8_0 => each_block(bytes, out, blocks_32::q8_0),
        TensorType::Q4K => each_block(bytes, out, blocks_256::q4_k),
        TensorType::Q5K => each_block(bytes, out, blocks_256::q5_k),
        TensorType::Q6K => each_block(bytes, out, blocks_256::q6_k),
    }
    Ok(())
}

fn each_block<const BYTES: usize, const LEN: usize>(
    bytes: &[u8],
    out: &mut [f32],
    unpack: impl Fn(&[u8; BYTES], &mut [f32; LEN]),
) {
    let blocks = bytes.as_chunks::<BYTES>().0;
    for (block, out) in blocks.iter().zip(out.as_chunks_mut::<LEN>().0) {
        unpack(block, out);
    }
}

/// The half-precision number at `at`.
fn half(block: &[u8], at: usize) -> f32 {
    half::f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}
