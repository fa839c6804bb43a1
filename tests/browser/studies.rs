//! The Studies page, and the matrices of a study that it ran.

use serde_json::{Value, json};

use crate::server::Server;
use crate::steps::{MODEL, PATIENCE, has_model, linked_models, start_in};
use crate::webdriver::{Browser, wait};

fn open_studies(server: &Server, browser: &Browser) {
    browser.open(&format!("{}studies", server.url()));
    wait("the form", PATIENCE, || {
        let name = browser.value("document.querySelector('#study-name')?.value ?? ''");
        (name != "").then_some(())
    });
    browser.choose("#preset", "sample");
    wait("the preset", PATIENCE, || {
        (browser.value("document.querySelector('#study-name').value") == "sample").then_some(())
    });
}

fn disabled(browser: &Browser) -> Value {
    browser.value("document.querySelector('#start-study').disabled")
}

#[test]
fn what_cannot_be_carried_out_is_told_by_field() {
    let data = tempfile::tempdir().unwrap();
    let Some((server, browser)) = start_in(data.path()) else {
        return;
    };
    open_studies(&server, &browser);
    assert_eq!(disabled(&browser), json!(false));
    for (field, value, told) in [
        ("#study-name", "../x", "name"),
        ("#epochs", "many", "training.epochs"),
        ("#seeds", "1, 1", "seeds"),
        ("#split-toxic-test", "-3", "splits.toxic-test"),
    ] {
        let before = browser.value(&format!("document.querySelector('{field}').value"));
        browser.fill(field, value);
        assert_eq!(disabled(&browser), json!(true), "{field}");
        let wrong = browser.text("#wrong-study");
        assert!(wrong.contains(told), "{field}: {wrong}");
        browser.fill(field, before.as_str().unwrap());
        assert_eq!(disabled(&browser), json!(false), "{field}");
    }
    // This directory has no models.
    browser.click("#make-study");
    let told = wait("the refusal", PATIENCE, || {
        Some(browser.text("#wrong-study")).filter(|text| !text.is_empty())
    });
    assert!(told.contains("spec.model"), "{told}");
}

#[test]
fn a_study_runs_under_the_readers_eyes_and_its_texts_are_behind_its_cells() {
    let data = tempfile::tempdir().unwrap();
    if !linked_models(data.path()) {
        return;
    }
    let Some((server, browser)) = start_in(data.path()) else {
        return;
    };
    if !has_model(&server, MODEL) {
        return;
    }
    open_studies(&server, &browser);
    browser.fill("#study-name", "tiny");
    browser.choose("#study-model", MODEL);
    browser.fill("#epochs", "1");
    browser.fill("#split-toxic-train", "0");
    browser.fill("#split-toxic-test", "2");
    browser.fill("#split-neutral-test", "0");
    for language in ["ar", "en", "es", "hi", "ru"] {
        browser.click(&format!("#language-{language}"));
    }
    browser.click("#regime-m-ft");
    browser.click("#start-study");
    wait("the end of the study", PATIENCE, || {
        assert_eq!(browser.text("#study .problem"), "");
        // Another study was shown before.
        let shown = browser.text("#study").starts_with("tiny");
        (shown && browser.text("#study-state") == "finished").then_some(())
    });
    assert!(browser.there(".curve path"), "{}", browser.text("#study"));

    let matrix = server.ask("GET", "/api/studies/tiny/matrix", None);
    let value = matrix["matrix"]["rows"][1]["cells"][1]["value"][0].as_f64();
    let value = format!("{:.2}", value.unwrap());
    browser.open(&format!(
        "{}matrices?study=tiny&show=absolute",
        server.url()
    ));
    let cell = "td[data-row='0'][data-column='1']";
    wait("the matrix", PATIENCE, || browser.there(cell).then_some(()));
    assert_eq!(browser.text(cell), value);
    assert!(
        browser
            .text("h2#table-title + .flag")
            .contains("not for research")
    );

    browser.click(cell);
    wait("the samples", PATIENCE, || {
        browser
            .text("#samples .pager")
            .contains("of 2")
            .then_some(())
    });
    assert_eq!(
        browser.value("location.search"),
        "?study=tiny&show=absolute&row=x-ft-de&column=zh"
    );
    let path = "/api/studies/tiny/samples?strategy=x-ft-de&language=zh&split=toxic-test";
    let samples = server.ask("GET", path, None);
    let prompt = samples["samples"][0]["prompt"].as_str().unwrap().to_owned();
    let document = || {
        browser
            .value("document.documentElement.outerHTML")
            .to_string()
    };
    assert!(!document().contains(&prompt));
    browser.click("#samples .show-one");
    wait("the texts", PATIENCE, || {
        document().contains(&prompt).then_some(())
    });
    // The example has prompts that the small study has not.
    let errors = browser.errors();
    browser.open(&format!(
        "{}matrices?study=example-quick&split=toxic-train&against=study:tiny",
        server.url()
    ));
    let main = || browser.text("main");
    wait("the refusal", PATIENCE, || {
        main()
            .contains("There is no matrix toxicity (ngram), toxic-train of study tiny")
            .then_some(())
    });
    assert!(!browser.there("#difference-title"));
    // The refusal is on the console too.
    browser.errors();
    browser.open(&format!(
        "{}matrices?study=tiny&against=study:example-quick",
        server.url()
    ));
    wait("the difference", PATIENCE, || {
        browser.there("#difference-title").then_some(())
    });
    let captions = browser.value(
        "[...document.querySelectorAll('.heatmap caption')].map(caption => caption.innerText)",
    );
    assert_eq!(captions[0], captions[1]);
    assert_eq!(errors, Vec::<String>::new());
    let csv = browser.value("document.querySelector('[data-format=csv]').getAttribute('href')");
    let (status, text) =
        crate::http::request(server.port, "GET", csv.as_str().unwrap(), None).unwrap();
    assert_eq!(status, 200, "{text}");
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn a_server_that_is_lost_is_found_again() {
    let data = tempfile::tempdir().unwrap();
    if !linked_models(data.path()) {
        return;
    }
    let Some((mut server, browser)) = start_in(data.path()) else {
        return;
    };
    if !has_model(&server, MODEL) {
        return;
    }
    let presets = server.ask("GET", "/api/studies/presets", None);
    let mut spec = presets["presets"]
        .as_array()
        .unwrap()
        .iter()
        .find(|preset| preset["preset"] == "sample")
        .unwrap()["spec"]
        .clone();
    spec["name"] = json!("long");
    spec["model"] = json!(MODEL);
    // Longer than this test.
    spec["training"]["epochs"] = json!(1000);
    spec["training"]["max_steps"] = json!(100_000);
    browser.open(&format!("{}studies", server.url()));
    wait("the studies", PATIENCE, || {
        browser.there("#studies").then_some(())
    });
    // Begun by somebody else: the list has it without being asked.
    server.ask(
        "POST",
        "/api/studies",
        Some(&json!({"spec": spec, "run": true})),
    );
    let link = "#studies a[href='/studies?study=long']";
    wait("the new study", PATIENCE, || {
        browser.there(link).then_some(())
    });
    browser.click(link);
    let state = |wanted: &str| {
        wait(wanted, PATIENCE, || {
            let shown = browser.text("#study").starts_with("long");
            (shown && browser.text("#study-state") == wanted).then_some(())
        });
    };
    state("running");
    // Until its plan is made nothing is written of it, and it would be new again.
    wait("the plan", PATIENCE, || {
        let study = server.ask("GET", "/api/studies/long", None);
        (!study["plan"].is_null()).then_some(())
    });
    server.crash();
    wait("the loss", PATIENCE, || {
        let told = browser.text("#study-lost").contains("trying again");
        (told && browser.text("#server-status") == "No server").then_some(())
    });
    server.start_again();
    state("interrupted");
    wait("the server", PATIENCE, || {
        (browser.text("#server-status") == "Server ready").then_some(())
    });
    assert!(!browser.there("#study-lost"));
}
