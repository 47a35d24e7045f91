//! Entities as one player sees them, and how their ids are made. Each kind of thing has a range of ids of its own, so that
//! an id tells where to look and hostile ids find nothing.

use super::Dungeon;
use super::state::{Door, Enemy, Loot, Player};
use guildhall_domain::content::Point;
use guildhall_domain::limits::{
    DUNGEON_DOORS_MAX, DUNGEON_ENEMIES_MAX, LOOT_ON_GROUND_MAX, SEATS_PER_SESSION_MAX, ZONE_ENEMIES_MAX,
    ZONE_LOOT_ON_GROUND_MAX, ZONE_PARTIES_MAX,
};

/// Id of the first enemy; below it, a player's id is the seat.
pub(super) const FIRST_ENEMY: u16 = 2_048;
/// Id of the first door.
pub(super) const FIRST_DOOR: u16 = 6_144;
/// Id of the first piece of loot; the ids of loot rise to the last one that there is, and begin again.
pub(super) const FIRST_LOOT: u16 = 8_192;

const _: () = assert!(ZONE_PARTIES_MAX * SEATS_PER_SESSION_MAX <= FIRST_ENEMY as usize);
const _: () = assert!(DUNGEON_ENEMIES_MAX <= ZONE_ENEMIES_MAX);
const _: () = assert!(FIRST_ENEMY as usize + ZONE_ENEMIES_MAX <= FIRST_DOOR as usize);
const _: () = assert!(FIRST_DOOR as usize + DUNGEON_DOORS_MAX <= FIRST_LOOT as usize);
// So there is always a free id, and one that was given back is not soon given out again.
const _: () = assert!(LOOT_ON_GROUND_MAX <= ZONE_LOOT_ON_GROUND_MAX);
const _: () = assert!(FIRST_LOOT as usize + 25 * ZONE_LOOT_ON_GROUND_MAX < u16::MAX as usize);

/// One entity at one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityView {
    /// Number of the entity within its session.
    pub id: u16,
    /// What it is.
    pub kind: EntityViewKind,
    /// Where it is, in millimetres; a door's middle.
    pub at: Point,
    /// Hit points; 0 for things.
    pub hp: u32,
    /// Hit points when unhurt; 0 for things.
    pub hp_max: u32,
    /// Direction it faces, in 256ths of a turn, from east by south.
    pub facing: u8,
    /// Whether it lives; things do not.
    pub alive: bool,
    /// Whether it is an open door.
    pub open: bool,
    /// Whether it struck a moment ago.
    pub attacking: bool,
    /// Whether it is a boss.
    pub boss: bool,
    /// The states that it is in: a set of bits, by their indexes into the content's, in order of their ids.
    pub statuses: u32,
}

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityViewKind {
    /// A player's character.
    Player {
        /// The player's seat; in a zone, its number there.
        seat: u16,
    },
    /// An enemy.
    Enemy {
        /// Index into the content's enemies, in order of their ids.
        kind: u8,
    },
    /// Loot on the ground.
    Loot {
        /// Index into the content's items, in order of their ids.
        item: u8,
    },
    /// A door between chambers.
    Door,
}

/// A player's entity id.
pub(super) fn player_id(seat: u16) -> u16 {
    seat
}

/// The place of the enemy with this entity id, if it is an enemy's id at all.
pub(super) fn enemy_index(id: u16) -> Option<usize> {
    (FIRST_ENEMY..FIRST_DOOR).contains(&id).then(|| usize::from(id - FIRST_ENEMY))
}

/// The entity id of the nth thing of a kind.
pub(super) fn nth_id(first: u16, index: usize) -> u16 {
    first.saturating_add(u16::try_from(index).unwrap_or(u16::MAX))
}

/// Everything that the player in this seat can see, sorted by id; with no seat, what everybody can.
pub(super) fn entities(dungeon: &Dungeon, seat: Option<u16>) -> impl Iterator<Item = EntityView> + '_ {
    let tick = dungeon.tick;
    let is_open = move |loot: &&Loot| match seat {
        Some(seat) => loot.is_open_to(seat, tick),
        None => loot.owner.is_over(tick),
    };
    let players = dungeon.players.iter().map(move |player| player_view(player, tick));
    let enemies = dungeon.enemies.iter().filter(move |enemy| enemy.is_visible(tick));
    let enemies = enemies.map(move |enemy| enemy_view(enemy, tick));
    players
        .chain(enemies)
        .chain(dungeon.doors.iter().map(door_view))
        .chain(dungeon.loot.iter().filter(is_open).map(loot_view))
}

pub(super) fn player_view(player: &Player, tick: u32) -> EntityView {
    EntityView {
        hp: player.hot.hp,
        hp_max: player.hot.hp_max,
        facing: player.facing,
        alive: player.is_alive(),
        attacking: player.blow.is_shown(tick),
        statuses: player.states.bits(),
        ..thing(player_id(player.seat), EntityViewKind::Player { seat: player.seat }, player.at)
    }
}

pub(super) fn enemy_view(enemy: &Enemy, tick: u32) -> EntityView {
    EntityView {
        hp: enemy.hp,
        hp_max: enemy.hp_max,
        facing: enemy.facing,
        alive: enemy.is_alive(),
        attacking: enemy.blow.is_shown(tick),
        boss: enemy.boss,
        statuses: enemy.states.bits(),
        ..thing(enemy.id, EntityViewKind::Enemy { kind: enemy.kind }, enemy.at)
    }
}

fn door_view(door: &Door) -> EntityView {
    EntityView { open: door.open, ..thing(door.id, EntityViewKind::Door, door.area.centre()) }
}

pub(super) fn loot_view(loot: &Loot) -> EntityView {
    thing(loot.id, EntityViewKind::Loot { item: loot.item }, loot.at)
}

fn thing(id: u16, kind: EntityViewKind, at: Point) -> EntityView {
    EntityView {
        id,
        kind,
        at,
        hp: 0,
        hp_max: 0,
        facing: 0,
        alive: false,
        open: false,
        attacking: false,
        boss: false,
        statuses: 0,
    }
}
