//! Small vocabularies: merging, round trips and refusals.

use crate::checkpoint::gguf::{Array, Metadata, Value};
use crate::error::EngineError;

use super::{TextStream, Tokenizer, byte_level};

fn strings<const N: usize>(items: [&str; N]) -> Value {
    Value::Array(Array::String(items.map(str::to_owned).to_vec()))
}

/// `<unk>`, `<s>`, all bytes, then these pieces, the first with the best score.
pub(crate) fn sentencepiece(pieces: &[&str]) -> Metadata {
    let mut tokens = vec!["<unk>".to_owned(), "<s>".to_owned()];
    tokens.extend((0..=u8::MAX).map(|byte| format!("<0x{byte:02X}>")));
    let mut kinds = vec![2, 3];
    kinds.resize(tokens.len(), 6);
    let mut scores = vec![0.0; tokens.len()];
    for (rank, piece) in pieces.iter().enumerate() {
        tokens.push((*piece).to_owned());
        kinds.push(1);
        scores.push(-(rank as f32));
    }
    let mut metadata = Metadata::new("small.gguf");
    metadata.set("tokenizer.ggml.model", Value::String("llama".to_owned()));
    metadata.set("tokenizer.ggml.tokens", Value::Array(Array::String(tokens)));
    metadata.set("tokenizer.ggml.token_type", Value::Array(Array::I32(kinds)));
    metadata.set("tokenizer.ggml.scores", Value::Array(Array::F32(scores)));
    metadata.set("tokenizer.ggml.bos_token_id", Value::U32(1));
    metadata.set("tokenizer.ggml.add_space_prefix", Value::Bool(false));
    metadata
}

/// `<|endoftext|>`, the byte alphabet, `he`, `ll` and `hell`.
pub(crate) fn byte_level_metadata() -> Metadata {
    let mut tokens = vec!["<|endoftext|>".to_owned()];
    tokens.extend((0..=u8::MAX).map(|byte| byte_level::character_of(byte).to_string()));
    tokens.extend(["he", "ll", "hell"].map(str::to_owned));
    let mut kinds = vec![1; tokens.len()];
    kinds[0] = 3;
    let mut metadata = Metadata::new("small.gguf");
    metadata.set("tokenizer.ggml.model", Value::String("gpt2".to_owned()));
    metadata.set("tokenizer.ggml.pre", Value::String("smollm".to_owned()));
    metadata.set("tokenizer.ggml.tokens", Value::Array(Array::String(tokens)));
    metadata.set("tokenizer.ggml.token_type", Value::Array(Array::I32(kinds)));
    metadata.set("tokenizer.ggml.merges", strings(["h e", "l l", "he ll"]));
    metadata.set("tokenizer.ggml.eos_token_id", Value::U32(0));
    metadata
}

fn build(metadata: &Metadata) -> Tokenizer {
    Tokenizer::from_gguf(metadata, "small.gguf").unwrap()
}

fn texts(tokenizer: &Tokenizer, text: &str) -> Vec<String> {
    let tokens = tokenizer.encode(text, false).unwrap();
    let text_of = |&token| tokenizer.pieces().text(token).to_owned();
    tokens.iter().map(text_of).collect()
}

/// The place that an error about the metadata names.
fn refused(metadata: &Metadata) -> String {
    match Tokenizer::from_gguf(metadata, "small.gguf") {
        Err(EngineError::Checkpoint(error)) => {
            assert_eq!(error.file, "small.gguf");
            error.place
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn scores_decide_and_of_equals_the_leftmost() {
    let tokenizer = build(&sentencepiece(&["bc", "ab", "a", "b", "c"]));
    assert_eq!(texts(&tokenizer, "abc"), ["a", "bc"]);
    let tokenizer = build(&sentencepiece(&["aa", "aaa", "a"]));
    assert_eq!(texts(&tokenizer, "aaaa"), ["aa", "aa"]);
    assert_eq!(texts(&tokenizer, "aaaaa"), ["aa", "aaa"]);
    let tokenizer = build(&sentencepiece(&["aa", "a"]));
    assert_eq!(texts(&tokenizer, "aaa"), ["aa", "a"]);
}

#[test]
fn what_is_no_piece_becomes_bytes() {
    let tokenizer = build(&sentencepiece(&["a", "▁"]));
    assert_eq!(texts(&tokenizer, "a é"), ["a", "▁", "<0xC3>", "<0xA9>"]);
    assert_eq!(texts(&tokenizer, "<0x41>").len(), 6);
    let tokens = tokenizer.encode("a é", true).unwrap();
    assert_eq!(tokens.first(), Some(&1));
    assert_eq!(tokenizer.decode(&tokens), "a é");
}

#[test]
fn control_tokens_are_not_made_from_text() {
    let tokenizer = build(&sentencepiece(&["<s", ">", "<", "s"]));
    assert_eq!(texts(&tokenizer, "<s>"), ["<s", ">"]);
}

#[test]
fn a_space_before_the_text_is_put_and_taken() {
    let mut metadata = sentencepiece(&["▁a", "▁", "a"]);
    metadata.remove("tokenizer.ggml.add_space_prefix");
    let tokenizer = build(&metadata);
    assert_eq!(texts(&tokenizer, "a a"), ["▁a", "▁a"]);
    let tokens = tokenizer.encode("a a", false).unwrap();
    assert_eq!(tokenizer.decode(&tokens), "a a");
}

#[test]
fn user_defined_pieces_are_cut_out_first() {
    let mut metadata = sentencepiece(&["ab", "a", "b", "b>", "<b>"]);
    if let Some(Value::Array(Array::I32(kinds))) = metadata.remove("tokenizer.ggml.token_type") {
        let mut kinds = kinds;
        *kinds.last_mut().unwrap() = 4;
        metadata.set("tokenizer.ggml.token_type", Value::Array(Array::I32(kinds)));
    }
    let tokenizer = build(&metadata);
    assert_eq!(texts(&tokenizer, "a<b>b"), ["a", "<b>", "b"]);
}

#[test]
fn byte_level_merges_inside_words() {
    let tokenizer = build(&byte_level_metadata());
    assert_eq!(texts(&tokenizer, "hello"), ["hell", "o"]);
    assert_eq!(texts(&tokenizer, " h12"), ["Ġ", "h", "1", "2"]);
    assert_eq!(tokenizer.eos(), [0]);
    assert!(!tokenizer.adds_bos());
    assert!(tokenizer.encode("<|endoftext|>", false).unwrap().len() > 1);
    for text in ["नमस्ते 😀", "\u{0}\n\t x", "مرحبا"] {
        let tokens = tokenizer.encode(text, false).unwrap();
        assert_eq!(tokenizer.decode(&tokens), text);
    }
}

#[test]
fn a_stream_gives_whole_characters_only() {
    let tokenizer = build(&sentencepiece(&["a"]));
    let tokens = tokenizer.encode("a😀", false).unwrap();
    let mut stream = TextStream::new();
    let parts: Vec<String> = tokens
        .iter()
        .map(|&token| stream.push(&tokenizer, token))
        .collect();
    assert_eq!(parts, ["a", "", "", "", "😀"]);
    // The beginning of a character, then a letter; and one that never ends.
    let first = tokens[1];
    assert_eq!(stream.push(&tokenizer, first), "");
    assert_eq!(stream.push(&tokenizer, tokens[0]), "\u{FFFD}a");
    assert_eq!(stream.push(&tokenizer, first), "");
    assert_eq!(stream.flush(), "\u{FFFD}");
}

#[test]
fn broken_metadata_is_refused_with_the_key() {
    type Change = fn(&mut Metadata);
    let cases: [(&str, Change); 10] = [
        ("model", |m| {
            m.set("tokenizer.ggml.model", Value::String("bert".into()));
        }),
        ("model", |m| {
            m.remove("tokenizer.ggml.model");
        }),
        ("tokens", |m| {
            m.set("tokenizer.ggml.tokens", Value::U32(3));
        }),
        ("tokens", |m| m.set("tokenizer.ggml.tokens", strings([]))),
        ("scores", |m| {
            m.set("tokenizer.ggml.scores", Value::Array(Array::F32(vec![0.0])));
        }),
        ("scores", |m| {
            let scores = vec![f32::NAN; 259];
            m.set("tokenizer.ggml.scores", Value::Array(Array::F32(scores)));
        }),
        ("token_type", |m| {
            m.set(
                "tokenizer.ggml.token_type",
                Value::Array(Array::I32(vec![1])),
            );
        }),
        ("token_type", |m| {
            let kinds = vec![-1; 259];
            m.set("tokenizer.ggml.token_type", Value::Array(Array::I32(kinds)));
        }),
        ("bos_token_id", |m| {
            m.set("tokenizer.ggml.bos_token_id", Value::U32(259));
        }),
        ("bos_token_id", |m| {
            m.remove("tokenizer.ggml.bos_token_id");
            m.set("tokenizer.ggml.add_bos_token", Value::Bool(true));
        }),
    ];
    for (key, change) in cases {
        let mut metadata = sentencepiece(&["a"]);
        change(&mut metadata);
        assert_eq!(refused(&metadata), format!("tokenizer.ggml.{key}"));
    }
}

#[test]
fn duplicates_and_missing_bytes_are_refused() {
    let metadata = sentencepiece(&["a", "b", "a"]);
    assert_eq!(refused(&metadata), "tokenizer.ggml.tokens");

    let mut kinds = vec![1; 259];
    let mut metadata = sentencepiece(&["a"]);
    metadata.set(
        "tokenizer.ggml.token_type",
        Value::Array(Array::I32(kinds.clone())),
    );
    assert_eq!(refused(&metadata), "tokenizer.ggml.unknown_token_id");
    metadata.set("tokenizer.ggml.unknown_token_id", Value::U32(0));
    assert_eq!(texts(&build(&metadata), "aé"), ["a", "<unk>"]);
    kinds[5] = 6;
    metadata.set("tokenizer.ggml.token_type", Value::Array(Array::I32(kinds)));
    assert_eq!(refused(&metadata), "tokenizer.ggml.tokens");
}

#[test]
fn broken_merges_are_refused() {
    for merge in ["he", "h ", "x y"] {
        let mut metadata = byte_level_metadata();
        metadata.set("tokenizer.ggml.merges", strings([merge]));
        assert_eq!(refused(&metadata), "tokenizer.ggml.merges");
    }
    let mut metadata = byte_level_metadata();
    metadata.set("tokenizer.ggml.pre", Value::String("unheard-of".into()));
    assert_eq!(refused(&metadata), "tokenizer.ggml.pre");
}

const JSON: &str = r#"{"version":"1.0","truncation":null,"padding":null,
"added_tokens":[{"id":0,"content":"<bos>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
{"id":1,"content":"<eos>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
"normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"},"pre_tokenizer":null,
"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<bos>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"<bos>":{"id":"<bos>","ids":[0],"tokens":["<bos>"]}}},
"decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}]},
"model":{"type":"BPE","dropout":null,"unk_token":"<eos>","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,"ignore_merges":false,
"vocab":{"<bos>":0,"<eos>":1,"<0xC3>":2,"<0xA9>":3,"a":4,"b":5,"▁":6,"ab":7},"merges":[["a","b"]]}}"#;

#[test]
fn tokenizer_json_tells_its_special_tokens() {
    let tokenizer = Tokenizer::from_json(JSON.as_bytes(), "tokenizer.json").unwrap();
    assert_eq!((tokenizer.bos(), tokenizer.adds_bos()), (Some(0), true));
    assert_eq!(tokenizer.eos(), [1]);
    let tokens = tokenizer.encode("ab é", true).unwrap();
    assert_eq!(tokens, [0, 7, 6, 2, 3]);
    assert_eq!(tokenizer.decode(&tokens), "ab é");
    assert!(!tokenizer.encode("<bos>", false).unwrap().contains(&0));
    let other = tokenizer
        .clone()
        .with_special_tokens(Some(1), &[0])
        .unwrap();
    assert_eq!((other.bos(), other.eos()), (Some(1), &[0][..]));
    assert!(tokenizer.with_special_tokens(Some(8), &[]).is_err());
}

#[test]
fn broken_tokenizer_json_is_refused() {
    let refused = |json: &str| match Tokenizer::from_json(json.as_bytes(), "tokenizer.json") {
        Err(EngineError::Checkpoint(error)) => error.place,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(""), "tokenizer");
    assert_eq!(refused("[1, 2]"), "tokenizer");
    assert_eq!(
        refused(&JSON.replace("\"ab\":7", "\"ab\":4000000000")),
        "vocab"
    );
    assert_eq!(refused(&JSON.replace("\"ab\":7", "\"ab\":4")), "vocab");
    let word_piece = JSON.replace(
        r#"{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}]}"#,
        r###"{"type":"WordPiece","prefix":"##","cleanup":true}"###,
    );
    assert_eq!(refused(&word_piece), "decoder");
}
