//! A player who runs about, with prediction and interpolation as a game has them, and what both show, compared with the
//! truth.

use super::STRIDE_MM;
use super::measured::Measured;
use super::network::Dice;
use guildhall_client::bot::Routes;
use guildhall_client::floor::{Floor, blend, distance_mm, position};
use guildhall_client::game::{GameClient, View};
use guildhall_client::{Interpolator, Predictor};
use guildhall_domain::content::{Dungeon, Point};
use guildhall_domain::limits::TICK_MS;
use guildhall_protocol::payload::{Action, EntityKind, EntityState, flags};
use std::collections::BTreeMap;

/// How near an enemy has to be to be struck at, in millimetres: what a fighter reaches, and some.
const REACH_MM: u32 = 2_500;

/// Everybody's state at every tick, as the witness saw it.
#[derive(Debug, Default)]
pub(super) struct Truth {
    ticks: BTreeMap<u32, Vec<EntityState>>,
    /// When tick 0 would have been.
    origin_ms: u64,
}

impl Truth {
    pub(super) fn note(&mut self, now_ms: u64, view: &View) {
        if view.tick > 0 {
            self.origin_ms = now_ms - u64::from(view.tick) * u64::from(TICK_MS);
            self.ticks.entry(view.tick).or_insert_with(|| view.entities.clone());
        }
    }

    pub(super) fn ticks(&self) -> usize {
        self.ticks.len()
    }

    /// How long ago this moment of the session was.
    fn age_ms(&self, now_ms: u64, session_ms: u64) -> u64 {
        now_ms - self.origin_ms - session_ms
    }

    fn entity(&self, tick: u32, id: u16) -> Option<&EntityState> {
        self.ticks.get(&tick)?.iter().find(|entity| entity.id == id)
    }

    /// Where somebody was at this moment of the session, if that has a meaning: not in the moment of a jump.
    fn at(&self, session_ms: u64, id: u16) -> Option<Point> {
        let tick_ms = u64::from(TICK_MS);
        let tick = u32::try_from(session_ms / tick_ms).unwrap();
        let (from, to) = (self.entity(tick, id)?, self.entity(tick + 1, id)?);
        let walks = from.flags & flags::ALIVE != 0 && distance_mm(position(from), position(to)) <= 1_000;
        walks.then(|| blend(position(from), position(to), session_ms % tick_ms, tick_ms))
    }
}

/// Where the latest input was to lead when it was made.
#[derive(Debug, Clone, Copy)]
struct Made {
    predicted: Point,
    heard: Point,
}

/// A player at their screen.
pub(super) struct Runner {
    pub(super) seat: usize,
    pub(super) measured: Measured,
    dungeon: Dungeon,
    dice: Dice,
    fights: bool,
    goal: Point,
    goal_ticks: u64,
    drift: Option<(i8, i8)>,
    predictor: Predictor,
    interpolator: Interpolator,
    made: BTreeMap<u32, Made>,
    last_tick: u32,
    shown: Option<Point>,
    tick_correction_mm: u32,
    was_alive: bool,
}

impl Runner {
    pub(super) fn new(dungeon: Dungeon, seat: usize, seed: u64, fights: bool) -> Self {
        Self {
            seat,
            goal: dungeon.spawn,
            dungeon,
            dice: Dice::seeded(seed),
            fights,
            goal_ticks: 0,
            drift: None,
            predictor: Predictor::new(),
            interpolator: Interpolator::new(),
            made: BTreeMap::new(),
            last_tick: 0,
            shown: None,
            tick_correction_mm: 0,
            was_alive: true,
            measured: Measured::default(),
        }
    }

    /// Decides where to go, and has it predicted.
    pub(super) fn tick(&mut self, now_ms: u64, client: &mut GameClient) {
        let Some(at) = self.predictor.predicted() else { return self.update(now_ms, client) };
        let floor = Floor::seen(&self.dungeon, client.view());
        let (move_x, move_y) = self.direction(&floor, at, client.view());
        let seq = client.push_input(move_x, move_y, self.action(at, client.view()));
        self.update(now_ms, client);
        self.measured.corrections.note(std::mem::take(&mut self.tick_correction_mm));
        let heard = client.view().own_entity().map(position);
        if let (Some(seq), Some(predicted), Some(heard)) = (seq, self.predictor.predicted(), heard) {
            self.measured.walked_mm += u64::from(distance_mm(at, predicted).min(STRIDE_MM));
            self.made.insert(seq, Made { predicted, heard });
        }
    }

    /// Takes in what the client has heard, and compares what was predicted with what came of it.
    pub(super) fn hear(&mut self, now_ms: u64, client: &GameClient, truth: &Truth) {
        self.interpolator.handle_view(now_ms, client.view());
        self.update(now_ms, client);
        let view = client.view();
        let Some(own) = view.own_entity().filter(|_| view.tick > self.last_tick) else { return };
        self.last_tick = view.tick;
        let is_alive = own.flags & flags::ALIVE != 0;
        if is_alive != self.was_alive {
            // What was to come was to come of another life.
            self.made.clear();
            self.shown = None;
            self.measured.deaths += u32::from(!is_alive);
            self.was_alive = is_alive;
        }
        if let Some((made, true_state)) = self.made.get(&view.input_ack).zip(truth.entity(view.tick, own.id)) {
            self.measured.predicted_off.note(distance_mm(made.predicted, position(true_state)));
            self.measured.heard_off.note(distance_mm(made.heard, position(true_state)));
        }
        self.made = self.made.split_off(&view.input_ack);
    }

    fn update(&mut self, now_ms: u64, client: &GameClient) {
        let Some(correction) = self.predictor.update(now_ms, client, &self.dungeon) else { return };
        self.tick_correction_mm = self.tick_correction_mm.max(correction.by_mm);
        if correction.is_snap {
            self.shown = None;
        }
    }

    /// Looks at the picture.
    pub(super) fn frame(&mut self, now_ms: u64, truth: &Truth) {
        let Some(shown) = self.predictor.shown(now_ms) else { return };
        if let Some(before) = self.shown.replace(shown) {
            self.measured.frames.note(distance_mm(before, shown));
        }
        let shown_ms = self.interpolator.shown_ms(now_ms);
        self.measured.ages_ms.note(u32::try_from(truth.age_ms(now_ms, shown_ms)).unwrap());
        for (entity, pose) in self.interpolator.poses(now_ms) {
            let walks = matches!(entity.kind, EntityKind::Player { .. } | EntityKind::Enemy { .. });
            // Of who has risen unseen, it is known that they have only once it is seen.
            if !walks || entity.flags & flags::ALIVE == 0 || usize::from(entity.id) == self.seat {
                continue;
            }
            let Some(at) = truth.at(shown_ms, entity.id) else { continue };
            let off_mm = distance_mm(pose.at, at);
            if pose.is_extrapolated {
                self.measured.extrapolated_off.note(off_mm);
            } else {
                self.measured.interpolated_off.note(off_mm);
            }
        }
    }

    /// To a place in some chamber that can be got to, or to an enemy; and now and then anywhere, along the walls.
    fn direction(&mut self, floor: &Floor, at: Point, view: &View) -> (i8, i8) {
        let routes = Routes::from(floor, at);
        if self.goal_ticks == 0 || distance_mm(at, self.goal) < 2 * STRIDE_MM || routes.next_point(self.goal).is_none()
        {
            self.goal_ticks = 20 + self.dice.below(100);
            self.drift = (self.dice.below(4) == 0).then(|| (self.component(), self.component()));
            let foes: Vec<Point> = view.living_enemies().map(|(_, foe)| position(foe)).collect();
            let near = foes.into_iter().filter(|_| self.fights).filter_map(|foe| Some((routes.length_mm(foe)?, foe)));
            self.goal = match near.min_by_key(|(way_mm, _)| *way_mm) {
                Some((_, foe)) => foe,
                None => self.somewhere(),
            };
        }
        self.goal_ticks -= 1;
        self.drift.unwrap_or_else(|| routes.next_point(self.goal).map_or((0, 0), |next| towards(at, next)))
    }

    fn component(&mut self) -> i8 {
        i8::try_from(self.dice.below(255)).unwrap_or(-1)
    }

    fn somewhere(&mut self) -> Point {
        let chamber = usize::try_from(self.dice.below(self.dungeon.chambers.len() as u64)).unwrap();
        let area = self.dungeon.chambers[chamber].area;
        let within =
            |dice: &mut Dice, extent: i32| i32::try_from(dice.below(u64::from(extent.unsigned_abs()))).unwrap();
        Point { x: area.x + within(&mut self.dice, area.width), y: area.y + within(&mut self.dice, area.height) }
    }

    fn action(&self, at: Point, view: &View) -> Action {
        let nearest = view.living_enemies().min_by_key(|(_, foe)| distance_mm(at, position(foe)));
        match nearest.filter(|_| self.fights) {
            Some((_, foe)) if distance_mm(at, position(foe)) < REACH_MM => Action::Attack { target: foe.id },
            _ => Action::None,
        }
    }
}

/// The direction from one point to another in the steps that an input has.
fn towards(from: Point, to: Point) -> (i8, i8) {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let longest = dx.abs().max(dy.abs()).max(1);
    let step = |part: i32| i8::try_from(part * 127 / longest).unwrap();
    (step(dx), step(dy))
}
