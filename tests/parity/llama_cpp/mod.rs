//! Real files against llama.cpp, whose results `exporter.py` recorded: tokens of the prompts, 32
//! forced steps each, log-probabilities of sentences.
//!
//! The reference is llama.cpp on the same weights in single precision. On the quantised file itself
//! llama.cpp rounds activations to eight bits and agrees with itself no better than the records
//! under `llama_cpp_against_itself` say (94 % of Gemma's steps), so nothing can be asked of it.
//!
//! The engine runs the file twice: with its weights in single precision, which shows that the model
//! is computed right, and packed, as it is served.

mod forced_decoding;
mod record;

use std::path::PathBuf;

use backend::hub::{FileSource, Hub, ModelFiles, ModelId};
use engine::{LoadOptions, Model, WeightFormat};

use record::Record;

/// Least share of steps with the reference's token. Measured: all 1120 of Gemma's in single
/// precision, 1119 packed.
const AGREEMENT: f64 = 0.99;
/// Largest error of one token's log-probability. Measured: 0.0041, packed 0.0050.
const LOG_PROBABILITY: f32 = 0.01;
/// Largest error of a sentence's mean log-probability. Measured: 0.0008, packed 0.0011.
const MEAN_LOG_PROBABILITY: f32 = 0.002;

/// The file of that model, from the hub of this user; says why its test is skipped where it is not there.
fn source(id: &str) -> Option<FileSource> {
    let data_dir = std::env::var_os("POLYDETOX_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| dirs::data_dir().map(|path| path.join("polydetox")))
        .unwrap();
    let resolved = Hub::new(&data_dir)
        .unwrap()
        .resolve_id(&ModelId::new(id).unwrap());
    let path = match resolved.map(|model| model.files) {
        Ok(ModelFiles::Gguf(path)) => path,
        Ok(ModelFiles::Safetensors { .. }) => panic!("{id} is a GGUF model"),
        Err(error) => {
            println!("skipped: {error}");
            return None;
        }
    };
    Some(FileSource::open(&path).unwrap())
}

fn load(source: &FileSource, weights: WeightFormat) -> Model {
    let options = LoadOptions {
        device: burn::tensor::Device::flex(),
        weights,
    };
    Model::from_gguf(source, &options).unwrap()
}

#[test]
fn gemma_3_270m() {
    agrees("gemma-3-270m");
}

#[test]
fn smollm2_135m_instruct() {
    agrees("smollm2-135m-instruct");
}

fn agrees(id: &str) {
    let Some(source) = source(id) else { return };
    let record = Record::read(id);
    let exact = load(&source, WeightFormat::Dense);
    for text in record.texts() {
        let tokens = exact.tokenizer().encode(text.text, true).unwrap();
        assert_eq!(tokens, text.tokens, "tokens of {:?}", text.text);
    }
    forced_decoding::prompts_at_once(&exact, &record);
    record.check_log_probabilities(&exact);
    drop(exact);
    let packed = load(&source, WeightFormat::AsStored);
    forced_decoding::prompts_at_once(&packed, &record);
    forced_decoding::token_by_token(&packed, &record);
    record.check_log_probabilities(&packed);
}
