//! One vector per text from the hidden states of a layer.

use burn::tensor::Tensor;

use crate::EngineError;
use crate::general::{Chunk, GeneralPass};
use crate::hooks::{Capture, Site};

/// How the vectors of a text's tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// Mean over all tokens of the text.
    Mean,
    /// The last token's vector.
    LastToken,
}

/// One vector per text from the activations at `site`. `texts` are token sequences, at least one
/// token each; they run together, without padding, and no text sees another. Errors: what
/// [`GeneralPass::forward`] refuses, or a site that the model does not have.
pub async fn pooled_hidden_states(
    pass: &mut GeneralPass,
    texts: &[&[u32]],
    site: Site,
    pooling: Pooling,
) -> Result<Vec<Vec<f32>>, EngineError> {
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let mut caches = texts
        .iter()
        .map(|tokens| pass.new_cache(tokens.len()))
        .collect::<Result<Vec<_>, _>>()?;
    let mut chunks: Vec<Chunk<'_>> = texts
        .iter()
        .zip(&mut caches)
        .map(|(tokens, cache)| Chunk { tokens, cache })
        .collect();
    let mut capture = Capture::new(vec![site]);
    pass.forward_with_hooks(&mut chunks, &mut capture).await?;
    let mut pooled = Vec::with_capacity(texts.len());
    for number in 0..texts.len() {
        let states = capture
            .of(site, number)
            .ok_or_else(|| EngineError::Device(format!("{site:?} is no place of this model")))?;
        let [rows, width] = states.dims();
        pooled.push(match pooling {
            Pooling::Mean => states.mean_dim(0),
            Pooling::LastToken => states.slice([rows - 1..rows, 0..width]),
        });
    }
    let width = pooled[0].dims()[1];
    let values = Tensor::cat(pooled, 0)
        .into_data_async()
        .await
        .map_err(|error| EngineError::Device(error.to_string()))?
        .try_into_vec::<f32>()
        .map_err(|error| EngineError::Device(format!("{error:?}")))?;
    Ok(values.chunks_exact(width).map(<[f32]>::to_vec).collect())
}
