//! WebAssembly's vectors against the scalar reference, for every format that a file can have.

use engine::checkpoint::gguf::Gguf;
use engine::checkpoint::{MemorySource, TensorStore, TensorType};
use engine::kernels::activation::QuantisedRows;
use engine::kernels::packed::{GROUP, PackedMatrix};
use engine::kernels::repack::repack;
use engine::kernels::simd::InstructionSet;
use engine::kernels::{scalar, simd};
use wasm_bindgen_test::wasm_bindgen_test;

/// Values without a pattern that rounding could hide.
fn wave(count: usize, scale: f32) -> Vec<f32> {
    (0..count)
        .map(|at| ((at * at % 977) as f32 * 0.37).sin() * scale)
        .collect()
}

type Kernel = fn(&PackedMatrix, usize, &QuantisedRows, &mut [&mut [f32]], usize);

fn product(kernel: Kernel, matrix: &PackedMatrix, x: &QuantisedRows) -> Vec<f32> {
    let mut out = vec![0.0; x.rows() * GROUP];
    for group in 0..matrix.groups() {
        let mut rows: Vec<&mut [f32]> = out.chunks_exact_mut(GROUP).collect();
        kernel(matrix, group, x, &mut rows, 0);
    }
    out
}

#[wasm_bindgen_test]
fn vector_kernels_equal_the_scalar_reference() {
    assert_eq!(InstructionSet::detect(), InstructionSet::Wasm128);
    let source = MemorySource::new(
        "blocks.gguf",
        include_bytes!("../../../../tests/parity/quantisation/blocks.gguf").to_vec(),
    );
    let file = Gguf::open(&source).unwrap();
    for kind in TensorType::ALL {
        let matrix = repack("blocks.gguf", &file.read(kind.name()).unwrap()).unwrap();
        for rows in [1, 2, 5, 9] {
            let x = QuantisedRows::from_rows(&wave(rows * matrix.cols(), 3.0), matrix.cols());
            let expected = product(scalar::group_product, &matrix, &x);
            let found = product(simd::group_product, &matrix, &x);
            let size = expected
                .iter()
                .fold(0.0f32, |most, value| most.max(value.abs()));
            assert!(size > 0.0);
            for (expected, found) in expected.iter().zip(&found) {
                assert!(
                    (expected - found).abs() <= size * 1e-5,
                    "{} rows of {}: {expected} and {found}",
                    rows,
                    kind.name()
                );
            }
        }
    }
}
