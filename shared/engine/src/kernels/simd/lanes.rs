//! [`Lanes`] in the registers of each instruction set.

#[cfg(target_arch = "wasm32")]
use std::arch::wasm32::*;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use crate::kernels::lanes::Lanes;

/// A register of AVX-512.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512);

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx512 {
    const WIDTH: usize = 16;
    type Chunk = [f32; 16];

    #[inline(always)]
    fn chunks(values: &[f32]) -> (&[Self::Chunk], &[f32]) {
        values.as_chunks()
    }

    #[inline(always)]
    fn chunks_mut(values: &mut [f32]) -> (&mut [Self::Chunk], &mut [f32]) {
        values.as_chunks_mut()
    }

    #[inline(always)]
    fn load(values: &Self::Chunk) -> Self {
        // SAFETY: the chunk is as long as the register.
        Self(unsafe { _mm512_loadu_ps(values.as_ptr()) })
    }

    #[inline(always)]
    fn store(self, values: &mut Self::Chunk) {
        // SAFETY: the chunk is as long as the register.
        unsafe { _mm512_storeu_ps(values.as_mut_ptr(), self.0) }
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: as the trait asks, the instructions are there.
        Self(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: as the trait asks, the instructions are there.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn add_product(self, left: Self, right: Self) -> Self {
        // SAFETY: as the trait asks, the instructions are there.
        Self(unsafe { _mm512_fmadd_ps(left.0, right.0, self.0) })
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: as the trait asks, the instructions are there.
        Avx2(unsafe {
            _mm256_add_ps(
                _mm512_castps512_ps256(self.0),
                _mm512_extractf32x8_ps::<1>(self.0),
            )
        })
        .sum()
    }
}

/// A register of AVX2.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256);

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx2 {
    const WIDTH: usize = 8;
    type Chunk = [f32; 8];

    #[inline(always)]
    fn chunks(values: &[f32]) -> (&[Self::Chunk], &[f32]) {
        values.as_chunks()
    }

    #[inline(always)]
    fn chunks_mut(values: &mut [f32]) -> (&mut [Self::Chunk], &mut [f32]) {
        values.as_chunks_mut()
    }

    #[inline(always)]
    fn load(values: &Self::Chunk) -> Self {
        // SAFETY: the chunk is as long as the register.
        Self(unsafe { _mm256_loadu_ps(values.as_ptr()) })
    }

    #[inline(always)]
    fn store(self, values: &mut Self::Chunk) {
        // SAFETY: the chunk is as long as the register.
        unsafe { _mm256_storeu_ps(values.as_mut_ptr(), self.0) }
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: as the trait asks, the instructions are there.
        Self(unsafe { _mm256_set1_ps(value) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: as the trait asks, the instructions are there.
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn add_product(self, left: Self, right: Self) -> Self {
        // SAFETY: as the trait asks, the instructions are there.
        Self(unsafe { _mm256_fmadd_ps(left.0, right.0, self.0) })
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: as the trait asks, the instructions are there.
        unsafe {
            let four = _mm_add_ps(
                _mm256_castps256_ps128(self.0),
                _mm256_extractf128_ps::<1>(self.0),
            );
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        }
    }
}

/// A register of WebAssembly.
#[cfg(target_arch = "wasm32")]
#[derive(Clone, Copy)]
pub(super) struct Wasm128(v128);

#[cfg(target_arch = "wasm32")]
impl Lanes for Wasm128 {
    const WIDTH: usize = 4;
    type Chunk = [f32; 4];

    #[inline(always)]
    fn chunks(values: &[f32]) -> (&[Self::Chunk], &[f32]) {
        values.as_chunks()
    }

    #[inline(always)]
    fn chunks_mut(values: &mut [f32]) -> (&mut [Self::Chunk], &mut [f32]) {
        values.as_chunks_mut()
    }

    #[inline(always)]
    fn load(values: &Self::Chunk) -> Self {
        // SAFETY: the chunk is as long as the register.
        Self(unsafe { v128_load(values.as_ptr().cast()) })
    }

    #[inline(always)]
    fn store(self, values: &mut Self::Chunk) {
        // SAFETY: the chunk is as long as the register.
        unsafe { v128_store(values.as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }

    #[inline(always)]
    fn add_product(self, left: Self, right: Self) -> Self {
        Self(f32x4_add(self.0, f32x4_mul(left.0, right.0)))
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        let two = f32x4_add(self.0, i32x4_shuffle::<2, 3, 0, 1>(self.0, self.0));
        f32x4_extract_lane::<0>(two) + f32x4_extract_lane::<1>(two)
    }
}
