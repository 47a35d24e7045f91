//! Many callers at once.

use super::{Bench, item, stored};
use crate::{Action, Commit, CommitError, Condition, Item, Key, Write, decode};
use futures_util::future::join_all;
use serde::Deserialize;

const CALLERS: u64 = 16;
/// How often one caller may lose before the case is broken rather than unlucky: every loss is another caller's success.
const ATTEMPTS_MAX: u64 = 64 * CALLERS;

#[derive(Deserialize)]
struct Counter {
    count: u64,
}

fn count(item: Option<Item>) -> u64 {
    item.map_or(0, |item| decode::<Counter>(item).expect("a counter").count)
}

/// Adds one under the condition that nobody else did since; a refusal brings the state for the next attempt.
async fn increment(bench: &Bench, key: &Key) {
    let mut known = count(bench.get(key).await);
    for _ in 0..ATTEMPTS_MAX {
        let unchanged = Condition::equals("count", known);
        let write = Write::update(key.clone(), [Action::set("count", known + 1)], unchanged);
        match bench.commit(Commit::one(write)).await {
            Ok(_) => return,
            Err(CommitError::Conflict) => {}
            Err(CommitError::Refused(refusals)) => {
                known = count(refusals.into_iter().next().and_then(|refusal| refusal.current));
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("no increment in {ATTEMPTS_MAX} attempts");
}

pub(super) async fn conditional_increments_lose_nothing(bench: Bench) {
    let key = bench.key("counter");
    bench.given(&key, [("count", 0u64)]).await;
    join_all((0..CALLERS).map(|_| increment(&bench, &key))).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("count", CALLERS)])));
}

pub(super) async fn additions_lose_nothing(bench: Bench) {
    let key = bench.key("counter");
    let add = || Commit::one(Write::update(key.clone(), [Action::add("count", 1)], Condition::Always));
    join_all((0..CALLERS).map(|_| bench.done(add()))).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("count", CALLERS)])));
}

pub(super) async fn one_creator_wins(bench: Bench) {
    let key = bench.key("name");
    let create = |caller| Commit::one(Write::put_item(key.clone(), item([("owner", caller)]), Condition::NotExists));
    let outcomes = join_all((0..CALLERS).map(|caller| bench.commit(create(caller)))).await;
    let winners: Vec<Item> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()?.returned.clone()).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(bench.get(&key).await.as_ref(), winners.first());
    for outcome in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert_eq!(outcome.refusal(0).and_then(|refusal| refusal.current.as_ref()), winners.first());
    }
}

/// Moves one unit while there is one, through conflicts with the other callers.
async fn transfer(bench: &Bench, from: &Key, to: &Key) {
    for _ in 0..ATTEMPTS_MAX {
        let take = Write::update(from.clone(), [Action::add("count", -1)], Condition::greater("count", 0u64));
        let give = Write::update(to.clone(), [Action::add("count", 1)], Condition::Exists);
        match bench.commit(Commit::all([take, give])).await {
            Ok(_) | Err(CommitError::Refused(_)) => return,
            Err(CommitError::Conflict) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("no transfer in {ATTEMPTS_MAX} attempts");
}

pub(super) async fn transfers_conserve_the_sum(bench: Bench) {
    let [left, right] = ["left", "right"].map(|sk| bench.key(sk));
    bench.given(&left, [("count", 3u64)]).await;
    bench.given(&right, [("count", 3u64)]).await;
    let one_way = (0..CALLERS).map(|_| transfer(&bench, &left, &right));
    join_all(one_way).await;
    // Sixteen tries at three units: exactly three succeed, the others find nothing left.
    assert_eq!(bench.get(&left).await, Some(stored(&left, [("count", 0u64)])));
    assert_eq!(bench.get(&right).await, Some(stored(&right, [("count", 6u64)])));
    let both_ways = (0..CALLERS).map(|caller| {
        let (from, to) = if caller % 2 == 0 { (&left, &right) } else { (&right, &left) };
        transfer(&bench, from, to)
    });
    join_all(both_ways).await;
    assert_eq!(count(bench.get(&left).await) + count(bench.get(&right).await), 6);
}
