//! Token ids against llama.cpp's (tests/parity/tokenizer/export.py), on the real vocabularies.
//!
//! The model files are not in the repository: `cargo xtask test` fetches them and names their
//! directory in `POLYDETOX_MODELS`. Without it these tests say so and check nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use engine::checkpoint::MemorySource;
use engine::checkpoint::gguf::Gguf;
use engine::tokenizer::{TextStream, Tokenizer};
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    text: String,
    ids: Vec<u32>,
}

fn tokenizer(file: &str) -> Option<Tokenizer> {
    let Some(models) = std::env::var_os("POLYDETOX_MODELS") else {
        eprintln!("POLYDETOX_MODELS is not set: {file} is not checked");
        return None;
    };
    let path = PathBuf::from(models).join(file);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let source = MemorySource::new(file, bytes);
    let gguf = Gguf::open(&source).unwrap();
    Some(Tokenizer::from_gguf(gguf.metadata(), file).unwrap())
}

fn rows(name: &str) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/parity/tokenizer")
        .join(format!("{name}.jsonl"));
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .skip(1) // who wrote the file
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Same ids, whole texts back, at once and token by token.
fn agrees(tokenizer: &Tokenizer, name: &str, writable: impl Fn(&str) -> bool) {
    let rows = rows(name);
    assert!(rows.len() >= 150);
    for Row { text, ids } in rows {
        assert_eq!(tokenizer.encode(&text, false).unwrap(), ids, "{text:?}");
        if !writable(&text) {
            continue;
        }
        assert_eq!(tokenizer.decode(&ids), text);
        let mut stream = TextStream::new();
        let mut streamed = String::new();
        for &token in &ids {
            let part = stream.push(tokenizer, token);
            assert!(!part.contains('\u{FFFD}') || text.contains('\u{FFFD}'));
            streamed.push_str(&part);
        }
        assert_eq!(stream.flush(), "");
        assert_eq!(streamed, text);
    }
}

#[test]
fn gemma_agrees_with_llama_cpp() {
    let Some(tokenizer) = tokenizer("gemma-3-270m-q4_k_m.gguf") else {
        return;
    };
    assert_eq!(tokenizer.vocabulary_size(), 262_144);
    assert_eq!((tokenizer.bos(), tokenizer.adds_bos()), (Some(2), true));
    assert_eq!(tokenizer.eos(), [1, 106]);
    assert_eq!(tokenizer.encode("", true).unwrap(), [2]);
    agrees(&tokenizer, "gemma-3-270m", |_| true);
    // The file has `</s>` among the HTML tags that are cut out of a text. llama.cpp takes every
    // token of that name for an end of text and so cuts it up; here the file counts.
    assert_eq!(tokenizer.encode("</s>", false).unwrap(), [212]);
    assert!(!tokenizer.is_special(212));
}

#[test]
fn smollm2_agrees_with_llama_cpp() {
    let Some(tokenizer) = tokenizer("SmolLM2-135M-Instruct.Q4_1.gguf") else {
        return;
    };
    assert_eq!(tokenizer.vocabulary_size(), 49_152);
    assert_eq!((tokenizer.bos(), tokenizer.adds_bos()), (Some(1), false));
    assert_eq!(tokenizer.eos(), [2, 0]);
    // The vocabulary has no token for some bytes, among them control characters; such a byte is
    // lost, with llama.cpp as well.
    let missing: Vec<u8> = (0..=u8::MAX)
        .filter(|&byte| {
            let text = engine::tokenizer::byte_level::character_of(byte).to_string();
            !tokenizer.pieces().iter().any(|(_, piece, _)| piece == text)
        })
        .collect();
    assert_eq!(missing.len(), 21);
    agrees(&tokenizer, "smollm2-135m-instruct", |text| {
        !text.bytes().any(|byte| missing.contains(&byte))
    });
}
