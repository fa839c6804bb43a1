//! `/about`: what the page shows, what it keeps, and why text is hidden at first.

use leptos::prelude::*;

#[component]
pub fn About() -> impl IntoView {
    view! {
        <article class="section prose">
            <h1>"About"</h1>
            <p>
                "Polydetox runs small multilingual language models on your own machine, to see and to measure what they write. The playground runs the same prompt twice: in this browser and on the server. Both run the same program over the same weights, so that a comparison compares devices."
            </p>
            <h2 id="content">"Offensive text"</h2>
            <p>
                "These models learned from the open web. They continue any text, and what they write can be toxic, false or hurtful in any language. Therefore text that a model wrote is not even in the page until you ask for it: each text by its own button, or all of them by the switch in the header, which this browser remembers. The examples are everyday sentences."
            </p>
            <h2 id="privacy">"What goes where"</h2>
            <p>
                "A run in this browser alone sends nothing away; the model is fetched from the server once. A run on the server sends the prompt and the settings to the server that this page came from, and the comparison sends it the tokens that were chosen. Nothing goes anywhere else. The browser keeps the models that you ran, the colours, and the choice about model text; a copied link carries the prompt and all settings."
            </p>
            <h2 id="figures">"The figures"</h2>
            <dl class="definitions">
                <dt>"tokens/s"</dt>
                <dd>
                    "Tokens after the first one, divided by the time between the first and the last, as they arrive in the page."
                </dd>
                <dt>"first token"</dt>
                <dd>
                    "From the request to the first token, when the model is loaded. It pays for reading the prompt."
                </dd>
                <dt>"memory"</dt>
                <dd>"Of the program that runs the model: the browser's worker, or the server."</dd>
                <dt>"first difference"</dt>
                <dd>
                    "The first position at which the two sides chose different tokens. With temperature 0 and one set of weights there should be none; two devices round differently, so that near ties may fall either way."
                </dd>
                <dt>"forced decoding"</dt>
                <dd>
                    "Both sides are given the same tokens, whatever they would have chosen. Then the log-probabilities of the same text can be compared, position by position."
                </dd>
                <dt>"top-1 agreement"</dt>
                <dd>
                    "The share of these positions at which both sides find the same token the most likely."
                </dd>
            </dl>
        </article>
    }
}
