//! The reference that every other home of the quantised product is tested against.

use super::activation::{LOW_BASE, QuantisedRows};
use super::packed::{BLOCK, GROUP, PackedMatrix};

/// Products of every row of `x` with the sixteen rows of one group (fewer in a padded last one),
/// written to `out[row of x][at..]`.
pub fn group_product(
    matrix: &PackedMatrix,
    group: usize,
    x: &QuantisedRows,
    out: &mut [&mut [f32]],
    at: usize,
) {
    let blocks = matrix.blocks();
    let (spans, width) = (matrix.span.per_block(), BLOCK / matrix.span.per_block());
    let zero_point = i32::from(matrix.zero_point);
    for (row, out) in out.iter_mut().enumerate() {
        for (lane, out) in out[at..].iter_mut().take(GROUP).enumerate() {
            let mut total = 0.0f32;
            for span in 0..blocks * spans {
                let (block, first) = (span / spans, span % spans * width);
                let input = &x.quants[x.block_start(row, block)..][..2 * BLOCK];
                let (mut dot, mut sum) = (0i32, 0i32);
                for col in first..first + width {
                    let quant = matrix.quant(group * GROUP + lane, block * BLOCK + col);
                    let value = i32::from(input[col]) * LOW_BASE + i32::from(input[BLOCK + col]);
                    dot += (i32::from(quant) - zero_point) * value;
                    sum += value;
                }
                let index = (group * blocks * spans + span) * GROUP + lane;
                let step = x.scales[row * blocks + block];
                total += matrix.scales.get(index) * step * dot as f32;
                if let Some(minimums) = &matrix.minimums {
                    total += minimums.get(index) * step * sum as f32;
                }
            }
            *out = total;
        }
    }
}
