//! A character: what its player owns for good, and the part of it that play changes.

use crate::limits::{
    CHARACTER_NAME_CHARS_MAX, CHARACTER_NAME_CHARS_MIN, GOLD_MAX, INVENTORY_SLOTS_MAX, STACK_QUANTITY_MAX,
};
use crate::{AccountId, CharacterId, Content, Invalid, Timestamp};
use serde::{Deserialize, Serialize};

/// A character as its player sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Character {
    /// The character.
    pub character_id: CharacterId,
    /// The account that owns it.
    pub account_id: AccountId,
    /// Its name, as typed.
    pub name: CharacterName,
    /// Id of its class in the content.
    pub class: String,
    /// Rises by exactly one with every applied write.
    pub version: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// What play changes.
    #[serde(flatten)]
    pub hot: HotState,
}

/// The part of a character that a game sim may write while it holds the lease, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HotState {
    /// Level, from 1.
    pub level: u32,
    /// Experience points in total.
    pub xp: u64,
    /// Current hit points, 0 to `hp_max`.
    pub hp: u32,
    /// Hit points when unhurt.
    pub hp_max: u32,
    /// Currency.
    pub gold: u64,
    /// Carried items; at most one stack per slot, at most 28 slots.
    pub inventory: Vec<Stack>,
    /// Dungeons cleared so far.
    pub dungeons_cleared: u32,
}

/// Some units of one item, in one inventory slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// Id of the item in the content.
    pub item: String,
    /// Units, at least 1.
    pub quantity: u32,
}

impl HotState {
    /// A new character of the class with this id, or `None` if the content has no such class.
    pub fn of_class(content: &Content, class: &str) -> Option<Self> {
        let class = content.classes.get(class)?;
        Some(Self { level: 1, hp: class.hp_base, hp_max: class.hp_base, ..Self::default() })
    }

    /// Puts `quantity` units of `item` in, onto existing stacks first; returns what found no room.
    pub fn add_item(&mut self, item: &str, quantity: u32, stack_max: u32) -> u32 {
        let stack_max = stack_max.clamp(1, STACK_QUANTITY_MAX);
        let mut rest = quantity;
        for stack in self.inventory.iter_mut().filter(|stack| stack.item == item) {
            let moved = rest.min(stack_max.saturating_sub(stack.quantity));
            stack.quantity += moved;
            rest -= moved;
        }
        while rest > 0 && self.inventory.len() < INVENTORY_SLOTS_MAX {
            let moved = rest.min(stack_max);
            self.inventory.push(Stack { item: item.to_owned(), quantity: moved });
            rest -= moved;
        }
        rest
    }

    /// Adds experience and raises the level (with hit points of the class) as far as the content's curve allows.
    /// Returns the number of levels gained.
    pub fn add_xp(&mut self, content: &Content, class: &str, xp: u64) -> u32 {
        self.xp = self.xp.saturating_add(xp);
        let before = self.level;
        let reached = content.level_at(self.xp).max(self.level);
        if let Some(class) = content.classes.get(class) {
            let gained = class.hp_per_level.saturating_mul(reached - before);
            self.hp_max = self.hp_max.saturating_add(gained);
            self.hp = self.hp.saturating_add(gained).min(self.hp_max);
        }
        self.level = reached;
        reached - before
    }

    /// Adds gold, up to [`GOLD_MAX`].
    pub fn add_gold(&mut self, gold: u64) {
        self.gold = self.gold.saturating_add(gold).min(GOLD_MAX);
    }

    /// Whether these values can be a character's at all: the plausibility check of whatever a game sim sends.
    pub fn check(&self) -> Result<(), Invalid> {
        let refuse = |what: &str| Err(Invalid::new("hot", what));
        let stacks_fit =
            self.inventory.iter().all(|s| (1..=STACK_QUANTITY_MAX).contains(&s.quantity) && !s.item.is_empty());
        if self.level == 0 || self.hp > self.hp_max {
            refuse("level must be at least 1 and hp at most hp_max")
        } else if self.inventory.len() > INVENTORY_SLOTS_MAX || !stacks_fit {
            refuse("inventory must have at most 28 stacks of 1 to 9999 units")
        } else if self.gold > GOLD_MAX {
            refuse("gold is above its limit")
        } else {
            Ok(())
        }
    }
}

/// A character's name: 3 to 16 letters, digits, blanks, hyphens or apostrophes, beginning and ending with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CharacterName(String);

impl CharacterName {
    /// Checks a name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let count = text.chars().count();
        let inner = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '\'');
        let edge = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let doubled = text.contains("  ");
        if !(CHARACTER_NAME_CHARS_MIN..=CHARACTER_NAME_CHARS_MAX).contains(&count)
            || !text.chars().all(inner)
            || !edge(text.chars().next())
            || !edge(text.chars().last())
            || doubled
        {
            return Err(Invalid::new(
                "name",
                "expected 3 to 16 letters, digits, single blanks, hyphens or apostrophes",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CharacterName {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<CharacterName> for String {
    fn from(name: CharacterName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_plain_and_trimmed() {
        for right in ["Ada", "Jean-Luc", "D'Artagnan", "Éowyn 2"] {
            assert!(CharacterName::parse(right).is_ok(), "{right:?} refused");
        }
        for wrong in ["", "ab", " Ada", "Ada ", "A  da", "Ada\u{202e}", "Ada\u{200b}x", "<b>x</b>", "abcdefghijklmnopq"]
        {
            assert!(CharacterName::parse(wrong).is_err(), "{wrong:?} parsed");
        }
    }

    #[test]
    fn items_stack_then_take_slots_then_overflow() {
        let mut hot = HotState::default();
        assert_eq!(hot.add_item("potion", 7, 5), 0);
        assert_eq!(hot.inventory.iter().map(|s| s.quantity).collect::<Vec<_>>(), [5, 2]);
        assert_eq!(hot.add_item("potion", 3, 5), 0);
        assert_eq!(hot.inventory.len(), 2);
        assert_eq!(hot.add_item("ring", 30, 1), 4);
        assert_eq!(hot.inventory.len(), INVENTORY_SLOTS_MAX);
    }
}
