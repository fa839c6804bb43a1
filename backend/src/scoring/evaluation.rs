//! How far a scorer can be trusted: measured on pairs and clean text that it never saw.

use std::collections::BTreeMap;
use std::fmt::Write;

pub use protocol::evaluation::{
    CompletionEvaluation, Evaluation, LanguageEvaluation, Mistake, SourceEvaluation,
};
use protocol::language::Language;
use rayon::prelude::*;
use scoring::completions::Completion;
use scoring::flags::Flags;
use scoring::scorer::{ScoreError, Scorer};
use scoring::statistics::{
    auc, average_precision, bootstrap, bootstrap_pairs, false_positive_rate, pair_accuracy, recall,
    reliability,
};

use crate::data::Pair;

/// A text counts as toxic from here on.
const THRESHOLD: f64 = 0.5;
/// Resamples per interval.
const ROUNDS: usize = 1_000;
/// Mistakes that are shown per language.
const SHOWN: usize = 5;

/// Texts of one source with their labels.
#[derive(Debug, Clone)]
pub struct CleanSource {
    /// Its name.
    pub name: String,
    /// Whether the scorer was trained on it.
    pub trained_on: bool,
    /// Texts by language, with their labels.
    pub texts: BTreeMap<Language, Vec<(String, bool)>>,
}

/// Evaluates on pairs, on further sources and on completions of models.
///
/// # Errors
/// [`ScoreError`] if the scorer lacks a language or a text.
pub fn evaluate(
    scorer: &dyn Scorer,
    data: &str,
    pairs: &[(Language, &[Pair])],
    sources: &[CleanSource],
    completions: &[Completion],
    seed: u64,
) -> Result<Evaluation, ScoreError> {
    let languages: Vec<LanguageEvaluation> = pairs
        .iter()
        .map(|(language, pairs)| on_pairs(scorer, *language, pairs, seed))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    let mut measured = Vec::new();
    for source in sources {
        for (language, texts) in &source.texts {
            measured.push(on_source(scorer, source, *language, texts, seed)?);
        }
    }
    let aucs: f64 = languages.iter().map(|language| language.auc.value).sum();
    Ok(Evaluation {
        scorer: scorer.identity().clone(),
        data: data.to_owned(),
        seed,
        mean_auc: aucs / languages.len().max(1) as f64,
        languages,
        sources: measured,
        completions: on_completions(scorer, completions)?,
    })
}

fn on_pairs(
    scorer: &dyn Scorer,
    language: Language,
    pairs: &[Pair],
    seed: u64,
) -> Result<Option<LanguageEvaluation>, ScoreError> {
    let scored: Vec<_> = pairs
        .par_iter()
        .map(|pair| {
            Ok((
                scorer.score(&pair.toxic, language)?,
                scorer.score(&pair.neutral, language)?,
            ))
        })
        .collect::<Result<_, ScoreError>>()?;
    let values: Vec<(f64, f64)> = scored
        .iter()
        .map(|(toxic, neutral)| (toxic.probability, neutral.probability))
        .collect();
    let texts: Vec<(f64, bool)> = values
        .iter()
        .flat_map(|(toxic, neutral)| [(*toxic, true), (*neutral, false)])
        .collect();
    let interval = |measure: fn(&[(f64, bool)]) -> Option<f64>| {
        bootstrap_pairs(&values, ROUNDS, seed, measure)
    };
    let (
        Some(auc),
        Some(average_precision),
        Some(recall),
        Some(false_positive_rate),
        Some(pair_accuracy),
    ) = (
        interval(auc),
        interval(average_precision),
        interval(|texts| recall(texts, THRESHOLD)),
        interval(|texts| false_positive_rate(texts, THRESHOLD)),
        bootstrap(&values, ROUNDS, seed, pair_accuracy),
    )
    else {
        return Ok(None);
    };
    let mut mistakes: Vec<Mistake> = pairs
        .iter()
        .zip(scored)
        .flat_map(|(pair, (toxic, neutral))| {
            [(&pair.toxic, true, toxic), (&pair.neutral, false, neutral)]
        })
        .filter(|(_, toxic, score)| (score.probability >= THRESHOLD) != *toxic)
        .map(|(text, toxic, score)| Mistake {
            text: text.clone(),
            toxic,
            probability: score.probability,
            reasons: score
                .reasons
                .into_iter()
                .map(|reason| reason.text)
                .collect(),
        })
        .collect();
    mistakes.sort_by(|left, right| {
        let off = |mistake: &Mistake| (mistake.probability - THRESHOLD).abs();
        off(right).total_cmp(&off(left))
    });
    mistakes.truncate(SHOWN);
    Ok(Some(LanguageEvaluation {
        language,
        pairs: pairs.len(),
        auc,
        average_precision,
        recall,
        false_positive_rate,
        pair_accuracy,
        reliability: reliability(&texts),
        mistakes,
    }))
}

fn on_source(
    scorer: &dyn Scorer,
    source: &CleanSource,
    language: Language,
    texts: &[(String, bool)],
    seed: u64,
) -> Result<SourceEvaluation, ScoreError> {
    let values: Vec<(f64, bool)> = texts
        .par_iter()
        .map(|(text, toxic)| Ok((scorer.probability(text, language)?, *toxic)))
        .collect::<Result<_, ScoreError>>()?;
    let toxic = texts.iter().filter(|(_, toxic)| *toxic).count();
    let interval =
        |measure: fn(&[(f64, bool)]) -> Option<f64>| bootstrap(&values, ROUNDS / 5, seed, measure);
    Ok(SourceEvaluation {
        source: source.name.clone(),
        language,
        trained_on: source.trained_on,
        toxic,
        clean: texts.len() - toxic,
        false_positive_rate: interval(|texts| false_positive_rate(texts, THRESHOLD)),
        recall: interval(|texts| recall(texts, THRESHOLD)),
        auc: auc(&values),
    })
}

/// By category within each language, and each language as a whole.
fn on_completions(
    scorer: &dyn Scorer,
    completions: &[Completion],
) -> Result<Vec<CompletionEvaluation>, ScoreError> {
    let mut groups: BTreeMap<(Language, &str), Vec<(f64, bool)>> = BTreeMap::new();
    for completion in completions {
        let expected = completion.language;
        let flags = Flags::of(&completion.text, expected);
        // A text without letters is no score of 0: it has none, and a study leaves it out as well.
        if flags.empty || !scorer.identity().languages.contains(&expected) {
            continue;
        }
        let language = flags.scoring_language(expected);
        let found = (scorer.probability(&completion.text, language)?, flags.drift);
        for category in [completion.category.name(), "all"] {
            groups.entry((expected, category)).or_default().push(found);
        }
    }
    let share = |count: usize, of: usize| count as f64 / of as f64;
    Ok(groups
        .into_iter()
        .map(|((language, category), found)| CompletionEvaluation {
            language,
            category: category.to_owned(),
            texts: found.len(),
            drift: share(
                found.iter().filter(|(_, drift)| *drift).count(),
                found.len(),
            ),
            mean: found
                .iter()
                .map(|(probability, _)| probability)
                .sum::<f64>()
                / found.len() as f64,
            false_positive_rate: share(
                found
                    .iter()
                    .filter(|(probability, _)| *probability >= THRESHOLD)
                    .count(),
                found.len(),
            ),
        })
        .collect())
}

/// The evaluation as a table for people.
pub fn table(evaluation: &Evaluation) -> String {
    let scorer = &evaluation.scorer;
    let mut text = format!(
        "{} {} ({}) on {}\n\n\
         language  pairs  AUC [95 %]             pair acc.  AP     recall  FPR    ECE\n",
        scorer.name, scorer.version, scorer.hash, evaluation.data
    );
    for language in &evaluation.languages {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:<8}  {:>5}  {:.3} [{:.3}, {:.3}]  {:>9.3}  {:.3}  {:>6.3}  {:.3}  {:.3}",
            language.language.code(),
            language.pairs,
            language.auc.value,
            language.auc.low,
            language.auc.high,
            language.pair_accuracy.value,
            language.average_precision.value,
            language.recall.value,
            language.false_positive_rate.value,
            language.reliability.error,
        );
    }
    let _ = writeln!(text, "mean             {:.3}", evaluation.mean_auc);
    if !evaluation.sources.is_empty() {
        text.push_str(
            "\nsource                   language  toxic  clean  false positives [95 %]  recall  AUC\n",
        );
    }
    for source in &evaluation.sources {
        let trained = if source.trained_on {
            " (trained on)"
        } else {
            ""
        };
        let rate = source.false_positive_rate.map_or_else(
            || "-".to_owned(),
            |rate| format!("{:.3} [{:.3}, {:.3}]", rate.value, rate.low, rate.high),
        );
        let number =
            |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
        let _ = writeln!(
            text,
            "{:<24} {:<8}  {:>5}  {:>5}  {rate:<23} {:>6}  {}",
            format!("{}{trained}", source.source),
            source.language.code(),
            source.toxic,
            source.clean,
            number(source.recall.map(|recall| recall.value)),
            number(source.auc),
        );
    }
    if !evaluation.completions.is_empty() {
        text.push_str("\ncompletions of models, none toxic\nlanguage  category  texts  drift  mean   above 0.5\n");
    }
    for group in &evaluation.completions {
        let _ = writeln!(
            text,
            "{:<8}  {:<8}  {:>5}  {:.3}  {:.3}  {:>9.3}",
            group.language.code(),
            group.category,
            group.texts,
            group.drift,
            group.mean,
            group.false_positive_rate,
        );
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use scoring::lexicon::LexiconScorer;

    use super::*;
    use crate::scoring::reliability_svg;

    #[test]
    fn pairs_and_sources_are_measured() {
        let lists = [(Language::De, "[insult]\nTrottel".to_owned())];
        let scorer = LexiconScorer::from_lists(&lists).unwrap();
        let pair = |toxic: &str, neutral: &str| Pair {
            toxic: toxic.to_owned(),
            neutral: neutral.to_owned(),
            line: 1,
            neutral_line: 1,
        };
        let pairs = [
            pair("Du Trottel", "Du Mensch"),
            pair("Du Schelm", "Du Kind"),
        ];
        let source = CleanSource {
            name: "everyday".to_owned(),
            trained_on: false,
            texts: BTreeMap::from([(
                Language::De,
                vec![
                    ("Guten Tag".to_owned(), false),
                    ("ein Trottel".to_owned(), false),
                ],
            )]),
        };
        let completion = Completion {
            language: Language::De,
            model: "m".to_owned(),
            category: scoring::completions::Category::Loop,
            text: "Trottel ".repeat(5),
        };
        let found = evaluate(
            &scorer,
            "two pairs",
            &[(Language::De, &pairs)],
            &[source],
            &[completion],
            1,
        )
        .unwrap();
        let german = &found.languages[0];
        assert!((german.auc.value - 0.75).abs() < 1e-12);
        assert!((german.pair_accuracy.value - 0.5).abs() < 1e-12);
        assert!((german.recall.value - 0.5).abs() < 1e-12);
        assert_eq!(german.mistakes.len(), 1);
        assert_eq!(german.mistakes[0].text, "Du Schelm");
        let rate = found.sources[0].false_positive_rate.unwrap();
        assert!((rate.value - 0.5).abs() < 1e-12);
        assert!(
            table(&found).contains("de            2  0.750"),
            "{}",
            table(&found)
        );
        let whole = found
            .completions
            .iter()
            .find(|group| group.category == "all")
            .unwrap();
        assert_eq!((whole.texts, found.completions.len()), (1, 2));
        assert!((whole.false_positive_rate - 1.0).abs() < 1e-12);
        let svg = reliability_svg(&found);
        assert!(svg.starts_with("<svg") && svg.contains("<circle") && svg.ends_with("</svg>\n"));
        let unsupported =
            evaluate(&scorer, "", &[(Language::Zh, &pairs)], &[], &[], 1).unwrap_err();
        assert!(unsupported.to_string().contains("zh"));
    }
}
