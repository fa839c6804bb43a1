//! The linear maps of a block that an adapter can change.

use std::fmt;

use crate::decoder::{DecoderSpec, LayerWeights, Matrix};

/// One of the seven linear maps of a block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Projection {
    /// Queries of attention.
    Query,
    /// Keys of attention.
    Key,
    /// Values of attention.
    Value,
    /// Output of attention.
    Output,
    /// Gate of the feed-forward block.
    Gate,
    /// What the gate multiplies.
    Up,
    /// Back to the residual stream.
    Down,
}

impl Projection {
    /// All seven, in the order in which a block uses them.
    pub const ALL: [Self; 7] = [
        Self::Query,
        Self::Key,
        Self::Value,
        Self::Output,
        Self::Gate,
        Self::Up,
        Self::Down,
    ];

    /// The field's name: `q_proj` … `down_proj`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "q_proj",
            Self::Key => "k_proj",
            Self::Value => "v_proj",
            Self::Output => "o_proj",
            Self::Gate => "gate_proj",
            Self::Up => "up_proj",
            Self::Down => "down_proj",
        }
    }

    /// The projection of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|projection| projection.name() == name)
    }

    /// Output and input features in a model of this shape.
    pub fn shape(self, spec: &DecoderSpec) -> (usize, usize) {
        match self {
            Self::Query => (spec.query_width(), spec.hidden),
            Self::Key | Self::Value => (spec.kv_width(), spec.hidden),
            Self::Output => (spec.hidden, spec.query_width()),
            Self::Gate | Self::Up => (spec.feed_forward, spec.hidden),
            Self::Down => (spec.hidden, spec.feed_forward),
        }
    }

    /// The block's weights of this map.
    pub fn weights(self, layer: &LayerWeights) -> &Matrix {
        match self {
            Self::Query => &layer.q_proj,
            Self::Key => &layer.k_proj,
            Self::Value => &layer.v_proj,
            Self::Output => &layer.o_proj,
            Self::Gate => &layer.gate_proj,
            Self::Up => &layer.up_proj,
            Self::Down => &layer.down_proj,
        }
    }
}

impl fmt::Display for Projection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
