//! Over a real socket: clients that leave, crowds, slow heads, and the end of the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::super::serve;
use super::{Setup, access, setup_with};
use crate::executor::Limits;

struct Running {
    setup: Setup,
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

async fn start(limits: Limits, head_timeout: Duration) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let setup = setup_with(limits, &access());
    let stop = CancellationToken::new();
    let task = tokio::spawn(serve(
        listener,
        Arc::clone(&setup.server),
        setup.router.clone(),
        head_timeout,
        stop.clone(),
    ));
    Running {
        setup,
        address,
        stop,
        task,
    }
}

impl Running {
    async fn request(&self, body: serde_json::Value) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let body = body.to_string();
        let head = format!(
            "POST /api/generate HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        stream
    }

    fn running(&self) -> usize {
        let loaded = self.setup.server.shelf.loaded();
        loaded
            .iter()
            .map(|model| model.executor.counters().load().running)
            .sum()
    }

    async fn until_running(&self, count: usize) {
        let start = Instant::now();
        while self.running() != count {
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "{} run",
                self.running()
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn whole(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_frees_the_engine() {
    let server = start(Limits::default(), Duration::from_secs(10)).await;
    server
        .setup
        .script
        .step_milliseconds
        .store(5, Ordering::SeqCst);
    for streamed in [true, false] {
        let body = json!({"prompt": "p", "max_new_tokens": 8000, "stream": streamed});
        let mut stream = server.request(body).await;
        server.until_running(1).await;
        if streamed {
            let mut some = [0; 256];
            assert!(stream.read(&mut some).await.unwrap() > 0);
        }
        drop(stream);
        server.until_running(0).await;
    }
    let loaded = server.setup.server.shelf.loaded();
    assert_eq!(loaded[0].executor.counters().load().cancelled, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_gets_exactly_the_places_there_are() {
    let limits = Limits {
        slots: 4,
        queue: 8,
        ..Limits::default()
    };
    let server = Arc::new(start(limits, Duration::from_secs(10)).await);
    // The model is in memory before the crowd comes.
    let first = whole(server.request(json!({"prompt": "p"})).await).await;
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    server.setup.script.hold();
    let crowd: Vec<_> = (0..64)
        .map(|_| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let stream = server
                    .request(json!({"prompt": "p", "max_new_tokens": 3}))
                    .await;
                whole(stream).await
            })
        })
        .collect();
    // Nothing moves until everyone who finds no place has been told so.
    let start = Instant::now();
    while crowd.iter().filter(|task| task.is_finished()).count() < 52 {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "not all were answered"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.setup.script.release();
    let (mut accepted, mut refused) = (0, 0);
    for task in crowd {
        let answer = task.await.unwrap();
        if answer.starts_with("HTTP/1.1 200") {
            accepted += 1;
        } else {
            assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
            let after = answer
                .lines()
                .find_map(|line| line.strip_prefix("retry-after: "))
                .unwrap();
            assert!(after.trim().parse::<u64>().unwrap() >= 1);
            assert!(answer.contains(r#""type":"overloaded""#));
            refused += 1;
        }
    }
    assert_eq!((accepted, refused), (12, 52));
    assert!(server.setup.script.widest.load(Ordering::SeqCst) <= 4);
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let server = start(Limits::default(), Duration::from_millis(100)).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET /health HTTP/1.1\r\nHost:")
        .await
        .unwrap();
    let start = Instant::now();
    let mut answer = Vec::new();
    // Closed, with or without an answer.
    let _ = slow.read_to_end(&mut answer).await;
    assert!(start.elapsed() < Duration::from_secs(3));
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    // A stream outlives that time.
    server
        .setup
        .script
        .step_milliseconds
        .store(10, Ordering::SeqCst);
    let body = json!({"prompt": "p", "max_new_tokens": 30, "stream": true});
    let text = whole(server.request(body).await).await;
    assert!(text.contains("event: done"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_ends_streams_with_an_event_and_everything_in_time() {
    let server = start(Limits::default(), Duration::from_secs(10)).await;
    server
        .setup
        .script
        .step_milliseconds
        .store(5, Ordering::SeqCst);
    let body = json!({"prompt": "p", "max_new_tokens": 8000, "stream": true});
    let stream = server.request(body).await;
    // An idle connection must not hold the end up.
    let _idle = TcpStream::connect(server.address).await.unwrap();
    server.until_running(1).await;
    let start = Instant::now();
    server.stop.cancel();
    let text = whole(stream).await;
    assert!(text.contains("event: error"), "{text}");
    assert!(text.contains(r#""type":"shutting_down""#));
    server.task.await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(9));
    assert!(TcpStream::connect(server.address).await.is_err());
}
