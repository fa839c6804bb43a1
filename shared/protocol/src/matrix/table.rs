//! A matrix as it is printed: names, numbers, and the averages that somebody computed from them.

use serde::{Deserialize, Serialize};

/// What the numbers measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Mean toxicity, 0 to 100.
    Toxicity,
    /// Perplexity, at least 1.
    Perplexity,
}

impl Metric {
    /// Its name, as the tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Toxicity => "toxicity",
            Metric::Perplexity => "perplexity",
        }
    }

    /// Whether an absolute value can be measured at all: toxicity is a percentage, a perplexity is
    /// at least 1.
    pub fn can_be(self, value: f64) -> bool {
        match self {
            Metric::Toxicity => (0.0..=100.0).contains(&value),
            Metric::Perplexity => value >= 1.0,
        }
    }
}

/// One row of numbers. `None` is a cell without a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Training language, as a BCP-47 code or as it was written.
    pub name: String,
    /// One cell for each column.
    pub cells: Vec<Option<f64>>,
    /// The printed average of the cells.
    pub average: Option<f64>,
}

impl Row {
    /// The mean of the cells that have a number; `None` where none has.
    pub fn mean(&self) -> Option<f64> {
        mean(self.cells.iter().copied())
    }
}

/// Rows are training languages, columns evaluation languages, cells Δ = ZS − FT: positive is less
/// toxic, or less perplexed, after fine-tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// What it is, for people.
    pub title: String,
    /// What the numbers measure; `None` where that is not known.
    pub metric: Option<Metric>,
    /// Evaluation languages.
    pub columns: Vec<String>,
    /// Absolute values without fine-tuning (ZS).
    pub zero_shot: Option<Row>,
    /// Δ of each training language.
    pub rows: Vec<Row>,
    /// The printed averages of the columns, over `rows`.
    pub column_averages: Option<Row>,
    /// Digits after the decimal point of the printed numbers.
    pub decimals: u8,
}

impl Table {
    /// Δ of training language `row` in evaluation language `column`, by position.
    pub fn cell(&self, row: usize, column: usize) -> Option<f64> {
        *self.rows.get(row)?.cells.get(column)?
    }

    /// The value after fine-tuning: ZS − Δ. `None` without zero-shot values.
    pub fn absolute(&self, row: usize, column: usize) -> Option<f64> {
        let before = (*self.zero_shot.as_ref()?.cells.get(column)?)?;
        Some(before - self.cell(row, column)?)
    }

    /// The mean of a column over all rows.
    pub fn column_mean(&self, column: usize) -> Option<f64> {
        mean((0..self.rows.len()).map(|row| self.cell(row, column)))
    }

    /// The mean of all cells.
    pub fn mean(&self) -> Option<f64> {
        mean(self.rows.iter().flat_map(|row| row.cells.iter().copied()))
    }

    /// Means of the cells whose row and column bear the same name, and of all others: whether
    /// training in a language helps that language more than it helps others.
    pub fn diagonal_and_rest(&self) -> (Option<f64>, Option<f64>) {
        let of = |same: bool| {
            mean(self.rows.iter().flat_map(|row| {
                let cells = self.columns.iter().zip(&row.cells);
                cells.filter_map(move |(column, cell)| {
                    ((*column == row.name) == same).then_some(*cell)
                })
            }))
        };
        (of(true), of(false))
    }

    /// The largest absolute Δ: the limit of a symmetric colour scale.
    pub fn largest_change(&self) -> f64 {
        let cells = self.rows.iter().flat_map(|row| &row.cells);
        cells.flatten().fold(0.0, |most, cell| most.max(cell.abs()))
    }
}

fn mean(cells: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for cell in cells.flatten() {
        sum += cell;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    pub(crate) fn small() -> Table {
        let row = |name: &str, cells: [Option<f64>; 2]| Row {
            name: name.into(),
            cells: cells.to_vec(),
            average: None,
        };
        Table {
            title: String::new(),
            metric: Some(Metric::Toxicity),
            columns: vec!["de".into(), "en".into()],
            zero_shot: Some(row("ZS", [Some(20.0), Some(30.0)])),
            rows: vec![
                row("de", [Some(4.0), Some(-2.0)]),
                row("en", [None, Some(6.0)]),
            ],
            column_averages: None,
            decimals: 2,
        }
    }

    #[test]
    fn means_leave_out_what_has_no_number() {
        let table = small();
        assert_eq!(table.rows[1].mean(), Some(6.0));
        assert_eq!(table.column_mean(0), Some(4.0));
        assert_eq!(table.column_mean(1), Some(2.0));
        assert_eq!(table.mean(), Some(8.0 / 3.0));
        assert_eq!(table.diagonal_and_rest(), (Some(5.0), Some(-2.0)));
        assert_eq!(table.largest_change(), 6.0);
    }

    #[test]
    fn the_value_after_fine_tuning_is_the_one_before_less_the_change() {
        let table = small();
        assert_eq!(table.absolute(0, 1), Some(32.0));
        assert_eq!(table.absolute(1, 0), None);
        assert_eq!(table.absolute(5, 0), None);
        assert!(Metric::Toxicity.can_be(100.0) && !Metric::Toxicity.can_be(100.1));
        assert!(!Metric::Perplexity.can_be(0.99));
    }
}
