//! The model in the browser, beside the server's.

use std::time::Duration;

use serde_json::{Value, json};

use crate::server::Server;
use crate::steps::{
    MODEL, PATIENCE, completion, has_model, open, start, start_with, state, tokens, wait_for_state,
};
use crate::webdriver::{Browser, wait};

/// On the processor, which every machine has, and greedy.
fn address(max_new_tokens: usize) -> String {
    format!("?model={MODEL}&device=cpu&max_new_tokens={max_new_tokens}")
}

fn run_both(browser: &Browser) {
    browser.click("#run");
    for column in ["browser", "server"] {
        wait_for_state(browser, column, &["ended"]);
    }
}

fn show_everything(browser: &Browser) {
    browser.click("#show-model-text");
}

/// Waits for the comparison's figures: top-1 agreement and the largest difference.
fn forced_decoding(browser: &Browser) -> (String, f64) {
    let top = wait("the comparison", PATIENCE, || {
        assert_eq!(browser.text("#forced-problem"), "");
        let text = browser.text("#top-1");
        text.contains('%').then_some(text)
    });
    let largest = browser.text("#largest-difference");
    let number = largest.split(' ').next().unwrap().parse().unwrap();
    (top, number)
}

/// The probability beside a completion, once it is there.
fn toxicity(browser: &Browser, column: &str) -> String {
    wait("the score", PATIENCE, || {
        assert_eq!(browser.text(&format!("#{column} .toxicity .bad")), "");
        Some(browser.text(&format!("#{column} .probability"))).filter(|text| !text.is_empty())
    })
}

#[test]
fn a_language_that_the_scorer_does_not_have_is_named() {
    let Some((server, browser)) = start() else {
        return;
    };
    if !has_model(&server, MODEL) {
        return;
    }
    open(
        &server,
        &browser,
        &format!("?model={MODEL}&sides=server&max_new_tokens=3"),
    );
    let french = "Nous allons demain au marché pour acheter des légumes et du fromage avec";
    browser.type_into("#prompt", french);
    browser.click("#run");
    wait_for_state(&browser, "server", &["ended"]);
    let told = wait("the refusal", PATIENCE, || {
        Some(browser.text("#server .toxicity .bad")).filter(|text| !text.is_empty())
    });
    assert!(told.contains("French") && told.contains("ar, de"), "{told}");
    // The reader knows better.
    browser.choose("#language", "es");
    browser.click("#run");
    wait("the score", PATIENCE, || {
        browser.there("#server .probability").then_some(())
    });
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn browser_and_server_choose_the_same_tokens_in_arabic_and_german() {
    let Some((server, browser)) = start() else {
        return;
    };
    if !has_model(&server, MODEL) {
        return;
    }
    open(&server, &browser, &address(16));
    show_everything(&browser);
    browser.value(
        "window.longTasks = [], new PerformanceObserver(list =>
            longTasks.push(...list.getEntries().map(task => task.duration)))
            .observe({type: 'longtask'})",
    );
    for language in ["ar", "de"] {
        browser.click(&format!("[data-example={language}]"));
        run_both(&browser);
        let here = tokens(&browser, "browser");
        assert_eq!(here.len(), 16);
        assert_eq!(here, tokens(&browser, "server"), "{language}");
        assert_eq!(
            completion(&browser, "browser"),
            completion(&browser, "server")
        );
        assert_eq!(browser.text("#first-difference"), "none in 16 tokens");
        assert_eq!(toxicity(&browser, "browser"), toxicity(&browser, "server"));
        let (top, largest) = forced_decoding(&browser);
        assert_eq!(top, "100.0 % (16 of 16)", "{language}");
        // The two processors add in different orders.
        assert!(largest < 0.05, "{language}: {largest}");
        for column in ["browser", "server"] {
            let measures = browser.text(&format!("#{column} .measures"));
            assert!(!measures.contains('–'), "{column}: {measures}");
        }
    }
    assert!(browser.text("#device-reason").contains("processor"));
    // 50 ms is what a reader notices; a test machine may take the processor away for longer.
    let blocked = browser.value("Math.max(0, ...longTasks)").as_f64().unwrap();
    assert!(blocked < 200.0, "the page was blocked for {blocked} ms");

    browser.fill("#max-new-tokens", "2000");
    browser.click("#run");
    wait("the first words", PATIENCE, || {
        (!tokens(&browser, "browser").is_empty()).then_some(())
    });
    browser.click("#stop");
    wait_for_state(&browser, "browser", &["stopped"]);
    let stopped_at = tokens(&browser, "browser").len();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(tokens(&browser, "browser").len(), stopped_at);
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn a_kept_model_is_mended_where_damaged_and_runs_without_the_server() {
    let Some((server, browser)) = start() else {
        return;
    };
    if !has_model(&server, MODEL) {
        return;
    }
    let prompt = "Am Wochenende fahren wir";
    let fresh = |server: &Server| {
        open(server, &browser, &address(6));
        browser.type_into("#prompt", prompt);
    };
    fresh(&server);
    show_everything(&browser);
    run_both(&browser);
    let expected = tokens(&browser, "browser");
    assert_eq!(expected.len(), 6);
    let kept = || browser.text("#kept-models").contains(MODEL).then_some(());
    wait("the kept model", PATIENCE, kept);

    assert_eq!(damaged_shards(&browser), json!([]));
    damage_a_shard(&browser);
    assert_eq!(damaged_shards(&browser).as_array().unwrap().len(), 1);
    fresh(&server);
    run_both(&browser);
    assert_eq!(tokens(&browser, "browser"), expected);
    assert_eq!(damaged_shards(&browser), json!([]));

    fresh(&server);
    wait("the kept model", PATIENCE, kept);
    drop(server);
    browser.click("#run");
    wait_for_state(&browser, "browser", &["ended"]);
    wait_for_state(&browser, "server", &["failed"]);
    assert_eq!(tokens(&browser, "browser"), expected);
    // Scored by the worker, as nobody else is there.
    let score: f64 = toxicity(&browser, "browser").parse().unwrap();
    assert!((0.0..=1.0).contains(&score), "{score}");
    let said = browser.text("#server .problem");
    assert!(said.contains("No server answers"), "{said}");

    browser.click("#kept-models button");
    wait("the removal", PATIENCE, || kept().is_none().then_some(()));
}

#[test]
fn without_webgpu_the_processor_runs_the_model_and_the_page_says_why() {
    let Some((server, browser)) = start_with(&["--disable-gpu"]) else {
        return;
    };
    if !has_model(&server, MODEL) {
        return;
    }
    open(
        &server,
        &browser,
        &format!("?model={MODEL}&max_new_tokens=4&prompt=Hallo"),
    );
    let adapter = browser.awaited("return await navigator.gpu?.requestAdapter() ?? null");
    assert_eq!(adapter, json!(null), "this browser has WebGPU all the same");
    run_both(&browser);
    assert_eq!(state(&browser, "browser"), "ended");
    let reason = browser.text("#device-reason");
    assert!(
        reason.contains("processor") && reason.contains("WebGPU"),
        "{reason}"
    );
    assert_eq!(
        browser.value("document.querySelector('#device input[value=webgpu]').disabled"),
        json!(true)
    );
    assert_eq!(browser.errors(), Vec::<String>::new());
}

/// JavaScript that goes through the model's files in the browser's storage.
const SHARDS: &str = "
    let directory = await navigator.storage.getDirectory();
    for (const name of ['models', MODEL]) directory = await directory.getDirectoryHandle(name);
    const shards = [];
    for await (const [name, handle] of directory)
        if (/-[0-9a-f]{64}$/.test(name)) shards.push([name, handle]);
    if (shards.length === 0) throw new Error('no shards');
";

fn in_storage(browser: &Browser, script: &str) -> Value {
    browser.awaited(&format!(
        "const MODEL = {}; {SHARDS} {script}",
        json!(MODEL)
    ))
}

/// Names of the shards whose content is not what their name says.
fn damaged_shards(browser: &Browser) -> Value {
    in_storage(
        browser,
        "const damaged = [];
        for (const [name, handle] of shards) {
            const bytes = await (await handle.getFile()).arrayBuffer();
            const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
            const hex = [...digest].map(byte => byte.toString(16).padStart(2, '0')).join('');
            if (!name.endsWith(hex)) damaged.push(name);
        }
        return damaged;",
    )
}

fn damage_a_shard(browser: &Browser) {
    in_storage(
        browser,
        "const writable = await shards[0][1].createWritable({keepExistingData: true});
        await writable.write({type: 'write', position: 4096, data: new Uint8Array(64).fill(170)});
        await writable.close();",
    );
}
