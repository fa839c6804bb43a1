//! The matrix that another one is held against, and the difference between them.

use leptos::prelude::*;
use protocol::matrix::published::{self, Header, Published};
use protocol::study::StudyMatrix;
use protocol::study::api::MatrixResponse;

use super::against::{Other, difference, published_table};
use super::matrix_grid;
use crate::components::heatmap::{Grid, Shown};
use crate::pages::matrices::table_grid::{self, Kind};
use crate::remote::RemoteFailure;
use crate::state::document::Document;

/// What stands below a matrix that is held against another one.
pub struct HeldAgainst {
    pub title: String,
    pub grid: Grid,
    /// Of changes: the first less the second.
    pub difference: Option<Grid>,
}

/// The other matrix, or why there is none to be seen.
pub fn held_against(
    other: &Other,
    second: Document<MatrixResponse>,
    tables: StoredValue<Vec<Published>>,
    matrix: &StudyMatrix,
    shown: Shown,
) -> Result<HeldAgainst, String> {
    let first = matrix.delta_table();
    let (title, grid, table) = match other {
        Other::Published(number) => {
            let table = published_table(tables, *number)
                .ok_or_else(|| format!("There is no published table {number}."))?;
            if Some(table.metric) != first.metric {
                return Err(format!(
                    "Published table {number} holds {}, not {}.",
                    table.metric.name(),
                    matrix.metric
                ));
            }
            let table = table.table(Header::Corrected);
            let grid = table_grid::grid(&table, shown, Kind::Published);
            (
                format!("{} ({})", table.title, published::SOURCE),
                grid,
                table,
            )
        }
        Other::Study(name) => {
            let response = match second.answer.get() {
                None => return Err("Asking the server…".to_owned()),
                Some(Err(RemoteFailure::Refused(detail))) => {
                    return Err(format!(
                        "There is no matrix {} of study {name} to hold this one against: {}",
                        matrix.title(),
                        detail.message
                    ));
                }
                Some(Err(failure)) => return Err(format!("{name}: {failure}")),
                Some(Ok(response)) => response,
            };
            // An answer stays until the next one is there; this may be the one before.
            if response.study.name != *name || response.matrix.title() != matrix.title() {
                return Err("Asking the server…".to_owned());
            }
            let table = response.matrix.delta_table();
            let title = format!("{} ({})", response.study.title, response.study.name);
            (title, matrix_grid::grid(&response.matrix, shown), table)
        }
    };
    let difference = (shown == Shown::Change).then(|| {
        let rising_is_better = matrix.metric.positive_delta_is_better();
        let kind = Kind::Difference { rising_is_better };
        let mut grid = table_grid::grid(&difference(&first, &table), shown, kind);
        let which = if rising_is_better { "above" } else { "below" };
        grid.caption =
            format!("Δ of the first less Δ of the second: {which} zero, the first does better");
        grid
    });
    Ok(HeldAgainst {
        title,
        grid,
        difference,
    })
}
