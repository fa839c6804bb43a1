//! Tokens to text while they arrive.

use super::Tokenizer;

/// Decodes token by token and gives out whole characters only: a character that is spread over
/// several tokens comes with the last of them.
#[derive(Debug, Clone, Default)]
pub struct TextStream {
    pending: Vec<u8>,
}

impl TextStream {
    /// A stream at the beginning of a text.
    pub fn new() -> Self {
        Self::default()
    }

    /// The text that is complete with this token, which may be none. Bytes that cannot become a
    /// character are given out as U+FFFD.
    pub fn push(&mut self, tokenizer: &Tokenizer, token: u32) -> String {
        self.pending.extend(tokenizer.token_bytes(token));
        let mut text = String::new();
        loop {
            let error = match std::str::from_utf8(&self.pending) {
                Ok(rest) => {
                    text.push_str(rest);
                    self.pending.clear();
                    return text;
                }
                Err(error) => error,
            };
            let valid = self.pending.get(..error.valid_up_to()).unwrap_or(&[]);
            text.push_str(&String::from_utf8_lossy(valid));
            let Some(broken) = error.error_len() else {
                self.pending.drain(..error.valid_up_to());
                return text;
            };
            text.push(char::REPLACEMENT_CHARACTER);
            self.pending.drain(..error.valid_up_to() + broken);
        }
    }

    /// What is left at the end: nothing, or the beginning of a character as U+FFFD.
    pub fn flush(&mut self) -> String {
        let text = String::from_utf8_lossy(&self.pending).into_owned();
        self.pending.clear();
        text
    }
}
