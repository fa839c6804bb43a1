//! Thrift's compact protocol, in which parquet keeps its metadata: a reader that checks every
//! length, and the few calls that a writer needs.

use super::{Fault, fault};

/// Types of fields, as the protocol numbers them.
pub mod kind {
    /// A truth value that is true.
    pub const TRUE: u8 = 1;
    /// One that is false.
    pub const FALSE: u8 = 2;
    /// One byte.
    pub const BYTE: u8 = 3;
    /// 16 bits.
    pub const I16: u8 = 4;
    /// 32 bits.
    pub const I32: u8 = 5;
    /// 64 bits.
    pub const I64: u8 = 6;
    /// A floating-point number.
    pub const DOUBLE: u8 = 7;
    /// Bytes or text.
    pub const BINARY: u8 = 8;
    /// A list.
    pub const LIST: u8 = 9;
    /// A set.
    pub const SET: u8 = 10;
    /// A map.
    pub const MAP: u8 = 11;
    /// A structure.
    pub const STRUCT: u8 = 12;
}

/// Structures within structures; parquet's own have six levels.
const DEEPEST: usize = 32;

/// Reads values one after the other.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// Begins with the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            depth: 0,
        }
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Whether an error may be gone when more bytes follow.
    pub fn ended(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        let Some(byte) = self.bytes.get(self.at) else {
            return fault("the metadata end early");
        };
        self.at += 1;
        Ok(*byte)
    }

    fn unsigned(&mut self) -> Result<u64, Fault> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        fault("a number in the metadata has no end")
    }

    /// A number of up to 64 bits.
    pub fn int(&mut self) -> Result<i64, Fault> {
        let value = self.unsigned()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Bytes.
    pub fn binary(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.unsigned()?;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match usize::try_from(length).ok().and_then(|end| rest.get(..end)) {
            Some(bytes) => {
                self.at += bytes.len();
                Ok(bytes)
            }
            None => {
                self.at = self.bytes.len();
                fault("a text in the metadata is longer than they are")
            }
        }
    }

    /// Text; what is not UTF-8 in it is replaced.
    pub fn text(&mut self) -> Result<String, Fault> {
        Ok(String::from_utf8_lossy(self.binary()?).into_owned())
    }

    /// A list: calls `each` for every element and gathers what it gives. `expected` is the type that
    /// the elements must have.
    pub fn list<T>(
        &mut self,
        expected: u8,
        mut each: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let (element, count) = self.list_head()?;
        if element != expected && count > 0 {
            return fault("a list in the metadata holds something else");
        }
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(each(self)?);
        }
        Ok(items)
    }

    fn list_head(&mut self) -> Result<(u8, u64), Fault> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.unsigned()?,
            count => u64::from(count),
        };
        // Every element has at least one byte.
        if count > (self.bytes.len() - self.at) as u64 {
            self.at = self.bytes.len();
            return fault("a list in the metadata is longer than they are");
        }
        Ok((head & 0x0f, count))
    }

    /// A structure: `each` gets the number and type of every field and reads it, or says that it
    /// did not.
    pub fn structure(
        &mut self,
        mut each: impl FnMut(&mut Self, i16, u8) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return fault("the metadata are nested too deeply");
        }
        let mut id = 0_i16;
        loop {
            let head = self.byte()?;
            if head == 0 {
                break;
            }
            let delta = i16::from(head >> 4);
            id = match delta {
                0 => self.int()? as i16,
                delta => id.wrapping_add(delta),
            };
            let kind = head & 0x0f;
            if !each(self, id, kind)? {
                self.skip(kind)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn skip(&mut self, kind: u8) -> Result<(), Fault> {
        match kind {
            kind::TRUE | kind::FALSE => {}
            kind::BYTE => {
                self.byte()?;
            }
            kind::I16 | kind::I32 | kind::I64 => {
                self.unsigned()?;
            }
            kind::DOUBLE => {
                for _ in 0..8 {
                    self.byte()?;
                }
            }
            kind::BINARY => {
                self.binary()?;
            }
            kind::STRUCT => self.structure(|_, _, _| Ok(false))?,
            kind::LIST | kind::SET => {
                let (element, count) = self.list_head()?;
                self.skip_elements(&[element], count)?;
            }
            kind::MAP => {
                let count = self.unsigned()?;
                if count > 0 {
                    let kinds = self.byte()?;
                    self.skip_elements(&[kinds >> 4, kinds & 0x0f], count)?;
                }
            }
            other => return fault(format!("the metadata have a field of type {other}")),
        }
        Ok(())
    }

    fn skip_elements(&mut self, kinds: &[u8], count: u64) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return fault("the metadata are nested too deeply");
        }
        for _ in 0..count {
            for kind in kinds {
                match *kind {
                    // Alone in a list, a truth value has a byte of its own.
                    kind::TRUE | kind::FALSE => {
                        self.byte()?;
                    }
                    kind => self.skip(kind)?,
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }
}

/// Writes values one after the other. Fields of a structure are written in the order of their
/// numbers, which are less than sixteen apart.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    /// Number of the last field, for each open structure.
    last: Vec<u8>,
}

impl Writer {
    /// Begins a structure that is no field: the whole, or an element of a list.
    pub fn begin(&mut self) {
        self.last.push(0);
    }

    /// Ends the innermost structure.
    pub fn end(&mut self) {
        self.last.pop();
        self.bytes.push(0);
    }

    fn field(&mut self, id: u8, kind: u8) {
        let last = self.last.last_mut();
        let delta = last.as_ref().map_or(id, |last| id.wrapping_sub(**last));
        if let Some(last) = last {
            *last = id;
        }
        self.bytes.push(delta << 4 | kind);
    }

    fn unsigned(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A number that is an element of a list.
    pub fn int(&mut self, value: i64) {
        self.unsigned((value << 1 ^ value >> 63) as u64);
    }

    /// A text that is an element of a list.
    pub fn text(&mut self, text: &str) {
        self.unsigned(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// A field of 32 bits.
    pub fn int32_field(&mut self, id: u8, value: i32) {
        self.field(id, kind::I32);
        self.int(value.into());
    }

    /// A field of 64 bits.
    pub fn int64_field(&mut self, id: u8, value: i64) {
        self.field(id, kind::I64);
        self.int(value);
    }

    /// A field of text.
    pub fn text_field(&mut self, id: u8, text: &str) {
        self.field(id, kind::BINARY);
        self.text(text);
    }

    /// Begins a field that is a structure.
    pub fn begin_field(&mut self, id: u8) {
        self.field(id, kind::STRUCT);
        self.begin();
    }

    /// Begins a field that is a list of `count` elements of type `element`, which follow.
    pub fn list_field(&mut self, id: u8, element: u8, count: usize) {
        self.field(id, kind::LIST);
        if count < 15 {
            self.bytes.push((count as u8) << 4 | element);
        } else {
            self.bytes.push(0xf0 | element);
            self.unsigned(count as u64);
        }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::default();
        writer.begin();
        writer.int32_field(1, -3);
        writer.int64_field(3, i64::MIN);
        writer.list_field(4, kind::I32, 20);
        for number in 0..20 {
            writer.int(number);
        }
        writer.begin_field(7);
        writer.text_field(2, "käse");
        writer.end();
        writer.text_field(9, "");
        writer.end();
        let bytes = writer.into_bytes();
        let mut seen = Vec::new();
        let mut reader = Reader::new(&bytes);
        reader
            .structure(|reader, id, kind| {
                seen.push(match (id, kind) {
                    (1 | 3, _) => reader.int()?.to_string(),
                    (4, kind::LIST) => reader.list(kind::I32, Reader::int)?.len().to_string(),
                    // Passed over, as what a newer writer adds.
                    (7, kind::STRUCT) => return Ok(false),
                    (9, kind::BINARY) => reader.text()?,
                    other => panic!("{other:?}"),
                });
                Ok(true)
            })
            .unwrap();
        assert_eq!(seen, ["-3", "-9223372036854775808", "20", ""]);
        assert_eq!(reader.position(), bytes.len());
        for end in 0..bytes.len() {
            let mut reader = Reader::new(&bytes[..end]);
            assert!(reader.structure(|_, _, _| Ok(false)).is_err(), "{end}");
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = [0x1c_u8; 10_000];
        assert!(Reader::new(&nested).structure(|_, _, _| Ok(false)).is_err());
        let lists = [0x19_u8; 10_000];
        assert!(Reader::new(&lists).structure(|_, _, _| Ok(false)).is_err());
    }
}
