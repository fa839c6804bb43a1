"""PyTorch + transformers with the weights of a GGUF file: prints one JSON object of raw measurements.

    python pytorch_peer.py FILE.gguf --threads 2 --dtype float32 --batch 8 --length 64 --repeat 3

score: perplexity of a batch of texts, tokens a second of the forward pass, the log-softmax and the gathering of
every token's log-probability. The log-probabilities' sum is printed so that the driver can compare results.
"""

import argparse
import json
import resource
import time


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_rss():
    with open("/proc/self/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return 0


def gemma3(reader, value, tensors):
    """Gemma 3's GGUF tensors under transformers' names; GGUF stores norm weights with the 1 added."""
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    layers = value("gemma3.block_count")
    config = Gemma3TextConfig(
        vocab_size=tensors["token_embd.weight"].shape[0],
        hidden_size=value("gemma3.embedding_length"),
        intermediate_size=value("gemma3.feed_forward_length"),
        num_hidden_layers=layers,
        num_attention_heads=value("gemma3.attention.head_count"),
        num_key_value_heads=value("gemma3.attention.head_count_kv"),
        head_dim=value("gemma3.attention.key_length"),
        query_pre_attn_scalar=value("gemma3.attention.key_length"),
        sliding_window=value("gemma3.attention.sliding_window"),
        rms_norm_eps=value("gemma3.attention.layer_norm_rms_epsilon"),
        layer_types=["full_attention" if (layer + 1) % 6 == 0 else "sliding_attention" for layer in range(layers)],
        rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": value("gemma3.rope.freq_base")},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        },
    )
    names = {
        "attn_norm": "input_layernorm",
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "attn_q_norm": "self_attn.q_norm",
        "attn_k_norm": "self_attn.k_norm",
        "post_attention_norm": "post_attention_layernorm",
        "ffn_norm": "pre_feedforward_layernorm",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
        "post_ffw_norm": "post_feedforward_layernorm",
    }
    state = {"model.embed_tokens.weight": tensors["token_embd.weight"], "model.norm.weight": tensors["output_norm.weight"] - 1}
    for layer in range(layers):
        for theirs, ours in names.items():
            tensor = tensors[f"blk.{layer}.{theirs}.weight"]
            state[f"model.layers.{layer}.{ours}.weight"] = tensor - 1 if tensor.dim() == 1 else tensor
    return Gemma3ForCausalLM, config, state


def llama(reader, value, tensors):
    """Llama's GGUF tensors under transformers' names; GGUF permutes query and key rows for interleaved RoPE."""
    from transformers import LlamaConfig, LlamaForCausalLM

    heads, kv_heads = value("llama.attention.head_count"), value("llama.attention.head_count_kv")
    layers = value("llama.block_count")
    tied = "output.weight" not in tensors
    config = LlamaConfig(
        vocab_size=tensors["token_embd.weight"].shape[0],
        hidden_size=value("llama.embedding_length"),
        intermediate_size=value("llama.feed_forward_length"),
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        rms_norm_eps=value("llama.attention.layer_norm_rms_epsilon"),
        tie_word_embeddings=tied,
        rope_parameters={"rope_type": "default", "rope_theta": value("llama.rope.freq_base")},
    )

    def half_split(tensor, count):
        rows, cols = tensor.shape
        return tensor.reshape(count, rows // count // 2, 2, cols).transpose(1, 2).reshape(rows, cols)

    names = {
        "attn_norm": "input_layernorm",
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "ffn_norm": "post_attention_layernorm",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    }
    state = {"model.embed_tokens.weight": tensors["token_embd.weight"], "model.norm.weight": tensors["output_norm.weight"]}
    if not tied:
        state["lm_head.weight"] = tensors["output.weight"]
    for layer in range(layers):
        for theirs, ours in names.items():
            tensor = tensors[f"blk.{layer}.{theirs}.weight"]
            if theirs in ("attn_q", "attn_k"):
                tensor = half_split(tensor, heads if theirs == "attn_q" else kv_heads)
            state[f"model.layers.{layer}.{ours}.weight"] = tensor
    return LlamaForCausalLM, config, state


def load(path, dtype):
    import gguf
    import torch

    reader = gguf.GGUFReader(path)

    def value(key):
        return reader.fields[key].contents()

    tensors = {}
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        shape = [int(size) for size in reversed(tensor.shape)]
        tensors[tensor.name] = torch.from_numpy(values.reshape(shape).copy())
    families = {"gemma3": gemma3, "llama": llama}
    architecture = value("general.architecture")
    if architecture not in families:
        raise SystemExit(f"{architecture} is not known here")
    kind, config, state = families[architecture](reader, value, tensors)
    model = kind(config)
    missing, unexpected = model.load_state_dict(state, strict=False)
    missing = [name for name in missing if name != "lm_head.weight" or not config.tie_word_embeddings]
    if missing or unexpected:
        raise SystemExit(f"weights do not fit: missing {missing}, unexpected {unexpected}")
    model.tie_weights()
    return model.to(dtype).eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gguf")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()

    import torch
    import transformers

    torch.set_num_threads(arguments.threads)
    model = load(arguments.gguf, getattr(torch, arguments.dtype))
    vocabulary = model.config.vocab_size
    rows = [
        [(1000 + (position * 7919 + sequence * 104729) % 40000) % vocabulary for position in range(arguments.length)]
        for sequence in range(arguments.batch)
    ]
    tokens = torch.tensor(rows)

    def score():
        logits = model(tokens, use_cache=False).logits[:, :-1].float()
        return torch.log_softmax(logits, -1).gather(2, tokens[:, 1:, None])[..., 0]

    def score_in_pieces():
        """As `score`, the log-softmax without a second tensor of the logits' size: the faster way to write it."""
        hidden = model.model(tokens, use_cache=False).last_hidden_state[:, :-1].reshape(-1, model.config.hidden_size)
        targets = tokens[:, 1:].reshape(-1)
        parts = []
        for start in range(0, len(targets), 64):
            logits = model.lm_head(hidden[start : start + 64]).float()
            chosen = logits.gather(1, targets[start : start + 64, None])[:, 0]
            parts.append(chosen - torch.logsumexp(logits, -1))
        return torch.cat(parts)

    runs = []
    with torch.inference_mode():
        model(tokens[:1, :8], use_cache=False)
        for _ in range(arguments.repeat):
            for function in (score, score_in_pieces):
                begin, cpu = time.perf_counter(), cpu_seconds()
                total = float(function().sum())
                runs.append(
                    {
                        "way": function.__name__,
                        "tokens": arguments.batch * arguments.length,
                        "seconds": time.perf_counter() - begin,
                        "cpu_seconds": cpu_seconds() - cpu,
                        "log_probability_sum": total,
                    }
                )
    best = min(runs, key=lambda run: run["seconds"])
    print(
        json.dumps(
            {
                "peer": f"PyTorch {torch.__version__.split('+')[0]} + transformers {transformers.__version__}, {arguments.dtype}",
                "score": best,
                "runs": runs,
                "peak_rss": peak_rss(),
            }
        )
    )


if __name__ == "__main__":
    main()
