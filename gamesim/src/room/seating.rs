//! How players get into their seats and out of them: admitted, back from being away, gone for a while, gone for good.

use super::{
    AccountId, Change, Conduct, ConnectionId, EndingReason, GameEvent, Link, Occupant, Outcome, Parting, Presence,
    RefusalReason, Room, RoomEffect, Stream, UserData, Venue, view,
};
use guildhall_domain::{Character, CharacterId};

/// What a newly arrived client may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Its character holds the seat: it may sit down at once.
    Resume,
    /// The API has to say.
    Ask,
    /// It may not.
    Refuse(RefusalReason),
}

impl Room {
    /// What the bearer of a connect token may do here.
    pub(crate) fn judge(&self, user: &UserData) -> Claim {
        if self.is_ending() || user.session_epoch != self.placement.session_epoch {
            return Claim::Refuse(RefusalReason::Session);
        }
        let Some(seat) = self.seats.get(usize::from(user.seat)) else { return Claim::Refuse(RefusalReason::Seat) };
        match seat {
            // Who is still being written out of another seat would lose this one with the answer to that.
            None if self.occupants().any(|occupant| occupant.character_id == user.character_id) => {
                Claim::Refuse(RefusalReason::Seat)
            }
            None => Claim::Ask,
            Some(occupant) => match occupant.presence {
                // The seat is given back in a moment; what the API says until then is about to change.
                Presence::Leaving { .. } => Claim::Refuse(RefusalReason::Seat),
                _ if occupant.character_id == user.character_id && occupant.account_id == user.account_id => {
                    if occupant.is_admitted { Claim::Resume } else { Claim::Ask }
                }
                _ => Claim::Refuse(RefusalReason::Seat),
            },
        }
    }

    /// Gives a new connection the seat that its character holds; an old one is ended.
    pub(crate) fn resume(&mut self, seat: u8, connection: ConnectionId, effects: &mut Vec<RoomEffect>) {
        let Some(Some(occupant)) = self.seats.get_mut(usize::from(seat)) else { return };
        // Who is leaving has been refused already; for the others the stream goes on.
        let before = std::mem::replace(&mut occupant.presence, Presence::Leaving { since: 0 });
        let stream = match before {
            Presence::Playing(old) => {
                effects.push(RoomEffect::Drop(old.connection()));
                old.into_stream()
            }
            Presence::Away { stream, .. } => stream,
            Presence::Leaving { .. } => {
                occupant.presence = before;
                return;
            }
        };
        occupant.presence = Presence::Playing(Box::new(Link::new(connection, stream)));
        self.welcome(seat, None);
    }

    /// Seats a character whom the API has admitted, or brings it back to the seat that it held before the session came here.
    /// Without a connection its player is away from the start.
    pub(crate) fn admit(
        &mut self,
        now_ms: u64,
        seat: u8,
        character: Character,
        connection: Option<ConnectionId>,
    ) -> Result<(), RefusalReason> {
        match self.seats.get_mut(usize::from(seat)) {
            Some(None) => {}
            Some(Some(occupant)) if occupant.character_id == character.character_id && !occupant.is_admitted => {
                occupant.is_admitted = true;
                if let Some(connection) = connection {
                    // Nobody has been connected to the seat, so there is nobody to drop.
                    self.resume(seat, connection, &mut Vec::new());
                }
                return Ok(());
            }
            _ => return Err(RefusalReason::Seat),
        }
        let Some(mut venue) = self.venue.take() else { return Err(RefusalReason::Session) };
        let number = self.number(seat);
        let (account_id, character_id) = (character.account_id, character.character_id);
        let stored = character.hot.clone();
        let mut happened = Vec::new();
        let name = character.name.as_str();
        let (recorder, dungeon) = self.recorded(&mut venue);
        let sits = recorder.join(dungeon, number, name, (&character).into(), &mut happened);
        let (changes, progress_seq) = venue.dungeon.hot(number).map_or((false, 0), |(hot, seq)| (*hot != stored, seq));
        // What the store has is durable; if coming in changed the character, that is one change more.
        let stored = Change { character_id, hot: stored, progress_seq: progress_seq.saturating_sub(changes.into()) };
        self.journal.open(now_ms, account_id, character.version, stored);
        self.venue = Some(venue);
        if !sits {
            // The content lacks the character's class: it is given back at once.
            self.journal.release(now_ms, character_id);
            return Err(RefusalReason::Session);
        }
        let stream = self.fresh_stream(seat);
        let presence = match connection {
            Some(connection) => Presence::Playing(Box::new(Link::new(connection, stream))),
            None => Presence::Away { since_ms: now_ms, stream },
        };
        let occupant = Occupant {
            account_id,
            character_id,
            name: character.name.into(),
            presence,
            conduct: Conduct::default(),
            is_admitted: true,
        };
        if let Some(place) = self.seats.get_mut(usize::from(seat)) {
            *place = Some(occupant);
        }
        self.welcome(seat, Some(seat));
        if let Some(mut venue) = self.venue.take() {
            self.register(&mut venue, seat);
            self.route(now_ms, &venue.dungeon, &happened);
            self.venue = Some(venue);
        }
        Ok(())
    }

    /// A connection is gone without a word of leaving: the seat is kept for a while.
    pub(crate) fn handle_disconnect(&mut self, now_ms: u64, seat: u8, connection: ConnectionId) {
        if self.link_mut(seat, connection).is_none() {
            return;
        }
        if let Some(Some(occupant)) = self.seats.get_mut(usize::from(seat)) {
            occupant.presence.go_away(now_ms);
        }
    }

    /// The stream of somebody who sits down here.
    pub(super) fn fresh_stream(&self, seat: u8) -> Stream {
        Stream::starting_at(self.event_seqs.get(&seat).copied().unwrap_or_default())
    }

    /// Lets everybody go whose account has lost its right to play.
    pub(crate) fn expel(&mut self, now_ms: u64, account_id: AccountId, effects: &mut Vec<RoomEffect>) {
        let Some(mut venue) = self.venue.take() else { return };
        let theirs = |occupant: &Occupant| occupant.account_id == account_id;
        for seat in (0_u8..).take(self.seats.len()) {
            if self.seats.get(usize::from(seat)).and_then(Option::as_ref).is_some_and(theirs) {
                self.leave(now_ms, &mut venue, seat, Some(EndingReason::Revoked), effects);
            }
        }
        self.venue = Some(venue);
    }

    /// Ends the room because everybody has left.
    pub(crate) fn close_deserted(&mut self, now_ms: u64, effects: &mut Vec<RoomEffect>) {
        let outcome = self.venue.as_ref().and_then(|venue| venue.dungeon.outcome()).unwrap_or(Outcome::Abandoned);
        self.close(now_ms, EndingReason::Empty, outcome, effects);
    }

    /// Takes a character out of the dungeon for good and gives it back to its player, who hears why if it is not their wish.
    pub(super) fn leave(
        &mut self,
        now_ms: u64,
        venue: &mut Venue,
        seat: u8,
        reason: Option<EndingReason>,
        effects: &mut Vec<RoomEffect>,
    ) {
        self.record(now_ms, &venue.dungeon, seat, false);
        let mut happened = Vec::new();
        let number = self.number(seat);
        let (recorder, dungeon) = self.recorded(venue);
        recorder.leave(dungeon, number, &mut happened);
        self.register(venue, seat);
        self.route(now_ms, &venue.dungeon, &happened);
        let last_words = reason.map(|reason| GameEvent::SessionEnding { reason: reason.code() });
        self.see_off(now_ms, seat, last_words, effects);
    }

    /// Empties a seat as far as its player is concerned, and has the last write made.
    pub(super) fn see_off(
        &mut self,
        now_ms: u64,
        seat: u8,
        last_words: Option<GameEvent>,
        effects: &mut Vec<RoomEffect>,
    ) {
        let Some(Some(occupant)) = self.seats.get_mut(usize::from(seat)) else { return };
        if matches!(occupant.presence, Presence::Leaving { .. }) {
            return;
        }
        let since = self.journal.release(now_ms, occupant.character_id);
        match std::mem::replace(&mut occupant.presence, Presence::Leaving { since }) {
            Presence::Playing(mut link) => {
                last_words.into_iter().for_each(|event| link.tell(event));
                self.event_seqs.insert(seat, link.next_seq());
                let shown = link.last_shown();
                effects.push(RoomEffect::Part(Parting { link, shown }));
            }
            Presence::Away { stream, .. } => drop(self.event_seqs.insert(seat, stream.next_seq())),
            Presence::Leaving { .. } => {}
        }
    }

    /// The character's last write has landed.
    pub(super) fn vacate(&mut self, character_id: CharacterId) {
        for seat in &mut self.seats {
            if seat.as_ref().is_some_and(|occupant| occupant.character_id == character_id) {
                *seat = None;
            }
        }
    }

    /// Tells a new connection whose seat and entity are its own, and who else is here. The one in `announced` is not named:
    /// the world announces it itself.
    fn welcome(&mut self, seat: u8, announced: Option<u8>) {
        let (own, first) = (self.number(seat), self.number(0));
        let dungeon = self.venue.as_ref().map(|venue| &venue.dungeon);
        let my_entity = dungeon.and_then(|dungeon| dungeon.player_entity(own)).unwrap_or_default();
        let present = (0_u8..).zip(&self.seats).filter_map(|(number, occupant)| {
            let occupant =
                occupant.as_ref().filter(|occupant| !matches!(occupant.presence, Presence::Leaving { .. }))?;
            let (character_id, name) = (occupant.character_id, occupant.name.clone());
            let is_told = announced != Some(number);
            is_told.then_some(GameEvent::PlayerJoined { seat: first + u16::from(number), character_id, name })
        });
        let carried = dungeon.and_then(|dungeon| dungeon.carried(own)).map(view::inventory);
        let welcome = std::iter::once(GameEvent::Welcome { seat: own, my_entity });
        let events: Vec<_> = welcome.chain(carried).chain(present).collect();
        if let Some(Some(Occupant { presence: Presence::Playing(link), .. })) = self.seats.get_mut(usize::from(seat)) {
            events.into_iter().for_each(|event| link.tell(event));
        }
    }
}
