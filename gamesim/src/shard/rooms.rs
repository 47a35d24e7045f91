//! The rooms of a shard: found by session, and in constant time by whoever has found them before.

use super::{Room, SessionId};
use std::collections::BTreeMap;

/// Where a session's room is, for as long as it is open. What is kept of a room that has gone finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RoomKey {
    index: usize,
    pub(super) session_id: SessionId,
}

/// Every room.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    by_session: BTreeMap<SessionId, usize>,
    rooms: Vec<Option<Box<Room>>>,
    free: Vec<usize>,
}

impl Rooms {
    /// Where the room of a session is.
    pub(super) fn key(&self, session_id: SessionId) -> Option<RoomKey> {
        self.by_session.get(&session_id).map(|index| RoomKey { index: *index, session_id })
    }

    pub(super) fn at(&self, key: RoomKey) -> Option<&Room> {
        let room = self.rooms.get(key.index)?.as_deref()?;
        (room.placement().session_id == key.session_id).then_some(room)
    }

    pub(super) fn at_mut(&mut self, key: RoomKey) -> Option<&mut Room> {
        let room = self.rooms.get_mut(key.index)?.as_deref_mut()?;
        (room.placement().session_id == key.session_id).then_some(room)
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
            self.rooms.push(None);
            self.rooms.len() - 1
        });
        if let Some(place) = self.rooms.get_mut(index) {
            *place = Some(Box::new(room));
        }
        self.by_session.insert(session_id, index);
        RoomKey { index, session_id }
    }

    pub(super) fn remove(&mut self, session_id: SessionId) -> Option<Box<Room>> {
        let index = self.by_session.remove(&session_id)?;
        self.free.push(index);
        self.rooms.get_mut(index)?.take()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
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
        self.rooms.iter().flatten().map(|room| &**room)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Room> {
        self.rooms.iter_mut().flatten().map(|room| &mut **room)
    }
}
