//! The processor's vector instructions, chosen once at run time. The only `unsafe` of the project
//! lives below this folder; every function has its twin in `scalar.rs` or `vector.rs` and is tested
//! against it.
#![allow(unsafe_code)]

use super::activation::QuantisedRows;
use super::packed::{Bits, GROUP, PackedMatrix, ScaleSpan};
use super::{activation, gradient, product, scalar, vector};

mod attend;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
mod lanes;
pub mod tile;
#[cfg(target_arch = "wasm32")]
mod wasm128;

pub use attend::attend;

/// What the processor offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstructionSet {
    /// Plain code.
    Scalar,
    /// 256-bit vectors with fused multiply-add.
    Avx2,
    /// 512-bit vectors with 8-bit dot products.
    Avx512Vnni,
    /// 128-bit vectors of WebAssembly.
    Wasm128,
}

impl InstructionSet {
    /// Name shown in provenance and `backend devices`.
    pub fn name(self) -> &'static str {
        match self {
            InstructionSet::Scalar => "scalar",
            InstructionSet::Avx2 => "avx2",
            InstructionSet::Avx512Vnni => "avx512-vnni",
            InstructionSet::Wasm128 => "wasm-simd128",
        }
    }

    /// Every set that this machine can run, the best one first.
    #[allow(clippy::vec_init_then_push)] // what is pushed differs by target
    pub fn available() -> Vec<Self> {
        let mut sets = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("f16c");
            if avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vnni")
            {
                sets.push(InstructionSet::Avx512Vnni);
            }
            if avx2 {
                sets.push(InstructionSet::Avx2);
            }
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        sets.push(InstructionSet::Wasm128);
        sets.push(InstructionSet::Scalar);
        sets
    }

    /// The best set of this machine.
    pub fn detect() -> Self {
        static BEST: std::sync::OnceLock<InstructionSet> = std::sync::OnceLock::new();
        *BEST.get_or_init(|| Self::available()[0])
    }
}

/// As [`scalar::group_product`], with the best instructions of this machine.
pub fn group_product(
    matrix: &PackedMatrix,
    group: usize,
    x: &QuantisedRows,
    out: &mut [&mut [f32]],
    at: usize,
) {
    group_product_with(InstructionSet::detect(), matrix, group, x, out, at);
}

/// As [`scalar::group_product`], with chosen instructions (which must be available).
pub(crate) fn group_product_with(
    set: InstructionSet,
    matrix: &PackedMatrix,
    group: usize,
    x: &QuantisedRows,
    out: &mut [&mut [f32]],
    at: usize,
) {
    // The kernels below read through pointers: everything they rely on is checked here, once.
    assert!(
        group < matrix.groups(),
        "group {group} of {}",
        matrix.groups()
    );
    assert_eq!(x.cols, matrix.cols, "columns of input and matrix");
    assert_eq!(out.len(), x.rows(), "rows of input and output");
    assert!(
        matrix.span == ScaleSpan::Block || matrix.bits == Bits::Eight && matrix.minimums.is_none(),
        "two scales a block with 4 bits or minimums"
    );
    match set {
        // SAFETY: `detect` and `available` name a set only when the processor has it.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512Vnni => unsafe { avx512::group_product(matrix, group, x, out, at) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => unsafe { avx2::group_product(matrix, group, x, out, at) },
        // SAFETY: what the matrix asks was checked above.
        #[cfg(target_arch = "wasm32")]
        InstructionSet::Wasm128 => unsafe { wasm128::group_product(matrix, group, x, out, at) },
        _ => scalar::group_product(matrix, group, x, out, at),
    }
}

/// Copies a finished tile to its place; the last group of a matrix may be padded beyond the output.
#[inline]
fn write_tile(tile: &[f32; GROUP], out: &mut [f32], at: usize) {
    let out = &mut out[at..];
    match out.first_chunk_mut() {
        // Of a known length, so that it is no call.
        Some(out) => *out = *tile,
        None => out.copy_from_slice(&tile[..out.len()]),
    }
}

/// Compiles a plain function once per instruction set and picks at run time. The bodies are
/// `#[inline(always)]` loops that the compiler vectorises for whatever the wrapper enables.
macro_rules! dispatched {
    ($($(#[$doc:meta])* $name:ident = $body:path, ($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name($($argument: $type),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")]
                fn wide($($argument: $type),*) $(-> $result)? { $body($($argument),*) }
                #[target_feature(enable = "avx2,fma,f16c")]
                fn middle($($argument: $type),*) $(-> $result)? { $body($($argument),*) }
                match InstructionSet::detect() {
                    // SAFETY: `detect` names a set only when the processor has it.
                    InstructionSet::Avx512Vnni => return unsafe { wide($($argument),*) },
                    // SAFETY: as above.
                    InstructionSet::Avx2 => return unsafe { middle($($argument),*) },
                    _ => {}
                }
            }
            $body($($argument),*)
        }
    )*};
}

dispatched! {
    /// Quantises one row to 8 bits; see [`super::activation`].
    quantise_row = activation::quantise_row, (values: &[f32], quants: &mut [i8], scales: &mut [f32], sums: &mut [[i32; 2]]);
    /// Dot product; see [`vector::dot`].
    dot = vector::dot, (left: &[f32], right: &[f32]) -> f32;
    /// `sum += factor · values`; see [`vector::add_scaled`].
    add_scaled = vector::add_scaled, (sum: &mut [f32], values: &[f32], factor: f32);
    /// A low-rank product added to an output; see [`vector::add_low_rank`].
    add_low_rank = vector::add_low_rank, (x: &[f32], a: &[f32], b_columns: &[f32], factor: f32, out: &mut [f32]);
    /// RMS norm; see [`vector::rms_norm`].
    rms_norm = vector::rms_norm, (values: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]);
    /// Gated tanh-GELU; see [`vector::gelu_gate`].
    gelu_gate = vector::gelu_gate, (gate: &mut [f32], up: &[f32]);
    /// Gated SiLU; see [`vector::silu_gate`].
    silu_gate = vector::silu_gate, (gate: &mut [f32], up: &[f32]);
    /// Softmax in place; see [`vector::softmax`].
    softmax = vector::softmax, (scores: &mut [f32]);
    /// Logarithm of the sum of exponentials; see [`vector::log_sum_exp`].
    log_sum_exp = vector::log_sum_exp, (logits: &[f32]) -> f32;
    /// Gradient of the RMS norm; see [`gradient::rms_norm_backward`].
    rms_norm_backward = gradient::rms_norm_backward, (x: &[f32], weight: &[f32], epsilon: f32, gradient: &mut [f32]);
    /// Gradients of the gated tanh-GELU; see [`gradient::gelu_gate_backward`].
    gelu_gate_backward = gradient::gelu_gate_backward, (gate: &mut [f32], up: &mut [f32], gradient: &[f32]);
    /// Gradients of the gated SiLU; see [`gradient::silu_gate_backward`].
    silu_gate_backward = gradient::silu_gate_backward, (gate: &mut [f32], up: &mut [f32], gradient: &[f32]);
    /// Gradient of the cross-entropy; see [`gradient::cross_entropy_backward`].
    cross_entropy_backward = gradient::cross_entropy_backward, (logits: &mut [f32], log_sum: f32, target: usize, factor: f32);
    /// Neighbours as pairs of bfloat16; see [`super::product`].
    bfloat16_pairs = product::bfloat16_pairs, (values: &[f32], pairs: &mut [u32]);
    /// Index and value of the largest; see [`vector::largest`].
    largest = vector::largest, (values: &[f32]) -> (usize, f32);
}

#[cfg(test)]
mod tests;
