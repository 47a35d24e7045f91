//! What game sims and the control plane say to each other. A game sim's id and public address are never in a body: they
//! come from the caller's identity and from where the call came.

use crate::progress::{GroupStatus, ProgressGroup};
use crate::session::Outcome;
use crate::{AccountId, Character, CharacterId, GamesimId, SessionId, SessionState, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A game sim's state in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GamesimState {
    /// Takes new sessions.
    Ready,
    /// Finishes what it has and takes nothing new.
    Draining,
    /// Has said goodbye; its sessions are closed.
    Gone,
}

/// Register a game sim: once per boot of its process.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisterGamesimRequest {
    /// UDP ports, one per shard.
    pub ports: Vec<u16>,
    /// Game sessions that fit.
    pub capacity: u32,
    /// Build of the game sim.
    pub build_version: String,
    /// Version of the UDP payload that it speaks.
    pub protocol_version: u16,
    /// Version of the content that it runs, 16 hexadecimal digits.
    pub content_version: String,
    /// Private key of this boot for connect tokens, base64 of 32 bytes.
    pub connect_key: String,
    /// A number drawn at boot, so that a repeated call is recognised as this boot's.
    pub boot_id: String,
}

impl std::fmt::Debug for RegisterGamesimRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegisterGamesimRequest")
            .field("ports", &self.ports)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// The answer to register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Registered {
    /// The caller's name in the registry.
    pub gamesim_id: GamesimId,
    /// This boot's epoch; every later call names it.
    pub epoch: u64,
    /// Public IP address under which clients reach the caller.
    pub ip: String,
    /// How long a heartbeat counts, in milliseconds.
    pub lease_ms: u64,
    /// How often to send one, in milliseconds.
    pub heartbeat_interval_ms: u64,
}

/// A heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HeartbeatRequest {
    /// Path parameter; must be the caller itself.
    pub gamesim_id: GamesimId,
    /// The epoch given at registration.
    pub epoch: u64,
    /// What the game sim wants to be.
    pub state: GamesimState,
    /// How it is doing.
    pub load: GamesimLoad,
    /// Expulsions that have been carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expelled: Vec<Expulsion>,
}

/// How a game sim is doing, as it says itself. For people and graphs; no decision rests on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GamesimLoad {
    /// Rooms that run.
    pub sessions: u32,
    /// Players connected.
    pub players: u32,
    /// How late ticks started, 99th percentile of the last interval, in microseconds.
    pub tick_lateness_p99_us: u64,
    /// Character changes that are not stored yet.
    pub unsaved_changes: u32,
}

/// The answer to a heartbeat: what the registry holds to be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HeartbeatResponse {
    /// The state as recorded.
    pub state: GamesimState,
    /// Every live session of this epoch and its session epoch: the game sim closes rooms that are not listed.
    pub sessions: BTreeMap<SessionId, u32>,
    /// Accounts whose players must go at once; repeated until a heartbeat confirms them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expelled: Vec<Expulsion>,
    /// Parties that wait for a place in the fleet, as of a moment ago; absent if that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<u32>,
    /// How long the one that came first has waited, in milliseconds: 0 if none waits, absent if that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_wait_ms: Option<u64>,
}

/// An account has lost its right to play: a logout, a ban, another password, a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Expulsion {
    /// Whose.
    pub account_id: AccountId,
    /// When. Together with the account it names the expulsion, so that it is obeyed once.
    pub at: Timestamp,
}

/// The answer to reap: what was cleaned up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FleetReaped {
    /// Sessions whose players had not come back, and that are on another game sim.
    pub sessions_moved: u32,
    /// Sessions that waited in vain for another game sim and were given up.
    pub sessions_lost: u32,
    /// Rows of game sims that were removed.
    pub gamesims_removed: u32,
    /// Parties that had stopped asking for a place and were removed.
    pub parties_removed: u32,
}

/// Admit a player who arrived with a connect token: the seat becomes theirs, and the session active.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdmitPlayerRequest {
    /// Path parameter.
    pub session_id: SessionId,
    /// Epoch of the calling game sim.
    pub gamesim_epoch: u64,
    /// Epoch of the session, from the token.
    pub session_epoch: u32,
    /// Whose seat, from the token.
    pub account_id: AccountId,
    /// Who sits down, from the token.
    pub character_id: CharacterId,
    /// Number of the seat, from the token.
    pub seat: u8,
    /// Whether this placement of the session has a room already, which knows what the session goes on from.
    #[serde(default)]
    pub has_room: bool,
}

/// The answer to admit: everything that the room needs to let the character in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Admitted {
    /// The character, as last written.
    pub character: Character,
    /// Id of the session's dungeon or zone.
    pub dungeon_id: String,
    /// Seed of the session's random generator.
    pub seed: u64,
    /// What the session goes on from, if another game sim ran it before and there is no room of it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
}

/// Take over a session that was placed here because its game sim died, and whose players have not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecoverRequest {
    /// Path parameter.
    pub session_id: SessionId,
    /// Epoch of the calling game sim.
    pub gamesim_epoch: u64,
    /// Epoch of the session, from the registry's list.
    pub session_epoch: u32,
}

/// The answer to recover: everything that a room needs to go on without its players.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Recovered {
    /// Public UDP address of the shard that is to run the session, `ip:port`.
    pub address: String,
    /// One of those who are admitted by this, as if they had arrived; the others are among what the session goes on from.
    pub admitted: Admitted,
}

/// What a session goes on from on its next game sim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resume {
    /// Where it ran before, latest first: the first of them that left a checkpoint of it counts.
    pub before: Vec<FormerPlacement>,
    /// The characters that the session holds, as stored.
    pub characters: Vec<HeldCharacter>,
    /// The greatest name of a last write of anybody who has left: a checkpoint that does not cover it is out of date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<WriteName>,
}

/// Where a session ran, which also names its checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FormerPlacement {
    /// The session's epoch there.
    pub session_epoch: u32,
    /// The game sim.
    pub gamesim_id: GamesimId,
    /// Its boot.
    pub gamesim_epoch: u64,
    /// The UDP port of the shard that ran it.
    pub port: u16,
}

/// A character that a session holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HeldCharacter {
    /// Number of its seat.
    pub seat: u8,
    /// The character as stored.
    pub character: Character,
    /// Name of the last write that this session has made for it, if any: a checkpoint that does not cover it is out of date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_write: Option<WriteName>,
}

/// The name of a write within a session. Later writes have greater names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WriteName {
    /// The session's epoch.
    pub session_epoch: u32,
    /// The write's number within it.
    pub seq: u64,
}

/// Write progress behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProgressRequest {
    /// Path parameter.
    pub session_id: SessionId,
    /// Epoch of the calling game sim.
    pub gamesim_epoch: u64,
    /// Epoch of the session.
    pub session_epoch: u32,
    /// What to write, in order.
    pub groups: Vec<ProgressGroup>,
}

/// The answer to progress, group by group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProgressResponse {
    /// One for each group, in the same order.
    pub groups: Vec<GroupStatus>,
}

/// Close a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FinalizeRequest {
    /// Path parameter.
    pub session_id: SessionId,
    /// Epoch of the calling game sim.
    pub gamesim_epoch: u64,
    /// Epoch of the session.
    pub session_epoch: u32,
    /// How it ended.
    pub outcome: Outcome,
}

/// The answer to finalise; the same however often it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finalized {
    /// The session's state as recorded.
    pub state: SessionState,
}
