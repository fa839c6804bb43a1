//! The quantised linear map on the processor: `y = x · Wᵀ`, threads over groups of rows.

use rayon::prelude::*;

use super::activation::QuantisedRows;
use super::packed::{GROUP, PackedMatrix};
use super::simd;

/// Products with fewer multiplications than this stay on one thread: waking another costs more.
const PARALLEL_PRODUCTS: usize = 1 << 17;

/// Pieces that each thread gets on average, so that an unlucky one does not hold up the others.
const PIECES_PER_THREAD: usize = 4;

/// Some neighbouring groups of one matrix and the part of every output row that they fill.
struct Piece<'a> {
    matrix: &'a PackedMatrix,
    first_group: usize,
    out: Vec<&'a mut [f32]>,
}

impl Piece<'_> {
    fn run(&mut self, x: &QuantisedRows) {
        let width = self.out.first().map_or(0, |row| row.len());
        for offset in 0..width.div_ceil(GROUP) {
            simd::group_product(
                self.matrix,
                self.first_group + offset,
                x,
                &mut self.out,
                offset * GROUP,
            );
        }
    }
}

/// Several matrices that read the same input (query/key/value, gate/up) in one parallel region.
/// Returns one `[rows of x, matrix.rows()]` buffer per matrix.
pub fn linear_many<const N: usize>(
    x: &QuantisedRows,
    matrices: [&PackedMatrix; N],
) -> [Vec<f32>; N] {
    let mut outputs = matrices.map(|matrix| vec![0.0f32; x.rows() * matrix.rows]);
    let groups: usize = matrices.iter().map(|matrix| matrix.groups()).sum();
    let products: usize = matrices
        .iter()
        .map(|matrix| matrix.rows * matrix.cols * x.rows())
        .sum();
    let threads = rayon::current_num_threads();
    let alone = threads == 1 || products < PARALLEL_PRODUCTS;
    let size = if alone {
        groups
    } else {
        groups.div_ceil(threads * PIECES_PER_THREAD)
    };
    let mut pieces = Vec::new();
    for (matrix, output) in matrices.into_iter().zip(&mut outputs) {
        cut(matrix, output, size, &mut pieces);
    }
    if alone {
        pieces.iter_mut().for_each(|piece| piece.run(x));
    } else {
        pieces.par_iter_mut().for_each(|piece| piece.run(x));
    }
    drop(pieces);
    outputs
}

fn cut<'a>(
    matrix: &'a PackedMatrix,
    output: &'a mut [f32],
    size: usize,
    pieces: &mut Vec<Piece<'a>>,
) {
    let first = pieces.len();
    pieces.extend((0..matrix.groups()).step_by(size).map(|first_group| Piece {
        matrix,
        first_group,
        out: Vec::new(),
    }));
    for row in output.chunks_exact_mut(matrix.rows) {
        for (piece, part) in pieces[first..].iter_mut().zip(row.chunks_mut(size * GROUP)) {
            piece.out.push(part);
        }
    }
}

/// One matrix; `values` holds rows of `matrix.cols()` in single precision.
pub fn linear(matrix: &PackedMatrix, values: &[f32]) -> Vec<f32> {
    let x = QuantisedRows::from_rows(values, matrix.cols);
    let [output] = linear_many(&x, [matrix]);
    output
}
