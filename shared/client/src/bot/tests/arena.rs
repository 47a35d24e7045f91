//! A dungeon just real enough to play a bot against: walls, doors, enemies that chase and strike, loot, respawns. The rules
//! are a coarse copy of the game sim's, without its dice: the mean damage, and loot from every enemy.

use crate::bot::route::Routes;
use crate::bot::{BotMemory, decide, direction};
use crate::floor::distance_mm;
use crate::floor::{Floor, POSITION_QUANTUM_MM, stride, stride_length_mm};
use crate::game::View;
use guildhall_domain::content::{Attack, Content, Dungeon, Point};
use guildhall_domain::limits::{CLEARED_GRACE_MS, PICK_UP_REACH_MM, TICK_MS};
use guildhall_protocol::payload::{Action, EntityKind, EntityState, GameEvent, flags};
use std::collections::BTreeMap;
use std::collections::VecDeque;

pub(crate) fn seed_content() -> Content {
    macro_rules! part {
        ($file:literal) => {
            serde_json::from_str(include_str!(concat!("../../../../../seed-data/", $file))).unwrap()
        };
    }
    Content {
        classes: part!("classes.json"),
        enemies: part!("enemies.json"),
        items: part!("items.json"),
        loot_tables: part!("loot-tables.json"),
        dungeons: part!("dungeons.json"),
        progression: part!("progression.json"),
        rules: part!("rules.json"),
        skills: part!("skills.json"),
        // This arena knows no abilities.
        abilities: BTreeMap::new(),
        statuses: BTreeMap::new(),
        zones: BTreeMap::new(),
    }
}

/// Anybody who fights.
#[derive(Clone)]
struct Fighter {
    id: u16,
    kind: EntityKind,
    at: Point,
    hp: u32,
    hp_max: u32,
    ready_at: u32,
    fought_at: u32,
    died_at: u32,
    attack: Attack,
    stride_mm: u32,
    chamber: usize,
    asleep: bool,
}

pub(super) struct Arena {
    content: Content,
    dungeon: Dungeon,
    tick: u32,
    players: Vec<(Fighter, BotMemory, u32)>,
    enemies: Vec<Fighter>,
    loot: Vec<(u16, Point)>,
    open: Vec<bool>,
    cleared_at: Option<u32>,
    /// What players saw in the last ticks, oldest first: they decide on the oldest.
    seen: VecDeque<Vec<EntityState>>,
    pub(super) loot_taken: usize,
}

impl Arena {
    pub(super) fn new(dungeon_id: &str, classes: &[&str], ticks_late: usize) -> Self {
        let content = seed_content();
        let dungeon = content.dungeons[dungeon_id].clone();
        let fighter = |id, kind, at, hp, attack: &Attack, speed, chamber| Fighter {
            id,
            kind,
            at,
            hp,
            hp_max: hp,
            ready_at: 0,
            fought_at: 0,
            died_at: 0,
            attack: attack.clone(),
            stride_mm: stride_length_mm(speed),
            chamber,
            asleep: false,
        };
        let players = classes.iter().enumerate().map(|(seat, id)| {
            let class = &content.classes[*id];
            let kind = EntityKind::Player { seat: seat as u16 };
            let player =
                fighter(seat as u16, kind, dungeon.spawn, class.hp_base, &class.attack, class.speed_mm_per_s, 0);
            (player, BotMemory::new(id), class.hp_regeneration_per_s)
        });
        let spawns = dungeon.chambers.iter().enumerate().flat_map(|(n, c)| c.enemies.iter().map(move |s| (n, s)));
        let enemies = spawns.enumerate().map(|(index, (chamber, spawn))| {
            let kind = content.enemies.keys().position(|id| *id == spawn.enemy).unwrap() as u8;
            let enemy = &content.enemies[&spawn.enemy];
            let kind = EntityKind::Enemy { kind };
            fighter(256 + index as u16, kind, spawn.at, enemy.hp, &enemy.attack, enemy.speed_mm_per_s, chamber)
        });
        Self {
            players: players.collect(),
            enemies: enemies.collect(),
            open: vec![false; dungeon.doors.len()],
            loot: vec![],
            cleared_at: None,
            tick: 0,
            seen: vec![vec![]; ticks_late].into(),
            loot_taken: 0,
            dungeon,
            content,
        }
    }

    pub(super) fn put_to_sleep(&mut self, seat: usize) {
        self.players[seat].0.asleep = true;
    }

    pub(super) fn doors(&self) -> usize {
        self.open.len()
    }

    pub(super) fn opened_doors(&self) -> usize {
        self.open.iter().filter(|open| **open).count()
    }

    pub(super) fn loot_left(&self) -> usize {
        self.loot.len()
    }

    /// Plays until the grace time after the boss's death is over; the tick of that death, or `None` if it did not come.
    pub(super) fn run(&mut self, ticks_max: u32) -> Option<u32> {
        while self.tick < ticks_max {
            self.step();
            if let Some(at) = self.cleared_at.filter(|at| self.tick - at >= CLEARED_GRACE_MS / TICK_MS) {
                return Some(at);
            }
        }
        None
    }

    fn floor(&self) -> Floor {
        Floor::new(&self.dungeon, |door| {
            let index = self.dungeon.doors.iter().position(|other| other == door).unwrap();
            self.open[index]
        })
    }

    fn step(&mut self) {
        self.tick += 1;
        let floor = self.floor();
        self.seen.push_back(self.entities());
        let entities = self.seen.pop_front().unwrap();
        for seat in 0..self.players.len() {
            self.play(seat, &entities, &floor);
        }
        for index in 0..self.enemies.len() {
            self.chase(index, &floor);
        }
        self.recover();
        self.open_doors();
    }

    fn play(&mut self, seat: usize, entities: &[EntityState], floor: &Floor) {
        let view = View {
            tick: self.tick,
            my_seat: Some(seat as u16),
            my_entity: Some(seat as u16),
            entities: entities.to_vec(),
            dungeon_cleared: self.cleared_at.is_some(),
            ..View::default()
        };
        let (player, memory, _) = &mut self.players[seat];
        if player.hp == 0 || player.asleep {
            return;
        }
        let decision = decide(&view, &self.content, "goblin-warren", memory);
        memory.note_decision(&view, &decision);
        player.at = floor.walk(player.at, stride(decision.move_x, decision.move_y, player.stride_mm));
        match decision.action {
            Action::Attack { target } => self.strike(seat, target, floor),
            Action::PickUp { target } => self.pick_up(seat, target),
            _ => {}
        }
    }

    fn strike(&mut self, seat: usize, target: u16, floor: &Floor) {
        let player = &mut self.players[seat].0;
        let enemy = self.enemies.iter_mut().find(|enemy| enemy.id == target && enemy.hp > 0);
        let Some(enemy) = enemy.filter(|enemy| distance_mm(enemy.at, player.at) <= player.attack.range_mm) else {
            return;
        };
        if self.tick < player.ready_at || Routes::from(floor, player.at).length_mm(enemy.at).is_none() {
            return;
        }
        player.ready_at = self.tick + player.attack.cooldown_ms.div_ceil(TICK_MS);
        player.fought_at = self.tick;
        enemy.fought_at = self.tick;
        enemy.hp = enemy.hp.saturating_sub((player.attack.damage_min + player.attack.damage_max) / 2);
        if enemy.hp == 0 {
            enemy.died_at = self.tick;
            self.loot.push((1_024 + self.tick as u16, enemy.at));
            let EntityKind::Enemy { kind } = enemy.kind else { unreachable!() };
            if self.content.enemies.values().nth(kind.into()).unwrap().boss {
                self.cleared_at = Some(self.tick);
                self.tell(&GameEvent::DungeonCleared);
            }
        }
    }

    fn pick_up(&mut self, seat: usize, target: u16) {
        let (player, memory, _) = &mut self.players[seat];
        let near = |at: Point| distance_mm(at, player.at) <= PICK_UP_REACH_MM;
        match self.loot.iter().position(|(id, at)| *id == target && near(*at)) {
            Some(index) => {
                self.loot.remove(index);
                self.loot_taken += 1;
            }
            None => memory.note_event(&GameEvent::PickUpRefused { entity: target }),
        }
    }

    fn chase(&mut self, index: usize, floor: &Floor) {
        let enemy = &self.enemies[index];
        let EntityKind::Enemy { kind } = enemy.kind else { unreachable!() };
        let aggro_mm = self.content.enemies.values().nth(kind.into()).unwrap().aggro_mm;
        let routes = Routes::from(floor, enemy.at);
        let angry = enemy.fought_at > 0;
        let prey = self.players.iter_mut().map(|(player, ..)| player).filter(|player| player.hp > 0);
        let prey = prey.filter_map(|player| Some((routes.length_mm(player.at)?, player)));
        let prey = prey.filter(|(way_mm, _)| *way_mm <= if angry { aggro_mm * 2 } else { aggro_mm });
        let Some((_, player)) = prey.min_by_key(|(way_mm, _)| *way_mm).filter(|_| enemy.hp > 0) else { return };
        if distance_mm(enemy.at, player.at) > enemy.attack.range_mm {
            let next = routes.next_point(player.at).unwrap();
            let (x, y) = direction(enemy.at, next);
            let at = floor.walk(enemy.at, stride(x, y, enemy.stride_mm));
            self.enemies[index].at = at;
        } else if self.tick >= enemy.ready_at {
            player.fought_at = self.tick;
            player.hp = player.hp.saturating_sub((enemy.attack.damage_min + enemy.attack.damage_max) / 2);
            let ready_at = self.tick + enemy.attack.cooldown_ms.div_ceil(TICK_MS);
            if player.hp == 0 {
                player.died_at = self.tick;
                let EntityKind::Player { seat } = player.kind else { unreachable!() };
                self.tell(&GameEvent::PlayerDied { seat });
            }
            self.enemies[index].ready_at = ready_at;
        }
    }

    fn recover(&mut self) {
        let (tick, spawn, respawn_ticks) = (self.tick, self.dungeon.spawn, self.dungeon.respawn_ms / TICK_MS);
        for (player, _, regeneration) in &mut self.players {
            if player.hp == 0 && tick - player.died_at >= respawn_ticks {
                (player.hp, player.at) = (player.hp_max, spawn);
            } else if player.hp > 0 && tick.is_multiple_of(20) && tick - player.fought_at > 80 {
                player.hp = (player.hp + *regeneration).min(player.hp_max);
            }
        }
    }

    fn open_doors(&mut self) {
        for index in 0..self.open.len() {
            let needed = &self.dungeon.doors[index].opens_when_cleared;
            let chamber = self.dungeon.chambers.iter().position(|chamber| chamber.id == *needed).unwrap();
            let cleared = self.enemies.iter().all(|enemy| enemy.chamber != chamber || enemy.hp == 0);
            if cleared && !self.open[index] {
                self.open[index] = true;
                self.tell(&GameEvent::ChamberCleared { chamber: chamber as u8 });
            }
        }
    }

    fn tell(&mut self, event: &GameEvent) {
        self.players.iter_mut().for_each(|(_, memory, _)| memory.note_event(event));
    }

    fn entities(&self) -> Vec<EntityState> {
        let state = |id, kind, at: Point, hp: u32, hp_max: u32, set| EntityState {
            id,
            kind,
            x: (at.x / POSITION_QUANTUM_MM) as u16,
            y: (at.y / POSITION_QUANTUM_MM) as u16,
            hp: hp as u16,
            hp_max: hp_max as u16,
            facing: 0,
            flags: set,
            statuses: 0,
        };
        let fighters = self.players.iter().map(|(player, ..)| player).chain(&self.enemies);
        let fighters = fighters.map(|f| {
            let alive = if f.hp > 0 { flags::ALIVE } else { 0 };
            let strikes = if f.ready_at > self.tick { flags::ATTACKING } else { 0 };
            state(f.id, f.kind, f.at, f.hp, f.hp_max, alive | strikes)
        });
        let doors = self.dungeon.doors.iter().zip(&self.open).enumerate().map(|(index, (door, open))| {
            let set = if *open { flags::OPEN } else { 0 };
            state(512 + index as u16, EntityKind::Door, door.area.centre(), 0, 0, set)
        });
        let loot = self.loot.iter().map(|(id, at)| state(*id, EntityKind::Loot { item: 1 }, *at, 0, 0, 0));
        fighters.chain(doors).chain(loot).collect()
    }
}
