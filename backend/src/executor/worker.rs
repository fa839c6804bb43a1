//! The loop of a model's thread.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use engine::EngineError;
use engine::generate::{GenerationEvent, GenerationRequest, SequenceId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::counters::{Counters, add};
use super::failure::Failure;
use super::handle::Limits;
use super::measurement::Measurement;
use super::model::{TextGenerator, TextModel};
use super::running::{Delivery, Running, WaitingReader};

/// So many failures without a completed step between them mean that the engine is broken.
const SETBACKS_LIMIT: u32 = 3;

/// What the thread is told.
pub(super) enum Message {
    /// Something to do.
    Job(Job),
    /// End what waits now, and what runs at that time.
    Stop(Instant),
}

/// Something to do.
pub(super) enum Job {
    /// Continue a prompt.
    Generate(Box<Waiting>),
    /// Measure texts, or a completion.
    Measure(Measurement),
}

/// A request that waits for a slot.
pub(super) struct Waiting {
    pub(super) request: GenerationRequest,
    pub(super) prompt_tokens: usize,
    pub(super) events: tokio::sync::mpsc::Sender<Result<GenerationEvent, Failure>>,
    pub(super) arrived: Instant,
    pub(super) permit: OwnedSemaphorePermit,
}

/// Owns the queue and the batch.
pub(super) struct Worker {
    model: Arc<dyn TextModel>,
    limits: Limits,
    messages: mpsc::Receiver<Message>,
    counters: Arc<Counters>,
    healthy: Arc<AtomicBool>,
    places: Arc<Semaphore>,
    waiting: VecDeque<Box<Waiting>>,
    measurements: VecDeque<Measurement>,
    running: BTreeMap<SequenceId, Running>,
    stop_at: Option<Instant>,
    setbacks: u32,
}

impl Worker {
    pub(super) fn new(
        model: Arc<dyn TextModel>,
        limits: Limits,
        messages: Receiver<Message>,
        counters: Arc<Counters>,
        healthy: Arc<AtomicBool>,
        places: Arc<Semaphore>,
    ) -> Self {
        Self {
            model,
            limits,
            messages,
            counters,
            healthy,
            places,
            waiting: VecDeque::new(),
            measurements: VecDeque::new(),
            running: BTreeMap::new(),
            stop_at: None,
            setbacks: 0,
        }
    }

    /// Serves until it is stopped or the engine is broken.
    pub(super) fn run(mut self) {
        while let Err(failure) = self.serve() {
            tracing::error!(%failure, "the engine failed");
            self.setbacks += 1;
            let given_up = self.setbacks >= SETBACKS_LIMIT;
            // Before anyone is told of the failure, so that who asks then hears the truth.
            if given_up {
                tracing::error!(
                    "the engine failed {SETBACKS_LIMIT} times in a row and is given up"
                );
                self.healthy.store(false, Ordering::Relaxed);
                self.places.close();
            } else {
                add(&self.counters.restarts, 1);
            }
            self.fail_running(&failure);
            if given_up {
                self.fail_waiting(&failure);
                return;
            }
        }
    }

    /// One generator's life. `Ok` means stopped.
    fn serve(&mut self) -> Result<(), Failure> {
        let model = Arc::clone(&self.model);
        let mut generator = guarded(|| model.generator())?;
        let ended = loop {
            if !self.receive() {
                break Ok(());
            }
            if let Err(failure) = self.advance(generator.as_mut()) {
                break Err(failure);
            }
        };
        // A generator that has panicked may panic again when it goes.
        if let Err(failure) = guarded(|| {
            drop(generator);
            Ok(())
        }) {
            tracing::warn!(%failure, "the failed generator could not be put away");
        }
        ended
    }

    /// Takes what has arrived; waits where there is nothing to do. `false` means stopped.
    fn receive(&mut self) -> bool {
        loop {
            let idle =
                self.running.is_empty() && self.waiting.is_empty() && self.measurements.is_empty();
            let message = if idle && self.stop_at.is_none() {
                self.messages.recv().map_err(|_| TryRecvError::Disconnected)
            } else {
                self.messages.try_recv()
            };
            match message {
                Ok(Message::Job(Job::Generate(waiting))) => self.waiting.push_back(waiting),
                Ok(Message::Job(Job::Measure(measurement))) => {
                    self.measurements.push_back(measurement);
                }
                Ok(Message::Stop(at)) => self.stop_at = Some(at),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    self.stop_at = Some(Instant::now());
                    break;
                }
            }
        }
        let Some(at) = self.stop_at else { return true };
        self.fail_waiting(&Failure::ShuttingDown);
        if self.running.is_empty() || Instant::now() >= at {
            self.fail_running(&Failure::ShuttingDown);
            return false;
        }
        true
    }

    /// Everything between two looks at the mailbox.
    fn advance(&mut self, generator: &mut dyn TextGenerator) -> Result<(), Failure> {
        self.let_go(generator);
        self.let_in(generator)?;
        self.show_running();
        if !self.running.is_empty() {
            let events = guarded(|| generator.step())?;
            self.setbacks = 0;
            for (id, event) in events {
                self.deliver(id, event, generator);
            }
            self.show_running();
        }
        self.measure(generator);
        Ok(())
    }

    /// Drops what nobody waits for any more, and sequences whose readers are too slow.
    fn let_go(&mut self, generator: &mut dyn TextGenerator) {
        let before = self.waiting.len() + self.measurements.len();
        self.waiting.retain(|waiting| !waiting.events.is_closed());
        self.measurements
            .retain(|measurement| !measurement.deserted());
        let gone = before - self.waiting.len() - self.measurements.len();
        self.counters.waiting.fetch_sub(gone, Ordering::Relaxed);
        add(&self.counters.cancelled, gone);

        let Limits {
            unread, patience, ..
        } = self.limits;
        let leaving: Vec<SequenceId> = self
            .running
            .iter_mut()
            .filter_map(|(id, running)| {
                (running.deserted() || running.too_slow(unread, patience)).then_some(*id)
            })
            .collect();
        for id in leaving {
            generator.cancel(id);
            if let Some(running) = self.running.remove(&id) {
                add(&self.counters.cancelled, 1);
                if !running.deserted() {
                    let failure = Failure::SlowReader(patience.as_secs());
                    running.fail(failure, &self.counters);
                }
            }
        }
    }

    /// Fills the free slots from the queue.
    fn let_in(&mut self, generator: &mut dyn TextGenerator) -> Result<(), Failure> {
        while self.running.len() < self.limits.slots {
            let Some(waiting) = self.waiting.pop_front() else {
                break;
            };
            self.counters.waiting.fetch_sub(1, Ordering::Relaxed);
            let Waiting {
                request,
                prompt_tokens,
                events,
                arrived,
                permit,
            } = *waiting;
            let running = Running::new(WaitingReader {
                events,
                permit,
                arrived,
            });
            match guarded(|| generator.submit(request)) {
                Ok(id) => {
                    add(&self.counters.prompt_tokens, prompt_tokens);
                    self.running.insert(id, running);
                }
                Err(failure @ Failure::Engine(_)) => running.fail(failure, &self.counters),
                Err(failure) => {
                    running.fail(failure.clone(), &self.counters);
                    return Err(failure);
                }
            }
        }
        Ok(())
    }

    fn deliver(
        &mut self,
        id: SequenceId,
        event: GenerationEvent,
        generator: &mut dyn TextGenerator,
    ) {
        match event {
            GenerationEvent::Token { .. } => {
                let Some(running) = self.running.get_mut(&id) else {
                    return;
                };
                if running.token(event, &self.counters) == Delivery::Deserted {
                    generator.cancel(id);
                    self.running.remove(&id);
                    add(&self.counters.cancelled, 1);
                }
            }
            GenerationEvent::Finished { .. } => {
                if let Some(running) = self.running.remove(&id) {
                    self.show_running();
                    running.finish(event, &self.counters);
                }
            }
        }
    }

    /// One batch of the measurement whose turn it is.
    fn measure(&mut self, generator: &mut dyn TextGenerator) {
        let Some(mut measurement) = self.measurements.pop_front() else {
            return;
        };
        let count = self.limits.texts_per_step;
        let measured = guarded(|| measurement.advance(count, generator));
        match measured {
            Ok(tokens) => {
                add(&self.counters.measured_tokens, tokens);
                if !measurement.complete() {
                    self.measurements.push_back(measurement);
                    return;
                }
                self.counters.waiting.fetch_sub(1, Ordering::Relaxed);
                measurement.finish();
            }
            Err(failure) => {
                tracing::error!(%failure, "a measurement failed");
                self.counters.waiting.fetch_sub(1, Ordering::Relaxed);
                add(&self.counters.failed, 1);
                measurement.fail(failure);
            }
        }
    }

    fn fail_running(&mut self, failure: &Failure) {
        let running = std::mem::take(&mut self.running);
        self.show_running();
        for running in running.into_values() {
            running.fail(failure.clone(), &self.counters);
        }
    }

    /// Fails what waits, what is still in the mailbox included.
    fn fail_waiting(&mut self, failure: &Failure) {
        while let Ok(message) = self.messages.try_recv() {
            match message {
                Message::Job(Job::Generate(waiting)) => self.waiting.push_back(waiting),
                Message::Job(Job::Measure(measurement)) => {
                    self.measurements.push_back(measurement);
                }
                Message::Stop(at) => self.stop_at = Some(at),
            }
        }
        let count = self.waiting.len() + self.measurements.len();
        self.counters.waiting.fetch_sub(count, Ordering::Relaxed);
        for waiting in self.waiting.drain(..) {
            waiting.fail(failure.clone(), &self.counters);
        }
        for measurement in self.measurements.drain(..) {
            add(&self.counters.failed, 1);
            measurement.fail(failure.clone());
        }
    }

    fn show_running(&self) {
        self.counters
            .running
            .store(self.running.len(), Ordering::Relaxed);
    }
}

/// Turns a panic of the engine into a failure.
fn guarded<T>(work: impl FnOnce() -> Result<T, EngineError>) -> Result<T, Failure> {
    // Whatever the closure touches is thrown away after a panic.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => Ok(result?),
        Err(payload) => Err(Failure::Panicked(
            payload
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| payload.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "no message".into()),
        )),
    }
}
