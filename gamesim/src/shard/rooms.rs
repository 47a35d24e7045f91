//! The rooms of a shard: found by session, and in constant time by whoever has found them before.

use super::{Room, SessionId};
use std::collections::BTreeMap;
use std::hint::black_box;

/// Where a session's room is, for as long as it is open. What is kept of a room that has gone finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RoomKey {
    index: u32,
    generation: u32,
    pub(super) session_id: SessionId,
}

/// Every room.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    by_session: BTreeMap<SessionId, RoomKey>,
    berths: Vec<Berth>,
    free: Vec<u32>,
}

/// Where a room may be, and how often one has gone from there.
#[derive(Debug, Default)]
struct Berth {
    generation: u32,
    room: Option<Box<Room>>,
}

impl Rooms {
    /// Where the room of a session is.
    pub(super) fn key(&self, session_id: SessionId) -> Option<RoomKey> {
        self.by_session.get(&session_id).copied()
    }

    pub(super) fn at(&self, key: RoomKey) -> Option<&Room> {
        let berth = self.berths.get(key.index as usize)?;
        berth.room.as_deref().filter(|_| berth.generation == key.generation)
    }

    pub(super) fn at_mut(&mut self, key: RoomKey) -> Option<&mut Room> {
        let berth = self.berths.get_mut(key.index as usize)?;
        berth.room.as_deref_mut().filter(|_| berth.generation == key.generation)
    }

    /// Reads where a room is.
    pub(super) fn prefetch(&self, key: RoomKey) {
        black_box(self.berths.get(key.index as usize).map(|berth| berth.generation));
    }

    pub(super) fn get(&self, session_id: SessionId) -> Option<&Room> {
        self.at(self.key(session_id)?)
    }

    pub(super) fn get_mut(&mut self, session_id: SessionId) -> Option<&mut Room> {
        self.at_mut(self.key(session_id)?)
    }

    /// Adds a room, of whose session there is none.
    pub(super) fn insert(&mut self, room: Room) -> RoomKey {
        let session_id = room.placement().session_id;
        let index = self.free.pop().unwrap_or_else(|| {
            self.berths.push(Berth::default());
            u32::try_from(self.berths.len() - 1).unwrap_or(u32::MAX)
        });
        let mut key = RoomKey { index, generation: 0, session_id };
        if let Some(berth) = self.berths.get_mut(index as usize) {
            key.generation = berth.generation;
            berth.room = Some(Box::new(room));
        }
        self.by_session.insert(session_id, key);
        key
    }

    pub(super) fn remove(&mut self, session_id: SessionId) -> Option<Box<Room>> {
        let key = self.by_session.remove(&session_id)?;
        self.free.push(key.index);
        let berth = self.berths.get_mut(key.index as usize)?;
        berth.generation = berth.generation.wrapping_add(1);
        berth.room.take()
    }

    pub(super) fn clear(&mut self) {
        for session_id in self.sessions().collect::<Vec<_>>() {
            self.remove(session_id);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_session.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_session.is_empty()
    }

    pub(super) fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.by_session.keys().copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Room> {
        self.berths.iter().filter_map(|berth| berth.room.as_deref())
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Room> {
        self.berths.iter_mut().filter_map(|berth| berth.room.as_deref_mut())
    }
}
