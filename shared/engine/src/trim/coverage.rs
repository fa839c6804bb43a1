//! How much of a text a trimmed vocabulary writes as the full one does.

use crate::error::EngineError;
use crate::tokenizer::{TokenKind, Tokenizer};

use super::select::Selection;

/// Counts over the texts added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Texts.
    pub texts: u64,
    /// Texts whose tokens are all the same.
    pub same_texts: u64,
    /// Characters.
    pub characters: u64,
    /// Characters that begin in a token that both vocabularies have at this place.
    pub same_characters: u64,
    /// Tokens of the full vocabulary.
    pub full_tokens: u64,
    /// Those of them that the trimmed vocabulary has at the same place.
    pub same_tokens: u64,
    /// Tokens of the trimmed vocabulary.
    pub trimmed_tokens: u64,
    /// Single bytes among the tokens of the full vocabulary.
    pub full_bytes: u64,
    /// Single bytes among the tokens of the trimmed vocabulary.
    pub trimmed_bytes: u64,
}

impl Coverage {
    /// Adds a text.
    ///
    /// # Errors
    /// When one of the tokenizers cannot cut it.
    pub fn add(
        &mut self,
        full: &Tokenizer,
        trimmed: &Tokenizer,
        selection: &Selection,
        text: &str,
    ) -> Result<(), EngineError> {
        let wide = full.encode(text, false)?;
        let narrow = trimmed.encode(text, false)?;
        self.texts += 1;
        self.characters += text.chars().count() as u64;
        self.full_tokens += wide.len() as u64;
        self.trimmed_tokens += narrow.len() as u64;
        self.full_bytes += bytes_among(full, &wide);
        self.trimmed_bytes += bytes_among(trimmed, &narrow);

        let mut others = narrow.iter().copied().peekable();
        let (mut wide_at, mut narrow_at, mut same) = (0, 0, 0);
        for &token in &wide {
            let bytes = full.token_bytes(token);
            while narrow_at < wide_at {
                let Some(other) = others.next() else { break };
                narrow_at += trimmed.token_bytes(other).len();
            }
            if narrow_at == wide_at && others.peek().copied() == selection.renumber(token) {
                same += 1;
                self.same_characters +=
                    bytes.iter().filter(|&&byte| starts_character(byte)).count() as u64;
            }
            wide_at += bytes.len();
        }
        self.same_tokens += same;
        if same == wide.len() as u64 && wide.len() == narrow.len() {
            self.same_texts += 1;
        }
        Ok(())
    }

    /// Share of the characters, 0 to 1, written as before; 1 for no characters.
    pub fn character_share(&self) -> f64 {
        share(self.same_characters, self.characters)
    }

    /// Share of the tokens, 0 to 1, that are as before; 1 for no tokens.
    pub fn token_share(&self) -> f64 {
        share(self.same_tokens, self.full_tokens)
    }

    /// Share of the texts, 0 to 1, whose tokens are all as before; 1 for no texts.
    pub fn text_share(&self) -> f64 {
        share(self.same_texts, self.texts)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 1.0;
    }
    part as f64 / whole as f64
}

fn starts_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

fn bytes_among(tokenizer: &Tokenizer, tokens: &[u32]) -> u64 {
    let is_byte = |token: &&u32| tokenizer.pieces().kind(**token) == Some(TokenKind::Byte);
    tokens.iter().filter(is_byte).count() as u64
}
