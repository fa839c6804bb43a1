//! safetensors files put together by hand.

/// A length, a header and data.
pub fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [
        &(header.len() as u64).to_le_bytes()[..],
        header.as_bytes(),
        data,
    ]
    .concat()
}

/// A valid file: `a`, F32 `[2, 2]`; `b`, BF16 `[3]`; `c`, I64 `[1]`; `d`, F16 without values.
pub fn valid() -> Vec<u8> {
    let header = r#"{"__metadata__":{"format":"pt"},
        "b":{"dtype":"BF16","shape":[3],"data_offsets":[16,22]},
        "d":{"dtype":"F16","shape":[0,7],"data_offsets":[22,22]},
        "a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},
        "c":{"dtype":"I64","shape":[1],"data_offsets":[22,30]}}"#;
    let mut data: Vec<u8> = [1.0_f32, -2.0, 0.5, 3.0]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    // The upper halves of 1, -1 and 2.
    data.extend([0x80, 0x3f, 0x80, 0xbf, 0x00, 0x40]);
    data.extend(7_i64.to_le_bytes());
    file(header, &data)
}
