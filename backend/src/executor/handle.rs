//! The door to a model's thread: admission and back-pressure.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use engine::EngineError;
use engine::adapter::AppliedAdapter;
use engine::generate::GenerationRequest;
use protocol::FieldError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot};

use super::counters::{Counters, add};
use super::failure::Refusal;
use super::generation::{Generation, Measuring};
use super::measurement::Measurement;
use super::model::{Forced, TextModel};
use super::worker::{Job, Message, Waiting, Worker};

/// How much is done at once and how much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sequences generated together.
    pub slots: usize,
    /// Sequences and measurements that may wait beyond those.
    pub queue: usize,
    /// Events that may lie unread before the reader counts as slow.
    pub unread: usize,
    /// How long a reader may be slow before its sequence is cancelled.
    pub patience: Duration,
    /// Texts measured between two steps.
    pub texts_per_step: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            slots: 16,
            queue: 32,
            unread: 256,
            patience: Duration::from_secs(10),
            texts_per_step: 8,
        }
    }
}

/// A model with the thread that runs it. Dropping it stops the thread.
pub struct Executor {
    model: Arc<dyn TextModel>,
    limits: Limits,
    places: Arc<Semaphore>,
    messages: mpsc::Sender<Message>,
    counters: Arc<Counters>,
    healthy: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Executor {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(model: Arc<dyn TextModel>, limits: Limits) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let counters = Arc::new(Counters::default());
        let healthy = Arc::new(AtomicBool::new(true));
        let places = Arc::new(Semaphore::new(limits.slots + limits.queue));
        let worker = Worker::new(
            Arc::clone(&model),
            limits,
            receiver,
            Arc::clone(&counters),
            Arc::clone(&healthy),
            Arc::clone(&places),
        );
        let thread = std::thread::Builder::new()
            .name("engine".into())
            .spawn(move || worker.run())?;
        Ok(Self {
            model,
            limits,
            places,
            messages: sender,
            counters,
            healthy,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Asks for sequences: all of them get a place, or none does.
    ///
    /// Tokenises on the calling thread.
    ///
    /// # Errors
    /// The request is invalid, there is no room, or the engine does not run.
    pub fn generate(&self, requests: Vec<GenerationRequest>) -> Result<Vec<Generation>, Refusal> {
        let mut prepared = Vec::with_capacity(requests.len());
        for mut request in requests {
            let prompt_tokens = self.model.prepare(&mut request)?;
            prepared.push((request, prompt_tokens));
        }
        let permits = self.admit(prepared.len())?;
        let mut generations = Vec::with_capacity(prepared.len());
        for ((request, prompt_tokens), permit) in prepared.into_iter().zip(permits) {
            // Room for every event the request can cause, so that the engine never waits for a
            // reader; one who does not read is cancelled long before this is full.
            let (events, receiver) =
                tokio::sync::mpsc::channel(request.max_new_tokens.saturating_add(2));
            self.send(Job::Generate(Box::new(Waiting {
                request,
                prompt_tokens,
                events,
                arrived: Instant::now(),
                permit,
            })))?;
            generations.push(Generation {
                events: receiver,
                prompt_tokens,
                ended: false,
            });
        }
        Ok(generations)
    }

    /// Asks for the log-probabilities of texts.
    ///
    /// # Errors
    /// A text is empty or too long, there is no room, or the engine does not run.
    pub fn measure(&self, texts: Vec<String>) -> Result<Measuring<Vec<Vec<f32>>>, Refusal> {
        self.model.check_texts(&texts)?;
        let (sender, result) = oneshot::channel();
        if let Some(permit) = self.admit(1)?.pop() {
            self.send(Job::Measure(Measurement::texts(texts, sender, permit)))?;
        }
        Ok(Measuring { result })
    }

    /// Asks for each token of a completion beside the choice of the model, with an adapter or without.
    ///
    /// # Errors
    /// The prompt or the completion cannot be used, there is no room, or the engine does not run.
    pub fn force(
        &self,
        prompt: String,
        completion: Vec<u32>,
        adapter: Option<AppliedAdapter>,
    ) -> Result<Measuring<Forced>, Refusal> {
        self.model.check_forced(&prompt, &completion)?;
        let (sender, result) = oneshot::channel();
        if let Some(permit) = self.admit(1)?.pop() {
            self.send(Job::Measure(Measurement::forced(
                prompt, completion, adapter, sender, permit,
            )))?;
        }
        Ok(Measuring { result })
    }

    /// The model.
    pub fn model(&self) -> &Arc<dyn TextModel> {
        &self.model
    }

    fn admit(&self, count: usize) -> Result<Vec<OwnedSemaphorePermit>, Refusal> {
        if !self.healthy() {
            return Err(Refusal::Failed);
        }
        let places = self.limits.slots + self.limits.queue;
        if count > places {
            return Err(Refusal::Request(EngineError::Field(FieldError::new(
                "n",
                format!("asks for {count} sequences at once; this server has {places} places"),
            ))));
        }
        let wanted = u32::try_from(count).unwrap_or(u32::MAX);
        let mut all = match Arc::clone(&self.places).try_acquire_many_owned(wanted) {
            Ok(all) => all,
            Err(TryAcquireError::NoPermits) => {
                add(&self.counters.refused, 1);
                return Err(Refusal::Full {
                    places,
                    retry_after: 1
                        + (self.counters.load().waiting / self.limits.slots.max(1)) as u64,
                });
            }
            Err(TryAcquireError::Closed) => return Err(self.closed()),
        };
        let mut permits = Vec::with_capacity(count);
        while permits.len() < count {
            match all.split(1) {
                Some(permit) => permits.push(permit),
                None => break,
            }
        }
        Ok(permits)
    }

    fn send(&self, job: Job) -> Result<(), Refusal> {
        self.counters.waiting.fetch_add(1, Ordering::Relaxed);
        self.messages.send(Message::Job(job)).map_err(|_| {
            self.counters.waiting.fetch_sub(1, Ordering::Relaxed);
            self.closed()
        })
    }

    fn closed(&self) -> Refusal {
        if self.healthy() {
            Refusal::ShuttingDown
        } else {
            Refusal::Failed
        }
    }

    /// Whether the engine runs.
    pub fn healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed)
    }

    /// What was done so far.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// The limits it was started with.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Lets nothing new in, ends what waits at once and what runs after `grace`, each with
    /// [`super::Failure::ShuttingDown`]. Returns at once; [`Executor::join`] waits.
    pub fn stop(&self, grace: Duration) {
        self.places.close();
        // An error means that the thread is gone already.
        let _ = self.messages.send(Message::Stop(Instant::now() + grace));
    }

    /// Waits until the thread has ended. Blocks.
    pub fn join(&self) {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // The worker catches panics itself; one that escapes has been reported by the hook.
            let _ = thread.join();
        }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}
