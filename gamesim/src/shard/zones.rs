//! The zones of a shard: which parties are in each, and the world that all of them play on. A zone begins with its first
//! party and goes with its last. Its rooms move in one slot of the tick, right after the zone itself.

use super::{Admitted, Room, RoomEffect, SLOTS_PER_TICK, SessionId, Shard, Venue};
use crate::world::{Command, Dungeon, Game};
use guildhall_domain::limits::ZONE_PARTIES_MAX;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// One zone.
#[derive(Debug)]
struct Zone {
    /// `None` while a room has it, and for good once it is broken.
    venue: Option<Box<Venue>>,
    /// The sessions in it, by the numbers of their parties.
    parties: BTreeMap<u16, SessionId>,
    slot: usize,
}

/// Every zone, by its id in the content.
#[derive(Debug, Default)]
pub(super) struct Zones(BTreeMap<String, Zone>);

impl Zones {
    /// Gives the session a place in the zone that it is to be played in, and the slot that its room moves in. `None` if that
    /// is no zone, or a full one.
    pub(super) fn enter(
        &mut self,
        game: &Arc<Game>,
        session_id: SessionId,
        admitted: &Admitted,
        slot: usize,
    ) -> Option<(u16, usize)> {
        if !game.content().zones.contains_key(&admitted.dungeon_id) {
            return None;
        }
        if !self.0.contains_key(&admitted.dungeon_id) {
            let venue = Venue::new(Dungeon::new(game, &admitted.dungeon_id, admitted.seed)?);
            let zone = Zone { venue: Some(venue), parties: BTreeMap::new(), slot };
            self.0.insert(admitted.dungeon_id.clone(), zone);
        }
        let zone = self.0.get_mut(&admitted.dungeon_id)?;
        let party = (0..ZONE_PARTIES_MAX as u16).find(|party| !zone.parties.contains_key(party))?;
        zone.parties.insert(party, session_id);
        Some((party, zone.slot))
    }

    /// The session has left its zone.
    pub(super) fn leave(&mut self, session_id: SessionId) {
        for zone in self.0.values_mut() {
            zone.parties.retain(|_, other| *other != session_id);
        }
        self.0.retain(|_, zone| !zone.parties.is_empty());
    }

    /// Takes the zone to lend it; `None` if there is none such, or it is broken.
    pub(super) fn take(&mut self, id: &str) -> Option<Box<Venue>> {
        self.0.get_mut(id)?.venue.take()
    }

    /// Takes it back.
    pub(super) fn put(&mut self, id: &str, venue: Option<Box<Venue>>) {
        if let Some(zone) = self.0.get_mut(id) {
            zone.venue = venue;
        }
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    fn sessions(&self, id: &str) -> Vec<SessionId> {
        self.0.get(id).map(|zone| zone.parties.values().copied().collect()).unwrap_or_default()
    }
}

impl Shard {
    /// Moves the zones of this slot on by one tick.
    pub(super) fn step_zones(&mut self, now_ms: u64) {
        let due = self.zones.0.iter().filter(|(_, zone)| zone.slot == self.slot);
        let due: Vec<_> = due.map(|(id, _)| id.clone()).collect();
        for id in due {
            let Some(mut venue) = self.zones.take(&id) else { continue };
            let mut commands: Vec<(u16, Command)> = Vec::new();
            for session_id in self.zones.sessions(&id) {
                if let Some(room) = self.rooms.get_mut(&session_id).filter(|room| !room.is_ending()) {
                    room.take_inputs(&mut commands);
                }
            }
            venue.happened.clear();
            let stepped = catch_unwind(AssertUnwindSafe(move || {
                let Venue { dungeon, happened, .. } = &mut *venue;
                dungeon.step(&commands, happened);
                venue
            }));
            match stepped {
                Ok(venue) => self.zones.put(&id, Some(venue)),
                Err(_) => self.break_zone(now_ms, &id),
            }
        }
    }

    /// A zone has panicked: all its rooms end with what was known before.
    pub(super) fn break_zone(&mut self, now_ms: u64, id: &str) {
        tracing::error!(zone_id = id, "a zone panicked and is closed");
        for session_id in self.zones.sessions(id) {
            self.with_room(now_ms, session_id, &mut Vec::new(), |room: &mut Room, effects: &mut Vec<RoomEffect>| {
                if !room.is_ending() {
                    room.fail(now_ms, effects);
                }
            });
        }
    }

    /// The slot with the fewest rooms; of equals, the one that comes first.
    pub(super) fn emptiest_slot(&self) -> usize {
        let nearest_first = (0..SLOTS_PER_TICK).map(|ahead| (self.slot + ahead) % SLOTS_PER_TICK);
        let emptiest = nearest_first.min_by_key(|slot| self.slots.get(*slot).map_or(usize::MAX, Vec::len));
        emptiest.unwrap_or_default()
    }
}
