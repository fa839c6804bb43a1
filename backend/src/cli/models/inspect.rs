//! `backend models inspect`

use std::io::{self, Write};

use clap::Args;

use super::units;
use crate::cli::Failure;
use crate::hub::{Hub, Inspection, inspect};

/// Longest value of the header that is shown whole.
const LONGEST: usize = 100;

/// Arguments of `models inspect`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Name of a model on disk, or path of a .gguf file or of a directory with config.json,
    /// tokenizer.json and model.safetensors
    #[arg(value_name = "ID_OR_PATH")]
    model: String,
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
}

/// Runs `models inspect`.
///
/// # Errors
/// When there is no such model or its header is broken.
pub fn run(arguments: &Arguments, hub: &Hub) -> Result<(), Failure> {
    let inspection = inspect(&hub.resolve(&arguments.model)?)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &inspection).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&inspection, &mut out)?;
    }
    Ok(out.flush()?)
}

fn print(inspection: &Inspection, out: &mut impl Write) -> io::Result<()> {
    let tokenizer = &inspection.tokenizer;
    let number = |value: Option<u64>| value.map_or("none".into(), |value| value.to_string());
    writeln!(out, "{}", printable(&inspection.id))?;
    writeln!(out, "  format        {}", inspection.format)?;
    writeln!(
        out,
        "  architecture  {}",
        printable(inspection.architecture.as_deref().unwrap_or("not stated"))
    )?;
    writeln!(
        out,
        "  parameters    {} ({:.2} bits each), {}",
        units::count(inspection.parameters),
        inspection.bits_per_parameter,
        units::bytes(inspection.bytes)
    )?;
    writeln!(out, "  sha256        {}", inspection.sha256)?;
    let licence = match (&inspection.licence, &inspection.stated_licence) {
        (Some(licence), _) => format!("{} ({})", licence.name, licence.url),
        (None, Some(stated)) => format!("{stated} (as the file says)"),
        (None, None) => "not stated".into(),
    };
    writeln!(out, "  licence       {}", printable(&licence))?;
    writeln!(
        out,
        "  tokenizer     {}, {} tokens, bos {}{}, eos {}",
        printable(tokenizer.model.as_deref().unwrap_or("not stated")),
        number(tokenizer.vocabulary.map(|tokens| tokens as u64)),
        number(tokenizer.bos),
        match tokenizer.adds_bos {
            Some(true) => " (added)",
            _ => "",
        },
        number(tokenizer.eos),
    )?;

    writeln!(out, "\nstored as")?;
    for (kind, summary) in &inspection.kinds {
        writeln!(
            out,
            "  {kind:5}  {:>4} tensors  {:>9} parameters  {:>9}",
            summary.tensors,
            units::count(summary.parameters),
            units::bytes(summary.bytes)
        )?;
    }

    writeln!(out, "\nmetadata")?;
    for (key, value) in &inspection.metadata {
        let text = match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        writeln!(out, "  {} = {}", printable(key), shortened(&text))?;
    }

    writeln!(out, "\ntensors")?;
    let widest = inspection
        .tensors
        .iter()
        .map(|tensor| tensor.name.len())
        .max()
        .unwrap_or(0);
    for tensor in &inspection.tensors {
        let shape: Vec<_> = tensor.shape.iter().map(usize::to_string).collect();
        writeln!(
            out,
            "  {:widest$}  {:5}  {:>9}  {}",
            printable(&tensor.name),
            tensor.kind,
            units::bytes(tensor.bytes),
            shape.join(" × ")
        )?;
    }
    Ok(())
}

/// Text of a file that may come from anywhere, without what could steer a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c.is_control() {
            true => '\u{FFFD}',
            false => c,
        })
        .collect()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", printable(text.get(..end).unwrap_or_default())),
        None => printable(text),
    }
}
