//! The name of a model in the hub.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::HubError;

/// Longest name; every file system takes it with our suffixes.
const LONGEST: usize = 96;

/// A model's name: 1 to 96 of `a-z 0-9 . _ -`, beginning with a letter or digit. It doubles as a
/// directory name, and these rules keep it from ever being `..` or hidden.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelId(String);

impl ModelId {
    /// Takes `text` as a model's name.
    ///
    /// # Errors
    /// [`HubError::InvalidId`] when it breaks the rules above.
    pub fn new(text: impl Into<String>) -> Result<Self, HubError> {
        let text = text.into();
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
        let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if text.len() <= LONGEST && text.starts_with(first) && text.chars().all(allowed) {
            Ok(Self(text))
        } else {
            Err(HubError::InvalidId { id: text })
        }
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for ModelId {
    type Error = HubError;

    fn try_from(text: String) -> Result<Self, HubError> {
        Self::new(text)
    }
}

impl std::str::FromStr for ModelId {
    type Err = HubError;

    fn from_str(text: &str) -> Result<Self, HubError> {
        Self::new(text)
    }
}

impl From<ModelId> for String {
    fn from(id: ModelId) -> Self {
        id.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_the_models_directory_are_refused() {
        for bad in [
            "", ".", "..", ".partial", "../x", "a/b", "a\\b", "A", "é", "-x", "a b", "a\0",
        ] {
            assert!(ModelId::new(bad).is_err(), "{bad:?} was taken");
        }
        assert!(ModelId::new("a".repeat(LONGEST + 1)).is_err());
        for good in ["gemma-3-270m", "a", "x1.5_b"] {
            assert_eq!(ModelId::new(good).unwrap().as_str(), good);
        }
    }
}
