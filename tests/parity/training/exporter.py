"""One training batch of the tiny checkpoints with PyTorch and PEFT (`training/mod.rs`).

    python exporter.py      writes llama/ and gemma3/; needs torch, transformers, peft, safetensors

Starts from the adapters in ../adapter, dropout 0. batch.safetensors: tokens.N of three sequences of different lengths,
loss [1] (mean over all target tokens). gradients.safetensors: gradient of that loss with respect to every factor, and
updated.safetensors: the factors after three updates by AdamW (learning rate 1e-2, weight decay 0.1, gradients clipped
to norm 1) on the same batch; both under PEFT's names, in the layout of an adapter.
"""

import os

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
PARITY = os.path.dirname(HERE)
BASES = {"llama": "llama/untied", "gemma3": "gemma3/single"}
VOCABULARY = 320
LENGTHS = (17, 5, 11)


def batch(seed):
    """Padded on the right, as a collator does it: tokens, mask, labels."""
    generator = torch.Generator().manual_seed(seed)
    sequences = [torch.randint(4, VOCABULARY, (length,), generator=generator) for length in LENGTHS]
    tokens = torch.zeros(len(LENGTHS), max(LENGTHS), dtype=torch.long)
    mask = torch.zeros_like(tokens)
    labels = torch.full_like(tokens, -100)
    for row, sequence in enumerate(sequences):
        tokens[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
        labels[row, : len(sequence)] = sequence
    return sequences, {"input_ids": tokens, "attention_mask": mask, "labels": labels}


def export(name, seed):
    base = AutoModelForCausalLM.from_pretrained(
        os.path.join(PARITY, BASES[name]), dtype=torch.float32, attn_implementation="eager"
    )
    model = PeftModel.from_pretrained(base, os.path.join(PARITY, "adapter", name), is_trainable=True).train()
    factors = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    for parameter in factors:
        parameter.data = parameter.data.float()
    sequences, inputs = batch(seed)
    folder = os.path.join(HERE, name)
    os.makedirs(folder, exist_ok=True)
    optimiser = torch.optim.AdamW(factors, lr=1e-2, weight_decay=0.1)
    for step in range(3):
        optimiser.zero_grad()
        loss = model(**inputs, use_cache=False).loss
        loss.backward()
        if step == 0:
            record = {f"tokens.{number}": sequence.float() for number, sequence in enumerate(sequences)}
            record["loss"] = loss.detach().reshape(1)
            save_file(record, os.path.join(folder, "batch.safetensors"))
            values = {key: parameter.grad for key, parameter in model.named_parameters() if parameter.grad is not None}
            state = get_peft_model_state_dict(model, state_dict=values)
            save_file({key: value.contiguous() for key, value in state.items()}, os.path.join(folder, "gradients.safetensors"))
        norm = torch.nn.utils.clip_grad_norm_(factors, 1.0)
        print(name, "loss", loss.item(), "norm", norm.item())
        optimiser.step()
    state = get_peft_model_state_dict(model)
    save_file({key: value.contiguous() for key, value in state.items()}, os.path.join(folder, "updated.safetensors"))


torch.set_num_threads(1)
export("llama", 41)
export("gemma3", 42)
