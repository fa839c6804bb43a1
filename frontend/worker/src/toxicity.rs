//! The n-gram scorer, here as on the server: how toxic a text is, and which language it is in.

use protocol::api::score::{ScoreRequest, ScoreResponse};
use protocol::local::IdentifiedLanguage;
use scoring::flags;
use scoring::ngram::NgramScorer;
use scoring::text_score::{response, text_score};

use crate::failure::Failure;

/// The one scorer that comes with the worker.
const SCORER: &str = "ngram";

/// Scores the texts of a request.
///
/// # Errors
/// [`Failure::Scorer`] for another scorer than `ngram`, [`Failure::Score`] where it has no score.
pub fn score(request: &ScoreRequest) -> Result<ScoreResponse, Failure> {
    if let Some(other) = request.scorer.as_deref().filter(|name| *name != SCORER) {
        return Err(Failure::Scorer(other.to_owned()));
    }
    let scorer = NgramScorer::embedded().map_err(|error| Failure::Broken(error.to_string()))?;
    let texts = request
        .texts
        .iter()
        .map(|text| text_score(scorer, text, request.language, request.as_given))
        .collect::<Result<_, _>>()?;
    Ok(response(scorer, texts))
}

/// Tells the language of a text.
pub fn identify(text: &str) -> IdentifiedLanguage {
    match flags::identify(text) {
        Ok(language) => IdentifiedLanguage {
            language: Some(language),
            other: None,
        },
        Err(other) => IdentifiedLanguage {
            language: None,
            other: other.map(str::to_owned),
        },
    }
}
