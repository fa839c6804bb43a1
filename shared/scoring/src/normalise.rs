//! One spelling for what people write in many: case, compatibility forms, invisible characters,
//! stretched words, digits for letters, letters with spaces between them.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text as the scorers see it: words of letters in one spelling, without addresses, mentions
/// and punctuation. Chinese characters stay together in runs. All words share one buffer, as most
/// of the time would else go into allocations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Normalised {
    letters: String,
    /// For each character of `letters`, the bytes of the original that it stands for.
    spans: Vec<(usize, usize)>,
    tokens: Vec<Token>,
}

/// Where a word lies in the buffers: its first byte and character; the next word ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token {
    byte: usize,
    character: usize,
    is_han: bool,
    is_quoted: bool,
}

/// A word, a run of Chinese characters, or a pictogram; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'t> {
    /// The normalised spelling.
    pub text: &'t str,
    /// For each character of `text`, the bytes of the original that it stands for.
    pub spans: &'t [(usize, usize)],
    /// Whether there are Chinese characters in it.
    pub is_han: bool,
    /// Whether it stands between quotation marks.
    pub is_quoted: bool,
}

impl Normalised {
    /// Number of words.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The word with this number.
    pub fn word(&self, number: usize) -> Option<Word<'_>> {
        let token = self.tokens.get(number)?;
        let next = self.tokens.get(number + 1);
        let byte = next.map_or(self.letters.len(), |next| next.byte);
        let character = next.map_or(self.spans.len(), |next| next.character);
        Some(Word {
            text: self.letters.get(token.byte..byte)?,
            spans: self.spans.get(token.character..character)?,
            is_han: token.is_han,
            is_quoted: token.is_quoted,
        })
    }

    /// All words in their order.
    pub fn words(&self) -> impl Iterator<Item = Word<'_>> {
        (0..self.tokens.len()).map_while(|number| self.word(number))
    }

    fn clear(&mut self) {
        self.letters.clear();
        self.spans.clear();
        self.tokens.clear();
    }

    /// Appends to the word that was begun last; no letter more than twice in a row.
    fn push(&mut self, character: char, span: (usize, usize)) {
        let Some(token) = self.tokens.last_mut() else {
            return;
        };
        let mut last = self.letters[token.byte..].chars().rev();
        if (last.next(), last.next()) != (Some(character), Some(character)) {
            token.is_han |= is_han(character);
            self.letters.push(character);
            self.spans.push(span);
        }
    }

    fn begin(&mut self, is_quoted: bool) {
        self.tokens.push(Token {
            byte: self.letters.len(),
            character: self.spans.len(),
            is_han: false,
            is_quoted,
        });
    }
}

/// Brings `text` into one spelling.
pub fn normalise(text: &str) -> Normalised {
    let mut normalised = Normalised::default();
    normalise_into(text, &mut normalised);
    normalised
}

/// As [`normalise`], into buffers that are there already.
pub fn normalise_into(text: &str, normalised: &mut Normalised) {
    normalised.clear();
    normalised.letters.reserve(text.len());
    normalised.spans.reserve(text.len());
    let mut folded = Vec::with_capacity(64);
    let mut quoted = false;
    for chunk in text.split_whitespace().filter(|chunk| !is_address(chunk)) {
        // `chunk` is a part of `text`.
        let offset = chunk.as_ptr().addr() - text.as_ptr().addr();
        fold_chunk(chunk, offset, &mut folded);
        split_chunk(&folded, &mut quoted, normalised);
    }
    join_spelled_out(normalised);
}

/// Web addresses and mentions say nothing about the tone.
fn is_address(chunk: &str) -> bool {
    match chunk.as_bytes().first() {
        Some(b'h') => chunk.starts_with("http://") || chunk.starts_with("https://"),
        Some(b'w') => chunk.starts_with("www."),
        Some(b'@') => chunk.is_ascii() && chunk.len() > 3,
        _ => false,
    }
}

/// A normalised character and the bytes of the original that it stands for.
type Folded = (char, (usize, usize));

/// Each character with its marks at a time, so that the place of everything is known.
fn fold_chunk(chunk: &str, offset: usize, folded: &mut Vec<Folded>) {
    folded.clear();
    let mut characters = chunk.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        let mut end = start + character.len_utf8();
        let mut plain = as_it_is(character);
        while let Some((at, mark)) =
            characters.next_if(|(_, next)| *next >= '\u{300}' && is_mark(*next))
        {
            end = at + mark.len_utf8();
            // Marks of Devanagari neither combine nor change places, but for the dot below.
            if !(is_devanagari(mark) && is_devanagari(character)) {
                plain = None;
            }
        }
        let span = (offset + start, offset + end);
        let cluster = &chunk[start..end];
        match plain {
            Some(lower) if cluster.len() == character.len_utf8() => {
                if !is_invisible(lower) {
                    folded.push((fold(lower), span));
                }
            }
            Some(_) => folded.extend(cluster.chars().map(|character| (character, span))),
            None => folded.extend(
                cluster
                    .nfkc()
                    .flat_map(char::to_lowercase)
                    .filter(|character| !is_invisible(*character))
                    .map(|character| (fold(character), span)),
            ),
        }
    }
}

/// The lower case of characters that compatibility composition leaves alone: those of nearly all
/// text, which so need no look into its tables.
fn as_it_is(character: char) -> Option<char> {
    match character {
        '\0'..='\u{7f}' => Some(character.to_ascii_lowercase()),
        'а'..='я' | 'ё' | 'ß'..='ö' | 'ø'..='ÿ' | '\u{4e00}'..='\u{9fff}' => Some(character),
        'ء'..='غ' | 'ف'..='ي' => Some(character),
        'А'..='Я' | 'À'..='Ö' | 'Ø'..='Þ' => char::from_u32(u32::from(character) + 32),
        '，' => Some(','),
        '。' | '、' | '“' | '”' | '„' | '«' | '»' | '¿' | '¡' | '—' | '–' => {
            Some(character)
        }
        character if is_devanagari(character) => Some(character),
        _ => None,
    }
}

/// Letters and signs of Devanagari that compatibility composition leaves alone.
fn is_devanagari(character: char) -> bool {
    matches!(character, '\u{901}'..='\u{928}' | '\u{92a}'..='\u{930}' | '\u{932}' | '\u{933}'
        | '\u{935}'..='\u{93b}' | '\u{93d}'..='\u{94d}' | '\u{964}' | '\u{965}')
}

fn is_mark(character: char) -> bool {
    match character {
        '\u{370}'..='\u{482}'
        | '\u{621}'..='\u{64a}'
        | '\u{904}'..='\u{939}'
        | '\u{3400}'..='\u{9fff}' => false,
        _ => is_combining_mark(character),
    }
}

fn split_chunk(folded: &[Folded], quoted: &mut bool, normalised: &mut Normalised) {
    let letter_at = |at: Option<usize>| at.and_then(|at| folded.get(at)).map(|(letter, _)| *letter);
    let mut within_word = false;
    for (at, &(character, span)) in folded.iter().enumerate() {
        let push = if is_letter(character) {
            Some(character)
        } else {
            let previous = letter_at(at.checked_sub(1));
            let next = letter_at(Some(at + 1));
            let within = previous.is_some_and(is_letter) && next.is_some_and(is_letter);
            let beside_latin = [previous, next]
                .into_iter()
                .flatten()
                .any(|letter| letter.is_ascii_alphabetic());
            if let Some(letter) = letter_for(character).filter(|_| beside_latin) {
                // `!` at the end of a word is what it looks like.
                (character != '!' || within).then_some(letter)
            } else if matches!(character, '*' | '#') && (within || previous == Some(character)) {
                Some('*')
            } else if matches!(character, '\'' | '’') && within {
                // An apostrophe does not part a word.
                continue;
            } else if character.is_numeric() {
                if within_word && normalised.letters.ends_with('0') {
                    continue;
                }
                Some('0')
            } else {
                None
            }
        };
        if let Some(letter) = push {
            if !within_word {
                normalised.begin(*quoted);
                within_word = true;
            }
            normalised.push(letter, span);
            continue;
        }
        within_word = false;
        match character {
            '«' | '「' | '『' => *quoted = true,
            '»' | '」' | '』' => *quoted = false,
            '"' | '“' | '”' | '„' => *quoted = !*quoted,
            pictogram if is_pictogram(pictogram) => {
                normalised.begin(*quoted);
                normalised.push(pictogram, span);
            }
            _ => {}
        }
    }
}

/// `s t u p i d` is one word: three and more single letters in a row, of scripts that have spaces
/// between words.
fn join_spelled_out(normalised: &mut Normalised) {
    let single: Vec<bool> = normalised
        .words()
        .map(|word| is_single_letter(&word))
        .collect();
    if !single.windows(3).any(|three| three == [true; 3]) {
        return;
    }
    let mut joined = Normalised::default();
    for run in (0..single.len())
        .collect::<Vec<_>>()
        .chunk_by(|a, b| single[*a] && single[*b])
    {
        let one_word = run.len() >= 3;
        for (number, word) in run.iter().filter_map(|at| normalised.word(*at)).enumerate() {
            if number == 0 || !one_word {
                joined.begin(word.is_quoted);
            }
            for (character, span) in word.text.chars().zip(word.spans) {
                joined.push(character, *span);
            }
        }
    }
    *normalised = joined;
}

fn is_single_letter(word: &Word<'_>) -> bool {
    !word.is_han && word.spans.len() == 1 && word.text.chars().all(is_letter)
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
        let normalised = normalise(text);
        let words: Vec<&str> = normalised.words().map(|word| word.text).collect();
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
        let normalised = normalise(text);
        for word in normalised.words() {
            assert_eq!(word.text.chars().count(), word.spans.len());
        }
        let spans: Vec<_> = normalised.words().map(|word| word.spans).collect();
        assert_eq!(spans[0], [(0, 2), (2, 3)]);
        assert_eq!(spans[2].last(), Some(&(text.len() - 1, text.len())));
    }

    #[test]
    fn quotation_marks_leave_their_mark() {
        let quoted = |text: &str| -> Vec<bool> {
            normalise(text).words().map(|word| word.is_quoted).collect()
        };
        assert_eq!(
            quoted("He said \"you fool\" today"),
            [false, false, true, true, false]
        );
        assert_eq!(
            quoted("Er rief „Depp“ und ging"),
            [false, false, true, false, false]
        );
        assert_eq!(quoted("他说「笨蛋」是骂人话"), [false, true, false]);
    }

    #[test]
    fn the_short_way_and_the_long_way_give_the_same() {
        for character in (0..0x11_0000).filter_map(char::from_u32) {
            let long: Vec<char> = character
                .to_string()
                .nfkc()
                .flat_map(char::to_lowercase)
                .collect();
            if let Some(short) = as_it_is(character) {
                assert_eq!(long, [short], "{character:?}");
            }
            assert!(character < '\u{300}' || is_mark(character) == is_combining_mark(character));
        }
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
