//! `/matrices/published`: the published tables, or one of the reader's own, as a heatmap with its audit.

mod audit_panel;
mod choice;
mod claims_panel;
mod export_menu;
mod own_table;

use leptos::prelude::*;
use leptos_router::components::A;
use protocol::matrix::Table;
use protocol::matrix::published::{self, Published};

use super::Opening;
use super::table_grid::{Kind, grid};
use super::view_fields::{ViewChoice, ViewFields};
use crate::components::heatmap::Heatmap;
use audit_panel::AuditPanel;
use choice::{Choice, ChoiceForm};
use claims_panel::ClaimsPanel;
use export_menu::ExportMenu;
use own_table::OwnTable;

/// The page.
#[component]
pub fn PublishedTables() -> impl IntoView {
    match published::tables() {
        Ok(tables) => view! { <Explorer tables=tables /> }.into_any(),
        Err(error) => view! {
            <p class="bad">{format!("The published tables cannot be read: {error}")}</p>
        }
        .into_any(),
    }
}

#[component]
fn Explorer(tables: Vec<Published>) -> impl IntoView {
    let choice = Choice::from_address(&tables);
    let view = ViewChoice::from_address();
    let own = RwSignal::new(None::<Table>);
    let tables = StoredValue::new(tables);
    let table = Memo::new(move |_| {
        own.get()
            .or_else(|| tables.with_value(|tables| choice.table(tables)))
    });
    let note = move || match own.with(Option::is_some) {
        true => "Your own table; it stays in this page.".to_owned(),
        false => format!(
            "Figures of “Breaking mBad! Supervised Fine-tuning for Cross-Lingual Detoxification” ({}), as printed.",
            published::SOURCE
        ),
    };
    view! {
        <Opening>
            <div class="fields">
                <ChoiceForm
                    choice=choice
                    tables=tables
                    disabled=Signal::derive(move || own.with(Option::is_some))
                />
                <ViewFields view />
            </div>
            <p class="quiet small">
                "The paper prints the columns as am ar de en es hi ru. BLOOM’s perplexities are high only in the second and sixth column, and it was not trained on German and Russian: the columns are very probably those of the rows."
            </p>
            <OwnTable own=own />
        </Opening>
        {move || {
            let number = tables.with_value(|tables| choice.unknown(tables))?;
            own.with(Option::is_none)
                .then(|| {
                    view! {
                        <section class="section">
                            <p id="no-table" role="status">
                                {format!("There is no published table {number}. ")}
                                <A href="/matrices/published">"Look at the first"</A> "."
                            </p>
                        </section>
                    }
                })
        }}
        {move || {
            table
                .get()
                .map(|table| {
                    let kind = match own.with(Option::is_some) {
                        true => Kind::Own,
                        false => Kind::Published,
                    };
                    let grid = grid(&table, view.shown(), kind).ordered(view.order());
                    let limit = view.limit(grid.largest_gain());
                    view! {
                        <section class="section" aria-labelledby="table-title">
                            <div class="buttons">
                                <h2 id="table-title">{table.title.clone()}</h2>
                                <span class="push-end">
                                    <ExportMenu table=table.clone() />
                                </span>
                            </div>
                            <p class="quiet small">{note()}</p>
                            <Heatmap grid limit />
                        </section>
                        <AuditPanel table=table />
                    }
                })
        }}
        <ClaimsPanel tables=tables />
    }
}
