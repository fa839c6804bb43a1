//! One matrix as a LaTeX table.

use protocol::matrix::export;
use protocol::study::{StudyExport, StudyMatrix};

/// The table for the package booktabs, with its provenance as a comment.
pub fn latex(whole: &StudyExport, matrix: &StudyMatrix, absolute: bool) -> Vec<u8> {
    let table = match absolute {
        true => matrix.absolute_table(),
        false => matrix.delta_table(),
    };
    // Rows of P-FT have a percent sign.
    let body = export::latex(&table).replace(" % ", "\\,\\% ");
    format!("% {}\n{body}", super::provenance(whole)).into_bytes()
}
