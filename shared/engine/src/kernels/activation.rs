//! Activations rounded to 8 bits for integer dot products: blocks of 32, one scale each.
//!
//! The rounding is llama.cpp's Q8_0 (scale = largest magnitude / 127, kept in half precision,
//! values rounded half away from zero), so that the two programs agree token by token.

use half::f16;
use rayon::prelude::*;

use super::packed::BLOCK;

/// Rows quantised to signed 8 bits, values in −127..=127.
#[derive(Debug, Clone, Default)]
pub struct QuantisedRows {
    pub(crate) cols: usize,
    pub(crate) quants: Vec<i8>,
    /// One per row and block.
    pub(crate) scales: Vec<f32>,
    /// Sum of the integers of each block, for zero points and minimums.
    pub(crate) sums: Vec<i32>,
}

/// Below this many rows the work is too small to share between threads.
const PARALLEL_ROWS: usize = 8;

impl QuantisedRows {
    /// Quantises `values` = rows of `cols` values; `cols` is a multiple of 32.
    pub fn from_rows(values: &[f32], cols: usize) -> Self {
        let rows = values.len() / cols;
        let blocks = cols / BLOCK;
        let mut quantised = Self {
            cols,
            quants: vec![0; rows * cols],
            scales: vec![0.0; rows * blocks],
            sums: vec![0; rows * blocks],
        };
        let parts = quantised
            .quants
            .chunks_exact_mut(cols)
            .zip(quantised.scales.chunks_exact_mut(blocks))
            .zip(quantised.sums.chunks_exact_mut(blocks))
            .zip(values.chunks_exact(cols));
        let quantise = |(((quants, scales), sums), values): (((&mut [i8], &mut [f32]), &mut [i32]), &[f32])| {
            super::simd::quantise_row(values, quants, scales, sums);
        };
        if rows < PARALLEL_ROWS {
            parts.for_each(quantise);
        } else {
            parts.collect::<Vec<_>>().into_par_iter().for_each(quantise);
        }
        quantised
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        if self.cols == 0 { 0 } else { self.quants.len() / self.cols }
    }

    pub(crate) fn blocks(&self) -> usize {
        self.cols / BLOCK
    }
}

/// One row, written so that the compiler vectorises it for whatever instruction set the caller enables.
#[inline(always)]
pub(crate) fn quantise_row(values: &[f32], quants: &mut [i8], scales: &mut [f32], sums: &mut [i32]) {
    let blocks = values
        .as_chunks::<BLOCK>()
        .0
        .iter()
        .zip(quants.as_chunks_mut::<BLOCK>().0)
        .zip(scales.iter_mut().zip(sums));
    for ((values, quants), (scale, sum)) in blocks {
        let mut largest = 0.0f32;
        for value in values {
            largest = largest.max(value.abs());
        }
        let step = largest / 127.0;
        let inverse = if step > 0.0 { 1.0 / step } else { 0.0 };
        let mut total = 0;
        for (quant, value) in quants.iter_mut().zip(values) {
            let scaled = value * inverse;
            // Truncation after adding a signed half rounds half away from zero.
            let rounded = (scaled + 0.5f32.copysign(scaled)) as i32;
            *quant = rounded as i8;
            total += rounded;
        }
        *scale = f16::from_f32(step).to_f32();
        *sum = total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_half_away_from_zero_and_keeps_the_sum() {
        let mut values = vec![0.0f32; 32];
        values[0] = 127.0;
        values[1] = -63.5;
        values[2] = 0.4;
        let rows = QuantisedRows::from_rows(&values, 32);
        assert_eq!(&rows.quants[..3], &[127, -64, 0]);
        assert_eq!(rows.sums, vec![63]);
        assert_eq!(rows.scales, vec![1.0]);
    }

    #[test]
    fn zero_rows_stay_zero() {
        let rows = QuantisedRows::from_rows(&[0.0; 64], 64);
        assert!(rows.quants.iter().all(|quant| *quant == 0));
        assert_eq!(rows.scales, vec![0.0, 0.0]);
    }
}
