//! Conditions and actions as DynamoDB's expression strings. Every name and value goes through a placeholder, so no name is
//! reserved and nothing is quoted.

use crate::value::PK;
use crate::{Action, AttributeValue, Condition, Path};
use std::collections::HashMap;

/// The expressions of one write, and what their placeholders stand for.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    pub(super) condition: Option<String>,
    pub(super) update: Option<String>,
    names: Vec<String>,
    values: Vec<AttributeValue>,
}

impl Rendered {
    /// The expressions of a write with these actions (none for writes that are no updates) under this condition.
    pub(super) fn new(actions: &[Action], condition: &Condition) -> Self {
        let mut rendered = Self::default();
        if !actions.is_empty() {
            rendered.update = Some(rendered.actions(actions));
        }
        if *condition != Condition::Always {
            rendered.condition = Some(rendered.condition(condition));
        }
        rendered
    }

    /// For a transaction's check, which DynamoDB does not take without a condition.
    pub(super) fn check(condition: &Condition) -> Self {
        let mut rendered = Self::default();
        rendered.condition = Some(rendered.condition(condition));
        rendered
    }

    /// `#n…` and what it stands for, in the form that the SDK wants.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        let names = self.names.iter().enumerate().map(|(index, name)| (format!("#n{index}"), name.clone()));
        (!self.names.is_empty()).then(|| names.collect())
    }

    /// `:v…` and what it stands for, in the form that the SDK wants.
    pub(super) fn values<V: From<AttributeValue>>(&self) -> Option<HashMap<String, V>> {
        let values =
            self.values.iter().enumerate().map(|(index, value)| (format!(":v{index}"), V::from(value.clone())));
        (!self.values.is_empty()).then(|| values.collect())
    }

    fn actions(&mut self, actions: &[Action]) -> String {
        let mut set = Vec::new();
        let mut remove = Vec::new();
        for action in actions {
            let place = self.path(action.path());
            match action {
                Action::Set(_, value) => set.push(format!("{place} = {}", self.value(value))),
                // Not `ADD`, which is documented for top-level attributes alone.
                Action::Add(_, amount) => {
                    let zero = self.value(&AttributeValue::N("0".to_owned()));
                    let amount = self.value(&AttributeValue::N(amount.to_string()));
                    set.push(format!("{place} = if_not_exists({place}, {zero}) + {amount}"));
                }
                Action::Remove(_) => remove.push(place),
            }
        }
        let clause = |word: &str, parts: &[String]| (!parts.is_empty()).then(|| format!("{word} {}", parts.join(", ")));
        [clause("SET", &set), clause("REMOVE", &remove)].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn condition(&mut self, condition: &Condition) -> String {
        let top = || Path::from(PK);
        match condition {
            Condition::Always => self.all(&[]),
            Condition::Exists => self.call("attribute_exists", &top()),
            Condition::NotExists => self.call("attribute_not_exists", &top()),
            Condition::Present(path) => self.call("attribute_exists", path),
            Condition::Absent(path) => self.call("attribute_not_exists", path),
            Condition::Equals(path, value) => self.comparison(path, "=", value),
            Condition::Differs(path, value) => self.comparison(path, "<>", value),
            Condition::Less(path, value) => self.comparison(path, "<", value),
            Condition::LessOrEqual(path, value) => self.comparison(path, "<=", value),
            Condition::Greater(path, value) => self.comparison(path, ">", value),
            Condition::GreaterOrEqual(path, value) => self.comparison(path, ">=", value),
            Condition::SizeBelow(path, limit) => {
                let size = self.call("size", path);
                format!("{size} < {}", self.value(&AttributeValue::N(limit.to_string())))
            }
            Condition::All(conditions) => self.all(conditions),
            Condition::Any(conditions) => self.any(conditions),
            Condition::Not(condition) => format!("NOT ({})", self.condition(condition)),
        }
    }

    fn all(&mut self, conditions: &[Condition]) -> String {
        if conditions.is_empty() {
            return self.any(&[Condition::Exists, Condition::NotExists]);
        }
        self.join(conditions, " AND ")
    }

    fn any(&mut self, conditions: &[Condition]) -> String {
        if conditions.is_empty() {
            return self.all(&[Condition::Exists, Condition::NotExists]);
        }
        self.join(conditions, " OR ")
    }

    fn join(&mut self, conditions: &[Condition], word: &str) -> String {
        let parts: Vec<String> =
            conditions.iter().map(|condition| format!("({})", self.condition(condition))).collect();
        parts.join(word)
    }

    fn call(&mut self, function: &str, path: &Path) -> String {
        format!("{function}({})", self.path(path))
    }

    fn comparison(&mut self, path: &Path, operator: &str, value: &AttributeValue) -> String {
        let place = self.path(path);
        format!("{place} {operator} {}", self.value(value))
    }

    fn path(&mut self, path: &Path) -> String {
        let parts: Vec<String> = path.names().iter().map(|name| self.name(name)).collect();
        parts.join(".")
    }

    /// The same name always gets the same placeholder.
    fn name(&mut self, name: &str) -> String {
        let known = self.names.iter().position(|other| other == name);
        let index = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        format!("#n{index}")
    }

    fn value(&mut self, value: &AttributeValue) -> String {
        self.values.push(value.clone());
        format!(":v{}", self.values.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(condition: &Condition) -> String {
        Rendered::new(&[], condition).condition.unwrap_or_default()
    }

    #[test]
    fn conditions_use_placeholders_for_every_name_and_value() {
        let rendered = Rendered::new(&[], &Condition::equals(Path::nested(["a.b", "size"]), 3u64));
        assert_eq!(rendered.condition.as_deref(), Some("#n0.#n1 = :v0"));
        assert_eq!(rendered.names().unwrap()["#n0"], "a.b");
        assert_eq!(rendered.names().unwrap()["#n1"], "size");
        assert_eq!(rendered.values::<AttributeValue>().unwrap()[":v0"], AttributeValue::N("3".to_owned()));
    }

    #[test]
    fn each_kind_of_condition_has_its_operator() {
        let cases = [
            (Condition::Exists, "attribute_exists(#n0)"),
            (Condition::NotExists, "attribute_not_exists(#n0)"),
            (Condition::present("a"), "attribute_exists(#n0)"),
            (Condition::absent("a"), "attribute_not_exists(#n0)"),
            (Condition::differs("a", 1u64), "#n0 <> :v0"),
            (Condition::less("a", 1u64), "#n0 < :v0"),
            (Condition::less_or_equal("a", 1u64), "#n0 <= :v0"),
            (Condition::greater("a", 1u64), "#n0 > :v0"),
            (Condition::greater_or_equal("a", 1u64), "#n0 >= :v0"),
            (Condition::size_below("a", 9), "size(#n0) < :v0"),
            (Condition::not(Condition::present("a")), "NOT (attribute_exists(#n0))"),
        ];
        for (input, expected) in cases {
            assert_eq!(condition(&input), expected, "{input:?}");
        }
    }

    #[test]
    fn combinations_are_bracketed_and_reuse_names() {
        let input = Condition::all([
            Condition::greater("lease", 1u64),
            Condition::any([Condition::less("lease", 9u64), Condition::absent("epoch")]),
        ]);
        assert_eq!(condition(&input), "(#n0 > :v0) AND ((#n0 < :v1) OR (attribute_not_exists(#n1)))");
    }

    #[test]
    fn empty_combinations_keep_their_meaning() {
        assert_eq!(Rendered::new(&[], &Condition::Always).condition, None);
        let always = "(attribute_exists(#n0)) OR (attribute_not_exists(#n0))";
        assert_eq!(condition(&Condition::all([])), always);
        assert_eq!(Rendered::check(&Condition::Always).condition.as_deref(), Some(always));
        assert_eq!(condition(&Condition::any([])), "(attribute_exists(#n0)) AND (attribute_not_exists(#n0))");
    }

    #[test]
    fn actions_are_grouped_by_clause() {
        let actions = [
            Action::set("a", "x"),
            Action::remove(Path::nested(["m", "gone"])),
            Action::add(Path::nested(["m", "count"]), -2),
            Action::remove("b"),
        ];
        let rendered = Rendered::new(&actions, &Condition::equals("a", "w"));
        let update = "SET #n0 = :v0, #n1.#n3 = if_not_exists(#n1.#n3, :v1) + :v2 REMOVE #n1.#n2, #n4";
        assert_eq!(rendered.update.as_deref(), Some(update));
        assert_eq!(rendered.condition.as_deref(), Some("#n0 = :v3"));
        assert_eq!(rendered.values::<AttributeValue>().unwrap()[":v2"], AttributeValue::N("-2".to_owned()));
    }
}
