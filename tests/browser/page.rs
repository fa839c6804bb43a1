//! The frame of every page: navigation, theme, narrow windows, addresses.

use serde_json::{Value, json};

use crate::server::Server;
use crate::steps::{PATIENCE, open, start};
use crate::webdriver::{Browser, wait};

/// What an accessible document must not have, at this moment.
fn assert_sound(browser: &Browser) {
    let unnamed = browser.value(
        "[...document.querySelectorAll('input, select, textarea')]
            .filter(field => field.labels.length === 0).map(field => field.outerHTML)",
    );
    assert_eq!(unnamed, json!([]), "fields without a label");
    let silent = browser.value(
        "[...document.querySelectorAll('button, a')]
            .filter(e => !(e.getAttribute('aria-label') || e.textContent || '').trim())
            .map(e => e.outerHTML)",
    );
    assert_eq!(silent, json!([]), "buttons and links without a name");
    let twice = browser.value(
        "[...document.querySelectorAll('[id]')].map(e => e.id)
            .filter((id, at, all) => all.indexOf(id) !== at)",
    );
    assert_eq!(twice, json!([]), "identifiers used twice");
}

fn assert_fits(browser: &Browser, width: u32) {
    let wider = browser.value(&format!(
        "document.documentElement.scrollWidth > {width}
            ? [...document.querySelectorAll('body *')]
                .filter(e => e.getBoundingClientRect().right > {width} + 1).map(e => e.outerHTML.slice(0, 120))
            : []"
    ));
    assert_eq!(wider, json!([]), "wider than {width} pixels");
    let inner = browser.value("innerWidth");
    assert_eq!(inner, json!(width), "the window has not that width");
}

fn models(server: &Server) -> Vec<Value> {
    let list = server.ask("GET", "/api/models", None);
    list["models"].as_array().unwrap().clone()
}

#[test]
fn pages_are_sound_in_wide_and_narrow_windows() {
    let Some((server, browser)) = start() else {
        return;
    };
    open(&server, &browser, "");
    for (link, landmark) in [
        ("/studies", "#new-study"),
        ("/matrices", "#matrices-title"),
        ("/scorers", "#scorer-languages"),
        ("/data", "#set-counts"),
        ("/models", "#models"),
        ("/about", "#content"),
        ("/", "#prompt"),
    ] {
        browser.click(&format!("nav a[href='{link}']"));
        wait(link, PATIENCE, || browser.there(landmark).then_some(()));
        let current = browser.value(
            "[...document.querySelectorAll('.masthead nav [aria-current=page]')].map(a => a.pathname)",
        );
        assert_eq!(current, json!([link]));
        for width in [1280, 390, 360] {
            browser.resize(width, 800);
            assert_sound(&browser);
            assert_fits(&browser, width);
        }
        browser.resize(1280, 800);
    }

    // An address of the page's own router, asked of the server.
    browser.open(&format!("{}models", server.url()));
    wait("the models", PATIENCE, || {
        browser.there("#models").then_some(())
    });
    let shown =
        browser.value("[...document.querySelectorAll('#models th code')].map(c => c.innerText)");
    let expected: Vec<Value> = models(&server)
        .iter()
        .map(|model| model["id"].clone())
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(shown, json!(expected));

    browser.open(&format!("{}nowhere", server.url()));
    wait("the note", PATIENCE, || {
        (browser.text("h1") == "There is no such page").then_some(())
    });
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn the_keyboard_reaches_the_content_and_the_theme_is_remembered() {
    let Some((server, browser)) = start() else {
        return;
    };
    open(&server, &browser, "");
    browser.press_tab();
    assert_eq!(
        browser.value("document.activeElement.className"),
        "skip-link"
    );
    browser.press_enter();
    wait("the focus", PATIENCE, || {
        (browser.value("document.activeElement.id") == "main").then_some(())
    });
    assert_eq!(browser.value("location.pathname"), "/");

    let ground = || browser.value("getComputedStyle(document.body).backgroundColor");
    browser.choose("#theme", "light");
    let light = ground();
    browser.choose("#theme", "dark");
    wait("the dark ground", PATIENCE, || {
        (ground() != light).then_some(())
    });
    let dark = ground();
    open(&server, &browser, "");
    assert_eq!(ground(), dark);
    assert_eq!(
        browser.value("document.querySelector('#theme').value"),
        "dark"
    );
    assert_eq!(browser.errors(), Vec::<String>::new());
}
