//! `backend models trim`

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use engine::checkpoint::TensorStore;
use engine::checkpoint::gguf::Gguf;
use engine::tokenizer::Tokenizer;
use engine::trim::{Coverage, Provenance, Selector, plan, write};
use protocol::language::Language;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::new_file::write_file;
use super::units;
use crate::cli::Failure;
use crate::data::{CorpusError, CorpusFile, corpus_files};
use crate::hub::{
    FileSource, Hub, KeptTokens, Licence, ModelFiles, ModelId, Registration, ResolvedModel, atomic,
};

/// Of so many texts of the corpus, one is kept out of it to measure coverage on.
const HELD_OUT_ONE_OF: u8 = 50;

/// Arguments of `models trim`.
#[derive(Debug, Args)]
#[command(
    after_help = "Kept are the tokens that the corpus uses, all bytes and special tokens, the \
                  characters of the languages' scripts, and the pieces that these are merged \
                  from. The model's probabilities stay what they were, renormalised over the \
                  kept tokens.\n\n\
                  Of .json and .jsonl files every string is a text, of all other files every \
                  line. One text in 50 is not used but measured on, unless --held-out names \
                  other texts."
)]
pub struct Arguments {
    /// Name or path of the model, a GGUF file
    model: String,
    /// Files and directories with text of the languages
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    corpus: Vec<PathBuf>,
    /// Languages whose scripts are kept whole
    #[arg(long, value_delimiter = ',', default_value = "ar,de,en,es,hi,ru,zh")]
    languages: Vec<Language>,
    /// Files and directories with text to measure coverage on
    #[arg(long, num_args = 1.., value_name = "PATH")]
    held_out: Vec<PathBuf>,
    /// Name of the trimmed model [default: MODEL-mini]
    #[arg(long)]
    id: Option<ModelId>,
    /// The file to write [default: `trimmed/ID.gguf` in the data directory]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also write the list of kept tokens, from which the trimmed file can be made again
    #[arg(long, value_name = "FILE")]
    kept_tokens: Option<PathBuf>,
    /// Write over the file and the model of that name
    #[arg(long)]
    replace: bool,
    /// The report as one JSON object
    #[arg(long)]
    json: bool,
}

/// What was done, for people and programs.
#[derive(Debug, Serialize)]
struct Report {
    id: String,
    file: PathBuf,
    sha256: String,
    bytes: u64,
    full_bytes: u64,
    tokens: usize,
    full_tokens: usize,
    parameters: u64,
    full_parameters: u64,
    corpus_texts: u64,
    corpus_sha256: String,
    held_out: HeldOut,
}

/// Coverage of held-out text; shares are of 1.
#[derive(Debug, Serialize)]
struct HeldOut {
    texts: u64,
    characters: u64,
    same_texts: f64,
    same_characters: f64,
    same_tokens: f64,
    tokens_full: u64,
    tokens_trimmed: u64,
    byte_tokens_full: u64,
    byte_tokens_trimmed: u64,
}

/// Runs `models trim`.
///
/// # Errors
/// A model or corpus that cannot be read, a name or file that is taken, or a disk that is full.
pub fn run(arguments: Arguments, hub: &Hub, data_dir: &Path) -> Result<(), Failure> {
    let model = hub.resolve(&arguments.model)?;
    let ModelFiles::Gguf(path) = &model.files else {
        return Err(Failure::usage(format!(
            "`{}` is not a GGUF file; only those can be trimmed",
            arguments.model
        )));
    };
    let id = match &arguments.id {
        Some(id) => id.clone(),
        None => ModelId::new(format!("{}-mini", model.id.trim_end_matches(".gguf")))?,
    };
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| data_dir.join("trimmed").join(format!("{id}.gguf")));
    if !arguments.replace {
        // A model that the manifest makes the same way may be made from the user's corpus instead.
        let offered = hub
            .manifest()
            .find(&id)
            .is_some_and(|model| !model.is_derived());
        if hub.record(&id)?.is_some() || offered {
            let failure = Failure::usage(format!("there already is a model `{id}`"));
            return Err(failure.with_help("choose another --id, or --replace"));
        }
        if out.exists() {
            let failure = Failure::usage(format!("{} already exists", out.display()));
            return Err(failure.with_help("choose another --out, or --replace"));
        }
    }

    let source = FileSource::open(path)?;
    let full = Gguf::open(&source)?;
    let tokenizer = Tokenizer::from_gguf(full.metadata(), full.file())?;
    let corpus = Corpus::read(&arguments, &tokenizer)?;
    let scripts: Vec<_> = arguments.languages.iter().map(|l| l.script()).collect();
    let provenance = Provenance {
        source_sha256: model.sha256.clone(),
        corpus_sha256: corpus.sha256.clone(),
        corpus_texts: corpus.selector.texts(),
        languages: arguments
            .languages
            .iter()
            .map(Language::to_string)
            .collect(),
    };
    let selection = corpus.selector.finish(full.metadata(), &scripts)?;
    let metadata = plan(full.metadata(), &selection, &provenance)?;
    let trimmed = Tokenizer::from_gguf(&metadata, full.file())?;
    let mut coverage = Coverage::default();
    for text in &corpus.held_out {
        coverage.add(&tokenizer, &trimmed, &selection, text)?;
    }

    write_file(&out, |sink| write(&source, &selection, &metadata, sink))?;
    if let Some(path) = &arguments.kept_tokens {
        atomic::write_json(path, &KeptTokens::new(&selection, &provenance))?;
    }
    let licence = model
        .licence
        .clone()
        .unwrap_or_else(|| unknown_licence(&model));
    let record = hub.register(Registration {
        id: id.clone(),
        title: format!("{} trimmed to {} tokens", model.id, selection.kept().len()),
        family: full
            .metadata()
            .require_str("general.architecture")?
            .to_owned(),
        languages: provenance.languages,
        licence,
        origin: format!("`models trim` of {} ({})", model.id, model.sha256),
        path: out.clone(),
        replace: arguments.replace,
    })?;

    let written = FileSource::open(&out)?;
    let report = Report {
        id: id.to_string(),
        sha256: record.sha256(),
        bytes: file_bytes(&out)?,
        full_bytes: file_bytes(path)?,
        file: out,
        tokens: selection.kept().len(),
        full_tokens: selection.full_size(),
        parameters: parameters(&Gguf::open(&written)?),
        full_parameters: parameters(&full),
        corpus_texts: provenance.corpus_texts,
        corpus_sha256: provenance.corpus_sha256,
        held_out: HeldOut::from(coverage),
    };
    let mut stdout = std::io::stdout().lock();
    if arguments.json {
        let line = serde_json::to_string(&report).map_err(Failure::new)?;
        writeln!(stdout, "{line}")?;
    } else {
        write!(stdout, "{report}")?;
    }
    Ok(())
}

/// What the corpus says, and the texts kept out of it.
struct Corpus<'a> {
    selector: Selector<'a>,
    held_out: Vec<String>,
    sha256: String,
}

impl<'a> Corpus<'a> {
    fn read(arguments: &Arguments, tokenizer: &'a Tokenizer) -> Result<Self, Failure> {
        let mut selector = Selector::new(tokenizer);
        let mut held_out = Vec::new();
        let mut digest = Sha256::new();
        for file in corpus_files(&arguments.corpus)? {
            for text in texts(&file)? {
                // By content, so that a sentence is either in or out however often it comes.
                let chance = Sha256::digest(&text).first().copied().unwrap_or(0);
                if arguments.held_out.is_empty() && chance < u8::MAX / HELD_OUT_ONE_OF {
                    held_out.push(text);
                    continue;
                }
                digest.update(&text);
                digest.update("\n");
                selector.add(&text)?;
            }
        }
        for file in corpus_files(&arguments.held_out)? {
            held_out.extend(texts(&file)?);
        }
        if selector.texts() == 0 {
            return Err(Failure::usage("the corpus has no text"));
        }
        let sha256 = digest.finalize();
        Ok(Self {
            selector,
            held_out,
            sha256: sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }
}

/// The texts of a file; none for what lies in a walked directory and is no text.
fn texts(file: &CorpusFile) -> Result<Vec<String>, Failure> {
    match file.texts() {
        Err(error @ (CorpusError::NotText { .. } | CorpusError::NotJson { .. })) if !file.named => {
            tracing::warn!("left out: {error}");
            Ok(Vec::new())
        }
        other => Ok(other?),
    }
}

fn file_bytes(path: &Path) -> Result<u64, Failure> {
    let metadata = fs::metadata(path);
    Ok(metadata
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?
        .len())
}

fn parameters(file: &Gguf) -> u64 {
    let count = |shape: &[usize]| shape.iter().map(|&size| size as u64).product::<u64>();
    file.tensors().iter().map(|info| count(&info.shape)).sum()
}

/// Of what is made from a model whose terms nobody wrote down.
pub(crate) fn unknown_licence(model: &ResolvedModel) -> Licence {
    Licence {
        name: "unknown".to_owned(),
        url: String::new(),
        notice: format!("made from {}, whose terms are not known here", model.id),
    }
}

impl From<Coverage> for HeldOut {
    fn from(coverage: Coverage) -> Self {
        Self {
            texts: coverage.texts,
            characters: coverage.characters,
            same_texts: coverage.text_share(),
            same_characters: coverage.character_share(),
            same_tokens: coverage.token_share(),
            tokens_full: coverage.full_tokens,
            tokens_trimmed: coverage.trimmed_tokens,
            byte_tokens_full: coverage.full_bytes,
            byte_tokens_trimmed: coverage.trimmed_bytes,
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let held_out = &self.held_out;
        let percent = |share: f64| format!("{:.2} %", share * 100.0);
        writeln!(out, "model       {}", self.id)?;
        writeln!(out, "file        {}", self.file.display())?;
        writeln!(
            out,
            "size        {} of {}",
            units::bytes(self.bytes),
            units::bytes(self.full_bytes)
        )?;
        writeln!(
            out,
            "parameters  {} of {}",
            units::count(self.parameters),
            units::count(self.full_parameters)
        )?;
        writeln!(out, "tokens      {} of {}", self.tokens, self.full_tokens)?;
        writeln!(out, "corpus      {} texts", self.corpus_texts)?;
        if held_out.texts == 0 {
            return writeln!(out, "held out    no text");
        }
        writeln!(
            out,
            "held out    {} texts, {} characters",
            held_out.texts, held_out.characters
        )?;
        writeln!(
            out,
            "  as before {} of the characters, {} of the tokens, {} of the texts",
            percent(held_out.same_characters),
            percent(held_out.same_tokens),
            percent(held_out.same_texts)
        )?;
        writeln!(
            out,
            "  tokens    {} instead of {}; single bytes {} instead of {}",
            held_out.tokens_trimmed,
            held_out.tokens_full,
            held_out.byte_tokens_trimmed,
            held_out.byte_tokens_full
        )
    }
}

impl From<CorpusError> for Failure {
    fn from(error: CorpusError) -> Self {
        Self::usage(error)
    }
}
