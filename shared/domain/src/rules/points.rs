//! The points that levels bring, less those that were spent.

use super::class_rules;
use crate::{Content, Sheet};

/// Points left for ability scores. SRD, "Ability Score Improvement": two points at certain levels of a class.
pub fn ability_points<'a>(character: impl Into<Sheet<'a>>, content: &Content) -> u32 {
    let character = character.into();
    let gained = gained(&content.rules.ability_points_at_levels, character.hot.level);
    gained.saturating_sub(character.build.ability_points_spent)
}

/// Points left for skills: those of the class at level 1 (SRD, each class's "Proficiencies"), and by our own rule a further
/// one at certain levels.
pub fn skill_points<'a>(character: impl Into<Sheet<'a>>, content: &Content) -> u32 {
    let character = character.into();
    let first = class_rules(character, content).map_or(0, |class| class.skill_points);
    let gained = first.saturating_add(gained(&content.rules.skill_points_at_levels, character.hot.level));
    gained.saturating_sub(u32::try_from(character.build.skills.len()).unwrap_or(u32::MAX))
}

fn gained(at_levels: &[u32], level: u32) -> u32 {
    u32::try_from(at_levels.iter().filter(|&&at| at <= level).count()).unwrap_or(u32::MAX)
}
