//! A few tokens on a device: to warm it up, and to measure it.

use engine::generate::{GenerationEvent, GenerationRequest, Generator, Prompt};
use protocol::local::{DeviceTrial, LocalDevice};

use crate::failure::Failure;
use crate::javascript::now;
use crate::pause::pause;

/// Tokens that are measured.
const TOKENS: usize = 6;

/// The first steps, which compile shaders and touch every weight.
///
/// # Errors
/// Where the device fails.
pub async fn warm_up(generator: &mut Generator) -> Result<(), Failure> {
    tokens(generator, 2).await.map(drop)
}

/// Decoding speed, after a warm-up.
pub async fn measure(device: LocalDevice, generator: &mut Generator) -> DeviceTrial {
    let (tokens_per_second, failure) = match tokens(generator, TOKENS + 1).await {
        Ok(times) => (speed(&times), None),
        Err(failure) => (None, Some(failure.to_string())),
    };
    DeviceTrial {
        device,
        tokens_per_second,
        failure,
    }
}

/// Tokens after the first, whose step is the prompt's.
fn speed(times: &[f64]) -> Option<f64> {
    let (first, last) = (times.first()?, times.last()?);
    (last > first).then(|| (times.len() - 1) as f64 * 1000.0 / (last - first))
}

/// Milliseconds at which each of some tokens was there.
async fn tokens(generator: &mut Generator, count: usize) -> Result<Vec<f64>, Failure> {
    let mut request = GenerationRequest::new(Prompt::Tokens(vec![0, 1, 2, 3]));
    request.max_new_tokens = count;
    request.ignore_eos = true;
    generator.submit(request)?;
    let mut times = Vec::with_capacity(count);
    while generator.running() > 0 {
        for (_, event) in generator.step().await? {
            if matches!(event, GenerationEvent::Token { .. }) {
                times.push(now());
            }
        }
        pause().await;
    }
    Ok(times)
}
