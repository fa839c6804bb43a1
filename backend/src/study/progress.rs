//! How a run tells how far it is: events for whoever listens, and a file for other processes.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use protocol::study::{
    CurrentPiece, LossCurve, LossPoint, PieceCount, PieceKind, StudyEvent, StudyState,
};
use serde::{Deserialize, Serialize};

use super::adapter::Earlier;
use super::piece::{ModelState, Piece};

/// The file for other processes; only to show, so it is not flushed.
pub const LIVE: &str = "live.json";
/// Between two reports of the same piece.
const PAUSE: Duration = Duration::from_millis(500);
/// Between two writings of the file.
const WRITE_PAUSE: Duration = Duration::from_secs(1);
/// Over which the speed is taken.
const WINDOW: Duration = Duration::from_secs(10);
/// Points of a loss curve that are kept.
const POINTS: usize = 200;

/// What a run under way reported last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunProgress {
    /// What is being worked on.
    pub current: Option<CurrentPiece>,
    /// Tokens a second.
    pub tokens_per_second: Option<f64>,
    /// Seconds of work so far, earlier runs included.
    pub elapsed_seconds: f64,
    /// Seconds that are expected to be left.
    pub eta_seconds: Option<f64>,
    /// The training under way.
    pub losses: Option<LossCurve>,
}

/// Whoever listens to a run, and may stop it.
pub trait Observer {
    /// Hears of something.
    fn hear(&mut self, event: &StudyEvent);

    /// Between any two steps of the work: may wait, to let others have the machine, and may stop
    /// the run. `free`: nothing would be lost.
    fn pace(&mut self, free: bool) -> ControlFlow<()>;
}

/// Keeps count for one run.
pub struct Teller<'o> {
    observer: &'o mut dyn Observer,
    file: PathBuf,
    counts: BTreeMap<PieceKind, PieceCount>,
    /// Units of work and seconds by kind, of this run and those before.
    pub rates: BTreeMap<PieceKind, (f64, f64)>,
    /// Units a second before anything was measured.
    guesses: BTreeMap<PieceKind, f64>,
    /// Units that are left, by kind; the current piece included.
    left: BTreeMap<PieceKind, f64>,
    earlier: f64,
    started: Instant,
    piece: Option<(Piece, f64, Instant)>,
    fraction: f64,
    tokens: Vec<(Instant, usize)>,
    losses: Option<LossCurve>,
    /// Seconds of the piece in earlier runs.
    piece_earlier: f64,
    reported: Option<Instant>,
    written: Option<Instant>,
}

impl<'o> Teller<'o> {
    /// At the beginning of a run of the study in `directory`.
    pub fn new(
        observer: &'o mut dyn Observer,
        directory: &Path,
        counts: Vec<PieceCount>,
        rates: BTreeMap<PieceKind, (f64, f64)>,
        guesses: BTreeMap<PieceKind, f64>,
        left: BTreeMap<PieceKind, f64>,
        earlier: f64,
    ) -> Self {
        Self {
            observer,
            file: directory.join(LIVE),
            counts: counts
                .into_iter()
                .map(|count| (count.kind, count))
                .collect(),
            rates,
            guesses,
            left,
            earlier,
            started: Instant::now(),
            piece: None,
            fraction: 0.0,
            tokens: Vec::new(),
            losses: None,
            piece_earlier: 0.0,
            reported: None,
            written: None,
        }
    }

    /// Tells an event that is no progress.
    pub fn tell(&mut self, event: &StudyEvent) {
        self.observer.hear(event);
    }

    /// Between two pieces: waits if it is to, and says whether to go on.
    pub fn pace(&mut self) -> ControlFlow<()> {
        self.observer.pace(true)
    }

    /// Seconds of work so far, earlier runs included.
    pub fn elapsed(&self) -> f64 {
        self.earlier + self.started.elapsed().as_secs_f64()
    }

    /// A piece of so many units begins.
    pub fn begin(&mut self, piece: Piece, units: f64) {
        self.piece = Some((piece, units, Instant::now()));
        self.fraction = 0.0;
        self.tokens.clear();
        self.losses = None;
        self.piece_earlier = 0.0;
        self.reported = None;
        self.report();
    }

    /// So much of the piece is done; `tokens` since the last time.
    pub fn advance(&mut self, fraction: f64, tokens: usize) -> ControlFlow<()> {
        self.fraction = fraction.clamp(0.0, 1.0);
        let now = Instant::now();
        self.tokens.push((now, tokens));
        self.tokens
            .retain(|(when, _)| now.duration_since(*when) <= WINDOW);
        if self.reported.is_none_or(|then| then.elapsed() >= PAUSE) {
            self.report();
        }
        // A training keeps a checkpoint; every other piece begins anew.
        let trains = self
            .piece
            .is_some_and(|(piece, ..)| piece.kind() == PieceKind::Train);
        self.observer.pace(trains)
    }

    /// The training under way goes on from an earlier run.
    pub fn resume(&mut self, state: ModelState, earlier: Earlier) {
        self.piece_earlier = earlier.seconds;
        self.losses = Some(LossCurve {
            strategy: state.strategy,
            seed: state.seed,
            points: earlier.losses,
        });
    }

    /// The training under way, for a later run that goes on with it.
    pub fn so_far(&self) -> Earlier {
        let begun = self.piece.map(|(.., begun)| begun.elapsed().as_secs_f64());
        let curve = self.losses.as_ref();
        Earlier {
            seconds: self.piece_earlier + begun.unwrap_or_default(),
            losses: curve.map_or_else(Vec::new, |curve| curve.points.clone()),
        }
    }

    /// A step of the training under way.
    pub fn loss(&mut self, state: ModelState, point: LossPoint) {
        let curve = self.losses.get_or_insert(LossCurve {
            strategy: state.strategy,
            seed: state.seed,
            points: Vec::new(),
        });
        curve.points.push(point);
        self.observer.hear(&StudyEvent::Loss {
            strategy: state.strategy,
            seed: state.seed,
            point,
        });
    }

    /// The curve of the training under way, thinned.
    pub fn losses(&self) -> Vec<LossPoint> {
        self.losses
            .as_ref()
            .map(|curve| thinned(&curve.points))
            .unwrap_or_default()
    }

    /// The piece is stored; returns the seconds that it took over all runs. `whole` is false for a piece whose
    /// first part an earlier run did: its time says nothing about speed.
    pub fn stored(&mut self, whole: bool) -> f64 {
        let Some((piece, units, begun)) = self.piece.take() else {
            return 0.0;
        };
        let seconds = begun.elapsed().as_secs_f64();
        let kind = piece.kind();
        if whole {
            let rate = self.rates.entry(kind).or_default();
            rate.0 += units;
            rate.1 += seconds;
        }
        let seconds = seconds + self.piece_earlier;
        if let Some(left) = self.left.get_mut(&kind) {
            *left = (*left - units).max(0.0);
        }
        if let Some(count) = self.counts.get_mut(&kind) {
            count.done += 1;
        }
        self.observer.hear(&StudyEvent::Stored {
            kind,
            label: piece.label(),
            seconds,
        });
        seconds
    }

    /// Seconds that are expected to be left.
    pub fn eta(&self) -> Option<f64> {
        let mut seconds = 0.0;
        for (kind, units) in &self.left {
            let mut units = *units;
            if let Some((piece, own, _)) = &self.piece
                && piece.kind() == *kind
            {
                units -= own * self.fraction;
            }
            if units > 0.0 {
                seconds += units / self.rate(*kind)?;
            }
        }
        Some(seconds)
    }

    fn rate(&self, kind: PieceKind) -> Option<f64> {
        let measured = self.rates.get(&kind).filter(|(_, seconds)| *seconds > 0.0);
        measured
            .map(|(units, seconds)| units / seconds)
            .or_else(|| self.guesses.get(&kind).copied())
            .filter(|rate| *rate > 0.0)
    }

    fn tokens_per_second(&self) -> Option<f64> {
        let (first, _) = self.tokens.first()?;
        let seconds = first.elapsed().as_secs_f64();
        // The first entry's tokens were made before its time was taken.
        let tokens: usize = self.tokens.iter().skip(1).map(|(_, tokens)| tokens).sum();
        (tokens > 0 && seconds > 0.0).then(|| tokens as f64 / seconds)
    }

    fn report(&mut self) {
        let now = Instant::now();
        self.reported = Some(now);
        let live = RunProgress {
            current: self.piece.map(|(piece, _, _)| CurrentPiece {
                kind: piece.kind(),
                label: piece.label(),
                fraction: self.fraction,
            }),
            tokens_per_second: self.tokens_per_second(),
            elapsed_seconds: self.elapsed(),
            eta_seconds: self.eta(),
            losses: self.losses.as_ref().map(|curve| LossCurve {
                points: thinned(&curve.points),
                ..curve.clone()
            }),
        };
        if self
            .written
            .is_none_or(|then| then.elapsed() >= WRITE_PAUSE)
        {
            self.written = Some(now);
            write_live(&self.file, &live);
        }
        self.observer.hear(&StudyEvent::Progress {
            state: StudyState::Running,
            pieces: self.counts.values().cloned().collect(),
            current: live.current,
            tokens_per_second: live.tokens_per_second,
            elapsed_seconds: live.elapsed_seconds,
            eta_seconds: live.eta_seconds,
        });
    }
}

impl Drop for Teller<'_> {
    fn drop(&mut self) {
        // It would only be stale; a run that was killed leaves it, and nobody reads it then.
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Renamed into place but not flushed: it shows, it stores nothing.
fn write_live(file: &Path, live: &RunProgress) {
    let beside = file.with_extension("json.new");
    let written = serde_json::to_vec(live)
        .map_err(std::io::Error::other)
        .and_then(|bytes| std::fs::write(&beside, bytes))
        .and_then(|()| std::fs::rename(&beside, file));
    if let Err(error) = written {
        tracing::debug!(%error, "progress cannot be shown to other processes");
    }
}

/// At most so many points, the first and the last among them.
fn thinned(points: &[LossPoint]) -> Vec<LossPoint> {
    if points.len() <= POINTS {
        return points.to_vec();
    }
    (0..POINTS)
        .filter_map(|at| points.get(at * (points.len() - 1) / (POINTS - 1)))
        .copied()
        .collect()
}
