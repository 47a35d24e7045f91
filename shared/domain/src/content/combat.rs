//! What fights are made of: abilities, the states that they bring about, and the numbers behind attack rolls, skills and
//! things on the ground. How they are put together is the ruleset's affair: [`crate::ruleset`].

use serde::{Deserialize, Serialize};

/// Something that can be done in a fight besides striking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CombatAbility {
    /// Name to show.
    pub name: String,
    /// Mana that it costs. Enemies pay nothing.
    #[serde(default)]
    pub mana: u32,
    /// Stamina that it costs. Enemies pay nothing.
    #[serde(default)]
    pub stamina: u32,
    /// Time until it can be used again, in milliseconds.
    pub cooldown_ms: u32,
    /// Whom it is for.
    pub target: AbilityTarget,
    /// How far off that one may be, in millimetres; 0 for what is about oneself.
    #[serde(default)]
    pub range_mm: u32,
    /// How far about the target it works, in millimetres; 0: on the target alone.
    #[serde(default)]
    pub radius_mm: u32,
    /// The level from which it can be used.
    #[serde(default)]
    pub level_min: u32,
    /// Id of the skill that it trains, and that makes it stronger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<String>,
    /// What it does to each of those that it works on, in this order.
    pub effects: Vec<AbilityEffect>,
}

/// Whom an ability is for. Sides are those of whoever uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AbilityTarget {
    /// One of the other side, whom one can see; with a radius, the others about that one too.
    Enemy,
    /// One of the own side, whom one can see; with a radius, the others about that one too.
    Ally,
    /// Oneself; with a radius, one's own side about oneself too.
    Own,
    /// The other side about oneself, within the radius.
    Around,
}

/// One effect of an ability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AbilityEffect {
    /// Takes hit points.
    Damage {
        /// Least damage, in hit points.
        min: u32,
        /// Most damage, in hit points.
        max: u32,
        /// What kind of damage it is, which may be resisted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
        /// Whether it is an attack that can miss and be critical, with the weapon's dice; otherwise it never fails.
        #[serde(default)]
        attack: bool,
    },
    /// Gives hit points back.
    Heal {
        /// Fewest hit points.
        min: u32,
        /// Most hit points.
        max: u32,
    },
    /// Brings somebody into a state, or begins it anew.
    Status {
        /// Id of the state.
        status: String,
    },
}

/// A state that somebody can be in for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Name to show.
    pub name: String,
    /// How long it lasts, in milliseconds.
    pub duration_ms: u32,
    /// How much faster (or, below 0, slower) one walks, in percent.
    #[serde(default)]
    pub speed_percent: i32,
    /// How much more (or less) damage one does, in percent.
    #[serde(default)]
    pub damage_percent: i32,
    /// How much more (or less) damage one takes, in percent.
    #[serde(default)]
    pub damage_taken_percent: i32,
    /// Hit points that come (or, below 0, go) every second.
    #[serde(default)]
    pub hp_per_s: i32,
    /// Whether one can neither walk nor act.
    #[serde(default)]
    pub stuns: bool,
}

/// An ability of an enemy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EnemyAbility {
    /// Id of the ability.
    pub ability: String,
    /// The phase from which it is used.
    #[serde(default)]
    pub from_phase: u8,
}

/// What abilities are paid with. Both are full when one arrives and when one rises from the dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Most mana.
    #[serde(default)]
    pub mana_max: u32,
    /// Mana that comes back per second.
    #[serde(default)]
    pub mana_per_s: u32,
    /// Most stamina.
    #[serde(default)]
    pub stamina_max: u32,
    /// Stamina that comes back per second.
    #[serde(default)]
    pub stamina_per_s: u32,
}

/// How much damage of a kind is kept off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Resistance {
    /// The kind of damage.
    pub kind: String,
    /// How much of it is kept off, in percent: 100 is all of it, −50 is half as much again.
    pub percent: i32,
}

/// The numbers of attack rolls. By default every attack hits and none is critical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AttackRolls {
    /// Sides of the die that an attack is rolled with; 0: none is rolled.
    pub die_sides: u32,
    /// Rolls up to this one miss, whatever is added.
    pub miss_up_to: u32,
    /// Rolls from this one on hit, whatever is added, and are critical.
    pub critical_from: u32,
    /// How often a critical attack throws its damage.
    pub critical_times: u32,
}

/// How skills grow with use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Practice {
    /// Total experience at which each level of a skill is reached: first 0 for level 1, then rising.
    pub xp_for_level: Vec<u64>,
    /// Experience for every use that had an effect.
    pub xp_per_use: u32,
    /// How much stronger each level above the first makes what the skill stands behind, in percent.
    pub percent_per_level: u32,
}

impl Practice {
    /// The level that this much experience amounts to.
    pub fn level_at(&self, xp: u64) -> u32 {
        let reached = self.xp_for_level.iter().take_while(|&&needed| needed <= xp).count();
        u32::try_from(reached.max(1)).unwrap_or(u32::MAX)
    }
}

/// What becomes of things that players drop. By default they are everybody's at once and lie for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// How long only whoever dropped a thing sees it and can take it, in milliseconds.
    pub owner_only_ms: u32,
    /// How long a thing lies on the ground before it is gone, in milliseconds; 0: for good.
    pub despawn_ms: u32,
}
