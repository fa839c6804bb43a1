//! Files on which the `tokenizers` crate panics give errors here.

use engine::EngineError;
use engine::tokenizer::Tokenizer;

const VALID: &str = r#"{"version":"1.0","added_tokens":[],"normalizer":null,"pre_tokenizer":null,
    "post_processor":null,"decoder":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
    "model":{"type":"BPE","continuing_subword_prefix":null,
             "vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"]]}}"#;

fn open(text: &str) -> Result<Tokenizer, EngineError> {
    Tokenizer::from_json(text.as_bytes(), "tokenizer.json")
}

#[test]
fn contradictions_are_errors() {
    let tokens = open(VALID).unwrap().encode("ab", false).unwrap();
    assert_eq!(tokens, [2]);
    let normalizer = r#""normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"}"#;
    let template = r#""post_processor":{"type":"TemplateProcessing","special_tokens":{},"pair":[],
        "single":[{"SpecialToken":{"id":"a","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]}"#;
    for (from, to) in [
        (r#""post_processor":null"#, template),
        (r#""ByteLevel""#, "\"Byte\u{1}Level\""),
        (r#""ByteLevel""#, r#""\ud800""#),
        (r#"prefix":null"#, r#"prefix":"long""#),
        (r#""normalizer":null"#, normalizer),
    ] {
        assert!(VALID.contains(from));
        match open(&VALID.replace(from, to)) {
            Err(EngineError::Checkpoint(error)) => {
                assert_eq!(
                    (error.file.as_str(), error.place.as_str()),
                    ("tokenizer.json", "tokenizer")
                );
            }
            other => panic!("{to}: {other:?}"),
        }
    }
}
