//! Settings that most readers leave alone.

use leptos::prelude::*;
use protocol::FieldError;

use super::fields::Fields;
use super::number_field::NumberField;

#[component]
pub fn SamplerFields(
    fields: Fields,
    #[prop(into)] wrong: Signal<Option<FieldError>>,
) -> impl IntoView {
    view! {
        <details id="more-settings">
            <summary>"More settings"</summary>
            <div class="fields details-content">
                <NumberField id="top-k" name="top_k" label="Top k (0: all)" value=fields.top_k wrong />
                <NumberField id="top-p" name="top_p" label="Top p (1: all)" value=fields.top_p wrong />
                <NumberField
                    id="repetition-penalty"
                    name="repetition_penalty"
                    label="Repetition penalty (1: off)"
                    value=fields.repetition_penalty
                    wrong
                />
                <NumberField id="seed" name="seed" label="Seed" value=fields.seed wrong />
                <label class="grow">
                    "Stop before (one a line, \\n: line break)"
                    <textarea
                        id="stop-strings"
                        rows="1"
                        dir="auto"
                        prop:value=move || fields.stop.get()
                        on:input=move |event| fields.stop.set(event_target_value(&event))
                    ></textarea>
                </label>
            </div>
        </details>
    }
}
