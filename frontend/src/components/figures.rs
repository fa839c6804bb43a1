//! Numbers with their units, short enough for a glance.

/// Bytes, in units of 1000.
pub fn bytes(bytes: u64) -> String {
    let bytes = bytes as f64;
    if bytes >= 1e9 {
        format!("{:.2} GB", bytes / 1e9)
    } else {
        format!("{:.0} MB", bytes / 1e6)
    }
}

/// Milliseconds, as seconds from one second on.
pub fn milliseconds(milliseconds: f64) -> String {
    if milliseconds >= 1000.0 {
        format!("{:.2} s", milliseconds / 1000.0)
    } else {
        format!("{milliseconds:.0} ms")
    }
}

/// A duration in seconds, as people say it.
pub fn seconds(seconds: f64) -> String {
    if seconds >= 90.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.0} s", seconds.ceil())
    }
}

/// The natural logarithm of a probability, with the probability.
pub fn log_probability(logprob: f32) -> String {
    // A real minus sign, as wide as a plus.
    let value = format!("{logprob:.2}").replace('-', "\u{2212}");
    let percent = f64::from(logprob).exp() * 100.0;
    if percent >= 10.0 {
        format!("{value} ({percent:.0} %)")
    } else if percent >= 0.01 {
        format!("{value} ({percent:.2} %)")
    } else {
        format!("{value} (< 0.01 %)")
    }
}
