//! What parquet says of a file and of a page: only the fields that reading needs.

use super::compression::Codec;
use super::thrift::{Reader, kind};
use super::{Fault, fault};

/// How a column's values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Physical {
    /// One bit each.
    Boolean,
    /// Four bytes.
    Int32,
    /// Eight bytes.
    Int64,
    /// Four bytes.
    Float,
    /// Eight bytes.
    Double,
    /// Length and bytes.
    Bytes,
}

/// A column of the table itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Name.
    pub name: String,
    /// How its values are stored.
    pub physical: Physical,
    /// Whether values may be absent.
    pub optional: bool,
    /// Its place among the chunks of a row group.
    pub chunk: usize,
}

/// Where a column's values of one row group lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// How its pages are compressed, by number.
    pub codec: i64,
    /// Values, absent ones counted.
    pub values: u64,
    /// First byte.
    pub start: u64,
    /// Length of all pages.
    pub length: u64,
}

/// Rows that are stored together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowGroup {
    /// How many.
    pub rows: u64,
    /// One chunk per leaf of the whole schema.
    pub chunks: Vec<Chunk>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMetadata {
    /// The columns that can be read.
    pub leaves: Vec<Leaf>,
    /// Its parts.
    pub groups: Vec<RowGroup>,
}

fn size(value: i64) -> Result<u64, Fault> {
    u64::try_from(value).or_else(|_| fault("a size in the metadata is negative"))
}

#[derive(Debug, Default)]
struct Element {
    physical: Option<i64>,
    repetition: i64,
    name: String,
    children: u64,
}

impl FileMetadata {
    /// Reads the metadata at a file's end.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let (mut elements, mut groups) = (Vec::new(), Vec::new());
        Reader::new(bytes).structure(|reader, id, kind| {
            match (id, kind) {
                (2, kind::LIST) => elements = reader.list(kind::STRUCT, element)?,
                (4, kind::LIST) => groups = reader.list(kind::STRUCT, row_group)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let mut leaves = Vec::new();
        let mut chunks = 0;
        let mut rest = elements.iter();
        let root = rest.next().map_or(0, |root| root.children);
        for _ in 0..root {
            let Some(element) = rest.next() else {
                return fault("the schema ends early");
            };
            if element.children > 0 {
                // A group: its leaves are passed over.
                let mut open = element.children;
                while open > 0 {
                    let Some(inner) = rest.next() else {
                        return fault("the schema ends early");
                    };
                    open = (open - 1).saturating_add(inner.children);
                    chunks += usize::from(inner.children == 0);
                }
                continue;
            }
            let physical = match element.physical {
                Some(0) => Some(Physical::Boolean),
                Some(1) => Some(Physical::Int32),
                Some(2) => Some(Physical::Int64),
                Some(4) => Some(Physical::Float),
                Some(5) => Some(Physical::Double),
                Some(6) => Some(Physical::Bytes),
                _ => None,
            };
            if let Some(physical) = physical.filter(|_| element.repetition < 2) {
                leaves.push(Leaf {
                    name: element.name.clone(),
                    physical,
                    optional: element.repetition == 1,
                    chunk: chunks,
                });
            }
            chunks += 1;
        }
        Ok(Self { leaves, groups })
    }
}

fn element(reader: &mut Reader<'_>) -> Result<Element, Fault> {
    let mut element = Element::default();
    reader.structure(|reader, id, kind| {
        match (id, kind) {
            (1, kind::I32) => element.physical = Some(reader.int()?),
            (3, kind::I32) => element.repetition = reader.int()?,
            (4, kind::BINARY) => element.name = reader.text()?,
            (5, kind::I32) => element.children = size(reader.int()?)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(element)
}

fn row_group(reader: &mut Reader<'_>) -> Result<RowGroup, Fault> {
    let mut group = RowGroup {
        rows: 0,
        chunks: Vec::new(),
    };
    reader.structure(|reader, id, kind| {
        match (id, kind) {
            (1, kind::LIST) => group.chunks = reader.list(kind::STRUCT, chunk)?,
            (3, kind::I64) => group.rows = size(reader.int()?)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(group)
}

fn chunk(reader: &mut Reader<'_>) -> Result<Chunk, Fault> {
    let (mut codec, mut values, mut length) = (0, 0, 0);
    let (mut data, mut dictionary) = (0, 0);
    let mut elsewhere = false;
    reader.structure(|reader, id, kind| {
        match (id, kind) {
            (1, kind::BINARY) => elsewhere = !reader.binary()?.is_empty(),
            (3, kind::STRUCT) => reader.structure(|reader, id, kind| {
                match (id, kind) {
                    (4, kind::I32) => codec = reader.int()?,
                    (5, kind::I64) => values = size(reader.int()?)?,
                    (7, kind::I64) => length = size(reader.int()?)?,
                    (9, kind::I64) => data = size(reader.int()?)?,
                    (11, kind::I64) => dictionary = size(reader.int()?)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if elsewhere {
        return fault("its columns lie in other files");
    }
    Ok(Chunk {
        codec,
        values,
        // Some programs write 0 where there is no dictionary.
        start: match dictionary {
            0 => data,
            dictionary => dictionary.min(data),
        },
        length,
    })
}

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// Values, with the levels in front of them and compressed with them.
    Data {
        /// Values, absent ones counted.
        values: u64,
        /// How they are written.
        encoding: i64,
    },
    /// Values, with the levels apart and never compressed.
    DataSecond {
        /// Values, absent ones counted.
        values: u64,
        /// How they are written.
        encoding: i64,
        /// Length of the repetition levels, which come first.
        repetition: u64,
        /// Length of the definition levels.
        definition: u64,
        /// Whether the values are compressed.
        compressed: bool,
    },
    /// Values that data pages refer to by number.
    Dictionary {
        /// How many.
        values: u64,
        /// How they are written.
        encoding: i64,
    },
    /// Something that reading does not need.
    Other,
}

/// The head of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageHead {
    /// What follows.
    pub kind: PageKind,
    /// Length when unpacked.
    pub unpacked: u64,
    /// Length in the file.
    pub packed: u64,
}

impl PageHead {
    /// Reads a head.
    pub fn parse(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let (mut number, mut unpacked, mut packed) = (-1, 0, 0);
        let mut details = Details::default();
        reader.structure(|reader, id, kind| {
            match (id, kind) {
                (1, kind::I32) => number = reader.int()?,
                (2, kind::I32) => unpacked = size(reader.int()?)?,
                (3, kind::I32) => packed = size(reader.int()?)?,
                (5 | 7 | 8, kind::STRUCT) => details = Details::parse(reader, id == 8)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let Details {
            values, encoding, ..
        } = details;
        Ok(Self {
            kind: match number {
                0 => PageKind::Data { values, encoding },
                2 => PageKind::Dictionary { values, encoding },
                3 => PageKind::DataSecond {
                    values,
                    encoding,
                    repetition: details.repetition,
                    definition: details.definition,
                    compressed: !details.plain,
                },
                _ => PageKind::Other,
            },
            unpacked,
            packed,
        })
    }
}

#[derive(Debug, Default)]
struct Details {
    values: u64,
    encoding: i64,
    repetition: u64,
    definition: u64,
    plain: bool,
}

impl Details {
    /// The heads of data and dictionary pages begin alike; only the second version differs.
    fn parse(reader: &mut Reader<'_>, second: bool) -> Result<Self, Fault> {
        let mut details = Self::default();
        let encoding = if second { 4 } else { 2 };
        reader.structure(|reader, id, kind| {
            match (id, kind) {
                (1, kind::I32) => details.values = size(reader.int()?)?,
                (id, kind::I32) if id == encoding => details.encoding = reader.int()?,
                (5, kind::I32) if second => details.definition = size(reader.int()?)?,
                (6, kind::I32) if second => details.repetition = size(reader.int()?)?,
                (7, kind::FALSE) if second => details.plain = true,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(details)
    }
}

impl Chunk {
    /// The codec of its pages.
    pub fn codec(&self) -> Result<Codec, Fault> {
        Codec::of(self.codec)
    }
}
