//! `POST /api/forced_decoding`: a given completion, token by token: how likely the model finds each
//! token, and which one it would have chosen.

use serde::{Deserialize, Serialize};

use crate::adapter::AdapterChoice;
use crate::generation::TokenLogprob;
use crate::provenance::ModelProvenance;

/// Most tokens of a completion in one request.
pub const COMPLETION_TOKENS_LIMIT: usize = 1024;

/// A prompt and the tokens that are forced upon the model after it. Token ids, not text: the same
/// text can be cut in several ways, and only the one that was generated is compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ForcedDecodingRequest {
    /// Model to use; the server's default model if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Text before the completion, tokenised as for a generation; not empty.
    pub prompt: String,
    /// Token ids of the completion, 1 to 1024.
    pub completion: Vec<u32>,
    /// Adapter to apply beside the model's weights; none if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<AdapterChoice>,
}

/// One position of the completion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForcedToken {
    /// The token that was given, with its log-probability after everything before it.
    pub given: TokenLogprob,
    /// The most likely token at this position: what greedy decoding would choose.
    pub top: TokenLogprob,
}

/// One entry per token of the completion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForcedDecodingResponse {
    /// Tokens of the prompt, a begin token counted.
    pub prompt_tokens: usize,
    /// In the order of the completion.
    pub tokens: Vec<ForcedToken>,
    /// What measured them.
    pub provenance: ModelProvenance,
}
