//! Numbers for pieces, words and runs of words.

/// FNV-1a over characters; `kind` keeps words and pieces apart.
#[derive(Debug, Clone, Copy)]
pub struct Hash(u32);

impl Hash {
    /// Begins.
    pub fn new(kind: u32) -> Self {
        Self(0x811c_9dc5 ^ kind.wrapping_mul(0x9e37_79b9))
    }

    /// Adds a character.
    pub fn add(&mut self, character: char) {
        self.0 = (self.0 ^ u32::from(character)).wrapping_mul(0x0100_0193);
    }

    /// The number so far.
    pub fn finish(self) -> u32 {
        mix(self.0)
    }
}

/// One number for two in this order.
pub fn combine(left: u32, right: u32) -> u32 {
    mix(left.rotate_left(7) ^ right ^ 0x5bd1_e995)
}

/// Spreads all bits over all places, as the table takes the lowest.
fn mix(mut hash: u32) -> u32 {
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}
