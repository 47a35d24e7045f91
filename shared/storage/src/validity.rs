//! What DynamoDB would refuse whatever it holds: values that it cannot store and conditions that cannot be asked. It is found
//! before anything is sent, so that a simulation refuses it too.

use crate::number::Number;
use crate::{AttributeValue, Condition, Item, Path, StorageError};

/// Most lists and maps around a value (DynamoDB, "Service quotas": 32 levels, the attribute itself being one).
const NESTING_MAX: usize = 31;

fn invalid<T>(reason: &str) -> Result<T, StorageError> {
    Err(StorageError::Invalid(reason.to_owned()))
}

/// Refuses an item that cannot be stored.
pub(crate) fn validate_item(item: &Item) -> Result<(), StorageError> {
    item.iter().try_for_each(|(name, value)| {
        validate_name(name)?;
        validate_value(value)
    })
}

/// Refuses a value that can neither be stored nor compared with.
pub(crate) fn validate_value(value: &AttributeValue) -> Result<(), StorageError> {
    validate_nested(value, NESTING_MAX)
}

fn validate_nested(value: &AttributeValue, levels: usize) -> Result<(), StorageError> {
    match value {
        AttributeValue::N(digits) => validate_number(digits),
        AttributeValue::L(_) | AttributeValue::M(_) if levels == 0 => invalid("a value of too many levels"),
        AttributeValue::L(values) => values.iter().try_for_each(|value| validate_nested(value, levels - 1)),
        AttributeValue::M(members) => members.iter().try_for_each(|(name, value)| {
            validate_name(name)?;
            validate_nested(value, levels - 1)
        }),
        AttributeValue::Ss(texts) => validate_set(texts, |left, right| left == right),
        AttributeValue::Bs(blobs) => validate_set(blobs, |left, right| left == right),
        AttributeValue::Ns(numbers) => {
            numbers.iter().try_for_each(|digits| validate_number(digits))?;
            validate_set(numbers, |left, right| Number::parse(left) == Number::parse(right))
        }
        AttributeValue::S(_) | AttributeValue::B(_) | AttributeValue::Bool(_) | AttributeValue::Null(_) => Ok(()),
    }
}

fn validate_number(digits: &str) -> Result<(), StorageError> {
    // Almost all numbers are of this kind, and a simulation stores millions.
    if digits.parse::<i64>().is_ok() || Number::parse(digits).is_some() {
        return Ok(());
    }
    invalid("a number that cannot be stored")
}

fn validate_set<T>(members: &[T], same: impl Fn(&T, &T) -> bool) -> Result<(), StorageError> {
    let is_repeated = |(index, member): (usize, &T)| members.iter().take(index).any(|other| same(other, member));
    if members.is_empty() || members.iter().enumerate().any(is_repeated) {
        return invalid("a set that is empty or has a member twice");
    }
    Ok(())
}

fn validate_name(name: &str) -> Result<(), StorageError> {
    if name.is_empty() { invalid("a name without text") } else { Ok(()) }
}

/// Refuses a place that nothing can be at.
pub(crate) fn validate_path(path: &Path) -> Result<(), StorageError> {
    if path.names().is_empty() {
        return invalid("a place without a name");
    }
    path.names().iter().try_for_each(|name| validate_name(name))
}

/// Refuses a condition that cannot be asked.
pub(crate) fn validate_condition(condition: &Condition) -> Result<(), StorageError> {
    match condition {
        Condition::Always | Condition::Exists | Condition::NotExists => Ok(()),
        Condition::Present(path) | Condition::Absent(path) | Condition::SizeBelow(path, _) => validate_path(path),
        Condition::Equals(path, value) | Condition::Differs(path, value) => {
            validate_path(path)?;
            validate_value(value)
        }
        Condition::Less(path, value)
        | Condition::LessOrEqual(path, value)
        | Condition::Greater(path, value)
        | Condition::GreaterOrEqual(path, value) => {
            validate_path(path)?;
            match value {
                AttributeValue::N(digits) => validate_number(digits),
                AttributeValue::S(_) | AttributeValue::B(_) => Ok(()),
                _ => invalid("an order of values that have none"),
            }
        }
        Condition::All(conditions) | Condition::Any(conditions) => conditions.iter().try_for_each(validate_condition),
        Condition::Not(condition) => validate_condition(condition),
    }
}

/// The item as it is read back: every number in its shortest form.
pub(crate) fn normalized_item(mut item: Item) -> Item {
    item.inner_mut().values_mut().for_each(normalize);
    item
}

/// The same for one value.
pub(crate) fn normalize(value: &mut AttributeValue) {
    match value {
        AttributeValue::N(digits) => normalize_number(digits),
        AttributeValue::Ns(numbers) => numbers.iter_mut().for_each(normalize_number),
        AttributeValue::L(values) => values.iter_mut().for_each(normalize),
        AttributeValue::M(members) => members.values_mut().for_each(normalize),
        _ => {}
    }
}

fn normalize_number(digits: &mut String) {
    let is_short = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
    if is_short(digits) {
        return;
    }
    if let Some(shortest) = Number::normalized(digits) {
        *digits = shortest;
    }
}
