//! A tensor of a checkpoint: where it lies and what its bytes mean.

use super::quantisation::{self, BlockError};
use super::tensor_type::TensorType;
use crate::error::CheckpointError;

/// Where a tensor lies and how it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name in the file.
    pub name: String,
    /// How its values are stored.
    pub kind: TensorType,
    /// Dimensions, outermost first: a matrix is `[rows, cols]`, rows being output features.
    pub shape: Vec<usize>,
    /// First byte, from the start of the file.
    pub offset: u64,
    /// Number of bytes.
    pub bytes: u64,
}

impl TensorInfo {
    /// Number of values.
    pub fn values(&self) -> usize {
        self.shape.iter().product()
    }

    /// Where an error in this tensor is.
    pub(crate) fn place(&self) -> String {
        tensor_place(&self.name)
    }
}

/// Where an error in the tensor `name` is.
pub(crate) fn tensor_place(name: &str) -> String {
    format!("tensor `{name}`")
}

/// A tensor's bytes as they lie in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTensor {
    /// Name of the file, for errors.
    pub file: String,
    /// What the bytes mean.
    pub info: TensorInfo,
    /// `info.bytes` bytes.
    pub bytes: Vec<u8>,
}

impl StoredTensor {
    /// All values in single precision, in the order of the shape.
    ///
    /// # Errors
    /// When the bytes are not of the length that the shape asks for, or a value (in quantised
    /// types: a block's scale) is not finite.
    pub fn to_f32(&self) -> Result<Vec<f32>, CheckpointError> {
        let length = self.info.values();
        let mut values = Vec::new();
        // 32-bit machines: a tensor that fits when quantised may not fit unpacked.
        values.try_reserve_exact(length).map_err(|_| {
            CheckpointError::new(
                &self.file,
                self.info.place(),
                format!("{length} values in single precision do not fit the memory"),
            )
        })?;
        values.resize(length, 0.0);
        quantisation::dequantise(self.info.kind, &self.bytes, &mut values)
            .map_err(|error| self.error(&error))?;
        Ok(values)
    }

    /// Checks, without unpacking anything, that every value can only be finite: the values
    /// themselves in float types, the half-precision factors of each block in quantised ones.
    ///
    /// # Errors
    /// When one is not.
    pub fn check_finite(&self) -> Result<(), CheckpointError> {
        quantisation::check_finite(self.info.kind, &self.bytes).map_err(|error| self.error(&error))
    }

    fn error(&self, error: &BlockError) -> CheckpointError {
        CheckpointError::new(&self.file, self.info.place(), error.to_string())
    }
}
