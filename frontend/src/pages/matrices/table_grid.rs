//! A plain table as it is shown.

use protocol::matrix::{Row, Table};

use crate::components::heatmap::{Grid, GridCell, GridRow, Head, Shown, number};

/// A table of Δ with ZS apart, as changes or as the values after fine-tuning.
pub fn grid(table: &Table, shown: Shown) -> Grid {
    let look = Look {
        shown,
        decimals: usize::from(table.decimals),
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
            cells.push(look.cell(before_mean, row.mean(), told));
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
            look.cell(before(column), table.column_mean(column), told)
        })
        .collect();
    averages.push(look.cell(before_mean, table.mean(), "Average of all cells".to_owned()));
    let caption = match shown {
        Shown::Change => "Δ (ZS − FT); rows: trained in, columns: tested in",
        Shown::Absolute => "Value after fine-tuning; rows: trained in, columns: tested in",
    };
    Grid {
        caption: caption.to_owned(),
        columns: table.columns.iter().map(|name| head(name)).collect(),
        before: table.zero_shot.as_ref().map(|row| {
            let values = row.cells.iter().copied().chain([row.mean()]);
            GridRow {
                head: head("ZS (not fine-tuned)"),
                cells: values.map(|value| look.plain(value)).collect(),
            }
        }),
        rows,
        averages: Some(GridRow {
            head: head("average"),
            cells: averages,
        }),
        decimals: look.decimals,
        grouped: false,
    }
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
            gain: change.filter(|_| self.shown == Shown::Change),
            told,
            certain: None,
        }
    }
}
