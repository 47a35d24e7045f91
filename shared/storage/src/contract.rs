//! The conformance suite: what every adapter of [`crate::Table`] promises, as named cases over nothing but the port. The
//! memory adapter, the embedded engine and Amazon's own engine all run it, so a rule proved in simulation holds in the cloud.
//!
//! A broken promise is a panic with the case's name in front. Every case writes below its own prefix, so a table may be used
//! by many runs.

mod comparisons;
mod concurrency;
mod conditions;
mod items;
mod queries;
mod refusals;
mod tokens;
mod transactions;
mod updates;
mod values;

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
        text_of_every_script_survives, empty_text_survives, integers_of_64_bits_survive,
        structs_with_lists_and_maps_survive, expired_items_are_still_readable, an_item_up_to_the_limit_is_stored,
        an_item_above_the_limit_is_too_large, keys_without_text_are_invalid, keys_above_the_limit_are_too_large,
    },
    values::{
        every_byte_survives, empty_binary_survives, truth_values_and_null_survive, empty_lists_and_maps_survive,
        lists_keep_their_order, sets_keep_their_members, empty_sets_are_invalid, a_set_with_a_member_twice_is_invalid,
        numbers_of_38_digits_survive, numbers_of_39_digits_are_invalid, numbers_at_the_ends_of_their_range_survive,
        numbers_beyond_their_range_are_invalid, numbers_come_back_in_their_shortest_form, fractions_survive,
        what_is_no_number_is_invalid, values_nest_in_31_lists_and_maps, values_in_32_lists_and_maps_are_invalid,
        names_without_text_are_invalid, names_count_towards_the_size_of_an_item,
        text_counts_towards_the_size_by_its_bytes, keys_at_their_limit_are_stored,
        keys_one_byte_above_their_limit_are_too_large, keys_are_told_apart_by_their_bytes, an_items_key_is_the_writes,
        an_item_of_nothing_but_its_key_is_stored, an_item_put_after_its_deletion_has_nothing_of_before,
        a_deletion_leaves_its_neighbours, expired_items_meet_conditions,
    },
    conditions::{
        existence, presence, equality, equality_of_lists_and_maps, difference, order_of_numbers, order_of_text,
        values_of_different_types, size, nested_places, combinations, empty_combinations,
    },
    comparisons::{
        equal_numbers_may_be_written_differently, numbers_beyond_64_bits_are_told_apart, text_is_equal_by_its_bytes,
        binary_is_equal_by_its_bytes, truth_values_are_no_numbers, null_equals_null, sets_of_text_have_no_order,
        sets_of_numbers_have_no_order, sets_of_binary_have_no_order, lists_are_equal_member_by_member,
        maps_are_equal_name_by_name, empty_lists_and_maps_are_different, numbers_of_both_signs_are_ordered,
        fractions_are_ordered, numbers_of_38_digits_are_ordered, text_is_ordered_by_its_bytes,
        binary_is_ordered_by_unsigned_bytes, other_types_have_no_order, bounds_without_an_order_are_invalid,
        text_has_the_size_of_its_bytes, binary_has_the_size_of_its_bytes, lists_and_maps_have_the_size_of_their_members,
        sets_have_the_size_of_their_members, what_is_empty_has_a_size, numbers_and_truth_values_have_no_size,
        whatever_its_value_a_name_is_present, members_of_lists_have_no_name, keys_are_compared_like_other_text,
        places_without_a_name_are_invalid, bounds_that_cannot_be_stored_are_invalid, many_conditions_are_asked_at_once,
    },
    refusals::{
        a_refused_put_returns_the_current_item, a_refused_update_returns_the_current_item,
        a_refused_delete_returns_the_current_item, a_refusal_by_absence_has_no_item, a_refused_write_changes_nothing,
        a_refusal_shows_everything_stored, a_refusal_tells_enough_to_try_again,
        a_refused_update_of_what_is_absent_creates_nothing, what_is_absent_meets_conditions_of_absence,
        an_unconditional_delete_of_what_is_absent_is_done,
    },
    updates::{
        an_update_creates_the_item, an_update_keeps_other_attributes, an_update_returns_the_new_image,
        additions_start_at_zero, additions_reach_64_bits, nested_members_are_set_added_and_removed,
        removing_what_is_absent_is_no_error, a_place_without_its_map_is_invalid, adding_to_text_is_invalid,
        overlapping_places_are_invalid, keys_cannot_be_updated, an_update_without_actions_is_invalid,
        an_item_cannot_grow_above_the_limit, a_set_replaces_a_value_of_another_type,
        the_order_of_actions_does_not_matter, a_condition_sees_the_item_before_the_write,
        a_removal_alone_creates_an_item_of_its_key, additions_to_fractions_are_exact, a_sum_of_39_digits_is_invalid,
        additions_to_what_is_no_number_are_invalid, adding_nothing_makes_a_zero, a_map_is_replaced_as_a_whole,
        a_map_stays_when_its_last_member_goes, names_with_dots_are_one_name, names_that_begin_alike_do_not_overlap,
        removing_from_a_missing_map_is_invalid, a_name_inside_a_list_is_invalid, an_invalid_update_creates_nothing,
        an_item_may_grow_up_to_the_limit, a_condition_goes_before_the_places_of_an_update,
    },
    transactions::{
        all_kinds_of_writes_happen_together, one_refusal_undoes_everything, every_refusal_is_reported_with_its_item,
        an_invalid_write_undoes_everything, a_check_that_holds_changes_nothing, tables_can_be_mixed,
        no_image_is_returned, the_same_item_twice_is_invalid, a_hundred_writes_are_allowed,
        above_a_hundred_writes_is_too_large, above_four_megabytes_is_too_large, nothing_and_a_lone_check_are_invalid,
        a_put_and_a_delete_of_one_item_are_invalid, a_check_and_an_update_of_one_item_are_invalid,
        the_same_key_in_two_tables_is_two_items, refusals_are_in_the_order_of_the_writes,
        updates_and_deletes_of_what_is_absent_happen, every_condition_sees_the_items_before_the_transaction,
        checks_alone_are_allowed, an_item_that_grows_too_large_undoes_everything,
        a_refusal_goes_before_an_invalid_place, four_megabytes_are_allowed, a_long_transaction_is_refused_as_a_whole,
    },
    tokens::{
        a_token_is_carried_out_once, a_token_with_other_writes_is_invalid,
        a_token_of_a_refused_transaction_may_be_used_again, a_lone_write_with_a_token_is_carried_out_once,
        tokens_out_of_bounds_are_invalid, a_token_with_the_writes_in_another_order_is_invalid,
        a_token_with_another_condition_is_invalid, a_token_with_another_value_is_invalid,
        a_token_with_one_write_less_is_invalid, a_token_is_kept_whatever_is_written_later,
        what_was_deleted_stays_deleted_when_a_token_comes_again,
        a_repetition_is_done_though_its_condition_fails_by_then, a_token_of_an_invalid_transaction_may_be_used_again,
        tokens_of_36_bytes_are_allowed, tokens_differ_by_every_byte, callers_with_one_token_write_once,
    },
    queries::{
        items_are_ordered_by_the_bytes_of_their_sort_key, a_prefix_selects, pages_visit_everything_once,
        a_query_starts_after_a_sort_key, an_empty_partition_has_no_items, partitions_do_not_leak,
        a_write_is_seen_at_once, a_limit_of_zero_is_invalid, a_page_ends_after_a_megabyte,
        a_page_may_be_larger_than_the_partition, a_full_page_may_be_the_last,
        sort_keys_beyond_utf_16_are_in_their_order, a_prefix_may_be_the_whole_sort_key, a_prefix_is_no_pattern,
        a_start_outside_the_prefix_is_invalid, a_start_beyond_the_last_finds_nothing, keys_of_a_query_have_bounds,
        a_query_shows_whole_items, a_deletion_is_seen_at_once, what_is_written_ahead_of_a_walk_is_seen,
        expired_items_are_still_found, eventual_queries_answer,
    },
    concurrency::{
        conditional_increments_lose_nothing, additions_lose_nothing, one_creator_wins, transfers_conserve_the_sum,
        one_deleter_wins, a_pair_is_created_by_one, writers_of_different_items_do_not_disturb_each_other,
        a_guard_that_goes_stops_those_who_check_it, versions_rise_by_one_for_each_write,
    },
];

/// Runs every case below `prefix`, one after the other.
///
/// # Panics
/// When promises are broken: each prints its own panic, and the last one lists their names.
pub async fn run(table: Arc<dyn Table>, prefix: &str) {
    let broken = broken(table, prefix).await;
    assert!(broken.is_empty(), "{} of {} promises are broken: {broken:#?}", broken.len(), CASES.len());
}

/// The same, and names the promises that are broken, each of which prints its own panic.
pub async fn broken(table: Arc<dyn Table>, prefix: &str) -> Vec<&'static str> {
    let mut broken = Vec::new();
    for (name, case) in CASES {
        let bench = Bench { table: Arc::clone(&table), prefix: format!("{prefix}/{name}") };
        if AssertUnwindSafe(case(bench)).catch_unwind().await.is_err() {
            broken.push(*name);
        }
    }
    broken
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
