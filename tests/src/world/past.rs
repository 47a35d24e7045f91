//! What the items of the table were a moment ago, and which of them have had their time: what a read may show that need not
//! be consistent, and what is deleted at some time or other because it has expired.

use guildhall_storage::{AttributeValue, Item, Key, TableName};
use std::collections::{BTreeMap, VecDeque};

/// How old an answer may be, in milliseconds.
pub(super) const STALE_MS_MAX: u64 = 4_000;

/// Former states.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// Of each item what it was, and until when.
    states: BTreeMap<Key, VecDeque<(u64, Option<Item>)>>,
    /// When items expire that do, in seconds since 1970.
    expiries: BTreeMap<Key, u64>,
}

impl Past {
    /// An item has been replaced.
    pub(super) fn note(&mut self, now_ms: u64, key: &Key, before: Option<Item>, after: Option<&Item>) {
        match after.and_then(expires_at) {
            Some(expires_at) => self.expiries.insert(key.clone(), expires_at),
            None => self.expiries.remove(key),
        };
        let states = self.states.entry(key.clone()).or_default();
        states.push_back((now_ms, before));
        while states.front().is_some_and(|(until_ms, _)| until_ms + STALE_MS_MAX < now_ms) {
            states.pop_front();
        }
    }

    /// What the item was at that time, if it was replaced since.
    pub(super) fn at(&self, key: &Key, at_ms: u64) -> Option<Option<Item>> {
        let states = self.states.get(key)?.iter();
        states.clone().find(|(until_ms, _)| *until_ms > at_ms).map(|(_, item)| item.clone())
    }

    /// Items of a partition that have been replaced lately.
    pub(super) fn keys<'a>(&'a self, table: TableName, pk: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a Key> {
        let first = Key::new(table, pk, prefix);
        let is_in = move |key: &&Key| key.table == table && key.pk == pk && key.sk.starts_with(prefix);
        self.states.range(first..).map(|(key, _)| key).take_while(is_in)
    }

    /// Items that have expired.
    pub(super) fn expired(&self, now_s: u64) -> Vec<Key> {
        let expired = self.expiries.iter().filter(|(_, expires_at)| **expires_at <= now_s);
        expired.map(|(key, _)| key.clone()).collect()
    }
}

fn expires_at(item: &Item) -> Option<u64> {
    match item.get("expires_at")? {
        AttributeValue::N(number) => number.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_what_it_was() {
        let key = Key::new(TableName::Accounts, "a", "b");
        let item = |number: u64| {
            let expires_at = ("expires_at".to_owned(), AttributeValue::N(number.to_string()));
            Item::from(std::collections::HashMap::from([expires_at]))
        };
        let mut past = Past::default();
        past.note(1_000, &key, None, Some(&item(5)));
        past.note(2_000, &key, Some(item(5)), Some(&item(9)));
        assert_eq!(past.at(&key, 500), Some(None), "it was not there yet");
        assert_eq!(past.at(&key, 1_500), Some(Some(item(5))));
        assert_eq!(past.at(&key, 2_000), None, "it has not changed since");
        assert_eq!(past.keys(TableName::Accounts, "a", "").count(), 1);
        assert_eq!(past.keys(TableName::Accounts, "a", "c").count(), 0);
        assert_eq!((past.expired(8), past.expired(9)), (vec![], vec![key.clone()]));
        past.note(3_000, &key, Some(item(9)), None);
        assert_eq!(past.expired(9), []);
    }
}
