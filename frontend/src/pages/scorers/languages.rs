//! The measures on pairs of toxic sentences and their neutral twins, per language.

use leptos::prelude::*;
use protocol::evaluation::LanguageEvaluation;

use super::{measure, percent};

#[component]
pub fn Languages(languages: Vec<LanguageEvaluation>, mean_auc: f64, data: String) -> impl IntoView {
    let rows = languages
        .into_iter()
        .map(|one| {
            let language = one.language;
            view! {
                <tr>
                    <th scope="row">
                        {language.code()} " "
                        <bdi lang=language.code() class="quiet">
                            {language.endonym()}
                        </bdi>
                    </th>
                    <td class="number">{one.pairs}</td>
                    {measure(one.auc)}
                    {measure(one.average_precision)}
                    {percent(one.pair_accuracy)}
                    {percent(one.recall)}
                    {percent(one.false_positive_rate)}
                    <td class="number">{format!("{:.3}", one.reliability.error)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="section" aria-labelledby="languages-title">
            <h2 id="languages-title">"Toxic sentences and their neutral twins"</h2>
            <p class="quiet small">
                {format!("{data}. Mean AUC {mean_auc:.3}. Small figures are 95 % intervals.")}
            </p>
            <div class="table-frame" tabindex="0" role="region" aria-label="Per language">
                <table id="scorer-languages">
                    <thead>
                        <tr>
                            <th scope="col">"Language"</th>
                            <th scope="col" class="number">"Pairs"</th>
                            <th scope="col" class="number" title="How often a toxic sentence scores above a neutral one">
                                "AUC"
                            </th>
                            <th scope="col" class="number" title="Share of toxic sentences among those above each threshold, averaged over the thresholds; half of all are toxic">
                                "Average precision"
                            </th>
                            <th scope="col" class="number" title="How often a toxic sentence scores above its own twin">
                                "Pair accuracy (%)"
                            </th>
                            <th scope="col" class="number" title="Toxic sentences at or above 0.5">
                                "Recall at 0.5 (%)"
                            </th>
                            <th scope="col" class="number" title="Neutral sentences at or above 0.5">
                                "False positives at 0.5 (%)"
                            </th>
                            <th scope="col" class="number" title="Mean distance of probability and truth over ten bins">
                                "Calibration error"
                            </th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}
