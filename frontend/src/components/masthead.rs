//! The header of every page.

use leptos::prelude::*;
use leptos_router::components::A;

use super::server_status::ServerStatus;
use super::theme_switch::ThemeSwitch;
use super::token_form::ForgetToken;
use super::veiled::VeilSwitch;

/// Name, navigation, the server's state, and the two choices that hold everywhere.
#[component]
pub fn Masthead() -> impl IntoView {
    view! {
        <header class="masthead">
            <A href="/" attr:class="brand">
                "Polydetox"
            </A>
            <nav aria-label="Pages">
                <ul class="navigation">
                    <li>
                        <A href="/">"Playground"</A>
                    </li>
                    <li>
                        <A href="/studies">"Studies"</A>
                    </li>
                    <li>
                        <A href="/matrices">"Matrices"</A>
                    </li>
                    <li>
                        <A href="/scorers">"Scorers"</A>
                    </li>
                    <li>
                        <A href="/data">"Data"</A>
                    </li>
                    <li>
                        <A href="/models">"Models"</A>
                    </li>
                    <li>
                        <A href="/about">"About"</A>
                    </li>
                </ul>
            </nav>
            <div class="masthead-end">
                <ServerStatus />
                <ForgetToken />
                <VeilSwitch />
                <ThemeSwitch />
            </div>
        </header>
    }
}
