//! Queries of one partition.

use super::Bench;
use crate::{
    AttributeValue, Commit, Condition, Key, PARTITION_KEY_BYTES_MAX, Page, Query, StorageError, TableName, Write,
};

const TABLE: TableName = TableName::Characters;

async fn given_sort_keys(bench: &Bench, sort_keys: &[&str]) {
    for sk in sort_keys {
        bench.given(&bench.key(sk), [("name", *sk)]).await;
    }
}

async fn page(bench: &Bench, query: Query) -> Page {
    bench.table.query(query).await.expect("a query succeeds")
}

fn sort_keys(page: &Page) -> Vec<String> {
    let sort_key = |item: &crate::Item| match item.get("sk") {
        Some(AttributeValue::S(sk)) => sk.clone(),
        other => panic!("an item without its sort key: {other:?}"),
    };
    page.items.iter().map(|item| sort_key(item)).collect()
}

/// All pages of a query, as callers walk them.
async fn walk(bench: &Bench, query: Query) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = Some(query);
    while let Some(query) = next {
        let page = page(bench, query.clone()).await;
        assert!(query.limit.is_none_or(|limit| page.items.len() <= limit as usize), "a page above its limit");
        found.extend(sort_keys(&page));
        next = page.next.map(|after| query.start_after(after));
    }
    found
}

pub(super) async fn items_are_ordered_by_the_bytes_of_their_sort_key(bench: Bench) {
    given_sort_keys(&bench, &["b", "a", "Z", "é", "10", "9", "a/b", "a-b", "龍"]).await;
    let found = walk(&bench, Query::new(TABLE, bench.prefix.as_str())).await;
    assert_eq!(found, ["10", "9", "Z", "a", "a-b", "a/b", "b", "é", "龍"]);
}

pub(super) async fn a_prefix_selects(bench: Bench) {
    given_sort_keys(&bench, &["token#1", "token#2", "token", "tokens", "Token#3", "name#é", "name#e"]).await;
    let query = |prefix: &str| Query::new(TABLE, bench.prefix.as_str()).prefix(prefix);
    assert_eq!(walk(&bench, query("token#")).await, ["token#1", "token#2"]);
    assert_eq!(walk(&bench, query("name#é")).await, ["name#é"]);
    assert_eq!(walk(&bench, query("nothing")).await, [""; 0]);
    assert_eq!(walk(&bench, query("")).await.len(), 7);
}

pub(super) async fn pages_visit_everything_once(bench: Bench) {
    let expected: Vec<String> = (0..25).map(|index| format!("s#{index:02}")).collect();
    given_sort_keys(&bench, &expected.iter().map(String::as_str).collect::<Vec<_>>()).await;
    given_sort_keys(&bench, &["r", "t"]).await;
    for limit in [1, 5, 7, 25, 100] {
        let query = Query::new(TABLE, bench.prefix.as_str()).prefix("s#").limit(limit);
        assert_eq!(walk(&bench, query).await, expected, "pages of {limit}");
    }
}

pub(super) async fn a_query_starts_after_a_sort_key(bench: Bench) {
    given_sort_keys(&bench, &["a#1", "a#2", "a#3", "b#1"]).await;
    let query = || Query::new(TABLE, bench.prefix.as_str());
    assert_eq!(walk(&bench, query().start_after("a#2")).await, ["a#3", "b#1"]);
    assert_eq!(walk(&bench, query().prefix("a#").start_after("a#2")).await, ["a#3"]);
    // The item that a page ended with may be gone when the next one is asked for.
    bench.done(Commit::one(Write::delete(bench.key("a#2"), Condition::Always))).await;
    assert_eq!(walk(&bench, query().start_after("a#2")).await, ["a#3", "b#1"]);
}

pub(super) async fn an_empty_partition_has_no_items(bench: Bench) {
    let page = page(&bench, Query::new(TABLE, format!("{}/empty", bench.prefix))).await;
    assert_eq!(page, Page::default());
}

pub(super) async fn partitions_do_not_leak(bench: Bench) {
    given_sort_keys(&bench, &["a"]).await;
    let neighbour = Key::new(TABLE, format!("{}!", bench.prefix), "b");
    bench.given(&neighbour, [("name", "b")]).await;
    bench.given(&bench.key_in(TableName::Sessions, "c"), [("name", "c")]).await;
    assert_eq!(walk(&bench, Query::new(TABLE, bench.prefix.as_str())).await, ["a"]);
}

pub(super) async fn a_write_is_seen_at_once(bench: Bench) {
    for index in 0..10 {
        let sk = format!("{index}");
        given_sort_keys(&bench, &[&sk]).await;
        let found = walk(&bench, Query::new(TABLE, bench.prefix.as_str())).await;
        assert_eq!(found.last(), Some(&sk));
    }
}

pub(super) async fn a_limit_of_zero_is_invalid(bench: Bench) {
    let outcome = bench.table.query(Query::new(TABLE, bench.prefix.as_str()).limit(0)).await;
    assert!(matches!(outcome, Err(StorageError::Invalid(_))), "{outcome:?}");
}

pub(super) async fn a_page_ends_after_a_megabyte(bench: Bench) {
    let text = "x".repeat(300 * 1024);
    let expected = ["1", "2", "3", "4", "5", "6", "7"];
    for sk in expected {
        bench.given(&bench.key(sk), [("text", text.as_str())]).await;
    }
    let query = || Query::new(TABLE, bench.prefix.as_str());
    let first = page(&bench, query()).await;
    assert!(first.next.is_some() && (3..=4).contains(&first.items.len()), "{} items", first.items.len());
    assert_eq!(walk(&bench, query()).await, expected);
    assert_eq!(walk(&bench, query().limit(5)).await, expected, "whichever limit comes first");
}

pub(super) async fn a_page_may_be_larger_than_the_partition(bench: Bench) {
    given_sort_keys(&bench, &["a", "b"]).await;
    let page = page(&bench, Query::new(TABLE, bench.prefix.as_str()).limit(3)).await;
    assert_eq!((sort_keys(&page), page.next), (vec!["a".to_owned(), "b".to_owned()], None));
}

pub(super) async fn a_full_page_may_be_the_last(bench: Bench) {
    given_sort_keys(&bench, &["a", "b"]).await;
    let query = || Query::new(TABLE, bench.prefix.as_str()).limit(2);
    let full = page(&bench, query()).await;
    assert_eq!(sort_keys(&full), ["a", "b"]);
    if let Some(next) = full.next {
        assert_eq!(page(&bench, query().start_after(next)).await, Page::default());
    }
}

pub(super) async fn sort_keys_beyond_utf_16_are_in_their_order(bench: Bench) {
    let expected = ["A", "~", "é", "\u{ffee}", "🗡"];
    given_sort_keys(&bench, &["🗡", "\u{ffee}", "~", "A", "é"]).await;
    assert_eq!(walk(&bench, Query::new(TABLE, bench.prefix.as_str())).await, expected);
}

pub(super) async fn a_prefix_may_be_the_whole_sort_key(bench: Bench) {
    given_sort_keys(&bench, &["token", "token#1", "toke"]).await;
    let found = walk(&bench, Query::new(TABLE, bench.prefix.as_str()).prefix("token")).await;
    assert_eq!(found, ["token", "token#1"]);
}

pub(super) async fn a_prefix_is_no_pattern(bench: Bench) {
    given_sort_keys(&bench, &["a%b", "axb", "a_b", "a*"]).await;
    let query = |prefix: &str| Query::new(TABLE, bench.prefix.as_str()).prefix(prefix);
    assert_eq!(walk(&bench, query("a%")).await, ["a%b"]);
    assert_eq!(walk(&bench, query("a_")).await, ["a_b"]);
    assert_eq!(walk(&bench, query("a*")).await, ["a*"]);
}

pub(super) async fn a_start_outside_the_prefix_is_invalid(bench: Bench) {
    given_sort_keys(&bench, &["a#1", "b#1", "c#1"]).await;
    for start in ["a#1", "c", ""] {
        let query = Query::new(TABLE, bench.prefix.as_str()).prefix("b#").start_after(start);
        let outcome = bench.table.query(query).await;
        assert!(matches!(outcome, Err(StorageError::Invalid(_))), "{start:?}: {outcome:?}");
    }
}

pub(super) async fn a_start_beyond_the_last_finds_nothing(bench: Bench) {
    given_sort_keys(&bench, &["a", "b"]).await;
    let query = || Query::new(TABLE, bench.prefix.as_str());
    assert_eq!(page(&bench, query().start_after("b")).await, Page::default());
    assert_eq!(page(&bench, query().start_after("z")).await, Page::default());
    assert_eq!(walk(&bench, query().start_after("A")).await, ["a", "b"]);
}

pub(super) async fn keys_of_a_query_have_bounds(bench: Bench) {
    let long = "x".repeat(PARTITION_KEY_BYTES_MAX + 1);
    let queries = [Query::new(TABLE, long.as_str()), Query::new(TABLE, bench.prefix.as_str()).start_after(long)];
    for query in queries {
        let outcome = bench.table.query(query).await;
        assert!(matches!(outcome, Err(StorageError::TooLarge(_))), "{outcome:?}");
    }
    let outcome = bench.table.query(Query::new(TABLE, "")).await;
    assert!(matches!(outcome, Err(StorageError::Invalid(_))), "{outcome:?}");
}

pub(super) async fn a_query_shows_whole_items(bench: Bench) {
    let shown = bench.given(&bench.key("a"), [("level", 1u64), ("gold", 2)]).await;
    let page = page(&bench, Query::new(TABLE, bench.prefix.as_str())).await;
    assert_eq!(page.items.iter().map(AsRef::as_ref).collect::<Vec<_>>(), [&shown]);
}

pub(super) async fn a_deletion_is_seen_at_once(bench: Bench) {
    given_sort_keys(&bench, &["a", "b", "c"]).await;
    bench.done(Commit::one(Write::delete(bench.key("b"), Condition::Exists))).await;
    assert_eq!(walk(&bench, Query::new(TABLE, bench.prefix.as_str())).await, ["a", "c"]);
}

pub(super) async fn what_is_written_ahead_of_a_walk_is_seen(bench: Bench) {
    given_sort_keys(&bench, &["b", "d"]).await;
    let query = || Query::new(TABLE, bench.prefix.as_str());
    let first = page(&bench, query().limit(1)).await;
    given_sort_keys(&bench, &["a", "c"]).await;
    let next = first.next.expect("there is more");
    assert_eq!(walk(&bench, query().start_after(next)).await, ["c", "d"]);
}

pub(super) async fn expired_items_are_still_found(bench: Bench) {
    bench.given(&bench.key("a"), [("expires_at", 1u64)]).await;
    assert_eq!(walk(&bench, Query::new(TABLE, bench.prefix.as_str())).await, ["a"]);
}

pub(super) async fn eventual_queries_answer(bench: Bench) {
    // What they answer is not promised: that is what makes them eventual.
    let empty = page(&bench, Query::new(TABLE, format!("{}/empty", bench.prefix)).eventual()).await;
    assert_eq!(empty, Page::default());
}
