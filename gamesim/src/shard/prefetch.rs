//! Which datagrams and which rooms are read ahead, and in which order: `room::prefetch` says why.

use super::{ConnectionId, Place, Room, RoomKey, Shard};
use std::net::SocketAddr;

/// Rooms that are read ahead together: what they need fits the first cache, of 32 KB or more.
const ROOMS_AHEAD: usize = 4;

/// After so many datagrams it shows whether it is worth looking for the others: forged addresses have no connection, and a flood
/// of them is not to cost more for being read ahead.
const SAMPLE: usize = 8;

/// Room for what is looked up on the way.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    connections: Vec<ConnectionId>,
    seats: Vec<(RoomKey, u8)>,
}

impl Shard {
    /// Reads what datagrams from these addresses are going to need, all of them at once. Changes nothing, and need not be called.
    pub fn prefetch(&mut self, from: impl Iterator<Item = SocketAddr>) {
        let Ahead { mut connections, mut seats } = std::mem::take(&mut self.ahead);
        for (place, from) in (1_usize..).zip(from) {
            connections.extend(self.server.connection_at(from));
            if place == SAMPLE && connections.len() < SAMPLE / 2 {
                break;
            }
        }
        for connection in connections.drain(..) {
            self.server.prefetch(connection);
            if let Some(Place::Seated { room, seat }) = self.places.get(connection) {
                seats.push((*room, *seat));
            }
        }
        seats.iter().for_each(|(room, _)| self.rooms.prefetch(*room));
        for (room, seat) in &seats {
            self.rooms.at(*room).inspect(|room| room.prefetch_seat(*seat));
        }
        for (room, seat) in seats.drain(..) {
            self.rooms.at(room).inspect(|room| room.prefetch_link(seat));
        }
        self.ahead = Ahead { connections, seats };
    }

    /// Reads what the room at `at` and the next few need for a step, if they have not been read yet.
    pub(super) fn prefetch_rooms(&self, rooms: &[RoomKey], at: usize) {
        if !at.is_multiple_of(ROOMS_AHEAD) {
            return;
        }
        let next = || rooms.iter().skip(at).take(ROOMS_AHEAD);
        let rooms = || next().filter_map(|room| self.rooms.at(*room));
        next().for_each(|room| self.rooms.prefetch(*room));
        rooms().for_each(Room::prefetch);
        rooms().for_each(Room::prefetch_parts);
        rooms().for_each(Room::prefetch_contents);
    }
}
