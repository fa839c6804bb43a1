//! The whole study in one file, as the program keeps it.

use protocol::study::{Sample, StudyExport};

use crate::study::directory::StudyDirectory;
use crate::study::error::StudyError;
use crate::study::piece::{prompt_sets, states};
use crate::study::results::Texts;

/// Characters of a text in a selection.
const TEXT_LIMIT: usize = 160;

/// Writes the study.
///
/// # Errors
/// None that memory allows.
pub fn json(export: &StudyExport) -> Result<Vec<u8>, StudyError> {
    let mut bytes =
        serde_json::to_vec(export).map_err(|error| StudyError::Export(error.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// So many texts of each cell, those that changed most, shortened and without their prompts, which
/// belong to the data set and not to the study.
///
/// # Errors
/// The texts are not there.
pub fn selection(study: &StudyDirectory, each: usize) -> Result<Vec<Sample>, StudyError> {
    if each == 0 {
        return Ok(Vec::new());
    }
    let spec = study.spec();
    let texts = Texts::read(study)?;
    let scorer = spec.scorers.first().map_or("", String::as_str);
    let mut selection = Vec::new();
    for state in states(spec) {
        for set in prompt_sets(spec) {
            let mut samples = texts.samples(state.strategy, state.seed, set.split, set.language);
            samples.retain(|sample| sample.change(scorer).is_some_and(|change| change != 0.0));
            let size = |sample: &Sample| sample.change(scorer).unwrap_or_default().abs();
            samples.sort_by(|left, right| size(right).total_cmp(&size(left)));
            samples.truncate(each);
            for sample in &mut samples {
                sample.prompt.clear();
                for side in [&mut sample.before, &mut sample.after] {
                    side.text = side.text.chars().take(TEXT_LIMIT).collect();
                }
            }
            selection.extend(samples);
        }
    }
    Ok(selection)
}
