//! Which characters belong to a writing system, by Unicode block.

use std::ops::RangeInclusive;

use protocol::language::ScriptFamily;

const ARABIC: &[RangeInclusive<u32>] = &[
    0x600..=0x6FF,
    0x750..=0x77F,
    0x870..=0x8FF,
    0xFB50..=0xFDFF,
    0xFE70..=0xFEFC,
];

const CYRILLIC: &[RangeInclusive<u32>] = &[
    0x400..=0x52F,
    0x1C80..=0x1C8F,
    0x1D2B..=0x1D2B,
    0x1D78..=0x1D78,
    0x2DE0..=0x2DFF,
    0xA640..=0xA69F,
];

const DEVANAGARI: &[RangeInclusive<u32>] = &[0x900..=0x97F, 0x1CD0..=0x1CFF, 0xA8E0..=0xA8FF];

const HAN: &[RangeInclusive<u32>] = &[
    0x2E80..=0x2FDF,
    0x3005..=0x3005,
    0x3007..=0x3007,
    0x3021..=0x3029,
    0x3038..=0x303B,
    0x3400..=0x4DBF,
    0x4E00..=0x9FFF,
    0xF900..=0xFAFF,
    0x20000..=0x323AF,
];

const LATIN: &[RangeInclusive<u32>] = &[
    0x41..=0x5A,
    0x61..=0x7A,
    0xAA..=0xAA,
    0xBA..=0xBA,
    0xC0..=0xD6,
    0xD8..=0xF6,
    0xF8..=0x2B8,
    0x2E0..=0x2E4,
    0x1D00..=0x1D25,
    0x1D2C..=0x1D5C,
    0x1D62..=0x1D65,
    0x1D6B..=0x1D77,
    0x1D79..=0x1DBE,
    0x1E00..=0x1EFF,
    0x2C60..=0x2C7F,
    0xA722..=0xA7FF,
    0xAB30..=0xAB64,
    0xFB00..=0xFB06,
    0xFF21..=0xFF3A,
    0xFF41..=0xFF5A,
];

/// Digits, punctuation, symbols, emoji and combining marks, which every script uses.
const COMMON: &[RangeInclusive<u32>] = &[
    0x0..=0x40,
    0x5B..=0x60,
    0x7B..=0xA9,
    0xAB..=0xB9,
    0xBB..=0xBF,
    0xD7..=0xD7,
    0xF7..=0xF7,
    0x2B9..=0x2DF,
    0x2E5..=0x36F,
    0x1DC0..=0x1DFF,
    0x2000..=0x27FF,
    0x2900..=0x2BFF,
    0x2E00..=0x2E7F,
    0x3000..=0x3004,
    0x3006..=0x3006,
    0x3008..=0x3020,
    0x302A..=0x3037,
    0x303C..=0x303F,
    0xFE00..=0xFE6F,
    0xFEFF..=0xFEFF,
    0xFF00..=0xFF20,
    0xFF3B..=0xFF40,
    0xFF5B..=0xFF65,
    0xFFE0..=0xFFFD,
    0x1F000..=0x1FAFF,
    0xE0000..=0xE007F,
];

/// Whether a character belongs to one of the scripts or to all.
pub(super) fn belongs(character: char, scripts: &[ScriptFamily]) -> bool {
    let within = |ranges: &[RangeInclusive<u32>]| {
        let number = u32::from(character);
        ranges.iter().any(|range| range.contains(&number))
    };
    within(COMMON)
        || scripts.iter().any(|script| match script {
            ScriptFamily::Arabic => within(ARABIC),
            ScriptFamily::Cyrillic => within(CYRILLIC),
            ScriptFamily::Devanagari => within(DEVANAGARI),
            ScriptFamily::Han => within(HAN),
            ScriptFamily::Latin => within(LATIN),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::language::Language;

    #[test]
    fn every_language_writes_its_own_name() {
        for language in Language::ALL {
            let foreign = |character| !belongs(character, &[language.script()]);
            assert_eq!(language.endonym().chars().find(|&c| foreign(c)), None);
        }
    }

    #[test]
    fn scripts_are_told_apart() {
        for (character, script) in [
            ('ß', ScriptFamily::Latin),
            ('ё', ScriptFamily::Cyrillic),
            ('ق', ScriptFamily::Arabic),
            ('क', ScriptFamily::Devanagari),
            ('爱', ScriptFamily::Han),
        ] {
            assert!(belongs(character, &[script]));
            assert!(!belongs(character, &[]));
        }
        for character in ['7', '»', '。', '😀', '\u{200D}', '\u{FE0F}'] {
            assert!(belongs(character, &[]), "{character:?}");
        }
        for character in ['あ', '한', 'ა', 'ש'] {
            let all = Language::ALL.map(Language::script);
            assert!(!belongs(character, &all), "{character:?}");
        }
    }
}
