//! The adapter that is being learned, with its optimiser.

use engine::adapter::{Adapter, LoraConfig, Projection};
use engine::gradient::{BatchLoss, Dropout, GradientPass, Gradients};
use protocol::FieldError;
use protocol::training::SftSettings;

use super::adamw::AdamW;
use super::error::TrainingError;

/// Adapter, optimiser, and room for gradients.
pub(crate) struct Learner {
    pub(super) adapter: Adapter,
    pub(super) optimiser: AdamW,
    gradients: Gradients,
}

/// What an update was like.
pub(crate) struct Update {
    pub(crate) loss: f64,
    pub(crate) gradient_norm: f64,
}

/// Rank, scale and target as the engine wants them.
pub(crate) fn config(settings: &SftSettings) -> Result<LoraConfig, FieldError> {
    let projection = |name: &String| {
        Projection::from_name(name).ok_or_else(|| {
            let known = Projection::ALL.map(Projection::name).join(", ");
            FieldError::new("target_modules", format!("`{name}` is none of {known}"))
        })
    };
    Ok(LoraConfig {
        rank: settings.rank as usize,
        alpha: settings.lora_alpha,
        dropout: settings.lora_dropout,
        target_modules: settings
            .target_modules
            .iter()
            .map(projection)
            .collect::<Result<_, _>>()?,
        base_model: None,
    })
}

/// Every number of the adapter, in the order of [`Gradients::values`].
pub(super) fn values_mut(adapter: &mut Adapter) -> impl Iterator<Item = &mut [f32]> {
    adapter
        .layers
        .iter_mut()
        .flat_map(|layer| layer.values_mut())
        .flat_map(|factors| [&mut *factors.a, &mut *factors.b])
}

/// As [`values_mut`], in one list.
pub(super) fn flat(adapter: &Adapter) -> Vec<f32> {
    let factors = adapter.layers.iter().flat_map(|layer| layer.values());
    factors
        .flat_map(|factors| factors.a.iter().chain(&factors.b).copied())
        .collect()
}

/// Puts back what [`flat`] gave; `false` where the numbers are not as many.
pub(super) fn restore(adapter: &mut Adapter, values: &[f32]) -> bool {
    if adapter.parameters() != values.len() as u64 {
        return false;
    }
    let mut rest = values;
    for factor in values_mut(adapter) {
        let (own, others) = rest.split_at(factor.len());
        factor.copy_from_slice(own);
        rest = others;
    }
    true
}

impl Learner {
    pub(crate) fn new(adapter: Adapter) -> Self {
        let count = usize::try_from(adapter.parameters()).unwrap_or(usize::MAX);
        Self {
            gradients: Gradients::zero(&adapter),
            optimiser: AdamW::new(count),
            adapter,
        }
    }

    /// One update, number `step` from 1, with this learning rate. The loss is the mean over all
    /// target tokens of all sequences (as transformers weights accumulated batches since 4.46).
    pub(crate) fn update(
        &mut self,
        pass: &GradientPass,
        sequences: &[&[u32]],
        settings: &SftSettings,
        step: u64,
        learning_rate: f64,
    ) -> Result<Update, TrainingError> {
        let dropout = Dropout {
            probability: settings.lora_dropout,
            seed: settings.seed,
            step,
        };
        self.gradients.scale(0.0);
        let loss: BatchLoss = pass.accumulate(
            &self.adapter,
            sequences,
            Some(dropout),
            0,
            &mut self.gradients,
        )?;
        self.gradients.scale(1.0 / loss.targets as f32);
        let norm = self.gradients.norm();
        if !loss.mean().is_finite() || !norm.is_finite() {
            return Err(TrainingError::Diverged {
                step,
                loss: loss.mean(),
                norm,
            });
        }
        // As torch.nn.utils.clip_grad_norm_.
        let clip = settings.max_grad_norm / (norm + 1e-6);
        if settings.max_grad_norm > 0.0 && clip < 1.0 {
            self.gradients.scale(clip as f32);
        }
        self.optimiser.update(
            step,
            learning_rate,
            settings.weight_decay,
            values_mut(&mut self.adapter),
            self.gradients.values(),
        );
        Ok(Update {
            loss: loss.mean(),
            gradient_norm: norm,
        })
    }
}
