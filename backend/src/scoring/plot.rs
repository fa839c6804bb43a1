//! The reliability plot as SVG.

use std::fmt::Write;

use super::evaluation::Evaluation;

/// Width and height of one language's plot.
const SIDE: f64 = 160.0;
/// Room for axes and titles.
const MARGIN: f64 = 34.0;

/// One plot per language: share of toxic texts over probability; the area of a point is its number
/// of texts, the diagonal is perfect calibration.
pub fn reliability_svg(evaluation: &Evaluation) -> String {
    let cell = SIDE + 2.0 * MARGIN;
    let width = cell * evaluation.languages.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {cell}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <title>Reliability of {}</title>\n",
        evaluation.scorer.name
    );
    for (number, language) in evaluation.languages.iter().enumerate() {
        let left = number as f64 * cell + MARGIN;
        let (bottom, right) = (MARGIN + SIDE, left + SIDE);
        let reliability = &language.reliability;
        // Writing to a String cannot fail.
        let _ = write!(
            svg,
            "<rect x=\"{left}\" y=\"{MARGIN}\" width=\"{SIDE}\" height=\"{SIDE}\" fill=\"none\" stroke=\"#888\"/>\n\
             <line x1=\"{left}\" y1=\"{bottom}\" x2=\"{right}\" y2=\"{MARGIN}\" stroke=\"#888\" stroke-dasharray=\"3 3\"/>\n\
             <text x=\"{left}\" y=\"{}\" fill=\"#555\">{} (ECE {:.3})</text>\n\
             <text x=\"{left}\" y=\"{}\" fill=\"#555\">0</text>\n\
             <text x=\"{right}\" y=\"{}\" fill=\"#555\" text-anchor=\"end\">probability 1</text>\n",
            MARGIN - 8.0,
            language.language,
            reliability.error,
            bottom + 14.0,
            bottom + 14.0,
        );
        let total: usize = reliability.bins.iter().map(|bin| bin.count).sum();
        for bin in reliability.bins.iter().filter(|bin| bin.count > 0) {
            let radius = 2.0 + 14.0 * (bin.count as f64 / total.max(1) as f64).sqrt();
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\" fill=\"#2b6cb0\" fill-opacity=\"0.55\"/>",
                left + bin.confidence * SIDE,
                bottom - bin.toxic * SIDE,
            );
        }
    }
    svg + "</svg>\n"
}
