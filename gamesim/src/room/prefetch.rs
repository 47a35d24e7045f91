//! Reading ahead. What a room needs for a message or a step lies in many places of memory, of which one tells where the next
//! is, and has left the caches since its last turn. Whoever handles many messages or steps many rooms has each of these
//! steps read for all of them, before the next: reads that do not follow from one another do not wait for one another.
//!
//! Nothing here changes anything, so that it can be left out.

use super::{Occupant, Presence, Room};
use std::hint::black_box;

impl Room {
    /// Reads who sits in a seat, the first step of a message.
    pub(crate) fn prefetch_seat(&self, seat: u8) {
        if let Some(Occupant { presence, conduct, .. }) = self.occupant(seat) {
            black_box((matches!(presence, Presence::Playing(_)), conduct.ticks()));
        }
    }

    /// Reads the connection of a seat, the second.
    pub(crate) fn prefetch_link(&self, seat: u8) {
        if let Some(Occupant { presence: Presence::Playing(link), .. }) = self.occupant(seat) {
            link.prefetch();
        }
    }

    /// Reads the room itself, the first step of its tick.
    pub(crate) fn prefetch(&self) {
        black_box((self.venue.is_some(), self.ending.is_some()));
        self.journal.prefetch();
        self.each_seat(|seat| self.prefetch_seat(seat));
    }

    /// Reads its connections and the head of its dungeon, the second.
    pub(crate) fn prefetch_parts(&self) {
        self.each_seat(|seat| self.prefetch_link(seat));
        if let Some(venue) = &self.venue {
            venue.dungeon.prefetch();
        }
    }

    /// Reads what these keep elsewhere, the last.
    pub(crate) fn prefetch_contents(&self) {
        for occupant in self.occupants() {
            if let Presence::Playing(link) = &occupant.presence {
                link.prefetch_contents();
                black_box(self.journal.stored(occupant.character_id));
            }
        }
        self.recorder.prefetch();
        if let Some(venue) = &self.venue {
            venue.dungeon.prefetch_contents();
        }
    }

    fn occupant(&self, seat: u8) -> Option<&Occupant> {
        self.seats.get(usize::from(seat))?.as_ref()
    }

    fn each_seat(&self, read: impl FnMut(u8)) {
        (0_u8..).take(self.seats.len()).for_each(read);
    }
}
