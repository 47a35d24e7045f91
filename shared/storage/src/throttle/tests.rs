//! The counts over the table in memory, without a single hash.

use super::*;
use crate::memory::MemoryTable;

const START: Timestamp = Timestamp(1_800_000_000_000);

fn attempt(address: u128, network: u128) -> Attempt {
    Attempt { pair: address << 64 | network, address: address << 64, network, spread: 0 }
}

async fn login(table: &MemoryTable, attempt: &Attempt, now: Timestamp) -> Option<u64> {
    match admit_login(table, attempt, now).await.unwrap() {
        Admission::Admitted => None,
        Admission::Refused { retry_after_ms } => Some(retry_after_ms),
    }
}

async fn succeed(table: &MemoryTable, attempt: &Attempt, now: Timestamp) {
    assert_eq!(login(table, attempt, now).await, None);
    table.commit(Commit::one(forgive(attempt, now))).await.unwrap();
}

#[test]
fn the_delay_doubles_up_to_its_limit() {
    let delays: Vec<u64> = (0..13).map(delay_ms).collect();
    let s = 1_000;
    assert_eq!(delays, [0, 0, 0, 0, 0, s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s]);
    assert_eq!(delay_ms(u64::MAX), LOGIN_DELAY_MAX_MS);
}

#[tokio::test]
async fn each_wrong_password_waits_for_its_delay_and_no_longer() {
    let (table, attempt, mut now) = (MemoryTable::new(), attempt(1, 1), START);
    for failures in 0..20 {
        let delay = delay_ms(failures);
        if delay > 0 {
            assert_eq!(login(&table, &attempt, now).await, Some(delay), "after {failures}");
            now = now.plus_millis(delay - 1);
            assert_eq!(login(&table, &attempt, now).await, Some(1), "after {failures}");
            now = now.plus_millis(1);
        }
        assert_eq!(login(&table, &attempt, now).await, None, "after {failures}");
    }
}

#[tokio::test]
async fn the_right_password_starts_over() {
    let (table, attempt) = (MemoryTable::new(), attempt(1, 1));
    for _ in 0..LOGIN_FAILURES_FREE_MAX {
        assert_eq!(login(&table, &attempt, START).await, None);
    }
    assert_eq!(login(&table, &attempt, START).await, Some(1_000));
    succeed(&table, &attempt, START.plus_secs(1)).await;
    for _ in 0..LOGIN_FAILURES_FREE_MAX {
        assert_eq!(login(&table, &attempt, START.plus_secs(1)).await, None);
    }
    assert_eq!(login(&table, &attempt, START.plus_secs(1)).await, Some(1_000));
}

#[tokio::test]
async fn a_delay_concerns_one_address_and_one_network() {
    let table = MemoryTable::new();
    for _ in 0..LOGIN_FAILURES_FREE_MAX {
        login(&table, &attempt(1, 1), START).await;
    }
    assert_eq!(login(&table, &attempt(1, 1), START).await, Some(1_000));
    assert_eq!(login(&table, &attempt(1, 2), START).await, None);
    assert_eq!(login(&table, &attempt(2, 1), START).await, None);
}

#[tokio::test]
async fn strangers_exhaust_an_address_for_strangers_alone_and_for_one_window() {
    let (table, home) = (MemoryTable::new(), attempt(1, 1));
    succeed(&table, &home, START).await;
    let attack = START.plus_millis(LOGIN_WINDOW_MS);
    for network in 0..u128::from(LOGIN_ATTEMPTS_PER_ADDRESS_MAX) {
        assert_eq!(login(&table, &attempt(1, 100 + network), attack).await, None);
    }
    let into_window = 10_000;
    let during = attack.plus_millis(into_window);
    assert_eq!(login(&table, &attempt(1, 999), during).await, Some(LOGIN_WINDOW_MS - into_window));
    assert_eq!(login(&table, &attempt(2, 999), during).await, None, "another address");
    succeed(&table, &home, during).await;
    assert_eq!(login(&table, &attempt(1, 999), attack.plus_millis(LOGIN_WINDOW_MS)).await, None);
    // A known network is not known for ever.
    let later = during.plus_secs(LOGIN_NETWORK_KNOWN_S);
    let later = Timestamp(later.0 - later.0 % LOGIN_WINDOW_MS + LOGIN_WINDOW_MS);
    for network in 0..u128::from(LOGIN_ATTEMPTS_PER_ADDRESS_MAX) {
        assert_eq!(login(&table, &attempt(1, 100 + network), later).await, None);
    }
    assert!(login(&table, &home, later).await.is_some());
}

/// Being known exempts from the count per address and from nothing else.
#[tokio::test]
async fn a_known_network_still_waits_for_its_own_wrong_passwords() {
    let (table, home) = (MemoryTable::new(), attempt(1, 1));
    succeed(&table, &home, START).await;
    for network in 1..u128::from(LOGIN_ATTEMPTS_PER_ADDRESS_MAX) {
        assert_eq!(login(&table, &attempt(1, 100 + network), START).await, None);
    }
    for _ in 0..LOGIN_FAILURES_FREE_MAX {
        assert_eq!(login(&table, &home, START).await, None);
    }
    assert_eq!(login(&table, &home, START).await, Some(1_000));
}

#[tokio::test]
async fn a_network_and_a_part_of_the_deployment_have_their_limits() {
    let table = MemoryTable::new();
    for address in 0..u128::from(LOGIN_ATTEMPTS_PER_NETWORK_MAX) {
        assert_eq!(login(&table, &attempt(address, 1), START).await, None);
    }
    assert_eq!(login(&table, &attempt(9_999, 1), START).await, Some(LOGIN_WINDOW_MS));
    let refused = admit_registration(&table, &attempt(0, 1), START).await.unwrap();
    assert_eq!(refused, Admission::Refused { retry_after_ms: LOGIN_WINDOW_MS });
    assert_eq!(login(&table, &attempt(9_999, 2), START).await, None);
    for network in 1..LOGIN_ATTEMPTS_PER_GLOBAL_SHARD_MAX - LOGIN_ATTEMPTS_PER_NETWORK_MAX {
        let attempt = attempt(0, 1_000 + u128::from(network));
        assert_eq!(admit_registration(&table, &attempt, START).await.unwrap(), Admission::Admitted);
    }
    assert_eq!(login(&table, &attempt(1, 9_999), START).await, Some(LOGIN_WINDOW_MS));
    let elsewhere = Attempt { spread: 1, ..attempt(1, 9_999) };
    assert_eq!(login(&table, &elsewhere, START).await, None);
}

#[tokio::test]
async fn what_is_refused_is_not_counted() {
    let (table, attempt) = (MemoryTable::new(), attempt(1, 1));
    for _ in 0..LOGIN_FAILURES_FREE_MAX {
        login(&table, &attempt, START).await;
    }
    let before = table.items();
    for _ in 0..100 {
        assert_eq!(login(&table, &attempt, START).await, Some(1_000));
    }
    assert_eq!(table.items(), before);
}
