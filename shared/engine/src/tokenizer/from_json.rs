//! Builds a tokenizer from the bytes of a `tokenizer.json`.

use std::sync::Arc;

use tokenizers::{DecoderWrapper, ModelWrapper};

use crate::error::{CheckpointError, EngineError};

use super::json_check;
use super::pieces::Pieces;
use super::special;
use super::token_kind::{TokenKind, byte_of};
use super::tokenizer::{Alphabet, Pipeline, Specials, Tokenizer};

impl Tokenizer {
    /// The tokenizer that a `tokenizer.json` describes. `file` is the name for errors. The begin
    /// token is what the file's post-processor puts first; the end tokens are the special ones
    /// with a customary name, see [`Tokenizer::with_special_tokens`] for a model that names them.
    ///
    /// # Errors
    /// A file that the `tokenizers` crate refuses, ids far outside the vocabulary, or a decoder
    /// that is neither SentencePiece's nor byte-level.
    pub fn from_json(bytes: &[u8], file: &str) -> Result<Self, EngineError> {
        let fail = |place: &str, reason: &str| CheckpointError::new(file, place, reason);
        json_check::check(bytes).map_err(|error| fail("tokenizer", &error.to_string()))?;
        // The crate panics on some contradictions (a sub-word prefix longer than a token, a broken
        // character map, a template with a token that it does not define). Where panics unwind,
        // that is an error like any other.
        std::panic::catch_unwind(|| Self::from_checked_json(bytes, file))
            .map_err(|_| fail("tokenizer", "its parts contradict each other"))?
    }

    fn from_checked_json(bytes: &[u8], file: &str) -> Result<Self, EngineError> {
        let fail = |place: &str, reason: String| CheckpointError::new(file, place, reason);
        let mut pipeline = tokenizers::Tokenizer::from_bytes(bytes)
            .map_err(|error| fail("tokenizer", error.to_string()))?;
        pipeline.set_encode_special_tokens(true);
        pipeline
            .with_truncation(None)
            .map_err(|error| fail("truncation", error.to_string()))?
            .with_padding(None);
        let alphabet = pipeline
            .get_decoder()
            .ok_or_else(|| fail("decoder", "missing".to_owned()))
            .and_then(|decoder| {
                alphabet(decoder).ok_or_else(|| {
                    let name = format!("{decoder:?}");
                    let name = name.split(['(', ' ', '{']).next().unwrap_or("");
                    fail(
                        "decoder",
                        format!("`{name}` is not supported; supported are ByteLevel, Metaspace, Replace, ByteFallback"),
                    )
                })
            })?;
        let pieces = Arc::new(pieces(&pipeline, bytes.len(), file)?);

        let specials = specials(&pipeline, &pieces)
            .map_err(|error| fail("post_processor", error.to_string()))?;
        let mut tokenizer = Self::assemble(
            Pipeline::Crate(Box::new(pipeline)),
            pieces,
            alphabet,
            specials,
            false,
        );
        let first = tokenizer.encode("a", false)?.first().copied();
        let first = first.map(|token| tokenizer.token_bytes(token));
        let prefix = first.is_some_and(|bytes| bytes.first() == Some(&b' '));
        tokenizer.set_space_prefix(prefix);
        Ok(tokenizer)
    }
}

/// How the tokens stand for bytes, as the decoder tells it.
fn alphabet(decoder: &DecoderWrapper) -> Option<Alphabet> {
    match decoder {
        DecoderWrapper::ByteLevel(_) => Some(Alphabet::ByteLevel),
        DecoderWrapper::Metaspace(_)
        | DecoderWrapper::Replace(_)
        | DecoderWrapper::ByteFallback(_) => Some(Alphabet::SentencePiece),
        DecoderWrapper::Sequence(sequence) => sequence.get_decoders().iter().find_map(alphabet),
        _ => None,
    }
}

fn pieces(
    pipeline: &tokenizers::Tokenizer,
    file_bytes: usize,
    file: &str,
) -> Result<Pieces, CheckpointError> {
    let added = pipeline.get_added_tokens_decoder();
    let has_bytes = match pipeline.get_model() {
        ModelWrapper::BPE(model) => model.byte_fallback,
        ModelWrapper::Unigram(model) => model.byte_fallback(),
        _ => false,
    };
    let mut by_id: Vec<(u32, String)> = pipeline
        .get_vocab(true)
        .into_iter()
        .map(|(text, token)| (token, text))
        .collect();
    by_id.sort_unstable();
    let mut pieces = Pieces::default();
    for (token, text) in by_id {
        // A hole costs a few bytes; more holes than the file has bytes are an attack.
        if token as usize >= file_bytes {
            let reason = format!("id {token} of `{text}` is outside the vocabulary");
            return Err(CheckpointError::new(file, "vocab", reason));
        }
        while pieces.len() < token as usize {
            pieces.push("", TokenKind::Unused);
        }
        if pieces.len() > token as usize {
            let first = pieces.text(token).to_owned();
            let reason = format!("`{first}` and `{text}` both have id {token}");
            return Err(CheckpointError::new(file, "vocab", reason));
        }
        let kind = match added.get(&token) {
            Some(token) if token.special => TokenKind::Control,
            Some(_) => TokenKind::UserDefined,
            None if has_bytes && byte_of(&text).is_some() => TokenKind::Byte,
            None => TokenKind::Normal,
        };
        pieces.push(&text, kind);
    }
    pieces.shrink();
    Ok(pieces)
}

/// What the post-processor puts before a text, and the ends by name.
fn specials(pipeline: &tokenizers::Tokenizer, pieces: &Pieces) -> tokenizers::Result<Specials> {
    let first = pipeline.encode_fast("", true)?.get_ids().first().copied();
    let eos: Vec<u32> = pieces
        .iter()
        .filter(|(_, text, kind)| *kind == TokenKind::Control && special::ends_text(text))
        .map(|(token, _, _)| token)
        .collect();
    let bos = first.filter(|token| !eos.contains(token));
    Ok(Specials {
        bos,
        eos,
        adds_bos: bos.is_some(),
    })
}
