//! The content taken apart: every class, enemy, item, loot table, dungeon and zone as a thing of its own, so that a client can
//! fetch the one that changed.

use super::{Class, CombatAbility, Content, Dungeon, Enemy, Item, LootTable, Progression, Skill, Status, Zone};
use crate::Invalid;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// The one progression's id.
pub const PROGRESSION_ID: &str = "default";

/// A kind of content: one file of `seed-data/`, named by its stem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentKind {
    /// Playable classes.
    Classes,
    /// Kinds of enemies.
    Enemies,
    /// Items.
    Items,
    /// Loot tables.
    LootTables,
    /// Dungeons.
    Dungeons,
    /// The way from experience to levels, under [`PROGRESSION_ID`] alone.
    Progression,
    /// What can be done in fights.
    Abilities,
    /// States that somebody can be in.
    Statuses,
    /// What can be learnt.
    Skills,
    /// Zones.
    Zones,
}

impl ContentKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Classes,
        Self::Enemies,
        Self::Items,
        Self::LootTables,
        Self::Dungeons,
        Self::Progression,
        Self::Abilities,
        Self::Statuses,
        Self::Skills,
        Self::Zones,
    ];

    /// As in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Classes => "classes",
            Self::Enemies => "enemies",
            Self::Items => "items",
            Self::LootTables => "loot-tables",
            Self::Dungeons => "dungeons",
            Self::Progression => "progression",
            Self::Abilities => "abilities",
            Self::Statuses => "statuses",
            Self::Skills => "skills",
            Self::Zones => "zones",
        }
    }
}

impl fmt::Display for ContentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ContentKind {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| Invalid::new("kind", "names no kind of content"))
    }
}

/// One entry of the content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ContentEntry {
    /// A class.
    Class(Class),
    /// An enemy.
    Enemy(Enemy),
    /// An item.
    Item(Item),
    /// A loot table.
    LootTable(LootTable),
    /// A dungeon.
    Dungeon(Dungeon),
    /// The progression.
    Progression(Progression),
    /// An ability.
    Ability(CombatAbility),
    /// A state.
    Status(Status),
    /// A skill.
    Skill(Skill),
    /// A zone.
    Zone(Zone),
}

impl Content {
    /// Every entry under its kind and its id.
    pub fn entries(&self) -> impl Iterator<Item = (ContentKind, String, ContentEntry)> {
        let classes = self.classes.iter().map(|(id, entry)| (id, ContentEntry::Class(entry.clone())));
        let enemies = self.enemies.iter().map(|(id, entry)| (id, ContentEntry::Enemy(entry.clone())));
        let items = self.items.iter().map(|(id, entry)| (id, ContentEntry::Item(entry.clone())));
        let tables = self.loot_tables.iter().map(|(id, entry)| (id, ContentEntry::LootTable(entry.clone())));
        let dungeons = self.dungeons.iter().map(|(id, entry)| (id, ContentEntry::Dungeon(entry.clone())));
        let abilities = self.abilities.iter().map(|(id, entry)| (id, ContentEntry::Ability(entry.clone())));
        let statuses = self.statuses.iter().map(|(id, entry)| (id, ContentEntry::Status(entry.clone())));
        let skills = self.skills.iter().map(|(id, entry)| (id, ContentEntry::Skill(entry.clone())));
        let zones = self.zones.iter().map(|(id, entry)| (id, ContentEntry::Zone(entry.clone())));
        let progression = ContentEntry::Progression(self.progression.clone());
        let of = |kind| move |(id, entry): (&String, ContentEntry)| (kind, id.clone(), entry);
        let keyed = classes
            .map(of(ContentKind::Classes))
            .chain(enemies.map(of(ContentKind::Enemies)))
            .chain(items.map(of(ContentKind::Items)))
            .chain(tables.map(of(ContentKind::LootTables)))
            .chain(dungeons.map(of(ContentKind::Dungeons)))
            .chain(abilities.map(of(ContentKind::Abilities)))
            .chain(statuses.map(of(ContentKind::Statuses)))
            .chain(skills.map(of(ContentKind::Skills)))
            .chain(zones.map(of(ContentKind::Zones)));
        keyed.chain([(ContentKind::Progression, PROGRESSION_ID.to_owned(), progression)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_spelt_one_way() {
        for kind in ContentKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        for wrong in ["", "Classes", "class", "loot_tables"] {
            assert!(wrong.parse::<ContentKind>().is_err(), "{wrong:?} parsed");
        }
    }
}
