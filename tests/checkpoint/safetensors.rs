//! safetensors checkpoints of one and of several files.

use engine::checkpoint::safetensors::{Safetensors, ShardIndex};
use engine::checkpoint::{ByteSource, MemorySource, TensorStore, TensorType};

use crate::raw_safetensors::{file, valid};

#[test]
fn a_single_file_is_read() {
    let source = MemorySource::new("model.safetensors", valid());
    let store = Safetensors::open(&source).unwrap();
    assert_eq!(store.file(), "model.safetensors");
    assert_eq!(store.metadata("format"), Some("pt"));
    assert_eq!(store.names().collect::<Vec<_>>(), ["a", "b", "d"]);
    let a = store.read("a").unwrap();
    assert_eq!(
        (a.info.kind, a.info.shape.as_slice()),
        (TensorType::F32, &[2, 2][..])
    );
    assert_eq!(a.to_f32().unwrap(), [1.0, -2.0, 0.5, 3.0]);
    assert_eq!(store.read("b").unwrap().to_f32().unwrap(), [1.0, -1.0, 2.0]);
    assert_eq!(store.read("d").unwrap().to_f32().unwrap(), [0.0; 0]);
    let integers = store.read("c").unwrap_err();
    assert_eq!(integers.place, "tensor `c`");
    assert!(
        integers.reason.contains("type I64 is not supported"),
        "{integers}"
    );
    let missing = store.read("e").unwrap_err();
    assert_eq!(
        missing.to_string(),
        "model.safetensors: tensor `e`: is missing"
    );
}

#[test]
fn a_value_that_is_not_finite_is_an_error_that_names_the_tensor() {
    let header = r#"{"t":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#;
    let source = MemorySource::new("x", file(header, &[0, 0x3c, 0, 0x7c]));
    let tensor = Safetensors::open(&source).unwrap().read("t").unwrap();
    let error = tensor.to_f32().unwrap_err();
    assert_eq!(
        (error.file.as_str(), error.place.as_str()),
        ("x", "tensor `t`")
    );
    assert!(error.reason.starts_with("value 1 "), "{error}");
}

fn shards() -> [MemorySource; 2] {
    let shard = |name: &str, value: f32| {
        let header = format!(r#"{{"{name}":{{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}}}"#);
        file(&header, &value.to_le_bytes())
    };
    [
        MemorySource::new("model-1.safetensors", shard("a", 1.0)),
        MemorySource::new("model-2.safetensors", shard("b", 2.0)),
    ]
}

fn sources(shards: &[MemorySource]) -> Vec<&dyn ByteSource> {
    shards
        .iter()
        .map(|shard| shard as &dyn ByteSource)
        .collect()
}

#[test]
fn shards_are_read_as_one() {
    let shards = shards();
    let store = Safetensors::open_sharded(sources(&shards)).unwrap();
    assert_eq!(store.names().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(store.read("a").unwrap().to_f32().unwrap(), [1.0]);
    let b = store.read("b").unwrap();
    assert_eq!(
        (b.file.as_str(), b.to_f32().unwrap()),
        ("model-2.safetensors", vec![2.0])
    );
    assert!(store.info("c").is_none());
    assert!(store.read("c").unwrap_err().place.contains("`c`"));
    assert!(Safetensors::open_sharded(Vec::new()).is_err());
}

#[test]
fn a_tensor_in_two_shards_is_refused() {
    let shards = shards();
    let twice = Safetensors::open_sharded(vec![&shards[0], &shards[1], &shards[0]])
        .err()
        .unwrap();
    assert_eq!(twice.place, "tensor `a`");
    assert!(twice.reason.contains("model-1.safetensors"), "{twice}");
}

#[test]
fn an_index_is_compared_with_its_shards() {
    let index = |text: &str| ShardIndex::parse(text.as_bytes(), "index.json");
    let right = index(
        r#"{"metadata":{"total_size":8},
            "weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}}"#,
    )
    .unwrap();
    assert_eq!(
        right.shards().into_iter().collect::<Vec<_>>(),
        ["model-1.safetensors", "model-2.safetensors"]
    );
    let shards = shards();
    let store = Safetensors::open_indexed(&right, sources(&shards)).unwrap();
    assert_eq!(store.read("b").unwrap().to_f32().unwrap(), [2.0]);

    for (map, place) in [
        (
            r#"{"a":"model-1.safetensors","b":"model-1.safetensors"}"#,
            "`b`",
        ),
        (r#"{"a":"model-1.safetensors"}"#, "`b`"),
        (
            r#"{"a":"model-1.safetensors","b":"model-2.safetensors","c":"model-2.safetensors"}"#,
            "`c`",
        ),
    ] {
        let wrong = index(&format!(r#"{{"weight_map":{map}}}"#)).unwrap();
        let error = Safetensors::open_indexed(&wrong, sources(&shards))
            .err()
            .unwrap();
        assert!(error.place.contains(place), "{error}");
    }
}

#[test]
fn a_broken_index_is_refused() {
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(2000), "]".repeat(2000));
    for text in [
        "",
        &deep,
        "[]",
        "{}",
        r#"{"weight_map":{}}"#,
        r#"{"weight_map":[]}"#,
        r#"{"weight_map":{"a":1}}"#,
        r#"{"weight_map":{"a":"x","a":"y"}}"#,
        r#"{"weight_map":{"a":"x"},"weight_map":{"b":"y"}}"#,
        r#"{"weight_map":{"a":"x"}} {}"#,
        r#"{"weight_map":{"a":""}}"#,
        r#"{"weight_map":{"a":"../x"}}"#,
        r#"{"weight_map":{"a":".."}}"#,
        r#"{"weight_map":{"a":"/etc/passwd"}}"#,
        r#"{"weight_map":{"a":"c:\\x"}}"#,
    ] {
        let error = ShardIndex::parse(text.as_bytes(), "index.json").expect_err(text);
        assert_eq!(
            (error.file.as_str(), error.place.as_str()),
            ("index.json", "weight_map")
        );
    }
}
