//! Game sessions, as players see them.

use crate::session::Outcome;
use crate::{CharacterId, SeatState, Session, SessionId, SessionState, Timestamp};
use serde::{Deserialize, Serialize};

/// Create a game session and take its first seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateGameSessionRequest {
    /// Who plays.
    pub character_id: CharacterId,
    /// Id of the dungeon, or of the zone, in the content.
    pub dungeon_id: String,
    /// Build that the game sim must be of, if it matters to the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_version: Option<String>,
    /// Companion tickets of the others, at most three: their seats are reserved with the first one, or nothing is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub companions: Vec<String>,
}

/// Consent to be seated in a session that somebody else creates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IssueCompanionTicketRequest {
    /// Who would play.
    pub character_id: CharacterId,
}

/// A consent, to be handed to whoever creates the session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CompanionTicketIssued {
    /// The ticket. Whoever has it can use it.
    pub ticket: String,
    /// How long it can be used, in seconds.
    pub expires_in_s: u64,
}

impl std::fmt::Debug for CompanionTicketIssued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CompanionTicketIssued").field("expires_in_s", &self.expires_in_s).finish_non_exhaustive()
    }
}

/// Join a game session, or come back to one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinGameSessionRequest {
    /// Path parameter.
    pub session_id: SessionId,
    /// Who plays.
    pub character_id: CharacterId,
}

/// Which game session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GameSessionPath {
    /// Path parameter.
    pub session_id: SessionId,
}

/// The answer to create and join: where to go, and the ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Placement {
    /// The session.
    pub game_session: GameSessionView,
    /// How to connect.
    pub connect: Connect,
}

/// A party waits, because no game sim has room for it. It is polled for, or it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlacementTicket {
    /// Names the ticket, and the session that the party will get.
    pub ticket_id: SessionId,
    /// Its place among those who want the same of a game sim; 1 is the next one.
    pub position: u32,
    /// When to poll, in milliseconds from now.
    pub poll_after_ms: u64,
    /// How long the ticket lasts without another poll, in seconds.
    pub expires_in_s: u64,
}

/// The answer for a party that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Queued {
    /// The ticket.
    pub placement_ticket: PlacementTicket,
}

/// What has become of a request for a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Standing {
    /// It is placed.
    Placed(Placement),
    /// It waits.
    Queued(Queued),
}

/// Which placement ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlacementTicketPath {
    /// Path parameter.
    pub ticket_id: SessionId,
}

/// The answer to cancelling a placement ticket; the same however often it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TicketCancelled {
    /// Always true: the ticket leads to no session.
    pub cancelled: bool,
}

/// How to connect to the game sim.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Connect {
    /// UDP address, `ip:port`.
    pub address: String,
    /// NETCODE 1.02 connect token, base64 of 2,048 bytes; works once.
    pub token: String,
    /// How long the token lasts, in seconds.
    pub expires_in_s: u64,
    /// Number of the seat.
    pub seat: u8,
    /// Which placement of the session this is. What was heard over UDP holds on for the same seat of the same placement.
    pub session_epoch: u32,
}

impl std::fmt::Debug for Connect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connect").field("address", &self.address).field("seat", &self.seat).finish_non_exhaustive()
    }
}

/// A game session as players see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GameSessionView {
    /// The session.
    pub session_id: SessionId,
    /// Where it is in its life.
    pub state: SessionState,
    /// Id of the dungeon, or of the zone, in the content.
    pub dungeon_id: String,
    /// UDP address while it is on a game sim; none while it waits for another one because its own is dead.
    pub address: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The seats that are or were taken.
    pub seats: Vec<SeatView>,
    /// How it ended, when it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// A seat as players see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SeatView {
    /// Its number.
    pub seat: u8,
    /// Who sits there.
    pub character_id: CharacterId,
    /// Their name.
    pub name: String,
    /// What they are doing.
    pub state: SeatState,
}

impl From<&Session> for GameSessionView {
    fn from(session: &Session) -> Self {
        let seats = (0_u8..).zip(&session.seats).filter_map(|(number, seat)| {
            let seat = seat.as_ref()?;
            Some(SeatView { seat: number, character_id: seat.character_id, name: seat.name.clone(), state: seat.state })
        });
        Self {
            session_id: session.session_id,
            state: session.state,
            dungeon_id: session.dungeon_id.clone(),
            address: session.state.is_live().then(|| session.address.clone()),
            created_at: session.created_at,
            seats: seats.collect(),
            outcome: session.outcome,
        }
    }
}
