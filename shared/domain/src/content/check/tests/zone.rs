//! Every kind of mistake that a zone can have.

use super::super::super::{Camp, Zone};
use super::*;
use crate::limits::{ZONE_ENEMIES_MAX, ZONE_FLOORS_MAX, ZONE_SIGHT_MM};

/// A heath on which rats live.
fn heath() -> Zone {
    let floor = Area { x: 0, y: 0, width: 50_000, height: 50_000 };
    let at = Point { x: 25_000, y: 25_000 };
    Zone {
        name: "Heath".into(),
        spawns: vec![Point { x: 1_000, y: 1_000 }],
        respawn_ms: 1_000,
        death_drops_slots: 0,
        floors: vec![floor, Area { x: 50_000, ..floor }],
        camps: vec![Camp { enemy: "rat".into(), at, count: 9, spread_mm: 5_000, respawn_ms: 30_000 }],
    }
}

/// What the check says of a heath with this mistake.
fn in_heath(make: impl FnOnce(&mut Zone)) -> Vec<String> {
    let mut zone = heath();
    make(&mut zone);
    mistakes(|content| drop(content.zones.insert("heath".into(), zone)))
}

#[test]
fn a_right_heath_passes() {
    assert_eq!(in_heath(|_| {}), [""; 0]);
}

#[test]
fn a_zone_with_the_id_of_a_dungeon_is_refused() {
    let said = mistakes(|content| drop(content.zones.insert("cellar".into(), heath())));
    assert_eq!(said, ["zones.cellar: its id is taken by a dungeon"]);
}

refused! {
    a_zone_without_a_floor: in_heath(|z| (z.floors, z.spawns, z.camps) = (vec![], z.spawns.clone(), vec![])) => [
        "zones.heath.floors: must be 1 to 64",
        "zones.heath.spawns[0]: stands outside the floors",
    ];
    too_many_floors: in_heath(|z| z.floors = vec![z.floors[0]; ZONE_FLOORS_MAX + 1]) =>
        ["zones.heath.floors: must be 1 to 64"];
    a_floor_beyond_the_edge: in_heath(|z| z.floors[1].width = 700_000) =>
        ["zones.heath.floors[1].area: must lie between 0 and 655350 millimetres and have a size"];
    an_island: in_heath(|z| z.floors[1].x = 50_001) => ["zones.heath.floors: must all be joined: they touch or overlap"];
    nowhere_to_appear: in_heath(|z| z.spawns.clear()) => ["zones.heath.spawns: at least one is needed"];
    a_spawn_in_a_wall: in_heath(|z| z.spawns[0].y = 50_001) => ["zones.heath.spawns[0]: stands outside the floors"];
    a_death_too_long: in_heath(|z| z.respawn_ms = 60_001) => ["zones.heath.respawn_ms: must be at most 60000"];
    a_crowd_of_enemies: in_heath(|z| z.camps[0].count = ZONE_ENEMIES_MAX as u32 + 1) =>
        ["zones.heath.camps: more than 4096 enemies in all"];
    a_camp_of_strangers: in_heath(|z| z.camps[0].enemy = "yeti".into()) =>
        ["zones.heath.camps[0].enemy: names no enemy"];
    an_empty_camp: in_heath(|z| z.camps[0].count = 0) => ["zones.heath.camps[0].count: must be at least 1"];
    a_camp_in_the_wall: in_heath(|z| z.camps[0].spread_mm = 26_000) => ["zones.heath.camps[0]: reaches outside the floors"];
    a_camp_that_never_rests: in_heath(|z| z.camps[0].respawn_ms = 999) =>
        ["zones.heath.camps[0].respawn_ms: must be 1000 to 3600000"];
}

#[test]
fn an_enemy_that_notices_whom_it_cannot_be_shown_to_is_refused() {
    let said = mistakes(|content| {
        let zone = Zone {
            name: "Heath".into(),
            spawns: vec![Point { x: 0, y: 0 }],
            respawn_ms: 0,
            death_drops_slots: 0,
            floors: vec![Area { x: 0, y: 0, width: 10, height: 10 }],
            camps: vec![Camp {
                enemy: "rat".into(),
                at: Point { x: 5, y: 5 },
                count: 1,
                spread_mm: 0,
                respawn_ms: 1_000,
            }],
        };
        content.zones.insert("heath".into(), zone);
        let rat = content.enemies.get_mut("rat").unwrap();
        (rat.aggro_mm, rat.leash_mm) = (ZONE_SIGHT_MM + 1, ZONE_SIGHT_MM + 1);
    });
    assert_eq!(said, ["zones.heath.camps[0].enemy: notices players further off than one sees in a zone"]);
}
