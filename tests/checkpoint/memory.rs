//! Opening a file, valid or hostile, never allocates more than twice the file (and a megabyte).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
mod raw_gguf;

use std::fs;
use std::path::Path;

use engine::checkpoint::MemorySource;
use engine::checkpoint::gguf::Gguf;
use engine::checkpoint::safetensors::{Safetensors, ShardIndex};
use peak_alloc::PeakAlloc;
use raw_gguf::{RawGguf, array, string, tensor};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What a file may take beyond twice its size.
const FLOOR: usize = 1 << 20;
/// Growth of vectors and messages, which nobody books.
const SLACK: usize = 1 << 16;

/// Bytes that `run` holds at most.
fn peak(run: impl FnOnce()) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    run();
    ALLOCATOR.peak_usage() - before
}

/// One test function, so that nothing else allocates meanwhile.
#[test]
fn no_file_unfolds_beyond_its_share() {
    // The measure measures.
    let megabyte = peak(|| drop(std::hint::black_box(vec![1_u8; FLOOR])));
    assert!((FLOOR..2 * FLOOR).contains(&megabyte));

    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for target in ["gguf", "safetensors", "shard_index"] {
        for entry in fs::read_dir(corpus.join(target)).unwrap() {
            let path = entry.unwrap().path();
            check(
                target,
                &path.display().to_string(),
                fs::read(&path).unwrap(),
            );
        }
    }
    for (target, name, bytes) in bombs() {
        check(target, name, bytes);
    }
}

fn check(target: &str, name: &str, bytes: Vec<u8>) {
    let length = bytes.len();
    let source = MemorySource::new("file", bytes);
    let used = peak(|| match target {
        "gguf" => drop(std::hint::black_box(Gguf::open(&source))),
        "safetensors" => drop(std::hint::black_box(Safetensors::open(&source))),
        _ => {
            let mut text = vec![0; length];
            engine::checkpoint::ByteSource::read_into(&source, 0, &mut text).unwrap();
            drop(std::hint::black_box(ShardIndex::parse(&text, "file")));
        }
    });
    let own = if target == "shard_index" { length } else { 0 };
    assert!(
        used - own <= 2 * length + FLOOR + SLACK,
        "{name}: {used} bytes for a file of {length}"
    );
}

/// Files of a few megabytes whose items are as small as the formats allow.
fn bombs() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let valid = RawGguf::valid;
    let empty_strings = |count: u64| array(8, count, &vec![0; 8 * count as usize]);
    let mut keys = valid();
    keys.entries
        .extend((0..200_000).map(|number: u32| raw_gguf::entry(&format!("{number}"), 0, &[0])));
    let mut tensors = valid();
    tensors
        .tensors
        .extend((0..200_000).map(|number: u32| tensor(&number.to_le_bytes(), &[], 0, 0)));
    let strings: Vec<u8> = (0..400_000).flat_map(|_| string(b"x")).collect();
    let object = |items: Vec<String>| format!("{{{}}}", items.join(","));
    let safetensors = |header: String| {
        let length = header.len() as u64;
        [&length.to_le_bytes()[..], header.as_bytes()].concat()
    };
    let tiny = (0..100_000)
        .map(|number| format!(r#""{number}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#));
    let texts = (0..200_000).map(|number| format!(r#""{number}":"""#));
    let places = (0..200_000).map(|number| format!(r#""{number}":"m""#));
    let zeros = format!(
        r#"{{"t":{{"dtype":"U8","data_offsets":[0,0],"shape":[{}1]}}}}"#,
        "0,".repeat(1_000_000)
    );
    vec![
        (
            "gguf",
            "empty strings",
            valid().with_entry("k", 9, &empty_strings(500_000)).build(),
        ),
        (
            "gguf",
            "short strings",
            valid()
                .with_entry("k", 9, &array(8, 400_000, &strings))
                .build(),
        ),
        (
            "gguf",
            "one long string",
            valid()
                .with_entry("k", 8, &string(&vec![b'x'; 4_000_000]))
                .build(),
        ),
        (
            "gguf",
            "bools",
            valid()
                .with_entry("k", 9, &array(7, 4_000_000, &vec![1; 4_000_000]))
                .build(),
        ),
        ("gguf", "many keys", keys.build()),
        ("gguf", "many tensors", tensors.build()),
        (
            "safetensors",
            "many tensors",
            safetensors(object(tiny.collect())),
        ),
        (
            "safetensors",
            "many texts",
            safetensors(format!(r#"{{"__metadata__":{}}}"#, object(texts.collect()))),
        ),
        ("safetensors", "many dimensions", safetensors(zeros)),
        (
            "shard_index",
            "many tensors",
            format!(r#"{{"weight_map":{}}}"#, object(places.collect())).into_bytes(),
        ),
    ]
}
