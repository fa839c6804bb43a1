//! A server for one browser on this machine: files, ranges of the model, and reports.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// What there is to be had: fixed texts by path, and directories by the beginning of the path.
#[derive(Clone, Default)]
pub struct Site {
    /// Path, content type, text.
    pub texts: Vec<(String, &'static str, String)>,
    /// Beginning of the path, and the directory that the rest of it is looked for in.
    pub directories: Vec<(&'static str, PathBuf)>,
    /// Paths of single files.
    pub files: Vec<(String, PathBuf)>,
}

impl Site {
    /// Serves until the program ends; what is posted to `/report` comes out of the channel.
    pub fn serve(self) -> Result<(SocketAddr, Receiver<Value>)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (reports, received) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (site, reports) = (self.clone(), reports.clone());
                thread::spawn(move || {
                    // A connection that breaks is the browser's affair.
                    let _ = site.answer(stream, &reports);
                });
            }
        });
        Ok((address, received))
    }

    fn answer(&self, mut stream: TcpStream, reports: &Sender<Value>) -> Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next(), words.next().unwrap_or_default().to_owned());
        let (mut length, mut range) = (0, None);
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap_or((&header, ""));
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse()?,
                "range" => range = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        if method == Some("POST") {
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            reports.send(serde_json::from_slice(&body)?)?;
            return head(&mut stream, "204 No Content", "text/plain", 0, "");
        }
        let path = target.split('?').next().unwrap_or_default();
        if let Some((_, kind, text)) = self.texts.iter().find(|(name, ..)| name == path) {
            head(&mut stream, "200 OK", kind, text.len() as u64, "")?;
            return Ok(stream.write_all(text.as_bytes())?);
        }
        match self.find(path) {
            Some(file) => send(&mut stream, &file, range.as_deref()),
            None => head(&mut stream, "404 Not Found", "text/plain", 0, ""),
        }
    }

    fn find(&self, path: &str) -> Option<PathBuf> {
        let single = self.files.iter().find(|(name, _)| name == path);
        let found = single.map(|(_, file)| file.clone()).or_else(|| {
            let (prefix, directory) = self
                .directories
                .iter()
                .find(|(prefix, _)| path.starts_with(prefix))?;
            let rest = Path::new(&path[prefix.len()..]);
            let inside = rest
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
            inside.then(|| directory.join(rest))
        })?;
        found.is_file().then_some(found)
    }
}

fn head(stream: &mut TcpStream, status: &str, kind: &str, bytes: u64, more: &str) -> Result<()> {
    // No isolation headers: with them the peer may take its program for several threads.
    let text = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {bytes}\r\n\
         connection: close\r\n{more}\r\n"
    );
    Ok(stream.write_all(text.as_bytes())?)
}

fn send(stream: &mut TcpStream, path: &Path, range: Option<&str>) -> Result<()> {
    let total = fs::metadata(path)?.len();
    let (start, end) = match range {
        Some(range) => wanted(range, total).with_context(|| format!("range `{range}`"))?,
        None => (0, total),
    };
    let kind = match path.extension().and_then(|extension| extension.to_str()) {
        Some("js") => "text/javascript",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    };
    let (status, more) = match range {
        Some(_) => (
            "206 Partial Content",
            format!("content-range: bytes {start}-{}/{total}\r\n", end - 1),
        ),
        None => ("200 OK", "accept-ranges: bytes\r\n".to_owned()),
    };
    head(stream, status, kind, end - start, &more)?;
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    std::io::copy(&mut file.take(end - start), stream)?;
    Ok(())
}

/// `bytes=A-B` or `bytes=A-` as a half-open range.
fn wanted(range: &str, total: u64) -> Result<(u64, u64)> {
    let (start, end) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
        .context("is none")?;
    let start: u64 = start.parse()?;
    let end = match end {
        "" => total,
        end => total.min(end.parse::<u64>()? + 1),
    };
    if start >= end {
        bail!("is empty");
    }
    Ok((start, end))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_nonsense_is_refused() {
        assert_eq!(wanted("bytes=0-3", 10).unwrap(), (0, 4));
        assert_eq!(wanted("bytes=8-", 10).unwrap(), (8, 10));
        assert_eq!(wanted("bytes=8-99", 10).unwrap(), (8, 10));
        for nonsense in ["bytes=10-", "bytes=5-4", "0-3", "bytes=x-1"] {
            assert!(wanted(nonsense, 10).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn nothing_outside_a_directory_is_found() {
        let site = Site {
            directories: vec![("/", PathBuf::from(env!("CARGO_MANIFEST_DIR")))],
            ..Site::default()
        };
        assert!(site.find("/Cargo.toml").is_some());
        assert!(site.find("/../Cargo.toml").is_none());
        assert!(site.find("//etc/passwd").is_none());
    }
}
