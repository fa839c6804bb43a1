//! Attention of one sequence over its cache.

use burn::tensor::{Tensor, activation::softmax};

use super::cache::LayerCache;
use super::positions::View;
use crate::decoder::DecoderSpec;

/// Writes the new keys and values (`[queries, kv_heads, head_dim]`) behind position `length` and
/// attends with `queries` (`[queries, heads, head_dim]`) to what `view` shows. Gives
/// `[queries, heads · head_dim]`.
pub(super) fn attend(
    spec: &DecoderSpec,
    cache: &mut LayerCache,
    length: usize,
    view: &View,
    queries: Tensor<3>,
    keys: Tensor<3>,
    values: Tensor<3>,
) -> Tensor<2> {
    let [count, heads, head_dim] = queries.dims();
    let (kv_heads, span) = (spec.kv_heads, view.end - view.start);
    let new = [0..kv_heads, length..length + count, 0..head_dim];
    let keys = keys.swap_dims(0, 1);
    let values = values.swap_dims(0, 1);
    // In place: the cache is the only owner of its tensors.
    cache
        .keys
        .inplace(|cache| cache.slice_assign(new.clone(), keys));
    cache
        .values
        .inplace(|cache| cache.slice_assign(new, values));

    let seen = [0..kv_heads, view.start..view.end, 0..head_dim];
    let keys = cache.keys.clone().slice(seen.clone());
    let values = cache.values.clone().slice(seen);

    // The query heads of one key head are neighbours: they become rows of one product.
    let rows = heads / kv_heads * count;
    let queries = queries.swap_dims(0, 1).reshape([kv_heads, rows, head_dim]);
    let scores = queries.matmul(keys.swap_dims(1, 2)) * spec.attention_scale;
    let scores = scores.reshape([heads, count, span]) + view.mask.clone();
    let weights = softmax(scores, 2).reshape([kv_heads, rows, span]);
    weights
        .matmul(values)
        .reshape([heads, count, head_dim])
        .swap_dims(0, 1)
        .reshape([count, heads * head_dim])
}
