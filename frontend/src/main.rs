//! The page: a Leptos program that runs a model in the browser and on the server it was loaded from.

mod app;
mod components;
mod local;
mod pages;
mod remote;
mod state;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}
