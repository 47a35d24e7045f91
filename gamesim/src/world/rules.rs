//! The content in the form in which the systems want it: ids turned into indices, times into ticks, speeds into strides; and
//! with it the ruleset. It is made once and shared by all sessions. The order of kinds, items, abilities and states is the
//! order of their ids in the content; clients use the same.

use guildhall_domain::content::{self, AbilityTarget, Content, Resources};
use guildhall_domain::limits::{TICK_MS, TICKS_PER_S};
use guildhall_domain::ruleset::{Fighter, Ruleset, Standard};
use std::sync::Arc;

/// What is played: the content and the ruleset, and everything that the systems look up.
#[derive(Debug)]
pub struct Game {
    pub(super) content: Arc<Content>,
    pub(super) ruleset: Arc<dyn Ruleset>,
    /// What the classes bring.
    pub(super) kits: Vec<Kit>,
    /// Kinds of enemies.
    pub(super) kinds: Vec<Kind>,
    /// Items.
    pub(super) items: Vec<Item>,
    /// Loot tables.
    pub(super) loot_tables: Vec<LootTable>,
    /// Abilities.
    pub(super) abilities: Vec<Ability>,
    /// States that somebody can be in.
    pub(super) states: Vec<State>,
    /// How long only whoever dropped a thing can take it, in ticks.
    pub(super) owner_only_ticks: u32,
    /// How long a thing lies on the ground, in ticks, if it goes at all.
    pub(super) despawn_ticks: Option<u32>,
}

/// What a class brings.
#[derive(Debug, Clone)]
pub(super) struct Kit {
    pub(super) attack: content::Attack,
    pub(super) weapon: Weapon,
    pub(super) hp_regeneration_per_s: u32,
    pub(super) resources: Resources,
    pub(super) abilities: Vec<usize>,
}

/// A kind of enemy.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) template: content::Enemy,
    pub(super) fighter: Fighter,
    pub(super) weapon: Weapon,
    pub(super) loot_table: Option<usize>,
    /// What is kept off of each kind of damage, in percent.
    pub(super) resistances: Vec<i32>,
    /// What else it does, and from which phase on.
    pub(super) abilities: Vec<(usize, u8)>,
}

/// One way to hurt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weapon {
    pub(super) range_mm: u32,
    pub(super) cooldown_ticks: u32,
    pub(super) damage_kind: Option<u8>,
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

/// Something that can be done in a fight besides striking.
#[derive(Debug, Clone)]
pub(super) struct Ability {
    pub(super) mana: u32,
    pub(super) stamina: u32,
    pub(super) cooldown_ticks: u32,
    pub(super) target: AbilityTarget,
    pub(super) range_mm: u32,
    pub(super) radius_mm: u32,
    pub(super) level_min: u32,
    pub(super) skill: Option<String>,
    pub(super) acts: Vec<Act>,
}

/// One effect of an ability.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    /// Takes hit points, as an attack that may fail or for certain.
    Damage { min: u32, max: u32, kind: Option<u8>, attack: bool },
    /// Gives hit points back.
    Heal { min: u32, max: u32 },
    /// Brings about a state.
    Enter { state: u8 },
}

/// A state that somebody can be in.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    pub(super) ticks: u32,
    pub(super) speed_percent: i32,
    pub(super) damage_percent: i32,
    pub(super) damage_taken_percent: i32,
    pub(super) hp_per_s: i32,
    pub(super) stuns: bool,
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
    fn of(content: &Content, attack: &content::Attack) -> Self {
        Self {
            range_mm: attack.range_mm,
            cooldown_ticks: ticks(attack.cooldown_ms).max(1),
            damage_kind: damage_kind(content, attack.damage_kind.as_ref()),
        }
    }

    /// The cooldown of somebody who is so many percent faster.
    pub(super) fn hastened_cooldown_ticks(&self, haste_percent: u32) -> u32 {
        let ticks = u64::from(self.cooldown_ticks) * 100 / (100 + u64::from(haste_percent));
        u32::try_from(ticks).unwrap_or(u32::MAX).max(1)
    }
}

impl Game {
    /// What there is to know of this content, to be played under this ruleset.
    pub fn new(content: Arc<Content>, ruleset: Arc<dyn Ruleset>) -> Self {
        let ground = &content.rules.ground;
        Self {
            kits: content.classes.values().map(|class| kit(&content, class)).collect(),
            kinds: content.enemies.values().map(|enemy| kind(&content, &*ruleset, enemy)).collect(),
            items: content.items.iter().map(|(id, item)| Item { id: id.clone(), stack_max: item.stack_max }).collect(),
            loot_tables: content.loot_tables.values().map(|table| loot_table(&content, table)).collect(),
            abilities: content.abilities.values().map(|ability| self::ability(&content, ability)).collect(),
            states: content.statuses.values().map(state).collect(),
            owner_only_ticks: ticks(ground.owner_only_ms),
            despawn_ticks: (ground.despawn_ms > 0).then(|| ticks(ground.despawn_ms)),
            content,
            ruleset,
        }
    }

    /// The same, under the rules that come with the product.
    pub fn standard(content: Arc<Content>) -> Arc<Self> {
        Arc::new(Self::new(content, Arc::new(Standard)))
    }

    /// The content.
    pub const fn content(&self) -> &Arc<Content> {
        &self.content
    }

    /// The ruleset.
    pub const fn ruleset(&self) -> &Arc<dyn Ruleset> {
        &self.ruleset
    }

    /// The number of the item with this id.
    pub(super) fn item_number(&self, id: &str) -> Option<u8> {
        let place = self.items.binary_search_by(|item| item.id.as_str().cmp(id)).ok()?;
        u8::try_from(place).ok()
    }
}

fn kit(content: &Content, class: &content::Class) -> Kit {
    Kit {
        weapon: Weapon::of(content, &class.attack),
        attack: class.attack.clone(),
        hp_regeneration_per_s: class.hp_regeneration_per_s,
        resources: class.resources,
        abilities: class.abilities.iter().filter_map(|id| place(content.abilities.keys(), id)).collect(),
    }
}

fn kind(content: &Content, ruleset: &dyn Ruleset, enemy: &content::Enemy) -> Kind {
    let resistance = |kind: &String| {
        let found = enemy.resistances.iter().find(|resistance| resistance.kind == *kind);
        found.map_or(0, |resistance| resistance.percent)
    };
    let ability =
        |used: &content::EnemyAbility| Some((place(content.abilities.keys(), &used.ability)?, used.from_phase));
    Kind {
        fighter: ruleset.foe(enemy),
        weapon: Weapon::of(content, &enemy.attack),
        loot_table: enemy.loot_table.as_ref().and_then(|id| place(content.loot_tables.keys(), id)),
        resistances: content.rules.damage_kinds.iter().map(resistance).collect(),
        abilities: enemy.abilities.iter().filter_map(ability).collect(),
        template: enemy.clone(),
    }
}

fn loot_table(content: &Content, table: &content::LootTable) -> LootTable {
    let entry = |entry: &content::LootEntry| LootEntry {
        item: entry.item.as_ref().and_then(|id| number(content.items.keys(), id)),
        weight: entry.weight,
        quantity: u16::try_from(entry.quantity).unwrap_or(u16::MAX),
    };
    LootTable {
        rolls: table.rolls,
        weight: table.entries.iter().map(|entry| entry.weight).sum(),
        entries: table.entries.iter().map(entry).collect(),
    }
}

fn ability(content: &Content, ability: &content::CombatAbility) -> Ability {
    let act = |effect: &content::AbilityEffect| match effect {
        content::AbilityEffect::Damage { min, max, kind, attack } => {
            Some(Act::Damage { min: *min, max: *max, kind: damage_kind(content, kind.as_ref()), attack: *attack })
        }
        content::AbilityEffect::Heal { min, max } => Some(Act::Heal { min: *min, max: *max }),
        content::AbilityEffect::Status { status } => {
            Some(Act::Enter { state: number(content.statuses.keys(), status)? })
        }
    };
    Ability {
        mana: ability.mana,
        stamina: ability.stamina,
        cooldown_ticks: ticks(ability.cooldown_ms).max(1),
        target: ability.target,
        range_mm: ability.range_mm,
        radius_mm: ability.radius_mm,
        level_min: ability.level_min,
        skill: ability.skill.clone(),
        acts: ability.effects.iter().filter_map(act).collect(),
    }
}

fn state(status: &content::Status) -> State {
    State {
        ticks: ticks(status.duration_ms).max(1),
        speed_percent: status.speed_percent,
        damage_percent: status.damage_percent,
        damage_taken_percent: status.damage_taken_percent,
        hp_per_s: status.hp_per_s,
        stuns: status.stuns,
    }
}

fn damage_kind(content: &Content, kind: Option<&String>) -> Option<u8> {
    number(content.rules.damage_kinds.iter(), kind?)
}

fn number<'a>(ids: impl Iterator<Item = &'a String>, id: &str) -> Option<u8> {
    place(ids, id).and_then(|place| u8::try_from(place).ok())
}

fn place<'a>(mut ids: impl Iterator<Item = &'a String>, id: &str) -> Option<usize> {
    ids.position(|key| key == id)
}
