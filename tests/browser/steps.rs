//! What readers do in more than one test.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::Server;
use crate::webdriver::{Browser, wait};

/// Long enough for a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The model that the playground begins with, where it is on this machine.
pub const MODEL: &str = "gemma-3-270m-mini";

/// A server and a browser, or what is missing for them.
pub fn start() -> Option<(Server, Browser)> {
    start_with(&[])
}

/// As [`start`], with more arguments for the browser.
pub fn start_with(arguments: &[&str]) -> Option<(Server, Browser)> {
    let both = Server::start().and_then(|server| Ok((server, Browser::start(arguments)?)));
    both.map_err(|reason| println!("skipped: {reason}")).ok()
}

/// As [`start`], with a data directory of the test's own.
pub fn start_in(data: &Path) -> Option<(Server, Browser)> {
    start_serving(&["--data-dir".as_ref(), data.as_os_str()])
}

/// As [`start`], with more arguments for the server.
pub fn start_serving(arguments: &[&OsStr]) -> Option<(Server, Browser)> {
    let both = Server::start_with(arguments).and_then(|server| Ok((server, Browser::start(&[])?)));
    both.map_err(|reason| println!("skipped: {reason}")).ok()
}

/// Lets a data directory have the user's models; says so where that cannot be.
pub fn linked_models(data: &Path) -> bool {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = from("POLYDETOX_HOME")
        .map(PathBuf::from)
        .or_else(|| from("XDG_DATA_HOME").map(|share| Path::new(&share).join("polydetox")))
        .or_else(|| from("HOME").map(|home| Path::new(&home).join(".local/share/polydetox")));
    let linked = home.is_some_and(|home| {
        #[cfg(unix)]
        return std::os::unix::fs::symlink(home.join("models"), data.join("models")).is_ok();
        #[cfg(not(unix))]
        return home.as_os_str().is_empty();
    });
    if !linked {
        println!("skipped: the user's models cannot be linked");
    }
    linked
}

/// Opens the playground with these settings in the address and waits until the server has answered.
pub fn open(server: &Server, browser: &Browser, query: &str) {
    browser.open(&format!("{}{query}", server.url()));
    wait("the server's state", PATIENCE, || {
        (browser.text("#server-status") == "Server ready").then_some(())
    });
    wait("the models", PATIENCE, || {
        browser
            .value("document.querySelector('#model').value")
            .as_str()
            .is_some_and(|model| !model.is_empty())
            .then_some(())
    });
}

/// Whether the server has that model; says so where it has not.
pub fn has_model(server: &Server, model: &str) -> bool {
    let list = server.ask("GET", "/api/models", None);
    let here = list["models"]
        .as_array()
        .unwrap()
        .iter()
        .any(|entry| entry["id"] == model && entry["installed"] == true);
    if !here {
        println!("skipped: {model} is not on this machine");
    }
    here
}

/// Waits until a column's run is in one of these states, and returns it.
pub fn wait_for_state(browser: &Browser, column: &str, states: &[&str]) -> String {
    wait(&format!("{column}: {states:?}"), PATIENCE, || {
        let state = state(browser, column);
        let failed = state == "failed" && !states.contains(&"failed");
        assert!(!failed, "{column}: {}", browser.text(&format!("#{column}")));
        states.contains(&state.as_str()).then_some(state)
    })
}

/// The state of a column's run.
pub fn state(browser: &Browser, column: &str) -> String {
    let state = browser.value(&format!(
        "document.querySelector('#{column} .state').dataset.state"
    ));
    state.as_str().unwrap_or_default().to_owned()
}

/// The completion that a column shows, without the prompt.
pub fn completion(browser: &Browser, column: &str) -> String {
    let text = browser.value(&format!(
        "[...document.querySelectorAll('#{column} .token, #{column} .rest')]
            .map(e => e.textContent).join('')"
    ));
    text.as_str().unwrap_or_default().to_owned()
}

/// The token ids that a column shows.
pub fn tokens(browser: &Browser, column: &str) -> Vec<u64> {
    let ids = browser.value(&format!(
        "[...document.querySelectorAll('#{column} .token')].map(e => Number(e.dataset.token))"
    ));
    ids.as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_u64().unwrap())
        .collect()
}

/// What the API says to the same request, with its token ids.
pub fn expected(server: &Server, prompt: &str, max_new_tokens: usize) -> (String, Vec<u64>) {
    let request = json!({
        "model": MODEL, "prompt": prompt, "max_new_tokens": max_new_tokens, "logprobs": 0,
    });
    let answer = server.ask("POST", "/api/generate", Some(&request));
    let ids = answer["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| token["chosen"]["token"].as_u64().unwrap())
        .collect();
    let completion: &Value = &answer["completion"];
    (completion.as_str().unwrap().to_owned(), ids)
}
