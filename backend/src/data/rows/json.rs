//! JSON objects as rows, one a line or in an array.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::{BadRows, DataError, ROW_LIMIT, Row, bad};

/// The fields whose values are texts, numbers or truth values, and those of objects in the object
/// with a dot between the names (`prompt.text`, as in RealToxicityPrompts).
///
/// # Errors
/// What it is if it is no object.
pub fn object(value: Value) -> Result<Vec<(String, String)>, &'static str> {
    let fields = match value {
        Value::Object(fields) => fields,
        Value::Array(_) => return Err("an array"),
        Value::String(_) => return Err("a text"),
        Value::Number(_) => return Err("a number"),
        Value::Bool(_) => return Err("a truth value"),
        Value::Null => return Err("null"),
    };
    let mut values = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        match value {
            Value::Object(inner) => {
                for (inner, value) in inner {
                    values.extend(plain(value).map(|value| (format!("{name}.{inner}"), value)));
                }
            }
            value => values.extend(plain(value).map(|value| (name, value))),
        }
    }
    Ok(values)
}

fn plain(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// What serde says, without its place: of a single line that would always be line 1.
pub fn reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match said.rfind(" at line ") {
        Some(end) => said[..end].to_owned(),
        None => said,
    }
}

/// An array of objects.
pub fn array(
    path: &Path,
    reader: impl Read,
    each: &mut dyn FnMut(Row) -> Result<(), DataError>,
) -> Result<BadRows, DataError> {
    // Element by element would need a visitor with a side channel for errors; files of this kind
    // are small, and a limit keeps them so.
    let limit = 64 * ROW_LIMIT as u64;
    let mut text = Vec::new();
    reader
        .take(limit + 1)
        .read_to_end(&mut text)
        .map_err(DataError::io(path))?;
    if text.len() as u64 > limit {
        return Err(DataError::Format {
            file: path.to_owned(),
            reason: "a JSON array of more than 64 MiB; save it as JSON lines, which are read one \
                     by one"
                .to_owned(),
        });
    }
    let items: Vec<Value> = serde_json::from_slice(&text).map_err(|error| {
        let (line, column) = (error.line() as u64, error.column() as u64);
        DataError::Rows(bad(path, line, column, reason(&error)).into())
    })?;
    let mut problems = BadRows::default();
    for (number, item) in (1..).zip(items) {
        match object(item) {
            Ok(values) => each(Row {
                line: number,
                values,
            })?,
            Err(kind) => {
                problems.push(bad(
                    path,
                    number,
                    0,
                    format!("this element is {kind}, not an object"),
                ));
            }
        }
    }
    Ok(problems)
}
