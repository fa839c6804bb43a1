"""Tiny random Llama checkpoints and what transformers computes on them (`tests/tests/parity_llama.rs`).

    python exporter.py        needs torch, transformers, tokenizers, safetensors

4 query heads on 2 key-value heads. `tied` shares embedding and head and has its configuration as
transformers 5 writes it; `untied` has its own head, another rotary base, heads wider than hidden/heads, lies
in two files and has the keys that checkpoints on the hub carry.
"""

import os
import sys

import torch
from transformers import LlamaConfig, LlamaForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from tiny_checkpoint import VOCABULARY, byte_level, export  # noqa: E402


def config(theta, head_dim, tied):
    return LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=head_dim,
        max_position_embeddings=128,
        rms_norm_eps=1e-5,
        tie_word_embeddings=tied,
        rope_parameters={"rope_type": "default", "rope_theta": theta},
        bos_token_id=1,
        eos_token_id=2,
        attn_implementation="eager",
        dtype="float32",
    )


torch.set_num_threads(1)
export(os.path.join(HERE, "tied"), LlamaForCausalLM(config(10_000.0, 8, True)), byte_level(), seed=21)
export(
    os.path.join(HERE, "untied"),
    LlamaForCausalLM(config(500_000.0, 16, False)),
    byte_level(),
    seed=22,
    max_shard_size="150KB",
    config_as_on_the_hub={"rope_theta": 500_000.0, "rope_scaling": None},
)
