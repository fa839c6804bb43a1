//! Supervised fine-tuning: texts in, adapter out.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use engine::Model;
use engine::adapter::Adapter;
use engine::gradient::GradientPass;
use protocol::training::{SftSettings, TrainingEnd, TrainingEvent};

use super::batches::{Texts, order, updates};
use super::checkpoint::{Checkpoints, Progress, fingerprint};
use super::error::TrainingError;
use super::learner::{self, Learner};
use super::schedule;

/// What a training run gives.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainedAdapter {
    /// The adapter: after the last update, or with early stopping that of the lowest validation loss.
    pub adapter: Adapter,
    /// Updates made, those before a resume included.
    pub steps: u64,
    /// Tokens learned from, without padding.
    pub tokens: u64,
    /// Loss of the last update, mean over its target tokens.
    pub final_loss: f64,
    /// Lowest loss on the validation texts, where there are any.
    pub validation_loss: Option<f64>,
    /// Seconds of this run, without those before a resume.
    pub seconds: f64,
    /// Why it ended.
    pub end: TrainingEnd,
}

/// Hears of everything that happens; `Break` cancels the run after the update at hand.
pub type Observer<'o> = dyn FnMut(&TrainingEvent) -> ControlFlow<()> + 'o;

/// Learns `texts` by plain causal language modelling: every token is predicted from those before
/// it, within its text. The same model, texts and settings give the same adapter, bit for bit, on
/// the same processor; also when the run was interrupted and goes on from `checkpoints`.
///
/// # Errors
/// A setting out of range, no text to learn, a loss that is no number, a checkpoint of another run
/// or one that cannot be read or written, or that the observer cancelled.
pub fn train_sft(
    model: &Model,
    texts: &[String],
    validation: &[String],
    settings: &SftSettings,
    checkpoints: Option<&Path>,
    observer: &mut Observer<'_>,
) -> Result<TrainedAdapter, TrainingError> {
    settings.validate()?;
    let config = learner::config(settings)?;
    if settings.patience.is_some() && validation.is_empty() {
        return Err(TrainingError::NoValidation);
    }
    let checkpoints = checkpoints.map(|directory| {
        Checkpoints::new(directory, fingerprint(model, [texts, validation], settings))
    });
    let text_count = texts.len();
    let texts = Texts::encode(model, texts, settings)?;
    let validation = Texts::encode(model, validation, settings)?;
    if texts.sequences.is_empty() {
        return Err(TrainingError::NoText { texts: text_count });
    }
    let learner = Learner::new(Adapter::initial(model.spec(), config, settings.seed)?);
    let mut run = Run {
        plan: Plan::new(&texts, settings),
        best: None,
        progress: Progress {
            step: 0,
            tokens: 0,
            loss: None,
            best: None,
            validations_since_best: 0,
            stopped_early: false,
        },
        texts,
        validation,
        settings,
        checkpoints,
        learner,
        started: Instant::now(),
        resumed_at: 0,
    };
    run.resume()?;
    run.train(model, observer)
}

/// The updates of a run.
struct Plan {
    /// Updates in each epoch.
    epochs: Vec<u64>,
    /// All updates.
    steps: u64,
    /// Of these rise from zero.
    warmup: u64,
}

impl Plan {
    fn new(texts: &Texts, settings: &SftSettings) -> Self {
        let epochs: Vec<u64> = (0..u64::from(settings.epochs))
            .map(|epoch| {
                let order = order(texts.sequences.len(), settings.seed, epoch);
                updates(&order, &texts.sequences, settings).len() as u64
            })
            .collect();
        let all: u64 = epochs.iter().sum();
        let steps = settings.max_steps.map_or(all, |most| most.min(all));
        Self {
            epochs,
            steps,
            warmup: (settings.warmup_ratio * steps as f64).ceil() as u64,
        }
    }

    /// Epoch and place in it of update `step`, from 0.
    fn place(&self, step: u64) -> (u64, u64) {
        let mut place = step;
        for (epoch, updates) in self.epochs.iter().enumerate() {
            if place < *updates {
                return (epoch as u64, place);
            }
            place -= updates;
        }
        (self.epochs.len() as u64, place)
    }
}

struct Run<'s> {
    plan: Plan,
    texts: Texts,
    validation: Texts,
    settings: &'s SftSettings,
    checkpoints: Option<Checkpoints>,
    learner: Learner,
    progress: Progress,
    /// The adapter of the lowest validation loss, kept for early stopping.
    best: Option<Adapter>,
    started: Instant,
    resumed_at: u64,
}

impl Run<'_> {
    /// Goes back to where an earlier run wrote its last checkpoint.
    fn resume(&mut self) -> Result<(), TrainingError> {
        let Some(checkpoints) = &self.checkpoints else {
            return Ok(());
        };
        let Some((progress, lists)) = checkpoints.load()? else {
            return Ok(());
        };
        let mut lists = lists.into_iter();
        let (values, first, second) = (lists.next(), lists.next(), lists.next());
        let count = self.learner.optimiser.first.len();
        let fits = |list: &Vec<f32>| list.len() == count;
        let (Some(values), Some(first), Some(second)) =
            (values.filter(fits), first.filter(fits), second.filter(fits))
        else {
            return Err(checkpoints.broken("it holds another number of values"));
        };
        learner::restore(&mut self.learner.adapter, &values);
        self.learner.optimiser.first = first;
        self.learner.optimiser.second = second;
        if let Some(values) = lists.next() {
            let mut best = self.learner.adapter.clone();
            if !learner::restore(&mut best, &values) {
                return Err(checkpoints.broken("its best adapter is of another shape"));
            }
            self.best = Some(best);
        }
        self.resumed_at = progress.step;
        self.progress = progress;
        Ok(())
    }

    fn save(&self) -> Result<bool, TrainingError> {
        let Some(checkpoints) = &self.checkpoints else {
            return Ok(false);
        };
        let adapter = learner::flat(&self.learner.adapter);
        let best = self.best.as_ref().map(learner::flat);
        let optimiser = &self.learner.optimiser;
        let mut lists: Vec<&[f32]> = vec![&adapter, &optimiser.first, &optimiser.second];
        lists.extend(best.as_deref());
        checkpoints.save(&self.progress, &lists)?;
        Ok(true)
    }

    fn train(
        mut self,
        model: &Model,
        observer: &mut Observer<'_>,
    ) -> Result<TrainedAdapter, TrainingError> {
        let mut flow = observer(&TrainingEvent::Started {
            steps: self.plan.steps,
            resumed_at: self.progress.step,
            texts: self.texts.sequences.len() as u64,
            truncated: self.texts.truncated,
            skipped: self.texts.skipped,
            tokens_per_epoch: self.texts.tokens(),
            trainable_parameters: self.learner.adapter.parameters(),
        });
        let left = self.progress.step < self.plan.steps && !self.progress.stopped_early;
        // A finished run is told from its checkpoint alone; the weights need not be brought anywhere.
        let pass = match left && flow.is_continue() {
            true => Some(GradientPass::new(model, self.settings.base_precision)?),
            false => None,
        };
        let mut order_of = (u64::MAX, Vec::new(), Vec::new());
        while let Some(pass) = &pass
            && flow.is_continue()
            && self.progress.step < self.plan.steps
            && !self.progress.stopped_early
        {
            let (epoch, place) = self.plan.place(self.progress.step);
            if order_of.0 != epoch {
                let order = order(self.texts.sequences.len(), self.settings.seed, epoch);
                let updates = updates(&order, &self.texts.sequences, self.settings);
                order_of = (epoch, order, updates);
            }
            let chosen = &order_of.1[order_of.2[place as usize].clone()];
            flow = self.update(pass, chosen, observer)?;
            let last_of_epoch = place as usize + 1 == order_of.2.len();
            if self.validates(last_of_epoch) && self.validate(pass, observer)?.is_break() {
                flow = ControlFlow::Break(());
            }
            let step = self.progress.step;
            let due = step.is_multiple_of(self.settings.checkpoint_every);
            let over = step == self.plan.steps || self.progress.stopped_early;
            if (due || over || flow.is_break())
                && self.save()?
                && observer(&TrainingEvent::Checkpoint { step }).is_break()
            {
                flow = ControlFlow::Break(());
            }
        }
        let done = self.progress.step == self.plan.steps || self.progress.stopped_early;
        let end = match (done, self.progress.stopped_early) {
            (true, true) => TrainingEnd::StoppedEarly,
            (true, false) => TrainingEnd::Completed,
            (false, _) => TrainingEnd::Cancelled,
        };
        let seconds = self.started.elapsed().as_secs_f64();
        // Nothing is left that could be broken off.
        let _ = observer(&TrainingEvent::Finished {
            steps: self.progress.step,
            tokens: self.progress.tokens,
            final_loss: self.progress.loss,
            seconds,
            end,
        });
        match (done, self.progress.loss) {
            (true, Some(final_loss)) => Ok(TrainedAdapter {
                adapter: self.best.unwrap_or(self.learner.adapter),
                steps: self.progress.step,
                tokens: self.progress.tokens,
                final_loss,
                validation_loss: self.progress.best,
                seconds,
                end,
            }),
            _ => Err(TrainingError::Cancelled {
                step: self.progress.step,
            }),
        }
    }

    fn update(
        &mut self,
        pass: &GradientPass,
        chosen: &[usize],
        observer: &mut Observer<'_>,
    ) -> Result<ControlFlow<()>, TrainingError> {
        let begun = Instant::now();
        let sequences: Vec<&[u32]> = chosen
            .iter()
            .map(|text| self.texts.sequences[*text].as_slice())
            .collect();
        let tokens: u64 = sequences.iter().map(|text| text.len() as u64).sum();
        let settings = self.settings;
        let (step, steps) = (self.progress.step, self.plan.steps);
        let factor = schedule::factor(settings.schedule, step, self.plan.warmup, steps);
        let learning_rate = settings.learning_rate * factor;
        let step = step + 1;
        let update = self
            .learner
            .update(pass, &sequences, settings, step, learning_rate)?;
        self.progress.step = step;
        self.progress.tokens += tokens;
        self.progress.loss = Some(update.loss);
        let (epoch, place) = self.plan.place(step);
        let of_epoch = self.plan.epochs.get(epoch as usize).copied().unwrap_or(1);
        let per_step = self.started.elapsed().as_secs_f64() / (step - self.resumed_at) as f64;
        Ok(observer(&TrainingEvent::Step {
            step,
            steps,
            epoch: epoch as f64 + place as f64 / of_epoch as f64,
            loss: update.loss,
            learning_rate,
            gradient_norm: update.gradient_norm,
            tokens: self.progress.tokens,
            tokens_per_second: tokens as f64 / begun.elapsed().as_secs_f64(),
            remaining_seconds: per_step * (steps - step) as f64,
        }))
    }

    /// Whether the validation loss is due after the update just made.
    fn validates(&self, last_of_epoch: bool) -> bool {
        let step = self.progress.step;
        let due = match self.settings.validate_every {
            0 => last_of_epoch,
            every => step.is_multiple_of(every),
        };
        !self.validation.sequences.is_empty() && (due || step == self.plan.steps)
    }

    fn validate(
        &mut self,
        pass: &GradientPass,
        observer: &mut Observer<'_>,
    ) -> Result<ControlFlow<()>, TrainingError> {
        let loss = pass
            .loss(&self.learner.adapter, &self.validation.borrowed())?
            .mean();
        let best = self.progress.best.is_none_or(|lowest| loss < lowest);
        if best {
            self.progress.best = Some(loss);
            self.progress.validations_since_best = 0;
            if self.settings.patience.is_some() {
                self.best = Some(self.learner.adapter.clone());
            }
        } else {
            self.progress.validations_since_best += 1;
        }
        let since = self.progress.validations_since_best;
        self.progress.stopped_early = self.settings.patience.is_some_and(|most| since >= most);
        Ok(observer(&TrainingEvent::Validation {
            step: self.progress.step,
            loss,
            best,
        }))
    }
}
