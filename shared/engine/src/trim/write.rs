//! Copies a model with some rows of its embedding left out.

use std::io::Write;

use crate::checkpoint::gguf::writer::{PlannedTensor, Writer};
use crate::checkpoint::gguf::{Gguf, Metadata, RewriteError};
use crate::checkpoint::{ByteSource, TensorInfo, TensorStore};
use crate::error::CheckpointError;

use super::select::Selection;

/// Tensors that have a row for every token.
const BY_TOKEN: &[&str] = &["token_embd.weight", "output.weight"];

/// Writes the trimmed file: `metadata` as [`super::plan`] gives it, the kept rows of the embedding
/// and of the output matrix if there is one, every other tensor as it is. Rows are copied in their
/// packed form.
///
/// # Errors
/// When the full model cannot be read, has fewer rows than tokens, or the sink fails.
pub fn write<W: Write>(
    source: &dyn ByteSource,
    selection: &Selection,
    metadata: &Metadata,
    sink: W,
) -> Result<W, RewriteError> {
    let full = Gguf::open(source)?;
    if full.info("token_embd.weight").is_none() {
        let place = "tensor `token_embd.weight`";
        return Err(CheckpointError::new(source.name(), place, "is missing").into());
    }
    let is_by_token = |info: &TensorInfo| BY_TOKEN.contains(&info.name.as_str());
    let planned: Vec<PlannedTensor> = full
        .tensors()
        .iter()
        .map(|info| {
            let mut shape = info.shape.clone();
            if let Some(rows) = shape.first_mut().filter(|_| is_by_token(info)) {
                *rows = selection.kept().len();
            }
            PlannedTensor {
                name: info.name.clone(),
                kind: info.kind,
                shape,
            }
        })
        .collect();
    let mut writer = Writer::new(sink, metadata, &planned)?;
    for info in full.tensors() {
        let bytes = if is_by_token(info) {
            rows(source, info, selection)?
        } else {
            source.read(info.offset, info.bytes)?
        };
        writer.tensor(&info.name, &bytes)?;
    }
    Ok(writer.finish()?)
}

/// The kept rows of a tensor, one after the other.
fn rows(
    source: &dyn ByteSource,
    info: &TensorInfo,
    selection: &Selection,
) -> Result<Vec<u8>, CheckpointError> {
    let fail = |reason: String| {
        CheckpointError::new(source.name(), format!("tensor `{}`", info.name), reason)
    };
    let count = match info.shape.as_slice() {
        [rows, _] => *rows as u64,
        shape => return Err(fail(format!("the shape {shape:?} is not that of a matrix"))),
    };
    if count < selection.full_size() as u64 {
        let tokens = selection.full_size();
        return Err(fail(format!("{count} rows for {tokens} tokens")));
    }
    // Blocks lie inside rows, so a row is a whole number of bytes.
    let row = info.bytes / count;
    let length = usize::try_from(row).map_err(|_| fail("a row is too large".to_owned()))?;
    let mut bytes = Vec::with_capacity(length.saturating_mul(selection.kept().len()));
    for run in selection.kept().chunk_by(|left, right| left + 1 == *right) {
        if let Some(&first) = run.first() {
            let start = info.offset + u64::from(first) * row;
            bytes.extend(source.read(start, run.len() as u64 * row)?);
        }
    }
    Ok(bytes)
}
