//! The content in the form in which the systems want it: ids turned into indices, times into ticks, speeds into strides.
//! The order of kinds and items is the order of their ids in the content; clients use the same.

use guildhall_domain::content::{self, Content};
use guildhall_domain::limits::{TICK_MS, TICKS_PER_S};

/// Everything that the systems look up.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// Kinds of enemies.
    pub(super) kinds: Vec<Kind>,
    /// Items.
    pub(super) items: Vec<Item>,
    /// Loot tables, in order of their ids.
    pub(super) loot_tables: Vec<LootTable>,
}

/// A kind of enemy.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) hp: u32,
    pub(super) stride_mm: u32,
    pub(super) aggro_mm: u32,
    pub(super) leash_mm: u32,
    pub(super) weapon: Weapon,
    pub(super) xp: u32,
    pub(super) gold: u32,
    pub(super) loot_table: Option<usize>,
    pub(super) boss: bool,
    pub(super) phases_at_percent: Vec<u32>,
    pub(super) haste_percent_per_phase: u32,
}

/// One way to hurt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weapon {
    pub(super) damage_min: u32,
    pub(super) damage_max: u32,
    pub(super) range_mm: u32,
    pub(super) cooldown_ticks: u32,
}

/// An item.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) stack_max: u32,
}

/// What may drop.
#[derive(Debug, Clone)]
pub(super) struct LootTable {
    pub(super) rolls: u32,
    pub(super) weight: u32,
    pub(super) entries: Vec<LootEntry>,
}

/// One entry of a loot table.
#[derive(Debug, Clone, Copy)]
pub(super) struct LootEntry {
    pub(super) item: Option<u8>,
    pub(super) weight: u32,
    pub(super) quantity: u16,
}

/// The ticks that cover this time: a cooldown is never cut short.
pub(super) const fn ticks(milliseconds: u32) -> u32 {
    milliseconds.div_ceil(TICK_MS)
}

/// How far this speed carries in one tick: never more than speed × time.
pub(super) const fn stride_mm(speed_mm_per_s: u32) -> u32 {
    speed_mm_per_s / TICKS_PER_S
}

impl Weapon {
    /// The weapon of this attack.
    pub(super) fn of(attack: &content::Attack) -> Self {
        Self {
            damage_min: attack.damage_min,
            damage_max: attack.damage_max,
            range_mm: attack.range_mm,
            cooldown_ticks: ticks(attack.cooldown_ms).max(1),
        }
    }

    /// The cooldown of somebody who is so many percent faster.
    pub(super) fn hastened_cooldown_ticks(&self, haste_percent: u32) -> u32 {
        let ticks = u64::from(self.cooldown_ticks) * 100 / (100 + u64::from(haste_percent));
        u32::try_from(ticks).unwrap_or(u32::MAX).max(1)
    }
}

impl Rules {
    /// The rules of this content.
    pub(super) fn of(content: &Content) -> Self {
        Self {
            kinds: content.enemies.values().map(|enemy| kind(content, enemy)).collect(),
            items: content.items.iter().map(|(id, item)| Item { id: id.clone(), stack_max: item.stack_max }).collect(),
            loot_tables: content.loot_tables.values().map(|table| loot_table(content, table)).collect(),
        }
    }
}

fn kind(content: &Content, enemy: &content::Enemy) -> Kind {
    let table = enemy.loot_table.as_ref();
    Kind {
        hp: enemy.hp,
        stride_mm: stride_mm(enemy.speed_mm_per_s),
        aggro_mm: enemy.aggro_mm,
        leash_mm: enemy.leash_mm,
        weapon: Weapon::of(&enemy.attack),
        xp: enemy.xp,
        gold: enemy.gold,
        loot_table: table.and_then(|id| content.loot_tables.keys().position(|key| key == id)),
        boss: enemy.boss,
        phases_at_percent: enemy.phases_at_percent.clone(),
        haste_percent_per_phase: enemy.haste_percent_per_phase,
    }
}

fn loot_table(content: &Content, table: &content::LootTable) -> LootTable {
    let index = |id: &String| content.items.keys().position(|key| key == id).and_then(|index| u8::try_from(index).ok());
    let entry = |entry: &content::LootEntry| LootEntry {
        item: entry.item.as_ref().and_then(index),
        weight: entry.weight,
        quantity: u16::try_from(entry.quantity).unwrap_or(u16::MAX),
    };
    LootTable {
        rolls: table.rolls,
        weight: table.entries.iter().map(|entry| entry.weight).sum(),
        entries: table.entries.iter().map(entry).collect(),
    }
}
