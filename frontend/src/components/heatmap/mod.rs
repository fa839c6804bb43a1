//! A matrix as a table whose cells are shaded by how much better or worse they are.

mod grid;
mod keyboard;
mod legend;

use leptos::prelude::*;
use leptos::reactive::computed::Selector;
use protocol::language::Language;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget};

use grid::family_name;
pub use grid::{Grid, GridCell, GridRow, Head, Order, number};
use keyboard::move_by_key;
use legend::{Legend, shade};

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Δ = ZS − FT.
    Change,
    /// The value after fine-tuning.
    Absolute,
}

/// A row, a column, or where both are named the cell at which they cross.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// Key of the row.
    pub row: Option<String>,
    /// Key of the column.
    pub column: Option<String>,
}

/// What a reader can choose in a matrix.
#[derive(Clone, Copy)]
pub struct Choosing {
    /// What is chosen.
    pub chosen: Signal<Option<Place>>,
    /// Chooses.
    pub choose: Callback<Place>,
}

/// A real table: rows and columns with headers, every value printed, the shade only repeats it. The
/// cells whose row and column are the same language are outlined. Arrow keys, Home and End move between cells.
#[component]
pub fn Heatmap(
    grid: Grid,
    /// The gain of the strongest shade; without it nothing is shaded.
    limit: Option<f64>,
    /// Cells whose interval includes zero lose their shade.
    #[prop(optional)]
    masked: bool,
    /// Lets the reader choose cells, rows and columns.
    #[prop(optional)]
    choosing: Option<Choosing>,
) -> impl IntoView {
    let look = Look {
        limit: limit.filter(|limit| *limit > 0.0),
        masked,
    };
    let chosen = choosing.map(|choosing| Selector::new(move || choosing.chosen.get()));
    let is_chosen = move |place: Place| {
        let chosen = chosen.clone();
        move || {
            chosen
                .as_ref()
                .and_then(|chosen| chosen.selected(&Some(place.clone())).then_some("true"))
        }
    };
    let families = grid.families();
    let grouped = grid.grouped;
    let starts: Vec<bool> = grid
        .columns
        .iter()
        .enumerate()
        .map(|(at, head)| grouped && (at == 0 || family(head) != family(&grid.columns[at - 1])))
        .collect();
    let columns = grid
        .columns
        .iter()
        .map(|head| {
            let place = Place {
                row: None,
                column: Some(head.key.clone()),
            };
            let current = is_chosen(place.clone());
            view! {
                <th scope="col" aria-current=current>
                    {head_of(head, place, choosing)}
                </th>
            }
        })
        .collect_view();
    // Lines as the arrow keys go through them: the values before fine-tuning stand above the first row.
    let line_of = |at: usize| i32::try_from(at).unwrap_or(i32::MAX);
    let last_line = line_of(grid.rows.len());
    let entry = if grid.rows.is_empty() { -1 } else { 0 };
    let line = |row: &GridRow, line: i32, at: Option<usize>, class: &'static str| {
        let place = Place {
            row: Some(row.head.key.clone()),
            column: None,
        };
        let choosable = choosing.filter(|_| at.is_some());
        let current = is_chosen(place.clone());
        let cells = row
            .cells
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                let head = grid.columns.get(column);
                let same = head.is_some_and(|head| head.key == row.head.name);
                let class = format!(
                    "{}{}{}{}",
                    look.class(cell),
                    if same && at.is_some() { " same" } else { "" },
                    if head.is_none() { " average" } else { "" },
                    if starts.get(column) == Some(&true) { " family" } else { "" },
                );
                let place = Place {
                    row: Some(row.head.key.clone()),
                    column: head.map(|head| head.key.clone()),
                };
                let current = is_chosen(place);
                let text = cell.text.clone().unwrap_or_else(|| "–".to_owned());
                view! {
                    <td
                        class=class
                        // One stop for the tabulator key; from there the arrows go on.
                        tabindex=if line == entry && column == 0 { "0" } else { "-1" }
                        data-line=line
                        data-row=at
                        data-column=column
                        data-told=cell.told.clone()
                        aria-current=current
                    >
                        {text}
                        {(cell.certain == Some(true)).then(|| view! { <span class="unseen">", not chance"</span> })}
                    </td>
                }
            })
            .collect_view();
        view! {
            <tr class=class>
                <th scope="row" aria-current=current>{head_of(&row.head, place, choosable)}</th>
                {cells}
            </tr>
        }
    };
    let before = grid
        .before
        .as_ref()
        .map(|row| line(row, -1, None, "zero-shot"));
    let averages = grid
        .averages
        .as_ref()
        .map(|row| line(row, last_line, None, "averages"));
    let mut last = None;
    let rows = grid
        .rows
        .iter()
        .enumerate()
        .map(|(at, row)| {
            let begins = grouped && at > 0 && family(&row.head) != last;
            last = family(&row.head);
            line(
                row,
                line_of(at),
                Some(at),
                if begins { "family" } else { "" },
            )
        })
        .collect_view();
    let groups = grouped.then(|| {
        let groups = families
            .iter()
            .map(|(family, count)| {
                view! { <th scope="colgroup" colspan=count.to_string()>{family.map(family_name)}</th> }
            })
            .collect_view();
        view! {
            <tr class="families">
                <td></td>
                {groups}
                <td></td>
            </tr>
        }
    });
    let told = RwSignal::new(String::new());
    let tell = move |target: Option<EventTarget>| {
        let sentence = cell_at(target).and_then(|cell| cell.get_attribute("data-told"));
        told.set(sentence.unwrap_or_default());
    };
    let keys = StoredValue::new((
        grid.rows
            .iter()
            .map(|row| row.head.key.clone())
            .collect::<Vec<_>>(),
        grid.columns
            .iter()
            .map(|head| head.key.clone())
            .collect::<Vec<_>>(),
    ));
    let choose = move |target: Option<EventTarget>| {
        let (Some(choosing), Some(cell)) = (choosing, cell_at(target)) else {
            return;
        };
        let number = |name: &str| cell.get_attribute(name)?.parse::<usize>().ok();
        let place = keys.with_value(|(rows, columns)| {
            Some(Place {
                row: Some(rows.get(number("data-row")?)?.clone()),
                column: columns.get(number("data-column")?).cloned(),
            })
        });
        if let Some(place) = place {
            choosing.choose.run(place);
        }
    };
    let (decimals, rising_is_better) = (grid.decimals, grid.rising_is_better);
    view! {
        <div class="scrolled" tabindex="0" role="region" aria-label="Matrix">
            <table
                class="heatmap"
                class:choosable=choosing.is_some()
                on:keydown=move |event| {
                    if matches!(event.key().as_str(), "Enter" | " ") && is_cell(event.target()) {
                        event.prevent_default();
                        choose(event.target());
                    } else {
                        move_by_key(&event);
                    }
                }
                on:click=move |event| choose(event.target())
                on:mouseover=move |event| tell(event.target())
                on:focusin=move |event| tell(event.target())
            >
                <caption>{grid.caption.clone()}</caption>
                <thead>
                    {groups}
                    <tr>
                        <th scope="col">"trained in"</th>
                        {columns}
                        <th scope="col">"average"</th>
                    </tr>
                </thead>
                <tbody>{before} {rows} {averages}</tbody>
            </table>
        </div>
        <p class="small told" aria-live="polite">
            {move || {
                let told = told.get();
                if told.is_empty() {
                    view! { <span class="quiet">"Point at a cell, or move to it with the arrow keys, for everything that is known of it."</span> }
                        .into_any()
                } else {
                    told.into_any()
                }
            }}
        </p>
        {look.limit.map(|limit| view! { <Legend limit decimals rising_is_better masked /> })}
    }
}

fn family(head: &Head) -> Option<protocol::language::ScriptFamily> {
    head.language.map(Language::script)
}

/// How cells are shaded.
#[derive(Clone, Copy)]
struct Look {
    /// The gain of the strongest shade, above zero.
    limit: Option<f64>,
    masked: bool,
}

impl Look {
    fn class(self, cell: &GridCell) -> &'static str {
        if cell.text.is_none() {
            return "no-number";
        }
        if self.masked && cell.certain == Some(false) {
            return "maybe-chance";
        }
        match (cell.gain, self.limit) {
            (Some(gain), Some(limit)) => shade(gain, limit),
            _ => "",
        }
    }
}

/// A language's code, with its own name for those who read it, which is of one direction throughout
/// and aligned like its column. A button where it can be chosen.
fn head_of(head: &Head, place: Place, choosing: Option<Choosing>) -> impl IntoView + use<> {
    let name = head.name.clone();
    let endonym = head.language.map(|language| {
        view! {
            <span class="endonym" lang=language.code()>
                {language.endonym()}
            </span>
        }
    });
    match choosing {
        None => view! { <span>{name}</span> {endonym} }.into_any(),
        Some(choosing) => {
            let what = if place.row.is_some() { "row" } else { "column" };
            view! {
                <button
                    type="button"
                    class="head"
                    title=format!("The samples of this {what}")
                    on:click=move |_| choosing.choose.run(place.clone())
                >
                    <span>{name}</span>
                    {endonym}
                </button>
            }
            .into_any()
        }
    }
}

fn cell_at(target: Option<EventTarget>) -> Option<Element> {
    let element: Element = target?.dyn_into().ok()?;
    element.closest("td[data-told]").ok().flatten()
}

fn is_cell(target: Option<EventTarget>) -> bool {
    target
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|element| element.has_attribute("data-told"))
}
