//! What a player may want of a character between sessions. An intent is a request's typed body: it says what to do, never
//! what comes out, and [`Intent::apply`] decides. It names the version that its player saw; whoever stores the outcome makes
//! sure that this is the version in force.

mod equipment;
mod growth;
mod inventory;
#[cfg(test)]
mod tests;
mod vitals;

pub use equipment::{EquipArmor, EquipWeapon, Place, UnequipArmor, UnequipWeapon, equip, unequip};
pub use growth::{LearnSkill, RaiseAbility};
pub use inventory::{MergeItems, MoveItem, SplitItems, UseItem, move_item, stack_max, use_item};
pub use vitals::{ChangeCurrency, ChangeHitPoints};

use crate::{Character, CharacterId, Content};

/// Something that a player may want of a character.
pub trait Intent {
    /// The character.
    fn character_id(&self) -> CharacterId;

    /// The version of it that the player saw.
    fn version(&self) -> u64;

    /// Carries it out. A character for which it is illegal may be left half-changed and must be thrown away.
    ///
    /// # Errors
    /// [`Illegal`], when the rules forbid it.
    fn apply(&self, character: &mut Character, content: &Content) -> Result<(), Illegal>;
}

/// Why the rules forbid an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// Nothing would be different afterwards.
    #[error("this changes nothing")]
    NoChange,
    /// The currency would be below zero or above its limit.
    #[error("the character cannot hold that much, or has not that much to give")]
    CurrencyOutOfRange,
    /// The inventory slot is empty.
    #[error("there is nothing in that slot")]
    EmptySlot,
    /// There is no slot with that number.
    #[error("there is no such slot")]
    NoSuchSlot,
    /// No slot is free.
    #[error("the inventory is full")]
    InventoryFull,
    /// The two stacks are not of one item.
    #[error("the two slots hold different items")]
    DifferentItems,
    /// The stack can take no more.
    #[error("the stack is full")]
    StackFull,
    /// A stack can only be split into two that are not empty.
    #[error("the stack cannot be split there")]
    CannotSplit,
    /// The item is no consumable with an effect.
    #[error("this item cannot be used")]
    NotUsable,
    /// The item is not in the inventory.
    #[error("the character does not carry this item")]
    NotCarried,
    /// The item can be neither worn nor wielded.
    #[error("this item is no equipment")]
    NotEquipment,
    /// The item is neither armour nor a shield.
    #[error("this item is no armour")]
    NotArmor,
    /// The item is no weapon.
    #[error("this item is no weapon")]
    NotWeapon,
    /// The class has not learnt to use it.
    #[error("the class is not proficient with this")]
    NotProficient,
    /// A shield and a two-handed weapon need three hands.
    #[error("a shield and a two-handed weapon do not go together")]
    HandsFull,
    /// The item is not worn or wielded.
    #[error("the character has not equipped this item")]
    NotEquipped,
    /// No skill point is left.
    #[error("there is no skill point to spend")]
    NoSkillPoints,
    /// The skill is none of the class's.
    #[error("the class cannot learn this skill")]
    SkillNotOfClass,
    /// The skill was learnt before.
    #[error("the skill is known already")]
    SkillKnown,
    /// No ability point is left.
    #[error("there is no ability point to spend")]
    NoAbilityPoints,
    /// The score is as high as it gets.
    #[error("the ability score is at its maximum")]
    AbilityAtMaximum,
}

impl Illegal {
    /// The stable code that the API answers with.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoChange => "no_change",
            Self::CurrencyOutOfRange => "currency_out_of_range",
            Self::EmptySlot => "empty_slot",
            Self::NoSuchSlot => "no_such_slot",
            Self::InventoryFull => "inventory_full",
            Self::DifferentItems => "different_items",
            Self::StackFull => "stack_full",
            Self::CannotSplit => "cannot_split",
            Self::NotUsable => "not_usable",
            Self::NotCarried => "not_carried",
            Self::NotEquipment => "not_equipment",
            Self::NotArmor => "not_armor",
            Self::NotWeapon => "not_weapon",
            Self::NotProficient => "not_proficient",
            Self::HandsFull => "hands_full",
            Self::NotEquipped => "not_equipped",
            Self::NoSkillPoints => "no_skill_points",
            Self::SkillNotOfClass => "skill_not_of_class",
            Self::SkillKnown => "skill_known",
            Self::NoAbilityPoints => "no_ability_points",
            Self::AbilityAtMaximum => "ability_at_maximum",
        }
    }
}

/// A request's type with the fields that all intents have, and its [`Intent`], whose rule is the method `decide`.
macro_rules! intent {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Path parameter.
            pub character_id: $crate::CharacterId,
            /// The version that the player saw.
            pub version: u64,
            $($(#[$field_doc])* pub $field: $type,)+
        }

        impl $crate::intents::Intent for $name {
            fn character_id(&self) -> $crate::CharacterId {
                self.character_id
            }

            fn version(&self) -> u64 {
                self.version
            }

            fn apply(
                &self,
                character: &mut $crate::Character,
                content: &$crate::Content,
            ) -> Result<(), $crate::intents::Illegal> {
                self.decide(character, content)
            }
        }
    };
}
use intent;
