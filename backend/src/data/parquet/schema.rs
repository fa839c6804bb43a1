//! How deep the groups of a schema lie in one another. The crate follows them by recursion, so
//! they are counted before it sees them.

use parquet::errors::Result;
use parquet::file::FOOTER_SIZE;
use parquet::file::metadata::FooterTail;
use parquet::file::reader::ChunkReader;

use super::pages::fault;

/// Groups in one another: more than anybody's tables have.
const DEEPEST: usize = 64;
/// Numbers of fields in the format's `FileMetaData` and `SchemaElement`.
const SCHEMA: i64 = 2;
const CHILDREN: i64 = 5;

/// Refuses a file whose schema is too deep.
pub fn check_depth<R: ChunkReader>(reader: &R) -> Result<()> {
    // That a file is cut off or encrypted is for the crate to say.
    let Some(end) = reader.len().checked_sub(FOOTER_SIZE as u64) else {
        return Ok(());
    };
    let tail = reader.get_bytes(end, FOOTER_SIZE)?;
    let tail = FooterTail::try_from(tail.as_ref())?;
    let length = tail.metadata_length();
    let start = end.checked_sub(length as u64);
    let Some(start) = start.filter(|_| !tail.is_encrypted_footer()) else {
        return Ok(());
    };
    let metadata = reader.get_bytes(start, length)?;
    match Thrift(&metadata).file_metadata() {
        Some(Depth::Sound) => Ok(()),
        Some(Depth::TooDeep) => fault(format!(
            "its schema has more than {DEEPEST} groups in one another"
        )),
        None => fault("its description is damaged"),
    }
}

#[derive(Debug, PartialEq)]
enum Depth {
    Sound,
    TooDeep,
}

/// Thrift's compact protocol, as far as it is needed to pass over what is not looked for.
/// `None` is damage.
struct Thrift<'a>(&'a [u8]);

impl Thrift<'_> {
    fn file_metadata(&mut self) -> Option<Depth> {
        let mut last = 0;
        while let Some((kind, field)) = self.field(&mut last)? {
            if (kind, field) == (Kind::List, SCHEMA) {
                if self.schema()? == Depth::TooDeep {
                    return Some(Depth::TooDeep);
                }
            } else {
                self.pass(kind, 0)?;
            }
        }
        Some(Depth::Sound)
    }

    /// Elements follow their group: how many are still to come in each open one.
    fn schema(&mut self) -> Option<Depth> {
        let mut open: Vec<u64> = Vec::new();
        let (count, Kind::Structure) = self.list()? else {
            return None;
        };
        for _ in 0..count {
            let mut children = 0;
            let mut last = 0;
            while let Some((kind, field)) = self.field(&mut last)? {
                match (kind, field) {
                    (Kind::Number, CHILDREN) => {
                        children = self.signed()?.max(0).unsigned_abs();
                    }
                    (_, CHILDREN) => return None,
                    _ => self.pass(kind, 0)?,
                }
            }
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            if children > 0 {
                open.push(children);
            }
            while open.last() == Some(&0) {
                open.pop();
            }
            if open.len() > DEEPEST {
                return Some(Depth::TooDeep);
            }
        }
        Some(Depth::Sound)
    }

    /// Kind and number of a structure's next field; `None` inside at its end.
    fn field(&mut self, last: &mut i64) -> Option<Option<(Kind, i64)>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        *last = match head >> 4 {
            0 => self.signed()?,
            step => last.checked_add(i64::from(step))?,
        };
        Some(Some((Kind::of(head & 15)?, *last)))
    }

    fn list(&mut self) -> Option<(u64, Kind)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.unsigned()?,
            count => u64::from(count),
        };
        Some((count, Kind::of(head & 15)?))
    }

    fn pass(&mut self, kind: Kind, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match kind {
            Kind::Truth => {}
            Kind::Byte => self.bytes(1)?,
            Kind::Number => drop(self.unsigned()?),
            Kind::Double => self.bytes(8)?,
            Kind::Text => {
                let length = self.unsigned()?;
                self.bytes(length)?;
            }
            Kind::List => {
                let (count, kind) = self.list()?;
                for _ in 0..count {
                    self.pass(kind.in_list(), depth + 1)?;
                }
            }
            Kind::Map => {
                let count = self.unsigned()?;
                if count > 0 {
                    let kinds = self.byte()?;
                    for _ in 0..count {
                        self.pass(Kind::of(kinds >> 4)?.in_list(), depth + 1)?;
                        self.pass(Kind::of(kinds & 15)?.in_list(), depth + 1)?;
                    }
                }
            }
            Kind::Structure => {
                let mut last = 0;
                while let Some((kind, _)) = self.field(&mut last)? {
                    self.pass(kind, depth + 1)?;
                }
            }
        }
        Some(())
    }

    fn bytes(&mut self, count: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// Its value is in the head of the field.
    Truth,
    Byte,
    Number,
    Double,
    Text,
    List,
    Map,
    Structure,
}

impl Kind {
    fn of(code: u8) -> Option<Self> {
        Some(match code {
            1 | 2 => Self::Truth,
            3 => Self::Byte,
            4..=6 => Self::Number,
            7 => Self::Double,
            8 => Self::Text,
            9 | 10 => Self::List,
            11 => Self::Map,
            12 => Self::Structure,
            _ => return None,
        })
    }

    /// Truth has a byte of its own there.
    fn in_list(self) -> Self {
        match self {
            Self::Truth => Self::Byte,
            other => other,
        }
    }
}
