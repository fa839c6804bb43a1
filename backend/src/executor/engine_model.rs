//! The engine behind the executor's traits.

use engine::adapter::AppliedAdapter;
use engine::decoder::DecoderSpec;
use engine::generate::{GenerationEvent, GenerationRequest, Generator, Prompt, SequenceId};
use engine::measure::{ForcedDecoding, log_likelihood};
use engine::{EngineError, Model};
use protocol::FieldError;

use super::model::{Forced, TextGenerator, TextModel};

/// A model of the engine.
#[derive(Clone)]
pub struct EngineModel(pub Model);

impl TextModel for EngineModel {
    fn prepare(&self, request: &mut GenerationRequest) -> Result<usize, EngineError> {
        request.validate()?;
        let tokens = match &request.prompt {
            Prompt::Text(text) => self.0.tokenizer().encode(text, true)?,
            Prompt::Tokens(tokens) => tokens.clone(),
        };
        let (count, context) = (tokens.len(), self.0.context_length());
        // One position must be left for the first new token.
        if count >= context {
            return Err(EngineError::ContextOverflow {
                field: "prompt".into(),
                tokens: count,
                context,
            });
        }
        request.prompt = Prompt::Tokens(tokens);
        Ok(count)
    }

    fn check_texts(&self, texts: &[String]) -> Result<(), EngineError> {
        let context = self.0.context_length();
        for (index, text) in texts.iter().enumerate() {
            let field = format!("texts[{index}]");
            if text.is_empty() {
                return Err(FieldError::new(field, "must not be empty").into());
            }
            let tokens = self.0.tokenizer().encode(text, true)?.len();
            if tokens > context {
                return Err(EngineError::ContextOverflow {
                    field,
                    tokens,
                    context,
                });
            }
        }
        Ok(())
    }

    fn check_forced(&self, prompt: &str, completion: &[u32]) -> Result<(), EngineError> {
        ForcedDecoding::new(&self.0, prompt, completion).map(drop)
    }

    fn spec(&self) -> Option<&DecoderSpec> {
        Some(self.0.spec())
    }

    fn generator(&self) -> Result<Box<dyn TextGenerator>, EngineError> {
        Ok(Box::new(EngineGenerator {
            model: self.0.clone(),
            generator: Generator::new(&self.0)?,
        }))
    }
}

struct EngineGenerator {
    model: Model,
    generator: Generator,
}

impl TextGenerator for EngineGenerator {
    fn submit(&mut self, request: GenerationRequest) -> Result<SequenceId, EngineError> {
        self.generator.submit(request)
    }

    fn step(&mut self) -> Result<Vec<(SequenceId, GenerationEvent)>, EngineError> {
        pollster::block_on(self.generator.step())
    }

    fn cancel(&mut self, id: SequenceId) {
        self.generator.cancel(id);
    }

    fn log_probabilities(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EngineError> {
        let scored = pollster::block_on(log_likelihood(&self.model, texts))?;
        Ok(scored
            .into_iter()
            .map(|scored| scored.log_probabilities)
            .collect())
    }

    fn forced_decoding(
        &mut self,
        prompt: &str,
        completion: &[u32],
        adapter: Option<&AppliedAdapter>,
    ) -> Result<Forced, EngineError> {
        let mut forced = ForcedDecoding::new(&self.model, prompt, completion)?;
        let runner = self.generator.runner(adapter)?;
        while !pollster::block_on(forced.step(runner))? {}
        Ok(Forced {
            prompt_tokens: forced.prompt_tokens(),
            tokens: forced.finish(),
        })
    }
}
