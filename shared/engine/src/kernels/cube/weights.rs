//! A packed matrix in the memory of a GPU.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{Cube, kernel::into_contiguous};
use cubecl::prelude::{CubeCount, CubeDim};

use super::quantised_linear::{UNITS, quantised_linear};
use crate::EngineError;
use crate::kernels::packed::{Bits, PackedMatrix, ScaleSpan};

/// Rows of `x` that one cube takes where there are many: weights are then read once for all of them.
const TILE: usize = 4;
/// Cubes per dimension that every graphics interface allows.
const MAX_CUBES: usize = 65535;

/// The blocks of a [`PackedMatrix`], as packed on the device as on the host.
#[derive(Debug, Clone)]
pub struct DeviceWeights {
    rows: usize,
    cols: usize,
    bits: Bits,
    zero_point: u8,
    span: ScaleSpan,
    quants: CubeTensor,
    scales: CubeTensor,
    /// One unused number where the format has no minimums: a kernel's bindings are fixed.
    minimums: CubeTensor,
    has_minimums: bool,
}

impl DeviceWeights {
    /// Uploads a matrix. Errors: a device that is no GPU of burn's, or a matrix larger than the
    /// device binds at once.
    pub fn upload(matrix: &PackedMatrix, device: &Device) -> Result<Self, EngineError> {
        let groups = matrix.groups();
        if groups > MAX_CUBES {
            return Err(EngineError::Device(format!(
                "a quantised matrix of {} rows is too high for a GPU kernel; {} rows fit",
                matrix.rows(),
                MAX_CUBES * crate::kernels::packed::GROUP
            )));
        }
        let probe = cube_tensor(Tensor::<1>::zeros([1], device))?;
        let largest = probe.client.properties().memory.max_page_size;
        let scales = matrix.scales().to_single();
        let needed = matrix.quants().len().max(scales.len() * 4) as u64;
        if needed > largest {
            return Err(EngineError::Device(format!(
                "a quantised matrix [{}, {}] takes {needed} bytes; the device binds {largest} at once",
                matrix.rows(),
                matrix.cols()
            )));
        }
        let words: Vec<u32> = matrix
            .quants()
            .chunks_exact(4)
            .map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            .collect();
        let count = words.len();
        let quants =
            Tensor::<1, Int>::from_data(TensorData::new(words, [count]), (device, DType::U32))
                .try_into_primitive::<Cube>()
                .map_err(|error| EngineError::Device(format!("{error:?}")))?;
        let minimums = matrix.minimums().map(|minimums| minimums.to_single());
        Ok(Self {
            rows: matrix.rows(),
            cols: matrix.cols(),
            bits: matrix.bits(),
            zero_point: matrix.zero_point(),
            span: matrix.span(),
            quants,
            scales: upload_floats(scales, device)?,
            has_minimums: minimums.is_some(),
            minimums: upload_floats(minimums.unwrap_or_else(|| vec![0.0]), device)?,
        })
    }

    /// `x · Wᵀ`: `[m, cols]` to `[m, rows]`.
    pub fn multiply(&self, x: Tensor<2>) -> Result<Tensor<2>, EngineError> {
        let [x_rows, cols] = x.dims();
        if cols != self.cols || x_rows == 0 {
            return Err(EngineError::Device(format!(
                "an input [{x_rows}, {cols}] does not fit a matrix [{}, {}]",
                self.rows, self.cols
            )));
        }
        let tile = if x_rows < TILE { 1 } else { TILE };
        let slices = x_rows.div_ceil(tile);
        if slices > MAX_CUBES {
            return Err(EngineError::Device(format!(
                "{x_rows} rows at once are too many for a GPU kernel; {} fit",
                MAX_CUBES * tile
            )));
        }
        let device = x.device();
        let output = cube_tensor(Tensor::<2>::empty([x_rows, self.rows], &device))?;
        let x = into_contiguous(cube_tensor(x)?);
        quantised_linear::launch(
            &output.client,
            CubeCount::Static(
                self.rows.div_ceil(crate::kernels::packed::GROUP) as u32,
                slices as u32,
                1,
            ),
            CubeDim::new_1d(UNITS),
            self.quants.clone().into_buffer_arg(),
            self.scales.clone().into_buffer_arg(),
            self.minimums.clone().into_buffer_arg(),
            x.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            self.rows as u32,
            (self.cols / crate::kernels::packed::BLOCK) as u32,
            x_rows as u32,
            f32::from(self.zero_point),
            self.bits == Bits::Four,
            self.has_minimums,
            self.span.per_block(),
            tile,
        );
        Ok(Tensor::from_primitive::<Cube>(output))
    }
}

fn upload_floats(values: Vec<f32>, device: &Device) -> Result<CubeTensor, EngineError> {
    let count = values.len();
    cube_tensor(Tensor::<1>::from_data(
        TensorData::new(values, [count]),
        (device, DType::F32),
    ))
}

fn cube_tensor<const D: usize>(tensor: Tensor<D>) -> Result<CubeTensor, EngineError> {
    tensor
        .try_into_primitive::<Cube>()
        .map_err(|error| EngineError::Device(format!("{error:?}")))
}
