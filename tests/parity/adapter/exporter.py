"""Adapters of the tiny checkpoints, made by PEFT, and what transformers computes with them (`adapter/mod.rs`).

    python exporter.py                    writes llama/ and gemma3/; needs torch, transformers, peft, safetensors
    python exporter.py check DIRECTORY    loads what `adapter::ours_load_in_peft` left in DIRECTORY with PEFT

All seven maps of every block, B as far from zero as A. `gemma3` is rank-stabilised and in half precision.
expected.safetensors: tokens [length], base [length, vocabulary], adapted [length, vocabulary].
"""

import os
import shutil
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
BASES = {"llama": "llama/untied", "gemma3": "gemma3/single"}
MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
VOCABULARY = 320
LENGTH = 21


def base(name):
    folder = os.path.join(os.path.dirname(HERE), BASES[name])
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    return model.eval()


def logits(model, tokens):
    with torch.no_grad():
        return model(tokens, use_cache=False).logits[0].float().contiguous()


def make(name, seed, **settings):
    folder = os.path.join(HERE, name)
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(4, VOCABULARY, (1, LENGTH), generator=generator)
    expected = {"tokens": tokens[0].float(), "base": logits(base(name), tokens)}
    config = LoraConfig(target_modules=MODULES, lora_dropout=0.05, task_type="CAUSAL_LM", **settings)
    model = get_peft_model(base(name), config)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_" in key:
                value = 0.3 * torch.randn(parameter.shape, generator=generator) / parameter.shape[1] ** 0.5
                # What half precision can hold, so that the file loses nothing.
                parameter.copy_(value.half().float())
    expected["adapted"] = logits(model.eval(), tokens)
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "README.md"))
    config = os.path.join(folder, "adapter_config.json")
    with open(config, encoding="utf-8") as file:
        text = file.read()
    with open(config, "w", encoding="utf-8") as file:
        file.write(text.replace(os.path.join(os.path.dirname(HERE), BASES[name]), BASES[name]))
    if name == "gemma3":
        path = os.path.join(folder, "adapter_model.safetensors")
        save_file({key: tensor.half() for key, tensor in load_file(path).items()}, path, metadata={"format": "pt"})
    save_file(expected, os.path.join(folder, "expected.safetensors"))
    print(name, "change", (expected["adapted"] - expected["base"]).abs().max().item())


def check(directory):
    for name in BASES:
        folder = os.path.join(directory, name)
        expected = load_file(os.path.join(folder, "expected.safetensors"))
        model = PeftModel.from_pretrained(base(name), folder).eval()
        ours, theirs = expected["adapted"], logits(model, expected["tokens"].long()[None])
        worst = (ours - theirs).abs().max().item()
        print(name, "largest error", worst)
        assert worst <= 1e-4, name


torch.set_num_threads(1)
if sys.argv[1:2] == ["check"]:
    check(sys.argv[2])
else:
    make("llama", 31, r=4, lora_alpha=6)
    make("gemma3", 32, r=3, lora_alpha=4, use_rslora=True)
