//! A frozen linear map and its transpose.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::EngineError;
use crate::decoder::Matrix;

/// Weights `[rows, cols]` in single precision on the device.
#[derive(Debug)]
pub(super) struct FrozenMap {
    weights: Tensor<2>,
}

impl FrozenMap {
    pub(super) fn new(matrix: &Matrix, device: &Device) -> Self {
        let data = TensorData::new(matrix.to_dense(), [matrix.rows(), matrix.cols()]);
        Self {
            weights: Tensor::from_data(data, (device, DType::F32)),
        }
    }

    /// `x · Wᵀ`: `[m, cols]` to `[m, rows]`.
    pub(super) fn forward(&self, x: &[f32]) -> Result<Vec<f32>, EngineError> {
        let [_, cols] = self.weights.dims();
        let x = upload(x, cols, &self.weights.device());
        read(x.matmul(self.weights.clone().transpose()))
    }

    /// `gradient · W`: `[m, rows]` to `[m, cols]`.
    pub(super) fn backward(&self, gradient: &[f32]) -> Result<Vec<f32>, EngineError> {
        let [rows, _] = self.weights.dims();
        let gradient = upload(gradient, rows, &self.weights.device());
        read(gradient.matmul(self.weights.clone()))
    }
}

/// Rows of `width` values on the device.
pub(super) fn upload(values: &[f32], width: usize, device: &Device) -> Tensor<2> {
    let data = TensorData::new(values.to_vec(), [values.len() / width, width]);
    Tensor::from_data(data, (device, DType::F32))
}

/// The values, row after row.
pub(super) fn read(tensor: Tensor<2>) -> Result<Vec<f32>, EngineError> {
    tensor
        .try_into_data()
        .map_err(|error| EngineError::Device(error.to_string()))?
        .try_into_vec::<f32>()
        .map_err(|error| EngineError::Device(format!("{error:?}")))
}
