//! The results of a study in other programs' formats, each with what it comes from.

mod csv;
mod json;
mod latex;
mod parquet;
mod picture;
mod png;
mod svg;

pub use csv::csv;
pub use json::{json, selection};
pub use latex::latex;
pub use parquet::parquet;
pub use png::png;
pub use svg::svg;

use protocol::study::{StudyExport, Template};

/// What an export comes from, in one line for comments.
pub fn provenance(export: &StudyExport) -> String {
    let from = &export.provenance;
    let short = |hash: &str| hash.get(..12).unwrap_or(hash).to_owned();
    let scorers: Vec<String> = from
        .scorers
        .iter()
        .map(|scorer| format!("{} {} ({})", scorer.name, scorer.version, scorer.hash))
        .collect();
    let seeds: Vec<String> = export.spec.seeds.iter().map(u64::to_string).collect();
    let template = match export.spec.template {
        Template::Plain => "plain",
        Template::Localized => "localized",
        Template::AsPublished => "as published",
    };
    let label = export
        .label
        .as_ref()
        .map_or_else(String::new, |label| format!("{label}; "));
    format!(
        "{label}polydetox {}; study {} (specification {}); model {} ({}), {}, {}; data {} ({}); \
         scorers {}; prompts {template}; seeds {}; {}",
        from.model.version,
        export.spec.name,
        short(&from.spec_sha256),
        from.model.model,
        short(&from.model.sha256),
        from.model.weights,
        from.model.device,
        from.data,
        short(&from.data_sha256),
        scorers.join(", "),
        seeds.join(", "),
        from.finished,
    )
}
