//! What goes over the wire between the page (or any client) and the server.

pub mod completions;
pub mod devices;
pub mod error;
pub mod event_stream;
pub mod forced_decoding;
pub mod generate;
pub mod health;
pub mod model_files;
pub mod models;
pub mod perplexity;
pub mod score;

pub use error::{ErrorBody, ErrorDetail, ErrorKind};
