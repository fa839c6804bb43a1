"""Writes the token ids that llama.cpp gives for texts.json, as the reference of the tokenizer tests.

    pip install llama-cpp-python
    python exporter.py gemma-3-270m=PATH.gguf smollm2-135m-instruct=PATH.gguf

Only the vocabulary is loaded. Ids are without a begin token, and control tokens in the text stay text.
"""

import json
import pathlib
import sys

import llama_cpp

here = pathlib.Path(__file__).parent
texts = json.loads((here / "texts.json").read_text(encoding="utf-8"))
for argument in sys.argv[1:]:
    name, path = argument.split("=", 1)
    model = llama_cpp.Llama(path, vocab_only=True, verbose=False)
    rows = []
    for text in texts:
        ids = model.tokenize(text.encode(), add_bos=False, special=False)
        rows.append(json.dumps({"text": text, "ids": ids}, ensure_ascii=False))
    header = {"llama_cpp_python": llama_cpp.__version__, "model": name, "vocabulary": model.n_vocab()}
    target = here / f"{name}.jsonl"
    target.write_text("\n".join([json.dumps(header), *rows]) + "\n", encoding="utf-8")
    print(f"{target}: {len(rows)} texts")
