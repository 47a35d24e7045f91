//! What a room plays on. A dungeon is its own. A zone is many rooms': the shard keeps it and lends it to each of them in
//! turn, so that at every moment it has one owner, and a panic in one room's hands takes it away from all.

use super::{Dungeon, Occupant, Room};
use crate::recording::Recorder;
use crate::world::Effect;
use guildhall_domain::CharacterId;
use guildhall_domain::limits::SEATS_PER_SESSION_MAX;
use std::collections::BTreeMap;

/// The world, and what the rooms of a zone have to know of one another.
#[derive(Debug)]
pub(crate) struct Venue {
    pub(crate) dungeon: Dungeon,
    /// What has happened in the zone's last step; every room takes its own from it.
    pub(crate) happened: Vec<Effect>,
    /// In a zone; a dungeon's is its room's.
    pub(crate) recorder: Recorder,
    /// Everybody in the zone, by number.
    people: BTreeMap<u16, Person>,
}

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) character_id: CharacterId,
    pub(super) name: String,
}

impl Venue {
    /// A dungeon, or a zone with what records it.
    pub(crate) fn new(dungeon: Dungeon, recorder: Recorder) -> Box<Self> {
        Box::new(Self { dungeon, happened: Vec::new(), recorder, people: BTreeMap::new() })
    }

    /// Who has this number.
    pub(super) fn person(&self, number: u16) -> Option<&Person> {
        self.people.get(&number)
    }
}

impl Room {
    /// The dungeon with what records it: every act goes through that.
    pub(super) fn recorded<'a>(&'a mut self, venue: &'a mut Venue) -> (&'a mut Recorder, &'a mut Dungeon) {
        let recorder = if self.party.is_some() { &mut venue.recorder } else { &mut self.recorder };
        (recorder, &mut venue.dungeon)
    }

    /// The number in the world of the player in a seat.
    pub(super) fn number(&self, seat: u8) -> u16 {
        let first = self.party.unwrap_or_default().saturating_mul(SEATS_PER_SESSION_MAX as u16);
        first.saturating_add(u16::from(seat))
    }

    /// The seat of the player with this number, if it is one of this room's.
    pub(super) fn seat_of(&self, number: u16) -> Option<u8> {
        let seat = u8::try_from(number.checked_sub(self.number(0))?).ok()?;
        (usize::from(seat) < SEATS_PER_SESSION_MAX).then_some(seat)
    }

    /// The zone that the room plays in, if it does.
    pub(crate) fn zone_id(&self) -> Option<&str> {
        self.party.map(|_| self.dungeon_id.as_str())
    }

    /// Lends the room the zone that it plays in.
    pub(crate) fn lend(&mut self, venue: Option<Box<Venue>>) {
        self.venue = venue;
    }

    /// Gives the zone back. `None` if it is broken.
    pub(crate) fn give_back(&mut self) -> Option<Box<Venue>> {
        self.venue.take()
    }

    /// Lets the others in the zone know who is in a seat, or that nobody is.
    pub(super) fn register(&self, venue: &mut Venue, seat: u8) {
        if self.party.is_none() {
            return;
        }
        let number = self.number(seat);
        let occupant = self.seats.get(usize::from(seat)).and_then(Option::as_ref);
        match occupant.filter(|_| venue.dungeon.hot(number).is_some()) {
            Some(Occupant { character_id, name, .. }) => {
                let person = Person { character_id: *character_id, name: name.clone() };
                venue.people.insert(number, person);
            }
            None => drop(venue.people.remove(&number)),
        }
    }

    /// Takes the whole party out of its zone, without a word.
    pub(super) fn clear_out(&self, venue: &mut Venue) {
        for seat in (0_u8..).take(SEATS_PER_SESSION_MAX) {
            venue.recorder.leave(&mut venue.dungeon, self.number(seat), &mut Vec::new());
            venue.people.remove(&self.number(seat));
        }
    }
}
