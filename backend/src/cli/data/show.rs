//! `backend data show`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use protocol::language::Language;
use serde::Serialize;

use super::check::{known, located};
use crate::cli::one_line::one_line;
use crate::cli::{Context, Failure};
use crate::data::{Kind, LanguagePairs, SAMPLE, Split, multiparadetox};
use scoring::sample;

/// Arguments of `data show`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Name of a data set, or `sample`
    #[arg(value_name = "NAME", default_value = "sample")]
    name: String,
    /// Directory of the data sets, or of this one [default: where `data pull` puts them]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Language
    #[arg(short, long, value_name = "LANGUAGE", default_value = "en")]
    language: Language,
    /// Texts to show
    #[arg(short = 'n', long, default_value_t = 10)]
    limit: usize,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Shown {
    split: Option<Split>,
    toxic: bool,
    text: String,
}

/// Runs `data show`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let texts = texts(arguments, context)?;
    let mut out = std::io::stdout().lock();
    if arguments.name == SAMPLE && !arguments.json {
        writeln!(out, "# {}", sample::LABEL)?;
    }
    for shown in texts.into_iter().take(arguments.limit) {
        if arguments.json {
            writeln!(
                out,
                "{}",
                serde_json::to_string(&shown).map_err(Failure::new)?
            )?;
        } else {
            let label = if shown.toxic { "toxic" } else { "clean" };
            let split = shown
                .split
                .map_or_else(String::new, |split| split.to_string());
            writeln!(out, "{label}\t{split}\t{}", one_line(&shown.text))?;
        }
    }
    Ok(())
}

fn texts(arguments: &Arguments, context: &Context) -> Result<Vec<Shown>, Failure> {
    let language = arguments.language;
    if arguments.name == SAMPLE {
        let mut shown = pairs(&multiparadetox::embedded(&[language]));
        shown.extend(sample::clean(language).iter().map(|text| Shown {
            split: None,
            toxic: false,
            text: text.clone(),
        }));
        return Ok(shown);
    }
    let data_set = known(&arguments.name)?;
    if !data_set.languages.contains(&language) {
        return Err(Failure::usage(format!(
            "`{}` has no texts in {language}",
            data_set.name
        )));
    }
    let directory = located(data_set, arguments.data.as_deref(), context)?;
    if data_set.kind == Kind::Pairs {
        return Ok(pairs(&multiparadetox::load(&directory, &[language])?));
    }
    let mut shown = Vec::new();
    for file in data_set.labelled_files(&directory) {
        if file.language == language {
            shown.extend(file.load()?.into_iter().map(|text| Shown {
                split: None,
                toxic: text.toxic,
                text: text.text,
            }));
        }
    }
    Ok(shown)
}

fn pairs(loaded: &[LanguagePairs]) -> Vec<Shown> {
    let mut shown = Vec::new();
    for pairs in loaded {
        for split in [Split::Train, Split::Test] {
            for pair in pairs.split(split) {
                for (text, toxic) in [(&pair.toxic, true), (&pair.neutral, false)] {
                    shown.push(Shown {
                        split: Some(split),
                        toxic,
                        text: text.clone(),
                    });
                }
            }
        }
    }
    shown
}
