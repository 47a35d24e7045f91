//! Tests of the world through its public face: a small arena for single rules, the seed dungeon for whole runs.

use super::*;
use guildhall_domain::Build;
use guildhall_domain::content::Content;
use guildhall_domain::content::Point;
use guildhall_domain::limits::TICK_MS;
use guildhall_domain::rules::creation::first_level;
use serde_json::{Value, json};

mod abilities;
mod determinism;
mod enemies;
mod fair_play;
mod items;
mod loot;
mod party;
mod rules;
mod saving;
mod zones;

/// The content that ships with the product.
fn seed_content() -> Content {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let content = json!({
        "classes": parse(include_str!("../../../seed-data/classes.json")),
        "enemies": parse(include_str!("../../../seed-data/enemies.json")),
        "items": parse(include_str!("../../../seed-data/items.json")),
        "loot_tables": parse(include_str!("../../../seed-data/loot-tables.json")),
        "dungeons": parse(include_str!("../../../seed-data/dungeons.json")),
        "progression": parse(include_str!("../../../seed-data/progression.json")),
        "rules": parse(include_str!("../../../seed-data/rules.json")),
        "skills": parse(include_str!("../../../seed-data/skills.json")),
        "abilities": parse(include_str!("../../../seed-data/abilities.json")),
        "statuses": parse(include_str!("../../../seed-data/statuses.json")),
    });
    serde_json::from_value(content).unwrap()
}

/// Two rooms and a door between them. Four rats stand in a row in the first, a king in the second; every blow of a hero
/// kills a rat, every rat leaves one tail, and nothing is left to chance.
fn arena() -> Content {
    let hero = json!({
        "name": "Hero", "hp_base": 100, "hp_per_level": 10, "hp_regeneration_per_s": 5, "speed_mm_per_s": 5000,
        "attack": { "damage_min": 10, "damage_max": 10, "range_mm": 2000, "cooldown_ms": 500 },
    });
    let rat = json!({
        "name": "Rat", "hp": 10, "speed_mm_per_s": 3000, "aggro_mm": 3000, "leash_mm": 6000, "xp": 5, "gold": 2,
        "attack": { "damage_min": 7, "damage_max": 7, "range_mm": 1000, "cooldown_ms": 1000 }, "loot_table": "scraps",
    });
    let king = json!({
        "name": "King", "hp": 100, "speed_mm_per_s": 3000, "aggro_mm": 30000, "leash_mm": 30000, "xp": 90, "gold": 50,
        "attack": { "damage_min": 10, "damage_max": 10, "range_mm": 1500, "cooldown_ms": 1000 },
        "boss": true, "phases_at_percent": [60, 30], "haste_percent_per_phase": 100,
    });
    let rats: Vec<Value> =
        (0..4).map(|n| json!({ "enemy": "rat", "at": { "x": 8000, "y": 1000 + 3000 * n } })).collect();
    let cellar = json!({
        "name": "Cellar", "spawn": { "x": 1000, "y": 5000 }, "respawn_ms": 2000,
        "chambers": [
            { "id": "near", "area": { "x": 0, "y": 0, "width": 10000, "height": 10000 }, "enemies": rats },
            { "id": "far", "area": { "x": 14000, "y": 0, "width": 10000, "height": 10000 },
              "enemies": [{ "enemy": "king", "at": { "x": 20000, "y": 5000 } }] },
        ],
        "doors": [{
            "area": { "x": 10000, "y": 4000, "width": 4000, "height": 2000 },
            "between": ["near", "far"], "opens_when_cleared": "near",
        }],
    });
    let content = json!({
        "classes": { "hero": hero },
        "enemies": { "king": king, "rat": rat },
        "items": { "ring": { "name": "Ring", "kind": "equipment", "stack_max": 1 },
                   "tail": { "name": "Tail", "kind": "trophy", "stack_max": 2 } },
        "loot_tables": { "scraps": { "rolls": 1, "entries": [{ "item": "tail", "weight": 1 }] } },
        "dungeons": { "cellar": cellar },
        "progression": { "xp_for_level": [0, 12, 1000] },
    });
    serde_json::from_value(content).unwrap()
}

/// The content under the standard rules.
fn game(content: Content) -> Arc<Game> {
    Game::standard(Arc::new(content))
}

/// What play knows of a character.
#[derive(Clone)]
struct Newcomer {
    class: String,
    build: Build,
    hot: HotState,
}

impl Newcomer {
    /// A new one of this class. The arena has no tables to buy ability scores by.
    fn of(game: &Game, class: &str) -> Self {
        let (build, hot) = first_level(&game.content, class, None)
            .unwrap_or_else(|_| (Build::default(), HotState::of_class(&game.content, class).unwrap()));
        Self { class: class.to_owned(), build, hot }
    }

    fn sheet(&self) -> Sheet<'_> {
        Sheet { class: &self.class, build: &self.build, hot: &self.hot }
    }
}

/// A dungeon under test, with everything that it has said so far.
struct Play {
    dungeon: Dungeon,
    effects: Vec<Effect>,
    /// What is for the combat log and for those who watch clients, apart from the rest.
    asides: Vec<Effect>,
}

impl Play {
    /// The arena, with heroes in the first seats.
    fn with_heroes(count: u16) -> Self {
        Self::with_heroes_in(arena(), count)
    }

    fn with_heroes_in(content: Content, count: u16) -> Self {
        content.check().unwrap();
        let dungeon = Dungeon::new(&game(content), "cellar", 1).unwrap();
        let mut play = Self { dungeon, effects: vec![], asides: vec![] };
        for seat in 0..count {
            assert!(play.join(seat));
        }
        play
    }

    fn join(&mut self, seat: u16) -> bool {
        let hero = Newcomer::of(&self.dungeon.game, "hero");
        self.dungeon.join(seat, "Ada", hero.sheet(), &mut self.effects)
    }

    /// One tick with these commands; returns what it said.
    fn step(&mut self, inputs: &[(u16, Command)]) -> Vec<Effect> {
        let before = self.effects.len();
        let mut happened = Vec::new();
        self.dungeon.step(inputs, &mut happened);
        let is_aside = |effect: &Effect| matches!(effect, Effect::Deed(_) | Effect::Vain { .. });
        let (asides, told): (Vec<_>, Vec<_>) = happened.into_iter().partition(is_aside);
        self.asides.extend(asides);
        self.effects.extend(told);
        self.effects[before..].to_vec()
    }

    fn wait(&mut self, ticks: u32) {
        (0..ticks).for_each(|_| drop(self.step(&[])));
    }

    fn attack(&mut self, seat: u16, target: u16) -> Vec<Effect> {
        self.step(&[(seat, act(Action::Attack { target }))])
    }

    fn pick_up(&mut self, seat: u16, target: u16) -> Vec<Effect> {
        self.step(&[(seat, act(Action::PickUp { target }))])
    }

    /// Puts a player somewhere without walking.
    fn put(&mut self, seat: u16, x: i32, y: i32) {
        self.player(seat).at = Point { x, y };
    }

    fn player(&mut self, seat: u16) -> &mut Player {
        self.dungeon.players.iter_mut().find(|player| player.seat == seat).unwrap()
    }

    fn view(&self, id: u16) -> Option<EntityView> {
        self.dungeon.entities().find(|entity| entity.id == id)
    }

    /// Kills every rat without a fight.
    fn clear_first_chamber(&mut self) {
        for nth in 0..4 {
            self.put(0, 7_000, 1_000 + 3_000 * i32::from(nth));
            self.attack(0, RAT + nth);
            self.player(0).hot.hp = 100;
            self.wait(10);
        }
        assert!(self.view(DOOR).unwrap().open);
    }
}

/// Entity id of the first rat of the arena.
const RAT: u16 = 2_048;
/// Entity id of the king of the arena.
const KING: u16 = RAT + 4;
/// Entity id of the arena's door.
const DOOR: u16 = 6_144;
/// Entity id of the first loot.
const LOOT: u16 = 8_192;

fn walk(move_x: i8, move_y: i8) -> Command {
    Command { move_x, move_y, action: Action::None }
}

fn act(action: Action) -> Command {
    Command { action, ..Command::default() }
}

/// An event as it is told to everybody who sees whom it is about.
fn all(event: WorldEvent) -> Effect {
    let audience = match event {
        WorldEvent::EnemyDied { entity, .. }
        | WorldEvent::BossPhase { entity, .. }
        | WorldEvent::AbilityUsed { entity, .. } => Audience::Witnesses(entity),
        WorldEvent::PlayerDied { seat }
        | WorldEvent::PlayerRespawned { seat }
        | WorldEvent::LootTaken { by_seat: seat, .. } => Audience::Witnesses(seat),
        _ => Audience::All,
    };
    Effect::Event(audience, event)
}

fn only(seat: u16, event: WorldEvent) -> Effect {
    Effect::Event(Audience::Seat(seat), event)
}

#[test]
fn the_shipped_content_and_the_arena_are_right() {
    assert_eq!(seed_content().check(), Ok(()));
    assert_eq!(arena().check(), Ok(()));
    assert!(Dungeon::new(&game(arena()), "attic", 1).is_none());
}
