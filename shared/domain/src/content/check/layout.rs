//! What makes a dungeon one that a party can walk through, and only the way its doors allow; and a zone one whose every place
//! can be walked to.

use super::super::{Area, Camp, Chamber, Content, Dungeon, Point, Zone};
use super::Report;
use crate::limits::{
    DUNGEON_CHAMBERS_MAX, DUNGEON_DOORS_MAX, DUNGEON_ENEMIES_MAX, DUNGEON_EXTENT_MM_MAX, ZONE_ENEMIES_MAX,
    ZONE_FLOORS_MAX, ZONE_SIGHT_MM,
};

pub(super) fn dungeon(report: &mut Report, content: &Content, dungeon: &Dungeon, at: &str) {
    let chambers = &dungeon.chambers;
    let count = (1..=DUNGEON_CHAMBERS_MAX).contains(&chambers.len());
    report.require(count, || format!("{at}.chambers"), "must be 1 to 64");
    let enemies: usize = chambers.iter().map(|chamber| chamber.enemies.len()).sum();
    report.require(enemies <= DUNGEON_ENEMIES_MAX, || format!("{at}.chambers"), "more than 256 enemies in all");
    let spawn_inside = chambers.first().is_some_and(|first| first.area.contains(dungeon.spawn));
    report.require(spawn_inside, || format!("{at}.spawn"), "must lie in the first chamber");
    report.require(dungeon.respawn_ms <= 60_000, || format!("{at}.respawn_ms"), "must be at most 60000");
    let bosses: usize = (0..chambers.len()).map(|index| chamber(report, content, chambers, index, at)).sum();
    report.require(bosses == 1, || at.to_owned(), "must have exactly one boss");
    report.require(dungeon.doors.len() <= DUNGEON_DOORS_MAX, || format!("{at}.doors"), "must be at most 128");
    for index in 0..dungeon.doors.len() {
        door(report, dungeon, index, at);
    }
    let reached = reachable(dungeon);
    for (index, chamber) in chambers.iter().enumerate() {
        let inside = reached.contains(&chamber.id.as_str());
        report.require(inside, || format!("{at}.chambers[{index}]"), "cannot be reached from the first chamber");
    }
}

/// Checks one chamber and returns the number of bosses in it.
fn chamber(report: &mut Report, content: &Content, chambers: &[Chamber], index: usize, at: &str) -> usize {
    let here = format!("{at}.chambers[{index}]");
    let chamber = &chambers[index];
    area(report, &chamber.area, &here);
    let others = || chambers.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, other)| other);
    let unique = others().all(|other| other.id != chamber.id);
    report.require(unique, || here.clone(), "its id is taken by another chamber");
    // Floors that touch are one floor: a party would walk across without a door.
    let apart = others().all(|other| !other.area.touches(&chamber.area));
    report.require(apart, || format!("{here}.area"), "touches another chamber");
    let mut bosses = 0;
    for (nth, spawn) in chamber.enemies.iter().enumerate() {
        let at = || format!("{here}.enemies[{nth}]");
        let kind = content.enemies.get(&spawn.enemy);
        report.require(kind.is_some(), at, "names no enemy");
        report.require(chamber.area.contains(spawn.at), at, "stands outside its chamber");
        bosses += usize::from(kind.is_some_and(|kind| kind.boss));
    }
    bosses
}

fn door(report: &mut Report, dungeon: &Dungeon, index: usize, at: &str) {
    let here = format!("{at}.doors[{index}]");
    let door = &dungeon.doors[index];
    let chamber = |id: &str| dungeon.chambers.iter().find(|chamber| chamber.id == id);
    area(report, &door.area, &here);
    report.require(door.between[0] != door.between[1], || format!("{here}.between"), "must name two chambers");
    for id in &door.between {
        let reaches = chamber(id).is_some_and(|chamber| chamber.area.touches(&door.area));
        report.require(reaches, || format!("{here}.between"), "names no chamber that the door touches");
    }
    let mut strangers = dungeon.chambers.iter().filter(|chamber| !door.between.contains(&chamber.id));
    let apart_from_chambers = strangers.all(|chamber| !chamber.area.touches(&door.area));
    report.require(apart_from_chambers, || format!("{here}.area"), "touches a chamber that it does not join");
    let mut earlier = dungeon.doors.iter().take(index);
    let apart_from_doors = earlier.all(|other| !other.area.touches(&door.area));
    report.require(apart_from_doors, || format!("{here}.area"), "touches another door");
    let known = chamber(&door.opens_when_cleared).is_some();
    report.require(known, || format!("{here}.opens_when_cleared"), "names no chamber");
}

/// The chambers that a party can walk to, opening doors as it clears what it has reached.
fn reachable(dungeon: &Dungeon) -> Vec<&str> {
    let mut reached: Vec<&str> = dungeon.chambers.first().map(|first| first.id.as_str()).into_iter().collect();
    loop {
        let mut openable = dungeon.doors.iter().filter(|door| reached.contains(&door.opens_when_cleared.as_str()));
        let next = openable.find_map(|door| {
            let [a, b] = [door.between[0].as_str(), door.between[1].as_str()];
            match (reached.contains(&a), reached.contains(&b)) {
                (true, false) => Some(b),
                (false, true) => Some(a),
                _ => None,
            }
        });
        match next {
            Some(id) => reached.push(id),
            None => return reached,
        }
    }
}

fn area(report: &mut Report, area: &Area, at: &str) {
    let within = |from: i32, extent: i32| {
        from >= 0 && extent > 0 && from.checked_add(extent).is_some_and(|end| end <= DUNGEON_EXTENT_MM_MAX)
    };
    let fits = within(area.x, area.width) && within(area.y, area.height);
    report.require(fits, || format!("{at}.area"), "must lie between 0 and 655350 millimetres and have a size");
}

pub(super) fn zone(report: &mut Report, content: &Content, zone: &Zone, at: &str) {
    let count = (1..=ZONE_FLOORS_MAX).contains(&zone.floors.len());
    report.require(count, || format!("{at}.floors"), "must be 1 to 64");
    for (index, floor) in zone.floors.iter().enumerate() {
        area(report, floor, &format!("{at}.floors[{index}]"));
    }
    let connected = connected(&zone.floors);
    report.require(connected, || format!("{at}.floors"), "must all be joined: they touch or overlap");
    let is_floor = |point: Point| zone.floors.iter().any(|floor| floor.contains(point));
    report.require(!zone.spawns.is_empty(), || format!("{at}.spawns"), "at least one is needed");
    for (index, spawn) in zone.spawns.iter().enumerate() {
        report.require(is_floor(*spawn), || format!("{at}.spawns[{index}]"), "stands outside the floors");
    }
    report.require(zone.respawn_ms <= 60_000, || format!("{at}.respawn_ms"), "must be at most 60000");
    let enemies = zone.camps.iter().fold(0_usize, |sum, camp| sum.saturating_add(camp.count as usize));
    report.require(enemies <= ZONE_ENEMIES_MAX, || format!("{at}.camps"), "more than 4096 enemies in all");
    if enemies <= ZONE_ENEMIES_MAX {
        for (index, camp) in zone.camps.iter().enumerate() {
            self::camp(report, content, camp, is_floor, &format!("{at}.camps[{index}]"));
        }
    }
}

fn camp(report: &mut Report, content: &Content, camp: &Camp, is_floor: impl Fn(Point) -> bool, at: &str) {
    let kind = content.enemies.get(&camp.enemy);
    report.require(kind.is_some(), || format!("{at}.enemy"), "names no enemy");
    report.require(camp.count > 0, || format!("{at}.count"), "must be at least 1");
    // Nobody is noticed by what they cannot be shown.
    let is_seen = kind.is_none_or(|kind| kind.aggro_mm <= ZONE_SIGHT_MM);
    report.require(is_seen, || format!("{at}.enemy"), "notices players further off than one sees in a zone");
    let inside = camp.places().all(is_floor);
    report.require(inside, || at.to_owned(), "reaches outside the floors");
    let returns = (1_000..=3_600_000).contains(&camp.respawn_ms);
    report.require(returns, || format!("{at}.respawn_ms"), "must be 1000 to 3600000");
}

/// Whether one can walk from every floor to every other.
fn connected(floors: &[Area]) -> bool {
    let mut reached = vec![0];
    let mut next = 0;
    while let Some(&from) = reached.get(next) {
        let news = (0..floors.len()).filter(|to| floors[*to].touches(&floors[from]) && !reached.contains(to));
        let news: Vec<_> = news.collect();
        reached.extend(news);
        next += 1;
    }
    reached.len() >= floors.len()
}
