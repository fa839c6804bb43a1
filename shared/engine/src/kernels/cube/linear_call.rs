//! Calling the linear kernel.

use burn::tensor::Tensor;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{Cube, kernel::into_contiguous};
use cubecl::prelude::{CubeCount, CubeDim};

use super::linear::{Finish, Form, UNITS, stacked_linear};
use super::stack::{MAX_CUBES, WeightStack, cube_tensor};
use crate::EngineError;
use crate::kernels::packed::BLOCK;

/// Rows of `x` that one cube takes where there are many.
const TILE: usize = 4;

/// `x · Wᵀ`, with what comes before and after it.
pub struct LinearCall<'a> {
    /// `[rows, cols]`.
    pub x: &'a CubeTensor,
    /// Weight and epsilon of an RMS norm that each row of `x` passes first.
    pub norm: Option<(&'a CubeTensor, f32)>,
    /// Row numbers of `x`, `x_rows` of them, where not all rows are taken in order.
    pub picked: Option<&'a CubeTensor>,
    /// Rows of the product, at least one.
    pub x_rows: usize,
    /// `[x_rows, rows of the weights]`, half of them where they are a gate and what it gates.
    pub output: &'a CubeTensor,
    /// What happens to the product.
    pub finish: Finish,
}

impl LinearCall<'_> {
    /// One dispatch. Buffers must be as large as the sizes say.
    pub fn launch(self, weights: &WeightStack) {
        let halves = match self.finish {
            Finish::Store | Finish::Add => 1,
            Finish::GateGelu | Finish::GateSilu => 2,
        };
        let groups = weights.groups() / halves;
        let tile = if self.x_rows < TILE { 1 } else { TILE };
        let form = Form {
            normed: self.norm.is_some(),
            picked: self.picked.is_some(),
            finish: self.finish,
            tile,
        };
        let (norm, epsilon) = self.norm.unwrap_or((weights.no_floats(), 0.0));
        let picked = self.picked.unwrap_or(weights.no_words());
        stacked_linear::launch(
            &weights.words().client,
            CubeCount::Static(groups as u32, self.x_rows.div_ceil(tile) as u32, 1),
            CubeDim::new_1d(UNITS as u32),
            weights.words().clone().into_buffer_arg(),
            self.x.clone().into_buffer_arg(),
            norm.clone().into_buffer_arg(),
            picked.clone().into_buffer_arg(),
            self.output.clone().into_buffer_arg(),
            (weights.cols() / BLOCK) as u32,
            self.x_rows as u32,
            (weights.rows() / halves) as u32,
            groups as u32,
            epsilon,
            form,
        );
    }
}

impl WeightStack {
    /// `x · Wᵀ`: `[m, cols]` to `[m, rows]`. Errors: an `x` of another width or with too many rows.
    pub fn multiply(&self, x: Tensor<2>) -> Result<Tensor<2>, EngineError> {
        let [x_rows, cols] = x.dims();
        if cols != self.cols() || x_rows == 0 {
            return Err(EngineError::Device(format!(
                "an input [{x_rows}, {cols}] does not fit a matrix [{}, {}]",
                self.rows(),
                self.cols()
            )));
        }
        if x_rows > MAX_CUBES {
            return Err(EngineError::Device(format!(
                "{x_rows} rows at once are too many for a GPU kernel; {MAX_CUBES} fit"
            )));
        }
        let output = cube_tensor(Tensor::<2>::empty([x_rows, self.rows()], &x.device()))?;
        LinearCall {
            x: &into_contiguous(cube_tensor(x)?),
            norm: None,
            picked: None,
            x_rows,
            output: &output,
            finish: Finish::Store,
        }
        .launch(self);
        Ok(Tensor::from_primitive::<Cube>(output))
    }
}
