//! A plain table as it is shown.

use protocol::language::Language;
use protocol::matrix::{Row, Table};

use crate::components::heatmap::{Grid, GridCell, GridRow, Head, Shown, number};

/// Where a table comes from, which decides how its averages are made and which way is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Printed in the paper: averages as it prints them.
    Published,
    /// The reader's. An average of whole numbers is none, so it gets more digits than the cells.
    Own,
    /// Δ of one matrix less Δ of another. Other rows than X-FT are shown but not averaged, as in the
    /// two matrices above it.
    Difference {
        /// A larger Δ is the better one.
        rising_is_better: bool,
    },
}

/// A table of Δ with ZS apart, as changes or as the values after fine-tuning.
pub fn grid(table: &Table, shown: Shown, kind: Kind) -> Grid {
    let decimals = usize::from(table.decimals);
    let rising_is_better = match kind {
        Kind::Difference { rising_is_better } => rising_is_better,
        Kind::Published | Kind::Own => true,
    };
    let look = Look {
        shown,
        decimals,
        sign: if rising_is_better { 1.0 } else { -1.0 },
    };
    let mean_look = Look {
        decimals: match kind {
            Kind::Own => (decimals + 1).max(2),
            Kind::Published | Kind::Difference { .. } => decimals,
        },
        ..look
    };
    let averaged = match kind {
        Kind::Difference { .. } => cross_lingual(table),
        Kind::Published | Kind::Own => table.clone(),
    };
    let before = |column: usize| *table.zero_shot.as_ref()?.cells.get(column)?;
    let before_mean = table.zero_shot.as_ref().and_then(Row::mean);
    let rows = table
        .rows
        .iter()
        .enumerate()
        .map(|(place, row)| {
            let mut cells: Vec<GridCell> = table
                .columns
                .iter()
                .enumerate()
                .map(|(column, name)| {
                    let change = table.cell(place, column);
                    let told = format!("Trained in {}, tested in {name}", row.name);
                    look.cell(before(column), change, told)
                })
                .collect();
            let told = format!("Trained in {}, average over the tested languages", row.name);
            cells.push(mean_look.cell(before_mean, row.mean(), told));
            GridRow {
                head: head(&row.name),
                cells,
            }
        })
        .collect();
    let mut averages: Vec<GridCell> = table
        .columns
        .iter()
        .enumerate()
        .map(|(column, name)| {
            let told = format!("Tested in {name}, average over the training languages");
            mean_look.cell(before(column), averaged.column_mean(column), told)
        })
        .collect();
    averages.push(mean_look.cell(
        before_mean,
        averaged.mean(),
        "Average of all cells".to_owned(),
    ));
    let caption = match shown {
        Shown::Change => "Δ (ZS − FT); rows: trained in, columns: tested in",
        Shown::Absolute => "Value after fine-tuning; rows: trained in, columns: tested in",
    };
    Grid {
        caption: caption.to_owned(),
        columns: table.columns.iter().map(|name| head(name)).collect(),
        before: table.zero_shot.as_ref().map(|row| {
            let cells = row.cells.iter().map(|value| look.plain(*value));
            GridRow {
                head: head("ZS (not fine-tuned)"),
                cells: cells.chain([mean_look.plain(row.mean())]).collect(),
            }
        }),
        rows,
        averages: (!averaged.rows.is_empty()).then(|| GridRow {
            head: head(match kind {
                Kind::Difference { .. } => "average (X-FT)",
                Kind::Published | Kind::Own => "average",
            }),
            cells: averages,
        }),
        decimals: look.decimals,
        rising_is_better,
        grouped: false,
    }
}

/// The rows that are one training language each.
fn cross_lingual(table: &Table) -> Table {
    let mut table = table.clone();
    table
        .rows
        .retain(|row| row.name.parse::<Language>().is_ok());
    table
}

fn head(name: &str) -> Head {
    Head {
        name: name.to_owned(),
        key: name.to_owned(),
        language: name.parse().ok(),
    }
}

#[derive(Clone, Copy)]
struct Look {
    shown: Shown,
    decimals: usize,
    /// −1 where a positive Δ is a loss.
    sign: f64,
}

impl Look {
    fn number(self, value: f64) -> String {
        number(value, self.decimals).unwrap_or_else(|| "no number".to_owned())
    }

    fn plain(self, value: Option<f64>) -> GridCell {
        GridCell {
            text: value.and_then(|value| number(value, self.decimals)),
            told: value.map_or_else(String::new, |value| {
                format!("Not fine-tuned: {}", self.number(value))
            }),
            ..GridCell::default()
        }
    }

    fn cell(self, before: Option<f64>, change: Option<f64>, mut told: String) -> GridCell {
        let after = before.zip(change).map(|(before, change)| before - change);
        match change {
            Some(change) => told.push_str(&format!(": Δ {}", self.number(change))),
            None => told.push_str(": no number"),
        }
        if let Some((before, after)) = before.zip(after) {
            told.push_str(&format!(
                ", {} before, {} after",
                self.number(before),
                self.number(after)
            ));
        }
        let value = match self.shown {
            Shown::Change => change,
            Shown::Absolute => after,
        };
        GridCell {
            text: value.and_then(|value| number(value, self.decimals)),
            gain: change
                .filter(|_| self.shown == Shown::Change)
                .map(|change| change * self.sign),
            told,
            certain: None,
        }
    }
}
