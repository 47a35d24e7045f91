//! The moves of a game session: who may sit down, arrive, leave, and when it is over. Each takes the row as read and gives
//! the row to write, one revision on; the write is conditional on the revision, so two moves never mix.

use crate::api::FormerPlacement;
use crate::limits::{IDEMPOTENCY_RETENTION_S, RESUMPTION_RESERVATION_S, SEAT_RESERVATION_S, SESSION_MOVES_KEPT_MAX};
use crate::session::Outcome;
use crate::{CharacterId, GamesimId, Seat, SeatState, Session, SessionState, Timestamp};

/// Why a move is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The session has ended or is ending.
    #[error("the game session is over")]
    Over,
    /// Every seat is held.
    #[error("every seat of the game session is taken")]
    Full,
    /// The seat is not this character's, or not any more.
    #[error("the seat belongs to somebody else")]
    SeatLost,
    /// Somebody still holds a seat, so the session cannot expire.
    #[error("a seat of the game session is held")]
    SeatsHeld,
}

impl Session {
    /// Reserves a seat for the one in `seat`; gives back the row to write and the number of the seat. A character that
    /// holds a seat keeps it, with its reservation renewed; one that let its seat go takes that one again, so that nobody
    /// is ever written down twice.
    pub fn reserve(&self, mut seat: Seat, now: Timestamp) -> Result<(Self, u8), Refused> {
        if !matches!(self.state, SessionState::Reserved | SessionState::Active) {
            return Err(Refused::Over);
        }
        let index = self.seat_named(seat.character_id).or_else(|| self.free_seat(now)).ok_or(Refused::Full)?;
        let mut next = self.next();
        if index >= next.seats.len() {
            next.seats.resize(index + 1, None);
        }
        let place = next.seats.get_mut(index).ok_or(Refused::Full)?;
        if place
            .as_ref()
            .is_some_and(|held| held.character_id == seat.character_id && held.state == SeatState::Admitted)
        {
            seat.state = SeatState::Admitted;
        }
        seat.reserved_until = now.plus_secs(SEAT_RESERVATION_S);
        *place = Some(seat);
        Ok((next, u8::try_from(index).map_err(|_| Refused::Full)?))
    }

    /// The number of the seat that the one in `seat` has until `until` without another reservation: the same player, by the
    /// same login.
    pub fn kept(&self, seat: &Seat, until: Timestamp) -> Option<u8> {
        let is_open = matches!(self.state, SessionState::Reserved | SessionState::Active);
        let is_same = |held: &&Seat| {
            let names = |seat: &Seat| (seat.character_id, seat.account_id, seat.login_session_id);
            names(held) == names(seat) && held.holds(until)
        };
        let number = self.seats.iter().position(|held| held.as_ref().filter(is_same).is_some());
        number.filter(|_| is_open).and_then(|number| u8::try_from(number).ok())
    }

    /// The player has arrived: the seat is theirs until they leave, and the session is active. `None` if that is so already.
    ///
    /// Whoever arrives first where the session was placed anew is admitted together with everybody who holds a seat: the room
    /// that opens for them goes on with all of these in it, and gives those back who do not come.
    pub fn admit(&self, number: u8, character_id: CharacterId, now: Timestamp) -> Result<Option<Self>, Refused> {
        if !matches!(self.state, SessionState::Reserved | SessionState::Active) {
            return Err(Refused::Over);
        }
        let mut next = self.next();
        let seat = next.seats.get_mut(usize::from(number)).and_then(Option::as_mut).ok_or(Refused::SeatLost)?;
        if seat.character_id != character_id || seat.state == SeatState::Left {
            return Err(Refused::SeatLost);
        }
        if self.state == SessionState::Active && seat.state == SeatState::Admitted {
            return Ok(None);
        }
        seat.state = SeatState::Admitted;
        if self.state == SessionState::Reserved && !self.former.is_empty() {
            next.seats
                .iter_mut()
                .flatten()
                .filter(|seat| seat.holds(now))
                .for_each(|seat| seat.state = SeatState::Admitted);
        }
        next.state = SessionState::Active;
        Ok(Some(next))
    }

    /// The character's last write is done: its seat is free again, or `None` if it holds none.
    pub fn leave(&self, character_id: CharacterId) -> Option<Self> {
        let mut next = self.next();
        let mut seats = next.seats.iter_mut().flatten();
        let seat = seats.find(|seat| seat.character_id == character_id && seat.state != SeatState::Left)?;
        seat.state = SeatState::Left;
        Some(next)
    }

    /// Closes the session for good. An expired one can only be closed while nobody holds a seat.
    pub fn end(&self, outcome: Outcome, now: Timestamp) -> Result<Self, Refused> {
        if !self.state.is_live() {
            return Err(Refused::Over);
        }
        let held = self.seats.iter().flatten().any(|seat| seat.holds(now));
        if outcome == Outcome::Expired && held {
            return Err(Refused::SeatsHeld);
        }
        Ok(self.closed(SessionState::Ended, Some(outcome), now))
    }

    /// Gives the session up because its game sim is gone.
    pub fn lose(&self, now: Timestamp) -> Result<Self, Refused> {
        if self.state.is_live() { Ok(self.closed(SessionState::Lost, None, now)) } else { Err(Refused::Over) }
    }

    /// Places the session on another game sim under a new epoch, because its own is dead. Who holds a seat keeps it, and has
    /// a while to come back to it.
    pub fn relocate(
        &self,
        gamesim_id: &GamesimId,
        gamesim_epoch: u64,
        address: String,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        if !matches!(self.state, SessionState::Reserved | SessionState::Active) {
            return Err(Refused::Over);
        }
        let mut next = self.next();
        let before = FormerPlacement {
            session_epoch: self.epoch,
            gamesim_id: self.gamesim_id.clone(),
            gamesim_epoch: self.gamesim_epoch,
            port: self.address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or_default(),
        };
        next.former.insert(0, before);
        next.former.truncate(SESSION_MOVES_KEPT_MAX);
        next.state = SessionState::Reserved;
        next.epoch += 1;
        next.gamesim_id = gamesim_id.clone();
        next.gamesim_epoch = gamesim_epoch;
        next.address = address;
        for seat in next.seats.iter_mut().flatten().filter(|seat| seat.holds(now)) {
            seat.state = SeatState::Reserved;
            seat.reserved_until = now.plus_secs(RESUMPTION_RESERVATION_S);
        }
        Ok(next)
    }

    /// Frees a seat whose character turned out to be bound elsewhere, within the move that this is a part of.
    pub fn give_up(&mut self, character_id: CharacterId) {
        if let Some(seat) = self.seats.iter_mut().flatten().find(|seat| seat.character_id == character_id) {
            seat.state = SeatState::Left;
        }
    }

    /// The characters whose lease this session may still hold.
    pub fn bound(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().flatten().filter(|seat| seat.state != SeatState::Left)
    }

    fn closed(&self, state: SessionState, outcome: Option<Outcome>, now: Timestamp) -> Self {
        let mut next = self.next();
        next.state = state;
        next.outcome = outcome;
        // Kept for as long as the idempotency key that made it may come back.
        next.expires_at = now.plus_secs(IDEMPOTENCY_RETENTION_S).as_secs();
        for seat in next.seats.iter_mut().flatten() {
            seat.state = SeatState::Left;
        }
        next
    }

    /// The seat that names the character, whether it is held or was let go.
    fn seat_named(&self, character_id: CharacterId) -> Option<usize> {
        self.seats.iter().position(|seat| seat.as_ref().is_some_and(|seat| seat.character_id == character_id))
    }

    fn next(&self) -> Self {
        let mut next = self.clone();
        next.revision += 1;
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, LoginSessionId, SessionId};

    const NOW: Timestamp = Timestamp(1_000_000);

    fn seat(bits: u128) -> Seat {
        Seat {
            character_id: CharacterId::from_bits(bits),
            account_id: AccountId::from_bits(bits),
            login_session_id: LoginSessionId::from_bits(bits),
            name: format!("hero {bits}"),
            state: SeatState::Reserved,
            reserved_until: Timestamp(0),
        }
    }

    fn session() -> Session {
        Session {
            session_id: SessionId::from_bits(1),
            state: SessionState::Reserved,
            epoch: 1,
            revision: 1,
            gamesim_id: "sim-1".parse().unwrap(),
            gamesim_epoch: 1,
            address: "127.0.0.1:1".into(),
            former: Vec::new(),
            left: None,
            content_version: "0".into(),
            dungeon_id: "goblin-warren".into(),
            in_zone: false,
            created_by: AccountId::from_bits(1),
            request_fingerprint: String::new(),
            seed: 7,
            created_at: NOW,
            seats: Vec::new(),
            outcome: None,
            expires_at: 0,
        }
    }

    #[test]
    fn a_seat_is_kept_by_who_has_it_for_long_enough() {
        let (session, _) = session().reserve(seat(1), NOW).unwrap();
        let end = NOW.plus_secs(SEAT_RESERVATION_S);
        let before = Timestamp(end.0 - 1);
        assert_eq!((session.kept(&seat(1), before), session.kept(&seat(1), end)), (Some(0), None));
        assert_eq!(session.kept(&seat(2), before), None, "somebody else");
        let later_login = Seat { login_session_id: LoginSessionId::from_bits(2), ..seat(1) };
        assert_eq!(session.kept(&later_login, before), None);
        let admitted = session.admit(0, CharacterId::from_bits(1), NOW).unwrap().unwrap();
        assert_eq!(admitted.kept(&seat(1), end), Some(0));
        let moved = admitted.relocate(&"sim-2".parse().unwrap(), 1, "127.0.0.1:2".into(), NOW).unwrap();
        assert_eq!(
            moved.kept(&seat(1), end),
            Some(0),
            "whoever is to go on has the seat for longer than a ticket lasts"
        );
        let ended = admitted.end(Outcome::Cleared, NOW).unwrap();
        assert_eq!(ended.kept(&seat(1), NOW), None);
    }

    #[test]
    fn four_sit_down_and_the_fifth_waits_for_a_reservation_to_end() {
        let mut session = session();
        for bits in 0..4 {
            let (next, number) = session.reserve(seat(bits), NOW).unwrap();
            assert_eq!((u128::from(number), next.revision), (bits, session.revision + 1));
            session = next;
        }
        assert_eq!(session.reserve(seat(9), NOW), Err(Refused::Full));
        let later = NOW.plus_secs(SEAT_RESERVATION_S);
        let (next, number) = session.reserve(seat(9), later).unwrap();
        assert_eq!(number, 0);
        assert_eq!(next.admit(0, CharacterId::from_bits(0), NOW), Err(Refused::SeatLost));
    }

    #[test]
    fn an_admitted_player_keeps_the_seat_and_comes_back_to_it() {
        let (session, number) = session().reserve(seat(5), NOW).unwrap();
        let session = session.admit(number, CharacterId::from_bits(5), NOW).unwrap().unwrap();
        assert_eq!(session.state, SessionState::Active);
        let (again, same) = session.reserve(seat(5), NOW.plus_secs(3_600)).unwrap();
        assert_eq!(same, number);
        assert_eq!(again.seats[0].as_ref().unwrap().state, SeatState::Admitted);
    }

    #[test]
    fn who_reserves_again_without_having_arrived_has_not_arrived() {
        let (session, _) = session().reserve(seat(5), NOW).unwrap();
        let (again, _) = session.reserve(seat(5), NOW.plus_secs(1)).unwrap();
        assert_eq!(again.seats[0].as_ref().unwrap().state, SeatState::Reserved);
        // Nor has who takes the seat of somebody that had, and left.
        let left = session.admit(0, CharacterId::from_bits(5), NOW).unwrap().unwrap().leave(CharacterId::from_bits(5));
        let (taken, number) = left.unwrap().reserve(seat(6), NOW).unwrap();
        assert_eq!((number, taken.seats[0].as_ref().unwrap().state), (0, SeatState::Reserved));
    }

    #[test]
    fn who_turns_out_to_be_bound_elsewhere_gives_up_the_seat_alone() {
        let (session, _) = session().reserve(seat(5), NOW).unwrap();
        let (mut session, _) = session.reserve(seat(6), NOW).unwrap();
        session.give_up(CharacterId::from_bits(6));
        session.give_up(CharacterId::from_bits(7));
        assert!(session.bound().map(|seat| seat.character_id).eq([CharacterId::from_bits(5)]));
    }

    #[test]
    fn a_session_in_a_zone_says_which() {
        let dungeon = session();
        let zone = Session { in_zone: true, dungeon_id: "moor".into(), ..dungeon.clone() };
        assert_eq!((dungeon.zone_id(), zone.zone_id()), (None, Some("moor")));
    }

    #[test]
    fn nobody_is_written_down_twice() {
        let mut session = session();
        for bits in 0..3 {
            session = session.reserve(seat(bits), NOW).unwrap().0;
        }
        let late = NOW.plus_secs(SEAT_RESERVATION_S);
        let (lapsed, number) = session.reserve(seat(2), late).unwrap();
        assert_eq!((number, lapsed.bound().count()), (2, 3));
        let (back, number) = session.leave(CharacterId::from_bits(1)).unwrap().reserve(seat(1), late).unwrap();
        assert_eq!((number, back.bound().count()), (1, 3));
    }

    #[test]
    fn a_session_that_moves_keeps_its_seats_and_takes_a_new_epoch() {
        let (session, _) = session().reserve(seat(5), NOW).unwrap();
        let (session, _) = session.reserve(seat(6), NOW).unwrap();
        let session = session.admit(0, CharacterId::from_bits(5), NOW).unwrap().unwrap();
        // Long after, the second has not come.
        let late = NOW.plus_secs(3_600);
        let moved = session.relocate(&"sim-2".parse().unwrap(), 7, "127.0.0.1:9".into(), late).unwrap();
        assert_eq!((moved.state, moved.epoch, moved.revision), (SessionState::Reserved, 2, session.revision + 1));
        assert_eq!((moved.gamesim_id.as_str(), moved.gamesim_epoch), ("sim-2", 7));
        let before = &moved.former[0];
        assert_eq!((before.session_epoch, before.gamesim_id.as_str(), before.port), (1, "sim-1", 1));
        assert_eq!(moved.seat_of(CharacterId::from_bits(5), late), Some(0));
        assert_eq!(moved.seat_of(CharacterId::from_bits(6), late), None);
        assert_eq!(moved.seat_of(CharacterId::from_bits(5), late.plus_secs(RESUMPTION_RESERVATION_S)), None);
        let mut again = moved;
        for epoch in 3..12 {
            again = again.relocate(&"sim-3".parse().unwrap(), 1, "[::1]:9".into(), late).unwrap();
            assert_eq!(again.epoch, epoch);
        }
        assert_eq!((again.former.len(), again.former[0].session_epoch), (SESSION_MOVES_KEPT_MAX, 10));
        assert_eq!(
            again.lose(late).unwrap().relocate(&"sim-4".parse().unwrap(), 1, String::new(), late),
            Err(Refused::Over)
        );
    }

    #[test]
    fn the_first_who_arrives_after_a_move_brings_everybody_along_who_holds_a_seat() {
        let mut session = session();
        for bits in 0..4 {
            session = session.reserve(seat(bits), NOW).unwrap().0;
        }
        let states = |session: &Session| session.seats.iter().flatten().map(|seat| seat.state).collect::<Vec<_>>();
        let admit =
            |session: &Session, number: u8, now| session.admit(number, CharacterId::from_bits(number.into()), now);
        let session = admit(&session, 0, NOW).unwrap().unwrap();
        assert_eq!(states(&session)[1..], [SeatState::Reserved; 3], "who comes to a new session comes alone");
        let session = admit(&session, 1, NOW).unwrap().unwrap().leave(CharacterId::from_bits(1)).unwrap();
        let session = admit(&session, 2, NOW).unwrap().unwrap();
        assert_eq!(admit(&session, 2, NOW), Ok(None), "who is admitted is");
        // The fourth has let the reservation go, the second has left.
        let late = NOW.plus_secs(SEAT_RESERVATION_S);
        let moved = session.relocate(&"sim-2".parse().unwrap(), 7, "127.0.0.1:9".into(), late).unwrap();
        assert_eq!(admit(&moved, 1, late), Err(Refused::SeatLost));
        let entered = admit(&moved, 2, late).unwrap().unwrap();
        assert_eq!((entered.state, entered.revision), (SessionState::Active, moved.revision + 1));
        let expected = [SeatState::Admitted, SeatState::Left, SeatState::Admitted, SeatState::Reserved];
        assert_eq!(states(&entered), expected);
        assert_eq!((admit(&entered, 0, late), admit(&entered, 2, late)), (Ok(None), Ok(None)));
    }

    #[test]
    fn states_only_move_forward() {
        let (session, number) = session().reserve(seat(5), NOW).unwrap();
        assert_eq!(session.end(Outcome::Expired, NOW), Err(Refused::SeatsHeld));
        let ended = session.end(Outcome::Cleared, NOW).unwrap();
        assert_eq!(ended.state, SessionState::Ended);
        assert_eq!(ended.end(Outcome::Cleared, NOW), Err(Refused::Over));
        assert_eq!(ended.lose(NOW), Err(Refused::Over));
        assert_eq!(ended.admit(number, CharacterId::from_bits(5), NOW), Err(Refused::Over));
        assert_eq!(ended.reserve(seat(6), NOW).unwrap_err(), Refused::Over);
        assert_eq!(ended.bound().count(), 0);
    }
}
