//! A table in memory on bad terms with its callers: a tenth of all commits is carried out without an answer, a tenth arrives
//! twice and is answered the second time, and calls overtake each other. Everything comes from one seed. It can also leave out
//! what the product asks of it, as if the product had forgotten it.

use crate::Dice;
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{
    Action, BoxFuture, Commit, CommitError, Committed, Condition, Consistency, Item, Key, Page, Path, Query,
    StorageError, Table, TableName, Write,
};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Most calls that may overtake one.
const OVERTAKEN_MAX: u64 = 4;
/// How many of a hundred commits lose their answer, and how many arrive twice.
const FAULT_PERCENT: u64 = 10;

/// A fault of the product, as a table sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// Game sims take sessions whatever their room: no write depends on the size of anything.
    Boundless,
    /// What is in this attribute stays in it: nothing is removed from it.
    Kept(&'static str),
    /// No write depends on what is in this attribute.
    Forgotten(&'static str),
    /// Nothing is ever put in this attribute of a row that is there.
    Unset(&'static str),
    /// No game sim takes a session, whatever its room.
    Full,
    /// What game sims write behind is said to be written, and is not.
    Unwritten,
    /// Reads of this table are not asked to be consistent.
    Stale(TableName),
    /// No logout ends a login.
    Endless,
    /// A game sim that is to drain closes its sessions at once.
    Abrupt,
}

/// The table.
#[derive(Debug)]
pub(super) struct Unreliable {
    table: Arc<MemoryTable>,
    planted: Option<Planted>,
    dice: Mutex<Dice>,
    is_calm: AtomicBool,
    lost: AtomicU64,
    twice: AtomicU64,
}

impl Unreliable {
    /// Calm, until it is told otherwise.
    pub(super) fn new(table: Arc<MemoryTable>, seed: u64, planted: Option<Planted>) -> Self {
        let (lost, twice) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { table, planted, dice: Mutex::new(Dice(seed)), is_calm: AtomicBool::new(true), lost, twice }
    }

    /// Whether everything goes well.
    pub(super) fn set_calm(&self, is_calm: bool) {
        self.is_calm.store(is_calm, Ordering::Relaxed);
    }

    /// Commits that were carried out and not answered.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Commits that arrived twice.
    pub(super) fn twice(&self) -> u64 {
        self.twice.load(Ordering::Relaxed)
    }

    fn draw(&self, bound: u64) -> u64 {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner).below(bound)
    }

    async fn give_way(&self) {
        for _ in 0..self.draw(OVERTAKEN_MAX + 1) {
            tokio::task::yield_now().await;
        }
    }
}

impl Table for Unreliable {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        Box::pin(async move {
            self.give_way().await;
            self.table.get(key, consistency).await
        })
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        Box::pin(async move {
            self.give_way().await;
            self.table.query(query).await
        })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            let commit = match self.planted {
                Some(planted) => planted.spoil(commit),
                None => commit,
            };
            self.give_way().await;
            match self.draw(100) / FAULT_PERCENT {
                _ if self.is_calm.load(Ordering::Relaxed) => self.table.commit(commit).await,
                0 => {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                    self.table.commit(commit).await.and(Err(StorageError::Unavailable("no answer".into()).into()))
                }
                1 => {
                    self.twice.fetch_add(1, Ordering::Relaxed);
                    self.table.commit(commit.clone()).await?;
                    self.give_way().await;
                    self.table.commit(commit).await
                }
                _ => self.table.commit(commit).await,
            }
        })
    }
}

impl Planted {
    /// The commit, as the product would have asked for it.
    pub(crate) fn spoil(self, mut commit: Commit) -> Commit {
        for write in &mut commit.writes {
            match (self, &mut *write) {
                (Self::Boundless, Write::Update { condition, .. }) => {
                    forget(condition, &|condition| matches!(condition, Condition::SizeBelow(..)));
                }
                (Self::Full, Write::Update { condition, .. }) => {
                    let never = Condition::Present("planted".into());
                    replace(condition, &never, &|condition| matches!(condition, Condition::SizeBelow(..)));
                }
                (Self::Endless, Write::Update { key, actions, .. }) if key.table == TableName::Accounts => {
                    put_aside(actions, |action| matches!(action, Action::Remove(place) if is_in(place, "sessions")));
                }
                (Self::Unset(attribute), Write::Update { actions, .. }) => {
                    put_aside(actions, |action| matches!(action, Action::Set(place, _) if is_in(place, attribute)));
                }
                (Self::Kept(attribute), Write::Update { key, actions, condition }) => {
                    actions.retain(|action| !matches!(action, Action::Remove(place) if is_in(place, attribute)));
                    if actions.is_empty() {
                        *write = Write::check(key.clone(), std::mem::take(condition));
                    }
                }
                (
                    Self::Forgotten(attribute),
                    Write::Put { condition, .. }
                    | Write::Update { condition, .. }
                    | Write::Delete { condition, .. }
                    | Write::Check { condition, .. },
                ) => forget(condition, &|condition| place(condition).is_some_and(|place| is_in(place, attribute))),
                _ => {}
            }
        }
        commit
    }

    /// Whether the commit is only said to be carried out.
    pub(crate) fn swallows(self, commit: &Commit) -> bool {
        let is_behind = |write: &Write| match write {
            Write::Update { key, actions, .. } => {
                key.table == TableName::Characters && actions.iter().any(|action| is_in(action.path(), "last_write"))
            }
            _ => false,
        };
        self == Self::Unwritten && commit.writes.iter().all(is_behind)
    }
}

fn is_in(place: &Path, attribute: &str) -> bool {
    place.names().first().is_some_and(|name| name == attribute)
}

/// Does something that matters to nobody instead of such actions.
fn put_aside(actions: &mut [Action], is_such: impl Fn(&Action) -> bool) {
    actions.iter_mut().filter(|action| is_such(action)).for_each(|action| *action = Action::set("planted", 1_u64));
}

/// What a condition is about, if it is about one place.
fn place(condition: &Condition) -> Option<&Path> {
    match condition {
        Condition::Present(place)
        | Condition::Absent(place)
        | Condition::Equals(place, _)
        | Condition::Differs(place, _)
        | Condition::Less(place, _)
        | Condition::LessOrEqual(place, _)
        | Condition::Greater(place, _)
        | Condition::GreaterOrEqual(place, _)
        | Condition::SizeBelow(place, _) => Some(place),
        _ => None,
    }
}

/// Makes whatever is such a condition hold always.
fn forget(condition: &mut Condition, is_such: &impl Fn(&Condition) -> bool) {
    replace(condition, &Condition::Always, is_such);
}

/// Puts another condition in the place of every such one.
fn replace(condition: &mut Condition, by: &Condition, is_such: &impl Fn(&Condition) -> bool) {
    match condition {
        such if is_such(such) => *such = by.clone(),
        Condition::All(conditions) | Condition::Any(conditions) => {
            conditions.iter_mut().for_each(|condition| replace(condition, by, is_such));
        }
        _ => {}
    }
}
