//! Text to tokens and back, for the vocabularies that checkpoints carry: SentencePiece BPE as in
//! Gemma, byte-level BPE as in GPT-2 and SmolLM2, and whatever a `tokenizer.json` describes.

pub mod byte_level;
mod from_gguf;
mod from_json;
mod gguf_vocabulary;
mod json_check;
mod pieces;
mod pre_tokenizer;
mod sentencepiece;
mod special;
mod text_stream;
mod token_kind;
#[allow(clippy::module_inception)] // the room and its main type share a name
mod tokenizer;

pub use gguf_vocabulary::{Family, GgufVocabulary};
pub use pieces::Pieces;
pub use sentencepiece::SentencePieceBpe;
pub use text_stream::TextStream;
pub use token_kind::TokenKind;
pub use tokenizer::Tokenizer;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
pub(crate) mod tests;
