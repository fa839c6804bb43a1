//! The queue, the batch and their failures, on a scripted model.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use engine::EngineError;
use engine::generate::{GenerationEvent, GenerationRequest, Prompt};
use protocol::generation::FinishReason;

use super::scripted::{Script, ScriptedModel, scripted_text};
use super::{Executor, Failure, Generation, Limits, Refusal};

fn start(limits: Limits) -> (Executor, Arc<Script>) {
    let model = ScriptedModel::default();
    let script = Arc::clone(&model.0);
    (Executor::start(Arc::new(model), limits).unwrap(), script)
}

fn request(prompt: &str, max_new_tokens: usize) -> GenerationRequest {
    GenerationRequest {
        max_new_tokens,
        ..GenerationRequest::new(Prompt::Text(prompt.into()))
    }
}

fn one(executor: &Executor, prompt: &str, tokens: usize) -> Result<Generation, Refusal> {
    executor
        .generate(vec![request(prompt, tokens)])
        .map(|mut all| all.remove(0))
}

/// The text, or the failure that ended it.
async fn finish(mut generation: Generation) -> Result<String, Failure> {
    let mut whole = String::new();
    while let Some(event) = generation.next().await {
        match event? {
            GenerationEvent::Token { text, .. } => whole.push_str(&text),
            GenerationEvent::Finished { text, reason, .. } => {
                assert_eq!(reason, FinishReason::Length);
                whole.push_str(&text);
                assert!(generation.next().await.is_none());
                return Ok(whole);
            }
        }
    }
    panic!("the events ended without a last one");
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(5), "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn requests_that_arrive_later_join_the_running_batch() {
    let (executor, script) = start(Limits::default());
    script.step_milliseconds.store(5, Ordering::SeqCst);
    let first = one(&executor, "first", 40).unwrap();
    until("the first runs", || script.steps.load(Ordering::SeqCst) > 3).await;
    let second = one(&executor, "second", 5).unwrap();
    assert_eq!(finish(second).await.unwrap(), scripted_text(42, 5));
    // The short one came and went while the long one was running.
    assert_eq!(executor.counters().load().running, 1);
    assert_eq!(script.widest.load(Ordering::SeqCst), 2);
    assert_eq!(finish(first).await.unwrap(), scripted_text(42, 40));
    let load = executor.counters().load();
    assert_eq!((load.running, load.waiting), (0, 0));
    assert_eq!((load.prompt_tokens, load.completion_tokens), (11, 45));
    assert_eq!(load.finished, 2);
}

#[tokio::test]
async fn as_many_are_let_in_as_there_are_places() {
    let limits = Limits {
        slots: 2,
        queue: 3,
        ..Limits::default()
    };
    let (executor, script) = start(limits);
    script.hold();
    let accepted: Vec<Generation> = (0..5)
        .map(|_| one(&executor, "prompt", 3).unwrap())
        .collect();
    assert!(matches!(
        one(&executor, "prompt", 3),
        Err(Refusal::Full { places: 5, retry_after }) if retry_after >= 1
    ));
    assert_eq!(executor.counters().load().refused, 1);
    script.release();
    for generation in accepted {
        assert_eq!(finish(generation).await.unwrap(), scripted_text(42, 3));
    }
    assert_eq!(script.widest.load(Ordering::SeqCst), 2);
    // Every place is free again: a request for all of them is let in, one more is too many.
    let all = executor.generate((0..5).map(|_| request("p", 1)).collect());
    assert_eq!(all.unwrap().len(), 5);
    let more = executor.generate((0..6).map(|_| request("p", 1)).collect());
    assert!(matches!(
        more,
        Err(Refusal::Request(EngineError::Field(error))) if error.field == "n"
    ));
}

#[tokio::test]
async fn several_sequences_get_places_together_or_not_at_all() {
    let limits = Limits {
        slots: 1,
        queue: 2,
        ..Limits::default()
    };
    let (executor, script) = start(limits);
    script.hold();
    let first = one(&executor, "p", 2).unwrap();
    let three = (0..3).map(|_| request("p", 2)).collect();
    assert!(matches!(
        executor.generate(three),
        Err(Refusal::Full { .. })
    ));
    // The refused ones took no place.
    let two = executor
        .generate(vec![request("p", 2), request("p", 2)])
        .unwrap();
    script.release();
    finish(first).await.unwrap();
    for generation in two {
        finish(generation).await.unwrap();
    }
}

#[tokio::test]
async fn a_dropped_generation_is_cancelled_within_one_step() {
    let (executor, script) = start(Limits::default());
    script.step_milliseconds.store(5, Ordering::SeqCst);
    let mut generation = one(&executor, "prompt", 8000).unwrap();
    generation.next().await.unwrap().unwrap();
    let at = script.steps.load(Ordering::SeqCst);
    drop(generation);
    until("nothing runs", || executor.counters().load().running == 0).await;
    // The step that was under way and at most one that began before the drop was seen.
    assert!(script.steps.load(Ordering::SeqCst) <= at + 2);
    assert_eq!(executor.counters().load().cancelled, 1);
}

#[tokio::test]
async fn a_deserted_request_leaves_the_queue_before_its_turn() {
    let limits = Limits {
        slots: 1,
        queue: 1,
        ..Limits::default()
    };
    let (executor, script) = start(limits);
    script.step_milliseconds.store(2, Ordering::SeqCst);
    let running = one(&executor, "long", 8000).unwrap();
    let waiting = one(&executor, "waits", 1).unwrap();
    assert!(matches!(one(&executor, "p", 1), Err(Refusal::Full { .. })));
    drop(waiting);
    until("the queue is empty", || {
        executor.counters().load().waiting == 0
    })
    .await;
    // Its place is free although the running one goes on.
    let next = one(&executor, "next", 1).unwrap();
    assert_eq!(executor.counters().load().running, 1);
    drop(running);
    assert_eq!(finish(next).await.unwrap(), scripted_text(42, 1));
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cancelled_and_holds_nobody_up() {
    let limits = Limits {
        unread: 8,
        patience: Duration::from_millis(50),
        ..Limits::default()
    };
    let (executor, script) = start(limits);
    script.step_milliseconds.store(1, Ordering::SeqCst);
    let mut slow = one(&executor, "slow", 8000).unwrap();
    let quick = one(&executor, "quick", 100).unwrap();
    assert_eq!(finish(quick).await.unwrap(), scripted_text(42, 100));
    until("the slow one is gone", || {
        executor.counters().load().running == 0
    })
    .await;
    let mut last = None;
    while let Some(event) = slow.next().await {
        last = Some(event);
    }
    assert!(
        matches!(last, Some(Err(Failure::SlowReader(_)))),
        "{last:?}"
    );
}

#[tokio::test]
async fn a_panic_fails_what_was_running_and_nothing_else() {
    let limits = Limits {
        slots: 2,
        ..Limits::default()
    };
    let (executor, script) = start(limits);
    script.hold();
    let beside = one(&executor, "beside", 3).unwrap();
    let bad = one(&executor, "PANIC", 3).unwrap();
    let waiting = one(&executor, "waiting", 3).unwrap();
    script.release();
    let message = Failure::Panicked("the script says so".into());
    assert_eq!(finish(bad).await, Err(message.clone()));
    // `beside` may have entered the batch alone before `bad` arrived, and then still fails.
    assert_eq!(finish(beside).await, Err(message));
    assert_eq!(finish(waiting).await.unwrap(), scripted_text(42, 3));
    assert!(executor.healthy());
    assert_eq!(executor.counters().load().restarts, 1);
}

#[tokio::test]
async fn an_engine_that_keeps_failing_is_given_up() {
    let (executor, _script) = start(Limits::default());
    for _ in 0..3 {
        let failure = finish(one(&executor, "SICK", 3).unwrap()).await;
        assert_eq!(
            failure,
            Err(Failure::Engine(EngineError::Device(
                "the script is sick".into()
            )))
        );
    }
    until("it is given up", || !executor.healthy()).await;
    assert!(matches!(one(&executor, "p", 1), Err(Refusal::Failed)));
}

#[tokio::test]
async fn a_completed_step_forgives_earlier_failures() {
    let (executor, _script) = start(Limits::default());
    for _ in 0..4 {
        assert!(finish(one(&executor, "SICK", 3).unwrap()).await.is_err());
        assert!(finish(one(&executor, "well", 1).unwrap()).await.is_ok());
    }
    assert!(executor.healthy());
    assert_eq!(executor.counters().load().restarts, 4);
}

#[tokio::test]
async fn a_model_without_room_for_a_generator_is_given_up() {
    let model = ScriptedModel::default();
    model.0.broken.store(true, Ordering::SeqCst);
    let executor = Executor::start(Arc::new(model), Limits::default()).unwrap();
    until("it is given up", || !executor.healthy()).await;
    assert!(matches!(one(&executor, "p", 1), Err(Refusal::Failed)));
}

#[tokio::test]
async fn a_request_that_the_generator_refuses_fails_alone() {
    let (executor, script) = start(Limits::default());
    script.hold();
    let good = one(&executor, "good", 2).unwrap();
    let bad = one(&executor, "REFUSE", 2).unwrap();
    script.release();
    assert!(matches!(
        finish(bad).await,
        Err(Failure::Engine(EngineError::Field(error))) if error.field == "prompt"
    ));
    assert_eq!(finish(good).await.unwrap(), scripted_text(42, 2));
    assert_eq!(executor.counters().load().restarts, 0);
}

#[tokio::test]
async fn texts_are_measured_in_their_order_while_sequences_run() {
    let limits = Limits {
        texts_per_step: 2,
        ..Limits::default()
    };
    let (executor, script) = start(limits);
    script.step_milliseconds.store(1, Ordering::SeqCst);
    let long = one(&executor, "long", 200).unwrap();
    let texts: Vec<String> = [3, 9, 2, 30, 5, 4, 11]
        .map(|length| "x".repeat(length))
        .to_vec();
    let before = script.steps.load(Ordering::SeqCst);
    let measured = executor.measure(texts).unwrap().finish().await.unwrap();
    let lengths: Vec<usize> = measured.iter().map(Vec::len).collect();
    assert_eq!(lengths, [2, 8, 1, 29, 4, 3, 10]);
    // Seven texts in batches of two: at least three steps were made between the batches.
    assert!(script.steps.load(Ordering::SeqCst) >= before + 3);
    assert_eq!(finish(long).await.unwrap(), scripted_text(42, 200));
    let load = executor.counters().load();
    assert_eq!((load.waiting, load.measured_tokens), (0, 57));

    let bad = executor.measure(vec!["PANIC".into()]).unwrap().finish();
    assert!(matches!(bad.await, Err(Failure::Panicked(_))));
    assert!(matches!(
        executor.measure(vec!["a".into(), String::new()]),
        Err(Refusal::Request(EngineError::Field(error))) if error.field == "texts[1]"
    ));
}

#[tokio::test]
async fn stopping_lets_the_running_ones_end_within_the_grace() {
    let limits = Limits {
        slots: 1,
        ..Limits::default()
    };
    let (executor, script) = start(limits);
    script.step_milliseconds.store(1, Ordering::SeqCst);
    let running = one(&executor, "running", 50).unwrap();
    let waiting = one(&executor, "waiting", 50).unwrap();
    until("one runs", || executor.counters().load().running == 1).await;
    executor.stop(Duration::from_secs(5));
    assert_eq!(finish(waiting).await, Err(Failure::ShuttingDown));
    assert_eq!(finish(running).await.unwrap(), scripted_text(42, 50));
    assert!(matches!(one(&executor, "p", 1), Err(Refusal::ShuttingDown)));
    executor.join();
}

#[tokio::test]
async fn stopping_ends_what_outlasts_the_grace() {
    let (executor, script) = start(Limits::default());
    script.step_milliseconds.store(1, Ordering::SeqCst);
    let endless = one(&executor, "endless", 8000).unwrap();
    until("it runs", || executor.counters().load().running == 1).await;
    let start = Instant::now();
    executor.stop(Duration::from_millis(30));
    assert_eq!(finish(endless).await, Err(Failure::ShuttingDown));
    executor.join();
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(executor.counters().load().running, 0);
}
