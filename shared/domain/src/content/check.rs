//! What makes content playable. Every mistake is reported, with the path to it, so that one run shows them all.

use super::{Class, Content, Enemy, LootTable, Rules};
use crate::limits::{CONTENT_ID_BYTES_MAX, HIT_POINTS_MAX, LEVELS_MAX, LOOT_ROLLS_MAX, STACK_QUANTITY_MAX};
use std::fmt;

mod combat;
mod layout;
mod rules;
#[cfg(test)]
mod tests;

/// One mistake in the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ContentError {
    /// Where it is, for example `enemies.goblin.loot_table`.
    pub at: String,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.problem)
    }
}

/// The mistakes found so far.
#[derive(Default)]
struct Report(Vec<ContentError>);

impl Report {
    fn require(&mut self, right: bool, at: impl FnOnce() -> String, problem: &str) {
        if !right {
            self.0.push(ContentError { at: at(), problem: problem.to_owned() });
        }
    }
}

pub(super) fn check(content: &Content) -> Result<(), Vec<ContentError>> {
    let mut report = Report::default();
    report.require(!content.classes.is_empty(), || "classes".into(), "at least one class is needed");
    report.require(!content.dungeons.is_empty(), || "dungeons".into(), "at least one dungeon is needed");
    ids(&mut report, content);
    for (id, kind) in &content.classes {
        class(&mut report, content, kind, &format!("classes.{id}"));
    }
    for (id, kind) in &content.enemies {
        enemy(&mut report, content, kind, &format!("enemies.{id}"));
    }
    for (id, item) in &content.items {
        let fits = (1..=STACK_QUANTITY_MAX).contains(&item.stack_max);
        report.require(fits, || format!("items.{id}.stack_max"), "must be 1 to 9999");
        rules::item(&mut report, item, &format!("items.{id}"));
    }
    if has_tables(&content.rules) {
        rules::tables(&mut report, &content.rules);
    }
    report.require(content.items.len() <= 256, || "items".into(), "at most 256 items travel in one byte");
    report.require(content.enemies.len() <= 256, || "enemies".into(), "at most 256 enemies travel in one byte");
    for (id, table) in &content.loot_tables {
        loot(&mut report, content, table, &format!("loot_tables.{id}"));
    }
    for (id, template) in &content.dungeons {
        layout::dungeon(&mut report, content, template, &format!("dungeons.{id}"));
    }
    for (id, template) in &content.zones {
        let at = format!("zones.{id}");
        report.require(!content.dungeons.contains_key(id), || at.clone(), "its id is taken by a dungeon");
        layout::zone(&mut report, content, template, &at);
    }
    combat::whole(&mut report, content);
    combat::tables(&mut report, &content.rules);
    let levels = &content.progression.xp_for_level;
    let rising = levels.first() == Some(&0) && levels.windows(2).all(|pair| pair[0] < pair[1]);
    let at = || "progression.xp_for_level".into();
    report.require(rising && levels.len() <= LEVELS_MAX, at, "must begin with 0 and rise, over at most 1000 levels");
    if report.0.is_empty() { Ok(()) } else { Err(report.0) }
}

/// Content without tables is content for a world alone, whose characters have no ability scores; the loader of folders asks
/// for them. What fights need is right by default.
fn has_tables(rules: &Rules) -> bool {
    let Rules { damage_kinds, attack_rolls, practice, ground, .. } = rules.clone();
    *rules != Rules { damage_kinds, attack_rolls, practice, ground, ..Rules::default() }
}

/// Ids name rows, files and parts of addresses, so they keep to the characters that mean the same everywhere.
fn ids(report: &mut Report, content: &Content) {
    let sane = |id: &str| {
        (1..=CONTENT_ID_BYTES_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
    };
    let classes = content.classes.keys().map(|id| ("classes", id));
    let enemies = content.enemies.keys().map(|id| ("enemies", id));
    let items = content.items.keys().map(|id| ("items", id));
    let tables = content.loot_tables.keys().map(|id| ("loot_tables", id));
    let dungeons = content.dungeons.keys().map(|id| ("dungeons", id));
    let skills = content.skills.keys().map(|id| ("skills", id));
    let abilities = content.abilities.keys().map(|id| ("abilities", id));
    let statuses = content.statuses.keys().map(|id| ("statuses", id));
    let zones = content.zones.keys().map(|id| ("zones", id));
    let all = classes.chain(enemies).chain(items).chain(tables).chain(dungeons).chain(skills).chain(abilities);
    for (kind, id) in all.chain(statuses).chain(zones) {
        let problem = "an id is 1 to 64 small letters, digits, hyphens and underscores";
        report.require(sane(id), || format!("{kind}.{id}"), problem);
    }
}

fn class(report: &mut Report, content: &Content, class: &Class, at: &str) {
    let here = || at.to_owned();
    report.require(class.hp_base > 0 && class.hp_base <= 10_000, here, "hp_base must be 1 to 10000");
    report.require(class.hp_per_level <= 1_000, here, "hp_per_level must be at most 1000");
    let levels_above_first = content.progression.xp_for_level.len().saturating_sub(1) as u64;
    let hp_of_constitution = u64::from(content.rules.hp_per_constitution_modifier) * rules::MODIFIERS_APART_MAX;
    let hp_at_last_level =
        u64::from(class.hp_base) + u64::from(class.hp_per_level) * levels_above_first + hp_of_constitution;
    report.require(hp_at_last_level <= u64::from(HIT_POINTS_MAX), here, "hp at the last level must be at most 60000");
    report.require(class.hp_regeneration_per_s <= 10_000, here, "hp_regeneration_per_s must be at most 10000");
    report.require((1..=20_000).contains(&class.speed_mm_per_s), here, "speed_mm_per_s must be 1 to 20000");
    combat::attack(report, content, &class.attack, at);
    combat::class(report, content, class, at);
    if has_tables(&content.rules) {
        rules::class(report, content, class, &format!("{at}.rules"));
    }
}

fn enemy(report: &mut Report, content: &Content, enemy: &Enemy, at: &str) {
    let here = || at.to_owned();
    report.require((1..=HIT_POINTS_MAX).contains(&enemy.hp), here, "hp must be 1 to 60000");
    report.require(enemy.speed_mm_per_s <= 20_000, here, "speed_mm_per_s must be at most 20000");
    report.require(enemy.leash_mm >= enemy.aggro_mm, here, "leash_mm must not be below aggro_mm");
    let known = enemy.loot_table.as_ref().is_none_or(|id| content.loot_tables.contains_key(id));
    report.require(known, || format!("{at}.loot_table"), "names no loot table");
    let falling = enemy.phases_at_percent.windows(2).all(|pair| pair[0] > pair[1]);
    let percent = enemy.phases_at_percent.iter().all(|p| (1..=99).contains(p));
    report.require(falling && percent, || format!("{at}.phases_at_percent"), "must fall, between 99 and 1");
    report.require(enemy.boss || enemy.phases_at_percent.is_empty(), here, "only a boss has phases");
    combat::attack(report, content, &enemy.attack, at);
    combat::enemy(report, content, enemy, at);
}

fn loot(report: &mut Report, content: &Content, table: &LootTable, at: &str) {
    report.require(table.rolls <= LOOT_ROLLS_MAX, || format!("{at}.rolls"), "must be at most 10");
    let weight: u64 = table.entries.iter().map(|entry| u64::from(entry.weight)).sum();
    report.require(
        (1..=1_000_000).contains(&weight),
        || format!("{at}.entries"),
        "weights must add up to 1 to 1000000",
    );
    for (index, entry) in table.entries.iter().enumerate() {
        let at = || format!("{at}.entries[{index}]");
        let known = entry.item.as_ref().is_none_or(|id| content.items.contains_key(id));
        report.require(known, at, "names no item");
        report.require((1..=STACK_QUANTITY_MAX).contains(&entry.quantity), at, "quantity must be 1 to 9999");
    }
}
