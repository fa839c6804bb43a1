"""Writes blocks.gguf: random blocks of every tensor type that the engine reads, each beside the
values that the reference implementation (the `gguf` package of llama.cpp) unpacks from them.

    pip install gguf numpy
    python exporter.py blocks.gguf

Tensor `<type>` holds the blocks, `<type>.values` what they mean, in single precision. The metadata
has one key of every kind.
"""

import sys

import numpy as np
from gguf import GGMLQuantizationType, GGUFValueType, GGUFWriter
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize

ROWS = 3
# Offsets of the half-precision factors in a block.
FACTORS = {
    "F32": [],
    "F16": [],
    "BF16": [],
    "Q4_0": [0],
    "Q4_1": [0, 2],
    "Q5_0": [0],
    "Q5_1": [0, 2],
    "Q8_0": [0],
    "Q4_K": [0, 2],
    "Q5_K": [0, 2],
    "Q6_K": [208],
}


def random_blocks(kind, random):
    """Bytes of ROWS rows: any bits, but factors and floats that are finite."""
    block_len, block_bytes = GGML_QUANT_SIZES[kind]
    cols = max(block_len, 64)
    if block_len == 1:
        bits = random.integers(0, 256, (ROWS, cols, block_bytes), dtype=np.uint8)
        bits[:, :, -1] &= 0xBF  # clears the exponent's highest bit
        return bits.reshape(ROWS, -1)
    blocks = random.integers(0, 256, (ROWS * cols // block_len, block_bytes), dtype=np.uint8)
    for at in FACTORS[kind.name]:
        factors = random.normal(0, 0.01, len(blocks)).astype(np.float16)
        factors[0] = 0
        factors[-1] = np.float16(-6e-8)  # subnormal
        blocks[:, at : at + 2] = factors.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(ROWS, -1)


def main(path):
    random = np.random.default_rng(20261121)
    writer = GGUFWriter(path, "polydetox-test")
    writer.add_uint8("kind.u8", 200)
    writer.add_int8("kind.i8", -100)
    writer.add_uint16("kind.u16", 60000)
    writer.add_int16("kind.i16", -30000)
    writer.add_uint32("kind.u32", 4000000000)
    writer.add_int32("kind.i32", -2000000000)
    writer.add_uint64("kind.u64", 2**63 + 1)
    writer.add_int64("kind.i64", -(2**62))
    writer.add_float32("kind.f32", 0.1)
    writer.add_float64("kind.f64", 0.1)
    writer.add_bool("kind.bool", True)
    writer.add_string("kind.string", "naïve नमस्ते 🙂")
    writer.add_key_value("kind.strings", ["", "مرحبا", "你好"], GGUFValueType.ARRAY, GGUFValueType.STRING)
    writer.add_key_value("kind.f32s", [1.5, -2.5], GGUFValueType.ARRAY, GGUFValueType.FLOAT32)
    writer.add_key_value("kind.i32s", [1, -2, 3], GGUFValueType.ARRAY, GGUFValueType.INT32)
    writer.add_key_value("kind.bools", [True, False], GGUFValueType.ARRAY, GGUFValueType.BOOL)
    for name in FACTORS:
        kind = GGMLQuantizationType[name]
        blocks = random_blocks(kind, random)
        values = dequantize(blocks, kind).astype(np.float32)
        assert np.isfinite(values).all()
        writer.add_tensor(name, blocks, raw_dtype=kind)
        writer.add_tensor(f"{name}.values", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main(sys.argv[1])
