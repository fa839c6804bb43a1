//! Sequences as rows.

use std::ops::Range;

use crate::EngineError;
use crate::decoder::DecoderSpec;

/// The tokens of some sequences that predict another token, row after row.
#[derive(Debug)]
pub(super) struct Batch {
    /// Token of every row.
    pub(super) tokens: Vec<u32>,
    /// What each row has to predict.
    pub(super) targets: Vec<u32>,
    /// Position of every row in its sequence.
    pub(super) positions: Vec<usize>,
    /// Rows of every sequence.
    pub(super) sequences: Vec<Range<usize>>,
}

impl Batch {
    /// Lays out sequences of at least two tokens; the last token of each is only predicted, so it
    /// has no row.
    pub(super) fn new(sequences: &[&[u32]]) -> Self {
        let mut batch = Self {
            tokens: Vec::new(),
            targets: Vec::new(),
            positions: Vec::new(),
            sequences: Vec::new(),
        };
        for sequence in sequences {
            let first = batch.tokens.len();
            batch
                .tokens
                .extend_from_slice(&sequence[..sequence.len() - 1]);
            batch.targets.extend_from_slice(&sequence[1..]);
            batch.positions.extend(0..sequence.len() - 1);
            batch.sequences.push(first..batch.tokens.len());
        }
        batch
    }

    pub(super) fn rows(&self) -> usize {
        self.tokens.len()
    }
}

/// Refuses sequences that cannot be learned from, before anything is computed.
pub(super) fn check(spec: &DecoderSpec, sequences: &[&[u32]]) -> Result<(), EngineError> {
    for (number, sequence) in sequences.iter().enumerate() {
        if sequence.len() < 2 {
            return Err(EngineError::Device(format!(
                "sequence {number} of a training batch has fewer than two tokens"
            )));
        }
        if sequence.len() > spec.context_length {
            return Err(EngineError::ContextOverflow {
                field: "max_length".to_owned(),
                tokens: sequence.len(),
                context: spec.context_length,
            });
        }
        if let Some(&token) = sequence
            .iter()
            .find(|token| **token as usize >= spec.vocabulary)
        {
            return Err(EngineError::TokenOutOfRange {
                token,
                vocabulary: spec.vocabulary,
            });
        }
    }
    Ok(())
}

/// Neighbouring sequences that go through the model together: as many as have `rows` rows at most,
/// or a single longer one.
pub(super) fn pieces<'s, 't>(sequences: &'s [&'t [u32]], rows: usize) -> Vec<&'s [&'t [u32]]> {
    let mut pieces = Vec::new();
    let (mut first, mut held) = (0, 0);
    for (number, sequence) in sequences.iter().enumerate() {
        let added = sequence.len() - 1;
        if number > first && held + added > rows {
            pieces.push(&sequences[first..number]);
            (first, held) = (number, 0);
        }
        held += added;
    }
    if first < sequences.len() {
        pieces.push(&sequences[first..]);
    }
    pieces
}
