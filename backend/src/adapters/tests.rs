//! Adapters on disk: whole, damaged, for another model.

use std::sync::Arc;

use engine::adapter::{LoraConfig, Projection};
use engine::decoder::{Activation, LayerSpec, RopePairing};
use protocol::provenance::ModelProvenance;

use super::*;

pub(crate) fn spec() -> DecoderSpec {
    let layer = LayerSpec {
        rope_frequencies: vec![1.0, 0.1],
        window: None,
    };
    DecoderSpec {
        architecture: "llama".into(),
        hidden: 8,
        heads: 2,
        kv_heads: 1,
        head_dim: 4,
        feed_forward: 12,
        vocabulary: 20,
        context_length: 32,
        norm_epsilon: 1e-6,
        embedding_scale: 1.0,
        attention_scale: 0.5,
        activation: Activation::Silu,
        rope_pairing: RopePairing::Interleaved,
        layers: vec![layer; 2],
    }
}

fn model(digit: &str) -> ModelProvenance {
    ModelProvenance {
        model: "tiny".into(),
        sha256: digit.repeat(64),
        weights: "f32".into(),
        device: "cpu".into(),
        version: "0".into(),
        adapter: None,
    }
}

pub(crate) fn adapter() -> Adapter {
    let config = LoraConfig {
        rank: 2,
        alpha: 4.0,
        dropout: 0.0,
        target_modules: [Projection::Query, Projection::Down].into(),
        base_model: Some("tiny".into()),
    };
    let mut adapter = Adapter::initial(&spec(), config, 1).unwrap();
    for factors in adapter
        .layers
        .iter_mut()
        .flat_map(|layer| layer.values_mut())
    {
        for (index, value) in factors.b.iter_mut().enumerate() {
            *value = index as f32 / 7.0;
        }
    }
    adapter
}

pub(crate) fn made() -> Made {
    Made {
        base_model: BaseModel {
            model: "tiny".into(),
            sha256: "a".repeat(64),
        },
        origin: "a test".into(),
        training: Some(serde_json::json!({ "steps": 3 })),
    }
}

#[test]
fn what_is_saved_is_listed_read_and_removed() {
    let home = tempfile::tempdir().unwrap();
    let store = AdapterStore::new(home.path());
    assert_eq!(store.list().unwrap().len(), 0);
    store.save("polite", &adapter(), &spec(), made()).unwrap();
    let again = store.save("polite", &adapter(), &spec(), made());
    assert!(matches!(again, Err(AdapterError::AlreadyThere { .. })));

    let list = store.entries().unwrap();
    assert!(list.broken.is_empty());
    let [entry] = list.adapters.as_slice() else {
        panic!("{list:?}");
    };
    assert_eq!((entry.name.as_str(), entry.rank), ("polite", 2));
    assert_eq!(entry.target_modules, ["q_proj", "down_proj"]);
    let stored = store.find("polite").unwrap();
    for file in &entry.files {
        let bytes = std::fs::read(stored.directory.join(&file.name)).unwrap();
        assert_eq!(file.bytes, bytes.len() as u64);
        assert_eq!(file.sha256, sha256_of_bytes(&bytes));
    }
    let read = stored.read(&spec(), &model("a")).unwrap();
    assert_eq!((&read.adapter, &read.sha256), (&adapter(), &entry.sha256));
    assert_eq!(read.provenance(0.5).strength, 0.5);
    // Nothing is left over beside it.
    let names = std::fs::read_dir(home.path().join("adapters")).unwrap();
    assert_eq!(names.count(), 1);

    store.remove("polite").unwrap();
    let gone = store.remove("polite");
    assert!(matches!(gone, Err(AdapterError::Unknown { .. })));
    assert_eq!(
        std::fs::read_dir(home.path().join("adapters"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn another_model_is_refused_by_name() {
    let home = tempfile::tempdir().unwrap();
    let store = AdapterStore::new(home.path());
    let stored = store.save("polite", &adapter(), &spec(), made()).unwrap();
    let error = stored.read(&spec(), &model("b")).unwrap_err().to_string();
    assert!(
        error.contains("`polite` was made for `tiny` (aaaaaaaaaaaa…)"),
        "{error}"
    );
    // The same hash and another shape: files that contradict each other.
    let mut deeper = spec();
    deeper.layers.push(deeper.layers[0].clone());
    let error = stored.read(&deeper, &model("a")).unwrap_err().to_string();
    assert!(
        error.contains("layers.2") && error.contains("missing"),
        "{error}"
    );
}

#[test]
fn damage_is_seen() {
    let home = tempfile::tempdir().unwrap();
    let store = AdapterStore::new(home.path());
    let stored = store.save("polite", &adapter(), &spec(), made()).unwrap();
    let mut bytes = std::fs::read(stored.tensors()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(stored.tensors(), bytes).unwrap();
    let error = stored.read(&spec(), &model("a"));
    assert!(matches!(error, Err(AdapterError::Changed { .. })));
    std::fs::write(stored.directory.join(RECORD), "{").unwrap();
    let list = store.entries().unwrap();
    assert_eq!((list.adapters.len(), list.broken.len()), (0, 1));
    assert!(list.broken[0].error.contains(RECORD));
}

#[test]
fn a_directory_of_pefts_own_is_used_by_its_path_and_shape() {
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("theirs");
    write_directory(&path, &adapter(), &spec(), made()).unwrap();
    std::fs::remove_file(path.join(RECORD)).unwrap();
    let home = tempfile::tempdir().unwrap();
    let store = AdapterStore::new(home.path());
    let stored = store.resolve(path.to_str().unwrap()).unwrap();
    assert_eq!(
        stored.read(&spec(), &model("b")).unwrap().adapter,
        adapter()
    );
    let error = stored.entry().unwrap_err().to_string();
    assert!(error.contains("import"), "{error}");

    let error = store
        .resolve(elsewhere.path().to_str().unwrap())
        .unwrap_err();
    assert!(error.to_string().contains("adapter_config.json"), "{error}");
    for name in ["nobody", "../x", "", "A"] {
        let error = store.resolve(name).unwrap_err();
        assert!(error.help().is_some() || matches!(error, AdapterError::InvalidName { .. }));
    }
}

#[test]
fn the_shelf_reads_again_what_has_changed() {
    let home = tempfile::tempdir().unwrap();
    let store = AdapterStore::new(home.path());
    store.save("polite", &adapter(), &spec(), made()).unwrap();
    let shelf = AdapterShelf::new(Some(store.clone()));
    let choice = |strength| protocol::adapter::AdapterChoice {
        name: "polite".into(),
        strength,
    };
    let get = |strength| shelf.get(&choice(strength), &spec(), &model("a"));
    let (first, provenance) = get(1.0).unwrap();
    assert_eq!(provenance.strength, 1.0);
    let (second, provenance) = get(0.5).unwrap();
    assert!(Arc::ptr_eq(first.adapter(), second.adapter()));
    assert_eq!(provenance.strength, 0.5);
    assert!(get(2.0).is_err());
    assert!(shelf.get(&choice(1.0), &spec(), &model("b")).is_err());

    store.remove("polite").unwrap();
    let mut other = adapter();
    other.layers[0].clear();
    other.layers[1].clear();
    other.config.target_modules = [Projection::Up].into();
    let other = Adapter::initial(&spec(), other.config, 2).unwrap();
    store.save("polite", &other, &spec(), made()).unwrap();
    let (third, _) = get(1.0).unwrap();
    assert_eq!(**third.adapter(), other);
    store.remove("polite").unwrap();
    assert!(get(1.0).is_err());
}

#[test]
fn adapters_of_studies_are_used_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let store = AdapterStore::new(home.path());
    let directory = home.path().join("studies/quick.2/adapters/x-ft-de-seed42");
    let made = Made {
        base_model: BaseModel {
            model: "tiny".into(),
            sha256: "a".repeat(64),
        },
        origin: "study quick.2".into(),
        training: None,
    };
    write_directory(&directory, &adapter(), &spec(), made).unwrap();
    let name = "quick.2.x-ft-de-seed42";
    let listed = store.entries().unwrap();
    assert_eq!(listed.adapters[0].name, name);
    let found = store.find(name).unwrap();
    assert!(found.read(&spec(), &model("a")).is_ok());
    assert!(matches!(
        store.remove(name),
        Err(AdapterError::OfStudy { .. })
    ));
    // Without its record it is of an older version, and not listed.
    fs::remove_file(directory.join(RECORD)).unwrap();
    assert!(store.entries().unwrap().adapters.is_empty());
}
