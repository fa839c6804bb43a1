//! `backend adapters import`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use protocol::adapter::BaseModel;

use super::base::BaseOptions;
use crate::adapters::{AdapterStore, Made, StoredAdapter};
use crate::cli::model_options::DeviceOptions;
use crate::cli::{Context, Failure};
use crate::hub::Hub;

/// Arguments of `adapters import`.
#[derive(Debug, Args)]
#[command(after_help = "\
The adapter is checked against the model, whose hash is recorded: another model will refuse it. Its
numbers are kept in single precision.")]
pub struct Arguments {
    /// Directory with adapter_config.json and adapter_model.safetensors
    directory: PathBuf,
    /// Name to keep it under [default: the directory's]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The model that it was made for.
    #[command(flatten)]
    base: BaseOptions,
    /// Where it is read.
    #[command(flatten)]
    device: DeviceOptions,
}

/// Runs `adapters import`.
///
/// # Errors
/// The adapter cannot be understood, does not fit the model, or cannot be kept.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let shown = arguments.directory.display().to_string();
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => match arguments.directory.file_name() {
            Some(name) => name.to_string_lossy().into_owned(),
            None => return Err(Failure::usage(format!("{shown} has no name; give --name"))),
        },
    };
    let found = StoredAdapter::open(&shown, &arguments.directory)?;
    let model = arguments
        .base
        .resolve(&found, &Hub::new(&context.data_dir)?)?;
    let (model, provenance) = arguments.device.reader()?.read(&model)?;
    let read = found.read(model.spec(), &provenance)?;
    let store = AdapterStore::new(&context.data_dir);
    let made = Made {
        base_model: BaseModel::from(&provenance),
        origin: format!("imported from {shown}"),
        training: found.record.and_then(|record| record.training),
    };
    let kept = store.save(&name, &read.adapter, model.spec(), made)?;
    Ok(writeln!(
        std::io::stdout(),
        "{name}  {}",
        kept.directory.display()
    )?)
}
