//! How fast a scorer is on this machine.

use std::hint::black_box;
use std::time::{Duration, Instant};

use protocol::language::Language;
use scoring::scorer::{ScoreError, Scorer};

use crate::data::Pair;

/// Long enough that the clock's own time does not count, short enough to wait for.
const LONG_ENOUGH: Duration = Duration::from_millis(500);

/// Sentences of these pairs that one thread scores in a second, all languages by turns; `None` if
/// there are none.
///
/// # Errors
/// [`ScoreError`] if the scorer lacks a language or a text.
pub fn sentences_per_second(
    scorer: &dyn Scorer,
    pairs: &[(Language, &[Pair])],
) -> Result<Option<f64>, ScoreError> {
    let most = pairs.iter().map(|(_, pairs)| pairs.len()).max();
    let turns = (0..most.unwrap_or(0)).flat_map(|number| {
        pairs.iter().filter_map(move |(language, pairs)| {
            let pair = pairs.get(number)?;
            Some(pair.sides().map(|(_, text, _)| (*language, text)))
        })
    });
    let sentences: Vec<(Language, &str)> = turns.flatten().collect();
    let started = Instant::now();
    for (count, (language, text)) in (1_u32..).zip(sentences.iter().cycle()) {
        black_box(scorer.probability(text, *language)?);
        let taken = started.elapsed();
        if taken >= LONG_ENOUGH {
            return Ok(Some(f64::from(count) / taken.as_secs_f64()));
        }
    }
    Ok(None)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use scoring::lexicon::LexiconScorer;

    use super::*;

    #[test]
    fn sentences_are_counted_if_there_are_any() {
        let lists = [(Language::De, "[insult]\nTrottel".to_owned())];
        let scorer = LexiconScorer::from_lists(&lists).unwrap();
        let pairs = [Pair {
            toxic: "Du Trottel".to_owned(),
            neutral: "Du Mensch".to_owned(),
            line: 1,
            neutral_line: 1,
        }];
        let speed = |language, pairs| sentences_per_second(&scorer, &[(language, pairs)]);
        assert!(speed(Language::De, &pairs).unwrap().unwrap() > 2.0);
        assert_eq!(speed(Language::De, &[]), Ok(None));
        assert!(speed(Language::Zh, &pairs).is_err());
    }
}
