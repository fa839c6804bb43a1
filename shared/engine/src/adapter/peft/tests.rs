//! Files of adapters, whole and broken.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::adapter::tests::{config, spec, trained};
use crate::adapter::{LoraConfig, Projection};
use crate::checkpoint::safetensors::writer;
use crate::checkpoint::{MemorySource, TensorStore, safetensors::Safetensors};

fn file(bytes: Vec<u8>) -> MemorySource {
    MemorySource::new(TENSORS_FILE, bytes)
}

type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// The tensors of an adapter's file, changed, as a file again.
fn changed(bytes: Vec<u8>, change: impl FnOnce(&mut Tensors)) -> MemorySource {
    let source = file(bytes);
    let store = Safetensors::open(&source).unwrap();
    let names: Vec<String> = store.names().map(str::to_owned).collect();
    let mut tensors: Tensors = names
        .into_iter()
        .map(|name| {
            let shape = store.info(&name).unwrap().shape.clone();
            let values = store.read(&name).unwrap().to_f32().unwrap();
            (name, (shape, values))
        })
        .collect();
    change(&mut tensors);
    file(writer::single_precision(&tensors))
}

#[test]
fn what_is_written_is_read() {
    let spec = spec();
    let adapter = trained(&spec, 3);
    let bytes = adapter.peft_tensors(&spec);
    assert_eq!(bytes, adapter.peft_tensors(&spec));
    let read = Adapter::from_peft(adapter.peft_config().as_bytes(), &file(bytes), &spec).unwrap();
    assert_eq!(read, adapter);
}

#[test]
fn numbers_of_the_config_are_written_as_by_hand() {
    let text = config::write(&config(&[Projection::Value, Projection::Query]));
    assert!(text.contains("\"lora_dropout\": 0.05"), "{text}");
    assert!(text.contains("\"lora_alpha\": 6,"), "{text}");
    assert!(text.contains("\"q_proj\",\n    \"v_proj\""), "{text}");
}

const NAME: &str = "base_model.model.model.layers.1.mlp.down_proj.lora_B.weight";

#[track_caller]
fn refused(change: impl FnOnce(&mut Tensors), expected: &str) {
    let spec = spec();
    let adapter = trained(&spec, 3);
    let file = changed(adapter.peft_tensors(&spec), change);
    let error = Adapter::from_peft(adapter.peft_config().as_bytes(), &file, &spec);
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with(TENSORS_FILE), "{error}");
    assert!(error.contains(NAME) && error.contains(expected), "{error}");
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    refused(|tensors| drop(tensors.remove(NAME)), "is missing");
    refused(
        |tensors| tensors.get_mut(NAME).unwrap().0.reverse(),
        "is transposed: shape [4, 64], the model needs [64, 4]",
    );
    refused(
        |tensors| tensors.get_mut(NAME).unwrap().0 = vec![32, 8],
        "shape [32, 8], the model needs [64, 4]",
    );
    refused(
        |tensors| tensors.get_mut(NAME).unwrap().1[5] = f32::INFINITY,
        "finite",
    );
}

#[test]
fn a_tensor_too_much_is_named() {
    let spec = spec();
    let adapter = trained(&spec, 3);
    for name in [
        "base_model.model.model.layers.3.mlp.down_proj.lora_B.weight",
        "base_model.model.lm_head.lora_A.weight",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector",
    ] {
        let file = changed(adapter.peft_tensors(&spec), |tensors| {
            tensors.insert(name.to_owned(), (vec![1], vec![0.0]));
        });
        let error = Adapter::from_peft(adapter.peft_config().as_bytes(), &file, &spec);
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains(name) && error.contains("too much"),
            "{error}"
        );
    }
}

/// What PEFT 0.21.2 writes for a plain LoRA.
fn as_peft_writes() -> Value {
    json!({
        "alora_invocation_tokens": null, "alpha_pattern": {}, "arrow_config": null,
        "auto_mapping": null, "base_model_name_or_path": "some/model", "bias": "none",
        "corda_config": null, "ensure_weight_tying": false, "eva_config": null,
        "exclude_modules": null, "fan_in_fan_out": false, "inference_mode": true,
        "init_lora_weights": true, "layer_replication": null, "layers_pattern": null,
        "layers_to_transform": null, "loftq_config": {}, "lora_alpha": 32, "lora_bias": false,
        "lora_dropout": 0.05, "megatron_config": null, "megatron_core": "megatron.core",
        "modules_to_save": null, "peft_type": "LORA", "peft_version": "0.21.2",
        "qalora_group_size": 16, "r": 16, "rank_pattern": {}, "revision": null,
        "target_modules": ["v_proj", "q_proj"], "target_parameters": null,
        "task_type": "CAUSAL_LM", "trainable_token_indices": null, "use_dora": false,
        "use_qalora": false, "use_rslora": false
    })
}

fn parsed(change: impl FnOnce(&mut Value)) -> Result<LoraConfig, String> {
    let mut record = as_peft_writes();
    change(&mut record);
    config::parse(record.to_string().as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn a_config_of_peft_is_understood() {
    let config = parsed(|_| {}).unwrap();
    assert_eq!(
        (config.rank, config.alpha, config.dropout),
        (16, 32.0, 0.05)
    );
    assert_eq!(config.base_model.as_deref(), Some("some/model"));
    let modules: Vec<Projection> = config.target_modules.into_iter().collect();
    assert_eq!(modules, [Projection::Query, Projection::Value]);
}

#[test]
fn rank_stabilised_adapters_have_a_larger_scale() {
    let config = parsed(|record| record["use_rslora"] = json!(true)).unwrap();
    assert_eq!(config.scale(), 32.0 / 4.0);
}

#[test]
fn what_is_not_supported_is_named() {
    let wrong = [
        ("peft_type", json!("IA3")),
        ("task_type", json!("SEQ_CLS")),
        ("bias", json!("lora_only")),
        ("use_dora", json!(true)),
        ("lora_bias", json!(true)),
        ("fan_in_fan_out", json!(true)),
        ("modules_to_save", json!(["embed_tokens"])),
        ("rank_pattern", json!({ "q_proj": 4 })),
        ("alpha_pattern", json!({ "q_proj": 4 })),
        ("layers_to_transform", json!([0, 1])),
        ("trainable_token_indices", json!([5])),
        ("init_lora_weights", json!("pissa")),
        ("something_new", json!(3)),
        ("target_modules", json!("all-linear")),
        ("target_modules", json!(["q_proj", "lm_head"])),
        ("target_modules", json!([])),
        ("r", json!(0)),
        ("r", json!(1_000_000)),
        ("lora_alpha", json!(0)),
        ("lora_dropout", json!(1.0)),
    ];
    for (key, value) in wrong {
        let error = parsed(|record| record[key] = value.clone()).unwrap_err();
        let place = format!("{CONFIG_FILE}: {key}: ");
        assert!(error.starts_with(&place), "{key} = {value}: {error}");
    }
    let error = config::parse(b"{").unwrap_err().to_string();
    assert!(error.contains("document"), "{error}");
}
