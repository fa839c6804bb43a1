//! The metadata of a trimmed file.

use std::collections::HashSet;

use crate::checkpoint::gguf::{Array, Metadata, Value};
use crate::error::CheckpointError;
use crate::tokenizer::GgufVocabulary;

use super::select::{Selection, token_id_keys};

/// Where a trimmed file comes from; it says so under `polydetox.trim.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// SHA-256 of the full file, in hex.
    pub source_sha256: String,
    /// SHA-256 of the texts, in hex.
    pub corpus_sha256: String,
    /// Number of texts.
    pub corpus_texts: u64,
    /// BCP-47 codes of the languages.
    pub languages: Vec<String>,
}

/// The metadata of `full` with the vocabulary of `selection` and a note of where it comes from.
///
/// # Errors
/// When the vocabulary is broken or not the one that the selection was made from.
pub fn plan(
    full: &Metadata,
    selection: &Selection,
    provenance: &Provenance,
) -> Result<Metadata, CheckpointError> {
    let vocabulary = GgufVocabulary::read(full, full.file())?;
    if vocabulary.tokens.len() != selection.full_size() {
        return Err(vocabulary.fault("tokens", "not the vocabulary of the selection"));
    }
    let mut metadata = full.clone();
    let tokens: Vec<String> = pick(vocabulary.tokens, selection);
    if let Some(kinds) = full.i32s("tokenizer.ggml.token_type") {
        let kinds = Array::I32(pick(kinds, selection));
        metadata.set("tokenizer.ggml.token_type", Value::Array(kinds));
    }
    // Byte-level vocabularies may carry scores too, though nothing reads them.
    if let Some(scores) = full.f32s("tokenizer.ggml.scores") {
        let scores = Array::F32(pick(scores, selection));
        metadata.set("tokenizer.ggml.scores", Value::Array(scores));
    }
    if full.get("tokenizer.ggml.merges").is_some() {
        let known: HashSet<&str> = tokens.iter().map(String::as_str).collect();
        let possible = |merge: &&String| {
            GgufVocabulary::halves(merge).is_some_and(|(left, right)| {
                known.contains(left)
                    && known.contains(right)
                    && known.contains(format!("{left}{right}").as_str())
            })
        };
        let merges = vocabulary.merges.iter().filter(possible).cloned().collect();
        let merges = Value::Array(Array::String(merges));
        metadata.set("tokenizer.ggml.merges", merges);
    }
    for (key, token) in token_id_keys(full) {
        let new = selection.renumber(token).ok_or_else(|| {
            CheckpointError::new(full.file(), key, format!("token {token} was not kept"))
        })?;
        metadata.set(key, Value::U32(new));
    }
    let size = u32::try_from(selection.kept().len())
        .map_err(|_| vocabulary.fault("tokens", "too many tokens"))?;
    if let Some(architecture) = full.str("general.architecture") {
        let key = format!("{architecture}.vocab_size");
        if full.get(&key).is_some() {
            metadata.set(key, Value::U32(size));
        }
    }
    if let Some(name) = full.str("general.name") {
        let name = format!("{name}, {size} tokens");
        metadata.set("general.name", Value::String(name));
    }
    metadata.set("tokenizer.ggml.tokens", Value::Array(Array::String(tokens)));

    let note = [
        ("source_file", Value::String(full.file().to_owned())),
        (
            "source_sha256",
            Value::String(provenance.source_sha256.clone()),
        ),
        (
            "corpus_sha256",
            Value::String(provenance.corpus_sha256.clone()),
        ),
        ("corpus_texts", Value::U64(provenance.corpus_texts)),
        (
            "languages",
            Value::Array(Array::String(provenance.languages.clone())),
        ),
        (
            "kept_ids",
            Value::Array(Array::U32(selection.kept().to_vec())),
        ),
    ];
    for (key, value) in note {
        metadata.set(format!("polydetox.trim.{key}"), value);
    }
    Ok(metadata)
}

fn pick<T: Clone>(items: &[T], selection: &Selection) -> Vec<T> {
    let item = |&token: &u32| items.get(token as usize).cloned();
    selection.kept().iter().filter_map(item).collect()
}
