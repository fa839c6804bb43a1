//! Tensors by name, whatever the file's format.

use super::source::ByteSource;
use super::tensor::{StoredTensor, TensorInfo, tensor_place};
use crate::error::CheckpointError;

/// The tensors of a checkpoint, of one file or of several.
pub trait TensorStore {
    /// Name of the file, for errors.
    fn file(&self) -> &str;

    /// What is known of a tensor, if there is one of that name.
    fn info(&self, name: &str) -> Option<&TensorInfo>;

    /// All names, in the order of the file.
    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_>;

    /// Reads a tensor.
    ///
    /// # Errors
    /// When there is none of that name (the error says which), or reading fails.
    fn read(&self, name: &str) -> Result<StoredTensor, CheckpointError>;
}

/// The tensors of one file: in the order of the file, and found by name.
pub(crate) struct TensorIndex {
    tensors: Vec<TensorInfo>,
    /// Positions in `tensors`, sorted by name.
    by_name: Vec<u32>,
}

impl TensorIndex {
    /// Takes the tensors of a header.
    ///
    /// # Errors
    /// When two have the same name or share bytes.
    pub fn new(file: &str, tensors: Vec<TensorInfo>) -> Result<Self, CheckpointError> {
        let count = u32::try_from(tensors.len())
            .map_err(|_| CheckpointError::new(file, "tensor count", "too many tensors"))?;
        let at = |position: u32| &tensors[position as usize];
        let mut by_name: Vec<u32> = (0..count).collect();
        by_name.sort_unstable_by_key(|&position| (at(position).offset, at(position).bytes));
        for pair in by_name.windows(2) {
            let (first, second) = (at(pair[0]), at(pair[1]));
            // The parsers have checked that every range ends inside the file.
            if first.offset + first.bytes > second.offset {
                return Err(CheckpointError::new(
                    file,
                    second.place(),
                    format!("shares bytes with tensor `{}`", first.name),
                ));
            }
        }
        by_name.sort_unstable_by_key(|&position| at(position).name.as_str());
        for pair in by_name.windows(2) {
            if at(pair[0]).name == at(pair[1]).name {
                return Err(CheckpointError::new(
                    file,
                    at(pair[0]).place(),
                    "appears twice",
                ));
            }
        }
        Ok(Self { tensors, by_name })
    }

    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<&TensorInfo> {
        self.by_name
            .binary_search_by_key(&name, |&position| {
                self.tensors[position as usize].name.as_str()
            })
            .ok()
            .map(|found| &self.tensors[self.by_name[found] as usize])
    }

    /// All tensors, in the order of the file.
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// Reads the tensor of that name.
    ///
    /// # Errors
    /// When there is none, or reading fails.
    pub fn read(
        &self,
        source: &dyn ByteSource,
        name: &str,
    ) -> Result<StoredTensor, CheckpointError> {
        let info = self
            .get(name)
            .ok_or_else(|| CheckpointError::new(source.name(), tensor_place(name), "is missing"))?;
        Ok(StoredTensor {
            file: source.name().to_owned(),
            info: info.clone(),
            bytes: source.read(info.offset, info.bytes)?,
        })
    }
}
