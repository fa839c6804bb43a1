//! Fields of the form, each with what is wrong with it.

use leptos::prelude::*;
use protocol::FieldError;

use crate::components::choice_field::ChoiceField;

/// What is wrong in the form.
pub type Fault = Signal<Option<FieldError>>;

/// A number or a short text.
#[component]
pub fn TextField(
    id: &'static str,
    label: &'static str,
    /// As errors name it.
    field: &'static str,
    value: RwSignal<String>,
    fault: Fault,
    /// It takes words, not numbers.
    #[prop(optional)]
    words: bool,
) -> impl IntoView {
    let mine = move || is_of(fault, field);
    view! {
        <div class="field">
            <label>
                {label}
                <input
                    id=id
                    class=if words { "" } else { "number" }
                    autocomplete="off"
                    dir="ltr"
                    prop:value=move || value.get()
                    on:input=move |event| value.set(event_target_value(&event))
                    aria-invalid=move || mine().then_some("true")
                    aria-describedby=move || mine().then(|| format!("{id}-fault"))
                />
            </label>
            <FaultOf id field fault />
        </div>
    }
}

/// A list of choices.
#[component]
pub fn SelectField(
    id: &'static str,
    label: &'static str,
    /// As errors name it.
    field: &'static str,
    #[prop(into)] options: Signal<Vec<(String, String)>>,
    value: RwSignal<String>,
    fault: Fault,
) -> impl IntoView {
    view! {
        <div class="field">
            <ChoiceField
                id=id
                label=label
                options
                value
                choose=Callback::new(move |chosen| value.set(chosen))
            />
            <FaultOf id field fault />
        </div>
    }
}

/// What is wrong with that field, where it is the wrong one.
#[component]
pub fn FaultOf(id: &'static str, field: &'static str, fault: Fault) -> impl IntoView {
    move || {
        is_of(fault, field).then(|| {
            let message = fault.with(|fault| fault.as_ref().map(|fault| fault.message.clone()));
            view! {
                <p id=format!("{id}-fault") class="bad small">
                    {message}
                </p>
            }
        })
    }
}

/// Whether that field is the wrong one.
pub fn is_of(fault: Fault, field: &str) -> bool {
    fault.with(|fault| fault.as_ref().is_some_and(|fault| fault.field == field))
}

/// Boxes that put something into a list and take it out: member, identifier and words.
#[component]
pub fn Members<T: PartialEq + Copy + Send + Sync + 'static>(
    id: &'static str,
    legend: &'static str,
    /// As errors name it.
    field: &'static str,
    of: RwSignal<Vec<T>>,
    members: Vec<(T, String, &'static str)>,
    fault: Fault,
) -> impl IntoView {
    view! {
        <fieldset aria-describedby=move || is_of(fault, field).then(|| format!("{id}-fault"))>
            <legend>{legend}</legend>
            <div class="buttons">
                {members
                    .into_iter()
                    .map(|(member, id, words)| view! { <Member of member id words /> })
                    .collect_view()}
            </div>
            <FaultOf id field fault />
        </fieldset>
    }
}

#[component]
fn Member<T: PartialEq + Copy + Send + Sync + 'static>(
    of: RwSignal<Vec<T>>,
    member: T,
    id: String,
    words: &'static str,
) -> impl IntoView {
    view! {
        <label class="inline-field">
            <input
                id=id
                type="checkbox"
                prop:checked=move || of.with(|of| of.contains(&member))
                on:change=move |event| {
                    let wanted = event_target_checked(&event);
                    of.update(|of| {
                        of.retain(|other| *other != member);
                        if wanted {
                            of.push(member);
                        }
                    });
                }
            />
            <bdi>{words}</bdi>
        </label>
    }
}
