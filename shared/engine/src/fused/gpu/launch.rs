//! Launching the kernels: buffers by name, sizes as numbers, every dispatch counted.

use burn::tensor::{DType, Device, Int, Tensor};
use burn_cubecl::tensor::CubeTensor;
use cubecl::client::Client;
use cubecl::prelude::{CubeCount, CubeDim};

use crate::error::EngineError;
use crate::kernels::cube::{
    LinearCall, WeightStack, argmax, attention, cube_tensor, embedding, join, place,
};
use crate::runner::StepCounters;

/// Slices of a row of logits whose best tokens are sought side by side.
const SLICES: usize = 64;

/// A client of the device, and what it was asked to do.
pub(super) struct Launcher {
    client: Client,
    device: Device,
    /// Bound where a kernel's form leaves a binding unused.
    unused: CubeTensor,
    pub(super) counters: StepCounters,
}

/// Shape of attention.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heads {
    pub(super) heads: usize,
    pub(super) kv_heads: usize,
    pub(super) head_dim: usize,
    /// Positions in the cache's buffers.
    pub(super) positions: usize,
}

/// How far attention looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    pub(super) rows: usize,
    /// 0 for everything.
    pub(super) window: usize,
    /// Steps of 64 keys that reach every position that a row sees.
    pub(super) steps: usize,
    pub(super) scale: f32,
}

/// New rows on their way to the cache.
pub(super) struct Placement<'a> {
    pub(super) projected: &'a CubeTensor,
    /// Query and key norms, one behind the other, and their epsilon.
    pub(super) norms: Option<(&'a CubeTensor, f32)>,
    pub(super) angles: &'a CubeTensor,
    pub(super) first_angle: usize,
    pub(super) places: &'a CubeTensor,
    pub(super) rows: usize,
    pub(super) interleaved: bool,
}

impl Launcher {
    pub(super) fn new(device: &Device) -> Result<Self, EngineError> {
        let unused = cube_tensor(Tensor::<1>::zeros([4], device))?;
        Ok(Self {
            client: unused.client.clone(),
            device: device.clone(),
            unused,
            counters: StepCounters::default(),
        })
    }

    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// Room for numbers; what is in it is undefined.
    pub(super) fn floats(&self, shape: [usize; 2]) -> Result<CubeTensor, EngineError> {
        cube_tensor(Tensor::<2>::empty(shape, (&self.device, DType::F32)))
    }

    pub(super) fn words(&self, count: usize) -> Result<CubeTensor, EngineError> {
        cube_int_tensor(Tensor::<1, Int>::empty([count], (&self.device, DType::U32)))
    }

    pub(super) fn linear(&mut self, weights: &WeightStack, call: LinearCall<'_>) {
        call.launch(weights);
        self.counters.dispatches += 1;
    }

    pub(super) fn embed(
        &mut self,
        table: &WeightStack,
        tokens: &CubeTensor,
        rows: usize,
        output: &CubeTensor,
        factor: f32,
    ) {
        embedding::embed_tokens::launch(
            &self.client,
            CubeCount::Static(rows as u32, 1, 1),
            CubeDim::new_1d(embedding::UNITS as u32),
            table.words().clone().into_buffer_arg(),
            tokens.clone().into_buffer_arg(),
            output.clone().into_buffer_arg(),
            (table.cols() / crate::kernels::packed::BLOCK) as u32,
            factor,
        );
        self.counters.dispatches += 1;
    }

    pub(super) fn place(
        &mut self,
        heads: Heads,
        new: Placement<'_>,
        (keys, values): (&CubeTensor, &CubeTensor),
    ) {
        let (norms, epsilon) = new.norms.unwrap_or((&self.unused, 0.0));
        place::place_heads::launch(
            &self.client,
            CubeCount::Static(
                (heads.heads + 2 * heads.kv_heads) as u32,
                new.rows as u32,
                1,
            ),
            CubeDim::new_1d(place::UNITS as u32),
            new.projected.clone().into_buffer_arg(),
            norms.clone().into_buffer_arg(),
            new.angles.clone().into_buffer_arg(),
            new.places.clone().into_buffer_arg(),
            keys.clone().into_buffer_arg(),
            values.clone().into_buffer_arg(),
            heads.heads as u32,
            heads.kv_heads as u32,
            heads.head_dim as u32,
            heads.positions as u32,
            new.first_angle as u32,
            epsilon,
            new.norms.is_some(),
            new.interleaved,
        );
        self.counters.dispatches += 1;
    }

    pub(super) fn attend(
        &mut self,
        heads: Heads,
        projected: &CubeTensor,
        (keys, values): (&CubeTensor, &CubeTensor),
        places: &CubeTensor,
        output: &CubeTensor,
        reach: Reach,
    ) {
        attention::attend::launch(
            &self.client,
            CubeCount::Static(heads.heads as u32, reach.rows as u32, 1),
            CubeDim::new_1d(attention::UNITS as u32),
            projected.clone().into_buffer_arg(),
            keys.clone().into_buffer_arg(),
            values.clone().into_buffer_arg(),
            places.clone().into_buffer_arg(),
            output.clone().into_buffer_arg(),
            heads.heads as u32,
            heads.kv_heads as u32,
            heads.head_dim as u32,
            heads.positions as u32,
            reach.window as u32,
            reach.steps as u32,
            reach.scale,
            heads.head_dim.div_ceil(attention::UNITS),
        );
        self.counters.dispatches += 1;
    }

    /// `residual += rms_norm(branch) · norm`, rows of the norm's width.
    pub(super) fn join(
        &mut self,
        residual: &CubeTensor,
        branch: &CubeTensor,
        rows: usize,
        (norm, width, epsilon): (&CubeTensor, usize, f32),
    ) {
        join::join_normed::launch(
            &self.client,
            CubeCount::Static(rows as u32, 1, 1),
            CubeDim::new_1d(join::UNITS as u32),
            residual.clone().into_buffer_arg(),
            branch.clone().into_buffer_arg(),
            norm.clone().into_buffer_arg(),
            width as u32,
            epsilon,
        );
        self.counters.dispatches += 1;
    }

    /// Index of the largest of each row of `[rows, width]`, in two dispatches.
    pub(super) fn largest(
        &mut self,
        logits: &CubeTensor,
        rows: usize,
        width: usize,
    ) -> Result<CubeTensor, EngineError> {
        let slices = SLICES.min(width);
        let best = self.floats([rows, slices])?;
        let tokens = self.words(rows * slices)?;
        let winners = self.words(rows)?;
        argmax::best_of_slices::launch(
            &self.client,
            CubeCount::Static(slices as u32, rows as u32, 1),
            CubeDim::new_1d(argmax::UNITS as u32),
            logits.clone().into_buffer_arg(),
            best.clone().into_buffer_arg(),
            tokens.clone().into_buffer_arg(),
            width as u32,
            slices as u32,
        );
        argmax::best_of_rows::launch(
            &self.client,
            CubeCount::Static(rows as u32, 1, 1),
            CubeDim::new_1d(argmax::UNITS as u32),
            best.into_buffer_arg(),
            tokens.into_buffer_arg(),
            winners.clone().into_buffer_arg(),
            slices as u32,
        );
        self.counters.dispatches += 2;
        Ok(winners)
    }
}

fn cube_int_tensor(tensor: Tensor<1, Int>) -> Result<CubeTensor, EngineError> {
    tensor
        .try_into_primitive::<burn_cubecl::Cube>()
        .map_err(|error| EngineError::Device(format!("{error:?}")))
}
