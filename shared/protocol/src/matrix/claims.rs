//! What the text of "Breaking mBad!" says of its tables, beside what the cells say.

use super::published::{Header, Published};
use super::table::{Metric, Table};

/// One statement and what the tables make of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The statement, in our words.
    pub says: &'static str,
    /// Where it stands, or which tables it is about.
    pub place: &'static str,
    /// What the cells say, computed from them.
    pub found: String,
    /// Whether the cells bear it out.
    pub holds: bool,
}

/// Every claim, computed from `tables` (all of [`super::published::tables`]).
pub fn claims(tables: &[Published]) -> Vec<Claim> {
    vec![
        best_rows_of_aya_23(tables),
        efficient_training_languages(tables),
        family_transfer(tables),
        perplexity_captions(tables),
        neutral_prompts(tables),
        in_language_advantage(tables),
        settings_counted(),
        training_samples(),
    ]
}

fn of<'a>(
    tables: &'a [Published],
    metric: Metric,
    model: &'a str,
    split: &'a str,
) -> impl Iterator<Item = Table> + 'a {
    tables
        .iter()
        .filter(move |table| {
            table.metric == metric
                && table.model.starts_with(model)
                && (split.is_empty() || table.split == split)
        })
        .map(|table| table.table(Header::Corrected))
}

/// Mean Δ of a training language over all evaluation languages.
fn row_mean(table: &Table, language: &str) -> Option<f64> {
    table.rows.iter().find(|row| row.name == language)?.mean()
}

fn row_means(tables: &[Published], model: &str, split: &str, languages: &[&str]) -> String {
    let of_table = |table: Table| {
        let parts: Vec<String> = languages
            .iter()
            .filter_map(|language| Some(format!("{language} {:.2}", row_mean(&table, language)?)))
            .collect();
        parts.join(", ")
    };
    of(tables, Metric::Toxicity, model, split)
        .map(of_table)
        .collect::<Vec<_>>()
        .join("; ")
}

fn best_rows_of_aya_23(tables: &[Published]) -> Claim {
    Claim {
        says: "aya-23-8B improves most when trained in Spanish (10.41), German (9.31) and English (2.34).",
        place: "text, about toxic-train",
        found: format!(
            "These are rows of aya-expanse-8B (Table 1: {}); 2.34 is the row of ar. aya-23-8B (Table 5): {}.",
            row_means(
                tables,
                "aya-expanse",
                "toxic-train",
                &["es", "de", "ar", "en"]
            ),
            row_means(tables, "aya-23", "toxic-train", &["es", "de", "en"]),
        ),
        holds: false,
    }
}

fn efficient_training_languages(tables: &[Published]) -> Claim {
    let means: Vec<f64> = of(tables, Metric::Toxicity, "aya", "")
        .filter_map(|table| row_mean(&table, "en"))
        .collect();
    let below = means.iter().filter(|mean| **mean < 0.0).count();
    Claim {
        says: "English, Spanish and German are the efficient languages to train in.",
        place: "text",
        found: format!(
            "Training in English made the two aya models more toxic on average in {below} of their {} toxicity tables.",
            means.len()
        ),
        holds: below == 0,
    }
}

fn family_transfer(tables: &[Published]) -> Claim {
    const INDO_EUROPEAN: [&str; 5] = ["de", "en", "es", "hi", "ru"];
    let mut parts = Vec::new();
    let mut holds = true;
    for (model, split) in [
        ("aya-expanse", "toxic-train"),
        ("aya-23", "toxic-train"),
        ("mt5", "toxic-test"),
        ("bloom", "toxic-train"),
    ] {
        for table in of(tables, Metric::Toxicity, model, split) {
            let mean = |wanted: bool| {
                let rows = table.rows.iter();
                let means: Vec<f64> = rows
                    .filter(|row| INDO_EUROPEAN.contains(&row.name.as_str()) == wanted)
                    .filter_map(super::table::Row::mean)
                    .collect();
                means.iter().sum::<f64>() / means.len() as f64
            };
            let (inside, outside) = (mean(true), mean(false));
            holds &= inside > outside;
            parts.push(format!("{model} {split} {inside:.2} / {outside:.2}"));
        }
    }
    Claim {
        says: "Training in an Indo-European language transfers better, in all four models.",
        place: "text; rows de en es hi ru / ar zh",
        found: format!(
            "Mean rows: {}. It holds for the two aya models.",
            parts.join(", ")
        ),
        holds,
    }
}

fn perplexity_captions(tables: &[Published]) -> Claim {
    let counts: Vec<String> = of(tables, Metric::Perplexity, "bloom", "")
        .map(|table| format!("{} of 49", count(&table, |cell| cell > 0.0)))
        .collect();
    Claim {
        says: "The perplexity of BLOOM suffers in all languages.",
        place: "captions of Tables 23 and 24 (and much the same of 25)",
        found: format!(
            "By the paper's own sign a positive Δ is a lower perplexity: {} cells are positive.",
            counts.join(", ")
        ),
        holds: false,
    }
}

fn neutral_prompts(tables: &[Published]) -> Claim {
    let counts: Vec<String> = ["aya-expanse", "aya-23", "bloom"]
        .iter()
        .flat_map(|model| {
            of(tables, Metric::Toxicity, model, "neutral-test")
                .map(move |table| format!("{model} {} of 49", count(&table, |cell| cell < 0.0)))
        })
        .collect();
    Claim {
        says: "Harmless prompts became more toxic after fine-tuning.",
        place: "Tables 4, 7 and 13; hardly stressed in the text",
        found: format!("Toxicity rises in these cells: {}.", counts.join(", ")),
        holds: true,
    }
}

fn in_language_advantage(tables: &[Published]) -> Claim {
    let mut below = 0;
    let mut all = 0;
    for split in ["toxic-train", "toxic-test"] {
        for table in of(tables, Metric::Toxicity, "", split) {
            if let (Some(diagonal), Some(rest)) = table.diagonal_and_rest() {
                all += 1;
                below += usize::from(diagonal < rest);
            }
        }
    }
    Claim {
        says: "Training in a language helps that language most.",
        place: "the reader's expectation; corrected header",
        found: format!(
            "The diagonal's mean is below that of the other cells in {below} of {all} tables on toxic prompts."
        ),
        holds: below == 0,
    }
}

fn settings_counted() -> Claim {
    let (languages, models) = (7, 4);
    let x_ft = languages * languages;
    let settings = models * (languages + x_ft + 3 * languages + languages);
    Claim {
        says: "392 experimental settings; 81 language pairs among 7 languages.",
        place: "text and appendix A.2",
        found: format!(
            "7 × 7 = {x_ft} pairs; {models} × (7 ZS + {x_ft} X-FT + 21 P-FT + 7 M-FT) = {settings} settings. 81 and 27 are those of nine languages."
        ),
        holds: settings == 392,
    }
}

fn training_samples() -> Claim {
    Claim {
        says: "2,700 training samples: 300 in each of 7 languages.",
        place: "text",
        found: format!(
            "300 × 7 = {}; 2,700 = 300 × 9: the multilingual models were trained in nine languages.",
            300 * 7
        ),
        holds: false,
    }
}

fn count(table: &Table, wanted: impl Fn(f64) -> bool) -> usize {
    let cells = table.rows.iter().flat_map(|row| row.cells.iter().flatten());
    cells.filter(|cell| wanted(**cell)).count()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::published::tables;
    use super::*;

    /// The figures of an independent audit of the same tables.
    #[test]
    fn the_cells_say_what_an_independent_audit_found() {
        let claims = claims(&tables().unwrap());
        let found = |says: &str| {
            let claim = claims.iter().find(|claim| claim.says.contains(says));
            claim.unwrap().found.clone()
        };
        assert!(found("aya-23-8B").contains("es 11.11, de 6.41, en -0.80"));
        assert!(found("efficient").contains("in 6 of their 6"));
        assert!(found("Indo-European").contains("bloom toxic-train 3.89 / 4.04"));
        assert!(found("Indo-European").contains("aya-23 toxic-train 2.25 / -4.74"));
        assert!(found("perplexity of BLOOM").contains("26 of 49, 43 of 49, 41 of 49"));
        assert!(
            found("Harmless").contains("aya-expanse 43 of 49, aya-23 38 of 49, bloom 37 of 49")
        );
        assert!(found("helps that language").contains("8 of 8"));
        assert!(found("392").contains("= 336 settings"));
    }
}
