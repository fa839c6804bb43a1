//! What the reader sets, as it stands in the form, and the request that follows from it.

use std::str::FromStr;

use leptos::prelude::*;
use protocol::FieldError;
use protocol::adapter::{AdapterChoice, check_strength};
use protocol::api::generate::GenerateRequest;
use protocol::generation::{MAX_NEW_TOKENS_LIMIT, STOP_STRINGS_LIMIT};
use protocol::local::DeviceChoice;

/// Likeliest tokens that are shown beside the chosen one.
const ALTERNATIVES: usize = 3;

/// Which sides a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// This browser and the server.
    Both,
    /// This browser alone: the prompt does not leave it.
    Browser,
    /// The server alone: the browser fetches nothing.
    Server,
}

impl Sides {
    /// This browser is one of them.
    pub fn browser(self) -> bool {
        self != Sides::Server
    }

    /// The server is one of them.
    pub fn server(self) -> bool {
        self != Sides::Browser
    }
}

/// The form. Numbers are kept as they were typed, so that a wrong one can be pointed at.
#[derive(Debug, Clone, Copy)]
pub struct Fields {
    /// Text to continue.
    pub prompt: RwSignal<String>,
    /// Its language's BCP-47 code, or nothing.
    pub language: RwSignal<String>,
    /// Identifier of the model; empty until one is known.
    pub model: RwSignal<String>,
    /// Name of the adapter, or nothing.
    pub adapter: RwSignal<String>,
    /// 0 leaves the model as it is, 1 is the adapter as trained.
    pub adapter_strength: RwSignal<String>,
    /// Most tokens to add.
    pub max_new_tokens: RwSignal<String>,
    /// 0 is greedy.
    pub temperature: RwSignal<String>,
    /// 0 keeps all.
    pub top_k: RwSignal<String>,
    /// 1 keeps all.
    pub top_p: RwSignal<String>,
    /// 1 is off.
    pub repetition_penalty: RwSignal<String>,
    /// Of the sampler.
    pub seed: RwSignal<String>,
    /// Stop strings, one a line; `\n` stands for a line break.
    pub stop: RwSignal<String>,
    /// Who runs it.
    pub sides: RwSignal<Sides>,
    /// Where the browser runs it.
    pub device: RwSignal<DeviceChoice>,
}

impl Default for Fields {
    fn default() -> Self {
        let request = GenerateRequest::default();
        Self {
            prompt: RwSignal::new(String::new()),
            language: RwSignal::new(String::new()),
            model: RwSignal::new(String::new()),
            adapter: RwSignal::new(String::new()),
            adapter_strength: RwSignal::new("1".to_owned()),
            max_new_tokens: RwSignal::new(request.max_new_tokens.to_string()),
            temperature: RwSignal::new(request.temperature.to_string()),
            top_k: RwSignal::new(request.top_k.to_string()),
            top_p: RwSignal::new(request.top_p.to_string()),
            repetition_penalty: RwSignal::new(request.repetition_penalty.to_string()),
            seed: RwSignal::new(request.seed.to_string()),
            stop: RwSignal::new(String::new()),
            sides: RwSignal::new(Sides::Both),
            device: RwSignal::new(DeviceChoice::Auto),
        }
    }
}

impl Fields {
    /// The request that both places get.
    ///
    /// # Errors
    /// A field whose value is not allowed.
    pub fn request(&self) -> Result<GenerateRequest, FieldError> {
        let request = GenerateRequest {
            model: Some(self.model.get()).filter(|model| !model.is_empty()),
            prompt: self.prompt.get(),
            max_new_tokens: number("max_new_tokens", &self.max_new_tokens.get())?,
            temperature: number("temperature", &self.temperature.get())?,
            top_k: number("top_k", &self.top_k.get())?,
            top_p: number("top_p", &self.top_p.get())?,
            repetition_penalty: number("repetition_penalty", &self.repetition_penalty.get())?,
            seed: number("seed", &self.seed.get())?,
            stop: stop_strings(&self.stop.get()),
            logprobs: Some(ALTERNATIVES),
            adapter: self.adapter_choice()?,
            ..GenerateRequest::default()
        };
        request.sampler().validate()?;
        if !(1..=MAX_NEW_TOKENS_LIMIT).contains(&request.max_new_tokens) {
            return Err(FieldError::new(
                "max_new_tokens",
                format!(
                    "must be between 1 and {MAX_NEW_TOKENS_LIMIT}, got {}",
                    request.max_new_tokens
                ),
            ));
        }
        if request.stop.len() > STOP_STRINGS_LIMIT {
            return Err(FieldError::new(
                "stop",
                format!(
                    "must be at most {STOP_STRINGS_LIMIT} texts, got {}",
                    request.stop.len()
                ),
            ));
        }
        Ok(request)
    }
}

impl Fields {
    fn adapter_choice(&self) -> Result<Option<AdapterChoice>, FieldError> {
        let strength = number("adapter_strength", &self.adapter_strength.get())?;
        check_strength(strength)
            .map_err(|error| FieldError::new("adapter_strength", error.message))?;
        let name = self.adapter.get();
        Ok((!name.is_empty()).then_some(AdapterChoice { name, strength }))
    }
}

fn number<T: FromStr>(field: &str, text: &str) -> Result<T, FieldError> {
    text.trim()
        .parse()
        .map_err(|_| FieldError::new(field, format!("`{text}` is no number that fits here")))
}

/// One stop string a line; empty lines say nothing.
pub fn stop_strings(lines: &str) -> Vec<String> {
    lines
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            line.replace("\\\\", "\0")
                .replace("\\n", "\n")
                .replace("\\t", "\t")
                .replace('\0', "\\")
        })
        .collect()
}

/// The lines of which [`stop_strings`] makes these.
pub fn stop_lines(stop: &[String]) -> String {
    stop.iter()
        .map(|text| {
            text.replace('\\', "\\\\")
                .replace('\n', "\\n")
                .replace('\t', "\\t")
        })
        .collect::<Vec<_>>()
        .join("\n")
}
