//! Rust source without what is not code.

use std::collections::BTreeSet;
use std::path::Path;

use crate::repository::{read, with_extension};

/// A Rust file's path and its code outside tests; lines keep their numbers.
pub struct Code {
    pub path: &'static str,
    pub text: String,
}

impl Code {
    /// `path:line: word` for every place where `word` stands by itself.
    pub fn find(&self, word: &str) -> Vec<String> {
        let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
        self.text
            .match_indices(word)
            .filter(|(at, _)| {
                let before = self.text[..*at].chars().next_back();
                let after = self.text[at + word.len()..].chars().next();
                let begins_inside =
                    word.starts_with(part_of_name) && before.is_some_and(part_of_name);
                let ends_inside = word.ends_with(part_of_name) && after.is_some_and(part_of_name);
                !(begins_inside || ends_inside)
            })
            .map(|(at, _)| {
                let line = self.text[..at].matches('\n').count() + 1;
                format!("{}:{line}: {word}", self.path)
            })
            .collect()
    }
}

/// All code that is compiled into the programs.
pub fn production() -> Vec<Code> {
    let mut test_modules = BTreeSet::new();
    let mut codes = Vec::new();
    for path in with_extension(&["rs"]) {
        let mut text = without_comments_and_strings(&read(path));
        for module in remove_tests(&mut text) {
            let file = Path::new(path);
            let directory = match file.file_stem().and_then(|stem| stem.to_str()) {
                Some("mod" | "lib" | "main") => file.parent().unwrap().to_owned(),
                _ => file.with_extension(""),
            };
            test_modules.insert(directory.join(module));
        }
        codes.push(Code { path, text });
    }
    codes.retain(|code| {
        let in_programs = code.path.split('/').any(|part| part == "src");
        let of_test = Path::new(code.path)
            .with_extension("")
            .ancestors()
            .any(|module| test_modules.contains(module));
        in_programs && !of_test
    });
    codes
}

/// Blanks comments, strings and character literals.
fn without_comments_and_strings(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => {
                at + bytes[at..]
                    .iter()
                    .position(|&b| b == b'\n')
                    .unwrap_or(bytes.len() - at)
            }
            b'/' if bytes[at..].starts_with(b"/*") => end_of_block_comment(bytes, at),
            b'r' if raw_string_hashes(bytes, at).is_some() => {
                let closing = format!("\"{}", "#".repeat(raw_string_hashes(bytes, at).unwrap()));
                let start = at + source[at..].find('"').unwrap() + 1;
                start + source[start..].find(&closing).unwrap() + closing.len()
            }
            b'"' => end_of_string(bytes, at),
            b'\'' => end_of_character(source, at),
            _ => {
                at += 1;
                continue;
            }
        };
        for byte in &mut code[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8(code).unwrap()
}

fn end_of_block_comment(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn raw_string_hashes(bytes: &[u8], at: usize) -> Option<usize> {
    let part_of_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    // `br"…"` is one as well, `for"` is none.
    let before = at.checked_sub(1).map(|before| bytes[before]);
    if before.is_some_and(|b| b != b'b' && part_of_name(b)) {
        return None;
    }
    let hashes = bytes[at + 1..].iter().take_while(|&&b| b == b'#').count();
    (bytes.get(at + 1 + hashes) == Some(&b'"')).then_some(hashes)
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// The end of a character literal, or the next byte where it is a lifetime.
fn end_of_character(source: &str, start: usize) -> usize {
    let mut characters = source[start + 1..].char_indices();
    let close = match characters.next() {
        Some((_, '\\')) => source[start + 3..]
            .find('\'')
            .map(|found| start + 3 + found),
        _ => characters
            .next()
            .filter(|(_, character)| *character == '\'')
            .map(|(offset, _)| start + 1 + offset),
    };
    close.map_or(start + 1, |close| close + 1)
}

/// Blanks every item behind `#[cfg(test)]` and returns the names of test modules in other files.
fn remove_tests(code: &mut String) -> Vec<String> {
    const MARK: &str = "#[cfg(test)]";
    let mut modules = Vec::new();
    while let Some(start) = code.find(MARK) {
        let end = end_of_item(code.as_bytes(), start + MARK.len());
        let item = &code[start..end];
        if let Some(name) = item
            .strip_suffix(';')
            .and_then(|item| item.rsplit_once("mod "))
        {
            modules.push(name.1.trim().to_owned());
        }
        let blank: String = item
            .chars()
            .map(|character| if character == '\n' { '\n' } else { ' ' })
            .collect();
        code.replace_range(start..end, &blank);
    }
    modules
}

fn end_of_item(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0;
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' if depth <= 1 => return at + 1,
            b'}' | b')' | b']' => depth -= 1,
            b';' | b',' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

#[test]
fn only_code_outside_tests_is_looked_at() {
    let source = r##"
fn a<'x>(b: &'x str) { c('"', '\'', "panic!(\"", r#"un"safe"#); } // .unwrap()
/* outer /* inner */ panic!() */
#[cfg(test)]
#[allow(one, two)]
mod tests { fn d() { panic!() } }
#[cfg(test)]
mod other;
fn e() { f.unwrap() }"##;
    let mut text = without_comments_and_strings(source);
    assert_eq!(remove_tests(&mut text), ["other"]);
    let code = Code { path: "a.rs", text };
    assert!(code.find("panic!").is_empty());
    assert!(code.find("safe").is_empty());
    assert_eq!(code.find(".unwrap()"), ["a.rs:9: .unwrap()"]);
    assert_eq!(code.find("fn").len(), 2);
}
