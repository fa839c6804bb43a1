//! What each fuzz target does with its bytes. The ordinary tests run the same functions over the
//! committed corpus and over seeded mutations of it.

use engine::checkpoint::gguf::Gguf;
use engine::checkpoint::gguf::writer::{PlannedTensor, Writer};
use engine::checkpoint::safetensors::{Safetensors, ShardIndex};
use engine::checkpoint::{MemorySource, TensorStore};
use engine::tokenizer::Tokenizer;

/// A text with several scripts, a control token's name, a line end and an emoji of two code points.
const TEXT: &str = "Hello नमस्ते مرحبا 你好 <eos>\n👩🏽  a1";

/// A GGUF file. If it opens, its tensors can be read, and written it gives the same file again.
pub fn gguf(bytes: &[u8]) {
    let source = MemorySource::new("fuzz", bytes.to_vec());
    let Ok(file) = Gguf::open(&source) else {
        return;
    };
    read_all(&file);
    let once = rewritten(&file);
    let source = MemorySource::new("fuzz", once.clone());
    let again = Gguf::open(&source).map(|file| rewritten(&file));
    assert_eq!(again, Ok(once));
}

/// A safetensors file.
pub fn safetensors(bytes: &[u8]) {
    let source = MemorySource::new("fuzz", bytes.to_vec());
    if let Ok(store) = Safetensors::open(&source) {
        read_all(&store);
    }
}

/// The index of a sharded checkpoint: a shard's name never leads out of its directory.
pub fn shard_index(bytes: &[u8]) {
    if let Ok(index) = ShardIndex::parse(bytes, "fuzz") {
        for shard in index.shards() {
            assert_eq!(
                std::path::Path::new(shard).file_name(),
                Some(shard.as_ref())
            );
        }
    }
}

/// A `tokenizer.json`.
pub fn tokenizer_json(bytes: &[u8]) {
    if let Ok(tokenizer) = Tokenizer::from_json(bytes, "fuzz") {
        tokenise(&tokenizer);
    }
}

/// The tokenizer in the metadata of a GGUF file.
pub fn gguf_tokenizer(bytes: &[u8]) {
    let source = MemorySource::new("fuzz", bytes.to_vec());
    if let Ok(file) = Gguf::open(&source)
        && let Ok(tokenizer) = Tokenizer::from_gguf(file.metadata(), "fuzz")
    {
        tokenise(&tokenizer);
    }
}

/// Tokens are in the vocabulary, and every token can be turned back.
fn tokenise(tokenizer: &Tokenizer) {
    if let Ok(tokens) = tokenizer.encode(TEXT, true) {
        let vocabulary = tokenizer.vocabulary_size();
        assert!(tokens.iter().all(|&token| (token as usize) < vocabulary));
        tokenizer.decode(&tokens);
        for &token in &tokens {
            tokenizer.token_bytes(token);
            tokenizer.token_text(token);
        }
    }
}

/// Reads every tensor; the cheap check and the unpacking agree on whether it is finite.
fn read_all(store: &dyn TensorStore) {
    for name in store.names() {
        let info = store.info(name);
        let tensor = store.read(name);
        assert!(tensor.is_ok(), "{tensor:?}");
        if let (Ok(tensor), Some(info)) = (tensor, info) {
            assert_eq!(&tensor.info, info);
            match (tensor.check_finite(), tensor.to_f32()) {
                (Ok(()), Ok(values)) => assert!(values.iter().all(|value| value.is_finite())),
                (check, unpacked) => assert_eq!(check.err(), unpacked.err()),
            }
        }
    }
}

fn rewritten(file: &Gguf<'_>) -> Vec<u8> {
    let plan: Vec<PlannedTensor> = file
        .tensors()
        .iter()
        .map(|info| PlannedTensor {
            name: info.name.clone(),
            kind: info.kind,
            shape: info.shape.clone(),
        })
        .collect();
    let write = || {
        let mut writer = Writer::new(Vec::new(), file.metadata(), &plan)?;
        for tensor in &plan {
            if let Ok(stored) = file.read(&tensor.name) {
                writer.tensor(&tensor.name, &stored.bytes)?;
            }
        }
        writer.finish()
    };
    let written = write();
    assert!(written.is_ok(), "{:?}", written.err());
    written.unwrap_or_default()
}
