//! The server's program, running.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::http::request;

/// A server on a free port, with the user's models; stopped when dropped.
pub struct Server {
    process: Child,
    pub port: u16,
    arguments: Vec<OsString>,
}

impl Server {
    /// Starts it, or says what is missing.
    pub fn start() -> Result<Self, String> {
        Self::start_with(&[])
    }

    /// As [`Server::start`], with more arguments.
    pub fn start_with(arguments: &[&OsStr]) -> Result<Self, String> {
        let arguments = arguments.iter().map(|one| (*one).to_owned()).collect();
        Self::start_at(0, arguments)
    }

    /// Ends it as a crash would.
    pub fn crash(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again, at the same address and with the same arguments, after it has crashed.
    pub fn start_again(&mut self) {
        *self = Self::start_at(self.port, self.arguments.clone()).unwrap();
    }

    fn start_at(port: u16, arguments: Vec<OsString>) -> Result<Self, String> {
        let page = root().join("frontend/dist");
        if !page.join("index.html").is_file() {
            return Err("the page is not built (`cargo xtask test` builds it)".to_owned());
        }
        let mut process = Command::new(program())
            .args([
                "serve",
                "--listen",
                &format!("127.0.0.1:{port}"),
                "--web-dir",
            ])
            .arg(page)
            .args(&arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server's program is built (`cargo build`)");
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        let port = address
            .trim()
            .trim_end_matches('/')
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok())
            .unwrap_or_else(|| panic!("`{address}` is no address"));
        Ok(Self {
            process,
            port,
            arguments,
        })
    }

    /// The address of the page.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Asks the API.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = request(self.port, method, path, body).expect("the server answers");
        assert_eq!(status, 200, "{method} {path}: {answer}");
        serde_json::from_str(&answer).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap().to_owned()
}

/// target/PROFILE/deps/browser-HASH is this test, target/PROFILE/backend the server.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("backend")
}
