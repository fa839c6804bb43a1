//! `backend study run`.

use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use protocol::study::{StudyEvent, StudyState};

use super::spec_options::SpecOptions;
use super::telling::{Lines, Teller, Terminal};
use crate::cli::model_options::DeviceOptions;
use crate::cli::note::note;
use crate::cli::{Context, Failure};
use crate::hub::Hub;
use crate::study::{self, EngineLab, Observer};

/// Arguments of `study run`.
#[derive(Debug, Args)]
#[command(after_help = "\
What is stored is verified and not repeated, so a study that was interrupted goes on where it was.
Ctrl-C pauses it; a second Ctrl-C ends the program at once, which loses at most one piece.
With --json, each event is one line on stdout.")]
pub struct Arguments {
    #[command(flatten)]
    spec: SpecOptions,
    #[command(flatten)]
    device: DeviceOptions,
    /// One JSON object a line for each event
    #[arg(long)]
    json: bool,
}

/// Runs `study run`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let study = arguments.spec.study(context)?;
    let name = study.spec().name.clone();
    if let Some(label) = study::label(study.spec()) {
        note(label);
    }
    // Before the model is loaded, which takes longer.
    drop(study.lock()?);
    let hub = Hub::new(&context.data_dir)?;
    let mut lab = EngineLab::open(&hub, arguments.device.reader()?, &study)?;
    let mut teller: Box<dyn Teller> = match (arguments.json, std::io::stderr().is_terminal()) {
        (true, _) => Box::new(Json),
        (false, true) => Box::new(Terminal::default()),
        (false, false) => Box::new(Lines::default()),
    };
    let mut listener = Listener {
        teller: &mut *teller,
        stop: stop_on_ctrl_c(),
    };
    let state = study::run(&study, &mut lab, &mut listener)?;
    if state == StudyState::Paused {
        note(format_args!(
            "paused; `backend study run {name}` goes on with it"
        ));
        return Err(Failure::interrupted());
    }
    if !arguments.json {
        note(format_args!(
            "finished; `backend study show {name}` shows its matrices"
        ));
    }
    Ok(())
}

struct Listener<'t> {
    teller: &'t mut dyn Teller,
    stop: Arc<AtomicBool>,
}

impl Observer for Listener<'_> {
    fn hear(&mut self, event: &StudyEvent) {
        self.teller.tell(event);
    }

    fn pace(&mut self, _free: bool) -> ControlFlow<()> {
        match self.stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

struct Json;

impl Teller for Json {
    fn tell(&mut self, event: &StudyEvent) {
        if let Ok(line) = serde_json::to_string(event) {
            // A reader that has gone is no reason to stop the work.
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        }
    }
}

/// Set by the first Ctrl-C; the second ends the program.
fn stop_on_ctrl_c() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        else {
            return;
        };
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                flag.store(true, Ordering::Relaxed);
                note("pausing …");
            }
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        });
    });
    stop
}
