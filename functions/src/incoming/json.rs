//! JSON without the one thing that its standard leaves open: an object that names a field twice says two things, and readers
//! differ in which of them they hear. It is refused here, at every depth (RFC 7493, section 2.3).

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::fmt;

/// A value in which no object names a field twice.
pub(super) struct Strict(pub(super) Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((name, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if fields.contains_key(&name) {
                return Err(A::Error::custom(format_args!("`{name}` is given twice")));
            }
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::Strict;
    use serde_json::{Value, from_str};

    #[test]
    fn what_is_said_once_is_read_as_ever() {
        for text in [
            "null",
            "true",
            "-9223372036854775808",
            "18446744073709551615",
            "1.5e300",
            "\"a\\u00e9\\n\"",
            "[1,[],{}]",
            "{\"a\":{\"a\":[{\"a\":1}]},\"b\":{\"a\":1}}",
        ] {
            let Strict(value) = from_str(text).unwrap();
            assert_eq!(value, from_str::<Value>(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn what_is_said_twice_is_refused_at_every_depth() {
        for text in ["{\"a\":1,\"a\":1}", "{\"b\":{\"a\":1,\"\\u0061\":2}}", "[{\"a\":null,\"b\":1,\"a\":null}]"] {
            let error = from_str::<Strict>(text).err().unwrap().to_string();
            assert!(error.contains("`a` is given twice"), "{error}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(from_str::<Strict>(&deep(100)).is_ok());
        assert!(from_str::<Strict>(&deep(200)).is_err());
    }
}
