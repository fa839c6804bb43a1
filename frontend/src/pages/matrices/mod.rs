//! `/matrices`: matrices of studies, published tables, and those of the reader.

mod published;
mod studies;
mod table_grid;
mod view_fields;

use leptos::prelude::*;
use leptos_router::components::A;

pub use published::PublishedTables;
pub use studies::StudyMatrices;

/// Title, what rows and columns are, and the way to the other kind of matrices.
#[component]
fn Opening(children: Children) -> impl IntoView {
    view! {
        <section class="section" aria-labelledby="matrices-title">
            <div class="buttons">
                <h1 id="matrices-title">"Matrices"</h1>
                <nav aria-label="Kinds of matrices" class="push-end">
                    <ul class="navigation">
                        <li>
                            <A href="/matrices" exact=true>
                                "Studies"
                            </A>
                        </li>
                        <li>
                            <A href="/matrices/published">"Published tables and your own"</A>
                        </li>
                    </ul>
                </nav>
            </div>
            <p class="quiet">
                "A row is the language a model was fine-tuned in, a column the language it was tested in. Δ is the value without fine-tuning (ZS) less the value with it: above zero is better wherever less is better, as of toxicity and perplexity. Of different token pairs more is better, and so is a Δ below zero. The shades say which."
            </p>
            {children()}
        </section>
    }
}
