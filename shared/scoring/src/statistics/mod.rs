//! How well scores separate and how far they can be believed.

mod bootstrap;
mod calibration;
pub mod matched;
mod ranking;

pub use bootstrap::{Interval, Paired, bootstrap, bootstrap_pairs};
pub use calibration::{Bin, Reliability, reliability};
pub use ranking::{auc, average_precision, false_positive_rate, pair_accuracy, recall};

/// Scores of a labelled set: for each text its probability and whether it is toxic.
pub type Labelled = [(f64, bool)];
