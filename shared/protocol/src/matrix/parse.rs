//! Reads a pasted table: CSV, tab-separated, Markdown or LaTeX.
//!
//! The first row names the columns, the first column the rows. A column or row called AVG, average
//! or mean holds averages; a row called ZS or zero-shot the absolute values without fine-tuning.

use super::table::{Row, Table};

/// What is wrong with a pasted table, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing but white space and rules.
    #[error("there is no table: a header row and at least one row of numbers are needed")]
    Empty,
    /// A row of another width than the header.
    #[error("line {line}: {found} cells, the header has {expected}")]
    Width {
        /// Counted from 1.
        line: usize,
        /// Cells of the row.
        found: usize,
        /// Cells of the header.
        expected: usize,
    },
    /// A cell that is no number.
    #[error("line {line}, column `{column}`: `{text}` is not a number")]
    Number {
        /// Counted from 1.
        line: usize,
        /// Name of the column.
        column: String,
        /// What stands there.
        text: String,
    },
    /// More text than any such table has.
    #[error("the table is longer than {0} characters")]
    TooLong(usize),
}

/// Most characters of a pasted table.
pub const LONGEST: usize = 100_000;

/// The table in `text`. Empty cells, `-`, `–`, `NA` and `NaN` are cells without a number.
///
/// # Errors
/// [`ParseError`], naming line and column.
pub fn parse(text: &str) -> Result<Table, ParseError> {
    if text.chars().count() > LONGEST {
        return Err(ParseError::TooLong(LONGEST));
    }
    let text = text.trim_start_matches('\u{feff}');
    let separator = separator(text);
    let mut lines = (1..)
        .zip(text.lines())
        .map(|(number, line)| (number, cells(line, separator)))
        .filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()));
    let (_, header) = lines.next().ok_or(ParseError::Empty)?;
    let average = header.iter().position(|name| is_average(name));
    let columns: Vec<String> = header
        .iter()
        .enumerate()
        .skip(1)
        .filter(|(place, _)| Some(*place) != average)
        .map(|(_, name)| name.clone())
        .collect();
    let mut table = Table {
        title: String::new(),
        metric: None,
        columns,
        zero_shot: None,
        rows: Vec::new(),
        column_averages: None,
        decimals: 0,
    };
    for (line, cells) in lines {
        let row = read_row(line, &cells, &header, average, &mut table.decimals)?;
        if is_average(&row.name) {
            table.column_averages = Some(row);
        } else if is_zero_shot(&row.name) {
            table.zero_shot = Some(row);
        } else {
            table.rows.push(row);
        }
    }
    if table.rows.is_empty() || table.columns.is_empty() {
        return Err(ParseError::Empty);
    }
    Ok(table)
}

fn read_row(
    line: usize,
    cells: &[String],
    header: &[String],
    average: Option<usize>,
    decimals: &mut u8,
) -> Result<Row, ParseError> {
    // A row may stop before the column of averages: that of the column averages often does.
    let without_average = average == Some(cells.len()) && cells.len() + 1 == header.len();
    if cells.len() != header.len() && !without_average {
        return Err(ParseError::Width {
            line,
            found: cells.len(),
            expected: header.len(),
        });
    }
    let mut row = Row {
        name: cells.first().cloned().unwrap_or_default(),
        cells: Vec::new(),
        average: None,
    };
    for (place, text) in cells.iter().enumerate().skip(1) {
        let value = number(text).ok_or_else(|| ParseError::Number {
            line,
            column: header.get(place).cloned().unwrap_or_default(),
            text: text.clone(),
        })?;
        if value.is_some() {
            let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len());
            *decimals = (*decimals).max(u8::try_from(digits).unwrap_or(u8::MAX));
        }
        if Some(place) == average {
            row.average = value;
        } else {
            row.cells.push(value);
        }
    }
    Ok(row)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Character(char),
    Markdown,
    Latex,
}

/// By what the text has most signs of; LaTeX and Markdown are recognised by their own.
fn separator(text: &str) -> Separator {
    let count = |sign: char| text.matches(sign).count();
    if text.contains("\\\\") || (text.contains('&') && text.contains('\\')) {
        Separator::Latex
    } else if text
        .lines()
        .any(|line| line.trim_start().starts_with('|') || line.contains(" | "))
    {
        Separator::Markdown
    } else if count('\t') > 0 {
        Separator::Character('\t')
    } else if count(';') > count(',') {
        Separator::Character(';')
    } else {
        Separator::Character(',')
    }
}

/// The cells of a line; none of a line that only draws a rule or opens an environment.
fn cells(line: &str, separator: Separator) -> Vec<String> {
    match separator {
        Separator::Character(sign) => line
            .split(sign)
            .map(|cell| cell.trim().trim_matches('"').trim().to_owned())
            .collect(),
        Separator::Markdown => {
            let line = line.trim().trim_start_matches('|').trim_end_matches('|');
            let is_rule = line
                .chars()
                .all(|sign| matches!(sign, '-' | ':' | '|' | ' '));
            let bare = |cell: &str| cell.trim().trim_matches('*').trim().to_owned();
            match is_rule {
                true => Vec::new(),
                false => line.split('|').map(bare).collect(),
            }
        }
        Separator::Latex if !line.contains('&') => Vec::new(),
        Separator::Latex => {
            let line = line.split("\\\\").next().unwrap_or_default();
            line.split('&').map(plain).collect()
        }
    }
}

/// A LaTeX cell without its commands: of `\textbf{1.5}` and `$-2$` the number stays, of
/// `\cellcolor{red}3` too.
fn plain(cell: &str) -> String {
    let mut text = String::new();
    let mut rest = cell.trim();
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = rest[at + 1..].trim_start_matches(|sign: char| sign.is_ascii_alphabetic());
        // The first argument of a colour or a rule is no text; of others it is.
        let is_colour = cell.contains("color") && rest.starts_with(['{', '[']);
        if is_colour && let Some(end) = rest.find('}') {
            rest = &rest[end + 1..];
        }
    }
    text.push_str(rest);
    text.retain(|sign| !matches!(sign, '{' | '}' | '$'));
    text.trim().to_owned()
}

/// `None` is no number; `Some(None)` a cell that is left empty.
#[allow(clippy::option_option)]
fn number(text: &str) -> Option<Option<f64>> {
    let text = text.replace(['−', '–'], "-");
    let text = text.trim().trim_end_matches('%').trim();
    if matches!(text, "" | "-" | "--" | "NA" | "N/A" | "nan" | "NaN") {
        return Some(None);
    }
    let value: f64 = text.parse().ok()?;
    value.is_finite().then_some(Some(value))
}

fn is_average(name: &str) -> bool {
    let name = name.to_lowercase();
    matches!(name.as_str(), "avg" | "avg." | "average" | "mean")
}

fn is_zero_shot(name: &str) -> bool {
    let name = name.to_lowercase();
    matches!(
        name.as_str(),
        "zs" | "zero-shot" | "zero shot" | "base" | "baseline"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn expected() -> Vec<(String, Vec<Option<f64>>, Option<f64>)> {
        vec![
            ("de".into(), vec![Some(1.5), Some(-2.0)], Some(-0.25)),
            ("en".into(), vec![None, Some(3.25)], Some(3.25)),
        ]
    }

    fn assert_read(text: &str) {
        let table = parse(text).unwrap();
        assert_eq!(table.columns, ["de", "en"], "{text}");
        let rows: Vec<_> = table
            .rows
            .iter()
            .map(|row| (row.name.clone(), row.cells.clone(), row.average))
            .collect();
        assert_eq!(rows, expected(), "{text}");
        let before = table.zero_shot.unwrap();
        assert_eq!(before.cells, [Some(20.0), Some(30.0)], "{text}");
        assert_eq!(
            table.column_averages.unwrap().cells,
            [Some(1.5), Some(0.62)]
        );
        assert_eq!(table.decimals, 2);
    }

    #[test]
    fn the_same_table_is_read_from_every_format() {
        assert_read(
            "\u{feff}lang,de,en,AVG\nZS,20,30,25\n\nde,1.5,-2,-0.25\n\"en\",NA,3.25,3.25\nAVG,1.5,0.62\n",
        );
        assert_read(
            "\tde\ten\tAVG\nZS\t20\t30\t25\nde\t1.5\t−2\t-0.25\nen\t\t3.25\t3.25\nmean\t1.5\t.62\t\n",
        );
        assert_read(
            "| | de | en | AVG |\n|---|--:|:-:|---|\n| ZS | 20 | 30 | 25 |\n| **de** | 1.5 | -2 | -0.25 |\n| en | – | **3.25** | 3.25 |\n| AVG | 1.5 | 0.62 | |\n",
        );
        assert_read(
            "\\begin{tabular}{lrrr}\n\\toprule\n & de & en & AVG \\\\ \\midrule\nZS & 20 & 30 & 25 \\\\\n\\textbf{de} & \\cellcolor{red!20}1.5 & $-2$ & -0.25 \\\\\nen & -- & \\textbf{3.25} & 3.25 \\\\\nAVG & 1.5 & 0.62 & \\\\\n\\bottomrule\n\\end{tabular}\n",
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let message = |text: &str| parse(text).unwrap_err().to_string();
        assert!(message("").contains("no table"));
        assert!(message("a,b\n").contains("no table"));
        assert_eq!(
            message("l,de,en\nde,1,2,3\n"),
            "line 2: 4 cells, the header has 3"
        );
        assert_eq!(
            message("l,de,en\nde,1,x\n"),
            "line 2, column `en`: `x` is not a number"
        );
        assert!(message("l,de\nde,inf\n").contains("not a number"));
        assert!(message(&"x".repeat(LONGEST + 1)).contains("longer"));
    }
}
