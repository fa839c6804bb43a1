//! `adapter_config.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::CONFIG_FILE;
use crate::adapter::{LoraConfig, Projection};
use crate::error::{CheckpointError, EngineError};

/// Keys that say nothing about the numbers, whatever their value.
const SAYS_NOTHING: [&str; 8] = [
    "peft_version",
    "inference_mode",
    "auto_mapping",
    "revision",
    "runtime_config",
    "megatron_core",
    // Counts only with `use_qalora`.
    "qalora_group_size",
    // Counts only with `use_dora`.
    "ephemeral_gpu_offload",
];

/// The keys that are understood. All others must be unset.
#[derive(Deserialize)]
struct Record {
    peft_type: String,
    r: usize,
    lora_alpha: f32,
    #[serde(default)]
    lora_dropout: f32,
    target_modules: Value,
    #[serde(default)]
    base_model_name_or_path: Option<String>,
    #[serde(default)]
    use_rslora: Option<bool>,
    #[serde(default)]
    task_type: Option<String>,
    #[serde(default)]
    bias: Option<String>,
    #[serde(default)]
    init_lora_weights: Option<Value>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

fn error(place: &str, reason: impl Into<String>) -> CheckpointError {
    CheckpointError::new(CONFIG_FILE, place, reason)
}

/// Reads the file.
///
/// # Errors
/// For the first key that is broken or asks for what is not supported, by its name.
pub fn parse(json: &[u8]) -> Result<LoraConfig, CheckpointError> {
    let record: Record =
        serde_json::from_slice(json).map_err(|source| error("document", source.to_string()))?;
    if record.peft_type != "LORA" {
        return Err(error(
            "peft_type",
            format!("`{}` is not supported, only `LORA`", record.peft_type),
        ));
    }
    if let Some(task) = record.task_type
        && task != "CAUSAL_LM"
    {
        return Err(error(
            "task_type",
            format!("`{task}` is not supported, only `CAUSAL_LM`"),
        ));
    }
    if let Some(bias) = record.bias
        && bias != "none"
    {
        return Err(error(
            "bias",
            format!("trained biases (`{bias}`) are not supported, only `none`"),
        ));
    }
    // The other ways to begin (pissa, olora, corda, loftq …) change the base weights too.
    match record.init_lora_weights {
        None | Some(Value::Null | Value::Bool(_)) => {}
        Some(Value::String(name)) if name == "gaussian" || name == "orthogonal" => {}
        Some(other) => {
            return Err(error(
                "init_lora_weights",
                format!("{other} also changes the base model, which is not supported"),
            ));
        }
    }
    for (key, value) in &record.others {
        if !SAYS_NOTHING.contains(&key.as_str()) && !is_unset(value) {
            return Err(error(
                key,
                format!("is {value}; this variant of LoRA is not supported"),
            ));
        }
    }
    let mut config = LoraConfig {
        rank: record.r,
        alpha: record.lora_alpha,
        dropout: record.lora_dropout,
        target_modules: target_modules(&record.target_modules)?,
        base_model: record.base_model_name_or_path,
    };
    config.validate().map_err(in_peft_words)?;
    if record.use_rslora == Some(true) {
        // rsLoRA (arXiv 2312.03732) divides by √rank: the same as a larger alpha.
        config.alpha *= (config.rank as f32).sqrt();
    }
    Ok(config)
}

fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

fn target_modules(value: &Value) -> Result<BTreeSet<Projection>, CheckpointError> {
    let place = "target_modules";
    let supported = Projection::ALL.map(Projection::name).join(", ");
    let names = match value {
        Value::Array(names) => names,
        Value::String(pattern) => {
            return Err(error(
                place,
                format!("the pattern `{pattern}` is not supported; list the maps: {supported}"),
            ));
        }
        other => {
            return Err(error(
                place,
                format!("is {other}, expected a list of names"),
            ));
        }
    };
    names
        .iter()
        .map(|name| {
            name.as_str()
                .and_then(Projection::from_name)
                .ok_or_else(|| {
                    error(
                        place,
                        format!("{name} cannot be adapted; supported are {supported}"),
                    )
                })
        })
        .collect()
}

/// The same error by the file and by PEFT's name of the field.
fn in_peft_words(source: EngineError) -> CheckpointError {
    match source {
        EngineError::Field(field) => {
            let place = match field.field.as_str() {
                "rank" => "r",
                "alpha" => "lora_alpha",
                "dropout" => "lora_dropout",
                other => other,
            };
            error(place, field.message)
        }
        other => error("document", other.to_string()),
    }
}

/// The file's text.
pub fn write(config: &LoraConfig) -> String {
    let modules = config.target_modules.iter();
    let modules: Vec<&str> = modules.map(|projection| projection.name()).collect();
    let record = json!({
        "base_model_name_or_path": config.base_model,
        "bias": "none",
        "fan_in_fan_out": false,
        "inference_mode": true,
        "init_lora_weights": true,
        "lora_alpha": shortest(config.alpha),
        "lora_dropout": shortest(config.dropout),
        "modules_to_save": null,
        "peft_type": "LORA",
        "r": config.rank,
        "target_modules": modules,
        "task_type": "CAUSAL_LM",
        "use_dora": false,
        "use_rslora": false,
    });
    format!("{record:#}\n")
}

/// The number as it would be written by hand: 0.05, not the nearest double of the nearest single.
fn shortest(value: f32) -> Value {
    let text = value.to_string();
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(whole), _) => Value::from(whole),
        (_, Ok(number)) => Value::from(number),
        _ => Value::Null,
    }
}
