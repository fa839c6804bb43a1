//! A study's matrix against another study's, or against a published table.

use leptos::prelude::*;
use protocol::matrix::published::Published;
use protocol::matrix::{Row, Table};
use protocol::study::StudyMetric;
use protocol::study::api::{MatrixResponse, StudyList};

use super::choice::Choice;
use crate::components::choice_field::ChoiceField;

/// What a matrix can be held against.
#[derive(Debug, Clone, PartialEq)]
pub enum Other {
    /// Another study, by name.
    Study(String),
    /// A published table, by number.
    Published(u8),
}

/// What the address names.
pub fn other(choice: Choice) -> Option<Other> {
    let text = choice.against.get()?;
    match text.split_once(':')? {
        ("study", name) => Some(Other::Study(name.to_owned())),
        ("published", number) => number.parse().ok().map(Other::Published),
        _ => None,
    }
}

/// The published table of that number.
pub fn published_table(tables: StoredValue<Vec<Published>>, number: u8) -> Option<Published> {
    tables.with_value(|tables| tables.iter().find(|table| table.number == number).cloned())
}

/// Takes out of the address what the shown matrix cannot be held against: a published table of
/// another metric, or itself.
pub fn drop_unfit(choice: Choice, response: &MatrixResponse, tables: StoredValue<Vec<Published>>) {
    let matrix = &response.matrix;
    // The answer may be the one before, of what the address no longer says.
    if choice.metric.get().unwrap_or(StudyMetric::Toxicity) != matrix.metric {
        return;
    }
    let unfit = match other(choice) {
        Some(Other::Published(number)) => {
            let metric = matrix.delta_table().metric;
            published_table(tables, number).is_some_and(|table| Some(table.metric) != metric)
        }
        Some(Other::Study(name)) => {
            let shown = choice
                .study
                .get()
                .is_none_or(|study| study == response.study.name);
            shown && name == response.study.name
        }
        None => false,
    };
    if unfit {
        choice.against.set(None);
    }
}

/// The list of what the matrix can be held against.
#[component]
pub fn AgainstField(
    choice: Choice,
    list: StudyList,
    response: MatrixResponse,
    tables: StoredValue<Vec<Published>>,
) -> impl IntoView {
    let studies = list
        .studies
        .into_iter()
        .filter(|study| study.name != response.study.name && study.done > 0)
        .map(|study| {
            let words = format!("study {}", study.name);
            (format!("study:{}", study.name), words)
        });
    let metric = response.matrix.delta_table().metric;
    let published = tables.with_value(|tables| {
        tables
            .iter()
            .filter(|table| Some(table.metric) == metric)
            .map(|table| {
                let words = format!(
                    "published table {}: {}, {}",
                    table.number, table.model, table.split
                );
                (format!("published:{}", table.number), words)
            })
            .collect::<Vec<_>>()
    });
    let options: Vec<(String, String)> = [(String::new(), "nothing".to_owned())]
        .into_iter()
        .chain(studies)
        .chain(published)
        .collect();
    view! {
        <ChoiceField
            id="against"
            label="Hold against"
            options=Signal::stored(options)
            value=Signal::derive(move || choice.against.get().unwrap_or_default())
            choose=Callback::new(move |value: String| choice.against.set_text(&value))
        />
    }
}

/// The Δ of one table less that of another, where both have the row and the column.
pub fn difference(one: &Table, other: &Table) -> Table {
    let rows = one
        .rows
        .iter()
        .filter_map(|row| {
            let same = other.rows.iter().position(|found| found.name == row.name)?;
            let cells = one
                .columns
                .iter()
                .zip(&row.cells)
                .map(|(column, cell)| {
                    let place = other.columns.iter().position(|found| found == column)?;
                    Some((*cell)? - other.cell(same, place)?)
                })
                .collect();
            Some(Row {
                name: row.name.clone(),
                cells,
                average: None,
            })
        })
        .collect();
    Table {
        title: "Difference".to_owned(),
        metric: one.metric,
        columns: one.columns.clone(),
        zero_shot: None,
        rows,
        column_averages: None,
        decimals: 2,
    }
}
