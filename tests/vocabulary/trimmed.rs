//! A trimmed model is the full one, renormalised over the kept tokens.

use std::fs;

use backend::hub::FileSource;
use engine::checkpoint::ByteSource;
use engine::checkpoint::gguf::Gguf;
use engine::runner::{Chunk, Runner};
use engine::tokenizer::Tokenizer;
use engine::trim::{Provenance, Selector, plan, write};
use engine::{LoadOptions, Model, WeightFormat};
use protocol::language::Language;

use crate::source;

/// In seven languages; what the vocabulary is trimmed to, and what is then scored.
const TEXTS: [&str; 8] = [
    "The capital of France is Paris, and its people like the river.",
    "Heute Morgen hat es geregnet, aber jetzt scheint die Sonne.",
    "Mañana iremos al mercado a comprar pan, queso y aceitunas.",
    "Сегодня утром шёл дождь, а теперь светит солнце.",
    "السلام عليكم ورحمة الله وبركاته",
    "नमस्ते, आप कैसे हैं?",
    "今天早上下雨了，但是现在出太阳了。",
    "def f(x):\n    return x + 1  # 😀 12345",
];

fn load(source: &dyn ByteSource) -> Model {
    let options = LoadOptions {
        device: burn::tensor::Device::flex(),
        weights: WeightFormat::AsStored,
    };
    Model::from_gguf(source, &options).unwrap()
}

/// Logits after every token, row by row.
fn logits(runner: &mut Runner, tokens: &[u32]) -> Vec<f32> {
    let mut cache = runner.new_cache(tokens.len()).unwrap();
    let mut chunks = [Chunk {
        tokens,
        cache: &mut cache,
    }];
    let hidden = pollster::block_on(runner.forward(&mut chunks)).unwrap();
    let rows: Vec<usize> = (0..tokens.len()).collect();
    pollster::block_on(runner.logits(&hidden, &rows)).unwrap()
}

fn log_probabilities(logits: impl Iterator<Item = f32> + Clone) -> Vec<f64> {
    let logits = logits.map(f64::from);
    let greatest = logits.clone().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.clone().map(|value| (value - greatest).exp()).sum();
    logits.map(|value| value - greatest - sum.ln()).collect()
}

fn renormalises(id: &str) {
    let Some(full_source) = source(id) else {
        return;
    };
    let file = Gguf::open(&full_source).unwrap();
    let tokenizer = Tokenizer::from_gguf(file.metadata(), id).unwrap();
    let mut selector = Selector::new(&tokenizer);
    for text in TEXTS {
        selector.add(text).unwrap();
    }
    let scripts = Language::ALL.map(Language::script);
    let selection = selector.finish(file.metadata(), &scripts).unwrap();
    let provenance = Provenance {
        source_sha256: String::new(),
        corpus_sha256: String::new(),
        corpus_texts: TEXTS.len() as u64,
        languages: Vec::new(),
    };
    let metadata = plan(file.metadata(), &selection, &provenance).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("trimmed.gguf");
    let sink = fs::File::create(&path).unwrap();
    write(&full_source, &selection, &metadata, sink).unwrap();

    let full = load(&full_source);
    let trimmed = load(&FileSource::open(&path).unwrap());
    assert!(trimmed.vocabulary_size() * 3 < full.vocabulary_size() * 2);
    assert_eq!(trimmed.vocabulary_size(), selection.kept().len());
    let mut full_runner = Runner::new(&full).unwrap();
    let mut trimmed_runner = Runner::new(&trimmed).unwrap();
    for text in TEXTS {
        let old = full.tokenizer().encode(text, true).unwrap();
        let new = trimmed.tokenizer().encode(text, true).unwrap();
        let renumbered: Option<Vec<u32>> =
            old.iter().map(|&token| selection.renumber(token)).collect();
        assert_eq!(renumbered.as_ref(), Some(&new), "{text}");
        assert_eq!(trimmed.tokenizer().decode(&new), text);

        let old = logits(&mut full_runner, &old);
        let new = logits(&mut trimmed_runner, &new);
        let old_rows = old.chunks_exact(full.vocabulary_size());
        let new_rows = new.chunks_exact(trimmed.vocabulary_size());
        assert_eq!(old_rows.len(), new_rows.len());
        for (old, new) in old_rows.zip(new_rows) {
            let kept = selection.kept().iter().map(|&token| old[token as usize]);
            let expected = log_probabilities(kept);
            let found = log_probabilities(new.iter().copied());
            let difference = expected.iter().zip(&found).map(|(a, b)| (a - b).abs());
            let difference = difference.fold(0.0, f64::max);
            assert!(difference < 1e-4, "{text}: {difference}");
        }
    }
}

#[test]
fn gemma_trimmed_is_gemma_renormalised() {
    renormalises("gemma-3-270m");
}

#[test]
fn smollm2_trimmed_is_smollm2_renormalised() {
    renormalises("smollm2-135m-instruct");
}
