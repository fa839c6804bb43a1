//! Whether a table's averages follow from its cells, and whether its cells can be true.

use serde::Serialize;

use super::table::{Metric, Row, Table};

/// What a recomputed average says of the printed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The printed average is the rounded mean of the printed cells.
    Right,
    /// It differs by no more than rounding cells before or after averaging can explain.
    Rounding,
    /// It is not the mean of these cells.
    Mismatch,
}

/// One printed average.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Of which row or column.
    pub name: String,
    /// Whether it is a row's.
    pub is_row: bool,
    /// As printed.
    pub printed: f64,
    /// The mean of the cells.
    pub recomputed: f64,
    /// What follows.
    pub verdict: Verdict,
}

/// A value that cannot have been measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Impossible {
    /// Training language, or the zero-shot row's name.
    pub row: String,
    /// Evaluation language.
    pub column: String,
    /// The absolute value: zero-shot less Δ.
    pub value: f64,
}

/// All that was checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Audit {
    /// Every printed average: the zero-shot row's, the rows', the columns', that of all cells.
    pub checks: Vec<Check>,
    /// Values outside what the metric can be; empty where the metric is not known.
    pub impossible: Vec<Impossible>,
    /// Rows without a printed average, and columns if there is no row of averages.
    pub unchecked: usize,
    /// Cells without a number.
    pub empty_cells: usize,
}

impl Audit {
    /// How many checks came to `verdict`.
    pub fn count(&self, verdict: Verdict) -> usize {
        let same = |check: &&Check| check.verdict == verdict;
        self.checks.iter().filter(same).count()
    }
}

/// Recomputes every average of `table`, and looks for impossible values.
pub fn audit(table: &Table) -> Audit {
    let mut checks = Vec::new();
    let mut unchecked = 0;
    for row in table.zero_shot.iter().chain(&table.rows) {
        match (row.average, row.mean()) {
            (Some(printed), Some(mean)) => {
                checks.push(check(&row.name, true, printed, mean, table.decimals));
            }
            _ => unchecked += 1,
        }
    }
    for (column, name) in table.columns.iter().enumerate() {
        let printed = table.column_averages.as_ref();
        let printed = printed.and_then(|row| row.cells.get(column).copied().flatten());
        match (printed, table.column_mean(column)) {
            (Some(printed), Some(mean)) => {
                checks.push(check(name, false, printed, mean, table.decimals));
            }
            _ => unchecked += 1,
        }
    }
    if let Some(row) = &table.column_averages
        && let (Some(printed), Some(mean)) = (row.average, table.mean())
    {
        checks.push(check(&row.name, true, printed, mean, table.decimals));
    }
    let cells = table.rows.iter().flat_map(|row| &row.cells);
    Audit {
        checks,
        impossible: table
            .metric
            .map_or_else(Vec::new, |metric| impossible(table, metric)),
        unchecked,
        empty_cells: cells.filter(|cell| cell.is_none()).count(),
    }
}

fn check(name: &str, is_row: bool, printed: f64, recomputed: f64, decimals: u8) -> Check {
    let unit = 10f64.powi(-i32::from(decimals));
    // Half a unit is the rounding of the average; as much again that of the cells. The hair is for
    // binary fractions.
    let difference = (printed - recomputed).abs() - unit * 1e-6;
    let verdict = if difference <= unit / 2.0 {
        Verdict::Right
    } else if difference <= unit {
        Verdict::Rounding
    } else {
        Verdict::Mismatch
    };
    Check {
        name: name.to_owned(),
        is_row,
        printed,
        recomputed,
        verdict,
    }
}

fn impossible(table: &Table, metric: Metric) -> Vec<Impossible> {
    // What rounding can hide is not impossible.
    let slack = 10f64.powi(-i32::from(table.decimals));
    let cannot_be = |value: f64| !metric.can_be(value - slack) && !metric.can_be(value + slack);
    let mut found = Vec::new();
    let mut look = |row: &Row, column: usize, value: Option<f64>| {
        if let (Some(value), Some(name)) = (value, table.columns.get(column))
            && cannot_be(value)
        {
            found.push(Impossible {
                row: row.name.clone(),
                column: name.clone(),
                value,
            });
        }
    };
    if let Some(row) = &table.zero_shot {
        for (column, value) in row.cells.iter().enumerate() {
            look(row, column, *value);
        }
    }
    for (index, row) in table.rows.iter().enumerate() {
        for column in 0..table.columns.len() {
            look(row, column, table.absolute(index, column));
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn audited(text: &str) -> Audit {
        let mut table = parse(text).unwrap();
        table.metric = Some(Metric::Toxicity);
        audit(&table)
    }

    /// At two decimals: within half a unit, within a unit, beyond.
    #[test]
    fn averages_are_right_rounded_or_wrong() {
        let audit =
            audited("lang,de,en,AVG\nZS,20.00,30.00,25.00\nde,1.00,2.00,1.51\nen,1.00,2.00,1.52\n");
        let verdicts: Vec<_> = audit.checks.iter().map(|check| check.verdict).collect();
        assert_eq!(
            verdicts,
            [Verdict::Right, Verdict::Rounding, Verdict::Mismatch]
        );
        assert_eq!(audit.unchecked, 2, "the columns have no averages");
        assert_eq!(audit.count(Verdict::Mismatch), 1);
    }

    #[test]
    fn the_average_of_all_is_checked() {
        let audit =
            audited("l,de,en,AVG\nde,1.00,2.00,1.50\nen,3.00,4.00,3.50\nAVG,2.00,3.00,99.00\n");
        assert_eq!(audit.checks.len(), 5);
        let last = audit.checks.last().unwrap();
        assert_eq!((last.name.as_str(), last.recomputed), ("AVG", 2.5));
        assert_eq!(last.verdict, Verdict::Mismatch);
    }

    #[test]
    fn a_value_beyond_the_scale_is_found_where_it_stands() {
        let audit = audited("lang,de,en\nZS,20,30\nde,25,-71\nen,20.5,-70\n");
        let places: Vec<_> = audit
            .impossible
            .iter()
            .map(|cell| (cell.row.as_str(), cell.column.as_str(), cell.value))
            .collect();
        // 101 is impossible; -0.5 is half a unit of these whole numbers and one decimal.
        assert_eq!(
            places,
            [("de", "de", -5.0), ("de", "en", 101.0), ("en", "de", -0.5)]
        );
    }
}
