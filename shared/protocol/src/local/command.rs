//! What the page asks of the worker.

use serde::{Deserialize, Serialize};

use super::device::DeviceChoice;
use crate::api::forced_decoding::ForcedDecodingRequest;
use crate::api::generate::GenerateRequest;
use crate::api::score::ScoreRequest;

/// A message to the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// The first message. Answered by `Capabilities`, again whenever it is sent.
    Start {
        /// Origin of the server, such as `http://127.0.0.1:8080`; addresses like `/api/models`
        /// are appended to it.
        api_base: String,
    },
    /// Download what is missing of a model, and load it. A model that is already loaded on a
    /// device that suits the choice is loaded again only if its files have changed.
    Load {
        /// Identifier of the model.
        model: String,
        /// Where it is to run.
        device: DeviceChoice,
        /// Why the graphics card was lost, each time since the user asked for this. The page
        /// leaves it empty; its client fills it when it loads again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lost: Vec<String>,
    },
    /// Break off the load under way; whole parts that were downloaded are kept. Answered by
    /// `LoadCancelled`, or not at all where nothing is being loaded.
    CancelLoad,
    /// Continue a prompt with the loaded model. `request.model` and `request.stream` are not
    /// looked at; `request.adapter` is fetched from the server first. Answered by `Generation` events, the same as the server streams.
    Generate {
        /// Chosen by the page, not in use.
        id: u64,
        /// As it would be sent to the server.
        request: GenerateRequest,
    },
    /// End a generation or a forced decoding after its current step. A generation then ends with a
    /// `Done` of reason `cancelled`, a forced decoding with `Failed`.
    Stop {
        /// Of the generation.
        id: u64,
    },
    /// Force a completion upon the loaded model. Answered by `Forced` or `Failed`.
    Force {
        /// Chosen by the page, not in use.
        id: u64,
        /// As it would be sent to the server; `request.model` is not looked at.
        request: ForcedDecodingRequest,
    },
    /// Say how toxic texts are; no model needs to be loaded. Answered by `Scored` or `Failed`.
    Score {
        /// Chosen by the page, not in use.
        id: u64,
        /// As it would be sent to the server; the scorer must be `ngram` or absent.
        request: ScoreRequest,
    },
    /// Say which language a text is in; no model needs to be loaded. Answered by `Identified`.
    Identify {
        /// Chosen by the page, not in use.
        id: u64,
        /// The text.
        text: String,
    },
    /// Delete a model's files from this browser. Answered by `Removed`; a loaded model stays in
    /// memory.
    Remove {
        /// Identifier of the model.
        model: String,
    },
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn commands_survive_the_way() {
        let commands = [
            Command::Start {
                api_base: "http://127.0.0.1:8080".into(),
            },
            Command::Load {
                model: "a".into(),
                device: DeviceChoice::WebGpu,
                lost: vec!["driver reset".into()],
            },
            Command::CancelLoad,
            Command::Generate {
                id: 7,
                request: GenerateRequest {
                    prompt: "مرحبا".into(),
                    ..GenerateRequest::default()
                },
            },
            Command::Identify {
                id: 8,
                text: "Как дела?".into(),
            },
        ];
        for command in commands {
            let text = serde_json::to_string(&command).unwrap();
            assert_eq!(serde_json::from_str::<Command>(&text).unwrap(), command);
        }
        assert_eq!(
            serde_json::to_string(&Command::Load {
                model: "a".into(),
                device: DeviceChoice::Auto,
                lost: Vec::new(),
            })
            .unwrap(),
            r#"{"type":"load","model":"a","device":"auto"}"#
        );
    }
}
