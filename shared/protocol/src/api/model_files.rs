//! `GET /api/models/{id}/files`: what a browser downloads to run a model itself.

use serde::{Deserialize, Serialize};

/// One file of a model. `GET /api/models/{id}/files/{name}` answers with its bytes, ranges included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelFile {
    /// File name without a directory.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
}

/// The files of a model that is on the server's machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelFileList {
    /// Identifier of the model.
    pub model: String,
    /// SHA-256 by which provenance names the model: the file's own, or that of the list of files.
    pub sha256: String,
    /// One GGUF file; or `config.json`, `tokenizer.json` and safetensors, in the order in which
    /// they are read.
    pub files: Vec<ModelFile>,
}

impl ModelFileList {
    /// Size of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}
