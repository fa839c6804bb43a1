//! The vocabularies of the real models: token ids against llama.cpp, and trimming.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod tokens;
mod trimmed;

use std::path::PathBuf;

use backend::hub::{FileSource, Hub, ModelFiles, ModelId};
use serde::Deserialize;

/// The file of a model, from the hub of this user; says why a test is skipped where it is not there.
fn source(id: &str) -> Option<FileSource> {
    let data_dir = std::env::var_os("POLYDETOX_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| dirs::data_dir().map(|path| path.join("polydetox")))
        .unwrap();
    let hub = Hub::new(&data_dir).unwrap();
    match hub.resolve_id(&ModelId::new(id).unwrap()) {
        Ok(model) => match model.files {
            ModelFiles::Gguf(path) => Some(FileSource::open(&path).unwrap()),
            ModelFiles::Safetensors { .. } => panic!("{id} is a GGUF model"),
        },
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}

/// A text and its tokens as llama.cpp gives them (tests/parity/tokenizer/exporter.py).
#[derive(Deserialize)]
struct Row {
    text: String,
    ids: Vec<u32>,
}

fn rows(id: &str) -> Vec<Row> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("parity/tokenizer")
        .join(format!("{id}.jsonl"));
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .skip(1) // who wrote the file
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
