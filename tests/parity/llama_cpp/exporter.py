"""Writes what llama.cpp computes on the real files: the reference of `tests/tests/parity_llama_cpp.rs`.

    python exporter.py gemma-3-270m FILE.gguf          -> gemma-3-270m.json
    python exporter.py smollm2-135m-instruct FILE.gguf -> smollm2-135m-instruct.json

Needs llama-cpp-python and gguf. The reference reads each prompt as one batch, then decodes 32 greedy
tokens one by one (one thread, no flash attention, 16-bit KV cache: llama.cpp's defaults otherwise).

The same token sequences are then forced through llama.cpp's other ways of computing the same thing, to
learn how far llama.cpp agrees with itself. On the quantised file it does not: it rounds activations to
eight bits, every difference in the last bit flips some of those roundings, and 6 % of Gemma's steps choose
another token. The run on the same weights in single precision is therefore recorded beside it, step by
step: it is the function that the file stands for, and the reference for an engine's exact path.
"""

import argparse
import ctypes
import json
import os
import tempfile

import gguf
import llama_cpp
import numpy as np

from prompts import PROMPTS, SENTENCES

STEPS = 32
CONTEXT = 512
F32 = 0  # ggml's number of the type


@ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
def silent(_level, _text, _data):
    pass


class LlamaCpp:
    """One GGUF file in llama.cpp, one sequence at a time."""

    def __init__(self, path, repack=True, kv_f32=False):
        parameters = llama_cpp.llama_model_default_params()
        parameters.use_extra_bufts = repack
        self.model = llama_cpp.llama_model_load_from_file(path.encode(), parameters)
        if not self.model:
            raise SystemExit(f"llama.cpp cannot load {path}")
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.vocabulary_size = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = CONTEXT
        parameters.n_batch = CONTEXT
        parameters.n_ubatch = CONTEXT
        parameters.n_threads = 1
        parameters.n_threads_batch = 1
        parameters.flash_attn_type = 0
        if kv_f32:
            parameters.type_k = parameters.type_v = F32
        self.context = llama_cpp.llama_init_from_model(self.model, parameters)
        self.batch = llama_cpp.llama_batch_init(CONTEXT, 0, 1)

    def close(self):
        llama_cpp.llama_batch_free(self.batch)
        llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model)

    def tokenise(self, text):
        data = text.encode()
        tokens = (llama_cpp.llama_token * (len(data) + 8))()
        count = llama_cpp.llama_tokenize(self.vocabulary, data, len(data), tokens, len(tokens), True, False)
        if count < 0:
            raise SystemExit(f"not tokenised: {text}")
        return list(tokens[:count])

    def forget(self):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)

    def logits(self, tokens, start, wanted):
        """Feeds `tokens` at positions from `start`; logits after each of the last `wanted`."""
        for index, token in enumerate(tokens):
            self.batch.token[index] = token
            self.batch.pos[index] = start + index
            self.batch.n_seq_id[index] = 1
            self.batch.seq_id[index][0] = 0
            self.batch.logits[index] = index >= len(tokens) - wanted
        self.batch.n_tokens = len(tokens)
        if llama_cpp.llama_decode(self.context, self.batch) != 0:
            raise SystemExit("llama_decode failed")
        rows = [
            np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self.context, index), (self.vocabulary_size,)).copy()
            for index in range(len(tokens) - wanted, len(tokens))
        ]
        return np.stack(rows)

    def greedy(self, prompt):
        """32 tokens, each with the runner-up and both logits."""
        self.forget()
        row = self.logits(prompt, 0, 1)[0]
        steps, position = [], len(prompt)
        while True:
            steps.append(top_two(row))
            if len(steps) == STEPS:
                return steps
            row = self.logits([steps[-1][0]], position, 1)[0]
            position += 1

    def forced_step_by_step(self, prompt, tokens):
        self.forget()
        rows = [self.logits(prompt, 0, 1)[0]]
        for index, token in enumerate(tokens[:-1]):
            rows.append(self.logits([token], len(prompt) + index, 1)[0])
        return np.stack(rows)

    def forced_at_once(self, prompt, tokens):
        self.forget()
        return self.logits(prompt + tokens[:-1], 0, len(tokens))

    def log_probabilities(self, tokens):
        """Natural log-probability of tokens[1..], each given what precedes it."""
        self.forget()
        rows = self.logits(tokens, 0, len(tokens))[:-1].astype(np.float64)
        rows -= rows.max(axis=1, keepdims=True)
        rows -= np.log(np.exp(rows).sum(axis=1, keepdims=True))
        return [round(float(row[token]), 5) for row, token in zip(rows, tokens[1:])]


def top_two(row):
    """[token, runner-up, logit, runner-up's logit]"""
    best = np.argpartition(row, -2)[-2:]
    second, first = best[np.argsort(row[best])]
    return [int(first), int(second), round(float(row[first]), 4), round(float(row[second]), 4)]


def dequantised_copy(path, copy):
    """The same file with every tensor in single precision."""
    reader = gguf.GGUFReader(path)
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(copy, architecture)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        kind = field.types[0]
        sub_type = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kind, sub_type=sub_type)
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        writer.add_tensor(tensor.name, values.reshape([int(size) for size in reversed(tensor.shape)]))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def disagreement(prompts, forced, reference="steps"):
    """How often another way of computing chooses another token, and how near the tie was in the reference."""
    steps, gaps, deviation = 0, [], []
    for prompt in prompts:
        tokens = [step[0] for step in prompt["steps"]]
        rows = forced(prompt["tokens"], tokens)
        for row, (first, second, top, runner_up) in zip(rows, prompt[reference]):
            steps += 1
            deviation.append(abs((float(row[first]) - float(row[second])) - (top - runner_up)))
            if int(row.argmax()) != first:
                gaps.append(round(top - runner_up, 4))
    return {
        "steps": steps,
        "different": len(gaps),
        "largest_gap_of_a_difference": max(gaps, default=0.0),
        "median_change_of_the_gap": round(float(np.median(deviation)), 4),
        "largest_change_of_the_gap": round(float(np.max(deviation)), 4),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=["gemma-3-270m", "smollm2-135m-instruct"])
    parser.add_argument("gguf")
    arguments = parser.parse_args()
    languages = list(PROMPTS) if arguments.model.startswith("gemma") else ["en"]
    llama_cpp.llama_log_set(silent, None)
    llama_cpp.llama_backend_init()

    reference = LlamaCpp(arguments.gguf)
    prompts = []
    for language in languages:
        for text in PROMPTS[language]:
            tokens = reference.tokenise(text)
            prompts.append({"language": language, "text": text, "tokens": tokens, "steps": reference.greedy(tokens)})
    sentences = []
    for language in languages:
        for text in SENTENCES[language]:
            tokens = reference.tokenise(text)
            scores = reference.log_probabilities(tokens)
            sentences.append({"language": language, "text": text, "tokens": tokens, "log_probabilities": scores})
    own = {"prompt_and_continuation_in_one_batch": disagreement(prompts, reference.forced_at_once)}
    reference.close()

    plain = LlamaCpp(arguments.gguf, repack=False)
    own["weights_not_repacked"] = disagreement(prompts, plain.forced_step_by_step)
    plain.close()
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "dequantised.gguf")
        dequantised_copy(arguments.gguf, copy)
        exact = LlamaCpp(copy, kv_f32=True)
        own["weights_and_cache_in_f32"] = disagreement(prompts, exact.forced_step_by_step)
        for prompt in prompts:
            tokens = [step[0] for step in prompt["steps"]]
            prompt["steps_f32"] = [top_two(row) for row in exact.forced_step_by_step(prompt["tokens"], tokens)]
        own["f32_in_one_batch_against_f32"] = disagreement(prompts, exact.forced_at_once, "steps_f32")
        for sentence in sentences:
            sentence["log_probabilities_f32"] = exact.log_probabilities(sentence["tokens"])
        exact.close()

    gaps = np.array([step[2] - step[3] for prompt in prompts for step in prompt["steps"]])
    record = {
        "model": arguments.model,
        "file": os.path.basename(arguments.gguf),
        "llama_cpp_python": llama_cpp.__version__,
        "settings": {"n_ctx": CONTEXT, "n_threads": 1, "flash_attention": False, "kv_cache": "f16"},
        "step_fields": ["token", "runner_up", "logit", "runner_up_logit"],
        "share_of_steps_with_gap_below": {str(bound): round(float((gaps < bound).mean()), 4) for bound in (0.02, 0.05, 0.1, 0.2, 0.5)},
        "llama_cpp_against_itself": own,
        "prompts": prompts,
        "sentences": sentences,
    }
    folder = os.path.dirname(os.path.abspath(__file__))
    name = os.path.join(folder, f"{arguments.model}.json")
    with open(name, "w", encoding="utf-8") as file:
        lines = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        file.write(lines.replace('{"language"', '\n{"language"') + "\n")
    print(json.dumps({key: record[key] for key in ("share_of_steps_with_gap_below", "llama_cpp_against_itself")}, indent=1))


if __name__ == "__main__":
    main()
