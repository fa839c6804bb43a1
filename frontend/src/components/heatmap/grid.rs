//! A matrix as it is shown, whatever it was made from.

use protocol::language::{Language, ScriptFamily};

/// A row's or column's head.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// What stands there: a language's code, or a row's name.
    pub name: String,
    /// What it is called in choices, as in `x-ft-de`.
    pub key: String,
    /// The language it stands for, if it is one.
    pub language: Option<Language>,
}

/// One place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GridCell {
    /// The number, as it is printed; `None` where there is none.
    pub text: Option<String>,
    /// How much better (above zero) or worse this is; it decides the shade.
    pub gain: Option<f64>,
    /// Everything that is known of it, in a sentence.
    pub told: String,
    /// Whether its interval leaves out zero; `None` where it has no interval.
    pub certain: Option<bool>,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct GridRow {
    /// Its head.
    pub head: Head,
    /// A cell for each column, and last the average.
    pub cells: Vec<GridCell>,
}

/// A matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// What it shows.
    pub caption: String,
    /// Evaluation languages.
    pub columns: Vec<Head>,
    /// Values without fine-tuning.
    pub before: Option<GridRow>,
    /// States of the model.
    pub rows: Vec<GridRow>,
    /// The averages of the columns.
    pub averages: Option<GridRow>,
    /// Digits after the decimal point.
    pub decimals: usize,
    /// Numbers above zero are the better ones.
    pub rising_is_better: bool,
    /// Languages of one script stand together.
    pub grouped: bool,
}

/// A number with a real minus sign, as wide as a digit.
pub fn number(value: f64, decimals: usize) -> Option<String> {
    value
        .is_finite()
        .then(|| format!("{value:.decimals$}").replace('-', "\u{2212}"))
}

/// In which order rows and columns stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// As they came: by code.
    #[default]
    Code,
    /// Languages of one script together.
    Script,
}

impl Grid {
    /// The largest gain or loss: the limit of a symmetric colour scale.
    pub fn largest_gain(&self) -> f64 {
        let cells = self.rows.iter().flat_map(|row| &row.cells);
        cells
            .filter_map(|cell| cell.gain)
            .fold(0.0, |most, gain| most.max(gain.abs()))
    }

    /// The same in that order; rows that are no language stay behind those that are.
    pub fn ordered(mut self, order: Order) -> Self {
        if order == Order::Code {
            return self;
        }
        let place = |head: &Head| head.language.map_or(usize::MAX, family_place);
        let mut columns: Vec<usize> = (0..self.columns.len()).collect();
        columns.sort_by_key(|column| place(&self.columns[*column]));
        let rows = self.rows.iter_mut().chain(&mut self.before);
        for row in rows.chain(&mut self.averages) {
            let mut cells: Vec<GridCell> = columns
                .iter()
                .map(|column| row.cells.get(*column).cloned().unwrap_or_default())
                .collect();
            cells.extend(row.cells.drain(..).skip(columns.len()));
            row.cells = cells;
        }
        self.columns = columns
            .iter()
            .map(|column| self.columns[*column].clone())
            .collect();
        self.rows.sort_by_key(|row| place(&row.head));
        self.grouped = true;
        self
    }

    /// Neighbouring columns of one script, with their number.
    pub fn families(&self) -> Vec<(Option<ScriptFamily>, usize)> {
        let mut families: Vec<(Option<ScriptFamily>, usize)> = Vec::new();
        for column in &self.columns {
            let family = column.language.map(Language::script);
            match families.last_mut() {
                Some((last, count)) if *last == family => *count += 1,
                _ => families.push((family, 1)),
            }
        }
        families
    }
}

/// Latin, which three languages share, comes first.
fn family_place(language: Language) -> usize {
    match language.script() {
        ScriptFamily::Latin => 0,
        ScriptFamily::Cyrillic => 1,
        ScriptFamily::Arabic => 2,
        ScriptFamily::Devanagari => 3,
        ScriptFamily::Han => 4,
    }
}

/// The script's name for people.
pub fn family_name(family: ScriptFamily) -> &'static str {
    match family {
        ScriptFamily::Latin => "Latin",
        ScriptFamily::Cyrillic => "Cyrillic",
        ScriptFamily::Arabic => "Arabic",
        ScriptFamily::Devanagari => "Devanagari",
        ScriptFamily::Han => "Han",
    }
}
