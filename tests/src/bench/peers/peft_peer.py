"""PyTorch + transformers + PEFT with the weights of a GGUF file: prints one JSON object of raw measurements.

    python peft_peer.py FILE.gguf --threads 2

train: three updates of a LoRA adapter (rank 16, alpha 32, dropout 0.05, q/k/v/o) on 24 made-up texts of 12 to 42 tokens
in two batches padded to their longest text, AdamW, gradients clipped to norm 1, after one update that is not measured.
Tokens are counted without padding. Texts are sorted by length, which spares padding. The first loss is printed so that
the driver can compare results.
"""

import argparse
import json
import time

from pytorch_peer import cpu_seconds, load, peak_rss

TEXTS, BATCH, UPDATES = 24, 12, 3


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gguf")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    import peft
    import torch

    torch.set_num_threads(arguments.threads)
    model = load(arguments.gguf, torch.float32)
    vocabulary = model.config.vocab_size
    modules = ["q_proj", "k_proj", "v_proj", "o_proj"]
    config = peft.LoraConfig(r=16, lora_alpha=32, lora_dropout=0.05, target_modules=modules, task_type="CAUSAL_LM")
    model = peft.get_peft_model(model, config).train()
    texts = [
        [(1000 + (position * 7919 + text * 104729) % 40000) % vocabulary for position in range(12 + text * 11 % 31)]
        for text in range(TEXTS)
    ]
    tokens = sum(map(len, texts))
    targets = tokens - len(texts)
    texts.sort(key=len)
    batches = []
    for start in range(0, TEXTS, BATCH):
        part = texts[start : start + BATCH]
        longest = max(map(len, part))
        inputs = torch.tensor([text + [0] * (longest - len(text)) for text in part])
        mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in part])
        batches.append((inputs, mask, inputs.masked_fill(mask == 0, -100)))
    factors = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(factors, lr=2e-4, weight_decay=0.0)

    def update():
        total = 0.0
        optimiser.zero_grad()
        for inputs, mask, labels in batches:
            result = model(input_ids=inputs, attention_mask=mask, labels=labels, num_items_in_batch=targets, use_cache=False)
            result.loss.backward()
            total += float(result.loss.detach())
        torch.nn.utils.clip_grad_norm_(factors, 1.0)
        optimiser.step()
        return total

    loss = update()
    begin, cpu = time.perf_counter(), cpu_seconds()
    for _ in range(UPDATES):
        update()
    figure = {
        "tokens": tokens * UPDATES,
        "seconds": time.perf_counter() - begin,
        "cpu_seconds": cpu_seconds() - cpu,
        "loss": loss,
        "peak_rss": peak_rss(),
    }
    print(json.dumps({"peer": f"PyTorch {torch.__version__.split('+')[0]} + PEFT {peft.__version__}", "train": figure}))


if __name__ == "__main__":
    main()
