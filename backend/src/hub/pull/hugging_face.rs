//! Files from Hugging Face. `hf-hub` knows addresses, token and cache; the bytes are fetched here,
//! because its own download neither says how a file was resumed nor checks what arrived.

use std::fs::File;
use std::thread;
use std::time::{Duration, Instant};

use hf_hub::api::sync::ApiBuilder;
use hf_hub::{Cache, Repo};
use ureq::Agent;
use ureq::config::RedirectAuthHeaders;
use ureq::http::header::{AUTHORIZATION, CONTENT_RANGE, RANGE, RETRY_AFTER};

use super::event::{Meter, PullEvent, PullObserver};
use super::partial::Partial;
use crate::hub::error::HubError;

/// Times a broken download is taken up again without a single new byte.
const FRUITLESS_ATTEMPTS: u32 = 5;

/// Where Hugging Face is, and as whom we ask.
#[derive(Debug, Clone)]
pub struct HuggingFace {
    /// Address without a slash at the end.
    pub endpoint: String,
    /// Access token for gated repositories.
    pub token: Option<String>,
    /// Files that other programs have fetched already.
    pub cache: Cache,
    /// Pause before the first new attempt; doubles with each further one.
    pub pause: Duration,
}

impl HuggingFace {
    /// As the variables `HF_ENDPOINT`, `HF_TOKEN` and `HF_HOME` say.
    pub fn from_environment() -> Self {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let cache = Cache::from_env();
        Self {
            endpoint: set("HF_ENDPOINT")
                .map(|url| url.trim_end_matches('/').to_owned())
                .unwrap_or_else(|| "https://huggingface.co".into()),
            token: set("HF_TOKEN").or_else(|| cache.token()),
            cache,
            pause: Duration::from_millis(500),
        }
    }

    /// Brings `file` of `repo` into `partial`, going on where it stands.
    ///
    /// # Errors
    /// [`HubError::Source`] saying why not; [`HubError::DiskFull`], [`HubError::Io`].
    pub fn fetch(
        &self,
        repo: Repo,
        file: &str,
        partial: &mut Partial,
        observer: &mut dyn PullObserver,
    ) -> Result<(), HubError> {
        if let Some(path) = self.cache.repo(repo.clone()).get(file)
            && let Ok(mut cached) = File::open(&path)
            && cached
                .metadata()
                .is_ok_and(|metadata| metadata.len() == partial.expected())
        {
            partial.truncate(0)?;
            return partial.append_from(&mut cached, tell(partial, observer));
        }

        let url = ApiBuilder::from_cache(self.cache.clone())
            .with_endpoint(self.endpoint.clone())
            .with_token(self.token.clone())
            .build()
            .map_err(|error| HubError::Source(error.to_string()))?
            .repo(repo)
            .url(file);
        self.download(&url, self.token.as_deref(), partial, observer)
    }

    /// Brings what lies at `url` into `partial`, going on where it stands. The token is for
    /// Hugging Face alone.
    ///
    /// # Errors
    /// As [`HuggingFace::fetch`].
    pub fn download(
        &self,
        url: &str,
        token: Option<&str>,
        partial: &mut Partial,
        observer: &mut dyn PullObserver,
    ) -> Result<(), HubError> {
        let agent = agent();
        let mut fruitless = 0;
        let mut pause = self.pause;
        loop {
            let before = partial.bytes();
            let error = match attempt(&agent, url, token, partial, observer) {
                Ok(()) if partial.missing() == 0 => return Ok(()),
                Ok(()) => Attempt::Broken("the connection ended early".into()),
                Err(error) => error,
            };
            let reason = match error {
                Attempt::Final(error) => return Err(error),
                Attempt::Broken(reason) => reason,
            };
            if partial.bytes() > before {
                fruitless = 0;
                pause = self.pause;
            }
            fruitless += 1;
            if fruitless > FRUITLESS_ATTEMPTS {
                return Err(HubError::Source(reason));
            }
            observer.event(&PullEvent::Resuming {
                file: partial.name().to_owned(),
                bytes: partial.bytes(),
                reason,
            });
            thread::sleep(pause);
            pause *= 2;
        }
    }
}

/// One request for what is missing.
fn attempt(
    agent: &Agent,
    url: &str,
    token: Option<&str>,
    partial: &mut Partial,
    observer: &mut dyn PullObserver,
) -> Result<(), Attempt> {
    if partial.missing() == 0 {
        return Ok(());
    }
    let refused = |reason: String| Attempt::Final(HubError::Source(reason));
    let mut request = agent
        .get(url)
        .header("Accept-Encoding", "identity")
        .header(RANGE, format!("bytes={}-", partial.bytes()));
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let mut response = match request.call() {
        Ok(response) => response,
        // A server that nothing ever came from is left for the next source; one that broke
        // off is asked again.
        Err(error) if partial.bytes() == 0 || !passing(&error) => {
            return Err(refused(format!("{url}: {error}")));
        }
        Err(error) => return Err(Attempt::Broken(error.to_string())),
    };
    match response.status().as_u16() {
        200 => partial.truncate(0).map_err(Attempt::Final)?,
        206 => {
            let range = response
                .headers()
                .get(CONTENT_RANGE)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default();
            let (start, total) = content_range(range)
                .ok_or_else(|| refused(format!("{url}: Content-Range is `{range}`")))?;
            if total.is_some_and(|total| total != partial.expected()) {
                return Err(Attempt::Final(HubError::Mismatch {
                    file: url.to_owned(),
                    what: "size",
                    expected: partial.expected().to_string(),
                    found: total.unwrap_or_default().to_string(),
                }));
            }
            if start != partial.bytes() {
                return Err(refused(format!(
                    "{url}: byte {} was asked for, byte {start} came",
                    partial.bytes()
                )));
            }
        }
        status @ (429 | 500..=599) => {
            let wait = response
                .headers()
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok())
                .map(|value| format!(", to be asked again after {value} s"))
                .unwrap_or_default();
            return Err(Attempt::Broken(format!("{url}: HTTP {status}{wait}")));
        }
        status @ (401 | 403) => {
            return Err(refused(format!(
                "{url}: HTTP {status}; the repository may ask you to accept its terms, and \
                 for a token in HF_TOKEN"
            )));
        }
        status => return Err(refused(format!("{url}: HTTP {status}"))),
    }
    let told = tell(partial, observer);
    partial
        .append_from(&mut response.body_mut().as_reader(), told)
        .map_err(|error| match error {
            HubError::Source(reason) => Attempt::Broken(reason),
            other => Attempt::Final(other),
        })
}

/// How an attempt ended without the whole file.
enum Attempt {
    /// Another one may go on from here.
    Broken(String),
    /// Asking again is of no use.
    Final(HubError),
}

/// A client that gives up on silence rather than on slowness, and keeps the token to itself when
/// it is sent to another host.
pub(crate) fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .redirect_auth_headers(RedirectAuthHeaders::SameHost)
        .user_agent(concat!("polydetox/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(Duration::from_secs(15)))
        .timeout_recv_response(Some(Duration::from_secs(30)))
        .timeout_per_read(Some(Duration::from_secs(60)))
        .build()
        .into()
}

/// Whether the error may be gone at the next attempt.
fn passing(error: &ureq::Error) -> bool {
    matches!(
        error,
        ureq::Error::Io(_)
            | ureq::Error::Timeout(_)
            | ureq::Error::ConnectionFailed
            | ureq::Error::HostNotFound
            | ureq::Error::Protocol(_)
    )
}

/// First byte and total of `bytes 5-9/10`; the total may be unknown (`*`).
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let total = match total {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    Some((start.parse().ok()?, total))
}

/// A progress callback that tells `observer` of `partial`'s growth.
pub(super) fn tell<'a>(
    partial: &Partial,
    observer: &'a mut dyn PullObserver,
) -> impl FnMut(u64) + use<'a> {
    let mut meter = Meter::new(
        partial.name(),
        partial.expected(),
        partial.bytes(),
        Instant::now(),
    );
    move |bytes| {
        if let Some(event) = meter.count(bytes, Instant::now()) {
            observer.event(&event);
        }
    }
}
