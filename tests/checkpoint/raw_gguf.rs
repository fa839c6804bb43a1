//! GGUF files put together by hand, so that they can be wrong anywhere.

/// Parts of a file; [`RawGguf::build`] lays them out.
#[derive(Clone)]
pub struct RawGguf {
    pub magic: [u8; 4],
    pub version: u32,
    /// Instead of the true numbers of tensors and entries.
    pub tensor_count: Option<u64>,
    pub entry_count: Option<u64>,
    pub entries: Vec<Vec<u8>>,
    pub tensors: Vec<Vec<u8>>,
    pub data: Vec<u8>,
}

impl RawGguf {
    /// A valid file: two keys, an F32 matrix `a` `[2, 3]` and a Q8_0 row `b` `[1, 32]`.
    pub fn valid() -> Self {
        Self {
            magic: *b"GGUF",
            version: 3,
            tensor_count: None,
            entry_count: None,
            entries: vec![
                entry("general.architecture", 8, &string(b"llama")),
                entry("llama.block_count", 4, &[1, 0, 0, 0]),
            ],
            tensors: vec![tensor(b"a", &[3, 2], 0, 0), tensor(b"b", &[32, 1], 8, 32)],
            data: vec![0; 32 + 34],
        }
    }

    pub fn with_entry(mut self, key: &str, type_id: u32, value: &[u8]) -> Self {
        self.entries.push(entry(key, type_id, value));
        self
    }

    pub fn with_tensor(mut self, name: &[u8], dimensions: &[u64], type_id: u32, at: u64) -> Self {
        self.tensors.push(tensor(name, dimensions, type_id, at));
        self
    }

    /// The header alone.
    pub fn header(&self) -> Vec<u8> {
        let mut bytes = self.magic.to_vec();
        bytes.extend(self.version.to_le_bytes());
        let tensors = self.tensor_count.unwrap_or(self.tensors.len() as u64);
        let entries = self.entry_count.unwrap_or(self.entries.len() as u64);
        bytes.extend(tensors.to_le_bytes());
        bytes.extend(entries.to_le_bytes());
        bytes.extend(self.entries.concat());
        bytes.extend(self.tensors.concat());
        bytes
    }

    /// Header, padding to 32 bytes and data.
    pub fn build(&self) -> Vec<u8> {
        let mut bytes = self.header();
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.extend(&self.data);
        bytes
    }
}

/// A length and bytes.
pub fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u64).to_le_bytes(), bytes].concat()
}

/// A key, the type of its value and the value.
pub fn entry(key: &str, type_id: u32, value: &[u8]) -> Vec<u8> {
    [&string(key.as_bytes()), &type_id.to_le_bytes()[..], value].concat()
}

/// An array value: item type, count as claimed, items.
pub fn array(type_id: u32, count: u64, items: &[u8]) -> Vec<u8> {
    [&type_id.to_le_bytes()[..], &count.to_le_bytes(), items].concat()
}

/// A tensor's entry, innermost dimension first.
pub fn tensor(name: &[u8], dimensions: &[u64], type_id: u32, offset: u64) -> Vec<u8> {
    let mut bytes = string(name);
    bytes.extend((dimensions.len() as u32).to_le_bytes());
    bytes.extend(dimensions.iter().flat_map(|size| size.to_le_bytes()));
    bytes.extend(type_id.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes
}
