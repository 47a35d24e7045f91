//! The game's content as data: classes, enemies, items, loot tables, dungeons and zones. A studio changes the game by editing the
//! JSON files in `seed-data/`; every number of the rules comes from there.
//!
//! [`Content`] is what a deserialiser yields; [`Content::check`] says everything that is wrong with it at once.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod check;
mod combat;
mod entry;
mod rules;
mod sight;
mod zone;
pub use check::ContentError;
pub use combat::{
    AbilityEffect, AbilityTarget, AttackRolls, CombatAbility, EnemyAbility, Ground, Practice, Resistance, Resources,
    Status,
};
pub use entry::{ContentEntry, ContentKind, PROGRESSION_ID};
pub use rules::{Armor, ArmorKind, ClassRules, Dice, Effect, Rules, Skill, Weapon, WeaponKind};
pub use sight::is_clear;
pub use zone::{Camp, Zone};

/// Everything that one version of the game consists of. Maps are keyed by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Playable classes.
    pub classes: BTreeMap<String, Class>,
    /// Kinds of enemies.
    pub enemies: BTreeMap<String, Enemy>,
    /// Items.
    pub items: BTreeMap<String, Item>,
    /// What the dead leave behind.
    pub loot_tables: BTreeMap<String, LootTable>,
    /// Dungeons.
    pub dungeons: BTreeMap<String, Dungeon>,
    /// Zones. No zone has the id of a dungeon: a session names either by its id.
    #[serde(default)]
    pub zones: BTreeMap<String, Zone>,
    /// The way from experience to levels.
    pub progression: Progression,
    /// The tables behind the rules.
    #[serde(default)]
    pub rules: Rules,
    /// What can be learnt.
    #[serde(default)]
    pub skills: BTreeMap<String, Skill>,
    /// What can be done in fights.
    #[serde(default)]
    pub abilities: BTreeMap<String, CombatAbility>,
    /// States that somebody can be in.
    #[serde(default)]
    pub statuses: BTreeMap<String, Status>,
}

/// A playable class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Name to show.
    pub name: String,
    /// Hit points at level 1.
    pub hp_base: u32,
    /// Hit points per further level.
    pub hp_per_level: u32,
    /// Hit points that come back per second outside a fight.
    pub hp_regeneration_per_s: u32,
    /// Walking speed, in millimetres per second.
    pub speed_mm_per_s: u32,
    /// How it fights in a dungeon: what it does by itself, to which a weapon adds.
    pub attack: Attack,
    /// What its abilities are paid with.
    #[serde(default)]
    pub resources: Resources,
    /// Ids of its abilities, in the order of their numbers in the UDP protocol.
    #[serde(default)]
    pub abilities: Vec<String>,
    /// What it is good at.
    #[serde(default)]
    pub rules: ClassRules,
}

/// One way to hurt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Attack {
    /// Least damage, in hit points.
    pub damage_min: u32,
    /// Most damage, in hit points.
    pub damage_max: u32,
    /// Reach, in millimetres.
    pub range_mm: u32,
    /// Time between two attacks, in milliseconds.
    pub cooldown_ms: u32,
    /// What kind of damage it does, which may be resisted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage_kind: Option<String>,
}

/// A kind of enemy and how it behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Enemy {
    /// Name to show.
    pub name: String,
    /// Hit points.
    pub hp: u32,
    /// Walking speed, in millimetres per second.
    pub speed_mm_per_s: u32,
    /// How near a player must come to be noticed, in millimetres.
    pub aggro_mm: u32,
    /// How far it strays from where it stood at first, in millimetres.
    pub leash_mm: u32,
    /// Its weapon.
    pub attack: Attack,
    /// What is added to its attack rolls.
    #[serde(default)]
    pub attack_bonus: i32,
    /// How hard it is to hit.
    #[serde(default)]
    pub armor_class: i32,
    /// Damage that it keeps off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resistances: Vec<Resistance>,
    /// What else it does; the first that it can use comes before its weapon.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub abilities: Vec<EnemyAbility>,
    /// Experience for every player who is there when it dies.
    pub xp: u32,
    /// Gold for every player who is there when it dies.
    pub gold: u32,
    /// Id of the loot table that it drops from, if it drops anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loot_table: Option<String>,
    /// Whether it is a boss: its death clears the dungeon.
    #[serde(default)]
    pub boss: bool,
    /// For a boss: percentages of hit points, falling, at which it enters its next phase.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases_at_percent: Vec<u32>,
    /// For a boss: how much faster its attacks come in each further phase, in percent.
    #[serde(default)]
    pub haste_percent_per_phase: u32,
}

/// A kind of item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Name to show.
    pub name: String,
    /// What it is for.
    pub kind: ItemKind,
    /// Most units in one inventory slot.
    pub stack_max: u32,
    /// Weight of one unit, in grams.
    #[serde(default)]
    pub weight_g: u32,
    /// How much wear it stands before it does nothing any more: a weapon wears with every hit, armour with every wound.
    /// Absent for what never wears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durability_max: Option<u32>,
    /// What it does when it is worn, if it is armour or a shield.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub armor: Option<Armor>,
    /// What it does in hand, if it is a weapon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weapon: Option<Weapon>,
    /// What using it does, if it is a consumable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
}

/// What an item is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Used up, with an effect.
    Consumable,
    /// Worn or wielded.
    Equipment,
    /// Kept or sold.
    Trophy,
}

/// What may drop, by weight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LootTable {
    /// How many times an entry is drawn.
    pub rolls: u32,
    /// The entries to draw from.
    pub entries: Vec<LootEntry>,
}

/// One entry of a loot table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LootEntry {
    /// Id of the item; absent for "nothing".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Share of the draws that yield this entry.
    pub weight: u32,
    /// Units.
    #[serde(default = "one")]
    pub quantity: u32,
}

fn one() -> u32 {
    1
}

/// A dungeon: chambers joined by doors. All coordinates are millimetres from its north-west corner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Dungeon {
    /// Name to show.
    pub name: String,
    /// Where players appear, and come back after death.
    pub spawn: Point,
    /// Time from a player's death to their return, in milliseconds.
    pub respawn_ms: u32,
    /// Slots of the inventory that fall to the ground when their player dies, from the last one on.
    #[serde(default)]
    pub death_drops_slots: u32,
    /// The chambers; the first holds the spawn point.
    pub chambers: Vec<Chamber>,
    /// The doors between them.
    pub doors: Vec<Door>,
}

/// A rectangular chamber and who waits in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Chamber {
    /// Its name within the dungeon.
    pub id: String,
    /// Its floor.
    pub area: Area,
    /// The enemies in it at first.
    #[serde(default)]
    pub enemies: Vec<Spawn>,
}

/// One enemy's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Spawn {
    /// Id of the kind of enemy.
    pub enemy: String,
    /// Where it stands.
    pub at: Point,
}

/// A passage between two chambers. It opens when the chamber named in `opens_when_cleared` has no living enemy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Door {
    /// The floor of the passage; it overlaps or touches both chambers.
    pub area: Area,
    /// The chambers that it joins.
    pub between: [String; 2],
    /// The chamber that must be cleared first.
    pub opens_when_cleared: String,
}

/// A point, in millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Eastward.
    pub x: i32,
    /// Southward.
    pub y: i32,
}

/// An axis-parallel rectangle, in millimetres; the far edges belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// West edge.
    pub x: i32,
    /// North edge.
    pub y: i32,
    /// Extent eastward.
    pub width: i32,
    /// Extent southward.
    pub height: i32,
}

impl Area {
    /// Whether the point lies inside or on the edge.
    pub const fn contains(&self, point: Point) -> bool {
        let (east, south) = (point.x as i64 - self.x as i64, point.y as i64 - self.y as i64);
        0 <= east && east <= self.width as i64 && 0 <= south && south <= self.height as i64
    }

    /// Whether the two have a point in common.
    pub const fn touches(&self, other: &Self) -> bool {
        self.x <= other.x.saturating_add(other.width)
            && other.x <= self.x.saturating_add(self.width)
            && self.y <= other.y.saturating_add(other.height)
            && other.y <= self.y.saturating_add(self.height)
    }

    /// The middle.
    pub const fn centre(&self) -> Point {
        Point { x: self.x.saturating_add(self.width / 2), y: self.y.saturating_add(self.height / 2) }
    }
}

/// How much experience each level takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Progression {
    /// Total experience at which each level is reached: first 0 for level 1, then rising.
    pub xp_for_level: Vec<u64>,
}

impl Content {
    /// Whether a session can be played there: whether it is the id of a dungeon or of a zone.
    pub fn has_place(&self, id: &str) -> bool {
        self.dungeons.contains_key(id) || self.zones.contains_key(id)
    }

    /// The level that this much experience amounts to.
    pub fn level_at(&self, xp: u64) -> u32 {
        let reached = self.progression.xp_for_level.iter().take_while(|&&needed| needed <= xp).count();
        u32::try_from(reached.max(1)).unwrap_or(u32::MAX)
    }

    /// Everything that is wrong: out-of-range numbers, references to nothing, geometry that nobody can walk.
    pub fn check(&self) -> Result<(), Vec<ContentError>> {
        check::check(self)
    }

    /// A number that differs between different contents: FNV-1a, 64 bits, over the canonical bytes that the caller made.
    pub fn version_of(canonical: &[u8]) -> u64 {
        canonical
            .iter()
            .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
    }
}
