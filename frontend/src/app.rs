//! The frame around every page: header, navigation, and what all pages share.

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use crate::components::masthead::Masthead;
use crate::components::page_title::PageTitle;
use crate::components::token_form::TokenForm;
use crate::pages::about::About;
use crate::pages::data::Data;
use crate::pages::matrices::{PublishedTables, StudyMatrices};
use crate::pages::models::Models;
use crate::pages::not_found::NotFound;
use crate::pages::playground::Playground;
use crate::pages::scorers::Scorers;
use crate::pages::studies::Studies;
use crate::state::local_engine::LocalEngine;
use crate::state::server_facts::ServerFacts;
use crate::state::theme;
use crate::state::veil::Veil;

#[component]
pub fn App() -> impl IntoView {
    theme::provide();
    Veil::provide();
    ServerFacts::provide();
    LocalEngine::provide();
    view! {
        <Router>
            // `external` keeps the router away from a link that only moves the focus.
            <a class="skip-link" href="#main" rel="external">
                "Skip to the content"
            </a>
            <PageTitle />
            <Masthead />
            <main id="main" tabindex="-1" class="page-content">
                <TokenForm />
                <Routes fallback=NotFound>
                    <Route path=path!("/") view=Playground />
                    <Route path=path!("/matrices") view=StudyMatrices />
                    <Route path=path!("/matrices/published") view=PublishedTables />
                    <Route path=path!("/studies") view=Studies />
                    <Route path=path!("/scorers") view=Scorers />
                    <Route path=path!("/data") view=Data />
                    <Route path=path!("/models") view=Models />
                    <Route path=path!("/about") view=About />
                </Routes>
            </main>
        </Router>
    }
}
