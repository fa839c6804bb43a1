//! `backend adapters merge`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use engine::WeightFormat;
use engine::adapter::write_merged;
use engine::device::DeviceChoice;

use super::base::BaseOptions;
use crate::adapters::AdapterStore;
use crate::cli::models::new_file::write_file;
use crate::cli::models::trim::unknown_licence;
use crate::cli::{Context, Failure};
use crate::executor::ModelReader;
use crate::hub::{FileSource, Hub, ModelFiles, ModelId, Registration};

/// Arguments of `adapters merge`.
#[derive(Debug, Args)]
#[command(after_help = "\
The maps that the adapter changes are written in single precision, everything else as it is in the
base. The result is a model like any other: here under its name, and for every program that reads
GGUF.")]
pub struct Arguments {
    /// Name of the adapter, or a directory in PEFT's layout
    adapter: String,
    /// Name of the merged model [default: MODEL-ADAPTER]
    #[arg(long)]
    id: Option<ModelId>,
    /// The file to write [default: `merged/ID.gguf` in the data directory]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How much of the change, 0 to 1.5
    #[arg(long, default_value_t = 1.0)]
    strength: f32,
    /// Write over the file and the model of that name
    #[arg(long)]
    replace: bool,
    /// The base model.
    #[command(flatten)]
    base: BaseOptions,
}

/// Runs `adapters merge`.
///
/// # Errors
/// The adapter does not fit the model, the name or file is taken, or the disk refuses.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let found = AdapterStore::new(&context.data_dir).resolve(&arguments.adapter)?;
    let hub = Hub::new(&context.data_dir)?;
    let model = arguments.base.resolve(&found, &hub)?;
    let ModelFiles::Gguf(path) = &model.files else {
        return Err(Failure::usage(format!(
            "`{}` is not a GGUF file; only those can be merged",
            model.id
        )));
    };
    let named = |name: &str| name.trim_end_matches(".gguf").to_owned();
    let id = match &arguments.id {
        Some(id) => id.clone(),
        None => ModelId::new(format!("{}-{}", named(&model.id), found.name))?,
    };
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| context.data_dir.join("merged").join(format!("{id}.gguf")));
    if !arguments.replace && (hub.record(&id)?.is_some() || out.exists()) {
        let failure = Failure::usage(format!("there already is a model `{id}`, or its file"));
        return Err(failure.with_help("choose another --id or --out, or --replace"));
    }
    // On the processor and as it is stored, so that the same bits come out everywhere.
    let reader = ModelReader::new(DeviceChoice::Cpu, WeightFormat::AsStored)?;
    let (base, provenance) = reader.read(&model)?;
    let adapter = found.read(base.spec(), &provenance)?.adapter;
    let source = FileSource::open(path)?;
    let (strength, name) = (arguments.strength, &found.name);
    write_file(&out, |sink| {
        write_merged(&source, &base, &adapter, strength, name, sink)
    })?;
    let licence = model.licence.clone();
    let record = hub.register(Registration {
        id: id.clone(),
        title: format!("{} with {} in its weights", model.id, found.name),
        family: base.spec().architecture.clone(),
        languages: Vec::new(),
        licence: licence.unwrap_or_else(|| unknown_licence(&model)),
        origin: format!(
            "`adapters merge` of {} into {} ({}), strength {}",
            found.name, model.id, model.sha256, arguments.strength
        ),
        path: out.clone(),
        replace: arguments.replace,
    })?;
    Ok(writeln!(
        std::io::stdout(),
        "{id}  {}  {}",
        record.sha256(),
        out.display()
    )?)
}
