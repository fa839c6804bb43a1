//! What a checkpoint says of itself, read from its header: nothing is loaded.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use engine::checkpoint::gguf::{Array, Gguf, Metadata, Value};
use engine::checkpoint::safetensors::Safetensors;
use engine::checkpoint::{ByteSource, TensorStore};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::error::HubError;
use super::file_source::FileSource;
use super::manifest::Licence;
use super::resolve::{ModelFiles, ResolvedModel};

/// Items of an array that are shown.
const SHOWN_ITEMS: usize = 4;

/// A tensor of the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TensorLine {
    /// Its name.
    pub name: String,
    /// How its values are stored: `F32`, `Q4_K`, …
    pub kind: &'static str,
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Size in the file.
    pub bytes: u64,
}

/// The tensors of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct KindSummary {
    /// How many there are.
    pub tensors: u64,
    /// Their values.
    pub parameters: u64,
    /// Their size in the file.
    pub bytes: u64,
}

/// The tokenizer that the checkpoint names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TokenizerFacts {
    /// Its kind, as the file calls it.
    pub model: Option<String>,
    /// Tokens.
    pub vocabulary: Option<usize>,
    /// Merge rules, where it has any.
    pub merges: Option<usize>,
    /// Token that begins a text.
    pub bos: Option<u64>,
    /// Token that ends a text.
    pub eos: Option<u64>,
    /// Whether a text is begun with that token.
    pub adds_bos: Option<bool>,
}

/// What a checkpoint says of itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// Name or path that it was asked for by.
    pub id: String,
    /// `gguf` or `safetensors`.
    pub format: &'static str,
    /// Hash for provenance.
    pub sha256: String,
    /// Size of the files that hold the tensors.
    pub bytes: u64,
    /// Architecture, as the file calls it.
    pub architecture: Option<String>,
    /// Values of all tensors.
    pub parameters: u64,
    /// Mean bits per value, over the tensors.
    pub bits_per_parameter: f64,
    /// Terms of use, where the hub knows them.
    pub licence: Option<Licence>,
    /// Terms of use, as the file calls them.
    pub stated_licence: Option<String>,
    /// The tokenizer.
    pub tokenizer: TokenizerFacts,
    /// The tensors by the kind they are stored in.
    pub kinds: BTreeMap<&'static str, KindSummary>,
    /// Keys of the header (GGUF) or of `config.json`; of arrays only length and beginning.
    pub metadata: BTreeMap<String, Json>,
    /// The tensors, in the order of the file.
    pub tensors: Vec<TensorLine>,
}

/// Reads the header of `model`.
///
/// # Errors
/// [`HubError::Checkpoint`] when it is broken, [`HubError::Io`], [`HubError::Path`].
pub fn inspect(model: &ResolvedModel) -> Result<Inspection, HubError> {
    match &model.files {
        ModelFiles::Gguf(path) => inspect_gguf(model, path),
        ModelFiles::Safetensors {
            config,
            tokenizer,
            shards,
        } => inspect_safetensors(model, config, tokenizer, shards),
    }
}

fn inspect_gguf(model: &ResolvedModel, path: &Path) -> Result<Inspection, HubError> {
    let source = FileSource::open(path)?;
    let gguf = Gguf::open(&source)?;
    let metadata = gguf.metadata();
    let mut inspection = of_tensors(model, "gguf", source.len(), &gguf);
    inspection.architecture = metadata.str("general.architecture").map(str::to_owned);
    inspection.stated_licence = metadata.str("general.license").map(str::to_owned);
    inspection.tokenizer = tokenizer_facts(metadata);
    inspection.metadata = metadata
        .iter()
        .map(|(key, value)| (key.to_owned(), shown(value)))
        .collect();
    Ok(inspection)
}

fn inspect_safetensors(
    model: &ResolvedModel,
    config: &Path,
    tokenizer: &Path,
    shards: &[PathBuf],
) -> Result<Inspection, HubError> {
    let sources = shards
        .iter()
        .map(|path| FileSource::open(path))
        .collect::<Result<Vec<_>, _>>()?;
    let bytes = sources.iter().map(ByteSource::len).sum();
    let sources = sources.iter().map(|s| s as &dyn ByteSource).collect();
    let mut inspection = of_tensors(
        model,
        "safetensors",
        bytes,
        &Safetensors::open_sharded(sources)?,
    );
    let config = object(config)?;
    let tokenizer = object(tokenizer)?;
    let rules = tokenizer.get("model");
    let length = |key: &str| match rules?.get(key)? {
        Json::Array(items) => Some(items.len()),
        Json::Object(items) => Some(items.len()),
        _ => None,
    };
    inspection.tokenizer = TokenizerFacts {
        model: rules
            .and_then(|rules| rules.get("type")?.as_str())
            .map(str::to_owned),
        vocabulary: length("vocab"),
        merges: length("merges"),
        bos: config.get("bos_token_id").and_then(Json::as_u64),
        eos: config.get("eos_token_id").and_then(Json::as_u64),
        adds_bos: None,
    };
    inspection.architecture = config
        .get("model_type")
        .and_then(Json::as_str)
        .map(str::to_owned);
    inspection.metadata = config.into_iter().collect();
    Ok(inspection)
}

/// The JSON object in a file.
fn object(path: &Path) -> Result<serde_json::Map<String, Json>, HubError> {
    let bytes = fs::read(path).map_err(HubError::io(path))?;
    serde_json::from_slice(&bytes).map_err(|error| HubError::Path {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// Everything that the tensors themselves tell.
fn of_tensors(
    model: &ResolvedModel,
    format: &'static str,
    bytes: u64,
    store: &dyn TensorStore,
) -> Inspection {
    let mut kinds = BTreeMap::<_, KindSummary>::new();
    let mut tensors = Vec::new();
    for info in store.names().filter_map(|name| store.info(name)) {
        let kind = kinds.entry(info.kind.name()).or_default();
        kind.tensors += 1;
        kind.parameters += info.values() as u64;
        kind.bytes += info.bytes;
        tensors.push(TensorLine {
            name: info.name.clone(),
            kind: info.kind.name(),
            shape: info.shape.clone(),
            bytes: info.bytes,
        });
    }
    let parameters: u64 = kinds.values().map(|kind| kind.parameters).sum();
    let stored: u64 = kinds.values().map(|kind| kind.bytes).sum();
    Inspection {
        id: model.id.clone(),
        format,
        sha256: model.sha256.clone(),
        bytes,
        architecture: None,
        parameters,
        bits_per_parameter: match parameters {
            0 => 0.0,
            _ => stored as f64 * 8.0 / parameters as f64,
        },
        licence: model.licence.clone(),
        stated_licence: None,
        tokenizer: TokenizerFacts::default(),
        kinds,
        metadata: BTreeMap::new(),
        tensors,
    }
}

fn tokenizer_facts(metadata: &Metadata) -> TokenizerFacts {
    let number = |key: &str| metadata.get(key).and_then(Value::as_u64);
    let items = |key: &str| match metadata.get(key) {
        Some(Value::Array(array)) => Some(array.len()),
        _ => None,
    };
    TokenizerFacts {
        model: metadata.str("tokenizer.ggml.model").map(str::to_owned),
        vocabulary: items("tokenizer.ggml.tokens"),
        merges: items("tokenizer.ggml.merges"),
        bos: number("tokenizer.ggml.bos_token_id"),
        eos: number("tokenizer.ggml.eos_token_id"),
        adds_bos: metadata.bool("tokenizer.ggml.add_bos_token"),
    }
}

/// The value as JSON; of an array its length and its beginning.
fn shown(value: &Value) -> Json {
    match value {
        Value::U8(value) => json!(value),
        Value::I8(value) => json!(value),
        Value::U16(value) => json!(value),
        Value::I16(value) => json!(value),
        Value::U32(value) => json!(value),
        Value::I32(value) => json!(value),
        // By its shortest decimal form; widening it would show digits that nobody wrote.
        Value::F32(value) => value
            .to_string()
            .parse::<f64>()
            .map_or(Json::Null, |value| json!(value)),
        Value::Bool(value) => json!(value),
        Value::String(value) => json!(value),
        Value::U64(value) => json!(value),
        Value::I64(value) => json!(value),
        Value::F64(value) => json!(value),
        Value::Array(array) => json!({ "items": array.len(), "first": first(array) }),
    }
}

fn first(array: &Array) -> Json {
    fn start<T: Serialize>(items: &[T]) -> Json {
        json!(items.iter().take(SHOWN_ITEMS).collect::<Vec<_>>())
    }
    match array {
        Array::U8(items) => start(items),
        Array::I8(items) => start(items),
        Array::U16(items) => start(items),
        Array::I16(items) => start(items),
        Array::U32(items) => start(items),
        Array::I32(items) => start(items),
        Array::F32(items) => start(items),
        Array::Bool(items) => start(items),
        Array::String(items) => start(items),
        Array::U64(items) => start(items),
        Array::I64(items) => start(items),
        Array::F64(items) => start(items),
    }
}
