//! One spelling for what people write in many: case, compatibility forms, invisible characters,
//! stretched words, digits for letters, letters with spaces between them.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text as the scorers see it: tokens of letters in one spelling, without addresses, mentions
/// and punctuation. Chinese characters stay together in runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Normalised {
    /// The tokens, none of them empty.
    pub tokens: Vec<Token>,
}

/// A word, a run of Chinese characters, or a pictogram.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Token {
    /// The normalised spelling.
    pub text: String,
    /// For each character of `text`, the bytes of the original that it stands for.
    pub spans: Vec<(usize, usize)>,
}

impl Token {
    /// No letter more than twice in a row.
    fn push(&mut self, character: char, span: (usize, usize)) {
        let mut last = self.text.chars().rev();
        if (last.next(), last.next()) != (Some(character), Some(character)) {
            self.text.push(character);
            self.spans.push(span);
        }
    }

    /// Whether there are Chinese characters in it.
    pub fn is_han(&self) -> bool {
        self.text.chars().any(is_han)
    }
}

/// Brings `text` into one spelling.
pub fn normalise(text: &str) -> Normalised {
    let mut tokens = Vec::new();
    let mut folded = Vec::new();
    for chunk in text.split_whitespace().filter(|chunk| !is_address(chunk)) {
        // `chunk` is a part of `text`.
        let offset = chunk.as_ptr().addr() - text.as_ptr().addr();
        fold_chunk(chunk, offset, &mut folded);
        split_chunk(&folded, &mut tokens);
    }
    Normalised {
        tokens: join_spelled_out(tokens),
    }
}

/// Web addresses and mentions say nothing about the tone.
fn is_address(chunk: &str) -> bool {
    chunk.starts_with("http://")
        || chunk.starts_with("https://")
        || chunk.starts_with("www.")
        || (chunk.starts_with('@') && chunk.is_ascii() && chunk.len() > 3)
}

/// A normalised character and the bytes of the original that it stands for.
type Folded = (char, (usize, usize));

/// Each character with its marks at a time, so that the place of everything is known.
fn fold_chunk(chunk: &str, offset: usize, folded: &mut Vec<Folded>) {
    folded.clear();
    let mut characters = chunk.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        let mut end = start + character.len_utf8();
        while let Some((at, mark)) = characters.next_if(|(_, next)| is_combining_mark(*next)) {
            end = at + mark.len_utf8();
        }
        let span = (offset + start, offset + end);
        let cluster = &chunk[start..end];
        if cluster.len() == 1 {
            let lower = character.to_ascii_lowercase();
            if !is_invisible(lower) {
                folded.push((lower, span));
            }
            continue;
        }
        folded.extend(
            cluster
                .nfkc()
                .flat_map(char::to_lowercase)
                .filter(|character| !is_invisible(*character))
                .map(|character| (fold(character), span)),
        );
    }
}

fn split_chunk(folded: &[Folded], tokens: &mut Vec<Token>) {
    let letter_at = |at: Option<usize>| at.and_then(|at| folded.get(at)).map(|(letter, _)| *letter);
    let mut token = Token::default();
    for (at, &(character, span)) in folded.iter().enumerate() {
        let previous = letter_at(at.checked_sub(1));
        let next = letter_at(Some(at + 1));
        let within = previous.is_some_and(is_letter) && next.is_some_and(is_letter);
        let beside_latin = [previous, next]
            .into_iter()
            .flatten()
            .any(|letter| letter.is_ascii_alphabetic());
        if is_letter(character) {
            token.push(character, span);
        } else if let Some(letter) = letter_for(character).filter(|_| beside_latin) {
            // `!` at the end of a word is what it looks like.
            if character != '!' || within {
                token.push(letter, span);
            } else {
                finish(&mut token, tokens);
            }
        } else if matches!(character, '*' | '#') && (within || previous == Some(character)) {
            token.push('*', span);
        } else if matches!(character, '\'' | '’') && within {
            // An apostrophe does not part a word.
        } else if character.is_numeric() {
            if !token.text.ends_with('0') {
                token.push('0', span);
            }
        } else {
            finish(&mut token, tokens);
            if is_pictogram(character) {
                token.push(character, span);
                finish(&mut token, tokens);
            }
        }
    }
    finish(&mut token, tokens);
}

fn finish(token: &mut Token, tokens: &mut Vec<Token>) {
    if !token.text.is_empty() {
        tokens.push(std::mem::take(token));
    }
}

/// `s t u p i d` is one word: three and more single letters in a row, of scripts that have spaces
/// between words.
fn join_spelled_out(tokens: Vec<Token>) -> Vec<Token> {
    let mut joined: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut run: Vec<Token> = Vec::new();
    for token in tokens {
        if is_single_letter(&token) {
            run.push(token);
        } else {
            end_run(&mut run, &mut joined);
            joined.push(token);
        }
    }
    end_run(&mut run, &mut joined);
    joined
}

fn end_run(run: &mut Vec<Token>, joined: &mut Vec<Token>) {
    if run.len() < 3 {
        joined.append(run);
        return;
    }
    let mut word = Token::default();
    for token in run.drain(..) {
        for (character, span) in token.text.chars().zip(token.spans) {
            word.push(character, span);
        }
    }
    joined.push(word);
}

fn is_single_letter(token: &Token) -> bool {
    let mut characters = token.text.chars();
    matches!((characters.next(), characters.next()), (Some(only), None)
        if is_letter(only) && !is_han(only))
}

/// Letters, and the marks without which a word of Devanagari falls apart.
fn is_letter(character: char) -> bool {
    character.is_alphabetic() || matches!(character, '\u{93c}' | '\u{94d}')
}

/// Chinese characters.
pub fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

fn is_pictogram(character: char) -> bool {
    matches!(character, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}')
}

/// Control and format characters, variation selectors, Arabic vowel signs and its stretching line.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
                | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        )
}

/// Letters that are written one for the other.
fn fold(character: char) -> char {
    match character {
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ی' => 'ي',
        'ة' => 'ه',
        'ک' => 'ك',
        'ё' => 'е',
        other => other,
    }
}

/// The letter that a digit or sign stands for inside a word of Latin letters.
fn letter_for(character: char) -> Option<char> {
    Some(match character {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str) -> String {
        let tokens = normalise(text).tokens;
        let words: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
        words.join(" ")
    }

    #[test]
    fn many_spellings_become_one() {
        assert_eq!(spelled("STUUUPID!!!"), "stuupid");
        assert_eq!(spelled("s t u p i d, really"), "stupid really");
        assert_eq!(spelled("st\u{200b}up\u{202e}id"), "stupid");
        assert_eq!(spelled("1d10t and 5tupid"), "idiot and stupid");
        assert_eq!(spelled("ｄｏｎ't"), "dont");
        assert_eq!(spelled("dumm!"), "dumm");
        assert_eq!(spelled("d*mn"), "d*mn");
        assert_eq!(spelled("Ёлка"), "елка");
        assert_eq!(spelled("غَبِيّـــة"), "غبيه");
        assert_eq!(spelled("मूर्ख!"), "मूर्ख");
    }

    #[test]
    fn every_character_knows_where_it_stood() {
        let text = "Ça, grrrr s t u p i d";
        for token in normalise(text).tokens {
            assert_eq!(token.text.chars().count(), token.spans.len());
        }
        let tokens = normalise(text).tokens;
        assert_eq!(tokens[0].spans, [(0, 2), (2, 3)]);
        assert_eq!(tokens[2].spans.last(), Some(&(text.len() - 1, text.len())));
    }

    #[test]
    fn what_is_no_word_goes_and_numbers_are_alike() {
        assert_eq!(
            spelled("see https://x.y/z @someone in 2024, 7 😀"),
            "see in 0 0 😀"
        );
        assert_eq!(spelled("你好，世界"), "你好 世界");
        assert_eq!(spelled(" \u{7} "), "");
    }
}
