//! The recorded continuations forced on the engine: which token would it have chosen at each step?

use engine::Model;
use engine::runner::{Chunk, KvCache, Runner};

use super::AGREEMENT;
use super::record::{Prompt, Record};

/// Where the engine chooses another token, the reference's two best are at most this far apart.
const NEAR_TIE: f32 = 0.05;

/// Prompt and continuation in one go, as scoring does it.
pub fn prompts_at_once(model: &Model, record: &Record) {
    let mut runner = Runner::new(model).unwrap();
    let chosen = record.prompts.iter().map(|prompt| {
        let steps = prompt.steps.len();
        let mut tokens = prompt.tokens.clone();
        tokens.extend(prompt.steps[..steps - 1].iter().map(|step| step.0));
        let mut cache = runner.new_cache(tokens.len()).unwrap();
        let mut chunks = [Chunk {
            tokens: &tokens,
            cache: &mut cache,
        }];
        let rows: Vec<usize> = (prompt.tokens.len() - 1..tokens.len()).collect();
        best_tokens(&mut runner, &mut chunks, &rows)
    });
    judge("prompt and continuation at once", record, chosen.collect());
}

/// All prompts together, then one token of each at a time, as generation does it.
pub fn token_by_token(model: &Model, record: &Record) {
    let mut runner = Runner::new(model).unwrap();
    let prompts = &record.prompts;
    let capacity = |prompt: &Prompt| prompt.tokens.len() + prompt.steps.len();
    let mut caches: Vec<KvCache> = prompts
        .iter()
        .map(|prompt| runner.new_cache(capacity(prompt)).unwrap())
        .collect();
    let mut chosen = vec![Vec::new(); prompts.len()];
    for step in 0..prompts[0].steps.len() {
        let mut row = 0;
        let mut rows = Vec::new();
        let mut chunks: Vec<Chunk<'_>> = Vec::new();
        let forced: Vec<Vec<u32>> = prompts
            .iter()
            .map(|prompt| match step {
                0 => prompt.tokens.clone(),
                step => vec![prompt.steps[step - 1].0],
            })
            .collect();
        for (tokens, cache) in forced.iter().zip(&mut caches) {
            row += tokens.len();
            rows.push(row - 1);
            chunks.push(Chunk { tokens, cache });
        }
        let best = best_tokens(&mut runner, &mut chunks, &rows);
        for (chosen, best) in chosen.iter_mut().zip(best) {
            chosen.push(best);
        }
    }
    judge("token by token", record, chosen);
}

fn best_tokens(runner: &mut Runner, chunks: &mut [Chunk<'_>], rows: &[usize]) -> Vec<u32> {
    let hidden = pollster::block_on(runner.forward(chunks)).unwrap();
    let logits = pollster::block_on(runner.logits(&hidden, rows)).unwrap();
    let vocabulary = logits.len() / rows.len();
    logits
        .chunks_exact(vocabulary)
        .map(|logits| {
            let best = (0..vocabulary).max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
            best.unwrap() as u32
        })
        .collect()
}

fn judge(way: &str, record: &Record, chosen: Vec<Vec<u32>>) {
    let (mut steps, mut like_quantised) = (0, 0);
    let mut gaps = Vec::new();
    for (prompt, chosen) in record.prompts.iter().zip(chosen) {
        assert_eq!(chosen.len(), prompt.steps.len());
        for ((quantised, exact), token) in prompt.steps.iter().zip(&prompt.steps_f32).zip(chosen) {
            steps += 1;
            like_quantised += usize::from(quantised.0 == token);
            if exact.0 != token {
                gaps.push(exact.gap());
            }
        }
    }
    let largest = gaps.iter().copied().fold(0.0, f32::max);
    println!(
        "{way}: {} of {steps} steps as llama.cpp in single precision, largest gap where not \
         {largest}; {like_quantised} as llama.cpp on the quantised file",
        steps - gaps.len()
    );
    assert!(
        (steps - gaps.len()) as f64 >= AGREEMENT * steps as f64 && largest <= NEAR_TIE,
        "{way}: {} of {steps} steps differ, gaps {gaps:?}",
        gaps.len()
    );
}
