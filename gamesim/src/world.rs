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
use crate::world::state::{Chamber, Door, Enemy, Loot, Player};
use guildhall_domain::limits::{CLEARED_GRACE_MS, LOOT_ON_GROUND_MAX, SEATS_PER_SESSION_MAX};
use guildhall_domain::session::Outcome;
use guildhall_domain::{HotState, Sheet, content};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

mod abilities;
mod ai;
mod combat;
mod doors;
mod effect;
mod entity;
mod geometry;
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
    spawn: content::Point,
    respawn_ticks: u32,
    death_drops_slots: u32,
    random: Random,
    tick: u32,
    players: Vec<Player>,
    enemies: Vec<Enemy>,
    chambers: Vec<Chamber>,
    doors: Vec<Door>,
    loot: Vec<Loot>,
    next_loot_id: u16,
    cleared_at: Option<u32>,
    /// Changes counted per seat so far; kept when a seat is left, so that a returning player's numbers go on rising.
    changes: [u64; SEATS_PER_SESSION_MAX],
}

impl Dungeon {
    /// The dungeon with this id as its first player finds it, or `None` if the content has no such dungeon.
    pub fn new(game: &Arc<Game>, dungeon_id: &str, seed: u64) -> Option<Self> {
        let template = game.content.dungeons.get(dungeon_id)?;
        let mut dungeon = Self {
            map: Map::of(template),
            spawn: template.spawn,
            respawn_ticks: rules::ticks(template.respawn_ms),
            death_drops_slots: template.death_drops_slots,
            random: Random::seeded(seed),
            tick: 0,
            players: Vec::with_capacity(SEATS_PER_SESSION_MAX),
            chambers: state::chambers_of(template),
            doors: state::doors_of(template),
            loot: Vec::with_capacity(LOOT_ON_GROUND_MAX),
            next_loot_id: entity::FIRST_LOOT,
            cleared_at: None,
            changes: [0; SEATS_PER_SESSION_MAX],
            enemies: state::enemies_of(template, game),
            game: Arc::clone(game),
        };
        // Doors of chambers that never held an enemy stand open from the start: nobody is there to be told.
        doors::open_cleared(&mut dungeon, &mut Vec::new());
        Some(dungeon)
    }

    /// Lets a character appear at the spawn point; one that was dead comes in unhurt. A seat that is still present keeps its
    /// place and its state. Returns whether the seat is present: it is not if the seat or the class does not exist.
    pub fn join(&mut self, seat: u8, name: &str, character: Sheet<'_>, effects: &mut Vec<Effect>) -> bool {
        let Err(place) = self.players.binary_search_by_key(&seat, |player| player.seat) else { return true };
        let Some(&changes) = self.changes.get(usize::from(seat)) else { return false };
        let Some(mut player) = Player::new(seat, character, &self.game, self.spawn, changes) else { return false };
        effects.push(Effect::Event(Audience::All, WorldEvent::PlayerJoined { seat, name: name.to_owned() }));
        if player.hot.hp == 0 && player.hot.hp_max > 0 {
            player.hot.hp = player.hot.hp_max;
            player.change(false);
        }
        player.report_change(effects);
        self.players.insert(place, player);
        true
    }

    /// Takes a character out of the dungeon.
    pub fn leave(&mut self, seat: u8, effects: &mut Vec<Effect>) {
        let Some(place) = self.players.iter().position(|player| player.seat == seat) else { return };
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
    pub fn step(&mut self, inputs: &[(u8, Command)], effects: &mut Vec<Effect>) {
        self.tick = self.tick.saturating_add(1);
        for &(seat, command) in inputs {
            let Some(player) = self.players.iter().position(|player| player.seat == seat) else { continue };
            movement::walk(self, player, command.move_x, command.move_y);
            match command.action {
                Action::None => {}
                Action::Attack { target } => combat::strike_enemy(self, player, target, effects),
                Action::PickUp { target } => loot::pick_up(self, player, target, effects),
                Action::Ability { number, target } => abilities::use_ability(self, player, number, target, effects),
                Action::Handle(handling) => items::handle(self, player, handling, effects),
            }
        }
        ai::act(self, effects);
        combat::recover(self, effects);
        loot::despawn(self);
        doors::open_cleared(self, effects);
        progress::report_changes(self, effects);
    }

    /// What is played.
    pub const fn game(&self) -> &Arc<Game> {
        &self.game
    }

    /// Ticks since the beginning.
    pub const fn tick(&self) -> u32 {
        self.tick
    }

    /// Everything that everybody can see, sorted by id: players, enemies (the dead for a moment longer), doors, loot.
    pub fn entities(&self) -> impl Iterator<Item = EntityView> + '_ {
        entity::entities(self, None)
    }

    /// Everything that the player in this seat can see, if that is more than everybody can: their own things on the ground.
    pub fn entities_of(&self, seat: u8) -> Option<impl Iterator<Item = EntityView> + '_> {
        let is_theirs = |loot: &Loot| loot.owner.is_some_and(|(owner, until)| owner == seat && self.tick < until);
        self.loot.iter().any(is_theirs).then(|| entity::entities(self, Some(seat)))
    }

    /// What only the player in this seat is told of their character.
    pub fn own(&self, seat: u8) -> Option<OwnView> {
        let player = self.player(seat)?;
        let speed_mm_per_s = if player.can_act(&self.game) { player.speed_mm_per_s(&self.game) } else { 0 };
        Some(OwnView { mana: player.mana, stamina: player.stamina, speed_mm_per_s })
    }

    /// What the character in this seat carries.
    pub fn carried(&self, seat: u8) -> Option<Carried> {
        self.player(seat).map(|player| items::carried(&player.hot, &self.game, player.changes))
    }

    /// Entity id of the player in this seat, if present.
    pub fn player_entity(&self, seat: u8) -> Option<u16> {
        self.player(seat).map(|player| entity::player_id(player.seat))
    }

    /// The state of the character in this seat and the number of changes to it so far in this session (`progress_seq`).
    pub fn hot(&self, seat: u8) -> Option<(&HotState, u64)> {
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

    /// A number that two dungeons share, but for an accident of one in 2⁶⁴, only if their states are equal.
    pub fn state_hash(&self) -> u64 {
        hash::of(self)
    }

    fn player(&self, seat: u8) -> Option<&Player> {
        self.players.iter().find(|player| player.seat == seat)
    }
}
