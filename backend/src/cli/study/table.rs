//! A matrix in lines of text.

use protocol::study::{Strategy, StudyCell, StudyMatrix};

/// The matrix: values with intervals, or ZS and differences with intervals and tests.
pub fn text(matrix: &StudyMatrix, absolute: bool) -> String {
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut header = vec![String::new()];
    header.extend(matrix.columns.iter().map(|language| language.to_string()));
    header.push("AVG".to_owned());
    lines.push(header);
    for row in &matrix.rows {
        let value = absolute || row.strategy == Strategy::ZeroShot;
        let mut line = vec![row.strategy.label()];
        let cells = row.cells.iter().chain([&row.average]);
        line.extend(cells.map(|cell| shown(cell, value)));
        lines.push(line);
    }
    if !matrix.column_averages.is_empty() {
        let mut line = vec!["AVG X-FT".to_owned()];
        let cells = matrix.column_averages.iter();
        line.extend(cells.map(|cell| shown(cell, absolute)));
        lines.push(line);
    }
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let what = if absolute {
        ""
    } else {
        ": ZS, and Δ = ZS − FT"
    };
    let mut text = format!("{}{what}\n", matrix.title());
    for line in &lines {
        let padded: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:>width$}"))
            .collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text.push_str("[95 % interval]");
    if !absolute {
        text.push_str(
            "; * p < .05, ** p < .01, *** p < .001; Δ is over the prompts that have a value both \
             in ZS and after training (`--json` has n)",
        );
    }
    text.push('\n');
    text
}

fn shown(cell: &StudyCell, value: bool) -> String {
    let (estimate, p) = match value {
        true => (cell.value, None),
        false => (cell.delta, cell.p),
    };
    let Some(estimate) = estimate else {
        return "–".to_owned();
    };
    let stars = match p {
        Some(p) if p < 0.001 => "***",
        Some(p) if p < 0.01 => "**",
        Some(p) if p < 0.05 => "*",
        _ => "",
    };
    format!(
        "{:.2}{stars} [{:.1}, {:.1}]",
        estimate.value, estimate.low, estimate.high
    )
}
