//! The 24 numeric tables of "Breaking mBad!" (arXiv 2505.16722v3, Tables 1 and 3–25): the figures,
//! as printed.

use serde::Deserialize;

use super::table::{Metric, Row, Table};

/// Where the figures come from.
pub const SOURCE: &str = "arXiv 2505.16722v3";

/// Training languages of all tables, top to bottom.
const ROWS: [&str; 7] = ["ar", "de", "en", "es", "hi", "ru", "zh"];
/// The column header that the paper prints.
const PRINTED: [&str; 7] = ["am", "ar", "de", "en", "es", "hi", "ru"];

/// How the column header is read. The paper prints one that does not fit its rows; the perplexities
/// of BLOOM, which was not trained on German and Russian, show that the columns are those of the
/// rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Header {
    /// `am ar de en es hi ru`.
    AsPrinted,
    /// `ar de en es hi ru zh`, very probably what the numbers are.
    Corrected,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Its number in the paper.
    pub number: u8,
    /// What it measures.
    pub metric: Metric,
    /// The model.
    pub model: String,
    /// The prompts: `toxic-train`, `toxic-test` or `neutral-test`.
    pub split: String,
    zero_shot: [f64; 8],
    delta: [[f64; 8]; 7],
    averages: [f64; 7],
}

impl Published {
    /// The figures under one reading of the header.
    pub fn table(&self, header: Header) -> Table {
        let columns = match header {
            Header::AsPrinted => PRINTED,
            Header::Corrected => ROWS,
        };
        Table {
            title: format!(
                "Table {}: {}, {}, {}",
                self.number,
                self.metric.name(),
                self.model,
                self.split
            ),
            metric: Some(self.metric),
            columns: columns.map(str::to_owned).to_vec(),
            zero_shot: Some(row("ZS", &self.zero_shot)),
            rows: ROWS
                .iter()
                .zip(&self.delta)
                .map(|(name, cells)| row(name, cells))
                .collect(),
            column_averages: Some(Row {
                name: "AVG".to_owned(),
                cells: self.averages.iter().copied().map(Some).collect(),
                average: None,
            }),
            decimals: 2,
        }
    }
}

/// Seven cells and their printed average.
fn row(name: &str, cells: &[f64; 8]) -> Row {
    let [cells @ .., average] = cells;
    Row {
        name: name.to_owned(),
        cells: cells.iter().copied().map(Some).collect(),
        average: Some(*average),
    }
}

/// All tables, in the paper's order.
///
/// # Errors
/// When the embedded figures are broken (a test keeps them from being).
pub fn tables() -> Result<Vec<Published>, serde_json::Error> {
    serde_json::from_str(include_str!("published.json"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::audit::{Verdict, audit};
    use super::*;

    /// What the audit of the paper found: 360 averages, all right; nine of them averaged before
    /// rounding.
    #[test]
    fn the_printed_averages_are_right() {
        let tables = tables().unwrap();
        assert_eq!(tables.len(), 24);
        let (mut checks, mut rounding) = (0, Vec::new());
        for published in &tables {
            let audit = audit(&published.table(Header::Corrected));
            assert!(audit.impossible.is_empty(), "{:?}", audit.impossible);
            for check in &audit.checks {
                checks += 1;
                assert_ne!(check.verdict, Verdict::Mismatch, "{check:?}");
                if check.verdict == Verdict::Rounding {
                    rounding.push(published.number);
                }
            }
        }
        assert_eq!(checks, 360);
        assert_eq!(rounding, [15, 15, 15, 20, 21, 21, 22, 23, 25]);
    }

    /// Facts of the paper's text that its tables bear out, or not.
    #[test]
    fn cells_are_where_the_paper_has_them() {
        let tables = tables().unwrap();
        let first = tables[0].table(Header::Corrected);
        // "es 10.41, de 9.31, en 2.34": the last is Arabic's.
        let average = |name: &str| {
            first
                .rows
                .iter()
                .find(|row| row.name == name)
                .unwrap()
                .average
        };
        assert_eq!(average("es"), Some(10.41));
        assert_eq!(average("ar"), Some(2.34));
        assert_eq!(average("en"), Some(-1.97));
        // BLOOM's perplexity is only high in the languages that it was not trained on.
        let bloom = tables.iter().find(|table| table.number == 23).unwrap();
        let table = bloom.table(Header::Corrected);
        let high: Vec<&str> = table
            .columns
            .iter()
            .zip(&table.zero_shot.as_ref().unwrap().cells)
            .filter(|(_, value)| value.unwrap() > 100.0)
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(high, ["de", "ru"]);
        assert_eq!(bloom.table(Header::AsPrinted).columns[1], "ar");
    }
}
