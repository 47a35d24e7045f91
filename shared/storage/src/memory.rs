//! The table in memory, for simulations: the meaning of DynamoDB without its time. It is deterministic (ordered maps, no
//! clock, no entropy), never throttles and never conflicts. [`Adversary`] does all of that around it, when it is told to.

mod adversary;
mod evaluate;

pub use adversary::{Adversary, Asked, Fault};

use crate::table::BoxFuture;
use crate::validity::normalized_item;
use crate::value::{item_size_bytes, with_key};
use crate::{Commit, CommitError, Committed, Consistency, ITEM_BYTES_MAX};
use crate::{Item, Key, PAGE_BYTES_MAX, Page, Query, Refusal, StorageError, Table, TableName, Write};
use std::collections::{BTreeMap, VecDeque};
use std::future::ready;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many idempotency tokens are remembered: without a clock, number stands in for DynamoDB's ten minutes.
pub const TOKENS_REMEMBERED_MAX: usize = 16_384;

/// All tables of one simulated deployment.
#[derive(Debug, Default)]
pub struct MemoryTable {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<Key, Arc<Item>>,
    tokens: BTreeMap<String, Vec<Write>>,
    tokens_by_age: VecDeque<String>,
}

impl MemoryTable {
    /// Empty tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything stored, in key order: what a simulation checks its invariants on after a write.
    pub fn items(&self) -> Vec<(Key, Item)> {
        self.state().items.iter().map(|(key, item)| (key.clone(), Item::clone(item))).collect()
    }

    /// Puts back what was stored, and forgets every token.
    pub fn restore(&self, items: &[(Key, Item)]) {
        let items = items.iter().map(|(key, item)| (key.clone(), Arc::new(item.clone()))).collect();
        *self.state() = State { items, ..State::default() };
    }

    /// Stores or removes an item whatever is there.
    fn replace(&self, key: &Key, item: Option<Item>) {
        let mut state = self.state();
        match item {
            Some(item) => state.items.insert(key.clone(), Arc::new(item)),
            None => state.items.remove(key),
        };
    }

    /// The items of a partition, by their keys.
    fn partition(&self, table: TableName, pk: &str) -> Vec<(Key, Item)> {
        let (state, start) = (self.state(), Key::new(table, pk, ""));
        let found = state.items.range(start..).take_while(|(key, _)| key.table == table && key.pk == pk);
        found.map(|(key, item)| (key.clone(), Item::clone(item))).collect()
    }

    /// Takes a transaction with this token for a new one.
    fn forget(&self, token: &str) {
        let mut state = self.state();
        state.tokens.remove(token);
        state.tokens_by_age.retain(|known| known != token);
    }

    /// A panic cannot leave the state half-changed, as commits replace items only after the last check; so a poisoned lock
    /// is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table for MemoryTable {
    fn get<'a>(&'a self, key: &'a Key, _: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        Box::pin(ready(key.validate().map(|()| self.state().item(key))))
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        Box::pin(ready(query.validate().map(|()| self.state().query(&query))))
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(ready(self.state().commit(commit)))
    }
}

impl State {
    fn item(&self, key: &Key) -> Option<Item> {
        self.items.get(key).map(|item| Item::clone(item))
    }

    fn query(&self, query: &Query) -> Page {
        let prefix = query.sk_prefix.as_deref().unwrap_or_default();
        let start = |sk: &str| Key::new(query.table, query.pk.as_str(), sk);
        let start = match &query.start_after {
            Some(after) => Bound::Excluded(start(after)),
            None => Bound::Included(start(prefix)),
        };
        let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
        let mut page_bytes = 0;
        let mut page = Page::default();
        let found = self.items.range((start, Bound::Unbounded));
        let is_asked_for = |key: &Key| key.table == query.table && key.pk == query.pk && key.sk.starts_with(prefix);
        for (key, item) in found.take_while(|(key, _)| is_asked_for(key)) {
            page.items.push(Arc::clone(item));
            page_bytes += item_size_bytes(item);
            // Like DynamoDB, a full page promises a successor without looking for one.
            if page.items.len() == limit || page_bytes >= PAGE_BYTES_MAX {
                page.next = Some(key.sk.clone());
                break;
            }
        }
        page
    }

    fn commit(&mut self, commit: Commit) -> Result<Committed, CommitError> {
        commit.validate()?;
        if let Some(known) = commit.token.as_ref().and_then(|token| self.tokens.get(token)) {
            if *known == commit.writes {
                return Ok(Committed::default());
            }
            return Err(StorageError::Invalid("the token was used for other writes".to_owned()).into());
        }
        let refusals = self.refusals(&commit.writes);
        if !refusals.is_empty() {
            return Err(CommitError::Refused(refusals));
        }
        let images = commit.writes.iter().map(|write| self.image_after(write)).collect::<Result<Vec<_>, _>>()?;
        let returned = if commit.is_transaction() { None } else { images.first().cloned().flatten() };
        for (write, image) in commit.writes.iter().zip(images) {
            match image {
                Some(item) => self.items.insert(write.key().clone(), Arc::new(item)),
                None => self.items.remove(write.key()),
            };
        }
        if let Some(token) = commit.token {
            self.remember(token, commit.writes);
        }
        Ok(Committed { returned })
    }

    fn refusals(&self, writes: &[Write]) -> Vec<Refusal> {
        let refusal = |(index, write): (usize, &Write)| {
            let current = self.items.get(write.key()).map(Arc::as_ref);
            let holds = evaluate::holds(write.condition(), current);
            (!holds).then(|| Refusal { index, current: current.cloned() })
        };
        writes.iter().enumerate().filter_map(refusal).collect()
    }

    fn image_after(&self, write: &Write) -> Result<Option<Item>, StorageError> {
        image_after(write, self.items.get(write.key()).map(Arc::as_ref))
    }

    fn remember(&mut self, token: String, writes: Vec<Write>) {
        if self.tokens_by_age.len() >= TOKENS_REMEMBERED_MAX
            && let Some(oldest) = self.tokens_by_age.pop_front()
        {
            self.tokens.remove(&oldest);
        }
        self.tokens_by_age.push_back(token.clone());
        self.tokens.insert(token, writes);
    }
}

/// The item as `write` leaves it where `current` is.
pub(crate) fn image_after(write: &Write, current: Option<&Item>) -> Result<Option<Item>, StorageError> {
    match write {
        Write::Put { key, item, .. } => Ok(Some(normalized_item(with_key(key, item.clone())))),
        Write::Delete { .. } => Ok(None),
        Write::Check { .. } => Ok(current.cloned()),
        Write::Update { key, actions, .. } => {
            let before = current.cloned().unwrap_or_else(|| with_key(key, Item::default()));
            let after = evaluate::apply(actions, before)?;
            let bytes = item_size_bytes(&after);
            if bytes > ITEM_BYTES_MAX {
                return Err(StorageError::TooLarge(format!("an item of {bytes} bytes")));
            }
            Ok(Some(after))
        }
    }
}
