//! Where each connection belongs, found in constant time: a connection's id has its place in the transport's table, and
//! this is a table beside that one.

use super::{ConnectionId, RoomKey, Ticket};

/// Where a connection belongs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Arriving(Ticket),
    Seated { room: RoomKey, seat: u8 },
    Parting,
}

/// The places of all connections.
#[derive(Debug, Default)]
pub(super) struct Places {
    by_index: Vec<Option<(ConnectionId, Place)>>,
    taken: usize,
}

impl Places {
    pub(super) fn get(&self, connection: ConnectionId) -> Option<&Place> {
        let (whose, place) = self.by_index.get(connection.index())?.as_ref()?;
        (*whose == connection).then_some(place)
    }

    /// Gives a connection a place, or another one.
    pub(super) fn insert(&mut self, connection: ConnectionId, place: Place) {
        if self.by_index.len() <= connection.index() {
            self.by_index.resize(connection.index() + 1, None);
        }
        if let Some(slot) = self.by_index.get_mut(connection.index()) {
            self.taken += usize::from(slot.is_none());
            *slot = Some((connection, place));
        }
    }

    pub(super) fn remove(&mut self, connection: ConnectionId) -> Option<Place> {
        let slot = self.by_index.get_mut(connection.index())?;
        let (_, place) = slot.take_if(|(whose, _)| *whose == connection)?;
        self.taken -= 1;
        Some(place)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.taken == 0
    }
}
