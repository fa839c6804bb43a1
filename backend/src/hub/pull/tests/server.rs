//! A server that answers as Hugging Face does: ranges, redirects to where the bytes lie, and, when
//! asked to, connections that break.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// How one request for bytes is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// What was asked for.
    Whole,
    /// The headers of all of it, but only so many bytes, then the connection is closed.
    BreakAfter(usize),
    /// All of it from the start, whatever range was asked for.
    IgnoreRange,
    /// Sent on to this address.
    Redirect(String),
    /// Nothing but a status.
    Status(u16),
}

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub path: String,
    pub range: Option<String>,
    pub authorization: Option<String>,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    answers: Mutex<VecDeque<Answer>>,
    closed: Mutex<bool>,
    opened: Condvar,
}

/// What lies at a path, with its query.
type Content = dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync;

/// Serves until the test ends.
pub struct Server {
    pub port: u16,
    shared: Arc<Shared>,
}

impl Server {
    /// Serves `content` at every path. Answers in the given order; after the last one always with
    /// [`Answer::Whole`].
    pub fn start(content: Vec<u8>, answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::serving(Box::new(move |_| Some(content.clone())), answers)
    }

    /// Serves each file at its path and nothing elsewhere.
    pub fn with_files(
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
        answers: impl IntoIterator<Item = Answer>,
    ) -> Self {
        let files: HashMap<String, Vec<u8>> = files.into_iter().collect();
        Self::serving(Box::new(move |path| files.get(path).cloned()), answers)
    }

    fn serving(content: Box<Content>, answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            answers: Mutex::new(answers.into_iter().collect()),
            ..Shared::default()
        });
        let content: Arc<Content> = content.into();
        let for_thread = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (shared, content) = (for_thread.clone(), content.clone());
                thread::spawn(move || serve(stream, &*content, &shared));
            }
        });
        Self { port, shared }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub fn ranges(&self) -> Vec<String> {
        let seen = self.seen().into_iter();
        seen.map(|seen| seen.range.unwrap_or_default()).collect()
    }

    /// Lets requests wait until [`Server::open`].
    pub fn close(&self) {
        *self.shared.closed.lock().unwrap() = true;
    }

    pub fn open(&self) {
        *self.shared.closed.lock().unwrap() = false;
        self.shared.opened.notify_all();
    }
}

/// One request per connection.
fn serve(mut stream: TcpStream, content: &Content, shared: &Shared) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else {
        return;
    };
    let mut seen = Seen {
        path: first.split(' ').nth(1).unwrap_or_default().to_owned(),
        range: None,
        authorization: None,
    };
    for line in lines.map_while(Result::ok) {
        let Some((name, value)) = line.split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "range" => seen.range = Some(value.to_owned()),
            "authorization" => seen.authorization = Some(value.to_owned()),
            _ => {}
        }
    }
    let ranged = seen.range.is_some();
    let start: usize = seen
        .range
        .as_deref()
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'))
        .map_or(0, |start| start.parse().unwrap());
    let found = content(&seen.path);
    shared.seen.lock().unwrap().push(seen);
    let answer = shared.answers.lock().unwrap().pop_front();
    let mut closed = shared.closed.lock().unwrap();
    while *closed {
        closed = shared.opened.wait(closed).unwrap();
    }
    drop(closed);

    let answer = match (answer, ranged) {
        (Some(answer), _) => Some(answer),
        (None, _) if found.is_none() => Some(Answer::Status(404)),
        (None, true) => None,
        (None, false) => Some(Answer::IgnoreRange),
    };
    let content = found.as_deref().unwrap_or_default();
    let total = content.len();
    let partial = |start: usize| {
        format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{}/{total}\r\n\
             Content-Length: {}\r\nETag: \"e\"\r\nX-Repo-Commit: c\r\nConnection: close\r\n\r\n",
            total - 1,
            total - start
        )
    };
    let (head, body) = match answer.unwrap_or(Answer::Whole) {
        Answer::Whole => (partial(start), &content[start..]),
        Answer::BreakAfter(bytes) => (
            partial(start),
            &content[start..(start + bytes).min(content.len())],
        ),
        Answer::IgnoreRange => (
            format!("HTTP/1.1 200 OK\r\nContent-Length: {total}\r\nConnection: close\r\n\r\n"),
            content,
        ),
        Answer::Redirect(to) => (
            format!(
                "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\
                 Connection: close\r\n\r\n"
            ),
            &[][..],
        ),
        Answer::Status(status) => (
            format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
            &[][..],
        ),
    };
    // The client may have gone away; that is part of some tests.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}
