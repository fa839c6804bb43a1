use super::server::Server;
use super::*;
use crate::hub::Registration;

fn pulled(bytes: usize) -> Place {
    let wanted = content(bytes);
    let place = Place::new(&wanted, vec![from_repo("o/n")]);
    let server = Server::start(wanted, []);
    place.pull(&server.url()).0.unwrap();
    place
}

#[test]
fn a_changed_file_is_found_and_a_removed_model_is_gone() {
    let place = pulled(1000);
    place.hub.verify(&id()).unwrap();

    let mut bytes = fs::read(place.file()).unwrap();
    bytes[500] ^= 1;
    fs::write(place.file(), &bytes).unwrap();
    assert!(matches!(
        place.hub.verify(&id()),
        Err(HubError::Mismatch {
            what: "SHA-256",
            ..
        })
    ));
    // A changed size is seen before the model is used at all.
    fs::write(place.file(), &bytes[1..]).unwrap();
    assert!(matches!(
        place.hub.resolve("tiny"),
        Err(HubError::Mismatch { what: "size", .. })
    ));

    let removed = place.hub.remove(&id()).unwrap();
    assert!(removed.model);
    place.assert_absent();
    assert!(!place.hub.partial(&id()).exists());
    assert!(matches!(
        place.hub.remove(&id()),
        Err(HubError::NotPulled { .. })
    ));
}

#[test]
fn a_fetch_that_ended_before_the_last_rename_needs_no_network_to_end() {
    let wanted = content(1000);
    let place = Place::new(&wanted, vec![from_repo("o/n")]);
    let ready = place.hub.partial(&id()).join("ready");
    fs::create_dir_all(&ready).unwrap();
    fs::write(ready.join("tiny.gguf"), &wanted).unwrap();
    place.assert_absent();
    place.pull("http://127.0.0.1:1").0.unwrap();
    place.hub.verify(&id()).unwrap();
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_of_the_hub_are_refused() {
    let place = pulled(1000);
    let outside = place.home.path().join("outside");
    fs::write(&outside, content(1000)).unwrap();
    fs::remove_file(place.file()).unwrap();
    std::os::unix::fs::symlink(&outside, place.file()).unwrap();
    let error = place.hub.resolve("tiny").unwrap_err().to_string();
    assert!(error.contains("not a regular file"), "{error}");

    // The same for the whole directory; taking it away takes the link, not what it points to.
    let elsewhere = place.home.path().join("elsewhere");
    fs::rename(place.hub.directory(&id()), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, place.hub.directory(&id())).unwrap();
    let error = place.hub.resolve("tiny").unwrap_err().to_string();
    assert!(error.contains("not a directory"), "{error}");
    place.hub.remove(&id()).unwrap();
    place.assert_absent();
    assert!(elsewhere.join(RECORD).exists());
}

#[test]
fn a_record_cannot_lead_out_of_its_directory() {
    let place = pulled(1000);
    let record = place.hub.directory(&id()).join(RECORD);
    let sound = fs::read_to_string(&record).unwrap();
    for (from, to) in [
        ("\"tiny.gguf\"", "\"../../outside\""),
        ("\"tiny.gguf\"", "\"/etc/passwd\""),
        ("\"id\": \"tiny\"", "\"id\": \"other\""),
        ("\"id\": \"tiny\"", "\"id\": \"../tiny\""),
        ("{", "["),
    ] {
        let changed = sound.replacen(from, to, 1);
        assert_ne!(changed, sound);
        fs::write(&record, changed).unwrap();
        assert!(
            matches!(place.hub.resolve("tiny"), Err(HubError::Record { .. })),
            "{to} was taken"
        );
    }
    // A broken record is listed as such and hides nothing.
    let listed = place.hub.installed().unwrap();
    assert!(matches!(listed[..], [(_, Err(_))]));
}

#[test]
fn a_registered_file_has_a_name_and_stays_where_it_is() {
    let place = pulled(1000);
    let file = place.home.path().join("mini.gguf");
    fs::write(&file, content(50)).unwrap();
    let mini = ModelId::new("mini").unwrap();
    let licence = place.hub.manifest().models[0].licence.clone();
    let registration = Registration {
        id: mini.clone(),
        title: "Mini".into(),
        family: "llama".into(),
        languages: vec!["de".into()],
        licence,
        origin: "trim of tiny".into(),
        path: file.clone(),
        replace: false,
    };
    place.hub.register(registration.clone()).unwrap();
    let resolved = place.hub.resolve_id(&mini).unwrap();
    assert_eq!(resolved.sha256, sha256(&content(50)));
    assert_eq!(resolved.languages, ["de"]);
    place.hub.verify(&mini).unwrap();
    assert_eq!(place.hub.installed().unwrap().len(), 2);

    assert!(matches!(
        place.hub.register(registration.clone()),
        Err(HubError::AlreadyThere { .. })
    ));
    fs::write(&file, content(60)).unwrap();
    let again = Registration {
        replace: true,
        ..registration
    };
    assert_eq!(place.hub.register(again).unwrap().bytes(), 60);

    place.hub.remove(&mini).unwrap();
    assert!(file.exists());
    assert!(place.hub.resolve("mini").is_err());
}
