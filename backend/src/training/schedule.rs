//! The learning rate of each update, as transformers' schedulers give it.

use std::f64::consts::PI;

use protocol::training::Schedule;

/// Factor on the learning rate of update `step` (from 0) of `steps`, `warmup` of which rise from zero.
pub(super) fn factor(schedule: Schedule, step: u64, warmup: u64, steps: u64) -> f64 {
    if step < warmup {
        return step as f64 / warmup as f64;
    }
    let progress = (step - warmup) as f64 / (steps - warmup).max(1) as f64;
    match schedule {
        Schedule::Linear => (1.0 - progress).max(0.0),
        Schedule::Cosine => (0.5 * (1.0 + (PI * progress).cos())).max(0.0),
        Schedule::Constant => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `transformers.get_{linear,cosine}_schedule_with_warmup(…, 2, 10)`.
    #[test]
    fn as_transformers_has_it() {
        let linear: Vec<f64> = (0..10)
            .map(|step| factor(Schedule::Linear, step, 2, 10))
            .collect();
        let expected = [0.0, 0.5, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125];
        assert_eq!(linear, expected);
        let cosine = factor(Schedule::Cosine, 4, 2, 10);
        assert!((cosine - 0.853_553_390_593_273_8).abs() < 1e-12);
        assert!((factor(Schedule::Constant, 1, 2, 10) - 0.5).abs() < 1e-12);
        assert!((factor(Schedule::Constant, 9, 2, 10) - 1.0).abs() < 1e-12);
        assert!((factor(Schedule::Linear, 0, 0, 1) - 1.0).abs() < 1e-12);
    }
}
