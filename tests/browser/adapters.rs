//! A trained adapter in the playground: switched on and off, at any strength, in the browser and on
//! the server.

use std::path::PathBuf;

use backend::adapters::{AdapterStore, Made};
use backend::executor::ModelReader;
use backend::hub::Hub;
use engine::WeightFormat;
use engine::adapter::{Adapter, LoraConfig, Projection};
use engine::device::DeviceChoice;
use protocol::adapter::BaseModel;
use serde_json::{Value, json};

use crate::server::Server;
use crate::steps::{MODEL, PATIENCE, open, start, tokens, wait_for_state};
use crate::webdriver::{Browser, wait};

const PROMPT: &str = "Berlin ist";
const ADAPTER: &str = "shifted";

fn users_home() -> PathBuf {
    dirs::data_dir().unwrap().join("polydetox")
}

/// A data directory with the user's models and an adapter that changes what the model says.
fn home(hub: &Hub) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(users_home().join("models"), home.path().join("models")).unwrap();
    let reader = ModelReader::new(DeviceChoice::Cpu, WeightFormat::AsStored).unwrap();
    let (model, provenance) = reader.read(&hub.resolve(MODEL).unwrap()).unwrap();
    let config = LoraConfig {
        rank: 4,
        alpha: 8.0,
        dropout: 0.0,
        target_modules: [Projection::Query, Projection::Output, Projection::Down].into(),
        base_model: Some(MODEL.to_owned()),
    };
    let mut adapter = Adapter::initial(model.spec(), config, 5).unwrap();
    for factors in adapter
        .layers
        .iter_mut()
        .flat_map(|layer| layer.values_mut())
    {
        let a = factors.a.iter().cycle();
        factors.b = a.take(factors.b.len()).copied().collect();
    }
    let made = Made {
        base_model: BaseModel {
            model: provenance.model,
            sha256: provenance.sha256,
        },
        origin: "a test".to_owned(),
        training: None,
    };
    let store = AdapterStore::new(home.path());
    store.save(ADAPTER, &adapter, model.spec(), made).unwrap();
    home
}

/// What the API answers, at a strength or without the adapter.
fn expected(server: &Server, strength: Option<f32>) -> Vec<u64> {
    let mut request = json!({
        "model": MODEL, "prompt": PROMPT, "max_new_tokens": 8, "logprobs": 0,
    });
    if let Some(strength) = strength {
        request["adapter"] = json!({"name": ADAPTER, "strength": strength});
    }
    let answer = server.ask("POST", "/api/generate", Some(&request));
    let told = &answer["provenance"]["adapter"];
    assert_eq!(told["name"].as_str(), strength.map(|_| ADAPTER), "{told}");
    let tokens = answer["tokens"].as_array().unwrap().iter();
    tokens
        .map(|token| token["chosen"]["token"].as_u64().unwrap())
        .collect()
}

/// Runs both sides and returns their tokens, which are the same.
fn run(browser: &Browser) -> Vec<u64> {
    browser.click("#run");
    for column in ["browser", "server"] {
        wait_for_state(browser, column, &["ended"]);
    }
    let (here, there) = (tokens(browser, "browser"), tokens(browser, "server"));
    assert_eq!(here, there);
    here
}

fn value(browser: &Browser, field: &str) -> Value {
    browser.value(&format!("document.querySelector('{field}')?.value ?? null"))
}

fn slide(browser: &Browser, to: &str) {
    browser.value(&format!(
        "(() => {{ const slider = document.querySelector('#adapter-strength');
            slider.value = '{to}'; slider.dispatchEvent(new Event('input')); }})()"
    ));
}

#[test]
fn an_adapter_is_switched_and_slid_on_both_sides() {
    // Whether there is a page and a browser is said before a model is read.
    let Some((_, browser)) = start() else {
        return;
    };
    let hub = Hub::new(&users_home()).unwrap();
    if hub.resolve(MODEL).is_err() {
        println!("skipped: {MODEL} is not on this machine");
        return;
    }
    let home = home(&hub);
    let server = Server::start_with(&["--data-dir".as_ref(), home.path().as_os_str()]).unwrap();
    let plain = expected(&server, None);
    let full = expected(&server, Some(1.0));
    let half = expected(&server, Some(0.5));
    assert_eq!(plain, expected(&server, Some(0.0)));
    assert_ne!(plain, full);

    let address = format!(
        "?model={MODEL}&device=cpu&max_new_tokens=8&prompt=Berlin+ist&adapter={ADAPTER}&adapter_strength=1"
    );
    open(&server, &browser, &address);
    wait("the adapter", PATIENCE, || {
        (value(&browser, "#adapter") == ADAPTER).then_some(())
    });
    assert!(
        !browser.there("#wrong-address"),
        "{}",
        browser.text("#wrong-address")
    );
    browser.click("#show-model-text");
    assert_eq!(run(&browser), full);
    for column in ["browser", "server"] {
        let told = browser.text(&format!("#{column} .provenance"));
        assert!(told.contains("adapter shifted at strength 1,"), "{told}");
    }
    slide(&browser, "0.5");
    assert_eq!(run(&browser), half);
    let query = browser.value("location.search");
    assert!(
        query.as_str().unwrap().contains("adapter_strength=0.5"),
        "{query}"
    );
    // The same completion forced upon both: with the adapter on either side.
    let top = wait("the comparison", PATIENCE, || {
        assert_eq!(browser.text("#forced-problem"), "");
        Some(browser.text("#top-1")).filter(|text| text.contains('%'))
    });
    assert!(top.starts_with("100"), "{top}");
    slide(&browser, "0");
    assert_eq!(run(&browser), plain);
    browser.choose("#adapter", "");
    assert_eq!(run(&browser), plain);
    assert_eq!(value(&browser, "#adapter-strength"), Value::Null);

    open(
        &server,
        &browser,
        "?prompt=Hi&adapter=nobody&adapter_strength=7",
    );
    let told = wait("what is wrong", PATIENCE, || {
        Some(browser.text("#wrong-address")).filter(|told| told.contains("nobody"))
    });
    assert!(told.contains("adapter_strength"), "{told}");
    assert_eq!(browser.errors(), Vec::<String>::new());
}
