//! The fuzz targets over their committed corpus, over every bit of a valid header, and over a
//! bounded number of seeded mutations.

use std::fs;
use std::path::PathBuf;

use crate::targets;
use crate::{gguf_malformed, raw_gguf, raw_safetensors, safetensors_malformed, vocabularies};

/// Mutants of each target's corpus.
const MUTANTS: u64 = 20_000;

fn directory(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target)
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let directory = directory(target);
    let mut paths: Vec<PathBuf> = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// A small generator (SplitMix64), so that mutants are the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) % end.max(1) as u64) as usize
    }
}

/// Numbers on which length checks stumble.
const EDGES: [u64; 9] = [0, 1, 31, 32, 1 << 20, 1 << 31, 1 << 32, 1 << 63, u64::MAX];

fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(7) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            1 if !bytes.is_empty() => bytes[at] = random.below(256) as u8,
            2 if at + 8 <= bytes.len() => {
                bytes[at..at + 8].copy_from_slice(&EDGES[random.below(EDGES.len())].to_le_bytes());
            }
            3 if at + 4 <= bytes.len() => {
                bytes[at..at + 4].copy_from_slice(&(random.below(40) as u32).to_le_bytes());
            }
            4 => bytes.truncate(at),
            5 => {
                // The tail of another file.
                bytes.truncate(at);
                bytes.extend(&other[random.below(other.len()).min(other.len())..]);
            }
            _ => {
                let end = (at + random.below(64)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
}

fn replay_and_mutate(target: &str, smallest: usize, run: fn(&[u8])) {
    let corpus = corpus(target);
    assert!(corpus.len() >= smallest, "{target}: {} files", corpus.len());
    corpus.iter().for_each(|bytes| run(bytes));
    let mut random = Random(20_261_121);
    for _ in 0..MUTANTS {
        let mut bytes = corpus[random.below(corpus.len())].clone();
        let other = &corpus[random.below(corpus.len())];
        mutate(&mut bytes, other, &mut random);
        run(&bytes);
    }
}

#[test]
fn gguf_survives_its_corpus_and_mutants() {
    replay_and_mutate("gguf", 50, targets::gguf);
}

#[test]
fn safetensors_survives_its_corpus_and_mutants() {
    replay_and_mutate("safetensors", 50, targets::safetensors);
}

#[test]
fn shard_index_survives_its_corpus_and_mutants() {
    replay_and_mutate("shard_index", 3, targets::shard_index);
}

#[test]
fn tokenizer_json_survives_its_corpus_and_mutants() {
    replay_and_mutate("tokenizer_json", 2, targets::tokenizer_json);
}

/// All places in a document, as pointers.
fn pointers(value: &serde_json::Value, at: String, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(entries) => {
            for (key, value) in entries {
                let key = key.replace('~', "~0").replace('/', "~1");
                pointers(value, format!("{at}/{key}"), found);
            }
        }
        serde_json::Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                pointers(value, format!("{at}/{number}"), found);
            }
        }
        _ => {}
    }
    found.push(at);
}

/// A value that someone may have put where another belongs: one of the same document, of another
/// one, or an edge.
fn other_value(documents: &[serde_json::Value], random: &mut Random) -> serde_json::Value {
    let edges = serde_json::json!([
        null, true, -1, 0, 1, 1.5, 4294967295_u64, 18446744073709551615_u64, "", "a", "▁", "<eos>",
        [], {}, [0], {"a": 0}, "(", {"Regex": "("}, {"Regex": ""}, {"String": ""},
        {"type": "Precompiled", "precompiled_charsmap": "AAAA"}, {"type": "ByteLevel"},
        {"type": "Sequence", "decoders": []}, {"type": "Sequence", "normalizers": []},
        {"type": "Sequence", "processors": []}, {"type": "Sequence", "pretokenizers": []},
        {"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": 7}, {"type": "WordPiece"},
        {"type": "Unigram", "vocab": [["a", -1.0], ["a", -2.0]], "unk_id": 0, "byte_fallback": true},
        {"type": "WordLevel", "vocab": {"a": 0, "b": 0}, "unk_token": "c"},
        {"type": "Strip", "content": "ab", "start": 9, "stop": 9}, {"type": "Fuse"},
        {"type": "Metaspace", "replacement": "▁▁"}, {"type": "Digits"}, {"type": "Punctuation"},
        {"type": "BertProcessing", "sep": ["x", 9], "cls": ["y", 9]},
        {"type": "Split", "pattern": {"Regex": "a*"}, "behavior": "Isolated", "invert": true}
    ]);
    let edges = edges.as_array().unwrap();
    if random.below(2) == 0 {
        return edges[random.below(edges.len())].clone();
    }
    let document = &documents[random.below(documents.len())];
    let mut places = Vec::new();
    pointers(document, String::new(), &mut places);
    document
        .pointer(&places[random.below(places.len())])
        .unwrap()
        .clone()
}

/// A `tokenizer.json` that is right as JSON and wrong otherwise.
#[test]
fn tokenizer_json_survives_values_in_the_wrong_place() {
    let documents: Vec<serde_json::Value> = corpus("tokenizer_json")
        .iter()
        .filter_map(|bytes| serde_json::from_slice(bytes).ok())
        .collect();
    let mut random = Random(7);
    for _ in 0..MUTANTS / 4 {
        let mut document = documents[random.below(documents.len())].clone();
        for _ in 0..=random.below(2) {
            let mut places = Vec::new();
            pointers(&document, String::new(), &mut places);
            // Vocabularies have many places, all alike: half of the time look elsewhere.
            if random.below(2) == 0 {
                places.retain(|place| !place.starts_with("/model/vocab/"));
            }
            let place = &places[random.below(places.len())];
            let value = other_value(&documents, &mut random);
            *document.pointer_mut(place).unwrap() = value;
        }
        targets::tokenizer_json(document.to_string().as_bytes());
    }
}

#[test]
fn gguf_tokenizer_survives_its_corpus_and_mutants() {
    replay_and_mutate("gguf_tokenizer", 2, targets::gguf_tokenizer);
}

#[test]
fn any_flipped_bit_of_a_file_is_survived() {
    let files = [
        (
            raw_gguf::RawGguf::valid().build(),
            targets::gguf as fn(&[u8]),
        ),
        (raw_safetensors::valid(), targets::safetensors),
    ];
    for (mut bytes, run) in files {
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            run(&bytes);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

/// What the tables add to the corpus: target, name and bytes of every seed.
fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let plain = |name: &str| name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let mut seeds = Vec::new();
    let mut add = |target, name: &str, bytes: &[u8]| {
        seeds.push((target, plain(name), bytes.to_vec()));
    };
    for case in gguf_malformed::cases() {
        add("gguf", case.name, &case.bytes);
    }
    add("gguf", "valid", &raw_gguf::RawGguf::valid().build());
    for case in safetensors_malformed::cases() {
        add("safetensors", case.name, &case.bytes);
    }
    add("safetensors", "valid", &raw_safetensors::valid());
    let valid = br#"{"metadata":{"total_size":8},"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}}"#;
    add("shard_index", "valid", valid);
    add("shard_index", "outside", br#"{"weight_map":{"a":"../m"}}"#);
    let twice = br#"{"weight_map":{"a":"m","a":"n"}}"#;
    add("shard_index", "twice", twice);
    let sentencepiece = vocabularies::sentencepiece();
    add("gguf_tokenizer", "sentencepiece", &sentencepiece);
    add("gguf_tokenizer", "byte level", &vocabularies::byte_level());
    for family in ["gemma3/single", "llama/tied"] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("parity")
            .join(family)
            .join("tokenizer.json");
        add("tokenizer_json", family, &fs::read(path).unwrap());
    }
    seeds
}

/// `POLYDETOX_BLESS=1 cargo test --test checkpoint corpus` writes the seeds anew.
#[test]
fn the_corpus_holds_every_case_of_the_tables() {
    for (target, name, bytes) in seeds() {
        let path = directory(target).join(&name);
        if std::env::var_os("POLYDETOX_BLESS").is_some() {
            fs::create_dir_all(directory(target)).unwrap();
            fs::write(&path, &bytes).unwrap();
        }
        assert!(
            fs::read(&path).is_ok_and(|stored| stored == bytes),
            "the seed {target}/{name} is missing or old: run this test once with POLYDETOX_BLESS=1"
        );
    }
}
