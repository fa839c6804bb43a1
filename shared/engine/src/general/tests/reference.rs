//! The same model in plain loops, one position at a time, in double precision.

use crate::decoder::{Activation, DecoderSpec, DecoderWeights, Matrix, RopePairing};

/// What the model computes for one sequence; every list has one row per position.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// By layer.
    pub(super) residual: Vec<Vec<f32>>,
    pub(super) mlp_activation: Vec<Vec<f32>>,
    pub(super) attention_output: Vec<Vec<f32>>,
    pub(crate) hidden: Vec<f32>,
    pub(crate) logits: Vec<f32>,
}

type Rows = Vec<Vec<f64>>;

fn product(matrix: &Matrix, x: &[f64]) -> Vec<f64> {
    matrix
        .to_dense()
        .chunks_exact(matrix.cols())
        .map(|row| row.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum())
        .collect()
}

fn norm(spec: &DecoderSpec, weight: &[f32], x: &[f64]) -> Vec<f64> {
    let mean: f64 = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
    let factor = 1.0 / (mean + f64::from(spec.norm_epsilon)).sqrt();
    x.iter()
        .zip(weight)
        .map(|(x, w)| x * factor * f64::from(*w))
        .collect()
}

fn rotate(spec: &DecoderSpec, frequencies: &[f32], position: usize, head: &mut [f64]) {
    let half = head.len() / 2;
    for (pair, frequency) in frequencies.iter().enumerate() {
        let (a, b) = match spec.rope_pairing {
            RopePairing::HalfSplit => (pair, pair + half),
            RopePairing::Interleaved => (2 * pair, 2 * pair + 1),
        };
        let (sin, cos) = (position as f64 * f64::from(*frequency)).sin_cos();
        (head[a], head[b]) = (head[a] * cos - head[b] * sin, head[b] * cos + head[a] * sin);
    }
}

fn heads(
    spec: &DecoderSpec,
    layer: usize,
    position: usize,
    norm_weight: Option<&Vec<f32>>,
    values: Vec<f64>,
) -> Rows {
    values
        .chunks_exact(spec.head_dim)
        .map(|head| {
            let mut head = match norm_weight {
                Some(weight) => norm(spec, weight, head),
                None => head.to_vec(),
            };
            rotate(
                spec,
                &spec.layers[layer].rope_frequencies,
                position,
                &mut head,
            );
            head
        })
        .collect()
}

fn activate(kind: Activation, x: f64) -> f64 {
    match kind {
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::GeluTanh => {
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x);
            0.5 * x * (1.0 + inner.tanh())
        }
    }
}

fn singles(rows: &Rows) -> Vec<f32> {
    rows.iter().flatten().map(|value| *value as f32).collect()
}

/// Runs the whole sequence from position 0.
pub(crate) fn run(spec: &DecoderSpec, weights: &DecoderWeights, tokens: &[u32]) -> Trace {
    let mut trace = Trace::default();
    let embedding = weights.embedding.to_dense();
    let mut x: Rows = tokens
        .iter()
        .map(|&token| {
            embedding[token as usize * spec.hidden..][..spec.hidden]
                .iter()
                .map(|value| f64::from(*value) * f64::from(spec.embedding_scale))
                .collect()
        })
        .collect();
    for (number, layer) in weights.layers.iter().enumerate() {
        let (mut queries, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (position, x) in x.iter().enumerate() {
            let normed = norm(spec, &layer.attention_norm, x);
            let q = product(&layer.q_proj, &normed);
            queries.push(heads(spec, number, position, layer.q_norm.as_ref(), q));
            let k = product(&layer.k_proj, &normed);
            keys.push(heads(spec, number, position, layer.k_norm.as_ref(), k));
            values.push(product(&layer.v_proj, &normed));
        }
        let (mut outputs, mut inners): (Rows, Rows) = (Vec::new(), Vec::new());
        for (position, x) in x.iter_mut().enumerate() {
            let window = spec.layers[number].window.unwrap_or(usize::MAX);
            let first = (position + 1).saturating_sub(window);
            let mut attended = Vec::new();
            for (head, query) in queries[position].iter().enumerate() {
                let kv = head / (spec.heads / spec.kv_heads);
                let scores: Vec<f64> = (first..=position)
                    .map(|key| {
                        let dot: f64 = query.iter().zip(&keys[key][kv]).map(|(q, k)| q * k).sum();
                        (dot * f64::from(spec.attention_scale)).exp()
                    })
                    .collect();
                let total: f64 = scores.iter().sum();
                let components = kv * spec.head_dim..(kv + 1) * spec.head_dim;
                attended.extend(components.map(|component| {
                    let mixed: f64 = scores
                        .iter()
                        .zip(&values[first..])
                        .map(|(score, value)| score * value[component])
                        .sum();
                    mixed / total
                }));
            }
            let output = product(&layer.o_proj, &attended);
            let joined = match &layer.post_attention_norm {
                Some(weight) => norm(spec, weight, &output),
                None => output.clone(),
            };
            outputs.push(output);
            x.iter_mut().zip(joined).for_each(|(x, y)| *x += y);

            let normed = norm(spec, &layer.feed_forward_norm, x);
            let inner: Vec<f64> = product(&layer.gate_proj, &normed)
                .into_iter()
                .zip(product(&layer.up_proj, &normed))
                .map(|(gate, up)| activate(spec.activation, gate) * up)
                .collect();
            let down = product(&layer.down_proj, &inner);
            inners.push(inner);
            let joined = match &layer.post_feed_forward_norm {
                Some(weight) => norm(spec, weight, &down),
                None => down,
            };
            x.iter_mut().zip(joined).for_each(|(x, y)| *x += y);
        }
        trace.attention_output.push(singles(&outputs));
        trace.mlp_activation.push(singles(&inners));
        trace.residual.push(singles(&x));
    }
    let hidden: Rows = x
        .iter()
        .map(|x| norm(spec, &weights.final_norm, x))
        .collect();
    let logits: Rows = hidden
        .iter()
        .map(|hidden| product(&weights.output, hidden))
        .collect();
    trace.hidden = singles(&hidden);
    trace.logits = singles(&logits);
    trace
}
