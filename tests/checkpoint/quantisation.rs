//! The GGUF reader and every block type against the reference implementation's values.

use engine::checkpoint::gguf::{Array, Gguf, Value};
use engine::checkpoint::{MemorySource, TensorStore, TensorType};
use engine::kernels::packed::BLOCK;
use engine::kernels::repack::repack;

/// Written by `tests/parity/quantisation/exporter.py`.
fn fixture() -> MemorySource {
    MemorySource::new(
        "blocks.gguf",
        include_bytes!("../parity/quantisation/blocks.gguf").to_vec(),
    )
}

#[test]
fn every_type_unpacks_to_the_reference_bit_by_bit() {
    let source = fixture();
    let file = Gguf::open(&source).unwrap();
    assert_eq!(file.names().count(), 2 * TensorType::ALL.len());
    for kind in TensorType::ALL {
        let stored = file.read(kind.name()).unwrap();
        let expected = file.read(&format!("{}.values", kind.name())).unwrap();
        assert_eq!(stored.info.kind, kind);
        assert_eq!(stored.info.shape, expected.info.shape);
        let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        assert_eq!(
            bits(stored.to_f32().unwrap()),
            bits(expected.to_f32().unwrap()),
            "{}",
            kind.name()
        );
    }
}

#[test]
fn a_factor_that_is_not_finite_is_an_error_that_names_the_tensor() {
    let source = fixture();
    let file = Gguf::open(&source).unwrap();
    for kind in TensorType::ALL {
        let factors: &[usize] = match kind {
            TensorType::F32 | TensorType::F16 | TensorType::BF16 => &[0],
            TensorType::Q4_0 | TensorType::Q5_0 | TensorType::Q8_0 => &[0],
            TensorType::Q4_1 | TensorType::Q5_1 | TensorType::Q4K | TensorType::Q5K => &[0, 2],
            TensorType::Q6K => &[208],
        };
        let special: &[&[u8]] = match kind {
            TensorType::F32 => &[&[0, 0, 0x80, 0x7f], &[1, 0, 0xc0, 0xff]],
            TensorType::BF16 => &[&[0x80, 0x7f], &[0xc0, 0xff]],
            _ => &[&[0, 0x7c], &[1, 0xfe]],
        };
        for &factor in factors {
            for &bytes in special {
                let mut stored = file.read(kind.name()).unwrap();
                assert_eq!(stored.check_finite(), Ok(()));
                // Not the first block, so that the reported position can be wrong.
                let at = kind.block_bytes() + factor;
                stored.bytes[at..at + bytes.len()].copy_from_slice(bytes);
                let error = stored.check_finite().unwrap_err();
                assert_eq!(error.place, format!("tensor `{}`", kind.name()));
                let value = format!("value {} ", kind.block_len());
                assert!(error.reason.starts_with(&value), "{error}");
                assert_eq!(stored.to_f32(), Err(error));
            }
        }
    }
}

#[test]
fn metadata_of_every_kind_is_read() {
    let source = fixture();
    let file = Gguf::open(&source).unwrap();
    let metadata = file.metadata();
    assert_eq!(
        metadata.require_str("general.architecture").unwrap(),
        "polydetox-test"
    );
    assert_eq!(metadata.u32("kind.u8"), Some(200));
    assert_eq!(metadata.get("kind.i8"), Some(&Value::I8(-100)));
    assert_eq!(metadata.u32("kind.u16"), Some(60000));
    assert_eq!(metadata.get("kind.i16"), Some(&Value::I16(-30000)));
    assert_eq!(metadata.require_u32("kind.u32").unwrap(), 4_000_000_000);
    assert_eq!(metadata.get("kind.i32"), Some(&Value::I32(-2_000_000_000)));
    assert_eq!(metadata.get("kind.u64"), Some(&Value::U64((1 << 63) + 1)));
    assert_eq!(metadata.get("kind.i64"), Some(&Value::I64(-(1 << 62))));
    assert_eq!(metadata.require_f32("kind.f32").unwrap(), 0.1);
    assert_eq!(metadata.get("kind.f64"), Some(&Value::F64(0.1)));
    assert!(metadata.require_bool("kind.bool").unwrap());
    assert_eq!(metadata.str("kind.string"), Some("naïve नमस्ते 🙂"));
    assert_eq!(
        metadata.require_strings("kind.strings").unwrap(),
        ["", "مرحبا", "你好"]
    );
    assert_eq!(metadata.require_f32s("kind.f32s").unwrap(), [1.5, -2.5]);
    assert_eq!(metadata.require_i32s("kind.i32s").unwrap(), [1, -2, 3]);
    let bools = Value::Array(Array::Bool(vec![true, false]));
    assert_eq!(metadata.get("kind.bools"), Some(&bools));
}

#[test]
fn a_key_that_is_missing_or_of_another_kind_is_named() {
    let source = fixture();
    let file = Gguf::open(&source).unwrap();
    let metadata = file.metadata();
    let missing = metadata.require_u32("no.such.key").unwrap_err();
    assert_eq!(missing.to_string(), "blocks.gguf: no.such.key: is missing");
    let negative = metadata.require_u32("kind.i32").unwrap_err();
    assert_eq!(negative.place, "kind.i32");
    assert!(negative.reason.contains("whole number"), "{negative}");
    assert!(metadata.require_strings("kind.f32s").is_err());
    let tensor = file.read("no such tensor").unwrap_err();
    assert_eq!(
        tensor.to_string(),
        "blocks.gguf: tensor `no such tensor`: is missing"
    );
}

/// Every kind but the plain floats keeps its values when it is packed for the processor's kernels.
#[test]
fn packed_blocks_mean_what_the_file_says() {
    let source = fixture();
    let file = Gguf::open(&source).unwrap();
    for kind in TensorType::ALL {
        let stored = file.read(kind.name()).unwrap();
        let packed = repack("blocks.gguf", &stored).unwrap();
        let expected = stored.to_f32().unwrap();
        let tolerance = match kind {
            TensorType::F32 | TensorType::F16 | TensorType::BF16 => 1.0 / 250.0,
            _ => 2.0 * f32::EPSILON,
        };
        let values = packed.dequantise();
        let blocks = values.chunks_exact(BLOCK).zip(expected.chunks_exact(BLOCK));
        for (index, (values, expected)) in blocks.enumerate() {
            let largest = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
            for (value, expected) in values.iter().zip(expected) {
                assert!(
                    (value - expected).abs() <= tolerance * largest,
                    "{}, block {index}: {value}, expected {expected}",
                    kind.name()
                );
            }
        }
    }
}
