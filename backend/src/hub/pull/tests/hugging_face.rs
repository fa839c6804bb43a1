use std::sync::mpsc;
use std::thread;

use super::server::{Answer, Server};
use super::*;

const BYTES: usize = 700_000;

#[test]
fn a_broken_connection_is_taken_up_where_it_stopped() {
    let wanted = content(BYTES);
    let server = Server::start(
        wanted.clone(),
        [Answer::BreakAfter(300_000), Answer::BreakAfter(1)],
    );
    let place = Place::new(&wanted, vec![from_repo("o/n")]);
    let (result, witness) = place.pull(&server.url());
    let record = result.unwrap();
    assert_eq!(fs::read(place.file()).unwrap(), wanted);
    assert_eq!(record.sha256(), sha256(&wanted));
    assert_eq!(record.origin, "hf:o/n@main");
    assert_eq!(
        server.ranges(),
        ["bytes=0-", "bytes=300000-", "bytes=300001-"]
    );
    assert_eq!(server.seen()[0].path, "/o/n/resolve/main/tiny.gguf");
    assert_eq!(witness.resumed_after(), [300_000, 300_001]);
    assert!(witness.events.iter().any(|event| matches!(
        event,
        PullEvent::Progress { bytes, total, .. } if bytes == total && *total == BYTES as u64
    )));
    assert!(
        !place.hub.partial(&id()).exists(),
        "something was left over"
    );

    // Once it is there nothing is asked of anybody, even with no server at all.
    drop(server);
    let (result, witness) = place.pull("http://127.0.0.1:1");
    result.unwrap();
    assert!(matches!(
        witness.events[..],
        [PullEvent::Installed { already: true, .. }]
    ));
    let resolved = place.hub.resolve("tiny").unwrap();
    assert_eq!(resolved.sha256, sha256(&wanted));
}

#[test]
fn what_an_ended_process_fetched_is_used_by_the_next() {
    let wanted = content(BYTES);
    let breaks = std::iter::repeat_n(Answer::BreakAfter(0), 10);
    let server = Server::start(
        wanted.clone(),
        [Answer::BreakAfter(250_000)].into_iter().chain(breaks),
    );
    let place = Place::new(&wanted, vec![from_repo("o/n")]);
    let (result, _) = place.pull(&server.url());
    assert!(matches!(result, Err(HubError::AllSourcesFailed { .. })));
    place.assert_absent();
    assert_eq!(fs::metadata(place.download()).unwrap().len(), 250_000);

    let server = Server::start(wanted.clone(), []);
    place.pull(&server.url()).0.unwrap();
    assert_eq!(server.ranges(), ["bytes=250000-"]);
    assert_eq!(fs::read(place.file()).unwrap(), wanted);
}

#[test]
fn bytes_with_the_wrong_hash_are_refused_and_the_next_source_is_tried() {
    let wanted = content(BYTES);
    let mut other = wanted.clone();
    other[BYTES / 2] ^= 1;
    let server = Server::start(other, []);
    let place = Place::new(&wanted, vec![from_repo("o/n")]);
    let (result, _) = place.pull(&server.url());
    let error = result.unwrap_err().to_string();
    assert!(error.contains("SHA-256"), "{error}");
    place.assert_absent();
    assert_eq!(fs::metadata(place.download()).unwrap().len(), 0);

    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("tiny.gguf"), &wanted).unwrap();
    let mut options = place.options(&server.url());
    options.source = SourceChoice::Path(directory.path().to_owned());
    let mut witness = Witness::default();
    place.hub.pull(&id(), &options, &mut witness).unwrap();
    assert_eq!(fs::read(place.file()).unwrap(), wanted);
}

#[test]
fn a_source_that_fails_is_named_and_the_next_one_delivers() {
    let wanted = content(BYTES);
    let server = Server::start(wanted.clone(), [Answer::Status(404)]);
    let place = Place::new(&wanted, vec![from_repo("gone/away"), from_repo("o/n")]);
    let (result, witness) = place.pull(&server.url());
    assert_eq!(result.unwrap().origin, "hf:o/n@main");
    assert!(witness.events.iter().any(|event| matches!(
        event,
        PullEvent::SourceFailed { source, reason }
            if source == "hf:gone/away@main" && reason.contains("404")
    )));
}

#[test]
fn wrong_bytes_of_an_earlier_call_do_not_spoil_a_good_source() {
    let wanted = content(BYTES);
    let server = Server::start(wanted.clone(), []);
    let place = Place::new(&wanted, vec![from_repo("o/n")]);
    fs::create_dir_all(place.hub.partial(&id())).unwrap();
    fs::write(place.download(), vec![0; 1000]).unwrap();
    place.pull(&server.url()).0.unwrap();
    assert_eq!(server.ranges(), ["bytes=1000-", "bytes=0-"]);
    assert_eq!(fs::read(place.file()).unwrap(), wanted);
}

#[test]
fn a_server_without_ranges_sends_it_all_again() {
    let wanted = content(BYTES);
    let server = Server::start(
        wanted.clone(),
        [Answer::BreakAfter(1000), Answer::IgnoreRange],
    );
    let place = Place::new(&wanted, vec![from_repo("o/n")]);
    place.pull(&server.url()).0.unwrap();
    assert_eq!(fs::read(place.file()).unwrap(), wanted);
}

#[test]
fn the_token_is_not_passed_on_to_another_host() {
    let wanted = content(BYTES);
    let store = Server::start(wanted.clone(), []);
    let elsewhere = format!("http://localhost:{}/bytes", store.port);
    let server = Server::start(Vec::new(), [Answer::Redirect(elsewhere)]);
    let place = Place::new(&wanted, vec![from_repo("o/n")]);
    let mut options = place.options(&server.url());
    options.hugging_face.token = Some("secret".into());
    let mut witness = Witness::default();
    place.hub.pull(&id(), &options, &mut witness).unwrap();
    assert_eq!(
        server.seen()[0].authorization.as_deref(),
        Some("Bearer secret")
    );
    assert_eq!(store.seen().len(), 1);
    assert_eq!(store.seen()[0].authorization, None);
}

#[test]
fn a_file_of_another_size_is_refused_before_it_is_fetched() {
    let wanted = content(1000);
    let server = Server::start(content(1001), []);
    let place = Place::new(&wanted, vec![from_repo("o/n")]);
    let error = place.pull(&server.url()).0.unwrap_err().to_string();
    assert!(error.contains("size is 1001, expected 1000"), "{error}");
    assert_eq!(fs::metadata(place.download()).unwrap().len(), 0);
}

#[test]
fn a_file_that_hugging_face_programs_have_fetched_is_taken_from_their_cache() {
    let wanted = content(1000);
    let place = Place::new(&wanted, vec![from_repo("o/n")]);
    let repo = place.home.path().join("hf/models--o--n");
    fs::create_dir_all(repo.join("refs")).unwrap();
    fs::create_dir_all(repo.join("snapshots/abc")).unwrap();
    fs::write(repo.join("refs/main"), "abc").unwrap();
    fs::write(repo.join("snapshots/abc/tiny.gguf"), &wanted).unwrap();
    place.pull("http://127.0.0.1:1").0.unwrap();
    assert_eq!(fs::read(place.file()).unwrap(), wanted);
}

#[test]
fn of_two_at_once_one_fetches_and_the_other_waits_or_fails() {
    let wanted = content(BYTES);
    let server = Server::start(wanted.clone(), []);
    let place = Place::new(&wanted, vec![from_repo("o/n")]);
    server.close();
    thread::scope(|scope| {
        let first = scope.spawn(|| place.pull(&server.url()).0.map(|_| ()));
        while server.seen().is_empty() {
            thread::yield_now();
        }
        // The first one holds the lock: it is waiting for its answer.
        let mut options = place.options(&server.url());
        options.wait = false;
        let mut witness = Witness::default();
        assert!(matches!(
            place.hub.pull(&id(), &options, &mut witness),
            Err(HubError::Locked { .. })
        ));

        struct Telling(mpsc::Sender<PullEvent>);
        impl PullObserver for Telling {
            fn event(&mut self, event: &PullEvent) {
                self.0.send(event.clone()).unwrap();
            }
            fn accept(&mut self, _: &str) -> bool {
                panic!("the second one has nothing to fetch")
            }
        }
        let (sender, events) = mpsc::channel();
        let hub = &place.hub;
        let options = place.options(&server.url());
        let second = scope.spawn(move || {
            hub.pull(&id(), &options, &mut Telling(sender))
                .map(|record| record.sha256())
        });
        assert!(matches!(events.recv().unwrap(), PullEvent::Waiting { .. }));
        server.open();
        first.join().unwrap().unwrap();
        assert_eq!(second.join().unwrap().unwrap(), sha256(&wanted));
    });
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn what_does_not_fit_the_disk_is_not_begun() {
    let server = Server::start(Vec::new(), []);
    let place = Place::with_size(b"", 1 << 60, vec![from_repo("o/n")]);
    let error = place.pull(&server.url()).0.unwrap_err();
    assert!(matches!(error, HubError::DiskFull { needed, .. } if needed == 1 << 60));
    assert!(server.seen().is_empty());
    place.assert_absent();
}

#[test]
fn nothing_is_fetched_without_consent() {
    let wanted = content(1000);
    let server = Server::start(wanted.clone(), []);
    let place = Place::new(&wanted, vec![from_repo("o/n")]);
    let mut witness = Witness {
        declines: true,
        ..Witness::default()
    };
    let result = place
        .hub
        .pull(&id(), &place.options(&server.url()), &mut witness);
    assert!(matches!(result, Err(HubError::LicenceDeclined { .. })));
    assert!(matches!(witness.events[..], [PullEvent::Licence { .. }]));
    assert!(server.seen().is_empty());
}
