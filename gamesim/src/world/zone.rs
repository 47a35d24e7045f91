//! What a zone has that a dungeon has not: squares to find who is near, what each player sees of the crowd, and enemies that
//! come back. A player's seat is the number of the party times the seats of a session, and the seat in the session.
//!
//! What a player costs depends on how many they see and not on how many there are: sight has an end, and of what is in
//! sight one sees the nearest few. Whom one sees is chosen anew a few times per second; where those are is shown every tick.

use super::Dungeon;
use super::entity::{self, EntityView, FIRST_LOOT};
use super::geometry::distance_squared;
use super::grid::Grid;
use super::rules::ticks;
use super::state::{self, Cooldowns, Enemy, Loot, Mood, Player, party_of, seats_of};
use guildhall_domain::content::{self, Point};
use guildhall_domain::limits::{
    TICKS_PER_S, ZONE_ENEMIES_SEEN_MAX, ZONE_LOOT_SEEN_MAX, ZONE_PLAYERS_SEEN_MAX, ZONE_SIGHT_MM,
};

/// Ticks between two choices of whom a player sees: a fifth of a second. Seats take turns.
const SIGHT_TICKS: u32 = TICKS_PER_S / 5;

/// See the head of the file.
#[derive(Debug, Clone)]
pub(super) struct Zone {
    /// How long each camp's dead stay away.
    respawn_ticks: Vec<u32>,
    pub(super) players: Grid,
    enemies: Grid,
    loot: Grid,
    /// What was found and how far off, while somebody looks.
    found: Vec<(u64, u16)>,
}

/// Whom and what a player sees besides themselves: entity ids, rising.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sight(Vec<u16>);

impl Sight {
    /// Whether the player sees this entity.
    pub(super) fn has(&self, entity: u16) -> bool {
        self.0.binary_search(&entity).is_ok()
    }
}

impl Zone {
    pub(super) fn of(template: &content::Zone) -> Self {
        let far = |extent: fn(&content::Area) -> i32| template.floors.iter().map(extent).max().unwrap_or_default();
        let end = Point { x: far(|floor| floor.x + floor.width), y: far(|floor| floor.y + floor.height) };
        Self {
            respawn_ticks: template.camps.iter().map(|camp| ticks(camp.respawn_ms)).collect(),
            players: Grid::over(end),
            enemies: Grid::over(end),
            loot: Grid::over(end),
            found: Vec::new(),
        }
    }
}

/// Takes in where the players are.
pub(super) fn locate_players(dungeon: &mut Dungeon) {
    if let Some(zone) = &mut dungeon.zone {
        zone.players.fill(dungeon.players.iter().map(|player| Some(player.at)));
    }
}

/// Brings the dead back whose time has come, once a second.
pub(super) fn repopulate(dungeon: &mut Dungeon) {
    let Dungeon { zone, enemies, tick, .. } = dungeon;
    let Some(zone) = zone.as_ref().filter(|_| *tick % TICKS_PER_S == 0) else { return };
    for enemy in enemies.iter_mut().filter(|enemy| !enemy.is_alive()) {
        let respawn_ticks = zone.respawn_ticks.get(usize::from(enemy.chamber)).copied().unwrap_or(u32::MAX);
        if *tick >= enemy.died_at.saturating_add(respawn_ticks) {
            (enemy.at, enemy.hp, enemy.phase, enemy.mood) = (enemy.home, enemy.hp_max, 0, Mood::Idle);
            enemy.cooldowns = Cooldowns::default();
            enemy.died_at = 0;
        }
    }
}

/// Lets every player whose turn it is look about.
pub(super) fn look(dungeon: &mut Dungeon) {
    let tick = dungeon.tick;
    let Dungeon { zone, players, enemies, loot, .. } = dungeon;
    let Some(zone) = zone else { return };
    zone.players.fill(players.iter().map(|player| Some(player.at)));
    zone.enemies.fill(enemies.iter().map(|enemy| enemy.is_visible(tick).then_some(enemy.at)));
    zone.loot.fill(loot.iter().map(|loot| Some(loot.at)));
    for index in 0..players.len() {
        let turn = players.get(index).is_some_and(|player| (tick + u32::from(player.seat)).is_multiple_of(SIGHT_TICKS));
        if turn {
            look_about(zone, (players, enemies, loot), index, tick);
        }
    }
}

/// Lets one player look about at once: a newcomer is to see something.
pub(super) fn look_first(dungeon: &mut Dungeon, seat: u16) {
    let tick = dungeon.tick;
    let Dungeon { zone, players, enemies, loot, .. } = dungeon;
    if let (Some(zone), Some(index)) = (zone, state::place_of(players, seat)) {
        look_about(zone, (players, enemies, loot), index, tick);
    }
}

fn look_about(zone: &mut Zone, (players, enemies, loot): (&mut [Player], &[Enemy], &[Loot]), index: usize, tick: u32) {
    let Zone { players: player_grid, enemies: enemy_grid, loot: loot_grid, found, .. } = zone;
    let Some(Player { seat, at, .. }) = players.get(index) else { return };
    let (seat, at) = (*seat, *at);
    let mut seen = Vec::with_capacity(ZONE_PLAYERS_SEEN_MAX + ZONE_ENEMIES_SEEN_MAX + ZONE_LOOT_SEEN_MAX);
    let others = player_grid.about(at, ZONE_SIGHT_MM).filter_map(|place| players.get(place));
    let others = others.filter(|other| other.seat != seat).map(|other| (other.at, entity::player_id(other.seat)));
    choose(found, at, others, ZONE_PLAYERS_SEEN_MAX, &mut seen);
    // One's own party one always sees, however far off.
    for mate in seats_of(party_of(seat)).filter(|mate| *mate != seat) {
        let id = entity::player_id(mate);
        if state::place_of(players, mate).is_some() && !seen.contains(&id) {
            seen.push(id);
        }
    }
    let foes = enemy_grid.about(at, ZONE_SIGHT_MM).filter_map(|place| enemies.get(place));
    let foes = foes.filter(|enemy| enemy.is_visible(tick)).map(|enemy| (enemy.at, enemy.id));
    choose(found, at, foes, ZONE_ENEMIES_SEEN_MAX, &mut seen);
    let things = loot_grid.about(at, ZONE_SIGHT_MM).filter_map(|place| loot.get(place));
    let things = things.filter(|loot| loot.is_open_to(seat, tick)).map(|loot| (loot.at, loot.id));
    choose(found, at, things, ZONE_LOOT_SEEN_MAX, &mut seen);
    seen.sort_unstable();
    if let Some(player) = players.get_mut(index) {
        player.sight = Sight(seen);
    }
}

/// The nearest of those within sight.
fn choose(
    found: &mut Vec<(u64, u16)>,
    from: Point,
    candidates: impl Iterator<Item = (Point, u16)>,
    most: usize,
    seen: &mut Vec<u16>,
) {
    found.clear();
    let far = u64::from(ZONE_SIGHT_MM).pow(2);
    found.extend(candidates.map(|(at, id)| (distance_squared(from, at), id)).filter(|(distance, _)| *distance <= far));
    if found.len() > most {
        found.select_nth_unstable(most);
        found.truncate(most);
    }
    seen.extend(found.iter().map(|(_, id)| *id));
}

/// What the player in this seat sees, sorted by id; oneself is always among it.
pub(super) fn seen(dungeon: &Dungeon, seat: u16) -> impl Iterator<Item = EntityView> + '_ {
    let tick = dungeon.tick;
    let player = dungeon.player(seat);
    let ids = player.map_or(&[][..], |player| player.sight.0.as_slice());
    let before = ids.partition_point(|id| *id < entity::player_id(seat));
    let (before, after) = ids.split_at(before);
    let oneself = player.map(|player| entity::player_view(player, tick));
    let view = move |id: &u16| view(dungeon, *id, seat);
    before.iter().filter_map(view).chain(oneself).chain(after.iter().filter_map(view))
}

/// One entity, if it is still there to be seen.
fn view(dungeon: &Dungeon, id: u16, seat: u16) -> Option<EntityView> {
    let tick = dungeon.tick;
    if id >= FIRST_LOOT {
        let place = dungeon.loot.binary_search_by_key(&id, |loot| loot.id).ok()?;
        return dungeon.loot.get(place).filter(|loot| loot.is_open_to(seat, tick)).map(entity::loot_view);
    }
    match entity::enemy_index(id) {
        Some(index) => {
            let enemy = dungeon.enemies.get(index).filter(|enemy| enemy.is_visible(tick))?;
            Some(entity::enemy_view(enemy, tick))
        }
        None => dungeon.player(id).map(|player| entity::player_view(player, tick)),
    }
}
