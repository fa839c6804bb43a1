//! How far to trust the scorer: what the page says is what was measured.

use serde_json::json;

use crate::steps::{PATIENCE, start};
use crate::webdriver::wait;

#[test]
fn the_figures_are_those_of_the_evaluation_and_the_examples_are_scored_here() {
    let Some((server, browser)) = start() else {
        return;
    };
    let evaluation = server.ask("GET", "/api/scorers/ngram/evaluation", None);
    let languages = evaluation["languages"].as_array().unwrap();
    assert_eq!(languages.len(), 7);
    browser.open(&format!("{}scorers", server.url()));
    wait("the figures", PATIENCE, || {
        browser.there("#scorer-languages").then_some(())
    });
    let shown = browser.value(
        "[...document.querySelectorAll('#scorer-languages tbody tr')]
            .map(row => row.querySelectorAll('td')[1].firstChild.textContent.trim())",
    );
    let measured: Vec<String> = languages
        .iter()
        .map(|language| format!("{:.3}", language["auc"]["value"].as_f64().unwrap()))
        .collect();
    assert_eq!(shown, json!(measured));
    assert_eq!(
        browser.value("document.querySelectorAll('.plot').length"),
        json!(7)
    );

    // The browser's scorer and the server's say the same of the examples.
    let (texts, scores) = wait("the scores", PATIENCE, || {
        let cells = |column: u8| {
            browser.value(&format!(
                "[...document.querySelectorAll('#scorer-examples tbody tr')]
                    .map(row => row.querySelectorAll('td')[{column}].innerText)"
            ))
        };
        let scores = cells(2);
        (!scores.to_string().contains('–')).then(|| (cells(0), scores))
    });
    let request = json!({"language": "en", "as_given": true, "texts": texts});
    let answer = server.ask("POST", "/api/score", Some(&request));
    let expected: Vec<String> = answer["texts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| format!("{:.2}", text["score"].as_f64().unwrap()))
        .collect();
    assert_eq!(scores, json!(expected));
    assert_eq!(browser.errors(), Vec::<String>::new());
}
