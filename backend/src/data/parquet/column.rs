//! The values of one column of one row group, one after the other; a page and a dictionary at a
//! time are in memory.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use super::compression::Codec;
use super::hybrid::Hybrid;
use super::metadata::{Chunk, Leaf, PageHead, PageKind, Physical};
use super::thrift::Reader;
use super::{Fault, fault};

/// Heads of pages are some tens of bytes, more when they hold long texts as statistics.
const HEAD_GUESS: u64 = 1 << 10;
const HEAD_LIMIT: u64 = 1 << 24;

/// A file, with its length.
#[derive(Debug)]
pub struct Source<R> {
    reader: R,
    length: u64,
}

impl<R: Read + Seek> Source<R> {
    /// Takes the length.
    pub fn new(mut reader: R) -> Result<Self, Fault> {
        let length = reader.seek(SeekFrom::End(0))?;
        Ok(Self { reader, length })
    }

    /// Length of the file.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The `count` bytes from `start` on; more than the file has is an error before anything is
    /// allocated.
    pub fn bytes(&mut self, start: u64, count: u64) -> Result<Vec<u8>, Fault> {
        let end = start.checked_add(count);
        let (Some(_), Ok(count)) = (
            end.filter(|end| *end <= self.length),
            usize::try_from(count),
        ) else {
            return fault("the file ends early");
        };
        let mut bytes = vec![0; count];
        self.reader.seek(SeekFrom::Start(start))?;
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// A value: its text, or that of its number.
pub type Value = Arc<[u8]>;

/// Reads a column.
#[derive(Debug)]
pub struct ColumnReader {
    physical: Physical,
    optional: bool,
    codec: Codec,
    /// Where the next page begins, and where the last one ends.
    next: u64,
    end: u64,
    dictionary: Vec<Value>,
    page: Page,
}

#[derive(Debug)]
struct Page {
    /// Values that are left, absent ones counted.
    left: u64,
    /// 1 where there is a value; nothing where all are there.
    levels: Option<Hybrid>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Plain(Plain),
    Numbered(Hybrid),
    /// Truth values as runs.
    Runs(Hybrid),
}

/// Values one behind the other.
#[derive(Debug, Default)]
struct Plain {
    bytes: Vec<u8>,
    at: usize,
    bit: u8,
}

impl ColumnReader {
    /// Begins with the first value of `chunk`.
    pub fn new(leaf: &Leaf, chunk: &Chunk) -> Result<Self, Fault> {
        Ok(Self {
            physical: leaf.physical,
            optional: leaf.optional,
            codec: chunk.codec()?,
            next: chunk.start,
            end: chunk.start.saturating_add(chunk.length),
            dictionary: Vec::new(),
            page: Page {
                left: 0,
                levels: None,
                values: Values::Plain(Plain::default()),
            },
        })
    }

    /// The next value; nothing where it is absent.
    pub fn value<R: Read + Seek>(
        &mut self,
        source: &mut Source<R>,
    ) -> Result<Option<Value>, Fault> {
        while self.page.left == 0 {
            self.turn(source)?;
        }
        self.page.left -= 1;
        if let Some(levels) = &mut self.page.levels
            && levels.next()? == 0
        {
            return Ok(None);
        }
        let value = match &mut self.page.values {
            Values::Plain(plain) => plain.value(self.physical)?.into(),
            Values::Runs(runs) => truth(runs.next()? == 1).into(),
            Values::Numbered(numbers) => {
                let number = numbers.next()? as usize;
                match self.dictionary.get(number) {
                    Some(value) => Arc::clone(value),
                    None => return fault("a value is not in its dictionary"),
                }
            }
        };
        Ok(Some(value))
    }

    /// Turns to the next page.
    fn turn<R: Read + Seek>(&mut self, source: &mut Source<R>) -> Result<(), Fault> {
        if self.next >= self.end {
            return fault("its values end early");
        }
        let (head, length) = self.head(source)?;
        let start = self.next + length;
        self.next = start.saturating_add(head.packed);
        if self.next > self.end {
            return fault("a page is longer than its column");
        }
        let Ok(unpacked) = usize::try_from(head.unpacked) else {
            return fault("a page is too long");
        };
        match head.kind {
            PageKind::Other => {}
            PageKind::Dictionary { values, encoding } => {
                if !matches!(encoding, 0 | 2) {
                    return fault(format!("its dictionary has {}", encoding_name(encoding)));
                }
                let packed = source.bytes(start, head.packed)?;
                let mut plain = Plain::new(self.codec.unpack(packed, unpacked)?);
                self.dictionary.clear();
                for _ in 0..values {
                    self.dictionary.push(plain.value(self.physical)?.into());
                }
            }
            PageKind::Data { values, encoding } => {
                let packed = source.bytes(start, head.packed)?;
                let mut bytes = self.codec.unpack(packed, unpacked)?;
                let mut levels = None;
                if self.optional {
                    let length = bytes
                        .first_chunk()
                        .map(|length| u32::from_le_bytes(*length));
                    let length = length.map_or(usize::MAX, |length| length as usize);
                    let end = length.saturating_add(4);
                    if end > bytes.len() {
                        return fault("its levels are longer than their page");
                    }
                    let rest = bytes.split_off(end);
                    bytes.drain(..4);
                    levels = Some(Hybrid::new(bytes, 1)?);
                    bytes = rest;
                }
                self.open(values, encoding, levels, bytes)?;
            }
            PageKind::DataSecond {
                values,
                encoding,
                repetition,
                definition,
                compressed,
            } => {
                let front = repetition.saturating_add(definition);
                if front > head.packed || front > head.unpacked {
                    return fault("its levels are longer than their page");
                }
                let levels = source.bytes(start + repetition, definition)?;
                let levels = match self.optional && definition > 0 {
                    true => Some(Hybrid::new(levels, 1)?),
                    false => None,
                };
                let packed = source.bytes(start + front, head.packed - front)?;
                let codec = if compressed { self.codec } else { Codec::None };
                let bytes = codec.unpack(packed, unpacked - front as usize)?;
                self.open(values, encoding, levels, bytes)?;
            }
        }
        Ok(())
    }

    fn open(
        &mut self,
        left: u64,
        encoding: i64,
        levels: Option<Hybrid>,
        mut bytes: Vec<u8>,
    ) -> Result<(), Fault> {
        let values = match encoding {
            0 => Values::Plain(Plain::new(bytes)),
            2 | 8 => match bytes.first().copied() {
                Some(width) => {
                    bytes.drain(..1);
                    Values::Numbered(Hybrid::new(bytes, width.into())?)
                }
                // A page of absent values has nothing behind its levels.
                None => Values::Plain(Plain::default()),
            },
            3 if self.physical == Physical::Boolean && bytes.len() >= 4 => {
                bytes.drain(..4);
                Values::Runs(Hybrid::new(bytes, 1)?)
            }
            other => return fault(format!("it has {}", encoding_name(other))),
        };
        self.page = Page {
            left,
            levels,
            values,
        };
        Ok(())
    }

    /// The head of the next page and its length.
    fn head<R: Read + Seek>(&self, source: &mut Source<R>) -> Result<(PageHead, u64), Fault> {
        let there = (self.end.min(source.length())).saturating_sub(self.next);
        let mut guess = HEAD_GUESS;
        loop {
            let bytes = source.bytes(self.next, guess.min(there))?;
            let mut reader = Reader::new(&bytes);
            match PageHead::parse(&mut reader) {
                Ok(head) => return Ok((head, reader.position() as u64)),
                Err(_) if reader.ended() && guess < there.min(HEAD_LIMIT) => guess *= 8,
                Err(error) => return Err(error),
            }
        }
    }
}

fn encoding_name(number: i64) -> String {
    let names = [
        "PLAIN",
        "",
        "PLAIN_DICTIONARY",
        "RLE",
        "BIT_PACKED",
        "DELTA_BINARY_PACKED",
        "DELTA_LENGTH_BYTE_ARRAY",
        "DELTA_BYTE_ARRAY",
        "RLE_DICTIONARY",
        "BYTE_STREAM_SPLIT",
    ];
    let name = usize::try_from(number).ok().and_then(|at| names.get(at));
    format!(
        "the encoding {}, which is not read; write it again with plain or dictionary encoding",
        name.copied().unwrap_or("of an unknown number")
    )
}

fn truth(value: bool) -> Vec<u8> {
    value.to_string().into_bytes()
}

impl Plain {
    fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            ..Self::default()
        }
    }

    fn take(&mut self, count: usize) -> Result<&[u8], Fault> {
        let end = self.at.saturating_add(count);
        let Some(bytes) = self.bytes.get(self.at..end) else {
            return fault("a value is longer than its page");
        };
        self.at = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// The next value as text.
    fn value(&mut self, physical: Physical) -> Result<Vec<u8>, Fault> {
        let text = match physical {
            Physical::Bytes => {
                let length = u32::from_le_bytes(self.array()?);
                return Ok(self.take(length as usize)?.to_vec());
            }
            Physical::Boolean => {
                let Some(byte) = self.bytes.get(self.at) else {
                    return fault("a value is longer than its page");
                };
                let value = byte >> self.bit & 1 == 1;
                self.bit = (self.bit + 1) % 8;
                self.at += usize::from(self.bit == 0);
                return Ok(truth(value));
            }
            Physical::Int32 => i32::from_le_bytes(self.array()?).to_string(),
            Physical::Int64 => i64::from_le_bytes(self.array()?).to_string(),
            Physical::Float => f32::from_le_bytes(self.array()?).to_string(),
            Physical::Double => f64::from_le_bytes(self.array()?).to_string(),
        };
        Ok(text.into_bytes())
    }
}
