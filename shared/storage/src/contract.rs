//! The conformance suite: what every adapter of [`crate::Table`] promises, as named cases over nothing but the port. The
//! memory adapter, the embedded engine and Amazon's own engine all run it, so a rule proved in simulation holds in the cloud.
//!
//! A broken promise is a panic with the case's name in front. Every case writes below its own prefix, so a table may be used
//! by many runs.

mod concurrency;
mod conditions;
mod items;
mod queries;
mod refusals;
mod transactions;
mod updates;

use crate::table::BoxFuture;
use crate::{
    Commit, CommitError, Committed, Condition, Consistency, IntoValue, Item, Key, Refusal, StorageError, Table,
    TableName, Write,
};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// One promise: its name, and the proof, which panics where it is broken.
pub type Case = (&'static str, fn(Bench) -> BoxFuture<'static, ()>);

macro_rules! cases {
    ($($group:ident::{$($case:ident),* $(,)?}),* $(,)?) => {
        &[$($((
            concat!(stringify!($group), "::", stringify!($case)),
            |bench| Box::pin($group::$case(bench)),
        )),*),*]
    };
}

/// Every promise.
pub const CASES: &[Case] = cases![
    items::{
        a_put_item_is_read_back, a_missing_item_is_none, a_put_replaces_the_whole_item, a_delete_may_be_repeated,
        tables_are_separate, a_put_returns_the_new_image, eventual_reads_answer, names_may_hold_any_character,
        text_of_every_script_survives, empty_text_survives, integers_of_64_bits_survive, structs_with_lists_and_maps_survive,
        expired_items_are_still_readable, an_item_up_to_the_limit_is_stored, an_item_above_the_limit_is_too_large,
        keys_without_text_are_invalid, keys_above_the_limit_are_too_large,
    },
    conditions::{
        existence, presence, equality, equality_of_lists_and_maps, difference, order_of_numbers, order_of_text,
        values_of_different_types, size, nested_places, combinations, empty_combinations,
    },
    refusals::{
        a_refused_put_returns_the_current_item, a_refused_update_returns_the_current_item,
        a_refused_delete_returns_the_current_item, a_refusal_by_absence_has_no_item, a_refused_write_changes_nothing,
    },
    updates::{
        an_update_creates_the_item, an_update_keeps_other_attributes, an_update_returns_the_new_image,
        additions_start_at_zero, additions_reach_64_bits, nested_members_are_set_added_and_removed,
        removing_what_is_absent_is_no_error, a_place_without_its_map_is_invalid, adding_to_text_is_invalid,
        overlapping_places_are_invalid, keys_cannot_be_updated, an_update_without_actions_is_invalid,
        an_item_cannot_grow_above_the_limit,
    },
    transactions::{
        all_kinds_of_writes_happen_together, one_refusal_undoes_everything, every_refusal_is_reported_with_its_item,
        an_invalid_write_undoes_everything, a_check_that_holds_changes_nothing, tables_can_be_mixed, no_image_is_returned,
        the_same_item_twice_is_invalid, a_hundred_writes_are_allowed, above_a_hundred_writes_is_too_large,
        above_four_megabytes_is_too_large, nothing_and_a_lone_check_are_invalid, a_token_is_carried_out_once,
        a_token_with_other_writes_is_invalid, a_token_of_a_refused_transaction_may_be_used_again,
        a_lone_write_with_a_token_is_carried_out_once, tokens_out_of_bounds_are_invalid,
    },
    queries::{
        items_are_ordered_by_the_bytes_of_their_sort_key, a_prefix_selects, pages_visit_everything_once,
        a_query_starts_after_a_sort_key, an_empty_partition_has_no_items, partitions_do_not_leak,
        a_write_is_seen_at_once, a_limit_of_zero_is_invalid,
    },
    concurrency::{
        conditional_increments_lose_nothing, additions_lose_nothing, one_creator_wins, transfers_conserve_the_sum,
    },
];

/// Runs every case below `prefix`, one after the other.
///
/// # Panics
/// When promises are broken: each prints its own panic, and the last one lists their names.
pub async fn run(table: Arc<dyn Table>, prefix: &str) {
    let mut broken = Vec::new();
    for (name, case) in CASES {
        let bench = Bench { table: Arc::clone(&table), prefix: format!("{prefix}/{name}") };
        if AssertUnwindSafe(case(bench)).catch_unwind().await.is_err() {
            broken.push(*name);
        }
    }
    assert!(broken.is_empty(), "{} of {} promises are broken: {broken:#?}", broken.len(), CASES.len());
}

/// A table under test and the part of it that belongs to one case.
#[derive(Debug, Clone)]
pub struct Bench {
    table: Arc<dyn Table>,
    prefix: String,
}

impl Bench {
    /// A key of this case in the table of characters; all of them share one partition.
    fn key(&self, sk: &str) -> Key {
        self.key_in(TableName::Characters, sk)
    }

    fn key_in(&self, table: TableName, sk: &str) -> Key {
        Key::new(table, self.prefix.as_str(), sk)
    }

    async fn get(&self, key: &Key) -> Option<Item> {
        self.table.get(key, Consistency::Strong).await.expect("a read succeeds")
    }

    /// Stores an item with these attributes and returns it with its key.
    async fn given<'a, V: IntoValue>(&self, key: &Key, attributes: impl IntoIterator<Item = (&'a str, V)>) -> Item {
        let write = Write::put_item(key.clone(), item(attributes), Condition::Always);
        self.done(Commit::one(write)).await.returned.expect("a put returns its image")
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.table.commit(commit).await
    }

    /// A commit that must succeed.
    async fn done(&self, commit: Commit) -> Committed {
        self.commit(commit).await.expect("the commit succeeds")
    }

    /// A commit that must be refused by its conditions.
    async fn refused(&self, commit: Commit) -> Vec<Refusal> {
        match self.commit(commit).await {
            Err(CommitError::Refused(refusals)) => refusals,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    /// A commit that must fail as invalid.
    async fn invalid(&self, commit: Commit) {
        let outcome = self.commit(commit).await;
        assert!(
            matches!(outcome, Err(CommitError::Storage(StorageError::Invalid(_)))),
            "expected invalid, got {outcome:?}"
        );
    }

    /// A commit that must fail as too large.
    async fn too_large(&self, commit: Commit) {
        let outcome = self.commit(commit).await;
        let is_too_large = matches!(outcome, Err(CommitError::Storage(StorageError::TooLarge(_))));
        assert!(is_too_large, "expected too large, got {outcome:?}");
    }
}

/// An item without its key.
fn item<'a, V: IntoValue>(attributes: impl IntoIterator<Item = (&'a str, V)>) -> Item {
    let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value.into_value()));
    Item::from(attributes.collect::<std::collections::HashMap<_, _>>())
}

/// The same item as it is stored under `key`.
fn stored<'a, V: IntoValue>(key: &Key, attributes: impl IntoIterator<Item = (&'a str, V)>) -> Item {
    crate::value::with_key(key, item(attributes))
}
