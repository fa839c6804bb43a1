"""What the exporters of tiny random checkpoints share: weights, tokenizers, and what transformers computes on them."""

import json
import os

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

VOCABULARY = 320
LENGTHS = (24, 13, 5)
TEXTS = [
    "the small river runs past the old mill",
    "The mill is old, and the river is small.",
    "  two  spaces, then a line\nand another",
    "Grüße, привет, 你好, नमस्ते, مرحبا 🙂",
]


def randomise(model, seed):
    """Weights that keep activations near one, attention scores spread, and every norm different from one."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                base = 0.0 if "gemma" in model.config.model_type else 1.0
                parameter.copy_(base + 0.3 * noise)
            else:
                spread = 1.5 if "q_proj" in name or "k_proj" in name else 1.0
                parameter.copy_(spread * noise / parameter.shape[1] ** 0.5)


def sentence_piece_like():
    """Gemma's kind of tokenizer.json: spaces become ▁, what the vocabulary lacks becomes bytes."""
    specials = ["<pad>", "<eos>", "<bos>", "<unk>"]
    trainer_model = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    trainer_model.normalizer = normalizers.Replace(" ", "▁")
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=specials + bytes_, show_progress=False)
    trainer_model.train_from_iterator(TEXTS[:2], trainer)
    record = json.loads(trainer_model.to_str())
    # Bytes are ordinary entries in Gemma's file, only the four control tokens are special.
    record["added_tokens"] = [token for token in record["added_tokens"] if token["content"] in specials]
    tokenizer = Tokenizer.from_str(json.dumps(record))
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    return tokenizer


def byte_level():
    """GPT-2's kind of tokenizer.json."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<unk>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS[:2], trainer)
    return tokenizer


def export(folder, model, tokenizer, seed, max_shard_size="10MB", config_as_on_the_hub=None):
    """Writes config.json, tokenizer.json, the weights, and expected.safetensors.

    expected.safetensors, for each sequence n:
      tokens.n [length], logits.n [length, vocabulary], blocks.n [layers, length, hidden] (residual stream after
      each block), final.n [length, hidden] (after the last norm), log_probabilities.n [length - 1]
    and expected_tokens.json: what the Python tokenizers library makes of a few texts.
    """
    os.makedirs(folder, exist_ok=True)
    model.eval()
    randomise(model, seed)
    model.save_pretrained(folder, max_shard_size=max_shard_size)
    path = os.path.join(folder, "generation_config.json")
    if os.path.exists(path):
        os.remove(path)
    if config_as_on_the_hub:
        # transformers 5 writes rope_parameters; checkpoints on the hub carry the older keys.
        path = os.path.join(folder, "config.json")
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
        for key in ("rope_parameters", "layer_types"):
            config.pop(key, None)
        config.update(config_as_on_the_hub)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file, indent=2, sort_keys=True)
            file.write("\n")
    tokenizer.save(os.path.join(folder, "tokenizer.json"), pretty=False)
    with open(os.path.join(folder, "expected_tokens.json"), "w", encoding="utf-8") as file:
        rows = [{"text": text, "tokens": tokenizer.encode(text).ids} for text in TEXTS]
        json.dump(rows, file, ensure_ascii=False, indent=1)
        file.write("\n")

    generator = torch.Generator().manual_seed(seed + 1)
    expected = {}
    for number, length in enumerate(LENGTHS):
        tokens = torch.randint(4, VOCABULARY, (1, length), generator=generator)
        blocks = []
        handles = [
            layer.register_forward_hook(lambda _m, _i, out: blocks.append(out[0] if isinstance(out, tuple) else out))
            for layer in model.model.layers
        ]
        with torch.no_grad():
            result = model(tokens, output_hidden_states=True, use_cache=False)
        for handle in handles:
            handle.remove()
        log_probabilities = torch.log_softmax(result.logits[0].double(), -1)[:-1]
        expected |= {
            f"tokens.{number}": tokens[0].to(torch.int32),
            f"logits.{number}": result.logits[0],
            f"blocks.{number}": torch.stack([block.reshape(length, -1) for block in blocks]),
            f"final.{number}": result.hidden_states[-1][0],
            f"log_probabilities.{number}": log_probabilities.gather(1, tokens[0][1:, None])[:, 0].float(),
        }
        top = torch.softmax(result.logits[0], -1).max(-1).values
        print(folder, length, "logit spread", round(result.logits.std().item(), 2), "top probability", round(top.mean().item(), 3))
    save_file({name: tensor.contiguous().float() for name, tensor in expected.items()}, os.path.join(folder, "expected.safetensors"))
