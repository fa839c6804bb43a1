//! Every instruction set of this machine against the scalar reference, on random shapes.

use half::f16;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::attend::attend_with;
use super::*;
use crate::kernels::activation::LOW_BASE;
use crate::kernels::attention::HeadCache;
use crate::kernels::linear::linear_many;
use crate::kernels::packed::{BLOCK, Bits, BlockValues, GROUP, ScaleSpan};

fn random_matrix(
    random: &mut ChaCha8Rng,
    rows: usize,
    blocks: usize,
    bits: Bits,
    half: bool,
    minimums: bool,
) -> PackedMatrix {
    let groups = rows.div_ceil(GROUP);
    let span = if bits == Bits::Eight && !minimums && random.random() {
        ScaleSpan::HalfBlock
    } else {
        ScaleSpan::Block
    };
    let values = |random: &mut ChaCha8Rng| {
        let numbers: Vec<f32> = (0..groups * blocks * span.per_block() * GROUP)
            .map(|_| random.random_range(-0.1..0.1))
            .collect();
        if half {
            BlockValues::Half(numbers.into_iter().map(f16::from_f32).collect())
        } else {
            BlockValues::Single(numbers)
        }
    };
    PackedMatrix {
        rows,
        cols: blocks * BLOCK,
        bits,
        zero_point: if bits == Bits::Eight {
            128
        } else {
            [0, 8][usize::from(!minimums)]
        },
        span,
        quants: (0..groups * blocks * bits.block_bytes())
            .map(|_| random.random())
            .collect(),
        scales: values(random),
        minimums: minimums.then(|| values(random)),
    }
}

#[test]
fn every_instruction_set_equals_the_scalar_reference() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let sets = InstructionSet::available();
    assert_eq!(sets.last(), Some(&InstructionSet::Scalar));
    for case in 0..120 {
        let bits = if case % 2 == 0 {
            Bits::Four
        } else {
            Bits::Eight
        };
        let (rows, blocks, count) = (
            random.random_range(1..70),
            random.random_range(1..9),
            random.random_range(1..20),
        );
        let matrix = random_matrix(&mut random, rows, blocks, bits, case % 3 == 0, case % 5 < 2);
        let x: Vec<f32> = (0..count * matrix.cols)
            .map(|_| random.random_range(-3.0..3.0))
            .collect();
        let x = QuantisedRows::from_rows(&x, matrix.cols);
        let group = random.random_range(0..matrix.groups());
        let width = GROUP.min(matrix.rows - group * GROUP);
        let run = |set: InstructionSet| {
            let mut out = vec![f32::NAN; count * (width + 3)];
            let mut rows: Vec<&mut [f32]> = out
                .chunks_exact_mut(width + 3)
                .map(|row| &mut row[..])
                .collect();
            group_product_with(set, &matrix, group, &x, &mut rows, 3);
            out.chunks_exact(width + 3)
                .flat_map(|row| row[3..].to_vec())
                .collect::<Vec<f32>>()
        };
        let expected = run(InstructionSet::Scalar);
        let size = expected
            .iter()
            .fold(1.0f32, |size, value| size.max(value.abs()));
        for set in &sets {
            let out = run(*set);
            for (index, (got, expected)) in out.iter().zip(&expected).enumerate() {
                assert!(
                    (got - expected).abs() <= 2e-5 * size,
                    "{set:?}, case {case}: {rows}x{} {bits:?}, {count} rows of x: value {index} is {got}, expected {expected}",
                    matrix.cols
                );
            }
        }
    }
}

#[test]
fn attention_of_every_instruction_set_equals_the_scalar_reference() {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    for case in 0..60 {
        let head_dim = [2, 16, 20, 64, 72, 256][case % 6];
        let heads = random.random_range(1..7);
        let stride = head_dim * random.random_range(1..4);
        let positions = random.random_range(1..50);
        let start = random.random_range(0..positions);
        let mut numbers = |count: usize| -> Vec<f32> {
            (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
        };
        let (keys, values) = (numbers(positions * stride), numbers(positions * stride));
        let queries = numbers(heads * head_dim);
        let cache = HeadCache {
            keys: &keys,
            values: &values,
            stride,
            offset: stride - head_dim,
        };
        let run = |set: InstructionSet| {
            let mut out = vec![f32::NAN; queries.len()];
            attend_with(
                set,
                cache,
                &queries,
                head_dim,
                start..positions,
                0.7,
                &mut out,
            );
            out
        };
        let expected = run(InstructionSet::Scalar);
        for set in InstructionSet::available() {
            for (index, (got, expected)) in run(set).iter().zip(&expected).enumerate() {
                assert!(
                    (got - expected).abs() < 2e-5,
                    "{set:?}, case {case}: {heads} heads of {head_dim}, {start}..{positions}: \
                     value {index} is {got}, expected {expected}"
                );
            }
        }
    }
}

#[test]
fn the_parallel_product_equals_the_dequantised_matrix() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    for (rows, blocks, count) in [(300, 10, 1), (300, 10, 5), (17, 1, 3), (2048, 20, 9)] {
        let first = random_matrix(&mut random, rows, blocks, Bits::Eight, true, false);
        let second = random_matrix(&mut random, rows / 2 + 1, blocks, Bits::Four, false, true);
        let x: Vec<f32> = (0..count * first.cols)
            .map(|_| random.random_range(-1.0..1.0))
            .collect();
        let x = QuantisedRows::from_rows(&x, first.cols);
        let outputs = linear_many(&x, [&first, &second]);
        for (matrix, output) in [&first, &second].into_iter().zip(&outputs) {
            assert_eq!(output.len(), count * matrix.rows);
            let weights = matrix.dequantise();
            for row in 0..count {
                let input: Vec<f64> = (0..matrix.cols)
                    .map(|col| {
                        let at = x.block_start(row, col / BLOCK) + col % BLOCK;
                        let value =
                            i32::from(x.quants[at]) * LOW_BASE + i32::from(x.quants[at + BLOCK]);
                        f64::from(value) * f64::from(x.scales[row * blocks + col / BLOCK])
                    })
                    .collect();
                for feature in 0..matrix.rows {
                    let expected: f64 = input
                        .iter()
                        .zip(&weights[feature * matrix.cols..(feature + 1) * matrix.cols])
                        .map(|(x, w)| x * f64::from(*w))
                        .sum();
                    let got = f64::from(output[row * matrix.rows + feature]);
                    assert!(
                        (got - expected).abs() < 2e-3,
                        "{rows}x{blocks} row {row} feature {feature}: {got} {expected}"
                    );
                }
            }
        }
    }
}
