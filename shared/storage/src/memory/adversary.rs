//! A table in memory that does to its callers everything that DynamoDB may do, each at the call that the test names. It has
//! no clock and no entropy of its own, waits for nothing, and does the same again when it is asked the same.
//!
//! Beside the faults it is told, three things are as in the cloud at all times: a token is known for ten minutes of the
//! test's clock, an expired row lingers until some time within two days, and what an eventual read may miss is remembered.

use super::MemoryTable;
use crate::table::BoxFuture;
use crate::{
    AttributeValue, Commit, CommitError, Committed, Consistency, Item, Key, Page, Query, StorageError, Table, TableName,
};
use futures_util::FutureExt;
use guildhall_domain::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long a token makes a repetition void, in milliseconds (API reference, "TransactWriteItems").
const TOKEN_LIFETIME_MS: u64 = 10 * 60 * 1_000;
/// How far an eventual read may lag behind, in milliseconds. DynamoDB says "a second or less"; nobody should count on it.
const STALE_MS_MAX: u64 = 3_000;
/// How long an expired row may linger, in milliseconds (Developer Guide, "Time to live").
const LINGER_MS_MAX: u64 = 2 * 24 * 60 * 60 * 1_000;
/// What has expired longer ago than this, in milliseconds, is taken for a mistake and stays (the same guide: five years).
const EXPIRY_AGE_MS_MAX: u64 = 5 * 365 * 24 * 60 * 60 * 1_000;

/// What DynamoDB does to a call, as the caller of a [`Table`] meets it: after the adapter has tried again where it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Slowed down at every attempt; nothing is written.
    Throttled,
    /// A timeout or an internal error at every attempt, and none of them carried out.
    Lost,
    /// The same, and the write is carried out.
    Unanswered,
    /// The same, and the write is carried out at [`Adversary::settle`], when the caller has long gone on.
    Late,
    /// Carried out without an answer, and sent again: the caller sees what the second attempt comes to.
    Repeated,
    /// Another transaction touches the same items at every attempt; nothing is written.
    Conflict,
    /// Of several conditions that do not hold only the last is shown: conflicts took the place of the others.
    HalfRefused,
    /// The token was used for other writes, as nobody should; nothing is written.
    TokenMismatch,
    /// Larger than what DynamoDB takes, for a reason that nobody has foreseen; nothing is written.
    TooLarge,
    /// A page of one item, and a place to go on at.
    PartialPage,
    /// An eventual read of what was there seconds ago.
    Stale,
}

/// What is asked of the table.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    /// [`Table::get`].
    Get(&'a Key, Consistency),
    /// [`Table::query`].
    Query(&'a Query),
    /// [`Table::commit`].
    Commit(&'a Commit),
}

impl Fault {
    /// Every one of them.
    pub const ALL: [Self; 11] = [
        Self::Throttled,
        Self::Lost,
        Self::Unanswered,
        Self::Late,
        Self::Repeated,
        Self::Conflict,
        Self::HalfRefused,
        Self::TokenMismatch,
        Self::TooLarge,
        Self::PartialPage,
        Self::Stale,
    ];

    /// Whether this can happen to such a call.
    pub fn meets(self, asked: &Asked<'_>) -> bool {
        let is_eventual = match asked {
            Asked::Get(_, consistency) => *consistency == Consistency::Eventual,
            Asked::Query(query) => query.consistency == Consistency::Eventual,
            Asked::Commit(_) => false,
        };
        match (self, asked) {
            (Self::Stale, _) => is_eventual,
            (Self::Throttled | Self::Lost, _)
            | (Self::PartialPage, Asked::Query(_))
            | (Self::Unanswered | Self::Late | Self::Conflict | Self::TooLarge, Asked::Commit(_)) => true,
            (Self::Repeated, Asked::Commit(commit)) => commit.is_repeatable(),
            (Self::HalfRefused, Asked::Commit(commit)) => commit.writes.len() > 1,
            (Self::TokenMismatch, Asked::Commit(commit)) => commit.token.is_some(),
            _ => false,
        }
    }
}

type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;
type Plan = Box<dyn FnMut(u64, &Asked<'_>) -> Option<Fault> + Send>;

/// The table.
pub struct Adversary {
    table: MemoryTable,
    clock: Clock,
    seed: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    plan: Option<Plan>,
    asked: u64,
    tokens: BTreeMap<String, Timestamp>,
    late: Vec<Commit>,
    /// What items were before writes of the last seconds, oldest first.
    before: Vec<(Timestamp, Key, Option<Item>)>,
}

impl fmt::Debug for Adversary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adversary").field("table", &self.table).finish_non_exhaustive()
    }
}

impl Adversary {
    /// Empty tables under a clock. The seed decides how long which expired row lingers.
    pub fn new(seed: u64, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { table: MemoryTable::new(), clock: Box::new(clock), seed, state: Mutex::default() }
    }

    /// Asks `plan` what to do to each call from here on, by the call's number, which begins at 0. A fault that cannot meet
    /// the call is not done.
    pub fn plan(&self, plan: impl FnMut(u64, &Asked<'_>) -> Option<Fault> + Send + 'static) {
        let mut state = self.state();
        state.plan = Some(Box::new(plan));
        state.asked = 0;
    }

    /// Lets everything go well from here on.
    pub fn calm(&self) {
        self.state().plan = None;
    }

    /// Carries out what is late, in the order in which it was sent. Nobody is told how that goes but the test.
    pub fn settle(&self) -> Vec<Result<Committed, CommitError>> {
        let late = std::mem::take(&mut self.state().late);
        late.into_iter().map(|commit| self.write(commit)).collect()
    }

    /// Everything stored, in key order, expired rows that linger among it.
    pub fn items(&self) -> Vec<(Key, Item)> {
        self.table.items()
    }

    /// Puts back what was stored, and forgets everything else.
    pub fn restore(&self, items: &[(Key, Item)]) {
        self.table.restore(items);
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be done to a call.
    fn fault(&self, asked: &Asked<'_>) -> Option<Fault> {
        let mut state = self.state();
        let number = state.asked;
        state.asked += 1;
        let plan = state.plan.as_mut()?;
        plan(number, asked).filter(|fault| fault.meets(asked))
    }

    /// Removes a row whose time to linger is over.
    fn sweep(&self, key: &Key, item: Option<&Item>) {
        let Some(AttributeValue::N(seconds)) = item.and_then(|item| item.get("expires_at")) else { return };
        let Some(expired_ms) = seconds.parse::<u64>().ok().and_then(|seconds| seconds.checked_mul(1_000)) else {
            return;
        };
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        let hash = key.pk.bytes().chain(key.sk.bytes()).fold(0xcbf2_9ce4_8422_2325 ^ self.seed, mix);
        let lingers_ms = hash % LINGER_MS_MAX;
        let age_ms = (self.clock)().0.saturating_sub(expired_ms);
        if age_ms > lingers_ms && age_ms < EXPIRY_AGE_MS_MAX {
            self.table.replace(key, None);
        }
    }

    fn stored(&self, key: &Key) -> Option<Item> {
        self.table.get(key, Consistency::Strong).now_or_never()?.ok()?
    }

    fn sweep_partition(&self, table: TableName, pk: &str) {
        self.table.partition(table, pk).iter().for_each(|(key, item)| self.sweep(key, Some(item)));
    }

    /// The partition as it was seconds ago, as far as anybody could still see it so.
    fn partition_before(&self, table: TableName, pk: &str) -> MemoryTable {
        let past = MemoryTable::new();
        past.restore(&self.table.partition(table, pk));
        let horizon = (self.clock)().0.saturating_sub(STALE_MS_MAX);
        let state = self.state();
        // From the latest on, so that the oldest image stays.
        for (_, key, before) in state.before.iter().rev().filter(|(at, ..)| at.0 >= horizon) {
            if key.table == table && key.pk == pk {
                past.replace(key, before.clone());
            }
        }
        past
    }

    /// Carries a commit out.
    fn write(&self, commit: Commit) -> Result<Committed, CommitError> {
        let now = (self.clock)();
        for write in &commit.writes {
            self.sweep(write.key(), self.stored(write.key()).as_ref());
        }
        let token = commit.token.clone();
        if let Some(token) = &token {
            let known = self.state().tokens.get(token).copied();
            if known.is_some_and(|since| now.0 >= since.0.saturating_add(TOKEN_LIFETIME_MS)) {
                self.table.forget(token);
                self.state().tokens.remove(token);
            }
        }
        let before: Vec<_> =
            commit.writes.iter().map(|write| (write.key().clone(), self.stored(write.key()))).collect();
        let outcome = self.table.commit(commit).now_or_never().unwrap_or(Err(CommitError::Conflict));
        if outcome.is_ok() {
            let mut state = self.state();
            if let Some(token) = token {
                state.tokens.entry(token).or_insert(now);
            }
            state.before.retain(|(at, ..)| at.0.saturating_add(STALE_MS_MAX) >= now.0);
            state.before.extend(before.into_iter().map(|(key, item)| (now, key, item)));
        }
        outcome
    }

    fn commit_under(&self, fault: Option<Fault>, commit: Commit) -> Result<Committed, CommitError> {
        let Some(fault) = fault else { return self.write(commit) };
        commit.validate()?;
        match fault {
            Fault::Throttled => Err(StorageError::Throttled.into()),
            Fault::Conflict => Err(CommitError::Conflict),
            Fault::TokenMismatch => Err(StorageError::Invalid("the token was used for other writes".to_owned()).into()),
            Fault::TooLarge => Err(StorageError::TooLarge("larger than expected".to_owned()).into()),
            // What is refused is answered, or nobody would know; so only a success goes without an answer.
            Fault::Unanswered => self.write(commit).and(Err(no_answer().into())),
            Fault::Late => {
                self.state().late.push(commit);
                Err(no_answer().into())
            }
            Fault::Repeated => {
                let first = self.write(commit.clone());
                // A transaction has a token of the adapter's, if none of its caller's, and is void when it comes again.
                if commit.is_transaction() || first.is_err() { first } else { self.write(commit) }
            }
            Fault::HalfRefused => self.write(commit).map_err(|error| match error {
                CommitError::Refused(mut refusals) => CommitError::Refused(refusals.split_off(refusals.len() - 1)),
                error => error,
            }),
            Fault::Lost | Fault::PartialPage | Fault::Stale => Err(no_answer().into()),
        }
    }
}

fn no_answer() -> StorageError {
    StorageError::Unavailable("no answer".to_owned())
}

impl Table for Adversary {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        let answer = match self.fault(&Asked::Get(key, consistency)) {
            Some(Fault::Throttled) => Err(StorageError::Throttled),
            Some(Fault::Stale) => return self.partition_before(key.table, &key.pk).into_get(key),
            Some(_) => Err(no_answer()),
            None => key.validate().map(|()| {
                self.sweep(key, self.stored(key).as_ref());
                self.stored(key)
            }),
        };
        Box::pin(ready(answer))
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        let answer = match self.fault(&Asked::Query(&query)) {
            Some(Fault::Throttled) => Err(StorageError::Throttled),
            Some(Fault::Stale) => return self.partition_before(query.table, &query.pk).into_query(&query),
            fault @ (None | Some(Fault::PartialPage)) => {
                self.sweep_partition(query.table, &query.pk);
                let limit = if fault.is_some() { Some(1) } else { query.limit };
                return self.table.query(Query { limit, ..query });
            }
            Some(_) => Err(no_answer()),
        };
        Box::pin(ready(answer))
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        let fault = self.fault(&Asked::Commit(&commit));
        Box::pin(ready(self.commit_under(fault, commit)))
    }
}

impl MemoryTable {
    /// The answers of a table that nobody keeps.
    fn into_get<'a>(self, key: &Key) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        Box::pin(ready(key.validate().map(|()| self.state().item(key))))
    }

    fn into_query<'a>(self, query: &Query) -> BoxFuture<'a, Result<Page, StorageError>> {
        Box::pin(ready(query.validate().map(|()| self.state().query(query))))
    }
}
