//! Element types and their block layouts.

/// How the values of a tensor are stored. Quantised types store blocks of values along a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(non_camel_case_types)]
pub enum TensorType {
    /// IEEE single precision.
    F32,
    /// IEEE half precision.
    F16,
    /// The upper half of single precision.
    BF16,
    /// 32 values: half-precision scale, 4-bit integers around 8.
    Q4_0,
    /// 32 values: half-precision scale and minimum, 4-bit integers.
    Q4_1,
    /// 32 values: half-precision scale, 5-bit integers around 16.
    Q5_0,
    /// 32 values: half-precision scale and minimum, 5-bit integers.
    Q5_1,
    /// 32 values: half-precision scale, signed bytes.
    Q8_0,
    /// 256 values: 8 sub-blocks with 6-bit scales and minimums, 4-bit integers.
    Q4K,
    /// 256 values: 8 sub-blocks with 6-bit scales and minimums, 5-bit integers.
    Q5K,
    /// 256 values: 16 sub-blocks with 8-bit scales, 6-bit integers around 32.
    Q6K,
}

impl TensorType {
    /// Every type, in the order of the declaration.
    pub const ALL: [TensorType; 11] = [
        TensorType::F32,
        TensorType::F16,
        TensorType::BF16,
        TensorType::Q4_0,
        TensorType::Q4_1,
        TensorType::Q5_0,
        TensorType::Q5_1,
        TensorType::Q8_0,
        TensorType::Q4K,
        TensorType::Q5K,
        TensorType::Q6K,
    ];

    /// Values in a block; a row is a whole number of blocks.
    pub const fn block_len(self) -> usize {
        match self {
            TensorType::F32 | TensorType::F16 | TensorType::BF16 => 1,
            TensorType::Q4_0
            | TensorType::Q4_1
            | TensorType::Q5_0
            | TensorType::Q5_1
            | TensorType::Q8_0 => 32,
            TensorType::Q4K | TensorType::Q5K | TensorType::Q6K => 256,
        }
    }

    /// Bytes in a block.
    pub const fn block_bytes(self) -> usize {
        match self {
            TensorType::F32 => 4,
            TensorType::F16 | TensorType::BF16 => 2,
            TensorType::Q4_0 => 2 + 16,
            TensorType::Q4_1 => 2 + 2 + 16,
            TensorType::Q5_0 => 2 + 4 + 16,
            TensorType::Q5_1 => 2 + 2 + 4 + 16,
            TensorType::Q8_0 => 2 + 32,
            TensorType::Q4K => 2 + 2 + 12 + 128,
            TensorType::Q5K => 2 + 2 + 12 + 32 + 128,
            TensorType::Q6K => 128 + 64 + 16 + 2,
        }
    }

    /// The name that ggml gives it.
    pub const fn name(self) -> &'static str {
        match self {
            TensorType::F32 => "F32",
            TensorType::F16 => "F16",
            TensorType::BF16 => "BF16",
            TensorType::Q4_0 => "Q4_0",
            TensorType::Q4_1 => "Q4_1",
            TensorType::Q5_0 => "Q5_0",
            TensorType::Q5_1 => "Q5_1",
            TensorType::Q8_0 => "Q8_0",
            TensorType::Q4K => "Q4_K",
            TensorType::Q5K => "Q5_K",
            TensorType::Q6K => "Q6_K",
        }
    }

    /// Whether every value stands for itself.
    pub const fn is_float(self) -> bool {
        self.block_len() == 1
    }

    /// The number that stands for it in a GGUF file.
    pub const fn ggml_id(self) -> u32 {
        match self {
            TensorType::F32 => 0,
            TensorType::F16 => 1,
            TensorType::Q4_0 => 2,
            TensorType::Q4_1 => 3,
            TensorType::Q5_0 => 6,
            TensorType::Q5_1 => 7,
            TensorType::Q8_0 => 8,
            TensorType::Q4K => 12,
            TensorType::Q5K => 13,
            TensorType::Q6K => 14,
            TensorType::BF16 => 30,
        }
    }

    /// The type that a GGUF file means with `id`; `None` for those that this engine does not read.
    pub fn from_ggml_id(id: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.ggml_id() == id)
    }

    /// Bytes of a tensor of this shape, outermost dimension first.
    ///
    /// # Errors
    /// A sentence saying which dimension does not go.
    pub(crate) fn tensor_bytes(self, shape: &[u64]) -> Result<u64, String> {
        let row = shape.last().copied().unwrap_or(1);
        let block = self.block_len() as u64;
        if !row.is_multiple_of(block) {
            return Err(format!(
                "rows of {row} values are not a whole number of {} blocks of {block}",
                self.name()
            ));
        }
        shape
            .iter()
            .try_fold(1_u64, |product, &dimension| product.checked_mul(dimension))
            .and_then(|values| (values / block).checked_mul(self.block_bytes() as u64))
            .ok_or_else(|| format!("the shape {shape:?} has too many values"))
    }
}
