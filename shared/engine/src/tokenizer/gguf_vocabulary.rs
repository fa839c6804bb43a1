//! The vocabulary as a GGUF file's metadata gives it, checked but not yet built.

use crate::checkpoint::gguf::Metadata;
use crate::error::CheckpointError;

use super::token_kind::TokenKind;

/// The two ways of merging that GGUF files have under `tokenizer.ggml.model`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `llama`: SentencePiece BPE, joined by score.
    SentencePiece,
    /// `gpt2`: byte-level BPE, joined by a list of merges.
    ByteLevel,
}

/// Borrowed lists of a vocabulary; all as long as `tokens` where they are there at all.
#[derive(Debug, Clone)]
pub struct GgufVocabulary<'a> {
    /// Name of the file, for errors.
    pub file: &'a str,
    /// How pieces are merged.
    pub family: Family,
    /// Name of the pre-tokenizer; byte-level only.
    pub pre: &'a str,
    /// Text of every token as the file writes it.
    pub tokens: &'a [String],
    /// Kind of every token.
    pub kinds: Vec<TokenKind>,
    /// Score of every token; SentencePiece only, else empty.
    pub scores: &'a [f32],
    /// Pairs of tokens with a space between, best first; byte-level only, else empty.
    pub merges: &'a [String],
    /// Begin-of-text token.
    pub bos: Option<u32>,
    /// End-of-text, end-of-turn and end-of-message tokens that the file names.
    pub eos: Vec<u32>,
    /// Token for what cannot be written.
    pub unknown: Option<u32>,
    /// Whether the file wants a begin token; `None` where it does not say.
    pub adds_bos: Option<bool>,
    /// Whether a space is put before a text; `None` where the file does not say.
    pub adds_space_prefix: Option<bool>,
}

/// Keys under `tokenizer.ggml.` that hold a token id after which a text is over.
const ENDS: &[&str] = &["eos_token_id", "eot_token_id", "eom_token_id"];

impl<'a> GgufVocabulary<'a> {
    /// Reads and checks the `tokenizer.ggml.*` keys.
    ///
    /// # Errors
    /// A missing key, an unknown family, lists of different lengths, a token kind that does not
    /// exist, a score that is not a number, or an id outside the vocabulary; the key is named.
    pub fn read(metadata: &'a Metadata, file: &'a str) -> Result<Self, CheckpointError> {
        let fail = |key: &str, reason: String| CheckpointError::new(file, key, reason);
        let family = match metadata.require_str("tokenizer.ggml.model")? {
            "llama" => Family::SentencePiece,
            "gpt2" => Family::ByteLevel,
            other => {
                return Err(fail(
                    "tokenizer.ggml.model",
                    format!("`{other}` is not supported; supported are llama, gpt2"),
                ));
            }
        };
        let tokens = metadata.require_strings("tokenizer.ggml.tokens")?;
        if tokens.is_empty() {
            return Err(fail("tokenizer.ggml.tokens", "no tokens".to_owned()));
        }
        let same_length = |key: &str, length: usize| {
            if length == tokens.len() {
                return Ok(());
            }
            let reason = format!("{length} entries for {} tokens", tokens.len());
            Err(fail(key, reason))
        };

        let kinds = match metadata.get("tokenizer.ggml.token_type") {
            Some(_) => {
                let numbers = metadata.require_i32s("tokenizer.ggml.token_type")?;
                same_length("tokenizer.ggml.token_type", numbers.len())?;
                numbers
                    .iter()
                    .map(|&number| {
                        // 0 is "undefined", which old converters wrote for normal pieces.
                        TokenKind::from_number(number.max(1))
                            .filter(|_| number >= 0)
                            .ok_or_else(|| {
                                let reason = format!("{number} is no kind of token");
                                fail("tokenizer.ggml.token_type", reason)
                            })
                    })
                    .collect::<Result<_, _>>()?
            }
            None => vec![TokenKind::Normal; tokens.len()],
        };
        let scores = match family {
            Family::ByteLevel => &[],
            Family::SentencePiece => {
                let scores = metadata.require_f32s("tokenizer.ggml.scores")?;
                same_length("tokenizer.ggml.scores", scores.len())?;
                if let Some(token) = scores.iter().position(|score| score.is_nan()) {
                    let reason = format!("the score of token {token} is not a number");
                    return Err(fail("tokenizer.ggml.scores", reason));
                }
                scores
            }
        };
        let merges = match family {
            Family::SentencePiece => &[],
            Family::ByteLevel => metadata.require_strings("tokenizer.ggml.merges")?,
        };

        let id = |name: &str| -> Result<Option<u32>, CheckpointError> {
            let key = format!("tokenizer.ggml.{name}");
            if metadata.get(&key).is_none() {
                return Ok(None);
            }
            let id = metadata.require_u32(&key)?;
            if id as usize >= tokens.len() {
                let reason = format!("{id} is outside the vocabulary of {}", tokens.len());
                return Err(fail(&key, reason));
            }
            Ok(Some(id))
        };
        let mut eos = Vec::new();
        for name in ENDS {
            eos.extend(id(name)?.filter(|id| !eos.contains(id)));
        }
        Ok(Self {
            file,
            family,
            pre: metadata.str("tokenizer.ggml.pre").unwrap_or("default"),
            tokens,
            kinds,
            scores,
            merges,
            bos: id("bos_token_id")?,
            eos,
            unknown: id("unknown_token_id")?,
            adds_bos: metadata.bool("tokenizer.ggml.add_bos_token"),
            adds_space_prefix: metadata.bool("tokenizer.ggml.add_space_prefix"),
        })
    }

    /// An error about one of the keys under `tokenizer.ggml.`.
    pub(crate) fn fault(&self, key: &str, reason: impl Into<String>) -> CheckpointError {
        CheckpointError::new(self.file, format!("tokenizer.ggml.{key}"), reason)
    }

    /// The two halves of a merge.
    pub(crate) fn halves(merge: &str) -> Option<(&str, &str)> {
        // A piece may itself begin with a space, never contain one further on.
        let first = merge.chars().next()?.len_utf8();
        let space = first + merge.get(first..)?.find(' ')?;
        Some((merge.get(..space)?, merge.get(space + 1..)?))
    }
}
