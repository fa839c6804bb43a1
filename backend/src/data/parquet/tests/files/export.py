"""Writes the tables that the tests read, with pyarrow: pip install pyarrow; python export.py"""

import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

here = pathlib.Path(__file__).parent
rows = 40
table = pa.table(
    {
        "toxic_sentence": [f"dumm {n % 7}, «schön» 坏 नहीं" for n in range(rows)],
        "neutral_sentence": [None if n % 5 == 0 else f"line\nbreak {n}" for n in range(rows)],
        "label": pa.array([n % 2 for n in range(rows)], pa.int32()),
        "spans": [[n, n + 1] for n in range(rows)],
        "big": [n * 10**12 for n in range(rows)],
        "score": [n / 8 for n in range(rows)],
        "half": pa.array([None if n == 3 else n / 2 for n in range(rows)], pa.float32()),
        "truth": [n % 3 == 0 for n in range(rows)],
    }
)
pq.write_table(table, here / "snappy.parquet", row_group_size=15)
pq.write_table(table, here / "zstd.parquet", compression="zstd", use_dictionary=False)
pq.write_table(
    table,
    here / "second.parquet",
    compression="snappy",
    data_page_version="2.0",
    write_statistics=False,
)
pq.write_table(table.select(["label"]), here / "gzip.parquet", compression="gzip")
pq.write_table(
    table.select(["toxic_sentence"]),
    here / "delta.parquet",
    use_dictionary=False,
    column_encoding="DELTA_BYTE_ARRAY",
)
