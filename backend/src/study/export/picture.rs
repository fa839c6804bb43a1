//! A matrix as a picture: where its cells are, in which shades, with which numbers.

use protocol::study::{Strategy, StudyCell, StudyMatrix};

/// Width and height of a cell.
pub const CELL: (usize, usize) = (72, 32);
/// Room for the labels of rows and columns.
pub const MARGIN: (usize, usize) = (96, 32);
/// Room for the title above and the scale below.
pub const HEAD: usize = 32;

/// A colour: red, green, blue.
pub type Colour = [u8; 3];

/// Ends of the diverging scale and its middle: blue and orange differ for every kind of colour
/// vision (ColorBrewer PuOr).
const NEGATIVE: Colour = [0xb3, 0x58, 0x06];
const MIDDLE: Colour = [0xf7, 0xf7, 0xf7];
const POSITIVE: Colour = [0x54, 0x27, 0x88];

/// One square.
#[derive(Debug, Clone, PartialEq)]
pub struct Square {
    /// From the left and from the top.
    pub place: (usize, usize),
    /// Its shade; `None` is hatched.
    pub fill: Option<Colour>,
    /// Whether the number must be white to be read.
    pub dark: bool,
    /// Its number.
    pub text: String,
    /// Its test is at p < 0.05.
    pub sure: bool,
}

/// A label: centre and text.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// From the left and from the top.
    pub place: (usize, usize),
    /// What it says.
    pub text: String,
}

/// Everything in the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Width and height.
    pub size: (usize, usize),
    /// What it is.
    pub title: String,
    /// Cells.
    pub squares: Vec<Square>,
    /// Names of rows and columns.
    pub labels: Vec<Label>,
    /// The number at either end of the scale.
    pub limit: f64,
}

/// Lays a matrix out: Δ around 0, or values from 0 upwards. ZS has no Δ and shows its values
/// without a shade.
pub fn lay_out(matrix: &StudyMatrix, absolute: bool) -> Picture {
    let number = |cell: &StudyCell, row: Option<Strategy>| match absolute {
        true => cell.value.map(|value| value.value),
        false if row == Some(Strategy::ZeroShot) => None,
        false => cell.delta.map(|delta| delta.value),
    };
    let mut rows: Vec<(String, Option<Strategy>, Vec<&StudyCell>)> = matrix
        .rows
        .iter()
        .map(|row| {
            let cells = row.cells.iter().chain([&row.average]).collect();
            (row.strategy.label(), Some(row.strategy), cells)
        })
        .collect();
    if !matrix.column_averages.is_empty() {
        let cells = matrix.column_averages.iter().collect();
        rows.push(("AVG X-FT".to_owned(), None, cells));
    }
    let limit = rows
        .iter()
        .flat_map(|(_, row, cells)| cells.iter().filter_map(|cell| number(cell, *row)))
        .fold(0.0_f64, |most, value| most.max(value.abs()));
    let mut squares = Vec::new();
    let mut labels = Vec::new();
    for (at, (name, row, cells)) in rows.iter().enumerate() {
        let top = HEAD + MARGIN.1 + at * CELL.1;
        labels.push(Label {
            place: (MARGIN.0 / 2, top + CELL.1 / 2),
            text: name.clone(),
        });
        for (column, cell) in cells.iter().enumerate() {
            let plain = !absolute && *row == Some(Strategy::ZeroShot);
            let value = match plain {
                true => cell.value.map(|value| value.value),
                false => number(cell, *row),
            };
            let share = match (plain, value) {
                (false, Some(value)) if limit > 0.0 => value / limit,
                _ => 0.0,
            };
            squares.push(Square {
                place: (MARGIN.0 + column * CELL.0, top),
                fill: value.map(|_| shade(share)),
                dark: share.abs() > 0.6,
                text: value.map_or_else(String::new, |value| format!("{value:.2}")),
                sure: !absolute && cell.p.is_some_and(|p| p < 0.05),
            });
        }
    }
    let names = matrix.columns.iter().map(|language| language.to_string());
    for (column, name) in names.chain(["AVG".to_owned()]).enumerate() {
        labels.push(Label {
            place: (MARGIN.0 + column * CELL.0 + CELL.0 / 2, HEAD + MARGIN.1 / 2),
            text: name,
        });
    }
    let what = if absolute { "" } else { ", ZS - FT" };
    Picture {
        size: (
            MARGIN.0 + (matrix.columns.len() + 1) * CELL.0,
            HEAD + MARGIN.1 + rows.len() * CELL.1 + HEAD,
        ),
        title: format!("{}{what}", matrix.title()),
        squares,
        labels,
        limit,
    }
}

/// The shade of a share from −1 to 1.
pub fn shade(share: f64) -> Colour {
    let end = if share < 0.0 { NEGATIVE } else { POSITIVE };
    let share = share.abs().min(1.0);
    let mut colour = MIDDLE;
    for (channel, end) in colour.iter_mut().zip(end) {
        *channel = (f64::from(*channel) + (f64::from(end) - f64::from(*channel)) * share) as u8;
    }
    colour
}
