//! GPT-2's writing of bytes as printable characters: `Ġ` is a space, `Ċ` a newline.

/// Whether GPT-2 writes the byte as the character with its own number.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF)
}

/// The character that stands for a byte. The bytes without a plain form get the characters from
/// U+0100 on, in order.
pub fn character_of(byte: u8) -> char {
    if is_plain(byte) {
        return char::from(byte);
    }
    let earlier = (0..byte).filter(|&other| !is_plain(other)).count() as u32;
    char::from_u32(0x100 + earlier).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The byte that a character stands for.
pub fn byte_of(character: char) -> Option<u8> {
    let number = u32::from(character);
    match u8::try_from(number) {
        Ok(byte) => is_plain(byte).then_some(byte),
        Err(_) => {
            let earlier = number.checked_sub(0x100)? as usize;
            (0..=u8::MAX).filter(|&byte| !is_plain(byte)).nth(earlier)
        }
    }
}

/// The bytes of a token. A token with a character outside the alphabet is written as it is.
pub fn bytes_of(text: &str) -> Vec<u8> {
    text.chars()
        .map(byte_of)
        .collect::<Option<Vec<u8>>>()
        .unwrap_or_else(|| text.as_bytes().to_vec())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_own_character() {
        for byte in 0..=u8::MAX {
            assert_eq!(byte_of(character_of(byte)), Some(byte));
        }
        assert_eq!(character_of(b' '), 'Ġ');
        assert_eq!(character_of(b'\n'), 'Ċ');
        assert_eq!(byte_of('ł'), Some(0xA0));
        assert_eq!(byte_of('\u{AD}'), None);
        assert_eq!(byte_of('語'), None);
    }
}
