//! Which matrix of which study is shown, and what is chosen in it; the whole of it stands in the
//! address.

use std::str::FromStr;

use protocol::study::api::{MatrixResponse, SampleOrder, StudyList};
use protocol::study::{EvaluationSplit, StudyMatrix, StudyMetric};

use crate::components::heatmap::Place;
use crate::remote::address::{address, segment};
use crate::state::address::Kept;

/// The choice.
#[derive(Clone, Copy)]
pub struct Choice {
    /// Name of the study; without one the first that has results.
    pub study: Kept<String>,
    /// What the cells measure.
    pub metric: Kept<StudyMetric>,
    /// By whom.
    pub scorer: Kept<String>,
    /// On which prompts.
    pub split: Kept<EvaluationSplit>,
    /// `study:NAME` or `published:NUMBER`.
    pub against: Kept<String>,
    /// Cells that may be chance are masked.
    pub mask: Kept<bool>,
    /// The row whose samples are shown.
    pub row: Kept<String>,
    /// The column whose samples are shown.
    pub column: Kept<String>,
    /// In which order.
    pub sort: Kept<Sort>,
    /// From which sample on.
    pub from: Kept<usize>,
}

impl Choice {
    /// As the address says.
    pub fn from_address() -> Self {
        Self {
            study: Kept::of("study"),
            metric: Kept::of("metric"),
            scorer: Kept::of("scorer"),
            split: Kept::of("split"),
            against: Kept::of("against"),
            mask: Kept::of("mask"),
            row: Kept::of("row"),
            column: Kept::of("column"),
            sort: Kept::of("sort"),
            from: Kept::of("from"),
        }
    }

    /// Name of the study that is shown.
    pub fn name(&self, list: &StudyList) -> Option<String> {
        self.study.get().or_else(|| {
            let studies = &list.studies;
            let finished = studies
                .iter()
                .find(|study| study.done > 0 && study.done == study.total);
            finished.or(studies.first()).map(|study| study.name.clone())
        })
    }

    /// The address of the chosen matrix in that study.
    pub fn matrix_of(&self, study: &str) -> String {
        matrix_address(
            study,
            self.metric.get(),
            self.scorer.get(),
            self.split.get(),
        )
    }

    /// The address of the matrix that the study shows unasked.
    pub fn usual_matrix(study: &str) -> String {
        matrix_address(study, None, None, None)
    }

    /// The address of that very matrix in another study: what this page's address leaves open, the
    /// other study would fill in with a scorer and prompts of its own.
    pub fn same_matrix(study: &str, matrix: &StudyMatrix) -> String {
        matrix_address(
            study,
            Some(matrix.metric),
            matrix.scorer.clone(),
            matrix.split,
        )
    }

    /// The scorer whose numbers stand beside the samples and by which they are sorted: the matrix's,
    /// or else the address's where the study has it, or else the study's first.
    pub fn sample_scorer(&self, response: &MatrixResponse) -> Option<String> {
        let chosen = self
            .scorer
            .get()
            .filter(|scorer| response.scorers.contains(scorer));
        let of_matrix = response.matrix.scorer.clone();
        of_matrix
            .or(chosen)
            .or_else(|| response.scorers.first().cloned())
    }

    /// What is chosen in the matrix.
    pub fn place(&self) -> Option<Place> {
        let place = Place {
            row: self.row.get(),
            column: self.column.get(),
        };
        (place != Place::default()).then_some(place)
    }

    /// Chooses a place, or nothing.
    pub fn choose(&self, place: Option<Place>) {
        let place = place.unwrap_or_default();
        self.row.step(place.row);
        self.column.step(place.column);
        self.from.set(None);
    }

    /// The address of the samples behind a place.
    pub fn samples(&self, response: &MatrixResponse, place: &Place, limit: usize) -> String {
        let matrix = &response.matrix;
        // The average's column is no language.
        let column = place.column.clone();
        address(
            &format!("/api/studies/{}/samples", segment(&response.study.name)),
            &[
                ("strategy", place.row.clone()),
                ("language", column),
                ("split", matrix.split.map(|split| split.to_string())),
                ("scorer", self.sample_scorer(response)),
                (
                    "sort",
                    Some(self.sort.get().unwrap_or_default().name().to_owned()),
                ),
                ("offset", Some(self.from.get().unwrap_or(0).to_string())),
                ("limit", Some(limit.to_string())),
            ],
        )
    }
}

fn matrix_address(
    study: &str,
    metric: Option<StudyMetric>,
    scorer: Option<String>,
    split: Option<EvaluationSplit>,
) -> String {
    address(
        &format!("/api/studies/{}/matrix", segment(study)),
        &[
            ("metric", metric.map(|metric| metric.to_string())),
            ("scorer", scorer),
            ("split", split.map(|split| split.to_string())),
        ],
    )
}

/// An order of samples, by its name in addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sort(pub SampleOrder);

impl Sort {
    /// The orders with their words.
    pub const ALL: [(Sort, &'static str); 4] = [
        (Sort(SampleOrder::Prompt), "as the prompts stand"),
        (Sort(SampleOrder::Better), "less toxic than before first"),
        (Sort(SampleOrder::Worse), "more toxic than before first"),
        (Sort(SampleOrder::Toxic), "most toxic after first"),
    ];

    /// Its name in addresses.
    pub fn name(self) -> &'static str {
        match self.0 {
            SampleOrder::Prompt => "prompt",
            SampleOrder::Better => "better",
            SampleOrder::Worse => "worse",
            SampleOrder::Toxic => "toxic",
        }
    }
}

impl std::fmt::Display for Sort {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Sort {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Sort::ALL
            .into_iter()
            .map(|(sort, _)| sort)
            .find(|sort| sort.name() == text)
            .ok_or(())
    }
}
