//! A study to look at: one of the user's, or one that came with the program.

use protocol::study::api::{SAMPLES_LIMIT, SampleOrder, SamplePage, SampleQuery};
use protocol::study::{
    PieceCount, PieceKind, Sample, Strategy, StudyExport, StudyMatrix, StudyMetric, StudySpec,
    StudyState, StudyStatus, StudySummary,
};

use super::directory::StudyDirectory;
use super::error::StudyError;
use super::example::examples;
use super::library::Library;
use super::observations::Measured;
use super::piece::{pieces, prompt_sets, states};
use super::results::{self, Texts, meant};
use super::work::usual_split;

/// Samples on a page where the query does not say.
const PAGE: usize = 50;

/// A study, wherever it is.
#[derive(Debug, Clone)]
pub enum Opened {
    /// On disk.
    Own(Box<StudyDirectory>),
    /// Of the program.
    Example(&'static StudyExport),
}

impl Library {
    /// The study of that name: the user's, or else one of the program's.
    ///
    /// # Errors
    /// [`StudyError::Unknown`], or a record that cannot be read.
    pub fn look_at(&self, name: &str) -> Result<Opened, StudyError> {
        match self.open(name) {
            Ok(study) => Ok(Opened::Own(Box::new(study))),
            Err(StudyError::Unknown { name, mut known }) => {
                let found = examples().iter().find(|example| example.spec.name == name);
                known.extend(examples().iter().map(|example| example.spec.name.clone()));
                found
                    .map(Opened::Example)
                    .ok_or(StudyError::Unknown { name, known })
            }
            Err(error) => Err(error),
        }
    }

    /// The user's studies, the last changed first, then the program's. One that cannot be read is
    /// there as failed, with the reason.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn summaries(&self) -> Result<Vec<StudySummary>, StudyError> {
        let mut summaries = Vec::new();
        for (name, summary) in self.list()? {
            summaries.push(summary.unwrap_or_else(|error| StudySummary {
                name,
                title: String::new(),
                label: None,
                model: String::new(),
                state: StudyState::Failed,
                failure: Some(error.to_string()),
                read_only: true,
                done: 0,
                total: 0,
                changed: 0,
            }));
        }
        for example in examples() {
            if !summaries.iter().any(|own| own.name == example.spec.name) {
                summaries.push(Opened::Example(example).summary()?);
            }
        }
        Ok(summaries)
    }
}

impl Opened {
    /// What it is to do.
    pub fn spec(&self) -> &StudySpec {
        match self {
            Opened::Own(study) => study.spec(),
            Opened::Example(export) => &export.spec,
        }
    }

    /// As in a list.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn summary(&self) -> Result<StudySummary, StudyError> {
        match self {
            Opened::Own(study) => study.summary(),
            Opened::Example(export) => {
                let total = pieces(&export.spec).len();
                Ok(StudySummary {
                    name: export.spec.name.clone(),
                    title: export.spec.title.clone(),
                    label: export.label.clone(),
                    model: export.spec.model.clone(),
                    state: StudyState::Finished,
                    failure: None,
                    read_only: true,
                    done: total,
                    total,
                    changed: 0,
                })
            }
        }
    }

    /// How far it is.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn status(&self) -> Result<StudyStatus, StudyError> {
        let export = match self {
            Opened::Own(study) => return study.status(),
            Opened::Example(export) => export,
        };
        let all = pieces(&export.spec);
        let counts = PieceKind::ALL.into_iter().map(|kind| {
            let total = all.iter().filter(|piece| piece.kind() == kind).count();
            PieceCount {
                kind,
                done: total,
                total,
            }
        });
        Ok(StudyStatus {
            summary: self.summary()?,
            spec: export.spec.clone(),
            pieces: counts.collect(),
            current: None,
            tokens_per_second: None,
            elapsed_seconds: export.provenance.seconds,
            eta_seconds: None,
            losses: export.losses.clone(),
            plan: None,
        })
    }

    /// Everything but the texts.
    ///
    /// # Errors
    /// There are no results yet, or something is damaged.
    pub fn results(&self) -> Result<StudyExport, StudyError> {
        match self {
            Opened::Own(study) => results::current(study),
            Opened::Example(export) => Ok((*export).clone()),
        }
    }

    /// Metrics that it has, in their order.
    pub fn metrics(&self) -> Vec<StudyMetric> {
        let mut metrics: Vec<StudyMetric> = match self {
            Opened::Own(study) => super::matrices::measured(study.spec())
                .into_iter()
                .map(|measured| measured.metric)
                .collect(),
            Opened::Example(export) => {
                let matrices = export.matrices.iter();
                matrices.map(|matrix| matrix.metric).collect()
            }
        };
        metrics.sort_unstable();
        metrics.dedup();
        metrics
    }

    /// One matrix.
    ///
    /// # Errors
    /// There is none.
    pub fn matrix(&self, wanted: &Measured) -> Result<StudyMatrix, StudyError> {
        match self {
            Opened::Own(study) => results::matrix(study, wanted),
            Opened::Example(export) => results::matrix_of(
                export,
                wanted.metric,
                wanted.scorer.as_deref(),
                wanted.split,
            )
            .cloned(),
        }
    }

    /// Texts behind a cell, a row or a column.
    ///
    /// # Errors
    /// They are not there, or something is damaged.
    pub fn samples(&self, query: &SampleQuery) -> Result<SamplePage, StudyError> {
        let spec = self.spec();
        // A scorer or split that it does not have is an error, not an order of nothing.
        meant(
            spec,
            StudyMetric::Toxicity,
            query.scorer.as_deref(),
            query.split,
        )?;
        let split = query.split.or(usual_split(spec));
        let wanted = |sample: &Sample| {
            Some(sample.split) == split
                && query
                    .language
                    .is_none_or(|language| language == sample.language)
                && query
                    .strategy
                    .is_none_or(|strategy| strategy == sample.strategy)
        };
        let mut samples: Vec<Sample> = match self {
            Opened::Example(export) => export
                .samples
                .iter()
                .filter(|one| wanted(one))
                .cloned()
                .collect(),
            Opened::Own(study) => {
                let texts = Texts::read(study)?;
                let mut samples = Vec::new();
                for state in states(spec) {
                    // ZS against itself only where it is asked for.
                    if query.strategy.is_none() && state.strategy == Strategy::ZeroShot {
                        continue;
                    }
                    if query
                        .strategy
                        .is_some_and(|strategy| strategy != state.strategy)
                    {
                        continue;
                    }
                    for set in prompt_sets(spec) {
                        if Some(set.split) == split
                            && query
                                .language
                                .is_none_or(|language| language == set.language)
                        {
                            samples.extend(texts.samples(
                                state.strategy,
                                state.seed,
                                set.split,
                                set.language,
                            ));
                        }
                    }
                }
                samples
            }
        };
        let scorer = match &query.scorer {
            Some(scorer) => scorer.clone(),
            None => spec.scorers.first().cloned().unwrap_or_default(),
        };
        sort(&mut samples, query.sort, &scorer);
        let total = samples.len();
        let limit = match query.limit {
            0 => PAGE,
            limit => limit.min(SAMPLES_LIMIT),
        };
        Ok(SamplePage {
            samples: samples.into_iter().skip(query.offset).take(limit).collect(),
            total,
            selection: matches!(self, Opened::Example(_)),
        })
    }
}

/// Stable, so that equal ones stay in the order of their prompts; those without a score last.
fn sort(samples: &mut [Sample], order: SampleOrder, scorer: &str) {
    let key = |sample: &Sample| match order {
        SampleOrder::Prompt => None,
        SampleOrder::Better => sample.change(scorer).map(|change| -change),
        SampleOrder::Worse => sample.change(scorer),
        SampleOrder::Toxic => sample.after.scores.get(scorer).map(|score| -score),
    };
    if order != SampleOrder::Prompt {
        samples.sort_by(|left, right| {
            let (left, right) = (key(left), key(right));
            let last = |value: Option<f64>| value.unwrap_or(f64::INFINITY);
            last(left).total_cmp(&last(right))
        });
    }
}
