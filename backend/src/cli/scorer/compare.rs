//! `backend scorer compare`: where two scorers disagree.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use protocol::language::Language;
use serde::Serialize;

use crate::cli::{Context, Failure};
use crate::data::{locate, multiparadetox};
use crate::scoring::open_ready;

/// Arguments of `scorer compare`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Two scorers, each `NAME` or `NAME=PATH` with its model, lists or results
    #[arg(value_name = "SCORER", num_args = 2)]
    scorers: Vec<String>,
    /// Directory of pairs in the multiparadetox layout, or `multiparadetox` if it was pulled
    /// [default: the embedded sample]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// One JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Disagreement {
    language: Language,
    /// Sentences scored.
    texts: usize,
    /// Share on different sides of 0.5.
    disagree: f64,
    /// Mean absolute difference.
    difference: f64,
    /// Mean of the second minus mean of the first.
    shift: f64,
    /// Pearson's correlation; none if a scorer says the same of everything.
    correlation: Option<f64>,
}

/// Runs `scorer compare`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut scorers = Vec::new();
    for scorer in &arguments.scorers {
        let (name, path) = match scorer.split_once('=') {
            Some((name, path)) => (name, Some(PathBuf::from(path))),
            None => (scorer.as_str(), None),
        };
        scorers.push(open_ready(&context.data_dir, name, path.as_deref()).map_err(Failure::usage)?);
    }
    let [first, second] = scorers.as_slice() else {
        return Err(Failure::usage("two scorers are compared"));
    };
    let languages: Vec<Language> = first
        .identity()
        .languages
        .iter()
        .copied()
        .filter(|language| second.identity().languages.contains(language))
        .collect();
    let pairs = match &arguments.data {
        Some(directory) => {
            multiparadetox::load(&locate(&context.data_dir, directory)?, &languages)?
        }
        None => multiparadetox::embedded(&languages),
    };
    let mut rows = Vec::new();
    for pairs in &pairs {
        let mut scores = Vec::new();
        for pair in &pairs.test {
            for text in [&pair.toxic, &pair.neutral] {
                let score = |scorer: &dyn scoring::scorer::Scorer| {
                    scorer
                        .score(text, pairs.language)
                        .map(|score| score.probability)
                        .map_err(Failure::new)
                };
                scores.push((score(first.as_ref())?, score(second.as_ref())?));
            }
        }
        rows.push(disagreement(pairs.language, &scores));
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(
            out,
            "{}",
            serde_json::to_string_pretty(&rows).map_err(Failure::new)?
        )?;
        return Ok(());
    }
    writeln!(
        out,
        "language  texts  disagree  |difference|  shift   correlation"
    )?;
    for row in rows {
        writeln!(
            out,
            "{:<8}  {:>5}  {:>8.3}  {:>12.3}  {:>6.3}  {}",
            row.language.code(),
            row.texts,
            row.disagree,
            row.difference,
            row.shift,
            row.correlation
                .map_or("-".to_owned(), |value| format!("{value:.3}"))
        )?;
    }
    Ok(())
}

fn disagreement(language: Language, scores: &[(f64, f64)]) -> Disagreement {
    let count = scores.len().max(1) as f64;
    let mean = |value: &dyn Fn(&(f64, f64)) -> f64| scores.iter().map(value).sum::<f64>() / count;
    let (first, second) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
    let covariance = mean(&|pair| (pair.0 - first) * (pair.1 - second));
    let variances =
        mean(&|pair| (pair.0 - first).powi(2)) * mean(&|pair| (pair.1 - second).powi(2));
    Disagreement {
        language,
        texts: scores.len(),
        disagree: mean(&|pair| f64::from(u8::from((pair.0 >= 0.5) != (pair.1 >= 0.5)))),
        difference: mean(&|pair| (pair.0 - pair.1).abs()),
        shift: second - first,
        correlation: (variances > 0.0).then(|| covariance / variances.sqrt()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_computed_by_hand() {
        let row = disagreement(Language::De, &[(0.0, 0.2), (1.0, 0.4)]);
        assert!((row.disagree - 0.5).abs() < 1e-12);
        assert!((row.difference - 0.4).abs() < 1e-12);
        assert!((row.shift + 0.2).abs() < 1e-12);
        assert!(
            row.correlation
                .is_some_and(|value| (value - 1.0).abs() < 1e-12)
        );
        assert_eq!(disagreement(Language::De, &[(0.5, 0.5)]).correlation, None);
    }
}
