//! A predictor against a server that is written down here: what it corrects, and how it shows that.

use super::*;
use guildhall_protocol::payload::{Action, EntityKind, EntityState, OwnState};

const SPEED_MM_PER_S: u16 = 5_000;

/// A player and the server's last word, in the first chamber of the warren.
struct Game {
    dungeon: Dungeon,
    predictor: Predictor,
    view: View,
    pending: Vec<InputFrame>,
    now_ms: u64,
}

impl Game {
    fn new() -> Self {
        let dungeon = warren();
        let own = EntityState {
            id: 0,
            kind: EntityKind::Player { seat: 0 },
            x: u16::try_from(dungeon.spawn.x / 10).unwrap(),
            y: u16::try_from(dungeon.spawn.y / 10).unwrap(),
            hp: 9,
            hp_max: 9,
            facing: 0,
            flags: flags::ALIVE,
            statuses: 0,
        };
        let own_state = OwnState { speed_mm_per_s: SPEED_MM_PER_S, ..OwnState::default() };
        let view = View { tick: 1, my_entity: Some(0), entities: vec![own], own: own_state, ..View::default() };
        let mut game = Self { dungeon, predictor: Predictor::new(), view, pending: vec![], now_ms: 1_000 };
        assert_eq!(game.update(), None);
        assert_eq!(game.shown(), game.dungeon.spawn);
        game
    }

    fn update(&mut self) -> Option<Correction> {
        self.predictor.take_in(self.now_ms, &self.view, self.pending.iter(), &self.dungeon)
    }

    fn shown(&self) -> Point {
        self.predictor.shown(self.now_ms).unwrap()
    }

    /// A tick in which the player walks east.
    fn walk(&mut self) -> Option<Correction> {
        self.now_ms += 50;
        let seq = self.pending.last().map_or(self.view.input_ack, |input| input.seq) + 1;
        self.pending.push(InputFrame { seq, move_x: 127, move_y: 0, action: Action::None });
        self.update()
    }

    /// The server has applied so many more inputs, and they have led here.
    fn hear(&mut self, applied: u32, at: Point) {
        self.view.tick += 1;
        self.view.input_ack += applied;
        let input_ack = self.view.input_ack;
        self.pending.retain(|input| input.seq > input_ack);
        let own = &mut self.view.entities[0];
        (own.x, own.y) = (u16::try_from(at.x / 10).unwrap(), u16::try_from(at.y / 10).unwrap());
    }
}

#[test]
fn a_stride_is_shown_in_the_course_of_its_tick() {
    let mut game = Game::new();
    let start = game.shown();
    for strides in 0..10 {
        assert_eq!(game.walk(), None);
        for _ in 0..5 {
            let part_ms = i32::try_from(game.now_ms % 50).unwrap();
            assert_eq!(game.shown(), Point { x: start.x + strides * 250 + part_ms * 5, ..start });
            game.now_ms += 10;
        }
        game.now_ms -= 50;
    }
    assert_eq!(game.predictor.predicted(), Some(Point { x: start.x + 2_500, ..start }));
}

#[test]
fn a_server_that_agrees_to_the_centimetre_corrects_nothing() {
    let mut game = Game::new();
    game.view.own.speed_mm_per_s = 4_537;
    let mut at = game.dungeon.spawn;
    for tick in 0..50 {
        assert_eq!(game.walk(), None);
        if tick >= 4 {
            at.x = (at.x + 4_537 / 20).min(14_000);
            game.hear(1, at);
            assert_eq!(game.update(), None);
        }
    }
    assert_eq!(game.predictor.corrections(), Corrections::default());
}

#[test]
fn a_dropped_stride_is_blended_in_over_the_stated_time() {
    let mut game = Game::new();
    let start = game.shown();
    for _ in 0..4 {
        game.walk();
    }
    game.now_ms += 50;
    game.hear(2, Point { x: start.x + 250, ..start });
    // What rounds to the same may stay: the correction goes to the near edge of the centimetre.
    let before = game.shown();
    assert_eq!(game.update(), Some(Correction { by_mm: 241, is_snap: false }));
    assert_eq!(game.shown(), before, "the picture jumped");
    for passed_ms in 0..SMOOTHING_MS {
        let off = game.shown().x - (start.x + 759);
        let expected = 241 * i32::try_from(SMOOTHING_MS - passed_ms).unwrap() / i32::try_from(SMOOTHING_MS).unwrap();
        assert_eq!(off, expected, "{passed_ms}");
        game.now_ms += 1;
    }
    assert_eq!(game.shown().x, start.x + 759);
    assert_eq!(game.predictor.corrections(), Corrections { count: 1, snaps: 0, largest_mm: 241, total_mm: 241 });
}

#[test]
fn what_is_too_far_and_who_rises_from_the_dead_is_shown_at_once() {
    let mut game = Game::new();
    let far = Point { x: 9_000, ..game.shown() };
    game.walk();
    game.now_ms += 50;
    game.hear(1, far);
    assert!(game.update().unwrap().is_snap);
    assert_eq!(game.shown(), far);

    game.view.entities[0].flags = 0;
    assert_eq!(game.walk(), None, "the dead do not walk");
    assert_eq!(game.shown(), far);
    game.view.entities[0].flags = flags::ALIVE;
    let near = Point { x: far.x + 1_000, ..far };
    game.hear(1, near);
    assert_eq!(game.update(), None, "a life that begins corrects nothing");
    assert_eq!(game.shown(), near);
    assert_eq!(game.predictor.corrections().count, 1);
}

#[test]
fn stuns_and_doors_count_from_the_snapshot_on_that_shows_them() {
    let mut game = Game::new();
    let start = game.shown();
    for _ in 0..4 {
        game.walk();
    }
    game.view.own.speed_mm_per_s = 0;
    game.hear(1, Point { x: start.x + 250, ..start });
    assert_eq!(game.update(), Some(Correction { by_mm: 750, is_snap: false }));
    assert_eq!(game.walk(), None);
    assert_eq!(game.predictor.predicted(), Some(Point { x: start.x + 250, ..start }));

    let wall = Point { x: 14_000, ..start };
    let mut game = Game::new();
    game.hear(0, wall);
    game.update();
    for _ in 0..3 {
        game.walk();
    }
    assert_eq!(game.predictor.predicted(), Some(wall));
    let middle = game.dungeon.doors[0].area.centre();
    let door = EntityState {
        id: 512,
        kind: EntityKind::Door,
        x: u16::try_from(middle.x / 10).unwrap(),
        y: u16::try_from(middle.y / 10).unwrap(),
        flags: flags::OPEN,
        ..game.view.entities[0].clone()
    };
    game.view.entities.push(door);
    assert_eq!(game.update(), Some(Correction { by_mm: 750, is_snap: false }));
    assert_eq!(game.predictor.predicted(), Some(Point { x: 14_750, ..start }));
}
