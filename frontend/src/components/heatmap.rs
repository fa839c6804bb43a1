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
    let look = Look {
        shown,
        limit: limit.filter(|limit| *limit > 0.0),
        decimals: usize::from(table.decimals),
    };
    let caption = match shown {
        Shown::Change => "Δ (ZS − FT); rows: trained in, columns: tested in",
        Shown::Absolute => "Value after fine-tuning; rows: trained in, columns: tested in",
    };
    let header = table
        .columns
        .iter()
        .map(|name| view! { <th scope="col">{name_of(name)}</th> })
        .collect_view();
    let zero_shot = table.zero_shot.as_ref();
    let before = zero_shot.map(|row| {
        let cells = row.cells.iter();
        view! {
            <tr class="zero-shot">
                <th scope="row">"ZS (not fine-tuned)"</th>
                {cells.map(|cell| view! { <td>{look.number(*cell)}</td> }).collect_view()}
                <td class="average">{look.number(row.mean())}</td>
            </tr>
        }
    });
    let before_mean = zero_shot.and_then(Row::mean);
    let rows = table
        .rows
        .iter()
        .enumerate()
        .map(|(place, row)| {
            view! {
                <tr>
                    <th scope="row">{name_of(&row.name)}</th>
                    {cells_of(&table, place, row, look)}
                    {look.average(before_mean, row.mean())}
                </tr>
            }
        })
        .collect_view();
    let averages = (0..table.columns.len())
        .map(|column| {
            look.average(
                before_fine_tuning(&table, column),
                table.column_mean(column),
            )
        })
        .collect_view();
    let all = look.number(look.value(before_mean, table.mean()));
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
                        <td class="average">{all}</td>
                    </tr>
                </tbody>
            </table>
        </div>
        {limit.map(|limit| view! { <Legend limit=limit decimals=look.decimals /> })}
    }
}

/// How numbers are shown.
#[derive(Clone, Copy)]
struct Look {
    shown: Shown,
    /// The |Δ| of the strongest shade, above zero.
    limit: Option<f64>,
    decimals: usize,
}

impl Look {
    fn number(self, value: Option<f64>) -> String {
        let decimals = self.decimals;
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
    }

    /// What a place says, of the value before fine-tuning and its change.
    fn value(self, before: Option<f64>, change: Option<f64>) -> Option<f64> {
        match self.shown {
            Shown::Change => change,
            Shown::Absolute => Some(before? - change?),
        }
    }

    /// The class of a change's shade: four steps on each side of zero, by its share of the limit.
    fn shade(self, change: Option<f64>) -> &'static str {
        let (Shown::Change, Some(change), Some(limit)) = (self.shown, change, self.limit) else {
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

    fn average(self, before: Option<f64>, change: Option<f64>) -> impl IntoView + use<> {
        let class = format!("average {}", self.shade(change));
        view! { <td class=class>{self.number(self.value(before, change))}</td> }
    }
}

fn before_fine_tuning(table: &Table, column: usize) -> Option<f64> {
    *table.zero_shot.as_ref()?.cells.get(column)?
}

fn cells_of(table: &Table, place: usize, row: &Row, look: Look) -> impl IntoView + use<> {
    table
        .columns
        .iter()
        .enumerate()
        .map(|(column, column_name)| {
            let before = before_fine_tuning(table, column);
            let change = table.cell(place, column);
            let mut told = format!(
                "Trained in {}, tested in {column_name}: Δ {}",
                row.name,
                look.number(change)
            );
            if let Some(after) = table.absolute(place, column) {
                told.push_str(&format!(
                    ", {} before, {} after",
                    look.number(before),
                    look.number(Some(after))
                ));
            }
            let shade = match change {
                None => "no-number",
                Some(_) => look.shade(change),
            };
            let same = if row.name == *column_name {
                " same"
            } else {
                ""
            };
            view! {
                <td
                    class=format!("{shade}{same}")
                    // One stop for the tabulator key; from there the arrows go on.
                    tabindex=if place == 0 && column == 0 { "0" } else { "-1" }
                    data-row=place.to_string()
                    data-column=column.to_string()
                    title=told.clone()
                    aria-label=told
                >
                    {look.number(look.value(before, change))}
                </td>
            }
        })
        .collect_view()
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
