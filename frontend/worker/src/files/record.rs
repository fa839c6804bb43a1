//! What is known of a model that is kept, or is being fetched.

use protocol::api::model_files::ModelFileList;
use serde::{Deserialize, Serialize};

/// `record.json` of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The files as the server listed them.
    pub list: ModelFileList,
    /// Every shard is here, and the files have the SHA-256 that the list says.
    pub complete: bool,
}
