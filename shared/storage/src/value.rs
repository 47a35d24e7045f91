//! Between Rust values and DynamoDB's: one conversion for serialisable types, one for the plain values that conditions and
//! updates compare with, and the size that DynamoDB charges and limits.

use crate::{AttributeValue, Item, Key, StorageError};
use guildhall_domain::{AccountId, CharacterId, GamesimId, LoginSessionId, SessionId, Timestamp, TokenId};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The attribute that holds the partition key.
pub(crate) const PK: &str = "pk";
/// The attribute that holds the sort key.
pub(crate) const SK: &str = "sk";

/// The item of a struct or map, with the attributes `pk` and `sk` of `key`. `None` fields become NULL unless the type
/// skips them.
///
/// # Errors
/// [`StorageError::Invalid`] when the value is no struct or map.
pub fn encode(key: &Key, value: &(impl Serialize + ?Sized)) -> Result<Item, StorageError> {
    let item: Item = serde_dynamo::to_item(value).map_err(|cause| StorageError::Invalid(cause.to_string()))?;
    Ok(with_key(key, item))
}

/// The inverse of [`encode`]. The attributes `pk` and `sk` are left out, so that types which deny unknown fields can be read.
///
/// # Errors
/// [`StorageError::Undecodable`] when the item has another shape.
pub fn decode<T: DeserializeOwned>(mut item: Item) -> Result<T, StorageError> {
    item.remove(PK);
    item.remove(SK);
    serde_dynamo::from_item(item).map_err(|cause| StorageError::Undecodable(cause.to_string()))
}

/// The attribute value of any serialisable value.
///
/// # Errors
/// [`StorageError::Invalid`] when the value has no DynamoDB form.
pub fn value_of(value: &(impl Serialize + ?Sized)) -> Result<AttributeValue, StorageError> {
    serde_dynamo::to_attribute_value(value).map_err(|cause| StorageError::Invalid(cause.to_string()))
}

/// The item as it is stored: its key attributes are those of `key`, whatever the caller put there.
pub(crate) fn with_key(key: &Key, mut item: Item) -> Item {
    item.insert(PK.to_owned(), AttributeValue::S(key.pk.clone()));
    item.insert(SK.to_owned(), AttributeValue::S(key.sk.clone()));
    item
}

/// The bytes that DynamoDB counts for an item: names and values in UTF-8, numbers about one byte per two digits, and three
/// bytes and one per member for each list or map (Developer Guide, "DynamoDB item sizes and formats").
pub(crate) fn item_size_bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size_bytes(value)).sum()
}

/// The same for an item that is stored under `key`, whatever it says of its key itself.
pub(crate) fn stored_size_bytes(key: &Key, item: &Item) -> usize {
    let own = |name: &str| item.get(name).map_or(0, |value| name.len() + value_size_bytes(value));
    let keys = PK.len() + key.pk.len() + SK.len() + key.sk.len();
    item_size_bytes(item) - own(PK) - own(SK) + keys
}

fn value_size_bytes(value: &AttributeValue) -> usize {
    let number = |digits: &String| digits.len().div_ceil(2) + 1;
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => number(digits),
        AttributeValue::B(bytes) => bytes.len(),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(number).sum(),
        AttributeValue::Bs(blobs) => blobs.iter().map(Vec::len).sum(),
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + value_size_bytes(value)).sum::<usize>(),
        AttributeValue::M(members) => {
            3 + members.iter().map(|(name, value)| 1 + name.len() + value_size_bytes(value)).sum::<usize>()
        }
    }
}

/// Values that become an attribute without a way to fail: what conditions compare with and updates set.
pub trait IntoValue {
    /// The attribute value.
    fn into_value(self) -> AttributeValue;
}

impl IntoValue for AttributeValue {
    fn into_value(self) -> AttributeValue {
        self
    }
}

impl IntoValue for &str {
    fn into_value(self) -> AttributeValue {
        AttributeValue::S(self.to_owned())
    }
}

impl IntoValue for String {
    fn into_value(self) -> AttributeValue {
        AttributeValue::S(self)
    }
}

impl IntoValue for bool {
    fn into_value(self) -> AttributeValue {
        AttributeValue::Bool(self)
    }
}

impl IntoValue for Timestamp {
    fn into_value(self) -> AttributeValue {
        self.0.into_value()
    }
}

macro_rules! into_number {
    ($($kind:ty),*) => {$(
        impl IntoValue for $kind {
            fn into_value(self) -> AttributeValue {
                AttributeValue::N(self.to_string())
            }
        }
    )*};
}

macro_rules! into_text {
    ($($kind:ty),*) => {$(
        impl IntoValue for $kind {
            fn into_value(self) -> AttributeValue {
                AttributeValue::S(self.to_string())
            }
        }
    )*};
}

into_number!(u8, u16, u32, u64, i32, i64, usize);
into_text!(AccountId, CharacterId, SessionId, LoginSessionId, TokenId, GamesimId, &GamesimId, &String);

#[cfg(test)]
mod tests {
    use super::*;

    /// Developer Guide, "DynamoDB item sizes and formats".
    #[test]
    fn a_value_is_as_large_as_dynamodb_counts_it() {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let number = |digits: &str| AttributeValue::N(digits.to_owned());
        let map = |members: &[(&str, AttributeValue)]| {
            AttributeValue::M(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
        };
        for (value, bytes) in [
            (text("é!"), 3),
            (number("7"), 2),
            (number("12345"), 4),
            (AttributeValue::B(vec![0; 5]), 5),
            (AttributeValue::Bool(true), 1),
            (AttributeValue::Null(true), 1),
            (AttributeValue::Ss(vec!["ab".to_owned(), "c".to_owned()]), 3),
            (AttributeValue::Ns(vec!["1".to_owned(), "123".to_owned()]), 5),
            (AttributeValue::Bs(vec![vec![0; 2], vec![0; 4]]), 6),
            (AttributeValue::L(vec![]), 3),
            (AttributeValue::L(vec![text("abcd"), number("7")]), 3 + 5 + 3),
            (map(&[]), 3),
            (map(&[("name", text("abc")), ("n", number("7"))]), 3 + 8 + 4),
        ] {
            assert_eq!(value_size_bytes(&value), bytes, "{value:?}");
        }
    }
}
