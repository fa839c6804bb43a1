//! Which study is meant, and what is different from its preset or file.

use std::path::{Path, PathBuf};

use clap::Args;
use protocol::language::Language;
use protocol::study::{DataSource, Preset, Regime, StudySpec, Template};

use crate::cli::{Context, Failure};
use crate::data;
use crate::hub::Hub;
use crate::study::{Library, Named, StudyDirectory, StudyError};

/// Options of `study new` and `study run`.
#[derive(Debug, Args)]
pub struct SpecOptions {
    /// A study of yours, a preset (quick, sample, paper, as-published), or a .toml or .json file
    #[arg(value_name = "STUDY")]
    pub study: String,
    /// Directory of the data sets, or name of one that was fetched; remembered by the study
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Name of the study [default: the preset's, or what the file says]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Model [default: the preset's, or what the file says]
    #[arg(short, long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Languages to train and to measure in
    #[arg(long, value_name = "LANGUAGE", value_delimiter = ',')]
    pub languages: Vec<Language>,
    /// Strategies: zs, x-ft, p-ft-10, m-ft
    #[arg(long, value_name = "STRATEGY", value_delimiter = ',')]
    pub strategies: Vec<Regime>,
    /// Seeds; each has adapters and completions of its own
    #[arg(long, value_name = "SEED", value_delimiter = ',')]
    pub seeds: Vec<u64>,
    /// Prompt template: plain, localized, as-published
    #[arg(long, value_name = "TEMPLATE", value_parser = template)]
    pub template: Option<Template>,
}

fn template(text: &str) -> Result<Template, String> {
    let quoted = serde_json::Value::String(text.to_owned());
    serde_json::from_value(quoted).map_err(|_| "plain, localized or as-published".to_owned())
}

impl SpecOptions {
    /// The specification that is meant.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn spec(&self, context: &Context) -> Result<StudySpec, Failure> {
        let spec = match Library::new(&context.data_dir).find(&self.study)? {
            Named::Study(study) => study.spec().clone(),
            Named::Preset(Preset::Sample) => {
                Preset::Sample.spec(&any_model(context, Preset::Sample.model())?)
            }
            Named::Preset(preset) => preset.spec(preset.model()),
            Named::File(spec) => *spec,
        };
        Ok(self.changed(spec))
    }

    /// The study that is meant, made if it is not there.
    ///
    /// # Errors
    /// There is none of that name, or one of that name that is to do something else.
    pub fn study(&self, context: &Context) -> Result<StudyDirectory, Failure> {
        let library = Library::new(&context.data_dir);
        let spec = self.spec(context)?;
        let known = || {
            library
                .open(&spec.name)
                .is_ok_and(|study| study.data().is_some())
        };
        let data = match &self.data {
            Some(directory) => Some(data::locate(&context.data_dir, directory)?),
            // Where `data pull` puts it.
            None if spec.data == DataSource::Multiparadetox && !known() => {
                data::locate(&context.data_dir, Path::new("multiparadetox")).ok()
            }
            None => None,
        };
        if spec.data == DataSource::Multiparadetox && data.is_none() && !known() {
            return Err(StudyError::NoData { name: spec.name }.into());
        }
        Ok(library.create(&spec, data.as_deref())?)
    }

    /// The specification with what the options say.
    fn changed(&self, mut spec: StudySpec) -> StudySpec {
        if let Some(name) = &self.name {
            spec.name.clone_from(name);
        }
        if let Some(model) = &self.model {
            spec.model.clone_from(model);
        }
        if !self.languages.is_empty() {
            spec.languages.clone_from(&self.languages);
        }
        if !self.strategies.is_empty() {
            spec.strategies.clone_from(&self.strategies);
        }
        if !self.seeds.is_empty() {
            spec.seeds.clone_from(&self.seeds);
        }
        if let Some(template) = self.template {
            spec.template = template;
        }
        spec
    }
}

/// The usual model if it is installed, else one that is: the sample is to run on any machine.
fn any_model(context: &Context, usual: &str) -> Result<String, Failure> {
    let installed: Vec<String> = Hub::new(&context.data_dir)?
        .installed()?
        .into_iter()
        .filter(|(_, record)| record.is_ok())
        .map(|(id, _)| id.to_string())
        .collect();
    let other = match installed.iter().any(|id| id == usual) {
        true => None,
        false => installed.first().cloned(),
    };
    Ok(other.unwrap_or_else(|| usual.to_owned()))
}
