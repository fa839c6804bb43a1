//! An address that is none.

use leptos::prelude::*;
use leptos_router::components::A;

#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <section class="section">
            <h1>"There is no such page"</h1>
            <p>"The address may be mistyped, or from another version."</p>
            <p>
                <A href="/">"Go to the playground"</A>
            </p>
        </section>
    }
}
