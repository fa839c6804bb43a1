//! Broken safetensors files, each with the error it must give.

use engine::checkpoint::MemorySource;
use engine::checkpoint::safetensors::Safetensors;

use crate::malformed::{Malformed, case, check};
use crate::raw_safetensors::{file, valid};

const HEADER: &str = "header";

pub fn cases() -> Vec<Malformed> {
    [lengths(), json(), entries(), layout()]
        .into_iter()
        .flatten()
        .collect()
}

/// One tensor of the given fields over four bytes of data.
fn one(fields: &str) -> Vec<u8> {
    file(&format!(r#"{{"t":{{{fields}}}}}"#), &[0; 4])
}

fn lengths() -> Vec<Malformed> {
    let claimed = |length: u64| [&length.to_le_bytes()[..], b"{}"].concat();
    vec![
        case("empty", Vec::new(), "bytes 0", "8 bytes wanted"),
        case("seven bytes", vec![0; 7], "bytes 0", "8 bytes wanted"),
        case(
            "header of 0 bytes",
            vec![0; 8],
            HEADER,
            "not a safetensors file",
        ),
        case("header of 2^63 bytes", claimed(1 << 63), HEADER, "at most"),
        case(
            "header of 2^64 - 1 bytes",
            claimed(u64::MAX),
            HEADER,
            "at most",
        ),
        case(
            "header of 100 MB and 1",
            claimed(100_000_001),
            HEADER,
            "at most",
        ),
        case(
            "header longer than the file",
            claimed(3),
            "bytes 8",
            "3 bytes wanted",
        ),
    ]
}

fn json() -> Vec<Malformed> {
    let text = |header: &str| file(header, &[]);
    let deep = format!("{{\"t\":{}", "[".repeat(2000));
    let ok = r#""dtype":"F32","shape":[1],"data_offsets":[0,4]"#;
    vec![
        case("array", text("[]"), HEADER, "not a safetensors file"),
        case(
            "not JSON",
            text("{nonsense}"),
            HEADER,
            "key must be a string",
        ),
        case("cut JSON", text("{"), HEADER, "EOF"),
        case("text after the object", text("{}x"), HEADER, "trailing"),
        case("NUL after the object", text("{}\0"), HEADER, "trailing"),
        case(
            "not UTF-8",
            [&9_u64.to_le_bytes()[..], b"{\"\xff\xfe\":{}}"].concat(),
            HEADER,
            "unicode",
        ),
        case(
            "half a surrogate",
            text(r#"{"\ud800":{}}"#),
            HEADER,
            "escape",
        ),
        case("2000 arrays deep", text(&deep), HEADER, "tensor `t`"),
        case(
            "tensor twice",
            file(&format!(r#"{{"t":{{{ok}}},"t":{{{ok}}}}}"#), &[0; 4]),
            HEADER,
            "`t` appears twice",
        ),
        case(
            "same name by an escape",
            file(&format!(r#"{{"t":{{{ok}}},"\u0074":{{{ok}}}}}"#), &[0; 4]),
            HEADER,
            "`t` appears twice",
        ),
        case(
            "metadata twice",
            text(r#"{"__metadata__":{},"__metadata__":{}}"#),
            HEADER,
            "`__metadata__` appears twice",
        ),
        case(
            "metadata key twice",
            text(r#"{"__metadata__":{"a":"1","a":"2"}}"#),
            HEADER,
            "`a` appears twice",
        ),
        case(
            "metadata of a number",
            text(r#"{"__metadata__":{"a":1}}"#),
            HEADER,
            "invalid type",
        ),
        case(
            "metadata is a list",
            text(r#"{"__metadata__":["a"]}"#),
            HEADER,
            "invalid type",
        ),
    ]
}

fn entries() -> Vec<Malformed> {
    vec![
        case("no fields", one(""), HEADER, "tensor `t`: missing field"),
        case(
            "field missing",
            one(r#""dtype":"F32","shape":[1]"#),
            HEADER,
            "missing field",
        ),
        case(
            "field twice",
            one(r#""dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]"#),
            HEADER,
            "duplicate field",
        ),
        case(
            "field unknown",
            one(r#""dtype":"F32","shape":[1],"data_offsets":[0,4],"stride":1"#),
            HEADER,
            "unknown field",
        ),
        case(
            "tensor is null",
            file(r#"{"t":null}"#, &[]),
            HEADER,
            "invalid type",
        ),
        case(
            "type unknown",
            one(r#""dtype":"Q4","shape":[1],"data_offsets":[0,4]"#),
            HEADER,
            "unknown variant `Q4`",
        ),
        case(
            "type is a number",
            one(r#""dtype":1,"shape":[1],"data_offsets":[0,4]"#),
            HEADER,
            "tensor `t`",
        ),
        case(
            "dimension negative",
            one(r#""dtype":"F32","shape":[-1],"data_offsets":[0,4]"#),
            HEADER,
            "invalid value",
        ),
        case(
            "dimension a fraction",
            one(r#""dtype":"F32","shape":[1.5],"data_offsets":[0,4]"#),
            HEADER,
            "invalid type",
        ),
        case(
            "dimension 2^64",
            one(r#""dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]"#),
            HEADER,
            "invalid",
        ),
        case(
            "dimension a list",
            one(r#""dtype":"F32","shape":[[1]],"data_offsets":[0,4]"#),
            HEADER,
            "invalid type",
        ),
        case(
            "nine dimensions",
            one(r#""dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]"#),
            HEADER,
            "at most 8",
        ),
        case(
            "one offset",
            one(r#""dtype":"F32","shape":[1],"data_offsets":[0]"#),
            HEADER,
            "invalid length",
        ),
        case(
            "three offsets",
            one(r#""dtype":"F32","shape":[1],"data_offsets":[0,4,8]"#),
            HEADER,
            "trailing",
        ),
    ]
}

fn layout() -> Vec<Malformed> {
    let t = "tensor `t`";
    let two = |a: &str, b: &str| {
        let header = format!(
            r#"{{"a":{{"dtype":"F32","shape":[1],"data_offsets":{a}}},"b":{{"dtype":"F32","shape":[1],"data_offsets":{b}}}}}"#
        );
        file(&header, &[0; 12])
    };
    let f32 = |shape: &str, offsets: &str| {
        one(&format!(
            r#""dtype":"F32","shape":{shape},"data_offsets":{offsets}"#
        ))
    };
    vec![
        case(
            "hole at the start",
            two("[4,8]", "[8,12]"),
            "tensor `a`",
            "starts at byte 4",
        ),
        case(
            "hole in the middle",
            two("[0,4]", "[8,12]"),
            "tensor `b`",
            "starts at byte 8",
        ),
        case(
            "hole at the end",
            two("[0,4]", "[4,8]"),
            "tensor data",
            "12 bytes, the header describes 8",
        ),
        case(
            "overlap",
            two("[0,4]", "[2,6]"),
            "tensor `b`",
            "starts at byte 2",
        ),
        case(
            "same bytes twice",
            two("[0,4]", "[0,4]"),
            "tensor `b`",
            "starts at byte 0",
        ),
        case(
            "data without tensors",
            file("{}", &[0]),
            "tensor data",
            "the header describes 0",
        ),
        case(
            "ends before its start",
            f32("[1]", "[0,0]"),
            t,
            "do not hold the shape",
        ),
        case(
            "offsets reversed",
            two("[0,4]", "[4,0]"),
            "tensor `b`",
            "before its start",
        ),
        case(
            "ends beyond the file",
            f32("[2]", "[0,8]"),
            t,
            "ends at byte 8 of 4",
        ),
        case(
            "ends at 2^64 - 1",
            f32("[1]", "[0,18446744073709551615]"),
            t,
            "ends at byte",
        ),
        case(
            "shape too small",
            f32("[]", "[0,2]"),
            t,
            "do not hold the shape",
        ),
        case(
            "shape too large",
            f32("[2]", "[0,4]"),
            t,
            "do not hold the shape",
        ),
        case(
            "shape that overflows",
            f32("[4294967296,4294967296]", "[0,4]"),
            t,
            "do not hold the shape",
        ),
        case(
            "bytes that overflow",
            f32("[4611686018427387905]", "[0,4]"),
            t,
            "do not hold the shape",
        ),
        case(
            "no values but bytes",
            f32("[0]", "[0,4]"),
            t,
            "do not hold the shape",
        ),
    ]
}

fn open(bytes: &[u8]) -> Option<engine::CheckpointError> {
    Safetensors::open(&MemorySource::new("broken", bytes.to_vec())).err()
}

#[test]
fn every_broken_file_gives_its_error() {
    assert_eq!(open(&valid()), None);
    check(&cases(), open);
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = valid();
    for length in 0..whole.len() {
        assert!(open(&whole[..length]).is_some(), "cut at {length}");
    }
}
