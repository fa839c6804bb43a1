//! ZS, X-FT, P-FT and M-FT (arXiv 2505.16722 §3): what a model was fine-tuned on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// A way to fine-tune; X-FT gives one model for each language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Regime {
    /// `zs`: the model as it is. Every Δ is against it, so every study has it.
    ZeroShot,
    /// `x-ft`: on one language, measured in all.
    CrossLingual,
    /// `p-ft-N`: on N percent of every language, pooled.
    Partial(u8),
    /// `m-ft`: on all of every language, pooled.
    Multilingual,
}

/// One state of the model: a row of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Strategy {
    /// `zs`.
    ZeroShot,
    /// `x-ft-LANGUAGE`.
    CrossLingual(Language),
    /// `p-ft-N`.
    Partial(u8),
    /// `m-ft`.
    Multilingual,
}

/// A name that is no regime or strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no strategy `{0}`; known are zs, x-ft, p-ft-10 (1 to 99 percent), m-ft")]
pub struct UnknownStrategy(pub String);

impl Regime {
    /// The rows that this regime gives in a study of these languages.
    pub fn strategies(self, languages: &[Language]) -> Vec<Strategy> {
        match self {
            Regime::ZeroShot => vec![Strategy::ZeroShot],
            Regime::CrossLingual => languages
                .iter()
                .map(|language| Strategy::CrossLingual(*language))
                .collect(),
            Regime::Partial(percent) => vec![Strategy::Partial(percent)],
            Regime::Multilingual => vec![Strategy::Multilingual],
        }
    }
}

impl Strategy {
    /// The regime that it belongs to.
    pub fn regime(self) -> Regime {
        match self {
            Strategy::ZeroShot => Regime::ZeroShot,
            Strategy::CrossLingual(_) => Regime::CrossLingual,
            Strategy::Partial(percent) => Regime::Partial(percent),
            Strategy::Multilingual => Regime::Multilingual,
        }
    }

    /// How the row is headed in a table: `ZS`, the training language's code, `P-FT 10 %`, `M-FT`.
    pub fn label(self) -> String {
        match self {
            Strategy::ZeroShot => "ZS".to_owned(),
            Strategy::CrossLingual(language) => language.code().to_owned(),
            Strategy::Partial(percent) => format!("P-FT {percent} %"),
            Strategy::Multilingual => "M-FT".to_owned(),
        }
    }
}

impl fmt::Display for Regime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Regime::ZeroShot => formatter.write_str("zs"),
            Regime::CrossLingual => formatter.write_str("x-ft"),
            Regime::Partial(percent) => write!(formatter, "p-ft-{percent}"),
            Regime::Multilingual => formatter.write_str("m-ft"),
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Strategy::CrossLingual(language) => write!(formatter, "x-ft-{language}"),
            other => other.regime().fmt(formatter),
        }
    }
}

impl FromStr for Regime {
    type Err = UnknownStrategy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let partial = |text: &str| {
            let percent = text.strip_prefix("p-ft-")?.parse().ok()?;
            (1..100)
                .contains(&percent)
                .then_some(Regime::Partial(percent))
        };
        match text {
            "zs" => Some(Regime::ZeroShot),
            "x-ft" => Some(Regime::CrossLingual),
            "m-ft" => Some(Regime::Multilingual),
            other => partial(other),
        }
        .ok_or_else(|| UnknownStrategy(text.to_owned()))
    }
}

impl FromStr for Strategy {
    type Err = UnknownStrategy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownStrategy(text.to_owned());
        if let Some(code) = text.strip_prefix("x-ft-") {
            return code
                .parse()
                .map(Strategy::CrossLingual)
                .map_err(|_| unknown());
        }
        match text.parse()? {
            Regime::ZeroShot => Ok(Strategy::ZeroShot),
            Regime::Partial(percent) => Ok(Strategy::Partial(percent)),
            Regime::Multilingual => Ok(Strategy::Multilingual),
            Regime::CrossLingual => Err(unknown()),
        }
    }
}

impl TryFrom<String> for Regime {
    type Error = UnknownStrategy;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<String> for Strategy {
    type Error = UnknownStrategy;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Regime> for String {
    fn from(regime: Regime) -> Self {
        regime.to_string()
    }
}

impl From<Strategy> for String {
    fn from(strategy: Strategy) -> Self {
        strategy.to_string()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let regimes = [
            Regime::ZeroShot,
            Regime::CrossLingual,
            Regime::Partial(10),
            Regime::Multilingual,
        ];
        for regime in regimes {
            assert_eq!(regime.to_string().parse(), Ok(regime));
            for strategy in regime.strategies(&Language::ALL) {
                assert_eq!(strategy.to_string().parse(), Ok(strategy));
                assert_eq!(strategy.regime(), regime);
            }
        }
        for wrong in ["p-ft-0", "p-ft-100", "p-ft-ten", "x-ft-fr", "", "ZS"] {
            assert!(wrong.parse::<Strategy>().is_err(), "{wrong}");
            assert!(wrong.parse::<Regime>().is_err(), "{wrong}");
        }
        assert!(
            "x-ft".parse::<Strategy>().is_err(),
            "a row has its language"
        );
    }
}
