"""Writes the split of the authors of "Breaking mBad!" as hashes: python export.py DIRECTORY

DIRECTORY is `embeddings/data_samples` of github.com/himanshubeniwal/Breaking-mBad. A line is the
start of the SHA-256 of a pair's toxic sentence without white space; the order is that of the files.
"""

import csv
import hashlib
import pathlib
import sys

here, there = pathlib.Path(__file__).parent, pathlib.Path(sys.argv[1])
for language in ["ar", "de", "en", "es", "hi", "ru", "zh"]:
    lines = []
    for split, count in [("train", 300), ("test", 100)]:
        with open(there / f"{language}_{split}_toxic.csv", encoding="utf-8", newline="") as file:
            rows = [row[0] for row in csv.reader(file)]
        assert len(rows) == count, (language, split, len(rows))
        for row in rows:
            bare = "".join(c for c in row if c not in " \t\r\n\v\f\u00a0")
            lines.append(hashlib.sha256(bare.encode()).hexdigest()[:12])
    assert len(set(lines)) == 400, language
    (here / f"{language}.txt").write_text("\n".join(lines) + "\n")
