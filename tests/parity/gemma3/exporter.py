"""Tiny random Gemma 3 checkpoints and what transformers computes on them (`tests/tests/parity_gemma3.rs`).

    python exporter.py        needs torch, transformers, tokenizers, safetensors

Local and global layers, sequences longer than the window of 8, 4 query heads on 2 key-value heads, heads
wider than hidden/heads. `single` has its configuration as transformers 5 writes it; `sharded` lies in two
files and has the keys that checkpoints on the hub carry.
"""

import os
import sys

import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from tiny_checkpoint import VOCABULARY, export, sentence_piece_like  # noqa: E402


def config(layers, pattern):
    return Gemma3TextConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        query_pre_attn_scalar=24,
        max_position_embeddings=128,
        sliding_window=8,
        layer_types=["full_attention" if (layer + 1) % pattern == 0 else "sliding_attention" for layer in range(layers)],
        rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": 1_000_000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        },
        attn_implementation="eager",
        dtype="float32",
    )


torch.set_num_threads(1)
export(os.path.join(HERE, "single"), Gemma3ForCausalLM(config(5, 3)), sentence_piece_like(), seed=11)
export(
    os.path.join(HERE, "sharded"),
    Gemma3ForCausalLM(config(4, 2)),
    sentence_piece_like(),
    seed=12,
    max_shard_size="150KB",
    config_as_on_the_hub={"rope_theta": 1_000_000.0, "rope_local_base_freq": 10_000.0, "sliding_window_pattern": 2},
)
