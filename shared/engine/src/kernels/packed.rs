//! The one layout in which quantised weights live, on every device.
//!
//! A matrix of `rows` output features and `cols` input features is cut into blocks of 32 columns.
//! A weight is `scale · (u − zero_point) + minimum`, with `u` unsigned 4 or 8 bits, `scale` (and,
//! where the source format has one, `minimum`) per row and block; Q6_K has two scales a block.
//!
//! Sixteen rows form a group; within a group and block, four neighbouring columns of one row (a
//! *quad*) lie together and the sixteen rows follow each other:
//!
//! ```text
//! 8 bit, 512 bytes:  byte [quad 0..8][row 0..16][column 0..4]
//! 4 bit, 256 bytes:  byte [quad 0..4][row 0..16][column 0..4], low half = that quad, high half = quad + 4
//! ```
//!
//! One vector register then holds one quad of sixteen rows, a dot-product instruction needs no
//! horizontal sum, and neighbouring GPU threads (rows) read neighbouring 32-bit words.

use half::f16;

/// Columns that share a scale.
pub const BLOCK: usize = 32;
/// Rows that are interleaved.
pub const GROUP: usize = 16;
/// Quads (four columns) in a block.
pub const QUADS: usize = BLOCK / 4;

/// Width of the stored integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bits {
    /// Two weights a byte, `u` in 0..16.
    Four,
    /// One weight a byte, `u` in 0..256.
    Eight,
}

impl Bits {
    /// Bytes that one block of one group takes.
    pub const fn block_bytes(self) -> usize {
        match self {
            Bits::Four => GROUP * BLOCK / 2,
            Bits::Eight => GROUP * BLOCK,
        }
    }
}

/// Columns that share a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScaleSpan {
    /// The whole block.
    Block,
    /// Sixteen columns, so that a block has two scales; only 8-bit matrices without minimums have it.
    HalfBlock,
}

impl ScaleSpan {
    /// Scales that one row has in one block.
    pub const fn per_block(self) -> usize {
        match self {
            ScaleSpan::Block => 1,
            ScaleSpan::HalfBlock => 2,
        }
    }
}

/// Numbers per row and block, order `[group][block][span][row 0..16]`. Formats that store half
/// precision keep it (exactly); K-quants multiply two factors and need single precision.
#[derive(Debug, Clone, PartialEq)]
pub enum BlockValues {
    /// 16-bit.
    Half(Vec<f16>),
    /// 32-bit.
    Single(Vec<f32>),
}

impl BlockValues {
    /// Value number `index`.
    pub fn get(&self, index: usize) -> f32 {
        match self {
            BlockValues::Half(values) => values[index].to_f32(),
            BlockValues::Single(values) => values[index],
        }
    }

    /// All values in single precision, for a device without 16-bit storage.
    pub fn to_single(&self) -> Vec<f32> {
        match self {
            BlockValues::Half(values) => values.iter().map(|value| value.to_f32()).collect(),
            BlockValues::Single(values) => values.clone(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            BlockValues::Half(values) => values.len() * 2,
            BlockValues::Single(values) => values.len() * 4,
        }
    }
}

/// A quantised matrix `[rows, cols]`.
#[derive(Debug, Clone, PartialEq)]
pub struct PackedMatrix {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) bits: Bits,
    pub(crate) zero_point: u8,
    pub(crate) span: ScaleSpan,
    pub(crate) quants: Vec<u8>,
    pub(crate) scales: BlockValues,
    pub(crate) minimums: Option<BlockValues>,
}

impl PackedMatrix {
    /// Output features.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Input features; a multiple of [`BLOCK`].
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Width of the integers.
    pub fn bits(&self) -> Bits {
        self.bits
    }

    /// What is subtracted from every stored integer.
    pub fn zero_point(&self) -> u8 {
        self.zero_point
    }

    /// How many columns share a scale.
    pub fn span(&self) -> ScaleSpan {
        self.span
    }

    /// Groups of sixteen rows, the last one padded with zero rows.
    pub fn groups(&self) -> usize {
        self.rows.div_ceil(GROUP)
    }

    /// Blocks in a row.
    pub fn blocks(&self) -> usize {
        self.cols / BLOCK
    }

    /// The packed integers.
    pub fn quants(&self) -> &[u8] {
        &self.quants
    }

    /// Scales, `[group][block][span][row]`.
    pub fn scales(&self) -> &BlockValues {
        &self.scales
    }

    /// Minimums, `[group][block][row]`, where the source format has them.
    pub fn minimums(&self) -> Option<&BlockValues> {
        self.minimums.as_ref()
    }

    /// Memory it occupies.
    pub fn bytes(&self) -> usize {
        self.quants.len()
            + self.scales.bytes()
            + self.minimums.as_ref().map_or(0, BlockValues::bytes)
    }

    /// The stored integer of one weight.
    pub fn quant(&self, row: usize, col: usize) -> u8 {
        let (group, lane) = (row / GROUP, row % GROUP);
        let (block, quad, byte) = (col / BLOCK, col % BLOCK / 4, col % 4);
        let start = (group * self.blocks() + block) * self.bits.block_bytes();
        match self.bits {
            Bits::Eight => self.quants[start + (quad * GROUP + lane) * 4 + byte],
            Bits::Four => {
                let packed = self.quants[start + (quad % 4 * GROUP + lane) * 4 + byte];
                if quad < 4 { packed & 15 } else { packed >> 4 }
            }
        }
    }

    /// One row in single precision, `values.len() == cols`.
    pub fn dequantise_row(&self, row: usize, values: &mut [f32]) {
        let (group, lane) = (row / GROUP, row % GROUP);
        let (spans, width) = (self.span.per_block(), BLOCK / self.span.per_block());
        for (span, values) in values.chunks_exact_mut(width).enumerate() {
            let index = (group * self.blocks() * spans + span) * GROUP + lane;
            let scale = self.scales.get(index);
            let minimum = self
                .minimums
                .as_ref()
                .map_or(0.0, |minimums| minimums.get(index));
            for (offset, value) in values.iter_mut().enumerate() {
                let quant = i32::from(self.quant(row, span * width + offset));
                *value = scale * (quant - i32::from(self.zero_point)) as f32 + minimum;
            }
        }
    }

    /// The whole matrix in single precision, row after row.
    pub fn dequantise(&self) -> Vec<f32> {
        let mut values = vec![0.0; self.rows * self.cols];
        for (row, values) in values.chunks_exact_mut(self.cols).enumerate() {
            self.dequantise_row(row, values);
        }
        values
    }
}
