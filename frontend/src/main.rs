//! The page: a Leptos program that talks to the server it was loaded from.

mod app;
mod components;
#[allow(dead_code, unused_imports)] // The playground uses it next.
mod local;
mod remote;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}
