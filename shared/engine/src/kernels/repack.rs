//! From the file's blocks to the one packed layout.
//!
//! | file | becomes | exact? |
//! |---|---|---|
//! | Q4_0, Q4_1 | 4 bit, half-precision scale (and minimum) | yes |
//! | Q5_0, Q5_1, Q8_0 | 8 bit, half-precision scale (and minimum) | yes |
//! | Q4_K | 4 bit, single-precision scale and minimum (the product of the file's two factors) | yes, up to one rounding to f32 |
//! | Q5_K | 8 bit, single-precision scale and minimum | likewise |
//! | Q6_K | 8 bit, two single-precision scales a block (the product of the file's two factors) | yes |
//! | F32, F16, BF16 (only when asked for) | 8 bit, scale = largest magnitude / 127 | rounded: error ≤ 1/254 of the block's largest weight |

use half::f16;

use super::packed::{BLOCK, Bits, BlockValues, GROUP, PackedMatrix, ScaleSpan};
use crate::checkpoint::{StoredTensor, TensorType};
use crate::error::CheckpointError;

/// Centre of the unsigned 8-bit range.
const ZERO_8: u8 = 128;

/// A block of 32 weights on its way into the layout.
struct Block {
    /// Unsigned integers, below 16 for 4-bit matrices.
    quants: [u8; BLOCK],
    /// Of the two halves; only Q6_K has different ones.
    scales: [f32; 2],
    minimum: f32,
}

/// What a source format becomes.
struct Target {
    bits: Bits,
    zero_point: u8,
    span: ScaleSpan,
    half: bool,
    minimums: bool,
}

fn target(kind: TensorType) -> Target {
    let (bits, zero_point, half, minimums) = match kind {
        TensorType::Q4_0 => (Bits::Four, 8, true, false),
        TensorType::Q4_1 => (Bits::Four, 0, true, true),
        TensorType::Q4K => (Bits::Four, 0, false, true),
        TensorType::Q5_0 | TensorType::Q8_0 => (Bits::Eight, ZERO_8, true, false),
        TensorType::Q5_1 => (Bits::Eight, ZERO_8, true, true),
        TensorType::Q5K => (Bits::Eight, ZERO_8, false, true),
        TensorType::Q6K | TensorType::F32 | TensorType::F16 | TensorType::BF16 => {
            (Bits::Eight, ZERO_8, false, false)
        }
    };
    Target {
        bits,
        zero_point,
        span: if kind == TensorType::Q6K {
            ScaleSpan::HalfBlock
        } else {
            ScaleSpan::Block
        },
        half,
        minimums,
    }
}

/// Packs a stored matrix.
///
/// # Errors
/// When it is not a matrix, its rows are not a multiple of 32 long, or a scale is not finite.
pub fn repack(file: &str, tensor: &StoredTensor) -> Result<PackedMatrix, CheckpointError> {
    let error = |reason: String| {
        CheckpointError::new(file, format!("tensor `{}`", tensor.info.name), reason)
    };
    let &[rows, cols] = tensor.info.shape.as_slice() else {
        return Err(error(format!(
            "a matrix was expected, the shape is {:?}",
            tensor.info.shape
        )));
    };
    if cols == 0 || !cols.is_multiple_of(BLOCK) {
        return Err(error(format!(
            "rows of {cols} values cannot be packed: not a multiple of {BLOCK}"
        )));
    }
    let kind = tensor.info.kind;
    let row_bytes = cols / kind.block_len() * kind.block_bytes();
    if tensor.bytes.len() != rows * row_bytes {
        return Err(error(format!(
            "{} bytes, expected {}",
            tensor.bytes.len(),
            rows * row_bytes
        )));
    }
    let target = target(kind);
    let mut builder = Builder::new(rows, cols, &target);
    let mut blocks = Vec::with_capacity(cols / BLOCK);
    for (row, bytes) in tensor.bytes.chunks_exact(row_bytes).enumerate() {
        blocks.clear();
        decode_row(kind, bytes, &mut blocks);
        for (index, block) in blocks.iter().enumerate() {
            let [first, second] = block.scales;
            if !(first.is_finite() && second.is_finite() && block.minimum.is_finite()) {
                return Err(error(format!(
                    "row {row}, block {index}: scale or minimum is not finite"
                )));
            }
            builder.put(row, index, block);
        }
    }
    Ok(builder.finish())
}

/// Packs single-precision rows to 8 bits.
///
/// # Errors
/// When rows are not a multiple of 32 long or a value is not finite.
pub fn pack_dense(
    file: &str,
    name: &str,
    values: &[f32],
    rows: usize,
    cols: usize,
) -> Result<PackedMatrix, CheckpointError> {
    let error = |reason: String| CheckpointError::new(file, format!("tensor `{name}`"), reason);
    if cols == 0 || !cols.is_multiple_of(BLOCK) || values.len() != rows * cols {
        return Err(error(format!(
            "{rows} x {cols} values cannot be packed: rows must be a multiple of {BLOCK}"
        )));
    }
    let mut builder = Builder::new(rows, cols, &target(TensorType::F32));
    for (row, values) in values.chunks_exact(cols).enumerate() {
        for (index, values) in values.as_chunks::<BLOCK>().0.iter().enumerate() {
            let block = round_to_8_bits(values);
            if !block.scales[0].is_finite() {
                return Err(error(format!(
                    "row {row}, block {index}: a value is not finite"
                )));
            }
            builder.put(row, index, &block);
        }
    }
    Ok(builder.finish())
}

/// Fills a matrix block by block.
struct Builder {
    rows: usize,
    cols: usize,
    bits: Bits,
    zero_point: u8,
    span: ScaleSpan,
    quants: Vec<u8>,
    scales: BlockValues,
    minimums: Option<BlockValues>,
}

impl Builder {
    fn new(rows: usize, cols: usize, target: &Target) -> Self {
        let blocks = rows.div_ceil(GROUP) * (cols / BLOCK);
        let count = blocks * target.span.per_block() * GROUP;
        let empty = || {
            if target.half {
                BlockValues::Half(vec![f16::ZERO; count])
            } else {
                BlockValues::Single(vec![0.0; count])
            }
        };
        Self {
            rows,
            cols,
            bits: target.bits,
            zero_point: target.zero_point,
            span: target.span,
            quants: vec![0; blocks * target.bits.block_bytes()],
            scales: empty(),
            minimums: target.minimums.then(empty),
        }
    }

    fn put(&mut self, row: usize, index: usize, block: &Block) {
        let (group, lane) = (row / GROUP, row % GROUP);
        let position = group * (self.cols / BLOCK) + index;
        let start = position * self.bits.block_bytes();
        let bytes = &mut self.quants[start..start + self.bits.block_bytes()];
        for (quad, quants) in block.quants.as_chunks::<4>().0.iter().enumerate() {
            match self.bits {
                Bits::Eight => {
                    let at = (quad * GROUP + lane) * 4;
                    bytes[at..at + 4].copy_from_slice(quants);
                }
                Bits::Four => {
                    let at = (quad % 4 * GROUP + lane) * 4;
                    let shift = if quad < 4 { 0 } else { 4 };
                    for (byte, quant) in bytes[at..at + 4].iter_mut().zip(quants) {
                        *byte |= quant << shift;
                    }
                }
            }
        }
        let spans = self.span.per_block();
        for (span, scale) in block.scales[..spans].iter().enumerate() {
            set(
                &mut self.scales,
                (position * spans + span) * GROUP + lane,
                *scale,
            );
        }
        if let Some(minimums) = &mut self.minimums {
            set(minimums, position * GROUP + lane, block.minimum);
        }
    }

    fn finish(self) -> PackedMatrix {
        PackedMatrix {
            rows: self.rows,
            cols: self.cols,
            bits: self.bits,
            zero_point: self.zero_point,
            span: self.span,
            quants: self.quants,
            scales: self.scales,
            minimums: self.minimums,
        }
    }
}

fn set(values: &mut BlockValues, index: usize, value: f32) {
    match values {
        BlockValues::Half(values) => values[index] = f16::from_f32(value),
        BlockValues::Single(values) => values[index] = value,
    }
}

fn half_at(bytes: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32()
}

/// Rounds 32 values to 8 bits around [`ZERO_8`].
fn round_to_8_bits(values: &[f32; BLOCK]) -> Block {
    // A NaN must not be lost in `max`.
    let largest = values.iter().fold(0.0f32, |largest, value| {
        if value.is_nan() {
            f32::NAN
        } else {
            largest.max(value.abs())
        }
    });
    let scale = largest / 127.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let mut quants = [ZERO_8; BLOCK];
    for (quant, value) in quants.iter_mut().zip(values) {
        *quant = ((value * inverse).round() as i32 + i32::from(ZERO_8)) as u8;
    }
    Block {
        quants,
        scales: [scale; 2],
        minimum: 0.0,
    }
}

fn decode_row(kind: TensorType, bytes: &[u8], blocks: &mut Vec<Block>) {
    for bytes in bytes.chunks_exact(kind.block_bytes() * (BLOCK / kind.block_len()).max(1)) {
        match kind {
            TensorType::Q4_0
            | TensorType::Q4_1
            | TensorType::Q5_0
            | TensorType::Q5_1
            | TensorType::Q8_0 => {
                blocks.push(decode_legacy(kind, bytes));
            }
            TensorType::Q4K | TensorType::Q5K => decode_q4k_q5k(kind, bytes, blocks),
            TensorType::Q6K => decode_q6k(bytes, blocks),
            TensorType::F32 | TensorType::F16 | TensorType::BF16 => {
                let mut values = [0.0; BLOCK];
                for (index, value) in values.iter_mut().enumerate() {
                    *value = match kind {
                        TensorType::F32 => f32::from_le_bytes([
                            bytes[index * 4],
                            bytes[index * 4 + 1],
                            bytes[index * 4 + 2],
                            bytes[index * 4 + 3],
                        ]),
                        TensorType::F16 => half_at(bytes, index * 2),
                        _ => f32::from_bits(
                            u32::from(u16::from_le_bytes([bytes[index * 2], bytes[index * 2 + 1]]))
                                << 16,
                        ),
                    };
                }
                blocks.push(round_to_8_bits(&values));
            }
        }
    }
}

/// Blocks of 32: scale (f16) [minimum (f16)] [fifth bits (u32)] integers.
fn decode_legacy(kind: TensorType, bytes: &[u8]) -> Block {
    let has_minimum = matches!(kind, TensorType::Q4_1 | TensorType::Q5_1);
    let has_fifth = matches!(kind, TensorType::Q5_0 | TensorType::Q5_1);
    let scale = half_at(bytes, 0);
    let minimum = if has_minimum { half_at(bytes, 2) } else { 0.0 };
    let mut at = if has_minimum { 4 } else { 2 };
    let mut quants = [0u8; BLOCK];
    if kind == TensorType::Q8_0 {
        for (quant, byte) in quants.iter_mut().zip(&bytes[at..]) {
            *quant = byte ^ 0x80; // two's complement to offset 128
        }
    } else {
        let fifth = if has_fifth {
            let bits = u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
            at += 4;
            bits
        } else {
            0
        };
        for index in 0..BLOCK / 2 {
            quants[index] = bytes[at + index] & 15;
            quants[index + BLOCK / 2] = bytes[at + index] >> 4;
        }
        if has_fifth {
            // Q5_0 is centred on 16; both land around 128.
            let centre = if has_minimum { 0 } else { 16 };
            for (index, quant) in quants.iter_mut().enumerate() {
                *quant = (*quant | ((fifth >> index & 1) as u8) << 4) + ZERO_8 - centre;
            }
        }
    }
    Block {
        quants,
        scales: [scale; 2],
        minimum,
    }
}

/// 6-bit scale and minimum number `index` of the 12 packed bytes of Q4_K and Q5_K.
fn k_scale(packed: &[u8], index: usize) -> (u8, u8) {
    if index < 4 {
        (packed[index] & 63, packed[index + 4] & 63)
    } else {
        (
            packed[index + 4] & 15 | packed[index - 4] >> 6 << 4,
            packed[index + 4] >> 4 | packed[index] >> 6 << 4,
        )
    }
}

/// Super-blocks of 256: d, dmin (f16), 12 bytes of scales, [32 bytes of fifth bits], 128 bytes of halves.
fn decode_q4k_q5k(kind: TensorType, bytes: &[u8], blocks: &mut Vec<Block>) {
    let (scale, minimum) = (half_at(bytes, 0), half_at(bytes, 2));
    let packed = &bytes[4..16];
    let five = kind == TensorType::Q5K;
    let (fifth, halves) = if five {
        (Some(&bytes[16..48]), &bytes[48..176])
    } else {
        (None, &bytes[16..144])
    };
    for index in 0..8 {
        let (factor, offset) = k_scale(packed, index);
        let mut quants = [0u8; BLOCK];
        for (lane, quant) in quants.iter_mut().enumerate() {
            let byte = halves[index / 2 * 32 + lane];
            *quant = if index % 2 == 0 { byte & 15 } else { byte >> 4 };
            if let Some(fifth) = fifth {
                *quant = (*quant | (fifth[lane] >> index & 1) << 4) + ZERO_8;
            }
        }
        blocks.push(Block {
            quants,
            scales: [scale * f32::from(factor); 2],
            minimum: -minimum * f32::from(offset),
        });
    }
}

/// Super-blocks of 256: 128 bytes of low nibbles, 64 of high pairs, 16 scales (i8), d (f16).
fn decode_q6k(bytes: &[u8], blocks: &mut Vec<Block>) {
    let scale = half_at(bytes, 208);
    for half in 0..2 {
        let low = &bytes[half * 64..half * 64 + 64];
        let high = &bytes[128 + half * 32..128 + half * 32 + 32];
        let factors = &bytes[192 + half * 8..192 + half * 8 + 8];
        for part in 0..4 {
            let mut quants = [0u8; BLOCK];
            for (lane, quant) in quants.iter_mut().enumerate() {
                let nibble = if part < 2 {
                    low[lane + part * 32] & 15
                } else {
                    low[lane + (part - 2) * 32] >> 4
                };
                // Centred on 32 in the file.
                *quant = (nibble | (high[lane] >> (2 * part) & 3) << 4) + (ZERO_8 - 32);
            }
            blocks.push(Block {
                quants,
                scales: [0, 1].map(|span| scale * f32::from(factors[part * 2 + span] as i8)),
                minimum: 0.0,
            });
        }
    }
}
