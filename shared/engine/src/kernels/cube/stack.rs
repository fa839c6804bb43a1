//! Packed matrices in the memory of a GPU.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use burn_cubecl::Cube;
use burn_cubecl::tensor::CubeTensor;

use super::unpack::{
    DESCRIPTOR, FOUR_BITS, HALF_BLOCKS, HALF_MINIMUMS, HALF_SCALES, MINIMUMS, ZERO_POINT_SHIFT,
};
use crate::EngineError;
use crate::kernels::packed::{Bits, BlockValues, GROUP, PackedMatrix, ScaleSpan};

/// Cubes per dimension that every graphics interface allows.
pub const MAX_CUBES: usize = 65535;

/// One or more packed matrices of the same number of columns, one below the other, as one buffer of
/// 32-bit words: a descriptor per group of sixteen rows, then for each matrix the integers, scales
/// and minimums as packed on the host. Browsers allow a kernel few bindings; this takes one.
#[derive(Debug, Clone)]
pub struct WeightStack {
    rows: usize,
    cols: usize,
    groups: usize,
    words: CubeTensor,
    /// Bound where a kernel's form leaves a binding unused.
    no_floats: CubeTensor,
    no_words: CubeTensor,
}

impl WeightStack {
    /// Uploads matrices. Errors: a device that is no GPU of burn's, matrices of different widths, or
    /// more than the device binds at once.
    pub fn upload(matrices: &[&PackedMatrix], device: &Device) -> Result<Self, EngineError> {
        let cols = matrices.first().map_or(0, |matrix| matrix.cols());
        let rows = matrices.iter().map(|matrix| matrix.rows()).sum();
        let groups = matrices.iter().map(|matrix| matrix.groups()).sum();
        let name = format!("a quantised matrix [{rows}, {cols}]");
        if matrices.iter().any(|matrix| matrix.cols() != cols) {
            return Err(EngineError::Device(format!(
                "{name} is stacked from matrices of different widths"
            )));
        }
        if groups > MAX_CUBES {
            return Err(EngineError::Device(format!(
                "{name} is too high for a GPU kernel; {} rows fit",
                MAX_CUBES * GROUP
            )));
        }
        let words = stacked(matrices, groups);
        let no_floats = cube_tensor(Tensor::<1>::zeros([4], device))?;
        let largest = no_floats.client.properties().memory.max_page_size;
        let needed = words.len() as u64 * 4;
        if needed > largest {
            return Err(EngineError::Device(format!(
                "{name} takes {needed} bytes; the device binds {largest} at once"
            )));
        }
        Ok(Self {
            rows,
            cols,
            groups,
            words: upload_words(words, device)?,
            no_floats,
            no_words: upload_words(vec![0], device)?,
        })
    }

    /// Rows of all matrices.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Groups of sixteen rows.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The buffer.
    pub fn words(&self) -> &CubeTensor {
        &self.words
    }

    pub(super) fn no_floats(&self) -> &CubeTensor {
        &self.no_floats
    }

    pub(super) fn no_words(&self) -> &CubeTensor {
        &self.no_words
    }
}

fn stacked(matrices: &[&PackedMatrix], groups: usize) -> Vec<u32> {
    let mut words: Vec<u32> = vec![0; groups * DESCRIPTOR];
    let (mut group, mut feature) = (0, 0);
    for matrix in matrices {
        let quants = words.len();
        words.extend(
            matrix
                .quants()
                .as_chunks::<4>()
                .0
                .iter()
                .map(|bytes| u32::from_le_bytes(*bytes)),
        );
        let scales = append(&mut words, matrix.scales());
        let minimums = matrix
            .minimums()
            .map_or(scales, |minimums| append(&mut words, minimums));
        let spans = match matrix.span() {
            ScaleSpan::Block => 1,
            ScaleSpan::HalfBlock => 2,
        };
        let entries = matrix.blocks() * GROUP;
        let words_of = |values: &BlockValues, entries: usize| match values {
            BlockValues::Half(_) => entries / 2,
            BlockValues::Single(_) => entries,
        };
        for inner in 0..matrix.groups() {
            let descriptor = [
                quants + inner * matrix.blocks() * matrix.bits().block_bytes() / 4,
                scales + inner * words_of(matrix.scales(), entries * spans),
                minimums
                    + matrix
                        .minimums()
                        .map_or(0, |minimums| inner * words_of(minimums, entries)),
                flags(matrix) as usize,
                feature + inner * GROUP,
                (matrix.rows() - inner * GROUP).min(GROUP),
            ];
            let start = (group + inner) * DESCRIPTOR;
            for (word, value) in words[start..].iter_mut().zip(descriptor) {
                *word = value as u32;
            }
        }
        group += matrix.groups();
        feature += matrix.rows();
    }
    words
}

fn flags(matrix: &PackedMatrix) -> u32 {
    let half = |values: &BlockValues| matches!(values, BlockValues::Half(_));
    [
        (FOUR_BITS, matrix.bits() == Bits::Four),
        (HALF_BLOCKS, matrix.span() == ScaleSpan::HalfBlock),
        (HALF_SCALES, half(matrix.scales())),
        (MINIMUMS, matrix.minimums().is_some()),
        (HALF_MINIMUMS, matrix.minimums().is_some_and(half)),
    ]
    .into_iter()
    .filter(|(_, set)| *set)
    .map(|(flag, _)| flag)
    .sum::<u32>()
        | u32::from(matrix.zero_point()) << ZERO_POINT_SHIFT
}

/// Appends numbers (an even count: sixteen per block) and says at which word they begin.
fn append(words: &mut Vec<u32>, values: &BlockValues) -> usize {
    let start = words.len();
    match values {
        BlockValues::Half(values) => words.extend(
            values
                .as_chunks::<2>()
                .0
                .iter()
                .map(|[low, high]| u32::from(low.to_bits()) | u32::from(high.to_bits()) << 16),
        ),
        BlockValues::Single(values) => words.extend(values.iter().map(|value| value.to_bits())),
    }
    start
}

/// Words in the memory of a GPU.
pub fn upload_words(words: Vec<u32>, device: &Device) -> Result<CubeTensor, EngineError> {
    let count = words.len();
    Tensor::<1, Int>::from_data(TensorData::new(words, [count]), (device, DType::U32))
        .try_into_primitive::<Cube>()
        .map_err(|error| EngineError::Device(format!("{error:?}")))
}

/// The buffer behind a tensor on a GPU.
pub fn cube_tensor<const D: usize>(tensor: Tensor<D>) -> Result<CubeTensor, EngineError> {
    tensor
        .try_into_primitive::<Cube>()
        .map_err(|error| EngineError::Device(format!("{error:?}")))
}
