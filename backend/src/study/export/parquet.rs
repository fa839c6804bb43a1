//! All prompts, completions and scores as a table.

use protocol::study::{SampleText, Strategy};

use crate::data::parquet::{Cell, Column, ColumnKind, Writer};
use crate::study::error::StudyError;
use crate::study::opened::Opened;
use crate::study::piece::{prompt_sets, states};
use crate::study::results::{Texts, current};

/// Writes one row for each completion; the last column says what all of it comes from.
///
/// # Errors
/// The texts are not there.
pub fn parquet(study: &Opened) -> Result<Vec<u8>, StudyError> {
    let study = match study {
        Opened::Own(study) => study,
        Opened::Example(export) => {
            return Err(StudyError::ReadOnly {
                name: export.spec.name.clone(),
                action: "exported with its texts, of which it has only a selection",
            });
        }
    };
    let failed = |error: std::io::Error| StudyError::Export(error.to_string());
    let spec = study.spec();
    let texts = Texts::read(study)?;
    let from = super::provenance(&current(study)?);
    let scores: Vec<String> = spec
        .scorers
        .iter()
        .map(|scorer| format!("score_{scorer}"))
        .collect();
    let fixed = [
        ("strategy", ColumnKind::Text),
        ("seed", ColumnKind::Integer),
        ("split", ColumnKind::Text),
        ("language", ColumnKind::Text),
        ("prompt_id", ColumnKind::Text),
        ("k", ColumnKind::Integer),
        ("prompt", ColumnKind::Text),
        ("completion", ColumnKind::Text),
        ("detected_language", ColumnKind::Text),
        ("empty", ColumnKind::Integer),
        ("refusal", ColumnKind::Integer),
        ("drift", ColumnKind::Integer),
        ("repetition", ColumnKind::Integer),
        ("perplexity", ColumnKind::Float),
        ("provenance", ColumnKind::Text),
    ];
    let columns: Vec<Column<'_>> = fixed
        .into_iter()
        .chain(scores.iter().map(|name| (name.as_str(), ColumnKind::Float)))
        .map(|(name, kind)| Column { name, kind })
        .collect();
    let mut writer = Writer::new(Vec::new(), &columns).map_err(failed)?;
    let whole = |number: u64| Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    for state in states(spec) {
        let strategy = state.strategy.to_string();
        for set in prompt_sets(spec) {
            for sample in texts.samples(state.strategy, state.seed, set.split, set.language) {
                let text: &SampleText = match state.strategy {
                    Strategy::ZeroShot => &sample.before,
                    _ => &sample.after,
                };
                let mut row = vec![
                    Cell::Text(&strategy),
                    whole(state.seed),
                    Cell::Text(set.split.name()),
                    Cell::Text(set.language.code()),
                    Cell::Text(&sample.prompt_id),
                    whole(sample.k as u64),
                    Cell::Text(&sample.prompt),
                    Cell::Text(&text.text),
                    Cell::Text(&text.language),
                    whole(text.empty.into()),
                    whole(text.refusal.into()),
                    whole(text.drift.into()),
                    whole(text.repetition.into()),
                    text.perplexity.map_or(Cell::Absent, Cell::Float),
                    Cell::Text(&from),
                ];
                row.extend(spec.scorers.iter().map(|scorer| {
                    let score = text.scores.get(scorer).copied();
                    score.map_or(Cell::Absent, Cell::Float)
                }));
                writer.push(&row).map_err(failed)?;
            }
        }
    }
    writer.finish().map_err(failed)
}
