//! `backend serve`: the server.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::model_options::{DEFAULT_MODEL, DeviceOptions};
use super::note::note;
use super::{Context, Failure};
use crate::adapters::AdapterStore;
use crate::data::DataLibrary;
use crate::executor::{HubLibrary, Limits, Shelf};
use crate::hub::Hub;
use crate::server::{Access, HEAD_TIMEOUT, Server, router, serve};
use crate::study::{self, Desk};

/// Arguments of `serve`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
The page is at the printed address, the API under /api, an OpenAI-compatible one under /v1, its
description at /openapi.json, and what a supervisor wants to know at /health and /metrics.
Ctrl-C or SIGTERM stops the server: running generations get 3 seconds to end.")]
pub struct Arguments {
    /// Address to listen on; another one than this machine's own needs --token
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8080",
        env = "POLYDETOX_LISTEN"
    )]
    pub listen: SocketAddr,
    /// Secret that every request to the API must carry as `Authorization: Bearer TOKEN`
    #[arg(
        long,
        value_name = "TOKEN",
        env = "POLYDETOX_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// Further host name that the server is reached by; can be given several times
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,
    /// Model to have in memory from the start, by name or path; can be given several times. The
    /// first is the default one [default: gemma-3-270m, if it is there]
    #[arg(short, long, value_name = "MODEL")]
    pub model: Vec<String>,
    /// What models run on.
    #[command(flatten)]
    pub device: DeviceOptions,
    /// Sequences that one model generates together
    #[arg(long, value_name = "N", default_value_t = Limits::default().slots)]
    pub slots: usize,
    /// Sequences that may wait for a slot of a model; further requests are answered with 429
    #[arg(long, value_name = "N", default_value_t = Limits::default().queue)]
    pub queue: usize,
    /// Models in memory at the same time; one at rest makes room for another
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub max_models: usize,
    /// Directory with data sets to show, beside those that were pulled; can be given several times
    #[arg(long, value_name = "DIR")]
    pub data: Vec<PathBuf>,
    /// Directory of the built page [default: frontend/dist, if it is there]
    #[arg(long, value_name = "DIR")]
    pub web_dir: Option<PathBuf>,
}

impl Default for Arguments {
    /// What no arguments mean.
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            token: None,
            allow_host: Vec::new(),
            model: Vec::new(),
            device: DeviceOptions::default(),
            slots: Limits::default().slots,
            queue: Limits::default().queue,
            max_models: 2,
            data: Vec::new(),
            web_dir: None,
        }
    }
}

impl Arguments {
    fn check(&self) -> Result<(), Failure> {
        if let Some(token) = &self.token
            && (token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(Failure::usage(
                "`--token` must be of printable ASCII characters without spaces",
            ));
        }
        if !self.listen.ip().is_loopback() && self.token.is_none() {
            return Err(Failure::usage(format!(
                "`--listen {}` can be reached from other machines and needs a token",
                self.listen
            ))
            .with_help("set --token or POLYDETOX_TOKEN, or listen on 127.0.0.1"));
        }
        for (name, value) in [("--slots", self.slots), ("--max-models", self.max_models)] {
            if value == 0 || value > 1024 {
                return Err(Failure::usage(format!(
                    "`{name}` must be between 1 and 1024, got {value}"
                )));
            }
        }
        if self.queue > 65_536 {
            return Err(Failure::usage("`--queue` must be at most 65536"));
        }
        if let Some(missing) = self.data.iter().find(|directory| !directory.is_dir()) {
            return Err(Failure::usage(format!(
                "`--data`: {} is no directory",
                missing.display()
            )));
        }
        match &self.web_dir {
            Some(directory) if !directory.join("index.html").is_file() => Err(Failure::usage(
                format!("`--web-dir`: {} has no index.html", directory.display()),
            )),
            _ => Ok(()),
        }
    }
}

/// A study that is running gets so long to leave its place clean.
const STUDY_GRACE: Duration = Duration::from_secs(2);

/// Runs `serve`.
///
/// # Errors
/// The options contradict each other, a named model cannot be read, or the address is taken.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    arguments.check()?;
    let hub = Hub::new(&context.data_dir)?;
    let mut named = Vec::new();
    for model in &arguments.model {
        named.push(hub.resolve(model)?);
    }
    let default_model = named
        .first()
        .map_or_else(|| DEFAULT_MODEL.to_owned(), |model| model.id.clone());
    let wanted: Vec<String> = named.iter().map(|model| model.id.clone()).collect();
    if wanted.len() > arguments.max_models {
        return Err(Failure::usage(format!(
            "{} models are named, and `--max-models` is {}",
            wanted.len(),
            arguments.max_models
        )));
    }
    let reader = arguments.device.reader()?;
    let devices = {
        let reader = reader.clone();
        Box::new(move || reader.devices())
    };
    let limits = Limits {
        slots: arguments.slots,
        queue: arguments.queue,
        ..Limits::default()
    };
    let library = Arc::new(HubLibrary::new(hub.clone(), reader.clone(), named));
    let shelf = Arc::new(Shelf::new(library, limits, arguments.max_models));
    let mut data = arguments.data.clone();
    data.push(crate::data::pulled(&context.data_dir));
    let server = Server::new(Arc::clone(&shelf), default_model.clone(), devices);
    let at_work = Arc::clone(&shelf);
    let desk = Desk::new(
        study::Library::new(&context.data_dir),
        hub.clone(),
        reader,
        data.clone(),
        Arc::new(move || {
            let loaded = at_work.loaded();
            loaded.iter().any(|model| {
                let load = model.executor.counters().load();
                load.running + load.waiting > 0
            })
        }),
    );
    let server = server
        .with_data(DataLibrary::new(data))
        .with_studies(desk)
        .with_adapters(AdapterStore::new(&context.data_dir));
    let studies = server.studies.clone();
    let server = Arc::new(server);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(listen(arguments, server, &wanted, &hub, &default_model));
    shelf.stop(Duration::ZERO);
    if let Some(desk) = &studies {
        desk.shut_down(STUDY_GRACE);
    }
    // A step that hangs in a driver must not keep the process alive.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn listen(
    arguments: &Arguments,
    server: Arc<Server>,
    wanted: &[String],
    hub: &Hub,
    default_model: &str,
) -> Result<(), Failure> {
    // The address first: where it is taken, nothing needs to be read.
    let listener = TcpListener::bind(arguments.listen).await.map_err(|error| {
        Failure::new(format!("{}: {error}", arguments.listen))
            .with_help("another server may be running; --listen chooses another address")
    })?;
    let address = listener.local_addr()?;
    let access = Access {
        listen: address,
        hosts: arguments.allow_host.clone(),
        token: arguments.token.clone(),
        pages: arguments.web_dir.clone().or_else(built_page),
    };
    let stop = CancellationToken::new();
    let stopper = stop.clone();
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        note("stopping");
        stopper.cancel();
        // Who asks twice does not want to wait.
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        std::process::exit(130);
    });
    for model in wanted {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            read = server.shelf.get(model) => read.map_err(Failure::new)?,
        };
    }
    if wanted.is_empty() {
        begin_with_default(&server, hub, default_model);
    }
    let router = router(Arc::clone(&server), &access).map_err(Failure::new)?;
    if access.pages.is_none() {
        note("there is no built page; `cargo xtask run` builds it, --web-dir names it");
    }
    writeln!(std::io::stdout().lock(), "http://{address}/")?;
    serve(listener, server, router, HEAD_TIMEOUT, stop).await;
    Ok(())
}

/// Reads the default model behind the first requests' backs, so that the address is there at once.
fn begin_with_default(server: &Arc<Server>, hub: &Hub, model: &str) {
    if let Err(error) = hub.resolve(model) {
        let help = error.help().map(|help| format!(": {help}"));
        note(format!("{error}{}", help.unwrap_or_default()));
        return;
    }
    let (server, model) = (Arc::clone(server), model.to_owned());
    tokio::spawn(async move {
        if let Err(error) = server.shelf.get(&model).await {
            note(format!("{model}: {error}"));
        }
    });
}

/// `frontend/dist` of the working directory, or of the workspace that the program was built in.
fn built_page() -> Option<PathBuf> {
    let here = PathBuf::from("frontend/dist");
    let beside = std::env::current_exe().ok().and_then(|program| {
        // target/PROFILE/backend
        let workspace = program.ancestors().nth(3)?;
        Some(workspace.join("frontend/dist"))
    });
    [Some(here), beside]
        .into_iter()
        .flatten()
        .find(|directory| has_index(directory))
}

fn has_index(directory: &Path) -> bool {
    directory.join("index.html").is_file()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn another_address_than_loopback_needs_a_token() {
        let with = |listen: &str, token: Option<&str>| Arguments {
            listen: listen.parse().unwrap(),
            token: token.map(str::to_owned),
            ..Arguments::default()
        };
        for listen in ["127.0.0.1:80", "127.8.0.1:80", "[::1]:80"] {
            assert!(with(listen, None).check().is_ok(), "{listen}");
        }
        for listen in [
            "0.0.0.0:80",
            "[::]:80",
            "192.0.2.1:80",
            "[::ffff:127.0.0.1]:80",
        ] {
            assert!(with(listen, None).check().is_err(), "{listen}");
            assert!(with(listen, Some("secret")).check().is_ok(), "{listen}");
        }
        for token in ["", "two words", "tab\t", "ключ"] {
            assert!(
                with("127.0.0.1:80", Some(token)).check().is_err(),
                "{token}"
            );
        }
    }
}
