//! Whether the table's averages follow from its cells.

use leptos::prelude::*;
use protocol::matrix::Table;
use protocol::matrix::audit::{Audit, Verdict, audit};

/// The audit of one table.
#[component]
pub fn AuditPanel(table: Table) -> impl IntoView {
    let audit = audit(&table);
    let decimals = usize::from(table.decimals);
    let odd: Vec<_> = audit
        .checks
        .iter()
        .filter(|check| check.verdict != Verdict::Right)
        .cloned()
        .collect();
    let impossible = audit.impossible.clone();
    view! {
        <section class="section" aria-labelledby="audit-title">
            <h2 id="audit-title">"Audit of this table"</h2>
            <p id="audit-summary">{summary(&audit)}</p>
            {(!odd.is_empty())
                .then(|| {
                    view! {
                        <div class="scrolled">
                            <table class="list">
                                <thead>
                                    <tr>
                                        <th scope="col">"Average of"</th>
                                        <th scope="col">"Printed"</th>
                                        <th scope="col">"Recomputed"</th>
                                        <th scope="col">"Verdict"</th>
                                    </tr>
                                </thead>
                                <tbody>
                                    {odd
                                        .into_iter()
                                        .map(|check| {
                                            view! {
                                                <tr>
                                                    <th scope="row">
                                                        {if check.is_row { "row " } else { "column " }}
                                                        {check.name}
                                                    </th>
                                                    <td>{format!("{:.decimals$}", check.printed)}</td>
                                                    <td>{format!("{:.*}", decimals + 2, check.recomputed)}</td>
                                                    <td>
                                                        {match check.verdict {
                                                            Verdict::Mismatch => "not the mean of these cells",
                                                            _ => "averaged before rounding",
                                                        }}
                                                    </td>
                                                </tr>
                                            }
                                        })
                                        .collect_view()}
                                </tbody>
                            </table>
                        </div>
                    }
                })}
            {impossible
                .into_iter()
                .map(|cell| {
                    view! {
                        <p class="bad">
                            {format!(
                                "Trained in {}, tested in {}: {:.decimals$} cannot be measured.",
                                cell.row,
                                cell.column,
                                cell.value,
                            )}
                        </p>
                    }
                })
                .collect_view()}
        </section>
    }
}

fn summary(audit: &Audit) -> String {
    let mut parts = vec![format!(
        "{} printed averages: {} right, {} averaged before rounding, {} wrong.",
        audit.checks.len(),
        audit.count(Verdict::Right),
        audit.count(Verdict::Rounding),
        audit.count(Verdict::Mismatch),
    )];
    if audit.unchecked > 0 {
        parts.push(format!("{} rows or columns have none.", audit.unchecked));
    }
    if audit.empty_cells > 0 {
        parts.push(format!("{} cells have no number.", audit.empty_cells));
    }
    parts.push(match audit.impossible.len() {
        0 => "No impossible value.".to_owned(),
        1 => "One impossible value.".to_owned(),
        count => format!("{count} impossible values."),
    });
    parts.join(" ")
}
