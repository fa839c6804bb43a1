//! Dense products with frozen weights on processors with AVX-512: `x · Wᵀ` and `g · W`, with the
//! weights laid out once for the tiles of [`super::simd::tile`].
//!
//! A panel holds 32 output columns, `[depth][32]`; panels stand next to each other within a block of
//! the depth, so that a block of a panel stays in the first cache while all rows pass by it.

use rayon::prelude::*;

use super::simd::tile::{Element, TILE_COLUMNS, TILE_ROWS, Tile, transpose};
use crate::decoder::Matrix;

/// Elements of the depth in a block, a multiple of [`TILE_COLUMNS`].
const BLOCK: usize = 512;

/// The right factor of a product: `depth · columns` elements in panels.
#[derive(Debug)]
struct Panels<T> {
    depth: usize,
    columns: usize,
    values: Vec<T>,
}

impl<T: Element> Panels<T> {
    /// `fill` writes panel number `p` (columns from `32 p`) of the whole depth, `[depth][32]`, zero
    /// before.
    fn new(depth: usize, columns: usize, fill: impl Fn(usize, &mut [T]) + Sync) -> Self {
        let count = columns.div_ceil(TILE_COLUMNS);
        let mut values = vec![T::default(); depth * count * TILE_COLUMNS];
        // A few panels at once: all of them would be the weights a second time.
        let at_once = rayon::current_num_threads() * 4;
        for first in (0..count).step_by(at_once) {
            let panels: Vec<Vec<T>> = (first..count.min(first + at_once))
                .into_par_iter()
                .map(|panel| {
                    let mut filled = vec![T::default(); depth * TILE_COLUMNS];
                    fill(panel, &mut filled);
                    filled
                })
                .collect();
            for (panel, filled) in (first..).zip(panels) {
                for start in (0..depth).step_by(BLOCK) {
                    let block = BLOCK.min(depth - start);
                    let at = (start * count + panel * block) * TILE_COLUMNS;
                    let part = &filled[start * TILE_COLUMNS..][..block * TILE_COLUMNS];
                    values[at..at + part.len()].copy_from_slice(part);
                }
            }
        }
        Self {
            depth,
            columns,
            values,
        }
    }

    /// `left · self`, `[m, depth]` to `[m, columns]`.
    fn multiply(&self, left: &[T]) -> Vec<f32> {
        let rows = left.len() / self.depth;
        let mut out = vec![0.0; rows * self.columns];
        let count = self.columns.div_ceil(TILE_COLUMNS);
        by_rows(&mut out, self.columns, |first, out| {
            let left = &left[first * self.depth..];
            for start in (0..self.depth).step_by(BLOCK) {
                let block = BLOCK.min(self.depth - start);
                for panel in 0..count {
                    let at = (start * count + panel * block) * TILE_COLUMNS;
                    let panel_values = &self.values[at..at + block * TILE_COLUMNS];
                    let step = Step {
                        left: &left[start..],
                        left_stride: self.depth,
                        depth: block,
                        columns: self.columns,
                        add: start > 0,
                    };
                    step.run(panel, panel_values, out);
                }
            }
        });
        out
    }
}

/// One block of one panel against some rows.
struct Step<'a, T> {
    left: &'a [T],
    left_stride: usize,
    depth: usize,
    columns: usize,
    add: bool,
}

impl<T: Element> Step<'_, T> {
    fn run(&self, panel: usize, values: &[T], out: &mut [f32]) {
        let first_column = panel * TILE_COLUMNS;
        let rows = out.len() / self.columns;
        for first in (0..rows).step_by(TILE_ROWS) {
            let tile = Tile {
                rows: TILE_ROWS.min(rows - first),
                left_stride: self.left_stride,
                depth: self.depth,
                out_stride: self.columns,
                columns: TILE_COLUMNS.min(self.columns - first_column),
                add: self.add,
            };
            let left = &self.left[first * self.left_stride..];
            let out = &mut out[first * self.columns + first_column..];
            T::multiply(tile, left, values, out);
        }
    }
}

/// `work` on the rows of each thread, with the number of its first row.
fn by_rows(out: &mut [f32], columns: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    let rows = out.len() / columns;
    let share = rows
        .div_ceil(rayon::current_num_threads())
        .next_multiple_of(TILE_ROWS);
    out.par_chunks_mut(share * columns)
        .enumerate()
        .for_each(|(number, out)| work(number * share, out));
}

/// The 32 rows of `matrix` from `32 panel` on, single precision, one after the other.
fn rows_of(matrix: &Matrix, panel: usize, mut each: impl FnMut(usize, &[f32])) {
    let mut row = vec![0.0; matrix.cols()];
    let first = panel * TILE_COLUMNS;
    for number in first..matrix.rows().min(first + TILE_COLUMNS) {
        matrix.copy_row(number, &mut row);
        each(number - first, &row);
    }
}

/// Weights in single precision, once.
#[derive(Debug)]
pub struct SingleWeights {
    forward: Panels<f32>,
}

impl SingleWeights {
    /// Lays out `matrix`; `None` where the machine has no AVX-512.
    pub fn new(matrix: &Matrix) -> Option<Self> {
        <f32 as Element>::available().then(|| Self {
            forward: Panels::new(matrix.cols(), matrix.rows(), |panel, values| {
                rows_of(matrix, panel, |column, row| {
                    for (depth, value) in row.iter().enumerate() {
                        values[depth * TILE_COLUMNS + column] = *value;
                    }
                });
            }),
        })
    }

    /// `x · Wᵀ`, `[m, cols]` to `[m, rows]`.
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        self.forward.multiply(x)
    }

    /// `gradient · W`, `[m, rows]` to `[m, cols]`. Blocks of the panels are transposed one after the
    /// other, which costs little beside the product and saves a second copy of the weights.
    pub fn backward(&self, gradient: &[f32]) -> Vec<f32> {
        let (rows, cols) = (self.forward.columns, self.forward.depth);
        let count = gradient.len() / rows;
        let mut out = vec![0.0; count * cols];
        let mut block = Vec::new();
        for start in (0..rows).step_by(BLOCK) {
            let depth = BLOCK.min(rows - start);
            let padded = depth.next_multiple_of(TILE_COLUMNS);
            block.resize(cols.div_ceil(TILE_COLUMNS) * padded * TILE_COLUMNS, 0.0);
            block
                .par_chunks_exact_mut(padded * TILE_COLUMNS)
                .enumerate()
                .for_each(|(panel, block)| self.transposed(start, panel * TILE_COLUMNS, block));
            by_rows(&mut out, cols, |first, out| {
                let panels = block.chunks_exact(padded * TILE_COLUMNS);
                for (panel, values) in panels.enumerate() {
                    let step = Step {
                        left: &gradient[first * rows + start..],
                        left_stride: rows,
                        depth,
                        columns: cols,
                        add: start > 0,
                    };
                    step.run(panel, values, out);
                }
            });
        }
        out
    }

    /// `W` at rows from `first_row` and columns from `first_column`, `[rows][32]`.
    fn transposed(&self, first_row: usize, first_column: usize, to: &mut [f32]) {
        let cols = self.forward.depth;
        let count = self.forward.columns.div_ceil(TILE_COLUMNS);
        let start = first_column / BLOCK * BLOCK;
        let block = BLOCK.min(cols - start);
        let width = TILE_COLUMNS.min(cols - first_column);
        let squares = to.as_chunks_mut::<{ TILE_COLUMNS * TILE_COLUMNS }>().0;
        for (panel, square) in (first_row / TILE_COLUMNS..).zip(squares) {
            let at = start * count + panel * block + first_column - start;
            let from = &self.forward.values[at * TILE_COLUMNS..][..width * TILE_COLUMNS];
            match from.first_chunk() {
                Some(from) => transpose(from, square),
                None => {
                    square.fill(0.0);
                    for (column, from) in from.chunks_exact(TILE_COLUMNS).enumerate() {
                        for (row, value) in from.iter().enumerate() {
                            square[row * TILE_COLUMNS + column] = *value;
                        }
                    }
                }
            }
        }
    }
}

/// Weights in bfloat16, once for each direction.
#[derive(Debug)]
pub struct HalfWeights {
    rows: usize,
    cols: usize,
    forward: Panels<u32>,
    backward: Panels<u32>,
}

impl HalfWeights {
    /// Rounds and lays out `matrix`; `None` where the machine does not multiply bfloat16.
    pub fn new(matrix: &Matrix) -> Option<Self> {
        <u32 as Element>::available().then(|| {
            let (rows, cols) = (matrix.rows(), matrix.cols());
            let forward = Panels::new(cols.div_ceil(2), rows, |panel, values| {
                rows_of(matrix, panel, |column, row| {
                    for (depth, pair) in row.chunks(2).enumerate() {
                        values[depth * TILE_COLUMNS + column] = packed(pair);
                    }
                });
            });
            let backward = Panels::new(rows.div_ceil(2), cols, |panel, values| {
                let first = panel * TILE_COLUMNS;
                let width = TILE_COLUMNS.min(cols - first);
                let mut row = vec![0.0; cols];
                for number in 0..rows {
                    matrix.copy_row(number, &mut row);
                    let at = number / 2 * TILE_COLUMNS;
                    let values = &mut values[at..at + width];
                    for (value, weight) in values.iter_mut().zip(&row[first..]) {
                        *value |= rounded(*weight) << (number % 2 * 16);
                    }
                }
            });
            Self {
                rows,
                cols,
                forward,
                backward,
            }
        })
    }

    /// As [`SingleWeights::forward`].
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        self.forward.multiply(&pairs(x, self.cols))
    }

    /// As [`SingleWeights::backward`].
    pub fn backward(&self, gradient: &[f32]) -> Vec<f32> {
        self.backward.multiply(&pairs(gradient, self.rows))
    }
}

/// Rows of `width` values as pairs of bfloat16.
fn pairs(values: &[f32], width: usize) -> Vec<u32> {
    let row = width.div_ceil(2);
    let mut out = vec![0; values.len() / width * row];
    out.par_chunks_exact_mut(row)
        .zip(values.par_chunks_exact(width))
        .for_each(|(out, values)| super::simd::bfloat16_pairs(values, out));
    out
}

/// Two values, or one and a zero, as a pair.
fn packed(pair: &[f32]) -> u32 {
    rounded(pair[0]) | pair.get(1).map_or(0, |value| rounded(*value)) << 16
}

/// The nearest bfloat16, ties to even; the bits of the upper half of single precision.
#[inline(always)]
fn rounded(value: f32) -> u32 {
    let bits = value.to_bits();
    bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16
}

/// Neighbouring values as pairs of bfloat16; a last single one beside a zero.
#[inline(always)]
pub(crate) fn bfloat16_pairs(values: &[f32], pairs: &mut [u32]) {
    let (even, rest) = values.as_chunks::<2>();
    for (pair, [first, second]) in pairs.iter_mut().zip(even) {
        *pair = rounded(*first) | rounded(*second) << 16;
    }
    if let ([value], Some(last)) = (rest, pairs.last_mut()) {
        *last = rounded(*value);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::decoder::DenseMatrix;
    use crate::general::tests::random;
    use crate::kernels::packed::Bits;

    /// The largest error relative to the sum of the terms' magnitudes.
    fn error(out: &[f32], left: &[f32], depth: usize, right: impl Fn(usize, usize) -> f32) -> f64 {
        let columns = out.len() / (left.len() / depth);
        let mut worst = 0.0f64;
        for (index, got) in out.iter().enumerate() {
            let left = &left[index / columns * depth..][..depth];
            let terms = left.iter().enumerate();
            let terms =
                terms.map(|(at, left)| f64::from(*left) * f64::from(right(at, index % columns)));
            let magnitude: f64 = terms.clone().map(f64::abs).sum();
            worst = worst.max((f64::from(*got) - terms.sum::<f64>()).abs() / magnitude);
        }
        worst
    }

    /// Sizes that fill no tile, no block and no panel, and some that do; both kinds of weights.
    #[test]
    fn both_directions_agree_with_the_definition() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for (m, rows, cols) in [
            (1, 1, 1),
            (7, 33, 31),
            (25, 64, 96),
            (26, 600, 545),
            (13, 1100, 64),
        ] {
            let dense = Matrix::Dense(DenseMatrix {
                rows,
                cols,
                values: random::uniform(&mut rng, rows * cols, 1.0),
            });
            let packed = (cols % 32 == 0)
                .then(|| Matrix::Packed(random::packed(&mut rng, rows, cols, Bits::Four, true)));
            for matrix in std::iter::once(dense).chain(packed) {
                let weights = matrix.to_dense();
                let x = random::uniform(&mut rng, m * cols, 1.0);
                let gradient = random::uniform(&mut rng, m * rows, 1.0);
                let forward = |at: usize, column: usize| weights[column * cols + at];
                let backward = |at: usize, column: usize| weights[at * cols + column];
                let Some(single) = SingleWeights::new(&matrix) else {
                    eprintln!("skipped: this machine has no AVX-512");
                    return;
                };
                assert!(error(&single.forward(&x), &x, cols, forward) < 1e-6);
                assert!(error(&single.backward(&gradient), &gradient, rows, backward) < 1e-6);
                let Some(half) = HalfWeights::new(&matrix) else {
                    eprintln!("skipped: this machine has no bfloat16");
                    continue;
                };
                // Both factors are rounded to eight bits.
                assert!(error(&half.forward(&x), &x, cols, forward) < 8e-3);
                assert!(error(&half.backward(&gradient), &gradient, rows, backward) < 8e-3);
            }
        }
    }

    #[test]
    fn rounding_is_to_the_nearest() {
        for value in [1.0f32, -2.5, 0.333_333_34, 1e-20, 65_504.0, -0.0] {
            assert_eq!(
                rounded(value),
                u32::from(half::bf16::from_f32(value).to_bits())
            );
        }
    }
}
