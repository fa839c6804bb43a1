//! A table as text: CSV, Markdown, LaTeX (booktabs), JSON.

use std::fmt::Write;

use super::table::{Row, Table};

/// Comma-separated values, one line for each row, averages last. Cells without a number are empty.
pub fn csv(table: &Table) -> String {
    lines(table, |cells| format!("{}\n", cells.join(",")))
}

/// A Markdown table.
pub fn markdown(table: &Table) -> String {
    let mut text = lines(table, |cells| format!("| {} |\n", cells.join(" | ")));
    let rule = format!("|{}\n", "---|".repeat(table.columns.len() + 2));
    let header = text.find('\n').map_or(text.len(), |end| end + 1);
    text.insert_str(header, &rule);
    text
}

/// A LaTeX table for the package booktabs.
pub fn latex(table: &Table) -> String {
    let body = lines(table, |cells| format!("{} \\\\\n", cells.join(" & ")));
    let (header, rows) = body.split_once('\n').unwrap_or((&body, ""));
    let mut text = format!(
        "% {}\n\\begin{{tabular}}{{l{}}}\n\\toprule\n{header}\n\\midrule\n",
        table.title,
        "r".repeat(table.columns.len() + 1)
    );
    // Writing to a string does not fail.
    let _ = write!(text, "{rows}\\bottomrule\n\\end{{tabular}}\n");
    text
}

/// The table as it is kept here, as JSON.
pub fn json(table: &Table) -> String {
    // Strings and finite numbers: there is nothing that JSON cannot write.
    serde_json::to_string_pretty(table).unwrap_or_default()
}

fn lines(table: &Table, line: impl Fn(&[String]) -> String) -> String {
    let mut header = vec!["train".to_owned()];
    header.extend(table.columns.iter().cloned());
    header.push("AVG".to_owned());
    let mut text = line(&header);
    for row in table.zero_shot.iter().chain(&table.rows) {
        text.push_str(&line(&cells(
            row,
            row.average.or(row.mean()),
            table.decimals,
        )));
    }
    let averages = averages(table);
    text.push_str(&line(&cells(&averages, averages.average, table.decimals)));
    text
}

/// Those that the table has, which may be over some of its rows; else over all.
fn averages(table: &Table) -> Row {
    let known = table.column_averages.as_ref();
    let of_column = |column| {
        let known = known.and_then(|row| *row.cells.get(column)?);
        known.or_else(|| table.column_mean(column))
    };
    Row {
        name: "AVG".to_owned(),
        cells: (0..table.columns.len()).map(of_column).collect(),
        average: known.and_then(|row| row.average).or_else(|| table.mean()),
    }
}

fn cells(row: &Row, average: Option<f64>, decimals: u8) -> Vec<String> {
    let number = |value: Option<f64>| {
        value.map_or_else(String::new, |value| {
            format!("{value:.*}", usize::from(decimals))
        })
    };
    let mut cells = vec![row.name.clone()];
    cells.extend(row.cells.iter().map(|cell| number(*cell)));
    cells.push(number(average));
    cells
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::parse::parse;
    use super::super::published::{Header, tables};
    use super::*;

    #[test]
    fn what_is_written_can_be_read_again() {
        for published in tables().unwrap() {
            let table = published.table(Header::Corrected);
            let read: Table = serde_json::from_str(&json(&table)).unwrap();
            assert_eq!(read, table);
            for text in [csv(&table), markdown(&table), latex(&table)] {
                let read = parse(&text).unwrap();
                assert_eq!(read.rows, table.rows, "{text}");
                assert_eq!(read.zero_shot, table.zero_shot, "{text}");
                assert_eq!(read.columns, table.columns, "{text}");
                assert_eq!(read.decimals, 2);
            }
        }
    }

    /// Those of a study are over its X-FT rows, whatever other rows stand there.
    #[test]
    fn averages_that_a_table_has_are_kept() {
        let table =
            parse("l,de,en,AVG\nde,1.0,2.0,1.5\nen,3.0,4.0,3.5\nAVG,1.0,2.0,1.5\n").unwrap();
        for text in [csv(&table), markdown(&table), latex(&table)] {
            assert_eq!(parse(&text).unwrap().column_averages, table.column_averages);
        }
    }

    #[test]
    fn an_empty_cell_stays_empty() {
        let table = parse("l,de,en\nde,1.0,\n").unwrap();
        assert_eq!(csv(&table), "train,de,en,AVG\nde,1.0,,1.0\nAVG,1.0,,1.0\n");
    }
}
