//! One matrix as a vector picture.

use std::fmt::Write;

use protocol::study::{StudyExport, StudyMatrix};

use super::picture::{CELL, HEAD, MARGIN, lay_out, shade};

/// Steps of the scale.
const STEPS: usize = 21;

/// The picture, with its provenance as description.
pub fn svg(whole: &StudyExport, matrix: &StudyMatrix, absolute: bool) -> Vec<u8> {
    let picture = lay_out(matrix, absolute);
    let (width, height) = picture.size;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\" \
         text-anchor=\"middle\">\n<title>{}</title>\n<desc>{}</desc>\n\
         <defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
         <path d=\"M0 6L6 0\" stroke=\"#888\"/></pattern></defs>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"{}\" y=\"{}\">{}</text>\n",
        escaped(&picture.title),
        escaped(&super::provenance(whole)),
        width / 2,
        HEAD * 2 / 3,
        escaped(&picture.title),
    );
    // Writing to a string does not fail.
    for label in &picture.labels {
        let (x, y) = label.place;
        let _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"{}\">{}</text>",
            y + 5,
            escaped(&label.text)
        );
    }
    for square in &picture.squares {
        let (x, y) = square.place;
        let fill = square.fill.map_or_else(
            || "url(#hatch)".to_owned(),
            |[r, g, b]| format!("#{r:02x}{g:02x}{b:02x}"),
        );
        let ink = if square.dark { "#fff" } else { "#000" };
        let weight = if square.sure { "bold" } else { "normal" };
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{fill}\" stroke=\"#fff\"/>\
             <text x=\"{}\" y=\"{}\" fill=\"{ink}\" font-weight=\"{weight}\">{}</text>",
            CELL.0,
            CELL.1,
            x + CELL.0 / 2,
            y + CELL.1 / 2 + 5,
            escaped(&square.text)
        );
    }
    let scale = width.saturating_sub(MARGIN.0) / 2 / STEPS;
    let top = height - HEAD * 3 / 4;
    for step in 0..STEPS {
        let share = step as f64 / (STEPS - 1) as f64 * 2.0 - 1.0;
        let [r, g, b] = shade(share);
        let _ = write!(
            out,
            "<rect x=\"{}\" y=\"{top}\" width=\"{scale}\" height=\"14\" fill=\"#{r:02x}{g:02x}{b:02x}\"/>",
            MARGIN.0 + step * scale
        );
    }
    let _ = writeln!(
        out,
        "\n<text x=\"{}\" y=\"{}\">{:.2}</text><text x=\"{}\" y=\"{}\">{:.2}, bold: p &lt; 0.05</text>\n</svg>",
        MARGIN.0 / 2,
        top + 12,
        -picture.limit,
        MARGIN.0 + STEPS * scale + 80,
        top + 12,
        picture.limit,
    );
    out.into_bytes()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
