//! Two small GGUF files that hold nothing but a tokenizer.

use engine::checkpoint::gguf::writer::Writer;
use engine::checkpoint::gguf::{Array, Metadata, Value};

fn file(entries: Vec<(&str, Value)>) -> Vec<u8> {
    let mut metadata = Metadata::new("vocabulary.gguf");
    for (key, value) in entries {
        metadata.set(format!("tokenizer.ggml.{key}"), value);
    }
    Writer::new(Vec::new(), &metadata, &[])
        .unwrap()
        .finish()
        .unwrap()
}

fn texts(items: Vec<String>) -> Value {
    Value::Array(Array::String(items))
}

/// Control tokens, all bytes and a few pieces.
pub fn sentencepiece() -> Vec<u8> {
    let mut tokens: Vec<String> = ["<pad>", "<eos>", "<bos>", "<unk>"]
        .map(str::to_owned)
        .to_vec();
    let mut kinds = vec![3, 3, 3, 2];
    for byte in 0..=255 {
        tokens.push(format!("<0x{byte:02X}>"));
        kinds.push(6);
    }
    for piece in ["▁", "l", "e", "o", "H", "lo", "el", "Hel", "Hello", "▁▁"] {
        tokens.push(piece.to_owned());
        kinds.push(1);
    }
    let scores = (0..tokens.len()).map(|number| -(number as f32)).collect();
    file(vec![
        ("model", Value::String("llama".to_owned())),
        ("tokens", texts(tokens)),
        ("scores", Value::Array(Array::F32(scores))),
        ("token_type", Value::Array(Array::I32(kinds))),
        ("bos_token_id", Value::U32(2)),
        ("eos_token_id", Value::U32(1)),
        ("unknown_token_id", Value::U32(3)),
        ("add_bos_token", Value::Bool(true)),
        ("add_space_prefix", Value::Bool(false)),
    ])
}

/// GPT-2's stand-ins for all bytes, and a few merges.
pub fn byte_level() -> Vec<u8> {
    byte_level_with(["H e", "l l", "He ll", "Hell o"])
}

fn byte_level_with(merges: [&str; 4]) -> Vec<u8> {
    let printable = |byte: u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let others = (0..256).filter(|&byte| !printable(byte)).zip(256..);
    let mut tokens = vec!["<|endoftext|>".to_owned()];
    let plain = (0..256).filter(|&byte| printable(byte));
    let letters = plain.chain(others.map(|(_, letter)| letter));
    tokens.extend(letters.map(|letter| char::from_u32(letter).unwrap().to_string()));
    tokens.extend(["He", "ll", "Hell", "Hello"].map(str::to_owned));
    let mut kinds = vec![1; tokens.len()];
    kinds[0] = 3;
    let merges = merges.map(str::to_owned).to_vec();
    file(vec![
        ("model", Value::String("gpt2".to_owned())),
        ("pre", Value::String("smollm".to_owned())),
        ("tokens", texts(tokens)),
        ("token_type", Value::Array(Array::I32(kinds))),
        ("merges", texts(merges)),
        ("bos_token_id", Value::U32(0)),
        ("eos_token_id", Value::U32(0)),
    ])
}

#[test]
fn both_vocabularies_make_tokenizers() {
    use engine::checkpoint::MemorySource;
    use engine::checkpoint::gguf::Gguf;
    use engine::tokenizer::Tokenizer;
    for bytes in [sentencepiece(), byte_level()] {
        let source = MemorySource::new("vocabulary.gguf", bytes);
        let file = Gguf::open(&source).unwrap();
        let tokenizer = Tokenizer::from_gguf(file.metadata(), "vocabulary.gguf").unwrap();
        let tokens = tokenizer.encode("Hello", false).unwrap();
        assert_eq!(tokens.len(), 1);
        assert_eq!(tokenizer.decode(&tokens), "Hello");
    }
}

#[test]
fn a_merge_that_makes_no_token_is_an_error() {
    use engine::EngineError;
    use engine::checkpoint::MemorySource;
    use engine::checkpoint::gguf::Gguf;
    use engine::tokenizer::Tokenizer;
    // The last makes a text longer than every token, on which the `tokenizers` crate panics.
    let bytes = byte_level_with(["H e", "l l", "He ll", "Hello <|endoftext|>"]);
    let source = MemorySource::new("vocabulary.gguf", bytes);
    let file = Gguf::open(&source).unwrap();
    match Tokenizer::from_gguf(file.metadata(), "vocabulary.gguf") {
        Err(EngineError::Checkpoint(error)) => {
            assert_eq!(error.place, "tokenizer.ggml.merges");
            assert!(error.reason.contains("merge 3"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}
