//! The model that an adapter was made for.

use clap::Args;

use crate::adapters::StoredAdapter;
use crate::cli::Failure;
use crate::hub::{Hub, ResolvedModel};

/// Which base model.
#[derive(Debug, Args)]
pub struct BaseOptions {
    /// The model that the adapter was made for: name (`backend models list`), or path of a .gguf
    /// file or checkpoint directory [default: the one that the adapter's record names]
    #[arg(short, long, value_name = "MODEL")]
    model: Option<String>,
}

impl BaseOptions {
    /// Finds it.
    ///
    /// # Errors
    /// Nobody says which it is, or it is not here.
    pub fn resolve(&self, found: &StoredAdapter, hub: &Hub) -> Result<ResolvedModel, Failure> {
        let recorded = found.record.as_ref().map(|record| &record.base_model.model);
        let name = self.model.as_ref().or(recorded).ok_or_else(|| {
            let failure = format!("`{}` does not say which model it was made for", found.name);
            Failure::usage(failure).with_help("name the model with --model MODEL")
        })?;
        Ok(hub.resolve(name)?)
    }
}
