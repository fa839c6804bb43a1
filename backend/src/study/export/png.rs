//! One matrix as a picture in pixels, with a bitmap font: the labels are codes and numbers.

use font8x8::{BASIC_FONTS, UnicodeFonts};
use protocol::study::{StudyExport, StudyMatrix};

use super::picture::{CELL, Colour, HEAD, lay_out};
use crate::study::error::StudyError;

/// Pixels for one of the picture's units, so that it is sharp on paper and on fine screens.
const SCALE: usize = 2;
/// Width and height of a character of the font.
const GLYPH: usize = 8;
const WHITE: Colour = [255; 3];
const BLACK: Colour = [0; 3];
const GREY: Colour = [0x88; 3];

/// The picture, with its provenance as the text `Description`.
///
/// # Errors
/// None that memory allows.
pub fn png(
    whole: &StudyExport,
    matrix: &StudyMatrix,
    absolute: bool,
) -> Result<Vec<u8>, StudyError> {
    let picture = lay_out(matrix, absolute);
    let mut canvas = Canvas::new(picture.size);
    canvas.text((picture.size.0 / 2, HEAD / 2), &picture.title, BLACK, false);
    for label in &picture.labels {
        canvas.text(label.place, &label.text, BLACK, false);
    }
    for square in &picture.squares {
        canvas.square(square.place, square.fill);
        let (x, y) = square.place;
        let ink = if square.dark { WHITE } else { BLACK };
        let centre = (x + CELL.0 / 2, y + CELL.1 / 2);
        canvas.text(centre, &square.text, ink, square.sure);
    }
    let scale = format!("-{0:.2} to {0:.2}, bold: p < 0.05", picture.limit);
    let foot = (picture.size.0 / 2, picture.size.1 - HEAD / 2);
    canvas.text(foot, &scale, BLACK, false);
    canvas
        .encode(&super::provenance(whole))
        .map_err(|error| StudyError::Export(error.to_string()))
}

struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    fn new((width, height): (usize, usize)) -> Self {
        let (width, height) = (width * SCALE, height * SCALE);
        Self {
            width,
            height,
            pixels: vec![255; width * height * 3],
        }
    }

    fn dot(&mut self, x: usize, y: usize, colour: Colour) {
        let at = (y * self.width + x) * 3;
        if x < self.width
            && let Some(pixel) = self.pixels.get_mut(at..at + 3)
        {
            pixel.copy_from_slice(&colour);
        }
    }

    /// A cell with a thin white border; without a shade it is hatched.
    fn square(&mut self, (x, y): (usize, usize), fill: Option<Colour>) {
        for row in 1..CELL.1 * SCALE - 1 {
            for column in 1..CELL.0 * SCALE - 1 {
                let hatched = if (row + column) % 12 < 2 { GREY } else { WHITE };
                self.dot(x * SCALE + column, y * SCALE + row, fill.unwrap_or(hatched));
            }
        }
    }

    /// Text around a centre; bold is drawn twice, one pixel apart. What the font does not have is
    /// left out.
    fn text(&mut self, (x, y): (usize, usize), text: &str, ink: Colour, bold: bool) {
        let width = text.chars().count() * GLYPH * SCALE;
        let left = (x * SCALE).saturating_sub(width / 2);
        let top = (y * SCALE).saturating_sub(GLYPH * SCALE / 2);
        for (at, character) in text.chars().enumerate() {
            let Some(glyph) = BASIC_FONTS.get(character) else {
                continue;
            };
            for (row, bits) in glyph.into_iter().enumerate() {
                for column in (0..GLYPH).filter(|column| bits >> column & 1 == 1) {
                    let place = left + (at * GLYPH + column) * SCALE;
                    for dot in 0..SCALE * SCALE {
                        let (right, down) = (dot % SCALE, dot / SCALE);
                        let down = top + row * SCALE + down;
                        self.dot(place + right, down, ink);
                        if bold {
                            self.dot(place + right + 1, down, ink);
                        }
                    }
                }
            }
        }
    }

    fn encode(&self, description: &str) -> Result<Vec<u8>, png::EncodingError> {
        let size = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size(self.width), size(self.height));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.add_itxt_chunk("Description".into(), description.into())?;
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(bytes)
    }
}
