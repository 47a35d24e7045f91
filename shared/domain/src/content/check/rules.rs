//! What makes the tables of the rules right, and the parts of classes and items that refer to them.

use super::Report;
use crate::Ability;
use crate::content::{ArmorKind, Class, Content, Effect, Item, ItemKind, Rules};
use crate::limits::{HIT_POINTS_MAX, LEVELS_MAX};
use crate::rules::point_buy;

/// The highest score that there may be: an unsigned byte holds it, and its modifier is +10 (SRD, "Ability Scores").
const ABILITY_SCORE_MAX: u8 = 30;
/// The most that two constitution modifiers can differ by: those of the scores 1 and 30.
pub(super) const MODIFIERS_APART_MAX: u64 = 15;
/// The most that any one number may add to a roll or a class.
const BONUS_MAX: u32 = 1_000;
/// The most dice, and the most sides of one, of a weapon.
const DICE_MAX: u32 = 100;
/// The most wear that anything stands: it travels as 16 bits.
const DURABILITY_MAX: u32 = 60_000;
/// The heaviest item, in grams.
const WEIGHT_G_MAX: u32 = 1_000_000;

pub(super) fn tables(report: &mut Report, rules: &Rules) {
    let mut require = |right: bool, field: &str, problem: &str| {
        report.require(right, || format!("rules.{field}"), problem);
    };
    let costs = &rules.ability_score_costs;
    let rising = costs.first() == Some(&0) && costs.windows(2).all(|pair| pair[0] <= pair[1]);
    require(
        rising && costs.len() <= 30,
        "ability_score_costs",
        "must begin with 0 and not fall, over at most 30 scores",
    );
    let last = usize::from(rules.ability_score_first) + costs.len().saturating_sub(1);
    let first_fits = rules.ability_score_first >= 1 && last <= usize::from(rules.ability_score_max);
    require(first_fits, "ability_score_first", "must be at least 1, and the last score at most ability_score_max");
    require(rules.ability_score_max <= ABILITY_SCORE_MAX, "ability_score_max", "must be at most 30");
    for (field, levels) in [
        ("ability_points_at_levels", &rules.ability_points_at_levels),
        ("skill_points_at_levels", &rules.skill_points_at_levels),
    ] {
        let sorted = levels.windows(2).all(|pair| pair[0] <= pair[1]) && levels.first().is_none_or(|level| *level >= 1);
        require(sorted && levels.len() <= LEVELS_MAX, field, "must be levels from 1, in order, at most 1000");
    }
    let bonuses = &rules.proficiency_bonuses;
    let sane = !bonuses.is_empty() && bonuses.len() <= LEVELS_MAX && bonuses.iter().all(|bonus| *bonus <= BONUS_MAX);
    require(sane, "proficiency_bonuses", "must be 1 to 1000 numbers of at most 1000");
    require(rules.unarmored_armor_class <= BONUS_MAX, "unarmored_armor_class", "must be at most 1000");
    let dice = [rules.unarmed_damage.dice, rules.unarmed_damage.sides];
    require(
        dice.iter().all(|n| (1..=DICE_MAX).contains(n)),
        "unarmed_damage",
        "must be 1 to 100 dice of 1 to 100 sides",
    );
    require(rules.carrying_g_per_strength <= WEIGHT_G_MAX, "carrying_g_per_strength", "must be at most 1000000");
    require(rules.strength_shortfall_slow_percent <= 100, "strength_shortfall_slow_percent", "must be at most 100");
    let hp = rules.hp_per_constitution_modifier;
    require(hp <= 1_000, "hp_per_constitution_modifier", "must be at most 1000");
}

pub(super) fn class(report: &mut Report, content: &Content, class: &Class, at: &str) {
    let rules = &class.rules;
    if let Err(invalid) = point_buy(&content.rules, &rules.ability_scores) {
        report.require(false, || format!("{at}.ability_scores"), &invalid.reason);
    }
    let distinct = |index: usize, ability: &Ability| !rules.saving_throws[..index].contains(ability);
    let saves_distinct = rules.saving_throws.iter().enumerate().all(|(index, ability)| distinct(index, ability));
    report.require(saves_distinct, || format!("{at}.saving_throws"), "names an ability twice");
    for (index, skill) in rules.skills.iter().enumerate() {
        let at = || format!("{at}.skills[{index}]");
        report.require(content.skills.contains_key(skill), at, "names no skill");
        report.require(!rules.skills[..index].contains(skill), at, "is there twice");
    }
    let enough = usize::try_from(rules.skill_points).is_ok_and(|points| points <= rules.skills.len());
    report.require(enough, || format!("{at}.skill_points"), "must not exceed the number of skills");
    // Whoever skimps on constitution still begins alive.
    let worst = u64::from(content.rules.hp_per_constitution_modifier) * MODIFIERS_APART_MAX;
    let alive = u64::from(class.hp_base) > worst || class.hp_base == 0;
    report.require(alive, || at.trim_end_matches(".rules").to_owned(), "hp_base must outweigh the worst constitution");
}

pub(super) fn item(report: &mut Report, item: &Item, at: &str) {
    let here = || at.to_owned();
    report.require(item.weight_g <= WEIGHT_G_MAX, || format!("{at}.weight_g"), "must be at most 1000000");
    let equips = item.armor.is_some() || item.weapon.is_some();
    report.require(!equips || item.kind == ItemKind::Equipment, here, "only equipment is armour or a weapon");
    report.require(item.armor.is_none() || item.weapon.is_none(), here, "must not be both armour and a weapon");
    let usable = item.effect.is_some() == (item.kind == ItemKind::Consumable);
    report.require(usable, || format!("{at}.effect"), "consumables have an effect, and nothing else has");
    let strength = item.effect.map_or(1, |effect| match effect {
        Effect::Heal { hp } => hp,
        Effect::Repair { wear } => wear,
    });
    let works = (1..=HIT_POINTS_MAX).contains(&strength);
    report.require(works, || format!("{at}.effect"), "must heal or repair 1 to 60000");
    if let Some(most) = item.durability_max {
        let at = || format!("{at}.durability_max");
        report.require((1..=DURABILITY_MAX).contains(&most), at, "must be 1 to 60000");
        report.require(equips, at, "only armour and weapons wear");
        report.require(item.stack_max == 1, at, "what wears does not stack");
    }
    if let Some(armor) = &item.armor {
        let at = || format!("{at}.armor");
        report.require((1..=BONUS_MAX).contains(&armor.armor_class), at, "armor_class must be 1 to 1000");
        let bounded = armor.dexterity_bonus_max.is_none_or(|most| most <= BONUS_MAX);
        report.require(bounded, at, "dexterity_bonus_max must be at most 1000");
        let means = armor.dexterity_bonus_max.is_none() || matches!(armor.kind, ArmorKind::Light | ArmorKind::Medium);
        report.require(means, at, "dexterity adds nothing to heavy armour and shields");
    }
    if let Some(weapon) = &item.weapon {
        let dice = [weapon.damage.dice, weapon.damage.sides];
        let at = || format!("{at}.weapon");
        report.require(
            dice.iter().all(|n| (1..=DICE_MAX).contains(n)),
            at,
            "must have 1 to 100 dice of 1 to 100 sides",
        );
        report.require(!(weapon.ranged && weapon.finesse), at, "finesse is for melee weapons");
    }
}
