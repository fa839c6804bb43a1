//! A JSON object from texts to texts in which no key stands twice.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::super::budget::Budget;

/// Reads such an object, booking its memory.
pub struct StrictMap<'a> {
    pub budget: &'a mut Budget,
    pub file: &'a str,
}

impl<'de> DeserializeSeed<'de> for StrictMap<'_> {
    type Value = BTreeMap<String, String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for StrictMap<'_> {
    type Value = BTreeMap<String, String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut texts = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            // Nodes of the map are at least half full.
            let memory = 2 * size_of::<(String, String)>() + key.len() + value.len();
            self.budget
                .book(1, memory, self.file, &key)
                .map_err(A::Error::custom)?;
            if texts.contains_key(&key) {
                return Err(A::Error::custom(format!("`{key}` appears twice")));
            }
            texts.insert(key, value);
        }
        Ok(texts)
    }
}
