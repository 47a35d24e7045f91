//! Whether a write may be sent again when nobody knows what became of it.

use crate::{Action, Commit, Condition, Write};

impl Commit {
    /// Whether a commit with an unknown outcome may be sent again.
    ///
    /// Transactions may, as their token makes the second one void. An unconditional put, delete or assignment may, as it promises
    /// nothing about what it overwrites. A conditional write may if its own success makes its condition false: the repetition is
    /// then refused, and the caller recognises its own write in the item that comes back. Everything else would happen twice.
    pub fn is_repeatable(&self) -> bool {
        let [write] = self.writes.as_slice() else { return true };
        if self.is_transaction() {
            return true;
        }
        let adds = matches!(write, Write::Update { actions, .. } if actions.iter().any(|action| matches!(action, Action::Add(..))));
        match write.condition() {
            Condition::Always => !adds,
            condition => excludes_itself(write, condition),
        }
    }
}

/// Whether `condition` cannot hold of the item that `write` leaves behind. Only the obvious cases are seen: absence of what is
/// written, presence of what is deleted, and equality with a value that is replaced by another.
fn excludes_itself(write: &Write, condition: &Condition) -> bool {
    match condition {
        Condition::All(conditions) => conditions.iter().any(|condition| excludes_itself(write, condition)),
        Condition::NotExists => !matches!(write, Write::Delete { .. }),
        Condition::Exists | Condition::Present(_) if matches!(write, Write::Delete { .. }) => true,
        Condition::Equals(path, before) => match write {
            Write::Delete { .. } => true,
            Write::Put { item, .. } => match path.names() {
                [name] => item.get(name) != Some(before),
                _ => false,
            },
            Write::Update { actions, .. } => {
                actions.iter().filter(|action| action.path() == path).any(|action| match action {
                    Action::Set(_, after) => after != before,
                    Action::Add(_, amount) => *amount != 0,
                    Action::Remove(_) => true,
                })
            }
            Write::Check { .. } => false,
        },
        Condition::Absent(path) => match write {
            Write::Put { item, .. } => matches!(path.names(), [name] if item.contains_key(name)),
            Write::Update { actions, .. } => {
                actions.iter().any(|action| action.path() == path && !matches!(action, Action::Remove(_)))
            }
            Write::Delete { .. } | Write::Check { .. } => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IntoValue, Item, Key, Path, TableName};
    use std::collections::HashMap;

    #[test]
    fn a_lone_write_is_repeatable_where_it_cannot_happen_twice() {
        let key = || Key::new(TableName::Sessions, "p", "s");
        let add = || vec![Action::add("version", 1)];
        let repeatable = |write: Write| Commit::one(write).is_repeatable();
        assert!(repeatable(Write::put_item(key(), Item::default(), Condition::NotExists)));
        assert!(repeatable(Write::put_item(key(), Item::default(), Condition::Always)));
        assert!(!repeatable(Write::put_item(key(), Item::default(), Condition::Exists)));
        assert!(repeatable(Write::update(key(), add(), Condition::equals("version", 3u64))));
        assert!(!repeatable(Write::update(key(), add(), Condition::Exists)));
        assert!(!repeatable(Write::update(key(), add(), Condition::Always)));
        assert!(!repeatable(Write::update(key(), add(), Condition::equals("epoch", 3u64))));
        assert!(repeatable(Write::update(key(), [Action::set("a", 1u64)], Condition::absent("a"))));
        assert!(repeatable(Write::delete(key(), Condition::Exists)));
        assert!(Commit::one(Write::update(key(), add(), Condition::Always)).token("t").is_repeatable());
    }

    #[test]
    fn a_value_that_is_replaced_by_another_is_not_found_again() {
        let key = || Key::new(TableName::Sessions, "p", "s");
        let repeatable = |write: Write| Commit::one(write).is_repeatable();
        let seen = || Condition::equals("version", 3u64);
        let put = |version: u64, condition| {
            let item = Item::from(HashMap::from([("version".to_owned(), version.into_value())]));
            repeatable(Write::put_item(key(), item, condition))
        };
        assert!(put(4, seen()) && !put(3, seen()));
        assert!(!put(4, Condition::Equals(Path::nested(["version", "major"]), 3u64.into_value())));
        assert!(put(4, Condition::absent("version")) && !put(4, Condition::absent("other")));
        let update = |action, condition| repeatable(Write::update(key(), [action], condition));
        assert!(update(Action::set("version", 4u64), seen()) && !update(Action::set("version", 3u64), seen()));
        assert!(update(Action::add("version", 1), seen()) && !update(Action::add("version", 0), seen()));
        assert!(update(Action::remove("version"), seen()) && !update(Action::remove("other"), seen()));
        assert!(!update(Action::remove("version"), Condition::absent("version")));
        assert!(!update(Action::set("other", 1u64), Condition::absent("version")));
        // One part of a condition that cannot hold again is enough.
        assert!(update(Action::add("version", 1), Condition::all([Condition::Exists, seen()])));
        assert!(!update(Action::add("version", 1), Condition::all([Condition::Exists, Condition::Exists])));
    }
}
