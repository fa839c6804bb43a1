//! Fetching data sets from a server of our own that answers as the hub does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::time::Duration;

use protocol::language::Language;
use sha2::{Digest, Sha256};

use super::*;
use crate::data::parquet::{Cell, Column, ColumnKind, Writer};
use crate::hub::digest::hexadecimal;
use crate::hub::pull::tests::Witness;
use crate::hub::pull::tests::server::{Answer, Server};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn sha256(bytes: &[u8]) -> String {
    let mut digest = Sha256::new();
    digest.update(bytes);
    hexadecimal(digest)
}

fn options(home: &Path, endpoint: &str) -> DataPullOptions {
    DataPullOptions {
        home: HomeChoice::Any,
        wait: false,
        hugging_face: HuggingFace {
            endpoint: endpoint.to_owned(),
            token: None,
            cache: hf_hub::Cache::new(home.join("hf")),
            pause: Duration::from_millis(1),
        },
    }
}

fn file(name: &str, content: &[u8]) -> HomeFile {
    HomeFile {
        name: name.to_owned(),
        path: Some(format!("there/{name}")),
        bytes: content.len() as u64,
        sha256: sha256(content),
    }
}

fn set(name: &str) -> &'static DataSet {
    DataSet::find(name).unwrap()
}

#[test]
fn files_come_whole_are_taken_up_again_and_are_then_found_by_name() {
    let words = "eins\n".repeat(200);
    let files: Vec<(String, Vec<u8>)> = Language::ALL
        .map(|language| (language.code().to_owned(), words.clone().into_bytes()))
        .into();
    let at = |(name, content): &(String, Vec<u8>)| (format!("/there/{name}"), content.clone());
    let server = Server::with_files(files.iter().map(at), [Answer::BreakAfter(300)]);
    let homes = [Home::Files {
        base: format!("{}/", server.url()),
        files: files
            .iter()
            .map(|(name, content)| file(name, content))
            .collect(),
        members: Vec::new(),
    }];
    let home = tempfile::tempdir().unwrap();
    let mut witness = Witness::default();
    let options = options(home.path(), "http://127.0.0.1:1");
    let record = pull(home.path(), set("ldnoobw"), &homes, &options, &mut witness).unwrap();
    assert_eq!(
        (record.files.len(), record.licence.as_str()),
        (7, "CC-BY-4.0")
    );
    assert_eq!(server.ranges()[..2], ["bytes=0-", "bytes=300-"]);
    assert!(
        matches!(&witness.events[0], PullEvent::Licence { licence, .. }
        if licence.name == "CC-BY-4.0" && licence.notice.contains("LDNOOBW"))
    );

    let place = crate::data::locate(home.path(), Path::new("ldnoobw")).unwrap();
    assert_eq!(fs::read_to_string(place.join("de")).unwrap(), words);
    assert_eq!(DataRecord::read(&place).unwrap(), record);
    let library = crate::data::DataLibrary::new(vec![pulled(home.path())]);
    assert_eq!(library.list().sets[1].counts.len(), 7);

    // Once it is there nobody is asked.
    let asked = server.seen().len();
    let mut witness = Witness::default();
    pull(home.path(), set("ldnoobw"), &homes, &options, &mut witness).unwrap();
    assert!(matches!(
        witness.events[..],
        [PullEvent::Installed { already: true, .. }]
    ));
    assert_eq!(server.seen().len(), asked);
}

#[test]
fn wrong_bytes_missing_files_and_refused_terms_leave_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::with_files([("/there/a".to_owned(), b"changed".to_vec())], []);
    let homes = |wanted: &[HomeFile]| {
        [Home::Files {
            base: format!("{}/", server.url()),
            files: wanted.to_vec(),
            members: Vec::new(),
        }]
    };
    let options = options(home.path(), &server.url());
    let failed = |wanted: &[HomeFile], witness: &mut Witness| {
        let result = pull(
            home.path(),
            set("ldnoobw"),
            &homes(wanted),
            &options,
            witness,
        );
        assert!(!home.path().join("data/ldnoobw").exists());
        result.unwrap_err()
    };
    let error = failed(&[file("a", b"content")], &mut Witness::default());
    assert!(error.to_string().contains("SHA-256"), "{error}");
    assert!(error.help().unwrap().contains("--source DIR"));
    let error = failed(&[file("b", b"content")], &mut Witness::default());
    assert!(error.to_string().contains("there/b: HTTP 404"), "{error}");
    let mut declining = Witness {
        declines: true,
        ..Witness::default()
    };
    let error = failed(&[file("a", b"changed")], &mut declining);
    assert!(
        matches!(error, DataPullError::Declined("ldnoobw")),
        "{error}"
    );
}

#[test]
fn a_copy_on_disk_is_taken_and_archives_are_unpacked() {
    let home = tempfile::tempdir().unwrap();
    let mut archive = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let member = "hate_speech_mlma/ar_dataset.csv";
    archive
        .start_file(member, zip::write::SimpleFileOptions::default())
        .unwrap();
    archive.write_all(b"tweet,sentiment\n").unwrap();
    let archive = archive.finish().unwrap().into_inner();
    let copy = home.path().join("copy");
    fs::create_dir(&copy).unwrap();
    fs::write(copy.join("a.zip"), &archive).unwrap();
    let homes = [Home::Files {
        base: "https://example.org/".to_owned(),
        files: vec![file("a.zip", &archive)],
        members: vec![member.to_owned()],
    }];
    let mut options = options(home.path(), "http://127.0.0.1:1");
    options.home = HomeChoice::Directory(copy.clone());
    let mut witness = Witness::default();
    let record = pull(home.path(), set("mlma"), &homes, &options, &mut witness).unwrap();
    assert_eq!(record.files[0].name, member);
    assert_eq!(record.origin, copy.display().to_string());
    let told = |event: &PullEvent| matches!(event, PullEvent::Source { source, .. } if *source == record.origin);
    assert!(witness.events.iter().any(told), "{:?}", witness.events);
    let place = home.path().join("data/mlma");
    assert!(place.join(member).exists() && !place.join("a.zip").exists());
}

/// A table with pairs that are not those of the published split.
fn table() -> Vec<u8> {
    let columns = ["toxic_sentence", "neutral_sentence"].map(|name| Column {
        name,
        kind: ColumnKind::Text,
    });
    let mut writer = Writer::new(Vec::new(), &columns).unwrap();
    for (toxic, neutral) in [("grob", "fein"), ("", "leer")] {
        writer
            .push(&[Cell::Text(toxic), Cell::Text(neutral)])
            .unwrap();
    }
    writer.finish().unwrap()
}

fn listing(files: &[(&str, &[u8])]) -> Vec<u8> {
    let siblings: Vec<serde_json::Value> = files
        .iter()
        .map(|(name, content)| {
            serde_json::json!({
                "rfilename": name,
                "size": content.len(),
                "lfs": {"sha256": sha256(content), "size": content.len(), "pointerSize": 130},
            })
        })
        .collect();
    let answer = serde_json::json!({"id": "o/n", "sha": COMMIT, "siblings": siblings});
    serde_json::to_vec(&answer).unwrap()
}

#[test]
fn tables_of_the_hub_are_fetched_at_one_commit_and_refused_when_they_are_others() {
    let table = table();
    let names = Language::ALL.map(|language| format!("data/{language}-00000-of-00001.parquet"));
    let listed: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), &table[..]))
        .collect();
    let resolve = |name: &String| {
        (
            format!("/datasets/o/n/resolve/{COMMIT}/{name}"),
            table.clone(),
        )
    };
    let address = "/api/datasets/o/n/revision/main?blobs=true".to_owned();
    let served = names.iter().map(resolve);
    let server = Server::with_files(served.chain([(address, listing(&listed))]), []);
    let homes = [Home::HuggingFace {
        repo: "o/n".to_owned(),
        revision: "main".to_owned(),
    }];
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path(), &server.url());
    let mut witness = Witness::default();
    let result = pull(
        home.path(),
        set("multiparadetox"),
        &homes,
        &options,
        &mut witness,
    );
    let error = result.unwrap_err().to_string();
    // Everything came, and then the pairs turned out to be others.
    assert_eq!(server.seen().len(), 8);
    assert!(
        error.contains("ar-00000-of-00001.parquet:1: this pair is not in"),
        "{error}"
    );
    assert!(
        error.contains("ar-00000-of-00001.parquet:2: the text is empty"),
        "{error}"
    );
    assert!(!home.path().join("data/multiparadetox").exists());
}

#[test]
fn a_closed_or_missing_data_set_says_what_to_do() {
    let homes = [Home::HuggingFace {
        repo: "o/n".to_owned(),
        revision: "main".to_owned(),
    }];
    let home = tempfile::tempdir().unwrap();
    for (status, said) in [
        (401, "set HF_TOKEN"),
        (403, "accept its terms"),
        (404, "was moved"),
        (500, "HTTP 500"),
    ] {
        let server = Server::with_files([], [Answer::Status(status)]);
        let mut options = options(home.path(), &server.url());
        options.hugging_face.token = Some("secret".to_owned());
        let mut witness = Witness::default();
        let result = pull(
            home.path(),
            set("multiparadetox"),
            &homes,
            &options,
            &mut witness,
        );
        let error = result.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert!(!error.contains("secret"), "{error}");
        let authorization = server.seen()[0].authorization.clone();
        assert_eq!(authorization.as_deref(), Some("Bearer secret"));
    }
}
