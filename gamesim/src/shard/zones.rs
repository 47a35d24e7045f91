//! The zones of a shard: which parties are in each, and the world that all of them play on. A zone begins with its first
//! party and goes with its last. Its rooms move in one slot of the tick, right after the zone itself.

use super::{Admitted, Placement, Request, Room, RoomConfig, RoomEffect, SLOTS_PER_TICK, SessionId, Shard, Venue};
use crate::recording::{Beginning, Recorder, RecordingPart};
use crate::world::{Command, Dungeon};
use guildhall_domain::limits::ZONE_PARTIES_MAX;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One zone.
#[derive(Debug)]
struct Zone {
    /// `None` while a room has it, and for good once it is broken.
    venue: Option<Box<Venue>>,
    /// The sessions in it, by the numbers of their parties.
    parties: BTreeMap<u16, SessionId>,
    slot: usize,
}

/// A session's place in a zone.
#[derive(Debug)]
pub(super) struct Berth {
    /// The number of its party.
    pub(super) party: u16,
    /// The slot in which the zone moves.
    pub(super) slot: usize,
    /// What is to be stored in place of a recording of its own.
    pub(super) reference: Option<RecordingPart>,
}

/// Every zone, by its id in the content.
#[derive(Debug, Default)]
pub(super) struct Zones(BTreeMap<String, Zone>);

impl Zones {
    /// Gives the session a place in the zone that it is to be played in, and the slot that its room moves in. `None` if that
    /// is no zone, or a full one.
    pub(super) fn enter(
        &mut self,
        now_ms: u64,
        config: &RoomConfig,
        placement: &Placement,
        admitted: &Admitted,
        slot: usize,
    ) -> Option<Berth> {
        let game = &config.game;
        if !game.content().zones.contains_key(&admitted.dungeon_id) {
            return None;
        }
        let mut reference = None;
        let subject = config.subject(placement, &admitted.dungeon_id);
        if let Some(zone) = self.0.get(&admitted.dungeon_id) {
            let recorded = zone.venue.as_ref().and_then(|venue| venue.recorder.subject());
            reference = recorded.and_then(|recorded| Recorder::refer(now_ms, subject, recorded));
        } else {
            let dungeon = Dungeon::new(game, &admitted.dungeon_id, admitted.seed)?;
            let start = || Recorder::start(now_ms, subject, Beginning::Seed(admitted.seed), &dungeon);
            let recorder = if config.keeps_recordings { start() } else { Recorder::default() };
            let venue = Venue::new(dungeon, recorder);
            let zone = Zone { venue: Some(venue), parties: BTreeMap::new(), slot };
            self.0.insert(admitted.dungeon_id.clone(), zone);
        }
        let zone = self.0.get_mut(&admitted.dungeon_id)?;
        let party = (0..ZONE_PARTIES_MAX as u16).find(|party| !zone.parties.contains_key(party))?;
        zone.parties.insert(party, placement.session_id);
        Some(Berth { party, slot: zone.slot, reference })
    }

    /// The session has left its zone. Returns the end of the zone's recording, if it was the last one.
    pub(super) fn leave(&mut self, session_id: SessionId) -> Option<RecordingPart> {
        for zone in self.0.values_mut() {
            zone.parties.retain(|_, other| *other != session_id);
        }
        let deserted = self.0.extract_if(.., |_, zone| zone.parties.is_empty()).next();
        let mut venue = deserted?.1.venue?;
        venue.recorder.finish(Some(&venue.dungeon))
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
                if let Some(room) = self.rooms.get_mut(session_id).filter(|room| !room.is_ending()) {
                    room.take_inputs(&mut commands);
                }
            }
            venue.happened.clear();
            // The tape outlives a world that panics.
            let mut recorder = std::mem::take(&mut venue.recorder);
            let stepped = catch_unwind(AssertUnwindSafe(|| {
                let Venue { dungeon, happened, .. } = &mut *venue;
                recorder.step(dungeon, &commands, happened);
            }));
            if stepped.is_ok() {
                let part = recorder.poll_part(now_ms, &venue.dungeon);
                self.requests.extend(part.map(Request::Record));
                venue.recorder = recorder;
                self.zones.put(&id, Some(venue));
            } else {
                self.requests.extend(recorder.finish(None).map(Request::Record));
                self.break_zone(now_ms, &id);
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
