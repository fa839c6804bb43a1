//! A study's matrix as it is shown.

use protocol::language::Language;
use protocol::study::{Counts, Estimate, MatrixRow, Strategy, StudyCell, StudyMatrix};

use crate::components::heatmap::{Grid, GridCell, GridRow, Head, Shown, number};

/// Digits after the decimal point.
const DECIMALS: usize = 2;

/// The matrix as changes, or as the values after fine-tuning.
pub fn grid(matrix: &StudyMatrix, shown: Shown) -> Grid {
    let rising_is_better = matrix.metric.positive_delta_is_better();
    let look = Look {
        shown,
        sign: if rising_is_better { 1.0 } else { -1.0 },
    };
    let columns: Vec<String> = matrix
        .columns
        .iter()
        .map(|language| format!("tested in {language}"))
        .chain(["average over the tested languages".to_owned()])
        .collect();
    let row = |row: &MatrixRow| GridRow {
        head: head(row.strategy),
        cells: row
            .cells
            .iter()
            .chain([&row.average])
            .zip(&columns)
            .map(|(cell, column)| look.cell(cell, format!("{}, {column}", state(row.strategy))))
            .collect(),
    };
    let what = match shown {
        Shown::Change if rising_is_better => "Δ (ZS − FT)",
        Shown::Change => "Δ (ZS − FT), below zero is better",
        Shown::Absolute => "value after fine-tuning",
    };
    let averages = matrix.column_averages.iter().zip(&columns);
    Grid {
        caption: format!(
            "{}: {what}; rows: trained in, columns: tested in",
            matrix.title()
        ),
        columns: matrix
            .columns
            .iter()
            .map(|column| language(*column))
            .collect(),
        before: matrix.row(Strategy::ZeroShot).map(|zero_shot| GridRow {
            cells: zero_shot
                .cells
                .iter()
                .chain([&zero_shot.average])
                .zip(&columns)
                .map(|(cell, column)| absolute(cell, format!("Not fine-tuned, {column}")))
                .collect(),
            ..row(zero_shot)
        }),
        rows: matrix
            .rows
            .iter()
            .filter(|row| row.strategy != Strategy::ZeroShot)
            .map(row)
            .collect(),
        averages: (!matrix.column_averages.is_empty()).then(|| GridRow {
            head: Head {
                name: "average (X-FT)".to_owned(),
                key: "average".to_owned(),
                language: None,
            },
            cells: averages
                .map(|(cell, column)| {
                    look.cell(
                        cell,
                        format!("Average over the training languages, {column}"),
                    )
                })
                .collect(),
        }),
        decimals: DECIMALS,
        rising_is_better,
        grouped: false,
    }
}

fn language(language: Language) -> Head {
    Head {
        name: language.code().to_owned(),
        key: language.code().to_owned(),
        language: Some(language),
    }
}

fn head(strategy: Strategy) -> Head {
    Head {
        name: match strategy {
            Strategy::ZeroShot => "ZS (not fine-tuned)".to_owned(),
            other => other.label(),
        },
        key: strategy.to_string(),
        language: match strategy {
            Strategy::CrossLingual(language) => Some(language),
            _ => None,
        },
    }
}

/// The state of the model in words.
pub fn state(strategy: Strategy) -> String {
    match strategy {
        Strategy::ZeroShot => "Not fine-tuned".to_owned(),
        Strategy::CrossLingual(language) => format!("Trained in {language}"),
        Strategy::Partial(percent) => format!("Trained in {percent} % of every language"),
        Strategy::Multilingual => "Trained in all languages".to_owned(),
    }
}

#[derive(Clone, Copy)]
struct Look {
    shown: Shown,
    /// −1 where a positive Δ is a loss.
    sign: f64,
}

impl Look {
    fn cell(self, cell: &StudyCell, place: String) -> GridCell {
        match self.shown {
            Shown::Absolute => absolute(cell, place),
            Shown::Change => GridCell {
                text: cell.delta.and_then(|delta| number(delta.value, DECIMALS)),
                gain: cell.delta.map(|delta| delta.value * self.sign),
                told: told(cell, place),
                certain: cell.delta.map(|delta| delta.low > 0.0 || delta.high < 0.0),
            },
        }
    }
}

fn absolute(cell: &StudyCell, place: String) -> GridCell {
    GridCell {
        text: cell.value.and_then(|value| number(value.value, DECIMALS)),
        gain: None,
        told: told(cell, place),
        certain: None,
    }
}

fn told(cell: &StudyCell, place: String) -> String {
    let interval = |estimate: Estimate| {
        let [value, low, high] = [estimate.value, estimate.low, estimate.high]
            .map(|end| number(end, DECIMALS).unwrap_or_else(|| "unknown".to_owned()));
        format!("{value} (95 %: {low} to {high})")
    };
    let mut parts = Vec::new();
    if let Some(delta) = cell.delta {
        parts.push(format!("Δ {}", interval(delta)));
    }
    if let Some(p) = cell.p {
        parts.push(match p < 0.001 {
            true => "p < 0.001".to_owned(),
            false => format!("p = {p:.3}"),
        });
    }
    if let Some(value) = cell.value {
        parts.push(format!("value {}", interval(value)));
    }
    if parts.is_empty() {
        return format!("{place}: no number");
    }
    parts.push(format!("n = {}", cell.n));
    parts.extend(counted(&cell.counts));
    format!("{place}: {}", parts.join("; "))
}

/// What stands beside the mean.
fn counted(counts: &Counts) -> Option<String> {
    let raised: Vec<String> = [
        ("empty", counts.empty),
        ("refused", counts.refusal),
        ("in another language", counts.drift),
        ("in circles", counts.repetition),
        ("without a score", counts.unscored),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(name, count)| format!("{count} {name}"))
    .collect();
    (counts.completions > 0).then(|| {
        let of = format!("of {} completions ", counts.completions);
        match raised.is_empty() {
            true => format!("{of}none empty, refused, drifted or in circles"),
            false => of + &raised.join(", "),
        }
    })
}
