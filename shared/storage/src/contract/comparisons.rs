//! Each comparison with each type of value, beyond what `conditions` asks of one hero.

use super::{Bench, item};
use crate::{Action, AttributeValue, Commit, CommitError, Condition, Key, Path, Write};

fn number(digits: &str) -> AttributeValue {
    AttributeValue::N(digits.to_owned())
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn binary(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(bytes.to_vec())
}

fn texts(members: &[&str]) -> AttributeValue {
    AttributeValue::Ss(members.iter().map(|member| (*member).to_owned()).collect())
}

fn numbers(members: &[&str]) -> AttributeValue {
    AttributeValue::Ns(members.iter().map(|member| (*member).to_owned()).collect())
}

fn list(values: impl IntoIterator<Item = AttributeValue>) -> AttributeValue {
    AttributeValue::L(values.into_iter().collect())
}

fn map<'a>(members: impl IntoIterator<Item = (&'a str, AttributeValue)>) -> AttributeValue {
    AttributeValue::M(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Stores `value` under the name `a`.
async fn given(bench: &Bench, value: AttributeValue) -> Key {
    let key = bench.key("compared");
    bench.given(&key, [("a", value)]).await;
    key
}

/// Asserts of an item with `value` under the name `a` whether each condition holds, for a lone write and for a check.
async fn assert_of(bench: &Bench, value: AttributeValue, cases: impl IntoIterator<Item = (Condition, bool)>) {
    let key = given(bench, value.clone()).await;
    for (condition, expected) in cases {
        let lone = Write::update(key.clone(), [Action::add("writes", 1)], condition.clone());
        let outcome = bench.commit(Commit::one(lone)).await;
        assert_eq!(is_done(&outcome), expected, "lone write of {value:?} under {condition:?}");
        let other = Write::update(bench.key("other"), [Action::add("count", 1)], Condition::Always);
        let outcome = bench.commit(Commit::all([Write::check(key.clone(), condition.clone()), other])).await;
        assert_eq!(is_done(&outcome), expected, "check of {value:?} under {condition:?}");
    }
}

fn is_done<T: std::fmt::Debug>(outcome: &Result<T, CommitError>) -> bool {
    match outcome {
        Ok(_) => true,
        Err(CommitError::Refused(_)) => false,
        Err(error) => panic!("neither done nor refused: {error:?}"),
    }
}

/// Asserts that `value` equals `same` and nothing of `others`, and the contrary of the condition for difference.
async fn assert_equality(
    bench: &Bench,
    value: AttributeValue,
    same: impl IntoIterator<Item = AttributeValue>,
    others: impl IntoIterator<Item = AttributeValue>,
) {
    let mut cases = Vec::new();
    for (other, is_same) in
        same.into_iter().map(|other| (other, true)).chain(others.into_iter().map(|other| (other, false)))
    {
        cases.push((Condition::equals("a", other.clone()), is_same));
        cases.push((Condition::differs("a", other), !is_same));
    }
    assert_of(bench, value, cases).await;
}

/// Asserts that each of `ordered` is less than all that follow it, by all four operators.
async fn assert_order(bench: &Bench, ordered: &[AttributeValue]) {
    for (index, value) in ordered.iter().enumerate() {
        let mut cases = Vec::new();
        for (other, bound) in ordered.iter().enumerate() {
            cases.push((Condition::less("a", bound.clone()), index < other));
            cases.push((Condition::less_or_equal("a", bound.clone()), index <= other));
            cases.push((Condition::greater("a", bound.clone()), index > other));
            cases.push((Condition::greater_or_equal("a", bound.clone()), index >= other));
        }
        assert_of(bench, value.clone(), cases).await;
    }
}

/// Asserts that no operator finds an order between the stored value and the bound.
async fn assert_no_order(bench: &Bench, stored: AttributeValue, bound: AttributeValue) {
    let cases = [
        (Condition::less("a", bound.clone()), false),
        (Condition::less_or_equal("a", bound.clone()), false),
        (Condition::greater("a", bound.clone()), false),
        (Condition::greater_or_equal("a", bound), false),
    ];
    assert_of(bench, stored, cases).await;
}

pub(super) async fn equal_numbers_may_be_written_differently(bench: Bench) {
    let same = ["100", "100.0", "1E2", "0100", "1000e-1"].map(number);
    assert_equality(&bench, number("100"), same, ["100.1", "-100", "10", "1E3"].map(number)).await;
}

pub(super) async fn numbers_beyond_64_bits_are_told_apart(bench: Bench) {
    // As floating point, all of these would be the same.
    let others = ["18446744073709551616", "18446744073709551617", "18446744073709551615.5"].map(number);
    assert_equality(&bench, number("18446744073709551615"), [number("18446744073709551615")], others).await;
}

pub(super) async fn text_is_equal_by_its_bytes(bench: Bench) {
    // The other accent is a character of its own behind the letter.
    let others = ["e\u{301}", "É", "e", "é ", ""].map(text);
    assert_equality(&bench, text("é"), [text("é")], others).await;
}

pub(super) async fn binary_is_equal_by_its_bytes(bench: Bench) {
    let others = [binary(&[1, 2]), binary(&[1, 2, 4]), binary(&[]), text("\u{1}\u{2}\u{3}")];
    assert_equality(&bench, binary(&[1, 2, 3]), [binary(&[1, 2, 3])], others).await;
}

pub(super) async fn truth_values_are_no_numbers(bench: Bench) {
    let others = [AttributeValue::Bool(false), number("1"), text("true"), AttributeValue::Null(true)];
    assert_equality(&bench, AttributeValue::Bool(true), [AttributeValue::Bool(true)], others).await;
}

pub(super) async fn null_equals_null(bench: Bench) {
    let others = [AttributeValue::Bool(false), number("0"), text(""), list([])];
    assert_equality(&bench, AttributeValue::Null(true), [AttributeValue::Null(true)], others).await;
}

pub(super) async fn sets_of_text_have_no_order(bench: Bench) {
    let others = [texts(&["a", "b"]), texts(&["a", "b", "d"]), list(["a", "b", "c"].map(text))];
    assert_equality(&bench, texts(&["a", "b", "c"]), [texts(&["c", "a", "b"])], others).await;
}

pub(super) async fn sets_of_numbers_have_no_order(bench: Bench) {
    let same = [numbers(&["3", "1", "2"]), numbers(&["1.0", "2.0", "3.0"])];
    let others = [numbers(&["1", "2"]), numbers(&["1", "2", "4"]), texts(&["1", "2", "3"])];
    assert_equality(&bench, numbers(&["1", "2", "3"]), same, others).await;
}

pub(super) async fn sets_of_binary_have_no_order(bench: Bench) {
    let set = |members: &[&[u8]]| AttributeValue::Bs(members.iter().map(|member| member.to_vec()).collect());
    let others = [set(&[&[1]]), set(&[&[1], &[3]])];
    assert_equality(&bench, set(&[&[1], &[2, 2]]), [set(&[&[2, 2], &[1]])], others).await;
}

pub(super) async fn lists_are_equal_member_by_member(bench: Bench) {
    let stored = list([number("1"), text("a"), list([number("2.0")])]);
    let same = [list([number("1.0"), text("a"), list([number("2")])])];
    let others = [
        list([text("a"), number("1"), list([number("2")])]),
        list([number("1"), text("a")]),
        list([number("1"), text("a"), list([number("3")])]),
        list([]),
    ];
    assert_equality(&bench, stored, same, others).await;
}

pub(super) async fn maps_are_equal_name_by_name(bench: Bench) {
    let stored = map([("x", number("1")), ("y", map([("z", text("a"))]))]);
    let same = [map([("y", map([("z", text("a"))])), ("x", number("1.00"))])];
    let others = [
        map([("x", number("1"))]),
        map([("x", number("1")), ("y", map([("z", text("b"))]))]),
        map([("x", number("1")), ("y", map([("z", text("a"))])), ("w", number("1"))]),
        map([("X", number("1")), ("y", map([("z", text("a"))]))]),
    ];
    assert_equality(&bench, stored, same, others).await;
}

pub(super) async fn empty_lists_and_maps_are_different(bench: Bench) {
    assert_equality(&bench, list([]), [list([])], [map([]), AttributeValue::Null(true), text("")]).await;
    assert_equality(&bench, map([]), [map([])], [list([]), map([("a", number("1"))])]).await;
}

pub(super) async fn numbers_of_both_signs_are_ordered(bench: Bench) {
    assert_order(&bench, &["-100", "-9", "-1", "0", "1", "9", "100"].map(number)).await;
}

pub(super) async fn fractions_are_ordered(bench: Bench) {
    assert_order(&bench, &["-1.5", "-0.05", "0.049", "0.05", "0.5", "1.25", "10.01"].map(number)).await;
}

pub(super) async fn numbers_of_38_digits_are_ordered(bench: Bench) {
    let ordered = ["-99999999999999999999999999999999999999", "1E-130", "1", "99999999999999999999999999999999999998"];
    let last = ["99999999999999999999999999999999999999", "1E38", "9.9E125"];
    assert_order(&bench, &[ordered.as_slice(), &last].concat().into_iter().map(number).collect::<Vec<_>>()).await;
}

pub(super) async fn text_is_ordered_by_its_bytes(bench: Bench) {
    // As UTF-16, the last two would be the other way round.
    assert_order(&bench, &["", "A", "AA", "Z", "a", "é", "龍", "\u{ffee}", "🗡"].map(text)).await;
}

pub(super) async fn binary_is_ordered_by_unsigned_bytes(bench: Bench) {
    let ordered: [&[u8]; 6] = [&[], &[0], &[1], &[1, 0], &[127], &[128]];
    assert_order(&bench, &ordered.map(binary)).await;
}

pub(super) async fn other_types_have_no_order(bench: Bench) {
    let bounds = || [number("1"), text("a"), binary(&[1])];
    for bound in bounds() {
        for stored in [AttributeValue::Bool(true), AttributeValue::Null(true), list([number("1")]), map([])] {
            assert_no_order(&bench, stored, bound.clone()).await;
        }
    }
    assert_no_order(&bench, number("1"), text("2")).await;
    assert_no_order(&bench, text("1"), number("2")).await;
    assert_no_order(&bench, binary(&[1]), text("2")).await;
    assert_no_order(&bench, texts(&["a"]), text("b")).await;
}

pub(super) async fn bounds_without_an_order_are_invalid(bench: Bench) {
    let key = given(&bench, number("1")).await;
    let bounds =
        [AttributeValue::Bool(true), AttributeValue::Null(true), list([]), map([]), texts(&["a"]), numbers(&["1"])];
    for bound in bounds {
        for condition in [Condition::less("a", bound.clone()), Condition::greater_or_equal("a", bound.clone())] {
            let write = Write::update(key.clone(), [Action::add("writes", 1)], condition);
            bench.invalid(Commit::one(write)).await;
        }
    }
}

pub(super) async fn text_has_the_size_of_its_bytes(bench: Bench) {
    let cases = [(Condition::size_below("a", 6), true), (Condition::size_below("a", 5), false)];
    assert_of(&bench, text("sword"), cases).await;
}

pub(super) async fn binary_has_the_size_of_its_bytes(bench: Bench) {
    let cases = [(Condition::size_below("a", 4), true), (Condition::size_below("a", 3), false)];
    assert_of(&bench, binary(&[0, 255, 7]), cases).await;
}

pub(super) async fn lists_and_maps_have_the_size_of_their_members(bench: Bench) {
    let cases = || [(Condition::size_below("a", 3), true), (Condition::size_below("a", 2), false)];
    assert_of(&bench, list([number("1"), list([number("1"), number("2"), number("3")])]), cases()).await;
    assert_of(&bench, map([("x", number("1")), ("y", map([("z", number("1")), ("w", number("1"))]))]), cases()).await;
}

pub(super) async fn sets_have_the_size_of_their_members(bench: Bench) {
    let cases = || [(Condition::size_below("a", 3), true), (Condition::size_below("a", 2), false)];
    assert_of(&bench, texts(&["long text", "longer text"]), cases()).await;
    assert_of(&bench, numbers(&["1", "1000000"]), cases()).await;
}

pub(super) async fn what_is_empty_has_a_size(bench: Bench) {
    for value in [text(""), binary(&[]), list([]), map([])] {
        let cases = [(Condition::size_below("a", 1), true), (Condition::size_below("a", 0), false)];
        assert_of(&bench, value, cases).await;
    }
}

pub(super) async fn numbers_and_truth_values_have_no_size(bench: Bench) {
    for value in [number("1"), AttributeValue::Bool(true), AttributeValue::Null(true)] {
        assert_of(&bench, value, [(Condition::size_below("a", 1_000), false)]).await;
    }
}

pub(super) async fn whatever_its_value_a_name_is_present(bench: Bench) {
    let values = [AttributeValue::Null(true), AttributeValue::Bool(false), text(""), number("0"), list([]), map([])];
    for value in values {
        let cases =
            [(Condition::present("a"), true), (Condition::absent("a"), false), (Condition::present("A"), false)];
        assert_of(&bench, value, cases).await;
    }
}

pub(super) async fn members_of_lists_have_no_name(bench: Bench) {
    let place = |name: &str| Path::nested(["a", name]);
    let cases = [
        (Condition::present(place("0")), false),
        (Condition::present(place("[0]")), false),
        (Condition::absent(place("x")), true),
    ];
    assert_of(&bench, list([map([("x", number("1"))])]), cases).await;
}

pub(super) async fn keys_are_compared_like_other_text(bench: Bench) {
    let cases = [
        (Condition::equals("sk", "compared"), true),
        (Condition::less("sk", "compareE"), false),
        (Condition::greater("sk", "compareD"), true),
        (Condition::present("pk"), true),
    ];
    assert_of(&bench, number("1"), cases).await;
}

pub(super) async fn places_without_a_name_are_invalid(bench: Bench) {
    let key = given(&bench, number("1")).await;
    for path in [Path::nested([""; 0]), Path::from(""), Path::nested(["a", ""])] {
        for condition in [Condition::Absent(path.clone()), Condition::not(Condition::present(path.clone()))] {
            bench.invalid(Commit::one(Write::put_item(key.clone(), item([("b", 1u64)]), condition))).await;
        }
        bench.invalid(Commit::one(Write::update(key.clone(), [Action::set(path, 1u64)], Condition::Always))).await;
    }
}

pub(super) async fn bounds_that_cannot_be_stored_are_invalid(bench: Bench) {
    let key = given(&bench, number("1")).await;
    for bound in [number("one"), number(""), number("NaN"), number("1E126"), numbers(&["1", "1.0"]), texts(&[])] {
        let write = Write::delete(key.clone(), Condition::equals("a", bound));
        bench.invalid(Commit::one(write)).await;
    }
    assert!(bench.get(&key).await.is_some());
}

pub(super) async fn many_conditions_are_asked_at_once(bench: Bench) {
    let any = |last: u64| Condition::any((2..=last).map(|level| Condition::equals("a", level)));
    let all = |last: u64| Condition::all((2..=last).map(|level| Condition::differs("a", level)));
    let cases = [(any(40), true), (any(39), false), (all(40), false), (all(39), true)];
    assert_of(&bench, number("40"), cases).await;
}
