//! A text as one line, for output that has one text a line.

/// The text with its line breaks, control and bidi characters as escapes: a text can then neither
/// take two lines nor change how the rest of its line looks.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => line.extend(character.escape_unicode()),
            control if control.is_control() => line.extend(control.escape_unicode()),
            other => line.push(other),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_line_and_keeps_its_letters() {
        assert_eq!(
            one_line("a\\b\r\n\tc\u{202e}d\u{7}\u{85}\u{2028}"),
            r"a\\b\r\n\tc\u{202e}d\u{7}\u{85}\u{2028}"
        );
        // The joiners of Hindi and Persian belong to the word.
        assert_eq!(one_line("क्\u{200d}ष 😀 ü"), "क्\u{200d}ष 😀 ü");
    }
}
