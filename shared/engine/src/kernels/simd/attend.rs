//! Attention in the registers of each instruction set.

use std::ops::Range;

use super::InstructionSet;
#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
use super::lanes;
use crate::kernels::attention::{self, HeadCache};

/// As [`attention::attend`], with the best instructions of this machine.
pub fn attend(
    cache: HeadCache<'_>,
    queries: &[f32],
    head_dim: usize,
    positions: Range<usize>,
    scale: f32,
    out: &mut [f32],
) {
    let set = InstructionSet::detect();
    attend_with(set, cache, queries, head_dim, positions, scale, out);
}

/// As [`attention::attend`], with chosen instructions (which must be available).
pub(crate) fn attend_with(
    set: InstructionSet,
    cache: HeadCache<'_>,
    queries: &[f32],
    head_dim: usize,
    positions: Range<usize>,
    scale: f32,
    out: &mut [f32],
) {
    match set {
        // SAFETY: `detect` and `available` name a set only when the processor has it.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512Vnni => unsafe {
            avx512(cache, queries, head_dim, positions, scale, out);
        },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => unsafe { avx2(cache, queries, head_dim, positions, scale, out) },
        #[cfg(target_arch = "wasm32")]
        InstructionSet::Wasm128 => {
            attention::attend::<lanes::Wasm128>(cache, queries, head_dim, positions, scale, out);
        }
        _ => attention::attend::<f32>(cache, queries, head_dim, positions, scale, out),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")]
fn avx512(
    cache: HeadCache<'_>,
    queries: &[f32],
    head_dim: usize,
    positions: Range<usize>,
    scale: f32,
    out: &mut [f32],
) {
    attention::attend::<lanes::Avx512>(cache, queries, head_dim, positions, scale, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn avx2(
    cache: HeadCache<'_>,
    queries: &[f32],
    head_dim: usize,
    positions: Range<usize>,
    scale: f32,
    out: &mut [f32],
) {
    attention::attend::<lanes::Avx2>(cache, queries, head_dim, positions, scale, out);
}
