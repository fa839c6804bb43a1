//! Which table is shown; the whole of it stands in the address.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::query_signal_with_options;
use protocol::matrix::Table;
use protocol::matrix::published::{Header, Published};

/// The choice, kept in the address under `table` and `header`.
#[derive(Clone, Copy)]
pub struct Choice {
    number: Memo<Option<u8>>,
    set_number: SignalSetter<Option<u8>>,
    header: Memo<Option<String>>,
    set_header: SignalSetter<Option<String>>,
}

impl Choice {
    /// As the address says; the first table and the corrected header where it says nothing.
    pub fn from_address(tables: &[Published]) -> Self {
        let options = |replace| NavigateOptions {
            replace,
            scroll: false,
            ..NavigateOptions::default()
        };
        let (number, set_number) = query_signal_with_options::<u8>("table", options(false));
        let (header, set_header) = query_signal_with_options::<String>("header", options(true));
        let first = tables.first().map(|table| table.number);
        let number = Memo::new(move |_| number.get().or(first));
        Self {
            number,
            set_number,
            header,
            set_header,
        }
    }

    /// The table that is chosen; `None` where the address names none that there is.
    pub fn table(&self, tables: &[Published]) -> Option<Table> {
        let header = match self.header.get().as_deref() {
            Some("printed") => Header::AsPrinted,
            _ => Header::Corrected,
        };
        Some(self.current(tables)?.table(header))
    }

    /// The number in the address, where no table has it.
    pub fn unknown(&self, tables: &[Published]) -> Option<u8> {
        let number = self.number.get()?;
        self.current(tables).is_none().then_some(number)
    }

    fn current(&self, tables: &[Published]) -> Option<Published> {
        let number = self.number.get();
        tables
            .iter()
            .find(|table| Some(table.number) == number)
            .cloned()
    }

    /// Takes the table that has one of its three names changed.
    fn choose(&self, tables: &[Published], change: impl Fn(&Published) -> bool) {
        let current = self.current(tables);
        let likeness = |table: &&Published| {
            current.as_ref().map_or(0, |current| {
                usize::from(table.metric == current.metric)
                    + usize::from(table.model == current.model)
                    + usize::from(table.split == current.split)
            })
        };
        let fitting = tables.iter().filter(|table| change(table));
        // Of equals the first: the paper's order.
        let mut best: Option<&Published> = None;
        for table in fitting {
            if best.is_none_or(|best| likeness(&table) > likeness(&best)) {
                best = Some(table);
            }
        }
        if let Some(table) = best {
            self.set_number.set(Some(table.number));
        }
    }
}

/// Selects for metric, model, prompts and header.
#[component]
pub fn ChoiceForm(
    choice: Choice,
    tables: StoredValue<Vec<Published>>,
    /// Whether the reader's own table is shown, to which none of these applies.
    disabled: Signal<bool>,
) -> impl IntoView {
    let name_of = move |name: fn(&Published) -> String| {
        Signal::derive(move || {
            tables
                .with_value(|tables| choice.current(tables))
                .map(|table| name(&table))
                .unwrap_or_default()
        })
    };
    let names = move |name: fn(&Published) -> String| {
        tables.with_value(|tables| {
            let mut names: Vec<String> = Vec::new();
            for table in tables {
                let name = name(table);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        })
    };
    let select = move |label: &'static str, name: fn(&Published) -> String| {
        let value = name_of(name);
        let options = names(name);
        view! {
            <label>
                {label}
                <select
                    disabled=move || disabled.get()
                    prop:value=move || value.get()
                    on:change=move |event| {
                        let wanted = event_target_value(&event);
                        tables
                            .with_value(|tables| {
                                choice.choose(tables, |table| name(table) == wanted)
                            });
                    }
                >
                    {options
                        .into_iter()
                        .map(|option| {
                            let (name, label) = (option.clone(), option.clone());
                            view! {
                                <option value=name selected=move || value.get() == option>
                                    {label}
                                </option>
                            }
                        })
                        .collect_view()}
                </select>
            </label>
        }
    };
    view! {
            {select("Metric", |table| table.metric.name().to_owned())}
            {select("Model", |table| table.model.clone())}
            {select("Prompts", |table| table.split.clone())} <label>
                "Column header"
                <select
                    id="header"
                    disabled=move || disabled.get()
                    on:change=move |event| choice.set_header.set(Some(event_target_value(&event)))
                >
                    <option value="corrected" selected=move || choice.header.get().as_deref() != Some("printed")>
                        "corrected: ar … zh"
                    </option>
                    <option value="printed" selected=move || choice.header.get().as_deref() == Some("printed")>
                        "as printed: am … ru"
                    </option>
                </select>
            </label>
    }
}
