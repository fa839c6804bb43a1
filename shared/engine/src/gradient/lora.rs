//! The adapter's branch beside a frozen map: `y += scale · B (A drop(x))`, and its gradients.

use burn::tensor::Device;

use super::dropout::Mask;
use super::frozen::{read, upload};
use super::rows::for_each;
use crate::EngineError;
use crate::adapter::LoraFactors;
use crate::kernels::simd;

/// One adapter matrix pair in use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Branch<'a> {
    pub(super) factors: &'a LoraFactors,
    pub(super) rank: usize,
    /// `alpha / rank`.
    pub(super) scale: f32,
    pub(super) mask: Option<Mask>,
}

impl Branch<'_> {
    fn input_width(&self) -> usize {
        self.factors.a.len() / self.rank
    }

    fn dropped(&self, x: &[f32]) -> Vec<f32> {
        let mut x = x.to_vec();
        if let Some(mask) = self.mask {
            for_each(&mut x, self.input_width(), |row, x| mask.apply(row, x));
        }
        x
    }

    /// Adds the branch to `y` and gives `A drop(x)`, `[m, rank]`, which the way back needs.
    pub(super) fn forward(&self, x: &[f32], y: &mut [f32]) -> Result<Vec<f32>, EngineError> {
        let device = Device::flex();
        let a = upload(&self.factors.a, self.input_width(), &device);
        let b = upload(&self.factors.b, self.rank, &device);
        let x = upload(&self.dropped(x), self.input_width(), &device);
        let inner = x.matmul(a.transpose());
        let change = read(inner.clone().matmul(b.transpose()))?;
        simd::add_scaled(y, &change, self.scale);
        read(inner)
    }

    /// Adds the gradients of A and B for the branch's input `x`, what [`Branch::forward`] gave, and
    /// the gradient of `y`; adds that of `x` where somebody wants it.
    pub(super) fn backward(
        &self,
        x: &[f32],
        inner: &[f32],
        y_gradient: &[f32],
        x_gradient: Option<&mut [f32]>,
        gradients: &mut LoraFactors,
    ) -> Result<(), EngineError> {
        let device = Device::flex();
        let out = self.factors.b.len() / self.rank;
        let y_gradient = upload(y_gradient, out, &device);
        let inner = upload(inner, self.rank, &device);
        let b_gradient = read(y_gradient.clone().transpose().matmul(inner))?;
        simd::add_scaled(&mut gradients.b, &b_gradient, self.scale);

        let b = upload(&self.factors.b, self.rank, &device);
        let inner_gradient = y_gradient.matmul(b) * self.scale;
        let x = upload(&self.dropped(x), self.input_width(), &device);
        let a_gradient = read(inner_gradient.clone().transpose().matmul(x))?;
        simd::add_scaled(&mut gradients.a, &a_gradient, 1.0);

        if let Some(x_gradient) = x_gradient {
            let a = upload(&self.factors.a, self.input_width(), &device);
            let mut change = read(inner_gradient.matmul(a))?;
            if let Some(mask) = self.mask {
                for_each(&mut change, self.input_width(), |row, change| {
                    mask.apply(row, change);
                });
            }
            simd::add_scaled(x_gradient, &change, 1.0);
        }
        Ok(())
    }
}
