//! The Matrices pages.

use serde_json::{Value, json};

use crate::server::Server;
use crate::steps::{PATIENCE, start};
use crate::webdriver::{Browser, wait};

/// The numbers of a matrix, row by row, as the page prints them.
fn numbers(browser: &Browser) -> Value {
    browser.value(
        "[...document.querySelectorAll('.heatmap tbody tr')].filter(row => row.querySelector('td[data-row]'))
            .map(row => [...row.querySelectorAll('td')].map(cell => cell.firstChild.textContent))",
    )
}

fn open(server: &Server, browser: &Browser, address: &str) {
    browser.open(&format!("{}{address}", server.url()));
    wait("the matrix", PATIENCE, || {
        browser.there(".heatmap").then_some(())
    });
}

#[test]
fn published_tables_are_shaded_ordered_and_audited() {
    let Some((server, browser)) = start() else {
        return;
    };
    open(&server, &browser, "matrices/published");
    let rows = numbers(&browser);
    assert_eq!(rows.as_array().unwrap().len(), 7);
    // Spanish, and German tested in Hindi: the largest figures of Table 1.
    assert_eq!(rows[3][7], "10.41");
    assert_eq!(rows[1][4], "17.19");
    let class = |row: u8, column: u8| {
        let cell = format!("td[data-row='{row}'][data-column='{column}']");
        browser.value(&format!(
            "document.querySelector(\"{cell}\").className.trim()"
        ))
    };
    assert_eq!(class(1, 4), "better-4");
    assert_eq!(class(4, 2), "worse-4");
    assert_eq!(class(0, 0), "better-1 same");

    browser.choose("#order", "script");
    wait("the order", PATIENCE, || {
        (numbers(&browser)[0][4] == "7.40").then_some(())
    });
    assert_eq!(browser.value("location.search"), "?order=script");
    let groups = browser.value(
        "[...document.querySelectorAll('.families th')].map(cell => [cell.innerText, cell.colSpan])",
    );
    let expected = json!([
        ["Latin", 3],
        ["Cyrillic", 1],
        ["Arabic", 1],
        ["Devanagari", 1],
        ["Han", 1]
    ]);
    assert_eq!(groups, expected);

    // The keyboard reaches every cell and says what is known of it.
    browser.value("document.querySelector('.heatmap td[tabindex=\"0\"]').focus()");
    browser.press_down();
    wait("the words", PATIENCE, || {
        browser
            .text(".told")
            .contains("Trained in en, tested in de")
            .then_some(())
    });

    browser.choose("#show", "absolute");
    wait("the values", PATIENCE, || {
        (!browser.there(".legend")).then_some(())
    });
    assert!(browser.text("#audit-summary").contains("printed averages"));
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn matrices_are_held_against_what_measures_the_same() {
    let Some((server, browser)) = start() else {
        return;
    };
    let study = "matrices?study=example-quick";
    open(&server, &browser, &format!("{study}&against=published:1"));
    wait("the difference", PATIENCE, || {
        browser.there("#difference-title").then_some(())
    });
    // Of training languages alone, as in the matrices above it.
    let heads = browser.value(
        "[...document.querySelectorAll('.heatmap .averages th')].map(head => head.innerText.trim())",
    );
    assert_eq!(
        heads,
        json!(["average (X-FT)", "average", "average (X-FT)"])
    );
    browser.choose("#metric", "drift");
    wait("the other metric", PATIENCE, || {
        let search = browser.value("location.search");
        (search == "?study=example-quick&metric=drift").then_some(())
    });
    wait("the end of the comparison", PATIENCE, || {
        let offered = browser.there("#against option[value^='published']");
        (!offered && !browser.there("#difference-title")).then_some(())
    });
    assert_eq!(browser.errors(), Vec::<String>::new());

    // What the study has not is told, and there is a way out.
    browser.open(&format!("{}{study}&scorer=nobody", server.url()));
    wait("the refusal", PATIENCE, || {
        let offered = browser.there("#scorer option[value='lexicon']");
        (offered && browser.there(".problem")).then_some(())
    });
    browser.choose("#scorer", "lexicon");
    wait("the matrix", PATIENCE, || {
        browser.there(".heatmap").then_some(())
    });

    // Choices that show something else are steps that Back undoes.
    open(&server, &browser, study);
    browser.click("td[data-row='0'][data-column='1']");
    wait("the samples", PATIENCE, || {
        browser.there("#samples").then_some(())
    });
    browser.value("(history.back(), 0)");
    wait("the matrix alone", PATIENCE, || {
        (!browser.there("#samples") && browser.there(".heatmap")).then_some(())
    });

    browser.open(&format!("{}matrices/published?table=99", server.url()));
    wait("the note", PATIENCE, || {
        browser
            .text("#no-table")
            .contains("no published table 99")
            .then_some(())
    });
}
