//! Values of metadata keys and how they lie in a file.

use super::cursor::{Cursor, STRING_PREFIX};
use crate::error::CheckpointError;

/// The type number of arrays.
const ARRAY_ID: u32 = 9;

/// One metadata value.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // The names of the kinds say all there is.
pub enum Value {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    String(String),
    Array(Array),
    U64(u64),
    I64(i64),
    F64(f64),
}

/// An array of values of one kind.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Array {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    Bool(Vec<bool>),
    String(Vec<String>),
    U64(Vec<u64>),
    I64(Vec<i64>),
    F64(Vec<f64>),
}

impl Value {
    /// The number of its kind in a file.
    pub(super) fn type_id(&self) -> u32 {
        match self {
            Value::U8(_) => 0,
            Value::I8(_) => 1,
            Value::U16(_) => 2,
            Value::I16(_) => 3,
            Value::U32(_) => 4,
            Value::I32(_) => 5,
            Value::F32(_) => 6,
            Value::Bool(_) => 7,
            Value::String(_) => 8,
            Value::Array(_) => ARRAY_ID,
            Value::U64(_) => 10,
            Value::I64(_) => 11,
            Value::F64(_) => 12,
        }
    }

    /// The value as an unsigned number, if it is a whole one that is not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Value::U8(value) => Some(value.into()),
            Value::U16(value) => Some(value.into()),
            Value::U32(value) => Some(value.into()),
            Value::U64(value) => Some(value),
            Value::I8(value) => value.try_into().ok(),
            Value::I16(value) => value.try_into().ok(),
            Value::I32(value) => value.try_into().ok(),
            Value::I64(value) => value.try_into().ok(),
            _ => None,
        }
    }

    /// Reads a value of kind `type_id`; `key` is the place of errors.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        type_id: u32,
        key: &str,
    ) -> Result<Self, CheckpointError> {
        Ok(match type_id {
            0 => Value::U8(cursor.u8(key)?),
            1 => Value::I8(i8::from_le_bytes(cursor.array(key)?)),
            2 => Value::U16(u16::from_le_bytes(cursor.array(key)?)),
            3 => Value::I16(i16::from_le_bytes(cursor.array(key)?)),
            4 => Value::U32(cursor.u32(key)?),
            5 => Value::I32(i32::from_le_bytes(cursor.array(key)?)),
            6 => Value::F32(f32::from_le_bytes(cursor.array(key)?)),
            7 => {
                let byte = cursor.u8(key)?;
                if byte > 1 {
                    return Err(cursor.error(key, format!("{byte} is neither false nor true")));
                }
                Value::Bool(byte == 1)
            }
            8 => Value::String(cursor.string(key)?),
            ARRAY_ID => Value::Array(Array::read(cursor, key)?),
            10 => Value::U64(cursor.u64(key)?),
            11 => Value::I64(i64::from_le_bytes(cursor.array(key)?)),
            12 => Value::F64(f64::from_le_bytes(cursor.array(key)?)),
            other => return Err(cursor.error(key, format!("unknown value type {other}"))),
        })
    }
}

impl Array {
    /// The number of its items' kind in a file.
    pub(super) fn item_type_id(&self) -> u32 {
        match self {
            Array::U8(_) => 0,
            Array::I8(_) => 1,
            Array::U16(_) => 2,
            Array::I16(_) => 3,
            Array::U32(_) => 4,
            Array::I32(_) => 5,
            Array::F32(_) => 6,
            Array::Bool(_) => 7,
            Array::String(_) => 8,
            Array::U64(_) => 10,
            Array::I64(_) => 11,
            Array::F64(_) => 12,
        }
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        match self {
            Array::U8(items) => items.len(),
            Array::I8(items) => items.len(),
            Array::U16(items) => items.len(),
            Array::I16(items) => items.len(),
            Array::U32(items) => items.len(),
            Array::I32(items) => items.len(),
            Array::F32(items) => items.len(),
            Array::Bool(items) => items.len(),
            Array::String(items) => items.len(),
            Array::U64(items) => items.len(),
            Array::I64(items) => items.len(),
            Array::F64(items) => items.len(),
        }
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn read(cursor: &mut Cursor<'_>, key: &str) -> Result<Self, CheckpointError> {
        let type_id = cursor.u32(key)?;
        let count = cursor.u64(key)?;
        Ok(match type_id {
            0 => Array::U8(cursor.numbers(count, key, u8::from_le_bytes)?),
            1 => Array::I8(cursor.numbers(count, key, i8::from_le_bytes)?),
            2 => Array::U16(cursor.numbers(count, key, u16::from_le_bytes)?),
            3 => Array::I16(cursor.numbers(count, key, i16::from_le_bytes)?),
            4 => Array::U32(cursor.numbers(count, key, u32::from_le_bytes)?),
            5 => Array::I32(cursor.numbers(count, key, i32::from_le_bytes)?),
            6 => Array::F32(cursor.numbers(count, key, f32::from_le_bytes)?),
            7 => {
                let bytes = cursor.numbers(count, key, u8::from_le_bytes)?;
                if let Some(byte) = bytes.iter().find(|&&byte| byte > 1) {
                    return Err(cursor.error(key, format!("{byte} is neither false nor true")));
                }
                Array::Bool(bytes.into_iter().map(|byte| byte == 1).collect())
            }
            8 => Array::String(read_strings(cursor, count, key)?),
            ARRAY_ID => return Err(cursor.error(key, "arrays of arrays are not supported")),
            10 => Array::U64(cursor.numbers(count, key, u64::from_le_bytes)?),
            11 => Array::I64(cursor.numbers(count, key, i64::from_le_bytes)?),
            12 => Array::F64(cursor.numbers(count, key, f64::from_le_bytes)?),
            other => return Err(cursor.error(key, format!("unknown item type {other}"))),
        })
    }
}

fn read_strings(
    cursor: &mut Cursor<'_>,
    count: u64,
    key: &str,
) -> Result<Vec<String>, CheckpointError> {
    cursor.expect(count, STRING_PREFIX, key)?;
    cursor.book(count, size_of::<String>(), key)?;
    let capacity = usize::try_from(count).map_err(|_| cursor.error(key, "too many items"))?;
    let mut strings = Vec::with_capacity(capacity);
    for _ in 0..capacity {
        strings.push(cursor.string(key)?);
    }
    Ok(strings)
}
