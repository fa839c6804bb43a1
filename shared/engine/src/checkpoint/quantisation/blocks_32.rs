//! Blocks of 32 values with half-precision factors.

use super::half;

/// `[scale: f16][16 bytes]`: byte `i` holds value `i` in its low half, value `i + 16` in its high half.
pub fn q4_0(block: &[u8; 18], out: &mut [f32; 32]) {
    let scale = half(block, 0);
    for (index, &byte) in block[2..].iter().enumerate() {
        out[index] = scale * f32::from((byte & 15) as i8 - 8);
        out[index + 16] = scale * f32::from((byte >> 4) as i8 - 8);
    }
}

/// `[scale: f16][minimum: f16][16 bytes]`, as [`q4_0`] without the offset.
pub fn q4_1(block: &[u8; 20], out: &mut [f32; 32]) {
    let (scale, minimum) = (half(block, 0), half(block, 2));
    for (index, &byte) in block[4..].iter().enumerate() {
        out[index] = scale * f32::from(byte & 15) + minimum;
        out[index + 16] = scale * f32::from(byte >> 4) + minimum;
    }
}

/// `[scale: f16][fifth bits: u32][16 bytes]`: bit `i` belongs to value `i`.
pub fn q5_0(block: &[u8; 22], out: &mut [f32; 32]) {
    let scale = half(block, 0);
    for (out, value) in out.iter_mut().zip(five_bits(&block[2..6], &block[6..])) {
        *out = scale * f32::from(value as i8 - 16);
    }
}

/// `[scale: f16][minimum: f16][fifth bits: u32][16 bytes]`.
pub fn q5_1(block: &[u8; 24], out: &mut [f32; 32]) {
    let (scale, minimum) = (half(block, 0), half(block, 2));
    for (out, value) in out.iter_mut().zip(five_bits(&block[4..8], &block[8..])) {
        *out = scale * f32::from(value) + minimum;
    }
}

/// `[scale: f16][32 signed bytes]`.
pub fn q8_0(block: &[u8; 34], out: &mut [f32; 32]) {
    let scale = half(block, 0);
    for (out, &byte) in out.iter_mut().zip(&block[2..]) {
        *out = scale * f32::from(byte as i8);
    }
}

fn five_bits(fifth: &[u8], low: &[u8]) -> [u8; 32] {
    std::array::from_fn(|index| {
        let byte = low[index % 16];
        let four = if index < 16 { byte & 15 } else { byte >> 4 };
        four | ((fifth[index / 8] >> (index % 8)) & 1) << 4
    })
}
