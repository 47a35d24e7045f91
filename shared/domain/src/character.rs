//! A character: what its player owns for good, and the part of it that play changes.

use crate::content::Item;
use crate::limits::{CHARACTER_RESTORE_S, GOLD_MAX, INVENTORY_SLOTS_MAX, SKILLS_PRACTISED_MAX, STACK_QUANTITY_MAX};
use crate::{AbilityScores, AccountId, CharacterId, CharacterName, Content, Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A character as its player sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Character {
    /// The character.
    pub character_id: CharacterId,
    /// The account that owns it.
    pub account_id: AccountId,
    /// Its name, as typed.
    #[serde(deserialize_with = "CharacterName::kept")]
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
}

/// What a character wears and wields: one unit each, which is not in the inventory meanwhile. What does not stack at all
/// keeps its wear here as there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Equipment {
    /// The suit of armour.
    #[serde(default)]
    pub armor: Option<Gear>,
    /// The shield.
    #[serde(default)]
    pub shield: Option<Gear>,
    /// The weapon.
    #[serde(default)]
    pub weapon: Option<Gear>,
}

/// One thing that is worn or wielded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Gear {
    /// Id of the item in the content.
    pub item: String,
    /// How much of its durability is used up.
    #[serde(default)]
    pub wear: u32,
}

impl Gear {
    /// Whether it still does what it is for: an item without a durability always does.
    pub fn is_sound(&self, item: &Item) -> bool {
        item.durability_max.is_none_or(|most| self.wear < most)
    }
}

impl Equipment {
    /// Everything that is worn or wielded.
    pub fn gear(&self) -> impl Iterator<Item = &Gear> {
        [&self.armor, &self.shield, &self.weapon].into_iter().flatten()
    }

    /// The same, to be changed.
    pub fn gear_mut(&mut self) -> impl Iterator<Item = &mut Gear> {
        [&mut self.armor, &mut self.shield, &mut self.weapon].into_iter().flatten()
    }

    /// The ids of everything that is worn or wielded.
    pub fn items(&self) -> impl Iterator<Item = &str> {
        self.gear().map(|gear| gear.item.as_str())
    }
}

/// A character as the rules look at it: without a name and an owner.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// Id of its class in the content.
    pub class: &'a str,
    /// What its player decides.
    pub build: &'a Build,
    /// What play changes.
    pub hot: &'a HotState,
}

impl<'a> From<&'a Character> for Sheet<'a> {
    fn from(character: &'a Character) -> Self {
        Self { class: &character.class, build: &character.build, hot: &character.hot }
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
    /// What it wears and wields.
    #[serde(default)]
    pub equipment: Equipment,
    /// Experience in skills, by their ids: what practice has brought.
    #[serde(default)]
    pub practice: BTreeMap<String, u64>,
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
    /// How much of its durability is used up. What has a durability does not stack, so this is of one unit.
    #[serde(default)]
    pub wear: u32,
}

impl Stack {
    /// Units that nobody has used yet.
    pub fn of(item: &str, quantity: u32) -> Self {
        Self { item: item.to_owned(), quantity, wear: 0 }
    }
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
            self.inventory.push(Stack::of(item, moved));
            rest -= moved;
        }
        rest
    }

    /// Puts a whole stack in, or nothing of it, and says which. What is worn keeps to itself.
    pub fn add_stack(&mut self, stack: &Stack, stack_max: u32) -> bool {
        if stack.wear > 0 {
            let fits = self.inventory.len() < INVENTORY_SLOTS_MAX;
            if fits {
                self.inventory.push(stack.clone());
            }
            return fits;
        }
        let fits = self.room_for(&stack.item, stack_max) >= u64::from(stack.quantity);
        if fits {
            self.add_item(&stack.item, stack.quantity, stack_max);
        }
        fits
    }

    /// How many units of the item the inventory can still hold.
    pub fn room_for(&self, item: &str, stack_max: u32) -> u64 {
        let stack_max = stack_max.clamp(1, STACK_QUANTITY_MAX);
        let empty_slots = INVENTORY_SLOTS_MAX.saturating_sub(self.inventory.len()) as u64;
        let begun = self.inventory.iter().filter(|stack| stack.item == item);
        let on_stacks: u64 = begun.map(|stack| u64::from(stack_max.saturating_sub(stack.quantity))).sum();
        on_stacks + empty_slots * u64::from(stack_max)
    }

    /// Takes units out of a slot, which goes away with its last one. `None`, and nothing taken, if it holds fewer.
    pub fn take(&mut self, slot: usize, quantity: u32) -> Option<Stack> {
        let stack = self.inventory.get_mut(slot).filter(|stack| quantity > 0 && quantity <= stack.quantity)?;
        let taken = Stack { quantity, ..stack.clone() };
        stack.quantity -= quantity;
        if stack.quantity == 0 {
            self.inventory.remove(slot);
        }
        Some(taken)
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
        } else if self.equipment.items().any(str::is_empty) {
            refuse("equipment must name its items")
        } else if self.practice.len() > SKILLS_PRACTISED_MAX {
            refuse("practice must be in at most 64 skills")
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
