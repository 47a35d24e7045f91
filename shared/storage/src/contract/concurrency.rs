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

pub(super) async fn one_deleter_wins(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("count", 1u64)]).await;
    let delete = || Commit::one(Write::delete(key.clone(), Condition::Exists));
    let outcomes = join_all((0..CALLERS).map(|_| bench.commit(delete()))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let refused = |outcome: &CommitError| outcome.refusal(0).is_some_and(|refusal| refusal.current.is_none());
    assert!(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).all(refused));
    assert_eq!(bench.get(&key).await, None);
}

/// Sends a commit until no other transaction stands in its way; whether it was carried out.
async fn insist(bench: &Bench, commit: impl Fn() -> Commit) -> bool {
    for _ in 0..ATTEMPTS_MAX {
        match bench.commit(commit()).await {
            Ok(_) => return true,
            Err(CommitError::Refused(_)) => return false,
            Err(CommitError::Conflict) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("conflicts in {ATTEMPTS_MAX} attempts");
}

pub(super) async fn a_pair_is_created_by_one(bench: Bench) {
    let [name, hero] = ["name", "hero"].map(|sk| bench.key(sk));
    let create = |caller: u64| {
        let put = |key: &Key| Write::put_item(key.clone(), item([("owner", caller)]), Condition::NotExists);
        Commit::all([put(&name), put(&hero)])
    };
    let (bench, create) = (&bench, &create);
    let outcomes = join_all((0..CALLERS).map(|caller| insist(bench, move || create(caller)))).await;
    let winner = outcomes.iter().position(|done| *done).expect("one wins") as u64;
    assert_eq!(outcomes.iter().filter(|done| **done).count(), 1);
    for key in [&name, &hero] {
        assert_eq!(bench.get(key).await, Some(stored(key, [("owner", winner)])));
    }
}

pub(super) async fn writers_of_different_items_do_not_disturb_each_other(bench: Bench) {
    let keys: Vec<Key> = (0..CALLERS).map(|caller| bench.key(&format!("{caller:02}"))).collect();
    let add = |key: &Key| Write::update(key.clone(), [Action::add("count", 1)], Condition::Always);
    let pairs = keys.chunks(2).map(|pair| bench.done(Commit::all(pair.iter().map(add))));
    join_all(pairs).await;
    for key in &keys {
        assert_eq!(bench.get(key).await, Some(stored(key, [("count", 1u64)])));
    }
}

pub(super) async fn a_guard_that_goes_stops_those_who_check_it(bench: Bench) {
    let [guard, written] = ["guard", "written"].map(|sk| bench.key(sk));
    bench.given(&guard, [("count", 1u64)]).await;
    let guarded = || {
        let add = Write::update(written.clone(), [Action::add("count", 1)], Condition::Always);
        Commit::all([Write::check(guard.clone(), Condition::Exists), add])
    };
    let take = || Commit::one(Write::delete(guard.clone(), Condition::Exists));
    let (bench, guarded, take) = (&bench, &guarded, &take);
    let callers = (0..CALLERS).map(|caller| async move {
        if caller == CALLERS / 2 {
            (insist(bench, take).await, 0)
        } else {
            (true, u64::from(insist(bench, guarded).await))
        }
    });
    let outcomes = join_all(callers).await;
    assert!(outcomes.iter().all(|(fair, _)| *fair), "the guard goes once");
    let done: u64 = outcomes.iter().map(|(_, done)| done).sum();
    assert_eq!(count(bench.get(&written).await), done, "what was said to be done is");
    assert!(!insist(bench, guarded).await);
}

pub(super) async fn versions_rise_by_one_for_each_write(bench: Bench) {
    let key = bench.key("a");
    let add = || Commit::one(Write::update(key.clone(), [Action::add("count", 1)], Condition::Always));
    let images = join_all((0..CALLERS).map(|_| bench.done(add()))).await;
    let mut seen: Vec<u64> = images.into_iter().map(|committed| count(committed.returned)).collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=CALLERS).collect::<Vec<_>>(), "each writer is shown its own image");
}
