//! Builds a tokenizer from a checked GGUF vocabulary.

use std::sync::Arc;

use tokenizers::models::bpe::{BpeBuilder, Vocab};
use tokenizers::{AddedToken, TokenizerImpl};

use crate::error::{CheckpointError, EngineError};

use super::gguf_vocabulary::{Family, GgufVocabulary};
use super::pieces::{PieceIndex, Pieces};
use super::sentencepiece::{Fallback, SentencePieceBpe};
use super::token_kind::{TokenKind, byte_of};
use super::tokenizer::{Alphabet, Pipeline, Specials, Tokenizer};
use super::{pre_tokenizer, special};

/// Words whose tokens the byte-level model remembers, per thread.
const CACHED_WORDS: usize = 4096;

/// Replaces spaces by `▁`, the form in which SentencePiece writes them, and puts one in front of
/// every stretch of text where the vocabulary wants that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpaceEscape {
    prefix: bool,
}

impl tokenizers::Normalizer for SpaceEscape {
    fn normalize(&self, text: &mut tokenizers::NormalizedString) -> tokenizers::Result<()> {
        if self.prefix {
            text.prepend(" ");
        }
        text.map(|character| if character == ' ' { '▁' } else { character });
        Ok(())
    }
}

impl Tokenizer {
    pub(crate) fn from_vocabulary(vocabulary: &GgufVocabulary) -> Result<Self, EngineError> {
        let mut pieces = Pieces::default();
        for (text, &kind) in vocabulary.tokens.iter().zip(&vocabulary.kinds) {
            pieces.push(text, kind);
        }
        pieces.shrink();
        let pieces = Arc::new(pieces);
        let index = PieceIndex::new(&pieces).map_err(|(first, second)| {
            let text = pieces.text(first);
            vocabulary.fault("tokens", format!("{first} and {second} are both `{text}`"))
        })?;
        let specials = specials(vocabulary, &pieces)?;
        let prefix = vocabulary.family == Family::SentencePiece
            && vocabulary.adds_space_prefix.unwrap_or(true);
        let (pipeline, alphabet) = match vocabulary.family {
            Family::SentencePiece => (
                sentencepiece(vocabulary, &pieces, index, prefix)?,
                Alphabet::SentencePiece,
            ),
            Family::ByteLevel => (byte_level(vocabulary, &pieces)?, Alphabet::ByteLevel),
        };
        Ok(Self::assemble(pipeline, pieces, alphabet, specials, prefix))
    }
}

fn specials(vocabulary: &GgufVocabulary, pieces: &Pieces) -> Result<Specials, CheckpointError> {
    let by_default = match vocabulary.family {
        Family::SentencePiece => true,
        Family::ByteLevel => pre_tokenizer::adds_bos_by_default(vocabulary.pre),
    };
    if vocabulary.adds_bos == Some(true) && vocabulary.bos.is_none() {
        return Err(vocabulary.fault("bos_token_id", "missing, though add_bos_token is set"));
    }
    let mut eos = vocabulary.eos.clone();
    eos.extend(pieces.iter().filter_map(|(token, text, kind)| {
        let ends = kind == TokenKind::Control && special::ends_text(text);
        (ends && !vocabulary.eos.contains(&token)).then_some(token)
    }));
    Ok(Specials {
        bos: vocabulary.bos,
        eos,
        adds_bos: vocabulary.bos.is_some() && vocabulary.adds_bos.unwrap_or(by_default),
    })
}

fn sentencepiece(
    vocabulary: &GgufVocabulary,
    pieces: &Arc<Pieces>,
    index: PieceIndex,
    prefix: bool,
) -> Result<Pipeline, EngineError> {
    let fallback = byte_fallback(vocabulary, pieces)?;
    let model = SentencePieceBpe::new(
        Arc::clone(pieces),
        index,
        vocabulary.scores.to_vec(),
        fallback,
    );
    let mut pipeline = TokenizerImpl::new(model);
    pipeline
        .with_normalizer(Some(SpaceEscape { prefix }))
        .map_err(|error| EngineError::Tokenizer(error.to_string()))?;
    pipeline
        .add_tokens(user_defined(pieces))
        .map_err(|error| vocabulary.fault("tokens", error.to_string()))?;
    Ok(Pipeline::SentencePiece(Box::new(pipeline)))
}

/// All 256 byte tokens, or the unknown token where there is not a single one.
fn byte_fallback(
    vocabulary: &GgufVocabulary,
    pieces: &Pieces,
) -> Result<Fallback, CheckpointError> {
    let mut bytes: [Option<u32>; 256] = [None; 256];
    for (token, text, kind) in pieces.iter() {
        if kind != TokenKind::Byte {
            continue;
        }
        let byte = byte_of(text).ok_or_else(|| {
            vocabulary.fault("tokens", format!("{token}: `{text}` names no byte"))
        })?;
        if let Some(place) = bytes.get_mut(usize::from(byte)) {
            *place = Some(token);
        }
    }
    if bytes.iter().all(Option::is_none) {
        return vocabulary.unknown.map(Fallback::Unknown).ok_or_else(|| {
            vocabulary.fault("unknown_token_id", "missing, and there are no byte tokens")
        });
    }
    let mut complete = Box::new([0; 256]);
    for (byte, (place, token)) in complete.iter_mut().zip(bytes).enumerate() {
        *place = token.ok_or_else(|| {
            vocabulary.fault(
                "tokens",
                format!("the byte token <0x{byte:02X}> is missing"),
            )
        })?;
    }
    Ok(Fallback::Bytes(complete))
}

fn byte_level(vocabulary: &GgufVocabulary, pieces: &Pieces) -> Result<Pipeline, EngineError> {
    let cut =
        pre_tokenizer::by_name(vocabulary.pre).map_err(|reason| vocabulary.fault("pre", reason))?;
    // Control tokens stay out, so that no text can be merged into one.
    let vocab: Vocab = pieces
        .iter()
        .filter(|(_, _, kind)| !kind.is_special())
        .map(|(token, text, _)| (text.to_owned(), token))
        .collect();
    let mut merges = Vec::with_capacity(vocabulary.merges.len());
    for (rank, merge) in vocabulary.merges.iter().enumerate() {
        let (left, right) = GgufVocabulary::halves(merge).ok_or_else(|| {
            vocabulary.fault("merges", format!("merge {rank}, `{merge}`, is no pair"))
        })?;
        // The crate reserves room for the longest token and panics on a merge beyond it.
        if !vocab.contains_key(format!("{left}{right}").as_str()) {
            let reason = format!("merge {rank}, `{merge}`, makes no token");
            return Err(vocabulary.fault("merges", reason).into());
        }
        merges.push((left.to_owned(), right.to_owned()));
    }
    let model = BpeBuilder::new()
        .vocab_and_merges(vocab, merges)
        .ignore_merges(pre_tokenizer::takes_whole_words(vocabulary.pre))
        .cache_capacity(CACHED_WORDS)
        .build()
        .map_err(|error| vocabulary.fault("merges", error.to_string()))?;
    let mut pipeline = tokenizers::Tokenizer::new(model);
    pipeline.with_pre_tokenizer(Some(cut));
    pipeline
        .add_tokens(user_defined(pieces))
        .map_err(|error| vocabulary.fault("tokens", error.to_string()))?;
    Ok(Pipeline::Crate(Box::new(pipeline)))
}

/// User-defined pieces, which are cut out of the text as it was written.
fn user_defined(pieces: &Pieces) -> Vec<AddedToken> {
    pieces
        .iter()
        .filter(|(_, text, kind)| *kind == TokenKind::UserDefined && !text.is_empty())
        .map(|(_, text, _)| AddedToken::from(text, false).normalized(false))
        .collect()
}
