//! What makes content playable. Every mistake is reported, with the path to it, so that one run shows them all.

use super::{Area, Attack, Content, Dungeon, Enemy, LootTable};
use crate::limits::{DUNGEON_CHAMBERS_MAX, DUNGEON_ENEMIES_MAX, DUNGEON_EXTENT_MM_MAX, STACK_QUANTITY_MAX};
use std::fmt;

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
    for (id, class) in &content.classes {
        let at = || format!("classes.{id}");
        report.require(class.hp_base > 0 && class.hp_base <= 10_000, at, "hp_base must be 1 to 10000");
        report.require(class.hp_per_level <= 1_000, at, "hp_per_level must be at most 1000");
        report.require((1..=20_000).contains(&class.speed_mm_per_s), at, "speed_mm_per_s must be 1 to 20000");
        attack(&mut report, &class.attack, &at());
    }
    for (id, kind) in &content.enemies {
        enemy(&mut report, content, kind, &format!("enemies.{id}"));
    }
    for (id, item) in &content.items {
        let fits = (1..=STACK_QUANTITY_MAX).contains(&item.stack_max);
        report.require(fits, || format!("items.{id}.stack_max"), "must be 1 to 9999");
    }
    report.require(content.items.len() <= 256, || "items".into(), "at most 256 items travel in one byte");
    report.require(content.enemies.len() <= 256, || "enemies".into(), "at most 256 enemies travel in one byte");
    for (id, table) in &content.loot_tables {
        loot(&mut report, content, table, &format!("loot_tables.{id}"));
    }
    for (id, template) in &content.dungeons {
        dungeon(&mut report, content, template, &format!("dungeons.{id}"));
    }
    let levels = &content.progression.xp_for_level;
    let rising = levels.first() == Some(&0) && levels.windows(2).all(|pair| pair[0] < pair[1]);
    report.require(rising, || "progression.xp_for_level".into(), "must begin with 0 and rise");
    if report.0.is_empty() { Ok(()) } else { Err(report.0) }
}

fn attack(report: &mut Report, attack: &Attack, at: &str) {
    let at = || format!("{at}.attack");
    report.require(attack.damage_min <= attack.damage_max, at, "damage_min must not be above damage_max");
    report.require(attack.damage_max <= 10_000, at, "damage_max must be at most 10000");
    report.require((1..=100_000).contains(&attack.range_mm), at, "range_mm must be 1 to 100000");
    report.require((50..=60_000).contains(&attack.cooldown_ms), at, "cooldown_ms must be 50 to 60000");
}

fn enemy(report: &mut Report, content: &Content, enemy: &Enemy, at: &str) {
    let here = || at.to_owned();
    report.require((1..=60_000).contains(&enemy.hp), here, "hp must be 1 to 60000");
    report.require(enemy.speed_mm_per_s <= 20_000, here, "speed_mm_per_s must be at most 20000");
    report.require(enemy.leash_mm >= enemy.aggro_mm, here, "leash_mm must not be below aggro_mm");
    let known = enemy.loot_table.as_ref().is_none_or(|id| content.loot_tables.contains_key(id));
    report.require(known, || format!("{at}.loot_table"), "names no loot table");
    let falling = enemy.phases_at_percent.windows(2).all(|pair| pair[0] > pair[1]);
    let percent = enemy.phases_at_percent.iter().all(|p| (1..=99).contains(p));
    report.require(falling && percent, || format!("{at}.phases_at_percent"), "must fall, between 99 and 1");
    report.require(enemy.boss || enemy.phases_at_percent.is_empty(), here, "only a boss has phases");
    attack(report, &enemy.attack, at);
}

fn loot(report: &mut Report, content: &Content, table: &LootTable, at: &str) {
    report.require(table.rolls <= 10, || format!("{at}.rolls"), "must be at most 10");
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

fn dungeon(report: &mut Report, content: &Content, dungeon: &Dungeon, at: &str) {
    let chambers = &dungeon.chambers;
    let count = (1..=DUNGEON_CHAMBERS_MAX).contains(&chambers.len());
    report.require(count, || format!("{at}.chambers"), "must be 1 to 64");
    let enemies: usize = chambers.iter().map(|chamber| chamber.enemies.len()).sum();
    report.require(enemies <= DUNGEON_ENEMIES_MAX, || format!("{at}.chambers"), "more than 256 enemies in all");
    let spawn_inside = chambers.first().is_some_and(|first| first.area.contains(dungeon.spawn));
    report.require(spawn_inside, || format!("{at}.spawn"), "must lie in the first chamber");
    report.require(dungeon.respawn_ms <= 60_000, || format!("{at}.respawn_ms"), "must be at most 60000");
    let mut bosses = 0;
    for (index, chamber) in chambers.iter().enumerate() {
        let here = format!("{at}.chambers[{index}]");
        area(report, &chamber.area, &here);
        let unique = chambers.iter().filter(|other| other.id == chamber.id).count() == 1;
        report.require(unique, || here.clone(), "its id is taken by another chamber");
        for (nth, spawn) in chamber.enemies.iter().enumerate() {
            let at = || format!("{here}.enemies[{nth}]");
            let kind = content.enemies.get(&spawn.enemy);
            report.require(kind.is_some(), at, "names no enemy");
            report.require(chamber.area.contains(spawn.at), at, "stands outside its chamber");
            bosses += usize::from(kind.is_some_and(|kind| kind.boss));
        }
    }
    report.require(bosses == 1, || at.to_owned(), "must have exactly one boss");
    doors(report, dungeon, at);
}

fn doors(report: &mut Report, dungeon: &Dungeon, at: &str) {
    let chamber = |id: &str| dungeon.chambers.iter().find(|chamber| chamber.id == id);
    for (index, door) in dungeon.doors.iter().enumerate() {
        let here = format!("{at}.doors[{index}]");
        area(report, &door.area, &here);
        for id in &door.between {
            let reaches = chamber(id).is_some_and(|chamber| chamber.area.touches(&door.area));
            report.require(reaches, || format!("{here}.between"), "names no chamber that the door touches");
        }
        let known = chamber(&door.opens_when_cleared).is_some();
        report.require(known, || format!("{here}.opens_when_cleared"), "names no chamber");
    }
    let reached = reachable(dungeon);
    for (index, chamber) in dungeon.chambers.iter().enumerate() {
        let inside = reached.contains(&chamber.id.as_str());
        report.require(inside, || format!("{at}.chambers[{index}]"), "cannot be reached from the first chamber");
    }
}

/// The chambers that a party can walk to, opening doors as it clears what it has reached.
fn reachable(dungeon: &Dungeon) -> Vec<&str> {
    let mut reached: Vec<&str> = dungeon.chambers.first().map(|first| first.id.as_str()).into_iter().collect();
    loop {
        let next =
            dungeon.doors.iter().filter(|door| reached.contains(&door.opens_when_cleared.as_str())).find_map(|door| {
                let [a, b] = [door.between[0].as_str(), door.between[1].as_str()];
                match (reached.contains(&a), reached.contains(&b)) {
                    (true, false) => Some(b),
                    (false, true) => Some(a),
                    _ => None,
                }
            });
        match next {
            Some(id) => reached.push(id),
            None => return reached,
        }
    }
}

fn area(report: &mut Report, area: &Area, at: &str) {
    let within = |from: i32, extent: i32| {
        from >= 0 && extent > 0 && from.checked_add(extent).is_some_and(|end| end <= DUNGEON_EXTENT_MM_MAX)
    };
    let fits = within(area.x, area.width) && within(area.y, area.height);
    report.require(fits, || format!("{at}.area"), "must lie between 0 and 655350 millimetres and have a size");
}
