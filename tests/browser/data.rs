//! The Data page.

use serde_json::json;

use crate::steps::{PATIENCE, start};
use crate::webdriver::wait;

#[test]
fn data_sets_are_told_and_their_sentences_veiled() {
    let Some((server, browser)) = start() else {
        return;
    };
    let list = server.ask("GET", "/api/data", None);
    let first = list["sets"][0].clone();
    assert_eq!(first["name"], "sample");
    let rows = server.ask(
        "GET",
        "/api/data/sample/rows?language=ar&offset=0&limit=50",
        None,
    );
    let row = rows["rows"][0].clone();
    let toxic = row["toxic"].as_str().unwrap();

    browser.open(&format!("{}data?language=ar", server.url()));
    wait("the counts", PATIENCE, || {
        browser.there("#set-counts").then_some(())
    });
    let named = browser
        .value("[...document.querySelectorAll('#data-sets tbody th a')].map(a => a.innerText)");
    let expected: Vec<_> = list["sets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|set| set["name"].clone())
        .collect();
    assert_eq!(named, json!(expected));
    let label = first["label"].as_str().unwrap();
    assert!(browser.text("#set-title").contains(label));
    assert!(
        browser
            .text("#set-facts")
            .contains(first["licence"].as_str().unwrap())
    );

    wait("the pager", PATIENCE, || {
        browser.text(".pager").contains(" of ").then_some(())
    });
    let document = browser.value("document.documentElement.outerHTML");
    assert!(!document.as_str().unwrap().contains(toxic));
    browser.click(".veil .show-one");
    wait("the rows", PATIENCE, || {
        browser.there("#rows").then_some(())
    });
    assert!(browser.text("#rows").contains(toxic));
    let direction =
        browser.value("getComputedStyle(document.querySelector('#rows .sentence')).direction");
    assert_eq!(direction, "rtl");

    browser.choose("#rows-language", "de");
    wait("the address", PATIENCE, || {
        (browser.value("location.search") == "?language=de").then_some(())
    });
    assert!(!browser.text("#rows").contains(toxic));
    assert_eq!(browser.errors(), Vec::<String>::new());
}
