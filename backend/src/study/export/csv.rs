//! Every cell of every matrix, one a line.

use protocol::study::{StudyCell, StudyExport};

use crate::study::error::StudyError;

const COLUMNS: [&str; 22] = [
    "metric",
    "scorer",
    "split",
    "strategy",
    "language",
    "value",
    "value_low",
    "value_high",
    "before",
    "after",
    "delta",
    "delta_low",
    "delta_high",
    "p",
    "n",
    "completions",
    "empty",
    "refusal",
    "drift",
    "repetition",
    "unscored",
    "provenance",
];

/// Writes the cells; averages are those of language `AVG`, and of strategy `AVG` over X-FT rows.
///
/// # Errors
/// None that memory allows.
pub fn csv(export: &StudyExport) -> Result<Vec<u8>, StudyError> {
    let failed = |error: &dyn std::fmt::Display| StudyError::Export(error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(COLUMNS)
        .map_err(|error| failed(&error))?;
    let from = super::provenance(export);
    for matrix in &export.matrices {
        let start = [
            matrix.metric.name().to_owned(),
            matrix.scorer.clone().unwrap_or_default(),
            matrix.split.map_or("", |split| split.name()).to_owned(),
        ];
        let languages: Vec<String> = matrix
            .columns
            .iter()
            .map(|language| language.to_string())
            .chain(["AVG".to_owned()])
            .collect();
        let rows = matrix.rows.iter().map(|row| {
            let cells: Vec<&StudyCell> = row.cells.iter().chain([&row.average]).collect();
            (row.strategy.to_string(), cells)
        });
        let averages = ("AVG".to_owned(), matrix.column_averages.iter().collect());
        for (strategy, cells) in rows.chain([averages]) {
            for (language, cell) in languages.iter().zip(cells) {
                let mut record = start.to_vec();
                record.push(strategy.clone());
                record.push(language.clone());
                record.extend(numbers(cell));
                record.push(from.clone());
                writer
                    .write_record(&record)
                    .map_err(|error| failed(&error))?;
            }
        }
    }
    writer.into_inner().map_err(|error| failed(&error))
}

fn numbers(cell: &StudyCell) -> Vec<String> {
    let text = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let mut all = Vec::new();
    for (at, estimate) in [cell.value, cell.delta].into_iter().enumerate() {
        all.push(text(estimate.map(|one| one.value)));
        all.push(text(estimate.map(|one| one.low)));
        all.push(text(estimate.map(|one| one.high)));
        if at == 0 {
            all.push(text(cell.before));
            all.push(text(cell.after));
        }
    }
    all.push(text(cell.p));
    let counts = &cell.counts;
    let whole = [
        cell.n,
        counts.completions,
        counts.empty,
        counts.refusal,
        counts.drift,
        counts.repetition,
        counts.unscored,
    ];
    all.extend(whole.map(|count| count.to_string()));
    all
}
