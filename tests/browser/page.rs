//! What a reader sees and does.

use std::time::Duration;

use serde_json::{Value, json};

use crate::server::Server;
use crate::webdriver::{Browser, wait};

const PATIENCE: Duration = Duration::from_secs(120);

fn start() -> Option<(Server, Browser)> {
    let both = Server::start().and_then(|server| Ok((server, Browser::start()?)));
    both.map_err(|reason| println!("skipped: {reason}")).ok()
}

fn open(server: &Server, browser: &Browser) {
    browser.open(&server.url());
    wait("the server's state", PATIENCE, || {
        let status = browser.text("#server-status");
        status.contains("is ready").then_some(())
    });
    wait("the models", PATIENCE, || {
        browser
            .value("document.querySelector('#models')")
            .is_object()
            .then_some(())
    });
}

#[test]
fn the_page_shows_the_models_and_fits_a_narrow_window() {
    let Some((server, browser)) = start() else {
        return;
    };
    open(&server, &browser);
    let expected = server.ask("GET", "/api/models", None);
    let expected: Vec<&Value> = expected["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| &model["id"])
        .collect();
    assert!(!expected.is_empty());
    let shown =
        browser.value("[...document.querySelectorAll('#models th code')].map(c => c.innerText)");
    assert_eq!(
        shown.as_array().unwrap().iter().collect::<Vec<_>>(),
        expected
    );

    let unnamed = browser.value(
        "[...document.querySelectorAll('input, select, textarea')]
            .filter(field => field.labels.length === 0).map(field => field.outerHTML)",
    );
    assert_eq!(unnamed, json!([]), "fields without a label");
    let twice = browser.value(
        "[...document.querySelectorAll('[id]')].map(e => e.id)
            .filter((id, at, all) => all.indexOf(id) !== at)",
    );
    assert_eq!(twice, json!([]), "identifiers used twice");

    browser.resize(500, 800);
    browser.value("document.documentElement.style.setProperty('max-inline-size', '320px')");
    let wider = browser.value(
        "[...document.querySelectorAll('main, header, form, section')]
            .filter(e => e.getBoundingClientRect().right > 321).map(e => e.className)",
    );
    assert_eq!(wider, json!([]), "wider than 320 pixels");
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
fn a_prompt_is_continued_and_can_be_stopped() {
    let Some((server, browser)) = start() else {
        return;
    };
    let models = server.ask("GET", "/api/models", None);
    let usable = |model: &&Value| model["default"] == true && model["installed"] == true;
    let Some(model) = models["models"].as_array().unwrap().iter().find(usable) else {
        println!("skipped: the default model is not on this machine");
        return;
    };
    open(&server, &browser);
    let prompt = "القاهرة هي عاصمة";
    browser.type_into("#prompt", prompt);
    browser.clear("#max-new-tokens");
    browser.type_into("#max-new-tokens", "8");
    browser.click("#continue");
    wait("the completion", PATIENCE, || {
        let status = browser.text("#generation-status");
        assert!(
            !browser
                .value("document.querySelector('#generation-status.bad')")
                .is_object(),
            "{status}"
        );
        status.contains(" tokens; ").then_some(())
    });
    let request = json!({"model": model["id"], "prompt": prompt, "max_new_tokens": 8});
    let expected = server.ask("POST", "/api/generate", Some(&request));
    let shown = browser.value("document.querySelector('#completion-text').textContent");
    assert_eq!(shown, expected["completion"]);
    assert_ne!(shown, "");
    let direction =
        browser.value("getComputedStyle(document.querySelector('#completion')).direction");
    assert_eq!(direction, "rtl");

    browser.clear("#max-new-tokens");
    browser.type_into("#max-new-tokens", "2000");
    browser.click("#continue");
    wait("the first words", PATIENCE, || {
        let text = browser.value("document.querySelector('#completion-text').textContent");
        text.as_str()
            .is_some_and(|text| !text.is_empty())
            .then_some(())
    });
    browser.click("#stop");
    wait("the end", PATIENCE, || {
        browser
            .text("#generation-status")
            .starts_with("Stopped after")
            .then_some(())
    });
    wait("the free slot", PATIENCE, || {
        let health = server.ask("GET", "/health", None);
        let loads = health["models"].as_array().unwrap();
        loads.iter().all(|load| load["running"] == 0).then_some(())
    });
    assert_eq!(browser.console(), Vec::<String>::new());
}
