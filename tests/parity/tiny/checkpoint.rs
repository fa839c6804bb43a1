//! The files of a tiny checkpoint.

use std::path::PathBuf;

use burn::tensor::Device;
use engine::checkpoint::{ByteSource, MemorySource};
use engine::{LoadOptions, Model, WeightFormat};
use serde::Deserialize;

pub struct Checkpoint {
    folder: PathBuf,
    pub model: Model,
}

/// A text and what Python's tokenizers library makes of it.
#[derive(Deserialize)]
struct Text {
    text: String,
    tokens: Vec<u32>,
}

impl Checkpoint {
    pub fn load(folder: &str) -> Self {
        Self::load_on(folder, Device::flex(), WeightFormat::AsStored)
    }

    pub fn load_on(folder: &str, device: Device, weights: WeightFormat) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("parity")
            .join(folder);
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("model") && name.ends_with(".safetensors"))
            .collect();
        names.sort();
        let sources: Vec<MemorySource> = names
            .iter()
            .map(|name| MemorySource::new(name, read(name)))
            .collect();
        let shards: Vec<&dyn ByteSource> = sources.iter().map(|s| s as &dyn ByteSource).collect();
        let options = LoadOptions { device, weights };
        let (config, tokenizer) = (read("config.json"), read("tokenizer.json"));
        let model = Model::from_safetensors(&config, &tokenizer, &shards, &options).unwrap();
        Self { folder, model }
    }

    pub fn file(&self, name: &str) -> MemorySource {
        MemorySource::new(name, std::fs::read(self.folder.join(name)).unwrap())
    }

    pub fn check_tokens(&self) {
        let bytes = std::fs::read(self.folder.join("expected_tokens.json")).unwrap();
        let texts: Vec<Text> = serde_json::from_slice(&bytes).unwrap();
        assert!(!texts.is_empty());
        let tokenizer = self.model.tokenizer();
        for text in texts {
            let tokens = tokenizer.encode(&text.text, true).unwrap();
            assert_eq!(tokens, text.tokens, "tokens of {:?}", text.text);
            assert_eq!(tokenizer.decode(&tokens), text.text);
        }
    }
}
