//! A character: what its player owns for good, and the part of it that play changes.

use crate::limits::{CHARACTER_RESTORE_S, GOLD_MAX, INVENTORY_SLOTS_MAX, STACK_QUANTITY_MAX};
use crate::{AbilityScores, AccountId, CharacterId, CharacterName, Content, Invalid, Timestamp};
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
    /// When its player deleted it, if that has happened. It can be restored for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// What its player decides.
    #[serde(flatten)]
    pub build: Build,
    /// What play changes.
    #[serde(flatten)]
    pub hot: HotState,
}

impl Character {
    /// Until when a deleted character can be restored; `None` for one that is not deleted.
    pub fn restorable_until(&self) -> Option<Timestamp> {
        self.deleted_at.map(|deleted_at| deleted_at.plus_secs(CHARACTER_RESTORE_S))
    }
}

/// The part of a character that its player decides between sessions. No game sim writes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Build {
    /// The six ability scores.
    #[serde(default)]
    pub ability_scores: AbilityScores,
    /// Points of level-ups that went into ability scores.
    #[serde(default)]
    pub ability_points_spent: u32,
    /// Ids of the skills that it is proficient in, in the order in which they were learnt.
    #[serde(default)]
    pub skills: Vec<String>,
    /// What it wears and wields.
    #[serde(default)]
    pub equipment: Equipment,
}

/// What a character wears and wields: one unit each, which is not in the inventory meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Equipment {
    /// Id of the suit of armour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub armor: Option<String>,
    /// Id of the shield.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shield: Option<String>,
    /// Id of the weapon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weapon: Option<String>,
}

impl Equipment {
    /// The ids of everything that is worn or wielded.
    pub fn items(&self) -> impl Iterator<Item = &str> {
        [&self.armor, &self.shield, &self.weapon].into_iter().filter_map(Option::as_deref)
    }
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
    /// Carried items, at most 28 stacks. A slot's number is the stack's place in this list: the list has no gaps, so a
    /// stack that goes away moves the later ones up.
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

#[cfg(test)]
mod tests {
    use super::*;

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
