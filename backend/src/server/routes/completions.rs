//! `POST /v1/completions`, as OpenAI's clients speak it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use engine::adapter::AppliedAdapter;
use engine::generate::{GenerationEvent, GenerationRequest, Prompt};
use futures_util::{Stream, StreamExt, stream};
use protocol::api::ErrorBody;
use protocol::api::completions::{
    CHOICES_LIMIT, Completion, CompletionChoice, CompletionLogprobs, CompletionRequest, OneOrMany,
    Usage,
};
use protocol::generation::{SamplerSettings, TokenLogprob};
use protocol::provenance::ModelProvenance;

use super::adapters::chosen;
use super::generate::{KEEP_ALIVE, admit};
use crate::executor::{Failure, Generation, Shelved};
use crate::server::error::ApiError;
use crate::server::json::JsonBody;
use crate::server::state::Server;

/// Continues prompts, with OpenAI's parameters and defaults.
#[utoipa::path(
    post,
    path = "/v1/completions",
    request_body = CompletionRequest,
    responses(
        (status = 200, description = "The completions, or with `stream` chunks of them and `[DONE]`", content(
            (Completion = "application/json"),
            (Completion = "text/event-stream"),
        )),
        (status = 400, description = "Not JSON", body = ErrorBody),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such model or adapter", body = ErrorBody),
        (status = 413, description = "Body too large", body = ErrorBody),
        (status = 415, description = "Not declared as JSON", body = ErrorBody),
        (status = 422, description = "A field is out of range or not supported", body = ErrorBody),
        (status = 429, description = "Every place is taken; see `Retry-After`", body = ErrorBody),
        (status = 500, description = "The engine failed", body = ErrorBody),
        (status = 503, description = "The model cannot be used now", body = ErrorBody),
    )
)]
pub async fn completions(
    State(server): State<Arc<Server>>,
    JsonBody(request): JsonBody<CompletionRequest>,
) -> Result<Response, ApiError> {
    refuse_unsupported(&request)?;
    let model = server.model(Some(&request.model)).await?;
    let streamed = request.stream.unwrap_or(false);
    let include_usage = request
        .stream_options
        .is_some_and(|options| options.include_usage);
    let seed = request.seed.unwrap_or_else(random);
    let adapter = chosen(&server, &model, request.adapter.clone()).await?;
    let (adapter, provenance) = adapter.unzip();
    let head = Head {
        id: format!("cmpl-{:016x}", random()),
        created: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_secs()),
        seed,
        provenance: model.provenance.with_adapter(provenance),
    };
    let (requests, choices_per_prompt) = engine_requests(request, seed, adapter)?;
    let generations = admit(&model, requests)
        .await
        .map_err(|error| error.rename_field("max_new_tokens", "max_tokens"))?;
    let prompt_tokens = generations
        .iter()
        .step_by(choices_per_prompt)
        .map(Generation::prompt_tokens)
        .sum();
    if streamed {
        let chunks = chunks(model, head, generations, include_usage, prompt_tokens);
        return Ok(Sse::new(chunks)
            .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
            .into_response());
    }
    // Each has a channel with room for all its events, so that reading one after the other does
    // not hold the others up.
    let mut usage = Usage {
        prompt_tokens,
        ..Usage::default()
    };
    let mut choices = Vec::with_capacity(generations.len());
    for (index, generation) in generations.into_iter().enumerate() {
        choices.push(collect(index, generation, &mut usage).await?);
    }
    usage.total_tokens = usage.prompt_tokens + usage.completion_tokens;
    Ok(Json(Completion {
        usage: Some(usage),
        provenance: Some(head.provenance.clone()),
        ..head.chunk(&model, choices)
    })
    .into_response())
}

/// What all chunks of a response have in common.
struct Head {
    id: String,
    created: u64,
    seed: u64,
    provenance: ModelProvenance,
}

impl Head {
    fn chunk(&self, model: &Shelved, choices: Vec<CompletionChoice>) -> Completion {
        Completion {
            id: self.id.clone(),
            object: "text_completion".into(),
            created: self.created,
            model: model.id.clone(),
            choices,
            usage: None,
            seed: self.seed,
            provenance: None,
        }
    }
}

/// The standard library's hash keys are the only source of randomness that is needed here.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A parameter that would change the result and is not implemented is an error, never ignored.
fn refuse_unsupported(request: &CompletionRequest) -> Result<(), ApiError> {
    let n = request.n.unwrap_or(1);
    let unsupported = [
        ("echo", request.echo == Some(true)),
        (
            "best_of",
            request.best_of.is_some_and(|best_of| best_of != n),
        ),
        (
            "presence_penalty",
            request.presence_penalty.is_some_and(|value| value != 0.0),
        ),
        (
            "frequency_penalty",
            request.frequency_penalty.is_some_and(|value| value != 0.0),
        ),
        (
            "logit_bias",
            request
                .logit_bias
                .as_ref()
                .is_some_and(|map| !map.is_empty()),
        ),
        (
            "suffix",
            request.suffix.as_ref().is_some_and(|text| !text.is_empty()),
        ),
    ];
    match unsupported.iter().find(|(_, wanted)| *wanted) {
        Some((field, _)) => Err(ApiError::field(*field, "is not supported by this server")),
        None => Ok(()),
    }
}

fn engine_requests(
    request: CompletionRequest,
    seed: u64,
    adapter: Option<AppliedAdapter>,
) -> Result<(Vec<GenerationRequest>, usize), ApiError> {
    let n = request.n.unwrap_or(1);
    if n == 0 || n > CHOICES_LIMIT {
        return Err(ApiError::field(
            "n",
            format!("must be between 1 and {CHOICES_LIMIT}, got {n}"),
        ));
    }
    let prompts = request.prompt.into_vec();
    if prompts.is_empty() || prompts.len() > CHOICES_LIMIT {
        return Err(ApiError::field(
            "prompt",
            format!("must be 1 to {CHOICES_LIMIT} texts, got {}", prompts.len()),
        ));
    }
    let stop = request.stop.map_or_else(Vec::new, OneOrMany::into_vec);
    let defaults = SamplerSettings::default();
    let mut requests = Vec::with_capacity(prompts.len() * n);
    for prompt in prompts {
        for choice in 0..n {
            requests.push(GenerationRequest {
                prompt: Prompt::Text(prompt.clone()),
                max_new_tokens: request.max_tokens.unwrap_or(16),
                sampler: SamplerSettings {
                    temperature: request.temperature.unwrap_or(1.0),
                    top_p: request.top_p.unwrap_or(1.0),
                    top_k: request.top_k.unwrap_or(defaults.top_k),
                    repetition_penalty: request
                        .repetition_penalty
                        .unwrap_or(defaults.repetition_penalty),
                    seed: seed.wrapping_add(choice as u64),
                },
                stop: stop.clone(),
                logprobs: request.logprobs,
                ignore_eos: false,
                processors: Vec::new(),
                adapter: adapter.clone(),
            });
        }
    }
    Ok((requests, n))
}

async fn collect(
    index: usize,
    mut generation: Generation,
    usage: &mut Usage,
) -> Result<CompletionChoice, ApiError> {
    let mut choice = Choice::new(index);
    let mut whole = choice.empty();
    while let Some(event) = generation.next().await {
        let part = choice.part(event?);
        whole.text.push_str(&part.text);
        whole.finish_reason = part.finish_reason;
        if let Some(logprobs) = part.logprobs {
            append(whole.logprobs.get_or_insert_default(), logprobs);
        }
        if whole.finish_reason.is_some() {
            usage.completion_tokens += choice.tokens;
            return Ok(whole);
        }
    }
    Err(Failure::ShuttingDown.into())
}

fn append(whole: &mut CompletionLogprobs, part: CompletionLogprobs) {
    whole.tokens.extend(part.tokens);
    whole.token_logprobs.extend(part.token_logprobs);
    whole.top_logprobs.extend(part.top_logprobs);
    whole.text_offset.extend(part.text_offset);
}

/// Turns the events of one sequence into parts of its choice.
struct Choice {
    index: usize,
    offset: usize,
    tokens: usize,
}

impl Choice {
    fn new(index: usize) -> Self {
        Self {
            index,
            offset: 0,
            tokens: 0,
        }
    }

    fn empty(&self) -> CompletionChoice {
        CompletionChoice {
            text: String::new(),
            index: self.index,
            logprobs: None,
            finish_reason: None,
        }
    }

    fn part(&mut self, event: GenerationEvent) -> CompletionChoice {
        match event {
            GenerationEvent::Token {
                text,
                logprob,
                top_logprobs,
                ..
            } => CompletionChoice {
                text,
                logprobs: logprob.map(|logprob| self.logprobs(logprob, top_logprobs)),
                ..self.empty()
            },
            GenerationEvent::Finished {
                reason,
                text,
                completion_tokens,
                ..
            } => {
                self.tokens = completion_tokens;
                CompletionChoice {
                    text,
                    finish_reason: Some(reason),
                    ..self.empty()
                }
            }
        }
    }

    fn logprobs(&mut self, chosen: TokenLogprob, top: Vec<TokenLogprob>) -> CompletionLogprobs {
        let mut alternatives = BTreeMap::new();
        for token in top {
            // Best first: of two tokens with the same text the likelier one stays.
            alternatives.entry(token.text).or_insert(token.logprob);
        }
        let offset = self.offset;
        self.offset += chosen.text.chars().count();
        CompletionLogprobs {
            tokens: vec![chosen.text],
            token_logprobs: vec![chosen.logprob],
            top_logprobs: vec![alternatives],
            text_offset: vec![offset],
        }
    }
}

/// The chunks of all sequences as they come. The model is held until the stream ends, so that it
/// is not put away meanwhile.
fn chunks(
    model: Arc<Shelved>,
    head: Head,
    generations: Vec<Generation>,
    include_usage: bool,
    prompt_tokens: usize,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let parts = generations
        .into_iter()
        .enumerate()
        .map(|(index, generation)| {
            Box::pin(stream::unfold(
                (Choice::new(index), generation),
                |(mut choice, mut generation)| async move {
                    let event = generation.next().await?;
                    let part = event.map(|event| (choice.part(event), choice.tokens));
                    Some((part, (choice, generation)))
                },
            ))
        });
    let state = Chunks {
        parts: stream::select_all(parts),
        completion_tokens: 0,
        end: End::Open,
    };
    stream::unfold(state, move |mut state| {
        let provenance = head.provenance.clone();
        let head = head.chunk(&model, Vec::new());
        async move {
            let data = match state.end {
                End::Closed => return None,
                End::Usage => {
                    state.end = End::Closed;
                    "[DONE]".to_owned()
                }
                End::Open => match state.parts.next().await {
                    Some(Ok((choice, tokens))) => {
                        state.completion_tokens += tokens;
                        json(&Completion {
                            choices: vec![choice],
                            ..head
                        })
                    }
                    // The other sequences are cancelled by being dropped with the stream.
                    Some(Err(failure)) => {
                        state.end = End::Closed;
                        state.parts.clear();
                        json(&ApiError::from(failure).into_body())
                    }
                    None if include_usage => {
                        state.end = End::Usage;
                        json(&Completion {
                            usage: Some(Usage {
                                prompt_tokens,
                                completion_tokens: state.completion_tokens,
                                total_tokens: prompt_tokens + state.completion_tokens,
                            }),
                            provenance: Some(provenance),
                            ..head
                        })
                    }
                    None => {
                        state.end = End::Closed;
                        "[DONE]".to_owned()
                    }
                },
            };
            Some((Ok(Event::default().data(data)), state))
        }
    })
}

struct Chunks<S> {
    parts: stream::SelectAll<S>,
    completion_tokens: usize,
    end: End,
}

/// How far a stream has got.
#[derive(Clone, Copy)]
enum End {
    /// Sequences may still run.
    Open,
    /// The token counts have been sent.
    Usage,
    /// The last event has been sent.
    Closed,
}

fn json<T: serde::Serialize>(value: &T) -> String {
    // Numbers and strings can always be written as JSON.
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn request(text: &str) -> CompletionRequest {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_not_supported_is_refused_unless_neutral() {
        let with = |fields: &str| {
            let text = format!(r#"{{"model":"m","prompt":"p"{fields}}}"#);
            refuse_unsupported(&request(&text)).map_err(|error| error.into_body().error.field)
        };
        for neutral in [
            "",
            r#","echo":false,"best_of":1,"presence_penalty":0,"logit_bias":{},"suffix":"""#,
            r#","n":3,"best_of":3,"echo":null,"user":"someone""#,
        ] {
            assert_eq!(with(neutral), Ok(()), "{neutral}");
        }
        for (field, value) in [
            ("echo", "true"),
            ("best_of", "2"),
            ("presence_penalty", "0.1"),
            ("frequency_penalty", "-1"),
            ("logit_bias", r#"{"50256":-100}"#),
            ("suffix", r#""end""#),
        ] {
            let found = with(&format!(r#","{field}":{value}"#));
            assert_eq!(found, Err(Some(field.to_owned())));
        }
    }

    #[test]
    fn each_completion_of_a_prompt_has_its_own_seed() {
        let text = r#"{"model":"m","prompt":["a","b"],"n":2,"stop":"x"}"#;
        let (requests, n) = engine_requests(request(text), u64::MAX, None).unwrap();
        assert_eq!(n, 2);
        let seeds: Vec<u64> = requests.iter().map(|one| one.sampler.seed).collect();
        assert_eq!(seeds, [u64::MAX, 0, u64::MAX, 0]);
        assert_eq!(requests[0].max_new_tokens, 16);
        assert_eq!(requests[3].stop, ["x"]);
    }
}
