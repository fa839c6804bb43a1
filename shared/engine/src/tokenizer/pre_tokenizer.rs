//! How byte-level vocabularies cut a text into words, by the name in `tokenizer.ggml.pre`.

use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{PreTokenizerWrapper, SplitDelimiterBehavior};

/// Names that [`patterns`] knows.
pub(crate) const KNOWN: &str = "default, gpt-2, llama-bpe, qwen2, smollm";

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The expressions that cut, one after the other, each inside what the earlier ones left; `None`
/// for a name that is not known.
fn patterns(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "gpt-2" => &[GPT2],
        "smollm" => &[r"\p{N}", GPT2],
        "llama-bpe" => &[LLAMA3],
        "qwen2" => &[QWEN2],
        "default" => &[r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
        _ => return None,
    })
}

/// Words that are in the vocabulary are taken whole, without merging.
pub(crate) fn takes_whole_words(name: &str) -> bool {
    name == "llama-bpe"
}

/// Vocabularies that want a begin token although their file does not say so.
pub(crate) fn adds_bos_by_default(name: &str) -> bool {
    name == "llama-bpe"
}

/// The pre-tokenizer with a name, ending in the byte alphabet.
///
/// # Errors
/// A name that is not known.
pub(crate) fn by_name(name: &str) -> Result<PreTokenizerWrapper, String> {
    let patterns = patterns(name)
        .ok_or_else(|| format!("pre-tokenizer `{name}` is not supported; known are {KNOWN}"))?;
    let mut steps: Vec<PreTokenizerWrapper> = Vec::with_capacity(patterns.len() + 1);
    for &pattern in patterns {
        let split = Split::new(
            SplitPattern::Regex(pattern.to_owned()),
            SplitDelimiterBehavior::Isolated,
            false,
        )
        .map_err(|error| format!("pre-tokenizer `{name}`: {error}"))?;
        steps.push(PreTokenizerWrapper::Split(split));
    }
    steps.push(PreTokenizerWrapper::ByteLevel(ByteLevel::new(
        false, false, false,
    )));
    Ok(PreTokenizerWrapper::Sequence(Sequence::new(steps)))
}
