//! The K types: 256 values whose sub-blocks have small integer scales of their own.

use super::half;

/// Scale and minimum of sub-block `index`, six bits each, out of the twelve packed bytes: four
/// scales and four minimums lie in the low six bits of bytes 0 to 7; the other eight have their
/// low four bits in bytes 8 to 11 and their high two bits on top of bytes 0 to 7.
fn scale_and_minimum(packed: &[u8], index: usize) -> (f32, f32) {
    let (scale, minimum) = if index < 4 {
        (packed[index] & 63, packed[index + 4] & 63)
    } else {
        (
            packed[index + 4] & 15 | packed[index - 4] >> 6 << 4,
            packed[index + 4] >> 4 | packed[index] >> 6 << 4,
        )
    };
    (f32::from(scale), f32::from(minimum))
}

/// `[scale: f16][minimum: f16][12 bytes of sub-scales][128 bytes]`: 32 bytes hold 64 values, the
/// low halves the first 32 of them.
pub fn q4_k(block: &[u8; 144], out: &mut [f32; 256]) {
    let (scale, minimum) = (half(block, 0), half(block, 2));
    for (index, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (sub_scale, sub_minimum) = scale_and_minimum(&block[4..16], index);
        let (scale, minimum) = (scale * sub_scale, minimum * sub_minimum);
        let bytes = &block[16 + index / 2 * 32..][..32];
        for (out, &byte) in out.iter_mut().zip(bytes) {
            *out = scale * f32::from(byte >> (index % 2 * 4) & 15) - minimum;
        }
    }
}

/// As [`q4_k`] with 32 bytes of fifth bits before the 128: bit `s` of byte `i` belongs to value
/// `i` of sub-block `s`.
pub fn q5_k(block: &[u8; 176], out: &mut [f32; 256]) {
    let (scale, minimum) = (half(block, 0), half(block, 2));
    let fifth = &block[16..48];
    for (index, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (sub_scale, sub_minimum) = scale_and_minimum(&block[4..16], index);
        let (scale, minimum) = (scale * sub_scale, minimum * sub_minimum);
        let bytes = &block[48 + index / 2 * 32..][..32];
        for ((out, &byte), &fifth) in out.iter_mut().zip(bytes).zip(fifth) {
            let value = byte >> (index % 2 * 4) & 15 | (fifth >> index & 1) << 4;
            *out = scale * f32::from(value) - minimum;
        }
    }
}

/// `[128 bytes of low halves][64 bytes of high pairs][16 signed sub-scales][scale: f16]`. Each
/// half of the block (128 values) takes 64 low bytes and 32 high bytes; quarter `q` of it has its
/// low four bits in bytes `32 · (q mod 2)..`, low halves for the first two quarters, and its high
/// two bits in pair `q` of the high bytes.
pub fn q6_k(block: &[u8; 210], out: &mut [f32; 256]) {
    let scale = half(block, 208);
    for (index, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (side, quarter) = (index / 4, index % 4);
        let low = &block[side * 64 + quarter % 2 * 32..][..32];
        let high = &block[128 + side * 32..][..32];
        let scales = &block[192 + index * 2..][..2];
        for (position, out) in out.iter_mut().enumerate() {
            let value = low[position] >> (quarter / 2 * 4) & 15
                | (high[position] >> (quarter * 2) & 3) << 4;
            let sub_scale = scale * f32::from(scales[position / 16] as i8);
            *out = sub_scale * f32::from(value as i8 - 32);
        }
    }
}
