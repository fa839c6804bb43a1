//! A linear map on a burn device: one operation, whatever the weights and the device are.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::EngineError;
use crate::decoder::Matrix;
use crate::kernels::linear::linear;
use crate::kernels::packed::PackedMatrix;

/// Where the weights of a linear map are and how they are multiplied.
#[derive(Debug, Clone)]
pub enum Linear {
    /// Single precision on the device, `[cols, rows]`.
    Dense(Box<Tensor<2>>),
    /// Packed on the host: the processor's own kernels read them where they are.
    Host,
    /// Packed on a GPU.
    #[cfg(feature = "cube")]
    Cube(Box<crate::kernels::cube::WeightStack>),
}

impl Linear {
    /// Brings `matrix` to `device`: single precision as a tensor, packed blocks as they are. On the
    /// processor packed blocks stay in `matrix`. Errors: a matrix the device cannot hold.
    pub fn new(matrix: &Matrix, device: &Device) -> Result<Self, EngineError> {
        match matrix {
            Matrix::Dense(dense) => {
                let data = TensorData::new(dense.values.clone(), [dense.rows, dense.cols]);
                let weights = Tensor::<2>::from_data(data, (device, DType::F32));
                Ok(Linear::Dense(Box::new(weights.transpose())))
            }
            #[cfg(feature = "cube")]
            Matrix::Packed(packed) if crate::device::is_gpu_runtime(device) => {
                let weights = crate::kernels::cube::WeightStack::upload(&[packed], device)?;
                Ok(Linear::Cube(Box::new(weights)))
            }
            Matrix::Packed(_) => Ok(Linear::Host),
        }
    }

    /// `x · Wᵀ`: `[m, cols]` to `[m, rows]`, single precision. `matrix` is the one given to
    /// [`Linear::new`]; only [`Linear::Host`] reads it.
    pub fn multiply(&self, matrix: &Matrix, x: Tensor<2>) -> Result<Tensor<2>, EngineError> {
        match (self, matrix) {
            (Linear::Dense(weights), _) => Ok(x.matmul((**weights).clone())),
            #[cfg(feature = "cube")]
            (Linear::Cube(weights), _) => weights.multiply(x),
            (Linear::Host, Matrix::Packed(packed)) => multiply_on_host(packed, x),
            (Linear::Host, Matrix::Dense(_)) => Err(EngineError::Device(
                "a linear map was given another matrix than it was made from".to_owned(),
            )),
        }
    }
}

fn multiply_on_host(matrix: &PackedMatrix, x: Tensor<2>) -> Result<Tensor<2>, EngineError> {
    let [m, cols] = x.dims();
    if cols != matrix.cols() {
        return Err(EngineError::Device(format!(
            "an input [{m}, {cols}] does not fit a matrix [{}, {}]",
            matrix.rows(),
            matrix.cols()
        )));
    }
    let device = x.device();
    let values = x
        .try_into_data()
        .map_err(|error| EngineError::Device(error.to_string()))?
        .try_into_vec::<f32>()
        .map_err(|error| EngineError::Device(format!("{error:?}")))?;
    let output = linear(matrix, &values);
    Ok(Tensor::from_data(
        TensorData::new(output, [m, matrix.rows()]),
        (&device, DType::F32),
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::decoder::DenseMatrix;
    use crate::general::tests::{devices, random};
    use crate::kernels::packed::Bits;

    /// Every packed kind, rows that do not fill a group, odd numbers of rows of `x`, on every device.
    #[test]
    fn packed_products_equal_dequantised_ones() {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        for (label, device, _) in devices() {
            // The processor's kernels round activations to fifteen bits.
            let tolerance = if label == "cpu" { 1e-4 } else { 2e-6 };
            for bits in [Bits::Four, Bits::Eight] {
                for with_minimums in [false, true] {
                    for (rows, cols, m) in [
                        (1, 32, 1),
                        (16, 64, 3),
                        (37, 160, 4),
                        (48, 96, 5),
                        (130, 320, 9),
                    ] {
                        let packed = random::packed(&mut rng, rows, cols, bits, with_minimums);
                        let x = random::uniform(&mut rng, m * cols, 1.0);
                        let weights = packed.dequantise();
                        let matrix = Matrix::Packed(packed);
                        let linear = Linear::new(&matrix, &device).unwrap();
                        let data = TensorData::new(x.clone(), [m, cols]);
                        let output = linear
                            .multiply(&matrix, Tensor::from_data(data, (&device, DType::F32)))
                            .unwrap();
                        assert_eq!(output.dims(), [m, rows]);
                        let output: Vec<f32> = output.into_data().try_into_vec().unwrap();
                        for (index, got) in output.iter().enumerate() {
                            let row = &weights[index % rows * cols..][..cols];
                            let x = &x[index / rows * cols..][..cols];
                            let terms = row.iter().zip(x).map(|(w, x)| f64::from(w * x));
                            let magnitude: f64 = terms.clone().map(f64::abs).sum();
                            let expected: f64 = terms.sum();
                            assert!(
                                (f64::from(*got) - expected).abs() <= tolerance * magnitude,
                                "{label} {bits:?} {with_minimums} [{rows}, {cols}] x {m}: \
                                 value {index} is {got}, expected {expected}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn dense_products_are_transposed_right() {
        for (_, device, _) in devices() {
            let matrix = Matrix::Dense(DenseMatrix {
                rows: 2,
                cols: 3,
                values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            });
            let x = Tensor::<2>::from_floats([[1.0, 0.0, -1.0]], &device);
            let linear = Linear::new(&matrix, &device).unwrap();
            let output = linear.multiply(&matrix, x).unwrap().into_data();
            assert_eq!(output.try_into_vec::<f32>().unwrap(), [-2.0, -2.0]);
        }
    }

    #[test]
    fn a_wrong_width_is_an_error() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let matrix = Matrix::Packed(random::packed(&mut rng, 16, 64, Bits::Four, false));
        for (_, device, _) in devices() {
            let linear = Linear::new(&matrix, &device).unwrap();
            let error = linear.multiply(&matrix, Tensor::zeros([1, 32], &device));
            assert!(error.unwrap_err().to_string().contains("[16, 64]"));
        }
    }
}
