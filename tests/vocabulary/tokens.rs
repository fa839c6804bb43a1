//! Token ids against llama.cpp's.

use engine::checkpoint::gguf::Gguf;
use engine::tokenizer::{TextStream, Tokenizer, byte_level};

use crate::{Row, rows, source};

fn tokenizer(id: &str) -> Option<Tokenizer> {
    let source = source(id)?;
    let file = Gguf::open(&source).unwrap();
    Some(Tokenizer::from_gguf(file.metadata(), id).unwrap())
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
    let Some(tokenizer) = tokenizer("gemma-3-270m") else {
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
    let Some(tokenizer) = tokenizer("smollm2-135m-instruct") else {
        return;
    };
    assert_eq!(tokenizer.vocabulary_size(), 49_152);
    assert_eq!((tokenizer.bos(), tokenizer.adds_bos()), (Some(1), false));
    assert_eq!(tokenizer.eos(), [2, 0]);
    // The vocabulary has no token for some bytes, among them control characters; such a byte is
    // lost, with llama.cpp as well.
    let missing: Vec<u8> = (0..=u8::MAX)
        .filter(|&byte| {
            let text = byte_level::character_of(byte).to_string();
            !tokenizer.pieces().iter().any(|(_, piece, _)| piece == text)
        })
        .collect();
    assert_eq!(missing.len(), 21);
    agrees(&tokenizer, "smollm2-135m-instruct", |text| {
        !text.bytes().any(|byte| missing.contains(&byte))
    });
}
