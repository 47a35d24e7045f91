//! The authoritative dungeon: the simulated state of one session, and the rules that move it.
//!
//! It is a value. Commands go in, 50 ms pass, effects come out; there is no clock, no socket and no randomness that the seed
//! does not decide, and all state is integers. The same content, seed and calls give the same states on every machine, which
//! [`Dungeon::state_hash`] makes testable. Content must have passed [`Content::check`]; nothing is checked again here.
//!
//! Read `step` first: it lists the systems in the order in which they act. Each system is one file of plain functions over
//! plain data; `state` is that data, `rules` the content in the form the systems want it, `map` the walkable floor. What of
//! it a checkpoint keeps, and how a dungeon goes on from one, is in `save`.

use crate::world::map::Map;
use crate::world::random::Random;
use crate::world::state::{Chamber, Door, Enemy, Loot, Player, Spawns};
use crate::world::zone::Zone;
use guildhall_domain::content::{self, Content};
use guildhall_domain::limits::{
    CLEARED_GRACE_MS, LOOT_ON_GROUND_MAX, SEATS_PER_SESSION_MAX, ZONE_LOOT_ON_GROUND_MAX, ZONE_PARTIES_MAX,
};
use guildhall_domain::session::Outcome;
use guildhall_domain::{HotState, Sheet};
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::sync::Arc;

mod abilities;
mod ai;
mod combat;
mod doors;
mod effect;
mod entity;
mod geometry;
mod grid;
mod hash;
mod items;
mod loot;
mod map;
mod movement;
mod progress;
mod random;
mod rules;
mod save;
mod state;
mod states;
#[cfg(test)]
mod tests;
mod zone;

pub use effect::{Audience, Carried, Effect, Units, WorldEvent};
pub use entity::{EntityView, EntityViewKind};
pub use items::Handling;
pub use rules::Game;

/// What a player wants to do in one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Command {
    /// Direction eastward; only the direction of the vector counts, not its length.
    pub move_x: i8,
    /// Direction southward.
    pub move_y: i8,
    /// What else to do.
    pub action: Action,
}

/// What a player does besides walking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Action {
    /// Nothing.
    #[default]
    None,
    /// Strike an enemy.
    Attack {
        /// Entity id of the enemy.
        target: u16,
    },
    /// Take loot from the ground.
    PickUp {
        /// Entity id of the loot.
        target: u16,
    },
    /// Use an ability of one's class.
    Ability {
        /// Its number within the class.
        number: u8,
        /// Entity id of whoever it is for; any for what is about oneself.
        target: u16,
    },
    /// Do something with what one carries.
    Handle(Handling),
}

/// What a player's own client is told of their character, besides what everybody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnView {
    /// Mana.
    pub mana: u32,
    /// Stamina.
    pub stamina: u32,
    /// Walking speed as things stand, in millimetres per second; 0 for one who cannot walk.
    pub speed_mm_per_s: u32,
}

/// The simulated state of one session.
#[derive(Debug, Clone)]
pub struct Dungeon {
    game: Arc<Game>,
    map: Map,
    spawns: Spawns,
    respawn_ticks: u32,
    death_drops_slots: u32,
    random: Random,
    tick: u32,
    players: Vec<Player>,
    enemies: Vec<Enemy>,
    chambers: Vec<Chamber>,
    doors: Vec<Door>,
    loot: Vec<Loot>,
    loot_max: usize,
    next_loot_id: u16,
    cleared_at: Option<u32>,
    /// Changes counted per seat so far; kept when a seat is left, so that a returning player's numbers go on rising.
    changes: Vec<u64>,
    /// What a zone has besides; `None` in a dungeon.
    zone: Option<Box<Zone>>,
}

impl Dungeon {
    /// Reads a field in each of its own lines of memory. Changes nothing: see `room::prefetch`.
    pub(crate) fn prefetch(&self) {
        let Self { players, chambers, loot, changes, zone, .. } = self;
        black_box((players.len(), chambers.len(), loot.len(), changes.len(), zone.is_some()));
    }

    /// The same of whom it holds.
    pub(crate) fn prefetch_contents(&self) {
        for Player { class, .. } in &self.players {
            black_box(class.len());
        }
    }

    /// The dungeon or zone with this id as its first player finds it, or `None` if the content has none.
    pub fn new(game: &Arc<Game>, id: &str, seed: u64) -> Option<Self> {
        let Content { dungeons, zones, .. } = &**game.content();
        match (dungeons.get(id), zones.get(id)) {
            (Some(template), _) => Some(Self::of_dungeon(game, template, seed)),
            (None, Some(template)) => Some(Self::of_zone(game, template, seed)),
            (None, None) => None,
        }
    }

    fn of_dungeon(game: &Arc<Game>, template: &content::Dungeon, seed: u64) -> Self {
        let mut dungeon = Self {
            game: Arc::clone(game),
            map: Map::of(template),
            spawns: Spawns::new(&[template.spawn]),
            respawn_ticks: rules::ticks(template.respawn_ms),
            death_drops_slots: template.death_drops_slots,
            random: Random::seeded(seed),
            tick: 0,
            players: Vec::with_capacity(SEATS_PER_SESSION_MAX),
            enemies: state::enemies_of(template, game),
            chambers: state::chambers_of(template),
            doors: state::doors_of(template),
            loot: Vec::new(),
            loot_max: LOOT_ON_GROUND_MAX,
            next_loot_id: entity::FIRST_LOOT,
            cleared_at: None,
            changes: vec![0; SEATS_PER_SESSION_MAX],
            zone: None,
        };
        // Doors of chambers that never held an enemy stand open from the start: nobody is there to be told.
        doors::open_cleared(&mut dungeon, &mut Vec::new());
        dungeon
    }

    fn of_zone(game: &Arc<Game>, template: &content::Zone, seed: u64) -> Self {
        Self {
            game: Arc::clone(game),
            map: Map::open_floors(&template.floors),
            spawns: Spawns::new(&template.spawns),
            respawn_ticks: rules::ticks(template.respawn_ms),
            death_drops_slots: template.death_drops_slots,
            random: Random::seeded(seed),
            tick: 0,
            players: Vec::new(),
            enemies: state::enemies_of_camps(template, game),
            chambers: Vec::new(),
            doors: Vec::new(),
            loot: Vec::new(),
            loot_max: ZONE_LOOT_ON_GROUND_MAX,
            next_loot_id: entity::FIRST_LOOT,
            cleared_at: None,
            changes: vec![0; ZONE_PARTIES_MAX * SEATS_PER_SESSION_MAX],
            zone: Some(Box::new(Zone::of(template))),
        }
    }

    /// Lets a character appear at the spawn point; one that was dead comes in unhurt. A seat that is still present keeps its
    /// place and its state. Returns whether the seat is present: it is not if the seat or the class does not exist.
    pub fn join(&mut self, seat: u16, name: &str, character: Sheet<'_>, effects: &mut Vec<Effect>) -> bool {
        let Err(place) = self.players.binary_search_by_key(&seat, |player| player.seat) else { return true };
        let Some(&changes) = self.changes.get(usize::from(seat)) else { return false };
        let at = self.spawns.of(seat);
        let Some(mut player) = Player::new(seat, character, &self.game, at, changes) else { return false };
        effects.push(Effect::Event(Audience::All, WorldEvent::PlayerJoined { seat, name: name.to_owned() }));
        if player.hot.hp == 0 && player.hot.hp_max > 0 {
            player.hot.hp = player.hot.hp_max;
            player.change(false);
        }
        player.report_change(effects);
        self.players.insert(place, player);
        zone::look_first(self, seat);
        true
    }

    /// Takes a character out of the dungeon.
    pub fn leave(&mut self, seat: u16, effects: &mut Vec<Effect>) {
        let Some(place) = self.place_of(seat) else { return };
        let mut player = self.players.remove(place);
        player.report_change(effects);
        if let Some(changes) = self.changes.get_mut(usize::from(seat)) {
            *changes = player.changes;
        }
        effects.push(Effect::Event(Audience::All, WorldEvent::PlayerLeft { seat }));
    }

    /// Moves the world on by one tick of [`guildhall_domain::limits::TICK_MS`]. Commands take effect in the order given. Of
    /// one seat's commands only the first that moves is walked, so that displacement never exceeds speed × time; the others
    /// may still act, as far as cooldowns allow.
    pub fn step(&mut self, inputs: &[(u16, Command)], effects: &mut Vec<Effect>) {
        self.tick = self.tick.saturating_add(1);
        for &(seat, command) in inputs {
            let Some(player) = self.place_of(seat) else { continue };
            movement::walk(self, player, command.move_x, command.move_y);
            match command.action {
                Action::None => {}
                Action::Attack { target } => combat::strike_enemy(self, player, target, effects),
                Action::PickUp { target } => loot::pick_up(self, player, target, effects),
                Action::Ability { number, target } => abilities::use_ability(self, player, number, target, effects),
                Action::Handle(handling) => items::handle(self, player, handling, effects),
            }
        }
        zone::locate_players(self);
        ai::act(self, effects);
        combat::recover(self, effects);
        zone::repopulate(self);
        loot::despawn(self);
        doors::open_cleared(self, effects);
        progress::report_changes(self, effects);
        zone::look(self);
    }

    /// What is played.
    pub const fn game(&self) -> &Arc<Game> {
        &self.game
    }

    /// Ticks since the beginning.
    pub const fn tick(&self) -> u32 {
        self.tick
    }

    /// Whether it is a zone: everybody sees something else there, and parties come and go.
    pub const fn is_zone(&self) -> bool {
        self.zone.is_some()
    }

    /// Everything that everybody can see, sorted by id: players, enemies (the dead for a moment longer), doors, loot.
    pub fn entities(&self) -> impl Iterator<Item = EntityView> + '_ {
        entity::entities(self, None)
    }

    /// Everything that the player in this seat can see, if that is more than everybody can: their own things on the ground.
    pub fn entities_of(&self, seat: u16) -> Option<impl Iterator<Item = EntityView> + '_> {
        let is_theirs = |loot: &Loot| loot.owner.seat.is_some_and(|(owner, until)| owner == seat && self.tick < until);
        self.loot.iter().any(is_theirs).then(|| entity::entities(self, Some(seat)))
    }

    /// Everything that the player in this seat sees in a zone, sorted by id.
    pub fn seen(&self, seat: u16) -> impl Iterator<Item = EntityView> + '_ {
        zone::seen(self, seat)
    }

    /// Whether the player in this seat is meant.
    pub fn hears(&self, seat: u16, audience: Audience) -> bool {
        match audience {
            Audience::All => true,
            Audience::Seat(meant) => meant == seat,
            Audience::Witnesses(entity) => {
                let sees = |player: &Player| entity::player_id(seat) == entity || player.sight.has(entity);
                !self.is_zone() || self.player(seat).is_some_and(sees)
            }
        }
    }

    /// What only the player in this seat is told of their character.
    pub fn own(&self, seat: u16) -> Option<OwnView> {
        let player = self.player(seat)?;
        let speed_mm_per_s = if player.can_act(&self.game) { player.speed_mm_per_s(&self.game) } else { 0 };
        Some(OwnView { mana: player.mana, stamina: player.stamina, speed_mm_per_s })
    }

    /// What the character in this seat carries.
    pub fn carried(&self, seat: u16) -> Option<Carried> {
        self.player(seat).map(|player| items::carried(&player.hot, &self.game, player.changes))
    }

    /// Entity id of the player in this seat, if present.
    pub fn player_entity(&self, seat: u16) -> Option<u16> {
        self.player(seat).map(|player| entity::player_id(player.seat))
    }

    /// The state of the character in this seat and the number of changes to it so far in this session (`progress_seq`).
    pub fn hot(&self, seat: u16) -> Option<(&HotState, u64)> {
        self.player(seat).map(|player| (&player.hot, player.changes))
    }

    /// How the session ended, as far as the dungeon can tell: [`Outcome::Cleared`] from the boss's death on.
    pub fn outcome(&self) -> Option<Outcome> {
        self.cleared_at.map(|_| Outcome::Cleared)
    }

    /// Whether the dungeon is cleared and the time to pick up its loot has passed.
    pub fn is_over(&self) -> bool {
        self.cleared_at.is_some_and(|at| self.tick.saturating_sub(at) >= rules::ticks(CLEARED_GRACE_MS))
    }

    /// Everything that play has changed, as bytes for [`Self::restore`]; `None` only if they cannot be made.
    pub fn save(&self) -> Option<Vec<u8>> {
        save::save(self)
    }

    /// The dungeon with this id as it was when it was saved, under the same content. `None` for bytes that are not a
    /// dungeon that these rules could have led to, as far as that can be told: whatever comes back can be played.
    pub fn restore(game: &Arc<Game>, dungeon_id: &str, bytes: &[u8]) -> Option<Self> {
        save::restore(game, dungeon_id, bytes)
    }

    /// What a party has in a zone, as bytes for [`Self::restore_party`]; `None` only if they cannot be made.
    pub fn save_party(&self, party: u16) -> Option<Vec<u8>> {
        save::party::save(self, party)
    }

    /// Brings a party as it was saved into a zone of the same content. `None`, and nothing done, for bytes that are no
    /// party that these rules could have led to, as far as that can be told.
    pub fn restore_party(&mut self, party: u16, bytes: &[u8]) -> Option<()> {
        save::party::restore(self, party, bytes)
    }

    /// A number that two dungeons share, but for an accident of one in 2⁶⁴, only if their states are equal.
    pub fn state_hash(&self) -> u64 {
        hash::of(self)
    }

    fn player(&self, seat: u16) -> Option<&Player> {
        self.players.get(self.place_of(seat)?)
    }

    fn place_of(&self, seat: u16) -> Option<usize> {
        state::place_of(&self.players, seat)
    }
}
