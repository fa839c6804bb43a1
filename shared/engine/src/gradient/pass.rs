//! Loss and gradients of a batch.

use std::sync::Arc;

use burn::tensor::Device;
use protocol::training::BasePrecision;

use super::batch::{Batch, check, pieces};
use super::block::{Block, Setting, maps};
use super::dropout::Dropout;
use super::frozen::FrozenMap;
use super::gradients::Gradients;
use super::loss::cross_entropy;
use super::rows::{self, Angles, norm};
use crate::EngineError;
use crate::adapter::Adapter;
use crate::decoder::{DecoderSpec, DecoderWeights};
use crate::model::Model;

/// Rows that go through the model together. What is kept of them is the pass's memory; more would
/// not make the products faster.
const ROWS: usize = 256;

/// Loss of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BatchLoss {
    /// Sum of `−ln p(target)`.
    pub sum: f64,
    /// Targets summed over.
    pub targets: usize,
}

impl BatchLoss {
    /// Adds another batch's.
    pub fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.targets += other.targets;
    }

    /// Mean over the targets; 0 of none.
    pub fn mean(&self) -> f64 {
        self.sum / self.targets.max(1) as f64
    }
}

/// A frozen model that gives gradients of an adapter.
pub struct GradientPass {
    spec: Arc<DecoderSpec>,
    weights: Arc<DecoderWeights>,
    /// Of every block, in the order of [`Projection::ALL`](crate::adapter::Projection::ALL).
    layers: Vec<Vec<FrozenMap>>,
    head: FrozenMap,
}

impl GradientPass {
    /// Brings the weights to the model's device: products run there, everything else on the processor.
    ///
    /// # Errors
    /// A precision that the device does not compute.
    pub fn new(model: &Model, precision: BasePrecision) -> Result<Self, EngineError> {
        let (spec, weights) = (model.spec_shared(), model.weights_shared());
        Self::from_weights(spec, weights, precision, model.device())
    }

    pub(super) fn from_weights(
        spec: Arc<DecoderSpec>,
        weights: Arc<DecoderWeights>,
        precision: BasePrecision,
        device: &Device,
    ) -> Result<Self, EngineError> {
        let layers = weights.layers.iter();
        Ok(Self {
            layers: layers
                .map(|layer| maps(layer, precision, device))
                .collect::<Result<_, _>>()?,
            head: FrozenMap::new(&weights.output, precision, device)?,
            spec,
            weights,
        })
    }

    /// The loss alone, nothing dropped out.
    ///
    /// # Errors
    /// A sequence of fewer than two tokens or longer than the context, an adapter that does not fit.
    pub fn loss(&self, adapter: &Adapter, sequences: &[&[u32]]) -> Result<BatchLoss, EngineError> {
        self.run(adapter, sequences, None, 0, None)
    }

    /// The loss of predicting every token of every sequence but its first, and the gradient of the
    /// loss's **sum**, added to `gradients`. `first_row` counts the rows (tokens that predict) of the
    /// update's earlier batches: dropout draws by it.
    ///
    /// # Errors
    /// As [`GradientPass::loss`].
    pub fn accumulate(
        &self,
        adapter: &Adapter,
        sequences: &[&[u32]],
        dropout: Option<Dropout>,
        first_row: usize,
        gradients: &mut Gradients,
    ) -> Result<BatchLoss, EngineError> {
        self.run(adapter, sequences, dropout, first_row, Some(gradients))
    }

    fn run(
        &self,
        adapter: &Adapter,
        sequences: &[&[u32]],
        dropout: Option<Dropout>,
        mut first_row: usize,
        mut gradients: Option<&mut Gradients>,
    ) -> Result<BatchLoss, EngineError> {
        check(&self.spec, sequences)?;
        adapter.check(&self.spec)?;
        let longest = sequences.iter().map(|sequence| sequence.len()).max();
        let angles = Angles::new(&self.spec, longest.unwrap_or(0));
        let mut loss = BatchLoss::default();
        for piece in pieces(sequences, ROWS) {
            let batch = Batch::new(piece);
            let setting = Setting {
                spec: &self.spec,
                batch: &batch,
                angles: &angles,
                adapter,
                dropout,
                first_row,
            };
            loss.add(self.piece(&setting, gradients.as_deref_mut())?);
            first_row += batch.rows();
        }
        Ok(loss)
    }

    fn piece(
        &self,
        setting: &Setting<'_>,
        gradients: Option<&mut Gradients>,
    ) -> Result<BatchLoss, EngineError> {
        let hidden = self.spec.hidden;
        let block = |number: usize| Block {
            number,
            maps: &self.layers[number],
            weights: &self.weights.layers[number],
        };
        let mut x = self.embed(&setting.batch.tokens);
        let mut kept = Vec::new();
        for number in 0..self.layers.len() {
            let (result, of_block) = block(number).forward(setting, x)?;
            x = result;
            if gradients.is_some() {
                kept.push(of_block);
            }
        }
        let (final_norm, epsilon) = (&self.weights.final_norm, self.spec.norm_epsilon);
        let normed = norm(&x, final_norm, epsilon);
        let targets = &setting.batch.targets;
        let (sum, mut gradient) =
            cross_entropy(&self.head, &normed, hidden, targets, gradients.is_some())?;
        if let Some(gradients) = gradients {
            rows::norm_backward(&x, final_norm, epsilon, &mut gradient);
            for (number, kept) in kept.into_iter().enumerate().rev() {
                let of_block = &mut gradients.layers[number];
                let lowest = number == 0;
                match block(number).backward(setting, kept, gradient, of_block, lowest)? {
                    Some(below) => gradient = below,
                    None => break,
                }
            }
        }
        Ok(BatchLoss {
            sum,
            targets: targets.len(),
        })
    }

    /// Embeddings of the tokens, scaled, `[rows, hidden]`.
    fn embed(&self, tokens: &[u32]) -> Vec<f32> {
        let hidden = self.spec.hidden;
        let mut values = vec![0.0; tokens.len() * hidden];
        rows::for_each(&mut values, hidden, |row, values| {
            let token = tokens[row] as usize;
            self.weights.embedding.copy_row(token, values);
            for value in values {
                *value *= self.spec.embedding_scale;
            }
        });
        values
    }
}
