//! A frozen linear map and its transpose.

use burn::tensor::{DType, Device, Tensor, TensorData};
use protocol::FieldError;
use protocol::training::BasePrecision;

use crate::EngineError;
use crate::decoder::Matrix;
use crate::kernels::product::{HalfWeights, SingleWeights};

/// Weights `[rows, cols]`, where and how they are multiplied.
#[derive(Debug)]
pub(super) enum FrozenMap {
    /// Single precision on the processor, with our own products.
    Single(SingleWeights),
    /// bfloat16 on the processor.
    Half(HalfWeights),
    /// Single precision on a device, with burn's products: graphics cards, and processors without
    /// AVX-512.
    Device(Box<Tensor<2>>),
}

impl FrozenMap {
    /// Brings `matrix` to `device`. Errors: a precision that it does not compute.
    pub(super) fn new(
        matrix: &Matrix,
        precision: BasePrecision,
        device: &Device,
    ) -> Result<Self, EngineError> {
        let on_processor = *device == Device::flex();
        match precision {
            BasePrecision::F32 => {
                let own = on_processor.then(|| SingleWeights::new(matrix)).flatten();
                Ok(own.map_or_else(
                    || {
                        let shape = [matrix.rows(), matrix.cols()];
                        let data = TensorData::new(matrix.to_dense(), shape);
                        Self::Device(Box::new(Tensor::from_data(data, (device, DType::F32))))
                    },
                    Self::Single,
                ))
            }
            BasePrecision::Bf16 => {
                let own = on_processor.then(|| HalfWeights::new(matrix)).flatten();
                own.map(Self::Half).ok_or_else(|| {
                    let message = "this device does not multiply bfloat16 here; use f32";
                    FieldError::new("base_precision", message).into()
                })
            }
        }
    }

    /// `x · Wᵀ`: `[m, cols]` to `[m, rows]`.
    pub(super) fn forward(&self, x: &[f32]) -> Result<Vec<f32>, EngineError> {
        match self {
            Self::Single(weights) => Ok(weights.forward(x)),
            Self::Half(weights) => Ok(weights.forward(x)),
            Self::Device(weights) => {
                let x = upload(x, weights.dims()[1], &weights.device());
                read(x.matmul(weights.clone().transpose()))
            }
        }
    }

    /// `gradient · W`: `[m, rows]` to `[m, cols]`.
    pub(super) fn backward(&self, gradient: &[f32]) -> Result<Vec<f32>, EngineError> {
        match self {
            Self::Single(weights) => Ok(weights.backward(gradient)),
            Self::Half(weights) => Ok(weights.backward(gradient)),
            Self::Device(weights) => {
                let gradient = upload(gradient, weights.dims()[0], &weights.device());
                read(gradient.matmul(weights.as_ref().clone()))
            }
        }
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
