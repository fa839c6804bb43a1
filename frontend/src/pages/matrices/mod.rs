//! `/matrices`: the published tables, or one of the reader's own, as a heatmap with its audit.

mod audit_panel;
mod choice;
mod claims_panel;
mod export_menu;
mod own_table;

use leptos::prelude::*;
use protocol::matrix::Table;
use protocol::matrix::published::{self, Published};

use crate::components::heatmap::{Heatmap, Shown};
use audit_panel::AuditPanel;
use choice::{Choice, ChoiceForm};
use claims_panel::ClaimsPanel;
use export_menu::ExportMenu;
use own_table::OwnTable;

/// The page.
#[component]
pub fn Matrices() -> impl IntoView {
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
        <section class="section" aria-labelledby="matrices-title">
            <h1 id="matrices-title">"Matrices"</h1>
            <p class="quiet">
                "A row is the language a model was fine-tuned in, a column the language it was tested in. Δ is the value without fine-tuning (ZS) less the value with it: above zero is better."
            </p>
            <ChoiceForm choice=choice tables=tables disabled=Signal::derive(move || own.with(Option::is_some)) />
            <OwnTable own=own />
        </section>
        {move || {
            table
                .get()
                .map(|table| {
                    let shown = choice.shown.get();
                    let limit = match shown {
                        Shown::Change => Some(table.largest_change()),
                        Shown::Absolute => None,
                    };
                    view! {
                        <section class="section" aria-labelledby="table-title">
                            <div class="buttons">
                                <h2 id="table-title">{table.title.clone()}</h2>
                                <span class="push-end">
                                    <ExportMenu table=table.clone() />
                                </span>
                            </div>
                            <p class="quiet small">{note()}</p>
                            <Heatmap table=table.clone() shown=shown limit=limit />
                        </section>
                        <AuditPanel table=table />
                    }
                })
        }}
        <ClaimsPanel tables=tables />
    }
}
