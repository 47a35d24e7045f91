//! Bots in a small arena with the seed content: whether they find their way, win, share the loot and keep together.

mod arena;

use super::*;
use crate::game::View;
use arena::Arena;
pub(crate) use arena::seed_content;
use guildhall_protocol::payload::{EntityKind, EntityState, GameEvent, flags};

const WARREN: &str = "goblin-warren";

fn entity(id: u16, kind: EntityKind, x: u16, y: u16, hp: u16) -> EntityState {
    EntityState { id, kind, x, y, hp, hp_max: 100, facing: 0, flags: flags::ALIVE, statuses: 0 }
}

/// A fighter at the spawn point of the warren, and whatever else there is.
fn view(others: Vec<EntityState>) -> View {
    let mut entities = vec![entity(0, EntityKind::Player { seat: 0 }, 200, 1_600, 100)];
    entities.extend(others);
    View { tick: 50, my_seat: Some(0), my_entity: Some(0), entities, ..View::default() }
}

fn decide_in_warren(view: &View, memory: &BotMemory) -> Decision {
    decide(view, &seed_content(), WARREN, memory)
}

fn fighter() -> BotMemory {
    BotMemory::new("fighter")
}

/// The index of the plain goblin among the enemies of the content.
const GOBLIN: EntityKind = EntityKind::Enemy { kind: 0 };

#[test]
fn four_bots_clear_the_seed_dungeon_and_bring_its_loot_home() {
    let mut arena = Arena::new(WARREN, &["fighter", "cleric", "ranger", "fighter"], 0);
    let ticks = arena.run(12_000).expect("four bots did not clear the dungeon in ten minutes");
    assert!(ticks > 400, "a dungeon cannot be won in {ticks} ticks");
    assert!(arena.opened_doors() == arena.doors());
    assert!(arena.loot_taken > 0);
    assert_eq!(arena.loot_left(), 0, "loot was left behind");
}

#[test]
fn bots_with_a_slow_connection_clear_it_too() {
    let mut arena = Arena::new(WARREN, &["fighter", "cleric", "ranger", "ranger"], 5);
    arena.run(12_000).expect("four bots that see everything 250 ms late did not clear the dungeon");
}

#[test]
fn a_sleeping_comrade_costs_time_and_not_the_game() {
    let mut arena = Arena::new(WARREN, &["fighter", "cleric", "ranger", "fighter"], 0);
    arena.put_to_sleep(3);
    arena.run(24_000).expect("the others waited for ever");
}

#[test]
fn the_weakest_enemy_in_range_is_struck() {
    let foes = vec![
        entity(300, GOBLIN, 300, 1_600, 80),
        entity(301, GOBLIN, 310, 1_600, 20),
        entity(302, GOBLIN, 900, 1_600, 1),
    ];
    let decision = decide_in_warren(&view(foes), &fighter());
    assert_eq!(decision.action, Action::Attack { target: 301 });
    assert_eq!((decision.move_x, decision.move_y), (0, 0));
}

#[test]
fn an_enemy_behind_a_closed_door_is_no_goal_and_behind_an_open_one_it_is() {
    let door = |open| EntityState {
        flags: if open { flags::OPEN } else { 0 },
        ..entity(512, EntityKind::Door, 1_600, 1_600, 0)
    };
    let goblin = entity(300, GOBLIN, 2_600, 1_200, 50);
    let closed = decide_in_warren(&view(vec![goblin.clone(), door(false)]), &fighter());
    assert_eq!((closed.intent, closed.move_x, closed.move_y), (Intent::Idle, 0, 0));
    let open = decide_in_warren(&view(vec![goblin, door(true)]), &fighter());
    assert_eq!(open.intent, Intent::Seek(300));
    assert_eq!((open.move_x, open.move_y), (127, 0), "the way leads through the middle of the door");
}

#[test]
fn the_hurt_rest_until_their_patience_ends() {
    let mut seen = view(vec![entity(300, GOBLIN, 1_350, 1_600, 50)]);
    seen.entities[0].hp = 30;
    let mut memory = fighter();
    assert_eq!(decide_in_warren(&seen, &memory).intent, Intent::Rest);
    let rest = Decision::stand(Intent::Rest);
    for tick in 1..=500 {
        memory.note_decision(&View { tick, ..seen.clone() }, &rest);
    }
    assert_eq!(decide_in_warren(&seen, &memory).intent, Intent::Seek(300));
    memory.note_event(&GameEvent::ChamberCleared { chamber: 0 });
    assert_eq!(decide_in_warren(&seen, &memory).intent, Intent::Rest);
}

#[test]
fn those_in_front_wait_and_those_behind_do_not() {
    let goblin = entity(300, GOBLIN, 1_350, 1_600, 50);
    let comrade = |x| entity(1, EntityKind::Player { seat: 1 }, x, 1_600, 100);
    let ahead = decide_in_warren(&view(vec![comrade(1_000), goblin.clone()]), &fighter());
    assert_eq!(ahead.intent, Intent::Seek(300));
    let mut front = view(vec![comrade(10), goblin]);
    front.entities[0].x = 300;
    assert_eq!(decide_in_warren(&front, &fighter()).intent, Intent::Seek(300));
    front.entities[1].flags = 0;
    assert_eq!(decide_in_warren(&front, &fighter()).intent, Intent::Wait, "the dead are waited for");
}

#[test]
fn loot_is_fetched_by_the_nearest_and_given_up_when_refused() {
    let loot = |x| EntityState { flags: 0, ..entity(1_024, EntityKind::Loot { item: 1 }, x, 1_600, 0) };
    let comrade = entity(1, EntityKind::Player { seat: 1 }, 900, 1_600, 100);
    let mut memory = fighter();
    assert_eq!(decide_in_warren(&view(vec![loot(600)]), &memory).intent, Intent::Loot(1_024));
    assert_eq!(decide_in_warren(&view(vec![comrade, loot(800)]), &memory).intent, Intent::Idle);
    let in_reach = view(vec![loot(300)]);
    let decision = decide_in_warren(&in_reach, &memory);
    assert_eq!(decision.action, Action::PickUp { target: 1_024 });
    memory.note_decision(&in_reach, &decision);
    assert_eq!(decide_in_warren(&in_reach, &memory).action, Action::None, "the question is still on its way");
    for _ in 0..3 {
        memory.note_event(&GameEvent::PickUpRefused { entity: 1_024 });
    }
    let later = View { tick: 500, ..in_reach };
    assert_eq!(decide_in_warren(&later, &memory), Decision::stand(Intent::Idle));
}

#[test]
fn the_dead_and_the_absent_do_nothing() {
    let mut dead = view(vec![entity(300, GOBLIN, 210, 1_600, 50)]);
    dead.entities[0].flags = 0;
    assert_eq!(decide_in_warren(&dead, &fighter()), Decision::stand(Intent::Idle));
    assert_eq!(decide_in_warren(&View::default(), &fighter()), Decision::stand(Intent::Idle));
    assert_eq!(decide(&view(vec![]), &seed_content(), "nowhere", &fighter()).intent, Intent::Idle);
}

#[test]
fn every_chamber_of_the_seed_dungeon_is_reached_from_every_other() {
    let content = seed_content();
    let dungeon = &content.dungeons[WARREN];
    let floor = Floor::new(dungeon, |_| true);
    let corners = dungeon.chambers.iter().flat_map(|chamber| {
        let area = chamber.area;
        [area.centre(), Point { x: area.x, y: area.y }, Point { x: area.x + area.width, y: area.y + area.height }]
    });
    let corners: Vec<Point> = corners.collect();
    for &from in &corners {
        for &to in &corners {
            let mut at = from;
            let bound = 200 + Routes::from(&floor, from).length_mm(to).unwrap() / 200;
            let arrived = (0..bound).any(|_| {
                let next = Routes::from(&floor, at).next_point(to).unwrap();
                let (x, y) = direction(at, next);
                at = floor.walk(at, crate::floor::stride(x, y, 250));
                crate::floor::distance_mm(at, to) <= 250
            });
            assert!(arrived, "lost on the way from {from:?} to {to:?}, at {at:?}");
        }
    }
}
