//! What the writer writes, the reader reads.

use engine::checkpoint::gguf::writer::{PlannedTensor, WriteError, Writer};
use engine::checkpoint::gguf::{Array, Gguf, Metadata, Value};
use engine::checkpoint::{MemorySource, TensorStore, TensorType};

fn metadata(alignment: u32) -> Metadata {
    let mut metadata = Metadata::new("written.gguf");
    for (key, value) in [
        ("general.alignment", Value::U32(alignment)),
        ("u8", Value::U8(1)),
        ("i8", Value::I8(-1)),
        ("u16", Value::U16(2)),
        ("i16", Value::I16(-2)),
        ("u32", Value::U32(3)),
        ("i32", Value::I32(-3)),
        ("u64", Value::U64(u64::MAX)),
        ("i64", Value::I64(i64::MIN)),
        ("f32", Value::F32(0.5)),
        ("f64", Value::F64(-0.1)),
        ("bool", Value::Bool(true)),
        ("string", Value::String("नमस्ते".to_owned())),
        ("u8s", Value::Array(Array::U8(vec![1, 2]))),
        ("i8s", Value::Array(Array::I8(vec![-1]))),
        ("u16s", Value::Array(Array::U16(vec![3]))),
        ("i16s", Value::Array(Array::I16(vec![-3, 4]))),
        ("u32s", Value::Array(Array::U32(vec![5]))),
        ("i32s", Value::Array(Array::I32(vec![-5, 6, 7]))),
        ("u64s", Value::Array(Array::U64(vec![1 << 40]))),
        ("i64s", Value::Array(Array::I64(vec![-1 << 40]))),
        ("f32s", Value::Array(Array::F32(vec![]))),
        ("f64s", Value::Array(Array::F64(vec![1e300]))),
        ("bools", Value::Array(Array::Bool(vec![true, false]))),
        (
            "strings",
            Value::Array(Array::String(vec!["".to_owned(), "🙂".to_owned()])),
        ),
    ] {
        metadata.set(key, value);
    }
    metadata
}

/// A tensor of every type with bytes that tell positions apart.
fn tensors() -> Vec<(PlannedTensor, Vec<u8>)> {
    TensorType::ALL
        .into_iter()
        .map(|kind| {
            let plan = PlannedTensor {
                name: format!("blk.0.{}", kind.name()),
                kind,
                shape: vec![3, kind.block_len()],
            };
            let length = 3 * kind.block_bytes();
            (
                plan,
                (0..length)
                    .map(|at| (at * 7 + kind as usize) as u8)
                    .collect(),
            )
        })
        .collect()
}

fn write(metadata: &Metadata, tensors: &[(PlannedTensor, Vec<u8>)]) -> Result<Vec<u8>, WriteError> {
    let plan: Vec<_> = tensors.iter().map(|(plan, _)| plan.clone()).collect();
    let mut writer = Writer::new(Vec::new(), metadata, &plan)?;
    for (plan, bytes) in tensors {
        writer.tensor(&plan.name, bytes)?;
    }
    writer.finish()
}

#[test]
fn what_is_written_is_read_back() {
    for alignment in [1, 8, 32, 64] {
        let (metadata, tensors) = (metadata(alignment), tensors());
        let source = MemorySource::new("written.gguf", write(&metadata, &tensors).unwrap());
        let file = Gguf::open(&source).unwrap();
        assert_eq!(file.metadata(), &metadata);
        assert_eq!(file.tensors().len(), tensors.len());
        for ((plan, bytes), info) in tensors.iter().zip(file.tensors()) {
            assert_eq!(
                (&plan.name, plan.kind, &plan.shape),
                (&info.name, info.kind, &info.shape)
            );
            assert_eq!(info.offset % u64::from(alignment), 0);
            assert_eq!(&file.read(&plan.name).unwrap().bytes, bytes);
        }
    }
}

#[test]
fn a_plan_that_makes_no_valid_file_is_refused() {
    let plan = |name: &str, kind, shape: &[usize]| PlannedTensor {
        name: name.to_owned(),
        kind,
        shape: shape.to_vec(),
    };
    let f32 = TensorType::F32;
    for (plan, reason) in [
        (vec![plan("t", TensorType::Q4_0, &[2, 31])], "whole number"),
        (vec![plan("t", f32, &[1, 1, 1, 1, 1])], "not supported"),
        (vec![plan("t", f32, &[2, 0])], "not supported"),
        (vec![plan("t", f32, &[1]), plan("t", f32, &[2])], "twice"),
    ] {
        let error = Writer::new(Vec::new(), &Metadata::new(""), &plan)
            .err()
            .unwrap();
        assert!(error.to_string().contains(reason), "{error}");
        assert!(error.to_string().contains("tensor `t`"), "{error}");
    }
    assert!(write(&metadata(24), &[]).is_err());
}

#[test]
fn tensors_must_come_whole_and_in_order() {
    let tensors = tensors();
    let plan: Vec<_> = tensors.iter().map(|(plan, _)| plan.clone()).collect();
    let start = || Writer::new(Vec::new(), &metadata(32), &plan).unwrap();
    assert!(start().tensor(&plan[1].name, &tensors[1].1).is_err());
    assert!(start().tensor(&plan[0].name, &tensors[0].1[1..]).is_err());
    let mut writer = start();
    writer.tensor(&plan[0].name, &tensors[0].1).unwrap();
    let error = writer.finish().err().unwrap();
    assert!(error.to_string().contains("was not written"), "{error}");
}
