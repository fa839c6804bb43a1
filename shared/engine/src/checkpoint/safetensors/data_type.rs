//! The `dtype` of a header entry.

use serde::Deserialize;

use super::super::tensor_type::TensorType;

/// Element types of the format. Those that no model's weights have are known by size only, so
/// that a file with an index buffer in it can still be checked and its weights read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[allow(non_camel_case_types, clippy::upper_case_acronyms)] // The format's own spelling.
pub enum DataType {
    BOOL,
    U8,
    I8,
    F8_E5M2,
    F8_E4M3,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    F64,
    I64,
    U64,
}

impl DataType {
    /// Bytes of one value.
    pub fn bytes(self) -> u64 {
        match self {
            Self::BOOL | Self::U8 | Self::I8 | Self::F8_E5M2 | Self::F8_E4M3 => 1,
            Self::I16 | Self::U16 | Self::F16 | Self::BF16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }

    /// The type of tensors that the engine reads.
    pub fn kind(self) -> Option<TensorType> {
        match self {
            Self::F32 => Some(TensorType::F32),
            Self::F16 => Some(TensorType::F16),
            Self::BF16 => Some(TensorType::BF16),
            _ => None,
        }
    }

    /// As the header spells it.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}
