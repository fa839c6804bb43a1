//! Which tokens go through the model together.

use std::ops::Range;

use super::pass::Chunk;
use crate::EngineError;
use crate::decoder::DecoderSpec;
use crate::hooks::{ChunkRows, RowLayout};

/// Tokens of one sequence that go through the model together. Longer chunks go in pieces, so that
/// attention scores (heads · piece · positions) stay small.
pub(super) const PIECE: usize = 512;

/// Refuses chunks that cannot run, before anything is computed.
pub(super) fn validate(spec: &DecoderSpec, chunks: &[Chunk<'_>]) -> Result<(), EngineError> {
    if chunks.is_empty() {
        return Err(EngineError::Device(
            "a forward pass without chunks".to_owned(),
        ));
    }
    for (number, chunk) in chunks.iter().enumerate() {
        if chunk.tokens.is_empty() {
            return Err(EngineError::Device(format!("chunk {number} has no tokens")));
        }
        if chunk.cache.layers.len() != spec.layers.len() {
            return Err(EngineError::Device(format!(
                "the cache of chunk {number} belongs to another model"
            )));
        }
        let end = chunk.cache.length() + chunk.tokens.len();
        if end > chunk.cache.capacity() {
            return Err(EngineError::ContextOverflow {
                field: "cache".to_owned(),
                tokens: end,
                context: chunk.cache.capacity(),
            });
        }
        if let Some(&token) = chunk
            .tokens
            .iter()
            .find(|&&token| token as usize >= spec.vocabulary)
        {
            return Err(EngineError::TokenOutOfRange {
                token,
                vocabulary: spec.vocabulary,
            });
        }
    }
    Ok(())
}

/// The tokens of every chunk that piece number `piece` covers; empty where the chunk is shorter.
pub(super) fn piece_of(tokens: usize, piece: usize) -> Range<usize> {
    (piece * PIECE).min(tokens)..((piece + 1) * PIECE).min(tokens)
}

/// Rows of piece number `piece`, chunk after chunk; positions continue after each cache's length.
pub(super) fn rows_of(chunks: &[Chunk<'_>], piece: usize) -> RowLayout {
    let mut next = 0;
    let mut layout = RowLayout::default();
    for (number, chunk) in chunks.iter().enumerate() {
        let count = piece_of(chunk.tokens.len(), piece).len();
        if count > 0 {
            layout.chunks.push(ChunkRows {
                chunk: number,
                rows: next..next + count,
                first_position: chunk.cache.length(),
            });
            next += count;
        }
    }
    layout
}
