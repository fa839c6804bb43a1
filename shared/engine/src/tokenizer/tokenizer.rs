//! One tokenizer over all families.

use std::sync::Arc;

use tokenizers::{
    DecoderWrapper, Encoding, PostProcessorWrapper, PreTokenizerWrapper, TokenizerImpl,
};

use crate::checkpoint::gguf::Metadata;
use crate::error::EngineError;

use super::from_gguf::SpaceEscape;
use super::gguf_vocabulary::GgufVocabulary;
use super::pieces::Pieces;
use super::sentencepiece::SentencePieceBpe;
use super::token_kind::{TokenKind, byte_of};
use super::{TextStream, byte_level};

/// SentencePiece's model in the pipeline of the `tokenizers` crate.
pub(crate) type SentencePiecePipeline = TokenizerImpl<
    SentencePieceBpe,
    SpaceEscape,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// What cuts and merges.
pub(crate) enum Pipeline {
    SentencePiece(Box<SentencePiecePipeline>),
    Crate(Box<tokenizers::Tokenizer>),
}

impl Pipeline {
    fn encode(&self, text: &str) -> tokenizers::Result<Encoding> {
        match self {
            Self::SentencePiece(pipeline) => pipeline.encode_fast(text, false),
            Self::Crate(pipeline) => pipeline.encode_fast(text, false),
        }
    }
}

/// How the texts of the tokens stand for bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// UTF-8 with `▁` for a space and `<0x0A>` for single bytes.
    SentencePiece,
    /// GPT-2's characters, one for each byte.
    ByteLevel,
}

/// Tokens that steer the model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Specials {
    pub(crate) bos: Option<u32>,
    pub(crate) eos: Vec<u32>,
    pub(crate) adds_bos: bool,
}

/// Text to tokens and back. Cheap to clone.
#[derive(Clone)]
pub struct Tokenizer {
    pipeline: Arc<Pipeline>,
    pieces: Arc<Pieces>,
    alphabet: Alphabet,
    specials: Specials,
    adds_space_prefix: bool,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Tokenizer")
            .field("vocabulary_size", &self.pieces.len())
            .field("alphabet", &self.alphabet)
            .field("specials", &self.specials)
            .finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// The tokenizer that a GGUF file's `tokenizer.ggml.*` keys describe. `file` is the name for
    /// errors.
    ///
    /// # Errors
    /// A family or pre-tokenizer that is not supported, or keys that contradict each other; the
    /// key is named.
    pub fn from_gguf(metadata: &Metadata, file: &str) -> Result<Self, EngineError> {
        Self::from_vocabulary(&GgufVocabulary::read(metadata, file)?)
    }

    pub(crate) fn assemble(
        pipeline: Pipeline,
        pieces: Arc<Pieces>,
        alphabet: Alphabet,
        specials: Specials,
        adds_space_prefix: bool,
    ) -> Self {
        Self {
            pipeline: Arc::new(pipeline),
            pieces,
            alphabet,
            specials,
            adds_space_prefix,
        }
    }

    /// The same tokenizer with other begin and end tokens, for a `tokenizer.json` whose model
    /// names them in `config.json`. A begin token of `None` keeps the one found.
    ///
    /// # Errors
    /// [`EngineError::TokenOutOfRange`] for an id that does not exist.
    pub fn with_special_tokens(
        mut self,
        bos: Option<u32>,
        eos: &[u32],
    ) -> Result<Self, EngineError> {
        for &token in bos.iter().chain(eos) {
            self.check(token)?;
        }
        if let Some(bos) = bos {
            self.specials.bos = Some(bos);
        }
        if !eos.is_empty() {
            self.specials.eos = eos.to_vec();
        }
        Ok(self)
    }

    /// The tokens of a text. With `add_special`, the begin token stands first where the model
    /// wants one. A text that looks like a control token is a text.
    ///
    /// # Errors
    /// [`EngineError::Tokenizer`] when the text cannot be cut, [`EngineError::TokenOutOfRange`]
    /// when the file leads to a token that it does not have.
    pub fn encode(&self, text: &str, add_special: bool) -> Result<Vec<u32>, EngineError> {
        let mut tokens = Vec::new();
        if add_special && self.specials.adds_bos {
            tokens.extend(self.specials.bos);
        }
        if !text.is_empty() {
            let encoding = self
                .pipeline
                .encode(text)
                .map_err(|error| EngineError::Tokenizer(error.to_string()))?;
            tokens.extend_from_slice(encoding.get_ids());
        }
        // A file may name an unknown token that its vocabulary does not have.
        tokens.iter().try_for_each(|&token| self.check(token))?;
        Ok(tokens)
    }

    /// The text of tokens. Special tokens are left out, bytes that make no character become
    /// U+FFFD, and the space that [`Tokenizer::encode`] puts before a text is taken off again.
    pub fn decode(&self, tokens: &[u32]) -> String {
        let mut bytes = Vec::new();
        for &token in tokens {
            bytes.extend(self.token_bytes(token));
        }
        let from = usize::from(self.adds_space_prefix && bytes.first() == Some(&b' '));
        String::from_utf8_lossy(bytes.get(from..).unwrap_or(&[])).into_owned()
    }

    /// The bytes a token stands for; none for a special token or an id that does not exist. A
    /// token may end in the middle of a character.
    pub fn token_bytes(&self, token: u32) -> Vec<u8> {
        let text = self.pieces.text(token);
        match (self.pieces.kind(token), self.alphabet) {
            (None | Some(TokenKind::Control | TokenKind::Unknown), _) => Vec::new(),
            (Some(TokenKind::Byte), _) => byte_of(text).into_iter().collect(),
            (Some(_), Alphabet::SentencePiece) => text.replace('▁', " ").into_bytes(),
            (Some(TokenKind::UserDefined), Alphabet::ByteLevel) => text.as_bytes().to_vec(),
            (Some(_), Alphabet::ByteLevel) => byte_level::bytes_of(text),
        }
    }

    /// A token for people to read: a special token by its name, everything else as the text it
    /// stands for, with U+FFFD for parts of characters.
    pub fn token_text(&self, token: u32) -> String {
        if self.is_special(token) {
            return self.pieces.text(token).to_owned();
        }
        String::from_utf8_lossy(&self.token_bytes(token)).into_owned()
    }

    /// Number of tokens.
    pub fn vocabulary_size(&self) -> usize {
        self.pieces.len()
    }

    /// The token that begins a text.
    pub fn bos(&self) -> Option<u32> {
        self.specials.bos
    }

    /// The tokens that end a text, the usual one first.
    pub fn eos(&self) -> &[u32] {
        &self.specials.eos
    }

    /// Whether [`Tokenizer::encode`] puts the begin token first when asked for special tokens.
    pub fn adds_bos(&self) -> bool {
        self.specials.adds_bos
    }

    /// Whether a token steers the model and has no text.
    pub fn is_special(&self, token: u32) -> bool {
        self.pieces.kind(token).is_some_and(TokenKind::is_special)
    }

    /// Texts and kinds of all tokens as the file writes them.
    pub fn pieces(&self) -> &Pieces {
        &self.pieces
    }

    /// A decoder for tokens that arrive one by one.
    pub fn stream(&self) -> TextStream {
        TextStream::new()
    }

    /// SentencePiece's model, where the vocabulary is one.
    pub(crate) fn sentencepiece(&self) -> Option<&SentencePieceBpe> {
        match self.pipeline.as_ref() {
            Pipeline::SentencePiece(pipeline) => Some(pipeline.get_model()),
            Pipeline::Crate(_) => None,
        }
    }

    pub(crate) fn set_space_prefix(&mut self, prefix: bool) {
        self.adds_space_prefix = prefix;
    }

    fn check(&self, token: u32) -> Result<(), EngineError> {
        if (token as usize) < self.pieces.len() {
            return Ok(());
        }
        Err(EngineError::TokenOutOfRange {
            token,
            vocabulary: self.pieces.len(),
        })
    }
}
