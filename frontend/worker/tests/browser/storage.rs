//! Shards in the origin's private file system.

use engine::checkpoint::ByteSource;
use protocol::api::model_files::{ModelFile, ModelFileList};
use wasm_bindgen_test::wasm_bindgen_test;
use worker::files::{FileSource, Record, SHARD_BYTES, Shard, Storage};

fn list(bytes: u64) -> ModelFileList {
    ModelFileList {
        model: "tiny".into(),
        sha256: "00".repeat(32),
        files: vec![ModelFile {
            name: "tiny.gguf".into(),
            bytes,
            sha256: "00".repeat(32),
        }],
    }
}

#[wasm_bindgen_test]
async fn shards_are_kept_listed_read_across_and_removed() {
    let storage = Storage::open().await.unwrap();
    let directory = storage.model("tiny").await.unwrap();
    directory.clear().await.unwrap();
    assert_eq!(directory.record().await, None);

    let bytes = SHARD_BYTES + 1000;
    let whole: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
    let mut pieces = Vec::new();
    for (number, piece) in whole.chunks(SHARD_BYTES as usize).enumerate() {
        let shard = Shard {
            file: 0,
            number: number as u64,
            sha256: "ab".repeat(32),
        };
        // First something longer: nothing of it may stay.
        directory.write(&shard.name(), &whole).await.unwrap();
        directory.write(&shard.name(), piece).await.unwrap();
        assert_eq!(directory.read(&shard.name()).await.unwrap(), piece);
        pieces.push(shard);
    }
    let mut found = directory.shards().await.unwrap();
    found.sort_by_key(|shard| shard.number);
    assert_eq!(found, pieces);

    let mut files = Vec::new();
    for shard in &pieces {
        files.push(directory.file(&shard.name()).await.unwrap());
    }
    let source = FileSource::new("tiny.gguf".into(), bytes, files).unwrap();
    for (offset, length) in [(0, 10), (SHARD_BYTES - 3, 7), (bytes - 4, 4), (0, bytes)] {
        let range = offset as usize..(offset + length) as usize;
        assert_eq!(source.read(offset, length).unwrap(), whole[range]);
    }
    assert!(source.read(bytes - 4, 5).is_err());

    let mut record = Record {
        list: list(bytes),
        complete: false,
    };
    directory.write_record(&record).await.unwrap();
    assert!(
        storage
            .cached()
            .await
            .iter()
            .all(|model| model.model != "tiny")
    );
    record.complete = true;
    directory.write_record(&record).await.unwrap();
    assert_eq!(directory.record().await, Some(record));
    let cached = storage.cached().await;
    assert!(
        cached
            .iter()
            .any(|model| model.model == "tiny" && model.bytes == bytes)
    );
    assert!(storage.estimate().await.unwrap().usage > bytes);

    storage.remove("tiny").await.unwrap();
    assert!(
        storage
            .cached()
            .await
            .iter()
            .all(|model| model.model != "tiny")
    );
    storage.remove("tiny").await.unwrap();
}

#[wasm_bindgen_test]
fn names_of_shards() {
    let shard = Shard {
        file: 2,
        number: 13,
        sha256: "0f".repeat(32),
    };
    assert_eq!(shard.name(), format!("2-00013-{}", "0f".repeat(32)));
    assert_eq!(Shard::parse(&shard.name()), Some(shard));
    for other in ["record.json", "1-2-3", "0-00001-", "x-00001-ab"] {
        assert_eq!(Shard::parse(other), None, "{other}");
    }
}
