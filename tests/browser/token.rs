//! A server that was started with a token.

use serde_json::{Value, json};

use crate::steps::{PATIENCE, start_serving};
use crate::webdriver::{Browser, wait};

const TOKEN: &str = "open-sesame";

fn kept(browser: &Browser) -> Value {
    browser.value("sessionStorage.getItem('polydetox.token')")
}

#[test]
fn the_page_asks_for_the_token_keeps_it_for_the_tab_and_forgets_it() {
    let Some((server, browser)) = start_serving(&["--token".as_ref(), TOKEN.as_ref()]) else {
        return;
    };
    browser.open(&format!("{}data", server.url()));
    wait("the field", PATIENCE, || {
        browser.there("#token-field").then_some(())
    });
    browser.type_into("#token-field", "mellon");
    browser.click("#use-token");
    wait("the refusal", PATIENCE, || {
        browser
            .text("#token-wrong")
            .contains("does not take this token")
            .then_some(())
    });
    assert_eq!(kept(&browser), Value::Null);

    browser.fill("#token-field", TOKEN);
    browser.click("#use-token");
    wait("the data sets", PATIENCE, || {
        browser.there("#data-sets").then_some(())
    });
    assert!(!browser.there("#token-field"));
    assert_eq!(kept(&browser), json!(TOKEN));

    // A file of the API, which no link could fetch.
    browser.open(&format!("{}matrices?study=example-quick", server.url()));
    wait("the matrix", PATIENCE, || {
        browser.there(".heatmap").then_some(())
    });
    browser.value(
        "(HTMLAnchorElement.prototype.click = function () { window.saved = this.download; }, 0)",
    );
    browser.click("#exports summary");
    browser.click("[data-format=csv]");
    let name = wait("the file", PATIENCE, || {
        browser
            .value("window.saved ?? ''")
            .as_str()
            .map(str::to_owned)
            .filter(|name| !name.is_empty())
    });
    assert!(name.ends_with(".csv"), "{name}");

    browser.click("#forget-token");
    wait("the field", PATIENCE, || {
        browser.there("#token-field").then_some(())
    });
    assert_eq!(kept(&browser), Value::Null);
}
