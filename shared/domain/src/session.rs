//! A game session: one party's run of one dungeon, or its stay in a zone, its seats, and the states it moves through.

use crate::api::{FormerPlacement, WriteName};
use crate::limits::SEATS_PER_SESSION_MAX;
use crate::{AccountId, CharacterId, GamesimId, LoginSessionId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a session is in its life. States only move forward: Reserved → Active → Ending → Ended, any → Lost; except that a
/// session whose game sim is dead is placed on another one, Reserved again under a new epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Allocated on a game sim; nobody has connected yet.
    Reserved,
    /// At least one player has been admitted.
    Active,
    /// Over; its last progress is being written.
    Ending,
    /// Closed by its game sim.
    Ended,
    /// Its game sim died or was replaced.
    Lost,
}

impl SessionState {
    /// Whether the session takes up room on a game sim and its characters are bound to it.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Reserved | Self::Active | Self::Ending)
    }
}

/// A game session as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The session.
    pub session_id: SessionId,
    /// Where it is in its life.
    pub state: SessionState,
    /// Fencing epoch: rises by one each time the session is placed on a game sim; whoever writes for it must name it.
    pub epoch: u32,
    /// Rises by one with every write of this row.
    pub revision: u64,
    /// The game sim that runs it.
    pub gamesim_id: GamesimId,
    /// Epoch (boot) of that game sim.
    pub gamesim_epoch: u64,
    /// Public UDP address of its shard, `ip:port`.
    pub address: String,
    /// Where it ran before, latest first: what its game sim goes on from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<FormerPlacement>,
    /// The greatest name of a last write of anybody who has left: what a game sim goes on from must have it, or who is still here
    /// would have once more what others took away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<WriteName>,
    /// Version of the content that it is played with, wherever it is placed.
    #[serde(default)]
    pub content_version: String,
    /// Id of the dungeon, or of the zone, in the content.
    pub dungeon_id: String,
    /// Whether that is a zone: there the session is one of many parties.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_zone: bool,
    /// Account that created it.
    pub created_by: AccountId,
    /// Fingerprint of the request that created it, so that a reused idempotency key is noticed.
    pub request_fingerprint: String,
    /// Seed of its random generator.
    pub seed: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its seats, in order; an empty place is `None`.
    pub seats: Vec<Option<Seat>>,
    /// How it ended, when it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// When the row may be forgotten, in seconds since 1970; a hint for the database, never trusted.
    pub expires_at: u64,
}

/// A seat that is taken. In a row it is one line: the names of four seats' fields would be a quarter of the row, and every
/// write is charged by the kilobyte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Seat {
    /// Who sits there.
    pub character_id: CharacterId,
    /// Whose character that is.
    pub account_id: AccountId,
    /// The login that took the seat: when it ends, the seat's player has to go.
    pub login_session_id: LoginSessionId,
    /// Its name, to show to the others.
    pub name: String,
    /// Waiting, playing or gone.
    pub state: SeatState,
    /// Until when a reserved seat waits for its player.
    pub reserved_until: Timestamp,
}

impl From<Seat> for String {
    fn from(seat: Seat) -> Self {
        let Seat { character_id, account_id, login_session_id, name, state, reserved_until } = seat;
        let state = state.letter();
        format!("{character_id} {account_id} {login_session_id} {state} {} {name}", reserved_until.0)
    }
}

impl TryFrom<String> for Seat {
    type Error = &'static str;

    fn try_from(line: String) -> Result<Self, Self::Error> {
        Self::parse(&line).ok_or("a line that is no seat")
    }
}

impl Seat {
    fn parse(line: &str) -> Option<Self> {
        // A name may have blanks, so it comes last.
        let mut words = line.splitn(6, ' ');
        let mut word = || words.next();
        Some(Self {
            character_id: word()?.parse().ok()?,
            account_id: word()?.parse().ok()?,
            login_session_id: word()?.parse().ok()?,
            state: SeatState::of_letter(word()?)?,
            reserved_until: Timestamp(word()?.parse().ok()?),
            name: word()?.to_owned(),
        })
    }
}

/// One who is to be seated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sitter {
    /// Whose character it is.
    pub account_id: AccountId,
    /// The character.
    pub character_id: CharacterId,
    /// The login that asks for the seat.
    pub login_session_id: LoginSessionId,
}

/// What a taken seat is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SeatState {
    /// A connect token has been given out; the player has not arrived yet.
    Reserved,
    /// The player was admitted by the game sim.
    Admitted,
    /// The player is gone and everything of theirs is written; the seat stays theirs in the record.
    Left,
}

impl SeatState {
    const ALL: [Self; 3] = [Self::Reserved, Self::Admitted, Self::Left];

    const fn letter(self) -> &'static str {
        match self {
            Self::Reserved => "r",
            Self::Admitted => "a",
            Self::Left => "l",
        }
    }

    fn of_letter(letter: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.letter() == letter)
    }
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The boss is dead.
    Cleared,
    /// Everybody left.
    Abandoned,
    /// Nobody came before the reservation ended.
    Expired,
    /// The game sim was told to stop.
    Drained,
    /// The game sim gave up on it, for example after a fault in its room.
    Failed,
}

impl Session {
    /// The zone that it is played in, if it is.
    pub fn zone_id(&self) -> Option<&str> {
        self.in_zone.then_some(self.dungeon_id.as_str())
    }

    /// The seat number of a character that still holds its seat at `now`.
    pub fn seat_of(&self, character_id: CharacterId, now: Timestamp) -> Option<usize> {
        self.seats.iter().position(|seat| seat.as_ref().is_some_and(|s| s.character_id == character_id && s.holds(now)))
    }

    /// The first seat that nobody holds at `now`.
    pub fn free_seat(&self, now: Timestamp) -> Option<usize> {
        let free = self.seats.iter().position(|seat| seat.as_ref().is_none_or(|s| !s.holds(now)));
        free.or_else(|| (self.seats.len() < SEATS_PER_SESSION_MAX).then_some(self.seats.len()))
    }
}

/// A session's hold on a character: while it lasts, only that session's game sim may write the character's hot state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Lease {
    /// The session.
    pub session_id: SessionId,
    /// The session's fencing epoch.
    pub epoch: u32,
    /// The game sim that runs it.
    pub gamesim_id: GamesimId,
    /// Epoch (boot) of that game sim.
    pub gamesim_epoch: u64,
}

impl Session {
    /// The lease that this session's placement holds on each of its characters.
    pub fn lease(&self) -> Lease {
        Lease {
            session_id: self.session_id,
            epoch: self.epoch,
            gamesim_id: self.gamesim_id.clone(),
            gamesim_epoch: self.gamesim_epoch,
        }
    }
}

impl Seat {
    /// Whether the seat is taken at `now`: a reservation that ran out is not, whatever the row still says.
    pub fn holds(&self, now: Timestamp) -> bool {
        match self.state {
            SeatState::Reserved => now < self.reserved_until,
            SeatState::Admitted => true,
            SeatState::Left => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_comes_back_from_its_line_and_nothing_else_passes_for_one() {
        for (state, name) in SeatState::ALL.into_iter().zip(["Ada", "Ada of the Moor", ""]) {
            let seat = Seat {
                character_id: CharacterId::from_bits(1),
                account_id: AccountId::from_bits(u128::MAX),
                login_session_id: LoginSessionId::from_bits(3),
                name: name.to_owned(),
                state,
                reserved_until: Timestamp(1_800_000_000_000),
            };
            assert_eq!(Seat::try_from(String::from(seat.clone())), Ok(seat));
        }
        let id = "0".repeat(32);
        let good = format!("{id} {id} {id} a 1 Ada");
        assert!(Seat::parse(&good).is_some());
        for wrong in ["", " ", &good[1..], &good.replace(" a ", " x "), &good.replace(" 1 ", " -1 "), &good[..100]] {
            assert_eq!(Seat::parse(wrong), None, "{wrong}");
        }
    }
}
