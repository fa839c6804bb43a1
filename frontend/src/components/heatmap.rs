//! A matrix as a table whose cells are shaded by their change.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use protocol::language::Language;
use protocol::matrix::{Row, Table};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Δ = ZS − FT.
    Change,
    /// The value after fine-tuning.
    Absolute,
}

/// Shades on each side of zero.
const SHADES: f64 = 4.0;

/// A real table: rows and columns with headers, every value printed, the shade only repeats it. The
/// cells whose row and column are the same language are outlined. Arrow keys move between cells.
#[component]
pub fn Heatmap(
    table: Table,
    shown: Shown,
    /// The |Δ| of the strongest shade; without it nothing is shaded.
    limit: Option<f64>,
) -> impl IntoView {
    let decimals = usize::from(table.decimals);
    let caption = match shown {
        Shown::Change => "Δ (ZS − FT); rows: trained in, columns: tested in",
        Shown::Absolute => "Value after fine-tuning; rows: trained in, columns: tested in",
    };
    let number = move |value: Option<f64>| {
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
    };
    let header = table
        .columns
        .iter()
        .map(|name| view! { <th scope="col">{name_of(name)}</th> })
        .collect_view();
    let before = table.zero_shot.as_ref().map(|row| {
        view! {
            <tr class="zero-shot">
                <th scope="row">"ZS (not fine-tuned)"</th>
                {row.cells.iter().map(|cell| view! { <td>{number(*cell)}</td> }).collect_view()}
                <td class="average">{number(row.mean())}</td>
            </tr>
        }
    });
    let rows = (0..table.rows.len())
        .filter_map(|row| Some((row, table.rows.get(row)?)))
        .map(|(place, row)| body_row(&table, place, row, shown, limit))
        .collect_view();
    let averages = (0..table.columns.len())
        .map(|column| {
            let change = table.column_mean(column);
            let value = match shown {
                Shown::Change => change,
                Shown::Absolute => before_mean(&table, column).zip(change).map(|(b, c)| b - c),
            };
            let class = format!(
                "average {}",
                shade(change.filter(|_| shown == Shown::Change), limit)
            );
            view! { <td class=class>{number(value)}</td> }
        })
        .collect_view();
    let all = match shown {
        Shown::Change => table.mean(),
        Shown::Absolute => {
            let before = table.zero_shot.as_ref().and_then(Row::mean);
            before
                .zip(table.mean())
                .map(|(before, change)| before - change)
        }
    };
    view! {
        <div class="scrolled" tabindex="0" role="region" aria-label="Matrix">
            <table class="heatmap" on:keydown=move_by_arrow>
                <caption>{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">"trained in"</th>
                        {header}
                        <th scope="col">"average"</th>
                    </tr>
                </thead>
                <tbody>
                    {before} {rows} <tr class="averages">
                        <th scope="row">"average"</th>
                        {averages}
                        <td class="average">{number(all)}</td>
                    </tr>
                </tbody>
            </table>
        </div>
        {limit.map(|limit| view! { <Legend limit=limit decimals=decimals /> })}
    }
}

fn before_mean(table: &Table, column: usize) -> Option<f64> {
    *table.zero_shot.as_ref()?.cells.get(column)?
}

fn body_row(
    table: &Table,
    place: usize,
    row: &Row,
    shown: Shown,
    limit: Option<f64>,
) -> impl IntoView + use<> {
    let decimals = usize::from(table.decimals);
    let number = move |value: Option<f64>| {
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
    };
    let cells = table
        .columns
        .iter()
        .enumerate()
        .map(|(column, column_name)| {
            let change = table.cell(place, column);
            let after = table.absolute(place, column);
            let value = match shown {
                Shown::Change => change,
                Shown::Absolute => after,
            };
            let mut told = format!(
                "Trained in {}, tested in {column_name}: Δ {}",
                row.name,
                number(change)
            );
            if let (Some(before), Some(after)) = (before_mean(table, column), after) {
                told.push_str(&format!(
                    ", {} before, {} after",
                    number(Some(before)),
                    number(Some(after))
                ));
            }
            let same = row.name == *column_name;
            let class = format!(
                "{}{}",
                match change {
                    None => "no-number",
                    Some(_) => shade(change.filter(|_| shown == Shown::Change), limit),
                },
                if same { " same" } else { "" },
            );
            view! {
                <td
                    class=class
                    // One stop for the tabulator key; from there the arrows go on.
                    tabindex=if place == 0 && column == 0 { "0" } else { "-1" }
                    data-row=place.to_string()
                    data-column=column.to_string()
                    title=told.clone()
                    aria-label=told
                >
                    {number(value)}
                </td>
            }
        })
        .collect_view();
    let average = match shown {
        Shown::Change => row.mean(),
        Shown::Absolute => table
            .zero_shot
            .as_ref()
            .and_then(Row::mean)
            .zip(row.mean())
            .map(|(before, change)| before - change),
    };
    let class = format!(
        "average {}",
        shade(row.mean().filter(|_| shown == Shown::Change), limit)
    );
    view! {
        <tr>
            <th scope="row">{name_of(&row.name)}</th>
            {cells}
            <td class=class>{number(average)}</td>
        </tr>
    }
}

/// The class of a change's shade: four steps on each side of zero, by its share of the limit.
fn shade(change: Option<f64>, limit: Option<f64>) -> &'static str {
    let (Some(change), Some(limit)) = (change, limit.filter(|limit| *limit > 0.0)) else {
        return "";
    };
    let step = (change / limit * SHADES).abs().ceil().min(SHADES);
    match (change > 0.0, step as u8) {
        (_, 0) => "",
        (true, 1) => "better-1",
        (true, 2) => "better-2",
        (true, 3) => "better-3",
        (true, _) => "better-4",
        (false, 1) => "worse-1",
        (false, 2) => "worse-2",
        (false, 3) => "worse-3",
        (false, _) => "worse-4",
    }
}

/// A language's code, with its own name for those who read it. The name is of one direction
/// throughout, and aligned like its column.
fn name_of(code: &str) -> impl IntoView + use<> {
    let language: Option<Language> = code.parse().ok();
    view! {
        <span>{code.to_owned()}</span>
        {language
            .map(|language| {
                view! {
                    <span class="endonym" lang=language.code()>
                        {language.endonym()}
                    </span>
                }
            })}
    }
}

#[component]
fn Legend(limit: f64, decimals: usize) -> impl IntoView {
    let step = limit / SHADES;
    let worse = ["worse-4", "worse-3", "worse-2", "worse-1"];
    let better = ["better-1", "better-2", "better-3", "better-4"];
    let swatch = |class: &'static str| view! { <span class=format!("swatch {class}")></span> };
    view! {
        <p class="legend small quiet">
            <span>{format!("−{limit:.decimals$} worse")}</span>
            <span class="swatches" aria-hidden="true">
                {worse.map(swatch).collect_view()}
                {better.map(swatch).collect_view()}
            </span>
            <span>{format!("better +{limit:.decimals$}")}</span>
            <span>{format!("one shade is {step:.decimals$}; outlined: trained and tested in one language")}</span>
        </p>
    }
}

/// Moves the focus to the neighbouring cell.
fn move_by_arrow(event: KeyboardEvent) {
    let (down, right) = match event.key().as_str() {
        "ArrowDown" => (1, 0),
        "ArrowUp" => (-1, 0),
        "ArrowRight" => (0, 1),
        "ArrowLeft" => (0, -1),
        _ => return,
    };
    let Some(cell) = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok())
    else {
        return;
    };
    let place = |name: &str| {
        cell.get_attribute(name)
            .and_then(|text| text.parse::<i32>().ok())
    };
    let (Some(row), Some(column)) = (place("data-row"), place("data-column")) else {
        return;
    };
    let selector = format!(
        "td[data-row='{}'][data-column='{}']",
        row + down,
        column + right
    );
    let next = cell
        .closest("table")
        .ok()
        .flatten()
        .and_then(|table| table.query_selector(&selector).ok().flatten())
        .and_then(|next| next.dyn_into::<HtmlElement>().ok());
    if let Some(next) = next {
        event.prevent_default();
        next.focus().ok();
    }
}
