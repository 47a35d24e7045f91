//! A table in memory on bad terms with its callers: a tenth of all commits is carried out without an answer, a tenth arrives
//! twice and is answered the second time, and calls overtake each other. Everything comes from one seed. It can also leave out
//! what the product asks of it, as if the product had forgotten it.

use crate::Dice;
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{
    Action, BoxFuture, Commit, CommitError, Committed, Condition, Consistency, Item, Key, Page, Query, StorageError,
    Table, Write,
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
            let Write::Update { key, actions, condition } = write else { continue };
            match self {
                Self::Boundless => forget_sizes(condition),
                Self::Kept(attribute) => {
                    let removes = |action: &Action| matches!(action, Action::Remove(place) if place.names().first().is_some_and(|name| name == attribute));
                    actions.retain(|action| !removes(action));
                    if actions.is_empty() {
                        *write = Write::check(key.clone(), std::mem::take(condition));
                    }
                }
            }
        }
        commit
    }
}

fn forget_sizes(condition: &mut Condition) {
    match condition {
        Condition::SizeBelow(..) => *condition = Condition::Always,
        Condition::All(conditions) | Condition::Any(conditions) => conditions.iter_mut().for_each(forget_sizes),
        _ => {}
    }
}
