//! A study as pieces of work. A piece is done once, whatever number of cells need it: an adapter
//! serves all languages, the completions of ZS serve the Δ of all rows.

use std::path::PathBuf;

use protocol::language::Language;
use protocol::study::{EvaluationSplit, PieceKind, Strategy, StudySpec};

/// A state of the model: a row of the matrix with one of the study's seeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelState {
    /// The row.
    pub strategy: Strategy,
    /// The seed.
    pub seed: u64,
}

impl ModelState {
    /// How its directories are called.
    pub fn directory(self) -> String {
        format!("{}-seed{}", self.strategy, self.seed)
    }
}

/// Prompts of one language in one split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PromptSet {
    /// The split.
    pub split: EvaluationSplit,
    /// The language.
    pub language: Language,
}

/// Work that is stored when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Piece {
    /// The adapter of a state.
    Train(ModelState),
    /// Its completions.
    Generate(ModelState, PromptSet),
    /// Their scores and flags.
    Score(ModelState, PromptSet),
    /// Perplexity of a state on held-out sentences of a language.
    HeldOut(ModelState, Language),
    /// Perplexity of completions given their prompts, by the study's fixed model.
    Conditional(ModelState, PromptSet),
    /// All matrices.
    Matrices,
}

impl Piece {
    /// Its kind.
    pub fn kind(self) -> PieceKind {
        match self {
            Piece::Train(_) => PieceKind::Train,
            Piece::Generate(..) => PieceKind::Generate,
            Piece::Score(..) => PieceKind::Score,
            Piece::HeldOut(..) | Piece::Conditional(..) => PieceKind::Perplexity,
            Piece::Matrices => PieceKind::Matrix,
        }
    }

    /// What it is, for people.
    pub fn label(self) -> String {
        let state = |state: ModelState| format!("{} · seed {}", state.strategy, state.seed);
        match self {
            Piece::Train(of) => state(of),
            Piece::Generate(of, set) | Piece::Score(of, set) | Piece::Conditional(of, set) => {
                format!("{} · {} · {}", state(of), set.split, set.language)
            }
            Piece::HeldOut(of, language) => format!("{} · held-out · {language}", state(of)),
            Piece::Matrices => "matrices".to_owned(),
        }
    }

    /// Where it is stored, below the study's directory: a directory for an adapter, a file for
    /// everything else.
    pub fn place(self) -> PathBuf {
        let below = |room: &str, state: ModelState, name: String| {
            PathBuf::from(room).join(state.directory()).join(name)
        };
        let set_name = |set: PromptSet| format!("{}-{}.jsonl", set.split, set.language);
        match self {
            Piece::Train(state) => PathBuf::from("adapters").join(state.directory()),
            Piece::Generate(state, set) => below("generations", state, set_name(set)),
            Piece::Score(state, set) => below("scores", state, set_name(set)),
            Piece::HeldOut(state, language) => {
                below("perplexity", state, format!("held-out-{language}.jsonl"))
            }
            Piece::Conditional(state, set) => below("perplexity", state, set_name(set)),
            Piece::Matrices => PathBuf::from("results.jsonl"),
        }
    }
}

/// The states of the model: ZS of every seed first, so that each later row can be compared at
/// once.
pub fn states(spec: &StudySpec) -> Vec<ModelState> {
    let rows = spec.rows().into_iter();
    rows.flat_map(|strategy| {
        let seeds = spec.seeds.iter();
        seeds.map(move |seed| ModelState {
            strategy,
            seed: *seed,
        })
    })
    .collect()
}

/// All prompt sets.
pub fn prompt_sets(spec: &StudySpec) -> Vec<PromptSet> {
    let splits = spec.splits.keys();
    splits
        .flat_map(|split| {
            let languages = spec.languages.iter();
            languages.map(|language| PromptSet {
                split: *split,
                language: *language,
            })
        })
        .collect()
}

/// All pieces in the order in which they are done: each state in full, then what needs the fixed
/// model, so that two models need not be in memory at a time, then the matrices.
pub fn pieces(spec: &StudySpec) -> Vec<Piece> {
    let sets = prompt_sets(spec);
    let mut pieces = Vec::new();
    for state in states(spec) {
        if state.strategy != Strategy::ZeroShot {
            pieces.push(Piece::Train(state));
        }
        for set in &sets {
            pieces.push(Piece::Generate(state, *set));
            pieces.push(Piece::Score(state, *set));
        }
        if spec.perplexity.held_out {
            let languages = spec.languages.iter();
            pieces.extend(languages.map(|language| Piece::HeldOut(state, *language)));
        }
    }
    if spec.perplexity.conditional {
        for state in states(spec) {
            pieces.extend(sets.iter().map(|set| Piece::Conditional(state, *set)));
        }
    }
    pieces.push(Piece::Matrices);
    pieces
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use protocol::study::Preset;

    use super::*;

    #[test]
    fn nothing_is_done_twice() {
        let spec = Preset::Quick.spec("m");
        let all = pieces(&spec);
        let places: BTreeSet<PathBuf> = all.iter().map(|piece| piece.place()).collect();
        assert_eq!(
            places.len(),
            all.len(),
            "every piece has a place of its own"
        );
        let count = |kind| all.iter().filter(|piece| piece.kind() == kind).count();
        assert_eq!(count(PieceKind::Train), 8, "seven X-FT and one M-FT");
        assert_eq!(count(PieceKind::Generate), 9 * 3 * 7);
        assert_eq!(count(PieceKind::Perplexity), 9 * 3 * 7 + 9 * 7);
        // An adapter is trained before anything that needs it.
        for (at, piece) in all.iter().enumerate() {
            if let Piece::Generate(state, _) | Piece::HeldOut(state, _) = piece
                && state.strategy != Strategy::ZeroShot
            {
                assert!(all[..at].contains(&Piece::Train(*state)));
            }
        }
    }
}
