//! The paper's text beside its own cells.

use leptos::prelude::*;
use protocol::matrix::audit::{Verdict, audit};
use protocol::matrix::claims::claims;
use protocol::matrix::published::{Header, Published};

/// The audit of all published tables together.
#[component]
pub fn ClaimsPanel(tables: StoredValue<Vec<Published>>) -> impl IntoView {
    let (claims, sums) = tables.with_value(|tables| (claims(tables), sums(tables)));
    view! {
        <section class="section" aria-labelledby="claims-title">
            <h2 id="claims-title">"The paper’s text against its tables"</h2>
            <p>{sums}</p>
            <div class="scrolled">
                <table class="list">
                    <thead>
                        <tr>
                            <th scope="col">"Statement"</th>
                            <th scope="col">"What the cells say"</th>
                            <th scope="col">"Borne out"</th>
                        </tr>
                    </thead>
                    <tbody>
                        {claims
                            .into_iter()
                            .map(|claim| {
                                view! {
                                    <tr>
                                        <th scope="row">
                                            {claim.says} <span class="quiet small">{format!(" {}", claim.place)}</span>
                                        </th>
                                        <td>{claim.found}</td>
                                        <td class=if claim.holds { "good" } else { "bad" }>
                                            {if claim.holds { "yes" } else { "no" }}
                                        </td>
                                    </tr>
                                }
                            })
                            .collect_view()}
                    </tbody>
                </table>
            </div>
        </section>
    }
}

fn sums(tables: &[Published]) -> String {
    let audits = tables
        .iter()
        .map(|table| audit(&table.table(Header::Corrected)));
    let (mut all, mut rounding, mut wrong, mut impossible) = (0, 0, 0, 0);
    for audit in audits {
        all += audit.checks.len();
        rounding += audit.count(Verdict::Rounding);
        wrong += audit.count(Verdict::Mismatch);
        impossible += audit.impossible.len();
    }
    format!(
        "All {} numeric tables: {all} printed averages recomputed, {wrong} wrong, {rounding} averaged before rounding; {impossible} impossible values. The arithmetic is sound; the questions are in the header above and in the statements below. Without intervals or seeds, averages within two points of zero carry little evidence.",
        tables.len()
    )
}
