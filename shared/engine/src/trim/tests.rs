//! Small vocabularies, trimmed, written and read again.

use std::collections::BTreeSet;

use protocol::language::ScriptFamily;

use super::*;
use crate::checkpoint::gguf::writer::{PlannedTensor, Writer};
use crate::checkpoint::gguf::{Gguf, Metadata, RewriteError, Value};
use crate::checkpoint::{MemorySource, TensorStore, TensorType};
use crate::tokenizer::Tokenizer;
use crate::tokenizer::tests::{byte_level_metadata, sentencepiece};

fn provenance() -> Provenance {
    Provenance {
        source_sha256: "5a".repeat(32),
        corpus_sha256: "c0".repeat(32),
        corpus_texts: 1,
        languages: vec!["de".to_owned()],
    }
}

fn trim(metadata: &Metadata, text: &str) -> (Tokenizer, Selection, Tokenizer, Metadata) {
    let full = Tokenizer::from_gguf(metadata, "full.gguf").unwrap();
    let mut selector = Selector::new(&full);
    selector.add(text).unwrap();
    let selection = selector.finish(metadata, &[ScriptFamily::Latin]).unwrap();
    let planned = plan(metadata, &selection, &provenance()).unwrap();
    let trimmed = Tokenizer::from_gguf(&planned, "trimmed.gguf").unwrap();
    (full, selection, trimmed, planned)
}

/// Normal pieces of more than one byte.
fn words(tokenizer: &Tokenizer) -> BTreeSet<&str> {
    let normal = |kind| kind == crate::tokenizer::TokenKind::Normal;
    tokenizer
        .pieces()
        .iter()
        .filter(|&(token, _, kind)| normal(kind) && tokenizer.token_bytes(token).len() > 1)
        .map(|(_, text, _)| text)
        .collect()
}

#[test]
fn the_way_to_a_kept_token_is_kept() {
    let pieces = [
        "ab", "cd", "abcd", "bc", "xy", "abcdx", "ж", "é", "a", "b", "c", "d", "x", "y",
    ];
    let metadata = sentencepiece(&pieces);
    let (full, selection, trimmed, _) = trim(&metadata, "abcd");
    // `bc` is no step of the way, `xy` is not used, `ж` is of another script.
    assert_eq!(words(&trimmed), BTreeSet::from(["ab", "cd", "abcd", "é"]));
    for text in ["abcd", "abcdabcd é", "ab cd"] {
        let renumbered: Option<Vec<u32>> = full
            .encode(text, true)
            .unwrap()
            .into_iter()
            .map(|token| selection.renumber(token))
            .collect();
        assert_eq!(Some(trimmed.encode(text, true).unwrap()), renumbered);
    }
    assert_eq!(trimmed.bos(), Some(1));
    assert_eq!(
        trimmed.decode(&trimmed.encode("abcdxyж", false).unwrap()),
        "abcdxyж"
    );
}

#[test]
fn byte_level_keeps_the_merges_that_are_left() {
    let metadata = byte_level_metadata();
    let (_, selection, trimmed, planned) = trim(&metadata, "he");
    assert_eq!(words(&trimmed), BTreeSet::from(["he"]));
    assert_eq!(planned.strings("tokenizer.ggml.merges").unwrap(), ["h e"]);
    assert_eq!(trimmed.encode("hell", false).unwrap().len(), 3);
    assert_eq!(selection.kept().len(), 258);

    let (_, _, trimmed, planned) = trim(&metadata, "hell");
    assert_eq!(words(&trimmed), BTreeSet::from(["he", "ll", "hell"]));
    assert_eq!(planned.strings("tokenizer.ggml.merges").unwrap().len(), 3);
}

#[test]
fn coverage_counts_what_stays_the_same() {
    let metadata = sentencepiece(&["ab", "cd", "a", "b", "c", "d"]);
    let (full, selection, trimmed, _) = trim(&metadata, "ab");
    let mut coverage = Coverage::default();
    let mut add = |text| coverage.add(&full, &trimmed, &selection, text).unwrap();
    add("ab");
    add("abcdж");
    assert_eq!((coverage.texts, coverage.same_texts), (2, 1));
    assert_eq!((coverage.characters, coverage.same_characters), (7, 5));
    assert_eq!((coverage.full_tokens, coverage.same_tokens), (5, 4));
    assert_eq!((coverage.trimmed_tokens, coverage.trimmed_bytes), (6, 2));
    assert_eq!(coverage.full_bytes, 2);
}

#[test]
fn rows_are_copied_as_they_are() {
    let mut metadata = sentencepiece(&["ab", "cd", "a", "b", "c", "d"]);
    metadata.set("general.architecture", Value::String("gemma3".into()));
    metadata.set("gemma3.vocab_size", Value::U32(264));
    let tensor = |name: &str, rows| PlannedTensor {
        name: name.to_owned(),
        kind: TensorType::Q8_0,
        shape: vec![rows, 32],
    };
    // Two rows more than tokens, as padded checkpoints have them.
    let planned = [tensor("token_embd.weight", 266), tensor("blk.0.w", 3)];
    let mut writer = Writer::new(Vec::new(), &metadata, &planned).unwrap();
    let row =
        |number: usize| -> Vec<u8> { (0..34).map(|byte| (number * 7 + byte) as u8).collect() };
    let embedding: Vec<u8> = (0..266).flat_map(row).collect();
    writer.tensor("token_embd.weight", &embedding).unwrap();
    writer.tensor("blk.0.w", &embedding[..102]).unwrap();
    let source = MemorySource::new("full.gguf", writer.finish().unwrap());

    let (_, selection, trimmed, planned) = trim(&metadata, "ab");
    assert!(selection.kept().len() < 264);
    let bytes = write(&source, &selection, &planned, Vec::new()).unwrap();
    let source = MemorySource::new("trimmed.gguf", bytes);
    let file = Gguf::open(&source).unwrap();
    let rows = file.read("token_embd.weight").unwrap();
    assert_eq!(rows.info.shape, [trimmed.vocabulary_size(), 32]);
    for (new, &old) in selection.kept().iter().enumerate() {
        assert_eq!(rows.bytes[new * 34..][..34], row(old as usize));
    }
    assert_eq!(file.read("blk.0.w").unwrap().bytes, embedding[..102]);
    let size = trimmed.vocabulary_size() as u32;
    assert_eq!(file.metadata().u32("gemma3.vocab_size"), Some(size));
    assert_eq!(
        file.metadata().str("polydetox.trim.source_sha256"),
        Some("5a".repeat(32).as_str())
    );
}

#[test]
fn a_file_that_does_not_fit_is_refused() {
    let metadata = sentencepiece(&["ab", "a", "b"]);
    let (_, selection, _, planned) = trim(&metadata, "ab");
    let written = |tensors: &[PlannedTensor]| {
        let mut writer = Writer::new(Vec::new(), &metadata, tensors).unwrap();
        for tensor in tensors {
            let bytes = tensor.shape.iter().product::<usize>() * 4;
            writer.tensor(&tensor.name, &vec![0; bytes]).unwrap();
        }
        let source = MemorySource::new("full.gguf", writer.finish().unwrap());
        match write(&source, &selection, &planned, Vec::new()) {
            Err(RewriteError::Model(error)) => error.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert!(written(&[]).contains("token_embd.weight"));
    let short = PlannedTensor {
        name: "token_embd.weight".to_owned(),
        kind: TensorType::F32,
        shape: vec![5, 4],
    };
    assert!(written(&[short]).contains("5 rows for 261 tokens"));
    let (_, other, _, _) = trim(&sentencepiece(&["a"]), "a");
    assert!(plan(&metadata, &other, &provenance()).is_err());
}
