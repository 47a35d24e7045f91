//! The table of a storm: in memory, but calls overtake each other, answers get lost, and whatever is written is checked at
//! once. Everything comes from one seed.

use super::checks::Ledger;
use guildhall_domain::Timestamp;
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{
    BoxFuture, Commit, CommitError, Committed, Consistency, Item, Key, Page, Query, StorageError, Table,
};
use guildhall_tests::Dice;
use std::sync::{Mutex, MutexGuard};

/// Most calls that may overtake one.
const OVERTAKEN_MAX: u64 = 4;
/// How many of a hundred commits meet each fault.
const FAULT_PERCENT: u64 = 4;

/// What becomes of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrives,
    AnswerLost,
    NeverArrives,
    Conflicts,
    Throttled,
}

#[derive(Debug)]
struct State {
    dice: Dice,
    is_rough: bool,
    faults: u64,
    ledger: Ledger,
}

/// A table in bad weather.
#[derive(Debug)]
pub(super) struct Weather {
    table: MemoryTable,
    state: Mutex<State>,
}

impl Weather {
    pub(super) fn new(seed: u64) -> Self {
        let state = State { dice: Dice(seed), is_rough: false, faults: 0, ledger: Ledger::default() };
        Self { table: MemoryTable::new(), state: Mutex::new(state) }
    }

    /// Everything that was ever written, as checked.
    pub(super) fn with_ledger<T>(&self, look: impl FnOnce(&mut Ledger) -> T) -> T {
        look(&mut self.state().ledger)
    }

    pub(super) fn turn(&self, is_rough: bool) {
        self.state().is_rough = is_rough;
    }

    pub(super) fn set_time(&self, now: Timestamp) {
        self.state().ledger.now = now;
    }

    /// How many commits have met a fault so far.
    pub(super) fn faults(&self) -> u64 {
        self.state().faults
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Lets others go first.
    async fn give_way(&self) {
        let times = self.state().dice.below(OVERTAKEN_MAX + 1);
        for _ in 0..times {
            tokio::task::yield_now().await;
        }
    }

    fn draw_fate(&self) -> Fate {
        let mut state = self.state();
        let fate = match state.dice.below(100) / FAULT_PERCENT {
            _ if !state.is_rough => Fate::Arrives,
            0 | 1 => Fate::AnswerLost,
            2 => Fate::NeverArrives,
            3 => Fate::Conflicts,
            4 => Fate::Throttled,
            _ => Fate::Arrives,
        };
        state.faults += u64::from(fate != Fate::Arrives);
        fate
    }

    async fn write(&self, commit: Commit) -> Result<Committed, CommitError> {
        let result = self.table.commit(commit.clone()).await;
        if result.is_ok() {
            let mut after = Vec::new();
            for write in &commit.writes {
                after.push(self.table.get(write.key(), Consistency::Strong).await?);
            }
            self.state().ledger.take_in(&commit, after);
        }
        result
    }
}

impl Table for Weather {
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
            self.give_way().await;
            let lost = || StorageError::Unavailable("the weather".into()).into();
            match self.draw_fate() {
                Fate::Arrives => self.write(commit).await,
                Fate::AnswerLost => self.write(commit).await.and(Err(lost())),
                Fate::NeverArrives => Err(lost()),
                Fate::Conflicts => Err(CommitError::Conflict),
                Fate::Throttled => Err(StorageError::Throttled.into()),
            }
        })
    }
}
