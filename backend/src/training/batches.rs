//! Which texts each update learns from.

use std::ops::Range;

use protocol::training::SftSettings;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Tokens of some texts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Texts {
    /// At least two tokens each.
    pub(super) sequences: Vec<Vec<u32>>,
    /// Texts that were cut.
    pub(super) truncated: u64,
    /// Texts that were left out.
    pub(super) skipped: u64,
}

impl Texts {
    /// Tokens as the model's tokenizer makes them, with its first token where it adds one, and its
    /// last where the settings want it and the text was not cut.
    pub(super) fn encode(
        model: &engine::Model,
        texts: &[String],
        settings: &SftSettings,
    ) -> Result<Self, engine::EngineError> {
        let tokenizer = model.tokenizer();
        let longest = (settings.max_length as usize).min(model.context_length());
        let mut encoded = Self {
            sequences: Vec::with_capacity(texts.len()),
            truncated: 0,
            skipped: 0,
        };
        for text in texts {
            let mut tokens = tokenizer.encode(text, true)?;
            if settings.append_eos {
                tokens.extend(tokenizer.eos().first());
            }
            if tokens.len() > longest {
                tokens.truncate(longest);
                encoded.truncated += 1;
            }
            if tokens.len() < 2 {
                encoded.skipped += 1;
            } else {
                encoded.sequences.push(tokens);
            }
        }
        Ok(encoded)
    }

    /// Tokens of all texts.
    pub(super) fn tokens(&self) -> u64 {
        self.sequences.iter().map(|text| text.len() as u64).sum()
    }

    pub(super) fn borrowed(&self) -> Vec<&[u32]> {
        self.sequences.iter().map(Vec::as_slice).collect()
    }
}

/// The order of the texts in an epoch: a shuffle of its own, so that a resumed run finds it again.
pub(super) fn order(count: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(epoch);
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut random);
    order
}

/// The updates of one epoch: ranges of [`order`]. The last batch and the last update may be smaller.
pub(super) fn updates(
    order: &[usize],
    texts: &[Vec<u32>],
    settings: &SftSettings,
) -> Vec<Range<usize>> {
    let limit = settings
        .batch_tokens
        .map_or(usize::MAX, |limit| limit as usize);
    let mut updates = Vec::new();
    let (mut first, mut batches) = (0, 0);
    let (mut held, mut tokens) = (0, 0);
    for (place, &text) in order.iter().enumerate() {
        let added = texts[text].len();
        let full = held == settings.batch_size as usize || tokens + added > limit;
        if held > 0 && full {
            (held, tokens) = (0, 0);
            batches += 1;
            if batches == settings.gradient_accumulation {
                updates.push(first..place);
                (first, batches) = (place, 0);
            }
        }
        held += 1;
        tokens += added;
    }
    if first < order.len() {
        updates.push(first..order.len());
    }
    updates
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(batch_size: u32, gradient_accumulation: u32, tokens: Option<u32>) -> SftSettings {
        SftSettings {
            batch_size,
            gradient_accumulation,
            batch_tokens: tokens,
            ..SftSettings::default()
        }
    }

    #[test]
    fn batches_by_texts_and_by_tokens() {
        let texts: Vec<Vec<u32>> = [4, 4, 4, 9, 2, 2, 2].map(|length| vec![0; length]).to_vec();
        let order: Vec<usize> = (0..texts.len()).collect();
        let cut = |settings: &SftSettings| updates(&order, &texts, settings);
        assert_eq!(cut(&settings(3, 1, None)), [0..3, 3..6, 6..7]);
        assert_eq!(cut(&settings(2, 2, None)), [0..4, 4..7]);
        assert_eq!(cut(&settings(9, 1, Some(8))), [0..2, 2..3, 3..4, 4..7]);
        assert_eq!(cut(&settings(9, 2, Some(8))), [0..3, 3..7]);
        assert_eq!(cut(&settings(9, 9, None)), [Range { start: 0, end: 7 }]);
    }

    #[test]
    fn orders_hold_every_text_once_and_differ() {
        let first = order(50, 1, 0);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
        assert_eq!(first, order(50, 1, 0));
        assert_ne!(first, order(50, 1, 1));
        assert_ne!(first, order(50, 2, 0));
    }
}
