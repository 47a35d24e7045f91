//! What a write asks for, as plain data: where in an item, under which condition, with which change. The DynamoDB adapter
//! renders it to expression strings, the memory adapter evaluates it; neither is known here.

use crate::{AttributeValue, IntoValue, StorageError, value_of};
use serde::Serialize;

/// A place in an item: an attribute, or a member of nested maps. Names may hold any character, as they are always sent
/// through placeholders.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<String>);

impl Path {
    /// The place reached by following `names` from the top of the item.
    pub fn nested<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// The member `name` of the map at this place.
    pub fn child(mut self, name: impl Into<String>) -> Self {
        self.0.push(name.into());
        self
    }

    /// The names to follow, outermost first.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

impl From<&str> for Path {
    fn from(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }
}

impl From<String> for Path {
    fn from(name: String) -> Self {
        Self(vec![name])
    }
}

/// One change of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Replaces the value at a place. The map that holds the place must exist.
    Set(Path, AttributeValue),
    /// Adds to a number, which counts as zero where it is absent.
    Add(Path, i64),
    /// Deletes the value at a place, if there is one.
    Remove(Path),
}

impl Action {
    /// Replaces the value at `path`.
    pub fn set(path: impl Into<Path>, value: impl IntoValue) -> Self {
        Self::Set(path.into(), value.into_value())
    }

    /// Replaces the value at `path` with any serialisable value.
    ///
    /// # Errors
    /// [`StorageError::Invalid`] when the value has no DynamoDB form.
    pub fn set_encoded(path: impl Into<Path>, value: &(impl Serialize + ?Sized)) -> Result<Self, StorageError> {
        Ok(Self::Set(path.into(), value_of(value)?))
    }

    /// Adds `amount` to the number at `path`.
    pub fn add(path: impl Into<Path>, amount: i64) -> Self {
        Self::Add(path.into(), amount)
    }

    /// Deletes the value at `path`.
    pub fn remove(path: impl Into<Path>) -> Self {
        Self::Remove(path.into())
    }

    /// The place that changes.
    pub fn path(&self) -> &Path {
        match self {
            Self::Set(path, _) | Self::Add(path, _) | Self::Remove(path) => path,
        }
    }
}

/// What must hold of the stored item for a write to happen.
///
/// Comparisons follow DynamoDB: values of different types are different and have no order, and a missing attribute equals
/// nothing, differs from everything and is neither less nor greater.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Condition {
    /// Nothing.
    #[default]
    Always,
    /// The item exists.
    Exists,
    /// The item does not exist.
    NotExists,
    /// There is a value at the place.
    Present(Path),
    /// There is no value at the place.
    Absent(Path),
    /// The value at the place is this one.
    Equals(Path, AttributeValue),
    /// The value at the place is another one, or there is none.
    Differs(Path, AttributeValue),
    /// The value at the place is less.
    Less(Path, AttributeValue),
    /// The value at the place is less or equal.
    LessOrEqual(Path, AttributeValue),
    /// The value at the place is greater.
    Greater(Path, AttributeValue),
    /// The value at the place is greater or equal.
    GreaterOrEqual(Path, AttributeValue),
    /// The value at the place exists and has fewer than this many members (lists, maps, sets) or bytes (text, binary).
    SizeBelow(Path, u64),
    /// All of these hold.
    All(Vec<Condition>),
    /// At least one of these holds.
    Any(Vec<Condition>),
    /// This does not hold.
    Not(Box<Condition>),
}

impl Condition {
    /// There is a value at `path`.
    pub fn present(path: impl Into<Path>) -> Self {
        Self::Present(path.into())
    }

    /// There is no value at `path`.
    pub fn absent(path: impl Into<Path>) -> Self {
        Self::Absent(path.into())
    }

    /// The value at `path` is `value`.
    pub fn equals(path: impl Into<Path>, value: impl IntoValue) -> Self {
        Self::Equals(path.into(), value.into_value())
    }

    /// The value at `path` is not `value`.
    pub fn differs(path: impl Into<Path>, value: impl IntoValue) -> Self {
        Self::Differs(path.into(), value.into_value())
    }

    /// The value at `path` is less than `value`.
    pub fn less(path: impl Into<Path>, value: impl IntoValue) -> Self {
        Self::Less(path.into(), value.into_value())
    }

    /// The value at `path` is at most `value`.
    pub fn less_or_equal(path: impl Into<Path>, value: impl IntoValue) -> Self {
        Self::LessOrEqual(path.into(), value.into_value())
    }

    /// The value at `path` is greater than `value`.
    pub fn greater(path: impl Into<Path>, value: impl IntoValue) -> Self {
        Self::Greater(path.into(), value.into_value())
    }

    /// The value at `path` is at least `value`.
    pub fn greater_or_equal(path: impl Into<Path>, value: impl IntoValue) -> Self {
        Self::GreaterOrEqual(path.into(), value.into_value())
    }

    /// The value at `path` has fewer than `size` members or bytes.
    pub fn size_below(path: impl Into<Path>, size: u64) -> Self {
        Self::SizeBelow(path.into(), size)
    }

    /// All of `conditions` hold.
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::All(conditions.into_iter().collect())
    }

    /// At least one of `conditions` holds.
    pub fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::Any(conditions.into_iter().collect())
    }

    /// `condition` does not hold.
    #[expect(clippy::should_implement_trait, reason = "a constructor, not an operation on a condition at hand")]
    pub fn not(condition: Self) -> Self {
        Self::Not(Box::new(condition))
    }
}
