//! Broken GGUF files, each with the error it must give.

use engine::checkpoint::MemorySource;
use engine::checkpoint::gguf::Gguf;

use crate::malformed::{Malformed, case, check};
use crate::raw_gguf::{RawGguf, array, string};

const HUGE: u64 = 1 << 63;

pub fn cases() -> Vec<Malformed> {
    [head(), values(), alignments(), tensors()]
        .into_iter()
        .flatten()
        .collect()
}

fn valid() -> RawGguf {
    RawGguf::valid()
}

fn head() -> Vec<Malformed> {
    let with = |change: &dyn Fn(&mut RawGguf)| {
        let mut raw = valid();
        change(&mut raw);
        raw.build()
    };
    vec![
        case("empty", Vec::new(), "magic", "the file ends here"),
        case(
            "magic only",
            b"GGUF".to_vec(),
            "version",
            "the file ends here",
        ),
        case(
            "other magic",
            with(&|raw| raw.magic = *b"GGML"),
            "magic",
            "not a GGUF file",
        ),
        case(
            "version 0",
            with(&|raw| raw.version = 0),
            "version",
            "version 0 is not supported",
        ),
        case(
            "version 1",
            with(&|raw| raw.version = 1),
            "version",
            "version 1 is not supported",
        ),
        case(
            "version 4",
            with(&|raw| raw.version = 4),
            "version",
            "version 4 is not supported",
        ),
        case(
            "big-endian",
            with(&|raw| raw.version = 3 << 24),
            "version",
            "big-endian",
        ),
        case(
            "2^63 tensors",
            with(&|raw| raw.tensor_count = Some(HUGE)),
            "tensor count",
            "do not fit",
        ),
        case(
            "2^63 keys",
            with(&|raw| raw.entry_count = Some(HUGE)),
            "metadata count",
            "do not fit",
        ),
        case(
            "all counts at their maximum",
            with(&|raw| {
                raw.tensor_count = Some(u64::MAX);
                raw.entry_count = Some(u64::MAX);
            }),
            "tensor count",
            "do not fit",
        ),
        case(
            "one tensor too many",
            with(&|raw| {
                raw.tensor_count = Some(3);
                raw.data.clear();
            }),
            "tensor ``",
            "the file ends here",
        ),
        case(
            "one key too many",
            with(&|raw| raw.entry_count = Some(3)),
            "name of tensor 0",
            "too long",
        ),
    ]
}

fn values() -> Vec<Malformed> {
    let value = |type_id: u32, bytes: &[u8]| valid().with_entry("k", type_id, bytes).build();
    let key = |bytes: Vec<u8>| {
        let mut raw = valid();
        raw.entries.push([bytes, vec![0; 16]].concat());
        raw.build()
    };
    let long_string = [&((1_u64 << 30) + 1).to_le_bytes()[..], b"x"].concat();
    vec![
        case(
            "key of 2^63 bytes",
            key(HUGE.to_le_bytes().to_vec()),
            "metadata key 2",
            "too long",
        ),
        case(
            "key longer than the file",
            key(9999_u64.to_le_bytes().to_vec()),
            "metadata key 2",
            "do not fit",
        ),
        case(
            "key not UTF-8",
            key(string(b"\xff")),
            "metadata key 2",
            "utf-8",
        ),
        case(
            "key twice",
            valid()
                .with_entry("llama.block_count", 4, &[2, 0, 0, 0])
                .build(),
            "llama.block_count",
            "twice",
        ),
        case(
            "unknown value type",
            value(13, &[0; 8]),
            "k",
            "unknown value type 13",
        ),
        case("bool 2", value(7, &[2]), "k", "neither false nor true"),
        case(
            "string of 2^63 bytes",
            value(8, &HUGE.to_le_bytes()),
            "k",
            "too long",
        ),
        case(
            "string of 2^30 + 1 bytes",
            value(8, &long_string),
            "k",
            "too long",
        ),
        case(
            "string longer than the file",
            value(8, &1000_u64.to_le_bytes()),
            "k",
            "do not fit",
        ),
        case(
            "string not UTF-8",
            value(8, &string(b"\xc3\x28")),
            "k",
            "utf-8",
        ),
        case(
            "array of arrays",
            value(9, &array(9, 1, &array(4, 0, &[]))),
            "k",
            "arrays of arrays",
        ),
        case(
            "array of unknown items",
            value(9, &array(99, 1, &[0])),
            "k",
            "unknown item type 99",
        ),
        case(
            "array of 2^63 bytes",
            value(9, &array(0, HUGE, &[0])),
            "k",
            "do not fit",
        ),
        case(
            "array of 2^61 u64",
            value(9, &array(10, 1 << 61, &[0; 8])),
            "k",
            "do not fit",
        ),
        case(
            "array of 2^63 strings",
            value(9, &array(8, HUGE, &string(b"x"))),
            "k",
            "do not fit",
        ),
        case(
            "array of strings, the second too long",
            value(
                9,
                &array(
                    8,
                    2,
                    &[string(b"x"), 5000_u64.to_le_bytes().to_vec()].concat(),
                ),
            ),
            "k",
            "do not fit",
        ),
        case(
            "array with bool 7",
            value(9, &array(7, 2, &[1, 7])),
            "k",
            "neither false nor true",
        ),
        case(
            "array with a string not UTF-8",
            value(9, &array(8, 1, &string(b"\x80"))),
            "k",
            "utf-8",
        ),
    ]
}

fn alignments() -> Vec<Malformed> {
    let with = |type_id: u32, bytes: &[u8]| {
        valid()
            .with_entry("general.alignment", type_id, bytes)
            .build()
    };
    let place = "general.alignment";
    vec![
        case("alignment 0", with(4, &[0; 4]), place, "not a power of two"),
        case(
            "alignment 33",
            with(4, &[33, 0, 0, 0]),
            place,
            "not a power of two",
        ),
        case(
            "alignment 48",
            with(4, &[48, 0, 0, 0]),
            place,
            "not a power of two",
        ),
        case(
            "alignment as u64",
            with(10, &32_u64.to_le_bytes()),
            place,
            "not an unsigned 32-bit",
        ),
        case(
            "alignment as text",
            with(8, &string(b"32")),
            place,
            "not an unsigned 32-bit",
        ),
        case(
            "alignment beyond the file",
            with(4, &(1_u32 << 31).to_le_bytes()),
            "tensor `a`",
            "",
        ),
    ]
}

fn tensors() -> Vec<Malformed> {
    let one = |dimensions: &[u64], type_id: u32, at: u64| {
        valid().with_tensor(b"t", dimensions, type_id, at).build()
    };
    let named = |name: Vec<u8>| {
        let mut raw = valid();
        raw.tensors.push([name, vec![0; 32]].concat());
        raw.build()
    };
    let t = "tensor `t`";
    vec![
        case(
            "tensor name of 2^63 bytes",
            named(HUGE.to_le_bytes().to_vec()),
            "name of tensor 2",
            "too long",
        ),
        case(
            "tensor name not UTF-8",
            named(string(b"\xf0\x9f")),
            "name of tensor 2",
            "utf-8",
        ),
        case(
            "five dimensions",
            one(&[1, 1, 1, 1, 1], 0, 96),
            t,
            "5 dimensions",
        ),
        case(
            "2^32 - 1 dimensions",
            named([string(b"t"), u32::MAX.to_le_bytes().to_vec()].concat()),
            t,
            "4294967295 dimensions",
        ),
        case("dimension 0", one(&[3, 0], 0, 96), t, "dimension of 0"),
        case("dimension 2^63", one(&[HUGE], 0, 96), t, "too many values"),
        case(
            "dimensions that overflow",
            one(&[1 << 32, 1 << 32], 0, 96),
            t,
            "too many values",
        ),
        case(
            "bytes that overflow",
            one(&[1 << 31, 1 << 31], 0, 96),
            t,
            "too many values",
        ),
        case(
            "row not of whole blocks",
            one(&[33], 8, 96),
            t,
            "whole number of Q8_0 blocks",
        ),
        case(
            "row not of whole K blocks",
            one(&[128, 2], 12, 96),
            t,
            "whole number of Q4_K blocks",
        ),
        case(
            "type Q2_K",
            one(&[256], 10, 96),
            t,
            "type number 10 is not supported",
        ),
        case(
            "type that ggml removed",
            one(&[32], 4, 96),
            t,
            "type number 4 is not supported",
        ),
        case(
            "type 2^32 - 1",
            one(&[32], u32::MAX, 96),
            t,
            "is not supported",
        ),
        case(
            "offset not aligned",
            one(&[1], 0, 68),
            t,
            "not a multiple of 32",
        ),
        case(
            "offset beyond the file",
            one(&[1], 0, 1 << 20),
            t,
            "do not lie in the file",
        ),
        case(
            "offset that overflows",
            one(&[1], 0, u64::MAX - 31),
            t,
            "do not lie in the file",
        ),
        case(
            "longer than the file",
            one(&[1000], 0, 64),
            t,
            "do not lie in the file",
        ),
        case(
            "of 2^60 bytes",
            one(&[1 << 58], 0, 64),
            t,
            "do not lie in the file",
        ),
        case(
            "overlap",
            one(&[1], 0, 32),
            "tensor `b`",
            "shares bytes with tensor `t`",
        ),
        case(
            "overlap of the tail",
            {
                let mut raw = valid().with_tensor(b"t", &[1], 0, 64);
                raw.data.resize(100, 0);
                raw.build()
            },
            t,
            "shares bytes with tensor `b`",
        ),
        case(
            "tensor twice",
            {
                let mut raw = valid().with_tensor(b"a", &[1], 0, 96);
                raw.data.resize(100, 0);
                raw.build()
            },
            "tensor `a`",
            "twice",
        ),
    ]
}

fn open(bytes: &[u8]) -> Option<engine::CheckpointError> {
    Gguf::open(&MemorySource::new("broken", bytes.to_vec())).err()
}

#[test]
fn every_broken_file_gives_its_error() {
    assert_eq!(open(&valid().build()), None);
    check(&cases(), open);
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = valid().build();
    for length in 0..whole.len() {
        let error = open(&whole[..length]).unwrap_or_else(|| panic!("cut at {length}"));
        assert_eq!(error.file, "broken");
    }
}

#[test]
fn a_header_that_unfolds_beyond_its_share_is_refused() {
    // 200,000 empty strings: 1.6 MB in the file, three times as much in memory.
    let strings = array(8, 200_000, &vec![0; 8 * 200_000]);
    let error = open(&valid().with_entry("k", 9, &strings).build()).unwrap();
    assert_eq!(error.place, "k");
    assert!(error.reason.contains("more memory"), "{error}");
}
