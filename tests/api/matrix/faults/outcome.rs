//! What a request came to, and whether that is what it may come to. Ids, tokens and hashes that a request draws are other ones
//! each time: whatever long word was not there at the start stands for any other.

use guildhall_storage::memory::Fault;
use guildhall_storage::{AttributeValue, Item, Key, TableName};
use guildhall_tests::Answer;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Words shorter than this are nothing that is drawn, and numbers of fewer digits; times have 13.
const DRAWN_CHARS_MIN: usize = 20;
const DRAWN_DIGITS_MIN: usize = 14;

/// Rows as text, each with how often it is there.
pub(super) type Lines = BTreeMap<String, usize>;

/// An answer, and everything stored.
pub(super) struct Outcome {
    pub(super) answer: Answer,
    pub(super) rows: Vec<(Key, Item)>,
}

/// The long words that were there at the start.
pub(super) struct Familiar(BTreeSet<String>);

impl Familiar {
    pub(super) fn new(start: &[(Key, Item)], body: &Value) -> Self {
        let mut known = BTreeSet::new();
        for (key, item) in start.iter().filter(|(key, _)| key.table != TableName::Content) {
            let text = format!("{} {} {}", key.pk, key.sk, text(item));
            known.extend(words(&text).filter(|word| is_long(word)).map(str::to_owned));
        }
        known.extend(words(&body.to_string()).map(str::to_owned));
        Self(known)
    }

    /// The text with a star for each long word that is new.
    fn starred(&self, text: &str) -> String {
        let mut starred = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
            let (word, tail) = rest.split_at(end);
            starred.push_str(if is_long(word) && !self.0.contains(word) { "*" } else { word });
            let next = tail.chars().next().map_or(0, char::len_utf8);
            starred.push_str(&tail[..next]);
            rest = &tail[next..];
        }
        starred
    }

    /// All rows but those that count attempts and times, as lines in any order.
    pub(super) fn lines(&self, rows: &[(Key, Item)]) -> Lines {
        let mut lines = Lines::new();
        for (key, item) in rows.iter().filter(|(key, _)| !key.pk.starts_with("throttle#")) {
            let item = members(item.iter(), &|text| self.starred(text));
            let line = self.starred(&format!("{:?} {} {} {item}", key.table, key.pk, key.sk));
            *lines.entry(line).or_default() += 1;
        }
        lines
    }
}

fn is_long(word: &str) -> bool {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    word.len() >= if is_number { DRAWN_DIGITS_MIN } else { DRAWN_CHARS_MIN }
}

const fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/' | '=' | '$' | ',' | '.')
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_of_word(c))
}

/// An item as text, the same for the same item.
fn text(item: &Item) -> String {
    members(item.iter(), &str::to_owned)
}

/// Members in the order of what is shown of them, so that those with drawn names are in one order too.
fn members<'a>(
    members: impl Iterator<Item = (&'a String, &'a AttributeValue)>,
    show: &dyn Fn(&str) -> String,
) -> String {
    let mut shown: Vec<_> =
        members.map(|(name, value)| show(&format!("{{ {name} : {} }}", value_text(value, show)))).collect();
    shown.sort_unstable();
    shown.concat()
}

fn value_text(value: &AttributeValue, show: &dyn Fn(&str) -> String) -> String {
    match value {
        AttributeValue::S(text) => format!("\"{text}\""),
        AttributeValue::N(digits) => digits.clone(),
        AttributeValue::L(values) => values.iter().map(|value| format!("[ {} ]", value_text(value, show))).collect(),
        AttributeValue::M(inner) => members(inner.iter(), show),
        other => format!("{other:?}"),
    }
}

/// What is wrong with the answer to a request that met a fault. It may be the one that the request has in peace; it may say
/// that nobody knows and that one should try again; and it may own up to what must never happen.
pub(super) fn problem_of_answer(fault: Fault, got: &Answer, peace: &Answer, familiar: &Familiar) -> Option<String> {
    if got.status == 503 {
        let is_whole = got.retry_after_s().is_some_and(|seconds| seconds >= 1) && !got.code().is_empty();
        return (!is_whole).then(|| format!("a 503 without a time to try again: {:?} {}", got.headers, got.body));
    }
    if got.status == 500 && matches!(fault, Fault::TokenMismatch | Fault::TooLarge) {
        return (got.code() != "internal").then(|| format!("a 500 of another code: {}", got.body));
    }
    let is_right = (got.status, got.code()) == (peace.status, peace.code());
    if !is_right {
        return Some(format!("answered {} {}, in peace {} {}", got.status, got.body, peace.status, peace.body));
    }
    let [got, peace] = [got, peace].map(|answer| familiar.starred(&answer.body.to_string()));
    (fault == Fault::PartialPage && got != peace).then(|| format!("a page was lost: {got} in place of {peace}"))
}

/// What is wrong with the outcome of the same request made again: it must be the one of a request in peace, made as
/// often at most, or else the one that `another` way has come to, which a conflict may turn to, and which must stay.
pub(super) fn problem_of_repetition(
    got: &Outcome,
    peace: [&Outcome; 2],
    lines: &[Lines; 3],
    another: Option<&Lines>,
    familiar: &Familiar,
) -> Option<String> {
    let answers = |outcome: &Outcome| (outcome.answer.status, outcome.answer.code().to_owned());
    if !peace.iter().any(|outcome| answers(outcome) == answers(got)) {
        let Answer { status, body, .. } = &got.answer;
        return Some(format!("made again, it is answered {status} {body}"));
    }
    let rows = familiar.lines(&got.rows);
    let is_as_long = |other: &Lines| other.values().sum::<usize>() == lines[0].values().sum::<usize>();
    if lines.contains(&rows) || another.is_some_and(|another| *another == rows && is_as_long(another)) {
        return None;
    }
    let other = |one: &Lines, than: &Lines| -> Vec<String> {
        one.iter().filter(|(line, count)| than.get(*line) != Some(count)).map(|(line, _)| line.clone()).collect()
    };
    let (has, lacks) = (other(&rows, &lines[0]), other(&lines[0], &rows));
    Some(format!("made again, it leaves {has:?} in place of {lacks:?}"))
}
