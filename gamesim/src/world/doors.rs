//! Chambers that are cleared, and the doors that open for it.

use super::Dungeon;
use super::effect::{Effect, WorldEvent, tell_all};

/// Opens the doors of every chamber in which nobody is left. A chamber that never held an enemy is cleared without a word.
pub(super) fn open_cleared(dungeon: &mut Dungeon, effects: &mut Vec<Effect>) {
    let Dungeon { map, chambers, doors, .. } = dungeon;
    for (index, chamber) in chambers.iter_mut().enumerate() {
        if chamber.living > 0 || chamber.cleared {
            continue;
        }
        chamber.cleared = true;
        tell_all(effects, WorldEvent::ChamberCleared { chamber: u8::try_from(index).unwrap_or(u8::MAX) });
        for door in doors.iter_mut().filter(|door| door.opens_with == index && !door.open) {
            door.open = true;
            map.open(door.area);
            tell_all(effects, WorldEvent::DoorOpened { entity: door.id });
        }
    }
}
