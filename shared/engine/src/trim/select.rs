//! Which tokens are kept.

use protocol::language::ScriptFamily;

use crate::checkpoint::gguf::Metadata;
use crate::error::{CheckpointError, EngineError};
use crate::tokenizer::{GgufVocabulary, TokenKind, Tokenizer};

use super::merge_paths::MergePaths;
use super::script;

/// Collects the tokens that texts use.
pub struct Selector<'a> {
    tokenizer: &'a Tokenizer,
    used: Vec<bool>,
    texts: u64,
}

/// The kept tokens, renumbered in their old order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    kept: Vec<u32>,
    renumbered: Vec<Option<u32>>,
}

impl<'a> Selector<'a> {
    /// A selector that has seen no text.
    pub fn new(tokenizer: &'a Tokenizer) -> Self {
        Self {
            tokenizer,
            used: vec![false; tokenizer.vocabulary_size()],
            texts: 0,
        }
    }

    /// Marks the tokens of a text as used.
    ///
    /// # Errors
    /// When the text cannot be cut.
    pub fn add(&mut self, text: &str) -> Result<(), EngineError> {
        for token in self.tokenizer.encode(text, false)? {
            mark(&mut self.used, token);
        }
        self.texts += 1;
        Ok(())
    }

    /// Number of texts seen.
    pub fn texts(&self) -> u64 {
        self.texts
    }

    /// Everything to keep: what the texts use; bytes, control and user-defined tokens; single
    /// characters of the scripts and those that all scripts share; and the pieces from which
    /// merging makes any of these.
    ///
    /// # Errors
    /// When the metadata is not what the tokenizer was built from.
    pub fn finish(
        self,
        metadata: &Metadata,
        scripts: &[ScriptFamily],
    ) -> Result<Selection, CheckpointError> {
        let vocabulary = GgufVocabulary::read(metadata, metadata.file())?;
        if vocabulary.tokens.len() != self.used.len() {
            return Err(vocabulary.fault("tokens", "not the vocabulary of the tokenizer"));
        }
        let mut kept = self.used;
        for (token, _, kind) in self.tokenizer.pieces().iter() {
            let always = match kind {
                TokenKind::Control
                | TokenKind::Unknown
                | TokenKind::Byte
                | TokenKind::UserDefined => true,
                TokenKind::Normal | TokenKind::Unused => {
                    is_single(&self.tokenizer.token_bytes(token), scripts)
                }
            };
            if always {
                mark(&mut kept, token);
            }
        }
        for (_, token) in token_id_keys(metadata) {
            mark(&mut kept, token);
        }

        let paths = MergePaths::new(self.tokenizer, &vocabulary)?;
        let wanted = kept.clone();
        for (token, _) in (0..).zip(wanted).filter(|(_, wanted)| *wanted) {
            let kind = self.tokenizer.pieces().kind(token);
            if matches!(kind, Some(TokenKind::Normal | TokenKind::Unused)) {
                for step in paths.of(token) {
                    mark(&mut kept, step);
                }
            }
        }
        Ok(Selection::new(&kept))
    }
}

/// A byte, or a character that the scripts use.
fn is_single(bytes: &[u8], scripts: &[ScriptFamily]) -> bool {
    if bytes.len() == 1 {
        return true;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => script::belongs(character, scripts),
        _ => false,
    }
}

fn mark(tokens: &mut [bool], token: u32) {
    if let Some(place) = tokens.get_mut(token as usize) {
        *place = true;
    }
}

/// The keys that name a single token, with the token.
pub(super) fn token_id_keys(metadata: &Metadata) -> impl Iterator<Item = (&str, u32)> {
    metadata.iter().filter_map(|(key, value)| {
        let named = key.starts_with("tokenizer.ggml.") && key.ends_with("_token_id");
        let token = u32::try_from(value.as_u64()?).ok()?;
        named.then_some((key, token))
    })
}

impl Selection {
    fn new(kept: &[bool]) -> Self {
        let kept_ids: Vec<u32> = (0..)
            .zip(kept)
            .filter_map(|(token, &kept)| kept.then_some(token))
            .collect();
        let mut renumbered = vec![None; kept.len()];
        for (new, &old) in (0..).zip(&kept_ids) {
            if let Some(place) = renumbered.get_mut(old as usize) {
                *place = Some(new);
            }
        }
        Self {
            kept: kept_ids,
            renumbered,
        }
    }

    /// The tokens `kept` of a vocabulary of `full_size`, in ascending order; `None` where one of them
    /// is not below `full_size`.
    pub fn of(kept: &[u32], full_size: usize) -> Option<Self> {
        let mut flags = vec![false; full_size];
        for &token in kept {
            *flags.get_mut(token as usize)? = true;
        }
        Some(Self::new(&flags))
    }

    /// Ids in the full vocabulary, ascending; the position is the id in the trimmed one.
    pub fn kept(&self) -> &[u32] {
        &self.kept
    }

    /// The id in the trimmed vocabulary of a token of the full one.
    pub fn renumber(&self, token: u32) -> Option<u32> {
        self.renumbered.get(token as usize).copied().flatten()
    }

    /// Size of the full vocabulary.
    pub fn full_size(&self) -> usize {
        self.renumbered.len()
    }
}
