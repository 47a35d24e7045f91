//! What an account's row promises, over the table in memory.

use super::*;
use crate::memory::MemoryTable;
use crate::throttle::Attempt;
use guildhall_domain::limits::{LOGIN_SESSIONS_PER_ACCOUNT_MAX, REFRESH_TOKEN_LIFETIME_S};

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const ATTEMPT: Attempt = Attempt { pair: 1, address: 2, network: 3, spread: 4 };

fn login(number: u64) -> Login {
    let at = NOW.plus_secs(number);
    let session = LoginSession {
        refresh_hash: format!("hash-{number}"),
        generation: 0,
        refresh_expires_at: at.plus_secs(REFRESH_TOKEN_LIFETIME_S),
        created_at: at,
    };
    Login { id: LoginSessionId::from_bits(number.into()), session }
}

async fn account(table: &MemoryTable) -> AccountRow {
    let email = Email::parse("ada@example.com").unwrap();
    let first = login(0);
    let row = AccountRow {
        account_id: AccountId::from_bits(1),
        email: Some(email.clone()),
        password_hash: Some("first".into()),
        created_at: NOW,
        status: AccountStatus::Active,
        sessions: BTreeMap::from([(first.id, first.session)]),
        roster: 0,
    };
    assert!(register(table, &email, &row).await.unwrap());
    stored(table).await
}

async fn stored(table: &MemoryTable) -> AccountRow {
    find(table, AccountId::from_bits(1)).await.unwrap().unwrap()
}

async fn add(table: &MemoryTable, seen: &AccountRow, number: u64) -> LoggedIn {
    let email = Email::parse("ada@example.com").unwrap();
    let entry = Entry {
        account_id: seen.account_id,
        email: &email,
        password_hash: seen.password_hash.as_deref().unwrap_or_default(),
        rehashed: None,
        seen: Some(seen),
    };
    log_in(table, entry, &login(number), &ATTEMPT, NOW.plus_secs(number)).await.unwrap()
}

#[tokio::test]
async fn the_oldest_login_makes_room_and_the_bound_always_holds() {
    let table = MemoryTable::new();
    let most = LOGIN_SESSIONS_PER_ACCOUNT_MAX as u64;
    account(&table).await;
    for number in 1..most + 3 {
        assert_eq!(add(&table, &stored(&table).await, number).await, LoggedIn::Stored);
    }
    let row = stored(&table).await;
    let ids: Vec<LoginSessionId> = row.sessions.keys().copied().collect();
    let expected: Vec<LoginSessionId> = (3..most + 3).map(|number| LoginSessionId::from_bits(number.into())).collect();
    assert_eq!(ids, expected);
    // Two logins that both saw the same oldest one: the second is refused and told how things stand.
    assert_eq!(add(&table, &row, most + 3).await, LoggedIn::Stored);
    let LoggedIn::Changed(current) = add(&table, &row, most + 4).await else { panic!("both went in") };
    assert_eq!(*current, stored(&table).await);
    assert_eq!(current.sessions.len(), LOGIN_SESSIONS_PER_ACCOUNT_MAX);
}

#[tokio::test]
async fn expired_logins_go_before_living_ones() {
    let table = MemoryTable::new();
    let row = account(&table).await;
    let much_later = REFRESH_TOKEN_LIFETIME_S;
    assert!(!row.has_login(login(0).id, NOW.plus_secs(much_later)));
    assert_eq!(add(&table, &row, much_later).await, LoggedIn::Stored);
    assert_eq!(stored(&table).await.sessions.keys().collect::<Vec<_>>(), [&login(much_later).id]);
}

#[tokio::test]
async fn a_login_that_was_checked_before_the_account_changed_is_refused() {
    let table = MemoryTable::new();
    let seen = account(&table).await;
    assert!(change_password(&table, &seen, login(0).id, "second", &login(1)).await.unwrap());
    let address = find_address(&table, seen.email.as_ref().unwrap()).await.unwrap().unwrap();
    assert_eq!(address, AddressRow { account_id: seen.account_id, password_hash: "second".into() });
    assert!(
        matches!(add(&table, &seen, 2).await, LoggedIn::Changed(row) if row.password_hash.as_deref() == Some("second"))
    );
    let seen = stored(&table).await;
    assert!(ban(&table, seen.account_id).await.unwrap());
    assert!(matches!(add(&table, &seen, 2).await, LoggedIn::Changed(row) if row.status == AccountStatus::Banned));
    assert!(unban(&table, seen.account_id).await.unwrap());
    assert_eq!(add(&table, &seen, 2).await, LoggedIn::Stored);
    assert!(delete(&table, &stored(&table).await, login(2).id).await.unwrap());
    assert!(matches!(add(&table, &seen, 3).await, LoggedIn::Changed(row) if row.status == AccountStatus::Deleted));
    assert!(stored(&table).await.sessions.is_empty());
}

#[tokio::test]
async fn only_a_living_login_and_the_password_it_saw_change_anything() {
    let table = MemoryTable::new();
    let seen = account(&table).await;
    let id = seen.account_id;
    log_out(&table, id, login(0).id).await.unwrap();
    log_out(&table, id, login(0).id).await.unwrap();
    assert!(!change_password(&table, &seen, login(0).id, "second", &login(1)).await.unwrap());
    assert!(!delete(&table, &seen, login(0).id).await.unwrap());
    assert!(!log_out_everywhere(&table, id, login(0).id).await.unwrap());
    assert_eq!(add(&table, &seen, 1).await, LoggedIn::Stored);
    let other = AccountRow { password_hash: Some("other".into()), ..seen.clone() };
    assert!(!change_password(&table, &other, login(1).id, "second", &login(2)).await.unwrap());
    assert!(!delete(&table, &other, login(1).id).await.unwrap());
    assert!(log_out_everywhere(&table, id, login(1).id).await.unwrap());
}

#[tokio::test]
async fn a_deleted_account_keeps_nothing_and_frees_its_address() {
    let table = MemoryTable::new();
    let seen = account(&table).await;
    assert!(delete(&table, &seen, login(0).id).await.unwrap());
    let row = stored(&table).await;
    assert_eq!((row.status, row.email, row.password_hash), (AccountStatus::Deleted, None, None));
    assert!(!ban(&table, seen.account_id).await.unwrap() && !unban(&table, seen.account_id).await.unwrap());
    let email = seen.email.clone().unwrap();
    assert_eq!(find_address(&table, &email).await.unwrap(), None);
    let fresh = AccountRow { account_id: AccountId::from_bits(2), ..seen };
    assert!(register(&table, &email, &fresh).await.unwrap());
    assert!(!register(&table, &email, &AccountRow { account_id: AccountId::from_bits(3), ..fresh }).await.unwrap());
    let address = find_address(&table, &email).await.unwrap();
    assert_eq!(address.map(|row| row.account_id), Some(AccountId::from_bits(2)));
}

#[tokio::test]
async fn a_refresh_token_is_replaced_once() {
    let table = MemoryTable::new();
    let seen = account(&table).await;
    let next = |hash: &str| {
        let session = LoginSession { refresh_hash: hash.into(), generation: 1, ..login(0).session };
        Login { id: login(0).id, session }
    };
    assert_eq!(rotate(&table, &seen, "hash-0", &next("a")).await.unwrap(), Rotated::Stored);
    assert_eq!(rotate(&table, &seen, "hash-0", &next("b")).await.unwrap(), Rotated::Stale);
    // The same write again is a repetition after a lost answer.
    assert_eq!(rotate(&table, &seen, "hash-0", &next("a")).await.unwrap(), Rotated::Stored);
    log_out(&table, seen.account_id, login(0).id).await.unwrap();
    assert_eq!(rotate(&table, &seen, "a", &next("c")).await.unwrap(), Rotated::Stale);
    assert!(stored(&table).await.sessions.is_empty(), "a refresh brings no login back");
}

/// Who logs in without having read the account is told how it stands where that matters.
#[tokio::test]
async fn a_login_that_has_not_seen_the_account_is_refused_by_a_full_one_alone() {
    let table = MemoryTable::new();
    let row = account(&table).await;
    let email = row.email.clone().unwrap();
    let entry = Entry { account_id: row.account_id, email: &email, password_hash: "first", rehashed: None, seen: None };
    for number in 1..LOGIN_SESSIONS_PER_ACCOUNT_MAX as u64 {
        let at = NOW.plus_secs(number);
        assert_eq!(log_in(&table, entry, &login(number), &ATTEMPT, at).await.unwrap(), LoggedIn::Stored);
    }
    let LoggedIn::Changed(full) = log_in(&table, entry, &login(99), &ATTEMPT, NOW).await.unwrap() else {
        panic!("a seventeenth login went in");
    };
    let entry = Entry { seen: Some(&full), rehashed: Some("stronger"), ..entry };
    assert_eq!(log_in(&table, entry, &login(99), &ATTEMPT, NOW).await.unwrap(), LoggedIn::Stored);
    assert_eq!(stored(&table).await.sessions.len(), LOGIN_SESSIONS_PER_ACCOUNT_MAX);
    assert_eq!(stored(&table).await.password_hash.as_deref(), Some("stronger"));
    assert_eq!(find_address(&table, &email).await.unwrap().unwrap().password_hash, "stronger");
}

#[tokio::test]
async fn a_login_counts_while_it_lasts_and_its_account_is_active() {
    let row = account(&MemoryTable::new()).await;
    let (id, end) = (login(0).id, NOW.plus_secs(REFRESH_TOKEN_LIFETIME_S));
    assert!(row.has_login(id, NOW) && row.has_login(id, Timestamp(end.0 - 1)));
    assert!(!row.has_login(id, end) && !row.has_login(login(1).id, NOW));
    for status in [AccountStatus::Banned, AccountStatus::Deleted] {
        assert!(!AccountRow { status, ..row.clone() }.has_login(id, NOW), "{status:?}, whatever the row still lists");
    }
}
