//! What the crate allocates by a number in the file, checked before it does so.

use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length, SerializedPageReader};

/// A page may be this long: larger ones are not written by any program for tables of sentences.
const PAGE_LIMIT: usize = 64 << 20;
/// How values may be written: the delta encodings of texts make room for as many as a page says.
const READ: [Encoding; 4] = [
    Encoding::PLAIN,
    Encoding::PLAIN_DICTIONARY,
    Encoding::RLE_DICTIONARY,
    Encoding::RLE,
];
/// The least that a value takes in a dictionary: a text's length or a number.
const DICTIONARY_VALUE: usize = 4;

pub fn fault<T>(reason: impl Into<String>) -> Result<T> {
    Err(ParquetError::General(reason.into()))
}

/// A file whose pages are not too long.
#[derive(Debug)]
pub struct Source<R>(pub R);

impl<R: Length> Length for Source<R> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl<R: ChunkReader> ChunkReader for Source<R> {
    type T = R::T;

    /// The crate reads heads of pages with this, and nothing else.
    fn get_read(&self, start: u64) -> Result<R::T> {
        let mut head = Vec::new();
        self.0.get_read(start)?.take(8).read_to_end(&mut head)?;
        match unpacked_length(&head) {
            Some(length) => check_length(length)?,
            None => return fault("the head of a page is damaged"),
        }
        self.0.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        check_length(length)?;
        self.0.get_bytes(start, length)
    }
}

fn check_length(length: usize) -> Result<()> {
    match length > PAGE_LIMIT {
        true => fault(format!("a page of {} MiB", length >> 20)),
        false => Ok(()),
    }
}

/// The crate makes room for a page of this length before it unpacks it, and does not let it be
/// asked for. It is the second number in the head, behind the kind of the page, which is small.
fn unpacked_length(head: &[u8]) -> Option<usize> {
    // Thrift's sign for a number in the next field.
    let [0x15, _, 0x15, number @ ..] = head else {
        return None;
    };
    let end = number.iter().position(|byte| *byte < 0x80)?;
    let bytes = number.iter().take(end + 1).rev();
    let number = bytes.fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f));
    // The last bit is the sign, and the crate refuses negative ones.
    Some(number >> 1)
}

/// The pages of a column in a row group, without those that the crate would not survive.
pub struct Pages<R: ChunkReader>(SerializedPageReader<Source<R>>);

impl<R: ChunkReader> Pages<R> {
    /// Begins with the first page.
    pub fn new(source: &Arc<Source<R>>, chunk: &ColumnChunkMetaData, rows: i64) -> Result<Self> {
        if chunk.file_path().is_some_and(|path| !path.is_empty()) {
            return fault("its columns lie in other files");
        }
        let values = chunk.num_values();
        if values != rows {
            return fault(format!("it has {values} values, and there are {rows} rows"));
        }
        let codec = chunk.compression();
        // Of gzip the crate unpacks whatever there is, whatever length the page says.
        if !matches!(
            codec,
            Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_)
        ) {
            let name = codec.to_string().to_lowercase();
            return fault(format!(
                "it is compressed with {}; write it again with snappy, zstd or none",
                name.split('(').next().unwrap_or_default()
            ));
        }
        // Some programs write 0 where there is no dictionary.
        let dictionary = chunk.dictionary_page_offset().filter(|start| *start != 0);
        let chunk = chunk.clone().into_builder();
        let chunk = chunk.set_dictionary_page_offset(dictionary).build()?;
        let rows = usize::try_from(rows)?;
        SerializedPageReader::new(Arc::clone(source), &chunk, rows, None).map(Self)
    }
}

impl<R: ChunkReader> PageReader for Pages<R> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        while let Some(page) = self.0.get_next_page()? {
            let (values, encoding) = (page.num_values() as usize, page.encoding());
            if page.is_dictionary_page() {
                return match values.saturating_mul(DICTIONARY_VALUE) > page.buffer().len() {
                    true => fault("its dictionary is longer than its page"),
                    false => Ok(Some(page)),
                };
            }
            if !READ.contains(&encoding) {
                return fault(format!(
                    "it has the encoding {encoding}, which is not read; write it again with plain \
                     or dictionary encoding"
                ));
            }
            // The crate takes an empty page for the last one.
            if values > 0 {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.0.skip_next_page()
    }
}

impl<R: ChunkReader> Iterator for Pages<R> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
