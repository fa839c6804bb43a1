//! A model's files in this browser. They are fetched in shards of 8 MiB, each kept under a name that
//! carries its SHA-256, so that a visit that was broken off goes on where it ended and a shard that
//! was damaged since is found and fetched again.
//!
//! In the origin's private file system: `models/ID/record.json` and `models/ID/FILE-SHARD-SHA256`,
//! where FILE and SHARD are numbers.

mod fetch;
mod progress;
mod record;
mod shard;
mod source;
mod storage;

pub use fetch::{Fetched, fetch};
pub use record::Record;
pub use shard::{SHARD_BYTES, Shard, sha256};
pub use source::FileSource;
pub use storage::{ModelDirectory, Storage};
