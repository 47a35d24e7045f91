//! Conditions and actions evaluated on items in memory, with DynamoDB's meaning of missing attributes, types and numbers.

use crate::number::Number;
use crate::validity::normalize;
use crate::{Action, AttributeValue, Condition, Item, Path, StorageError};
use std::cmp::Ordering;
use std::collections::HashMap;

type Members = HashMap<String, AttributeValue>;

/// Whether `condition` holds of the stored item.
pub(super) fn holds(condition: &Condition, item: Option<&Item>) -> bool {
    let ordering = |path: &Path, value: &AttributeValue| find(item, path).and_then(|found| compare(found, value));
    match condition {
        Condition::Always => true,
        Condition::Exists => item.is_some(),
        Condition::NotExists => item.is_none(),
        Condition::Present(path) => find(item, path).is_some(),
        Condition::Absent(path) => find(item, path).is_none(),
        Condition::Equals(path, value) => find(item, path).is_some_and(|found| same(found, value)),
        Condition::Differs(path, value) => !find(item, path).is_some_and(|found| same(found, value)),
        Condition::Less(path, value) => ordering(path, value).is_some_and(Ordering::is_lt),
        Condition::LessOrEqual(path, value) => ordering(path, value).is_some_and(Ordering::is_le),
        Condition::Greater(path, value) => ordering(path, value).is_some_and(Ordering::is_gt),
        Condition::GreaterOrEqual(path, value) => ordering(path, value).is_some_and(Ordering::is_ge),
        Condition::SizeBelow(path, limit) => {
            find(item, path).and_then(size).is_some_and(|size| u64::try_from(size).is_ok_and(|size| size < *limit))
        }
        Condition::All(conditions) => conditions.iter().all(|condition| holds(condition, item)),
        Condition::Any(conditions) => conditions.iter().any(|condition| holds(condition, item)),
        Condition::Not(condition) => !holds(condition, item),
    }
}

/// The item after `actions`.
pub(super) fn apply(actions: &[Action], mut item: Item) -> Result<Item, StorageError> {
    for action in actions {
        let (holder, name) = holder(item.inner_mut(), action.path())?;
        match action {
            Action::Set(_, value) => {
                let mut value = value.clone();
                normalize(&mut value);
                holder.insert(name.clone(), value);
            }
            Action::Add(_, amount) => {
                let sum = add(holder.get(name), *amount)?;
                holder.insert(name.clone(), sum);
            }
            Action::Remove(_) => {
                holder.remove(name);
            }
        }
    }
    Ok(item)
}

fn find<'a>(item: Option<&'a Item>, path: &Path) -> Option<&'a AttributeValue> {
    let (first, rest) = path.names().split_first()?;
    rest.iter().try_fold(item?.get(first)?, |value, name| match value {
        AttributeValue::M(members) => members.get(name),
        _ => None,
    })
}

/// The map that holds the last name of `path`, and that name.
fn holder<'a, 'p>(item: &'a mut Members, path: &'p Path) -> Result<(&'a mut Members, &'p String), StorageError> {
    let missing = || StorageError::Invalid(format!("no map holds {:?}", path.names()));
    let (last, outer) = path.names().split_last().ok_or_else(missing)?;
    let mut members = item;
    for name in outer {
        let Some(AttributeValue::M(inner)) = members.get_mut(name) else { return Err(missing()) };
        members = inner;
    }
    Ok((members, last))
}

fn add(value: Option<&AttributeValue>, amount: i64) -> Result<AttributeValue, StorageError> {
    let invalid = |reason: &str| StorageError::Invalid(reason.to_owned());
    let before = match value {
        None => Some(Number::from(0)),
        Some(AttributeValue::N(digits)) => Number::parse(digits),
        Some(_) => None,
    };
    let before = before.ok_or_else(|| invalid("an addition to something that is no number"))?;
    let sum = before.plus(&Number::from(amount)).ok_or_else(|| invalid("a sum of too many digits"))?;
    Ok(AttributeValue::N(sum.to_text()))
}

/// Order within one type; different types have none.
fn compare(left: &AttributeValue, right: &AttributeValue) -> Option<Ordering> {
    match (left, right) {
        (AttributeValue::N(left), AttributeValue::N(right)) => compare_numbers(left, right),
        (AttributeValue::S(left), AttributeValue::S(right)) => Some(left.cmp(right)),
        (AttributeValue::B(left), AttributeValue::B(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn compare_numbers(left: &str, right: &str) -> Option<Ordering> {
    // Almost all numbers are of this kind, and a simulation compares millions.
    match (left.parse::<i64>(), right.parse::<i64>()) {
        (Ok(left), Ok(right)) => Some(left.cmp(&right)),
        _ => Some(Number::parse(left)?.cmp(&Number::parse(right)?)),
    }
}

fn same(left: &AttributeValue, right: &AttributeValue) -> bool {
    match (left, right) {
        (AttributeValue::N(left), AttributeValue::N(right)) => compare_numbers(left, right) == Some(Ordering::Equal),
        (AttributeValue::L(left), AttributeValue::L(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (AttributeValue::M(left), AttributeValue::M(right)) => {
            let found = |(name, value)| right.get(name).is_some_and(|other| same(value, other));
            left.len() == right.len() && left.iter().all(found)
        }
        (AttributeValue::Ss(left), AttributeValue::Ss(right)) => same_set(left, right, |left, right| left == right),
        (AttributeValue::Bs(left), AttributeValue::Bs(right)) => same_set(left, right, |left, right| left == right),
        (AttributeValue::Ns(left), AttributeValue::Ns(right)) => {
            same_set(left, right, |left, right| compare_numbers(left, right) == Some(Ordering::Equal))
        }
        _ => left == right,
    }
}

fn same_set<T>(left: &[T], right: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    left.len() == right.len() && left.iter().all(|member| right.iter().any(|other| same(member, other)))
}

/// What `size()` measures; numbers and truth values have no size.
fn size(value: &AttributeValue) -> Option<usize> {
    match value {
        AttributeValue::S(text) => Some(text.len()),
        AttributeValue::B(bytes) => Some(bytes.len()),
        AttributeValue::L(values) => Some(values.len()),
        AttributeValue::M(members) => Some(members.len()),
        AttributeValue::Ss(texts) => Some(texts.len()),
        AttributeValue::Ns(numbers) => Some(numbers.len()),
        AttributeValue::Bs(blobs) => Some(blobs.len()),
        AttributeValue::N(_) | AttributeValue::Bool(_) | AttributeValue::Null(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_numbers() {
        let number = |digits: &str| AttributeValue::N(digits.to_owned());
        assert_eq!(compare(&number("9"), &number("10")), Some(Ordering::Less));
        assert_eq!(compare(&number("-1"), &number("-2")), Some(Ordering::Greater));
        assert_eq!(compare(&number("2.5"), &number("10")), Some(Ordering::Less));
        assert!(same(&number("3"), &number("3.0")));
        assert_eq!(
            compare(&number(&u64::MAX.to_string()), &number(&(u64::MAX - 1).to_string())),
            Some(Ordering::Greater)
        );
        assert_eq!(compare(&number("1"), &AttributeValue::S("1".to_owned())), None);
    }

    #[test]
    fn what_is_missing_differs_from_everything_and_has_no_order() {
        let one = || AttributeValue::N("1".to_owned());
        assert!(holds(&Condition::Differs("a".into(), one()), None));
        assert!(!holds(&Condition::Equals("a".into(), one()), None));
        assert!(!holds(&Condition::LessOrEqual("a".into(), one()), None));
        assert!(!holds(&Condition::SizeBelow("a".into(), 1), None));
    }
}
