//! The playground's server side: text, veil, stop, permalinks.

use serde_json::json;

use crate::steps::{
    MODEL, PATIENCE, completion, expected, has_model, open, start, state, tokens, wait_for_state,
};
use crate::webdriver::wait;

const ARABIC: &str = "القاهرة هي عاصمة";

#[test]
fn a_text_is_continued_behind_the_veil_and_can_be_stopped() {
    let Some((server, browser)) = start() else {
        return;
    };
    if !has_model(&server, MODEL) {
        return;
    }
    open(&server, &browser, "?sides=server");
    browser.choose("#model", MODEL);
    browser.type_into("#prompt", ARABIC);
    browser.fill("#max-new-tokens", "8");
    browser.click("#run");
    wait_for_state(&browser, "server", &["ended"]);
    let (text, ids) = expected(&server, ARABIC, 8);
    assert_eq!(ids.len(), 8);

    // Veiled: nowhere in the document, whatever attribute or element one looks in.
    assert!(browser.there("#server .veil"));
    let document = browser.value("document.documentElement.outerHTML");
    assert!(!document.as_str().unwrap().contains(text.trim()));
    browser.click("#server .show-one");
    assert_eq!(completion(&browser, "server"), text);
    assert_eq!(tokens(&browser, "server"), ids);
    let direction =
        browser.value("getComputedStyle(document.querySelector('#server .text')).direction");
    assert_eq!(direction, "rtl");
    let probabilities = browser
        .value("[...document.querySelectorAll('#server .token')].every(e => /%/.test(e.title))");
    assert_eq!(probabilities, json!(true));
    browser.click("#server .hide-one");
    assert!(!browser.there("#server .text"));

    // Lifted everywhere and remembered.
    browser.click("#show-model-text");
    assert!(browser.there("#server .text"));
    assert_eq!(state(&browser, "browser"), "idle");
    open(&server, &browser, "?sides=server");
    assert_eq!(
        browser.value("document.querySelector('#show-model-text').checked"),
        json!(true)
    );

    browser.choose("#model", MODEL);
    browser.type_into("#prompt", "One, two, three,");
    browser.fill("#max-new-tokens", "4000");
    browser.click("#run");
    wait("the first words", PATIENCE, || {
        (!tokens(&browser, "server").is_empty()).then_some(())
    });
    browser.click("#stop");
    wait_for_state(&browser, "server", &["stopped"]);
    wait("the free slot", PATIENCE, || {
        let health = server.ask("GET", "/health", None);
        let loads = health["models"].as_array().unwrap();
        loads.iter().all(|load| load["running"] == 0).then_some(())
    });
    assert!(tokens(&browser, "server").len() < 4000);
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn an_address_restores_every_setting_and_tells_what_is_wrong_with_it() {
    let Some((server, browser)) = start() else {
        return;
    };
    open(&server, &browser, "");
    browser.click("[data-example='de']");
    browser.click("#more-settings summary");
    let settings = [
        ("#max-new-tokens", "7"),
        ("#temperature", "0.7"),
        ("#top-k", "40"),
        ("#top-p", "0.9"),
        ("#repetition-penalty", "1.1"),
        ("#seed", "123456789012345"),
        ("#stop-strings", "\\n\nEnde"),
    ];
    for (field, value) in settings {
        browser.fill(field, value);
    }
    browser.click("#device input[value='cpu']");
    browser.choose("#sides", "browser");
    let prompt = browser.value("document.querySelector('#prompt').value");
    browser.click("#copy-link");
    let query = browser.value("location.search");
    let query = query.as_str().unwrap();
    assert!(query.contains("stop=%0A&stop=Ende"), "{query}");

    open(&server, &browser, query);
    let value = |field: &str| browser.value(&format!("document.querySelector(\"{field}\").value"));
    for (field, expected) in settings {
        assert_eq!(value(field), expected, "{field}");
    }
    assert_eq!(value("#prompt"), prompt);
    assert_eq!(value("#device input:checked"), "cpu");
    assert_eq!(value("#sides"), "browser");
    assert_eq!(
        browser.value("document.querySelector('#prompt').lang"),
        "de"
    );
    assert!(!browser.there("#wrong-address"));
    // Opening an address runs nothing by itself.
    assert_eq!(state(&browser, "server"), "idle");

    open(
        &server,
        &browser,
        "?prompt=Hi&temperature=9&top_k=many&seed=3&device=abacus&language=xx&nonsense=1&model=nobody",
    );
    let told = browser.text("#wrong-address");
    for wrong in [
        "temperature",
        "top_k",
        "device",
        "language",
        "nonsense",
        "nobody",
    ] {
        assert!(told.contains(wrong), "{wrong}: {told}");
    }
    assert!(!told.contains("seed"), "{told}");
    let defaults = [
        ("#prompt", "Hi"),
        ("#seed", "3"),
        ("#temperature", "0"),
        ("#top-k", "0"),
        ("#device input:checked", "auto"),
    ];
    for (field, expected) in defaults {
        assert_eq!(value(field), expected, "{field}");
    }

    browser.fill("#temperature", "hot");
    assert!(browser.text("#wrong-field").contains("temperature"));
    assert_eq!(
        browser.value("document.querySelector('#run').disabled"),
        json!(true)
    );
    assert_eq!(browser.errors(), Vec::<String>::new());
}
