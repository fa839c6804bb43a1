//! How a request to a model ends badly.

use engine::EngineError;

/// Why a request that had a place did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The engine refused or failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine panicked; the model has been started anew for later requests.
    #[error("the engine failed in the middle of this request: {0}")]
    Panicked(String),
    /// The events were not read for so long that the place was given to others.
    #[error("the stream was not read for {0} seconds")]
    SlowReader(u64),
    /// The server is being stopped.
    #[error("the server is being stopped")]
    ShuttingDown,
}

/// Why a request got no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request itself is wrong.
    #[error(transparent)]
    Request(#[from] EngineError),
    /// Every place is taken.
    #[error("all {places} places are taken; try again in {retry_after} s")]
    Full {
        /// Places there are, running and waiting together.
        places: usize,
        /// Seconds after which a place is likely to be free.
        retry_after: u64,
    },
    /// The engine has failed for good.
    #[error("the engine of this model has failed and is not running")]
    Failed,
    /// The server is being stopped.
    #[error("the server is being stopped")]
    ShuttingDown,
}
