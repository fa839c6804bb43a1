"""llama.cpp (llama-cpp-python) on a GGUF file: prints one JSON object of raw measurements.

    python llama_cpp_peer.py FILE.gguf --threads 2 --measure decode1 decode16 prompt load --new-tokens 64 --prompt-tokens 512

decode1, decode16: tokens a second of all sequences together while each grows by `--new-tokens` greedy tokens
after a 32-token prompt (prompt not counted). prompt: tokens a second of one prompt of `--prompt-tokens`.
load: seconds from opening the file to the first token after a 32-token prompt.
"""

import argparse
import ctypes
import json
import resource
import time

PROMPT_TOKENS = 32


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_rss():
    with open("/proc/self/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gguf")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--measure", nargs="+", default=["decode1"])
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--prompt-tokens", type=int, default=512)
    arguments = parser.parse_args()

    import llama_cpp

    silent = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)
    llama_cpp.llama_log_set(silent, None)
    llama_cpp.llama_backend_init()
    start = time.perf_counter()
    model = llama_cpp.llama_model_load_from_file(arguments.gguf.encode(), llama_cpp.llama_model_default_params())
    if not model:
        raise SystemExit(f"llama.cpp cannot load {arguments.gguf}")
    vocabulary_size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))

    def context(sequences, length):
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = sequences * length
        parameters.n_seq_max = sequences
        parameters.n_batch = max(sequences * PROMPT_TOKENS, length)
        parameters.n_ubatch = 512
        parameters.n_threads = parameters.n_threads_batch = arguments.threads
        return llama_cpp.llama_init_from_model(model, parameters)

    def decode(context, batch, rows):
        """rows: (token, position, sequence, wants logits)"""
        for index, (token, position, sequence, wanted) in enumerate(rows):
            batch.token[index] = token
            batch.pos[index] = position
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = sequence
            batch.logits[index] = wanted
        batch.n_tokens = len(rows)
        if llama_cpp.llama_decode(context, batch) != 0:
            raise SystemExit("llama_decode failed")

    def sampler(context):
        greedy = llama_cpp.llama_sampler_init_greedy()
        return lambda index: llama_cpp.llama_sampler_sample(greedy, context, index)

    def prompt_token(position, sequence):
        return (1000 + (position * 7919 + sequence * 104729) % 40000) % vocabulary_size

    def generation(sequences):
        handle = context(sequences, PROMPT_TOKENS + arguments.new_tokens + 8)
        batch = llama_cpp.llama_batch_init(sequences * PROMPT_TOKENS, 0, 1)
        sample = sampler(handle)
        rows = [
            (prompt_token(position, sequence), position, sequence, position == PROMPT_TOKENS - 1)
            for sequence in range(sequences)
            for position in range(PROMPT_TOKENS)
        ]
        decode(handle, batch, rows)
        tokens = [sample(sequence * PROMPT_TOKENS + PROMPT_TOKENS - 1) for sequence in range(sequences)]
        begin, cpu = time.perf_counter(), cpu_seconds()
        for step in range(arguments.new_tokens):
            decode(handle, batch, [(tokens[s], PROMPT_TOKENS + step, s, True) for s in range(sequences)])
            tokens = [sample(sequence) for sequence in range(sequences)]
        seconds, cpu = time.perf_counter() - begin, cpu_seconds() - cpu
        llama_cpp.llama_batch_free(batch)
        llama_cpp.llama_free(handle)
        count = sequences * arguments.new_tokens
        return {"tokens": count, "seconds": seconds, "cpu_seconds": cpu}

    def prompt():
        length = arguments.prompt_tokens
        handle = context(1, length + 8)
        batch = llama_cpp.llama_batch_init(length, 0, 1)
        sample = sampler(handle)
        decode(handle, batch, [(prompt_token(p, 1), p, 0, p == 15) for p in range(16)])  # warm
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(handle), True)
        begin, cpu = time.perf_counter(), cpu_seconds()
        decode(handle, batch, [(prompt_token(p, 0), p, 0, p == length - 1) for p in range(length)])
        sample(length - 1)
        seconds, cpu = time.perf_counter() - begin, cpu_seconds() - cpu
        llama_cpp.llama_batch_free(batch)
        llama_cpp.llama_free(handle)
        return {"tokens": length, "seconds": seconds, "cpu_seconds": cpu}

    def first_token():
        handle = context(1, PROMPT_TOKENS + 8)
        batch = llama_cpp.llama_batch_init(PROMPT_TOKENS, 0, 1)
        decode(handle, batch, [(prompt_token(p, 0), p, 0, p == PROMPT_TOKENS - 1) for p in range(PROMPT_TOKENS)])
        sampler(handle)(PROMPT_TOKENS - 1)
        seconds = time.perf_counter() - start
        llama_cpp.llama_batch_free(batch)
        llama_cpp.llama_free(handle)
        return {"seconds": seconds}

    result = {"peer": f"llama.cpp (llama-cpp-python {llama_cpp.__version__})", "vocabulary": vocabulary_size}
    for name in arguments.measure:
        if name == "load":
            result[name] = first_token()
        elif name == "prompt":
            result[name] = prompt()
        elif name.startswith("decode"):
            result[name] = generation(int(name.removeprefix("decode")))
            result[name]["peak_rss"] = peak_rss()
        else:
            raise SystemExit(f"llama.cpp is no peer for {name}")
    result["peak_rss"] = peak_rss()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
