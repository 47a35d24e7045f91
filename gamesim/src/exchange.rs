//! What shards and the control plane say to each other: requests go up to the API, orders come down. Both are data; a shard
//! does not know how or when a request is carried out, only that every one but `Bury`, `Record` and `Log` is answered
//! once.

use crate::checkpoint::StoredCheckpoint;
use crate::recording::RecordingPart;
use guildhall_domain::SessionId;
use guildhall_domain::api::{AdmitPlayerRequest, Admitted, Expulsion, FinalizeRequest, ProgressRequest, Recovered};
use guildhall_domain::progress::{GroupStatus, ProgressGroup};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names one question about one arrival, within a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(crate) u64);

/// What a shard wants of the world outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Ask whether a player may sit down.
    Admit {
        /// To be named in the answer.
        ticket: Ticket,
        /// The question.
        request: AdmitPlayerRequest,
    },
    /// Write progress.
    Save(ProgressRequest),
    /// Close a session.
    Finalize(FinalizeRequest),
    /// Keep what could not be written.
    Bury(DeadLetter),
    /// Store the checkpoints of all rooms, in place of those stored before. One is out at a time.
    Checkpoint(CheckpointObject),
    /// Store a part of a recording, if that can be done.
    Record(RecordingPart),
    /// Store a chunk of a combat log, if that can be done.
    Log(LoggedChunk),
}

/// A chunk of a session's combat log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedChunk {
    /// The session.
    pub session_id: SessionId,
    /// Its epoch.
    pub session_epoch: u32,
    /// Epoch of the game sim.
    pub gamesim_epoch: u64,
    /// Number of the first entry, within the placement.
    pub first: u32,
    /// In the form of [`guildhall_domain::combat_log`].
    pub bytes: Vec<u8>,
}

/// The checkpoints of all rooms of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointObject {
    /// The shard's UDP port, which is part of the object's name.
    pub port: u16,
    /// What to store.
    pub bytes: Vec<u8>,
}

/// What a shard is told.
#[derive(Debug, Clone)]
pub enum Order {
    /// The answer to [`Request::Admit`].
    Admitted {
        /// The question's.
        ticket: Ticket,
        /// The answer.
        answer: Result<Box<Admitted>, ApiFailure>,
        /// What was found of the session, if the answer says that another game sim ran it before.
        checkpoint: Option<StoredCheckpoint>,
    },
    /// The answer to [`Request::Checkpoint`].
    Checkpointed {
        /// Whether the object is known to be stored.
        is_stored: bool,
        /// Whether that was at a time when this game sim's lease held by anybody's clock: then whoever gets one of the sessions
        /// finds the object.
        is_ours: bool,
    },
    /// A session that was placed here because its game sim died goes on without its players, on the shard with its address.
    Recovered(Arc<Recovery>),
    /// These accounts have lost their right to play.
    Expel(Arc<[Expulsion]>),
    /// The answer to [`Request::Save`]: one status per group.
    Saved {
        /// The session that was written for.
        session_id: SessionId,
        /// Its epoch in the request.
        session_epoch: u32,
        /// The answer.
        answer: Result<Vec<GroupStatus>, ApiFailure>,
    },
    /// The answer to [`Request::Finalize`].
    Finalized {
        /// The session that was closed.
        session_id: SessionId,
        /// Its epoch in the request.
        session_epoch: u32,
        /// The answer.
        answer: Result<(), ApiFailure>,
    },
    /// What the registry holds to be live on this game sim.
    Listed {
        /// When it was asked, on the shard's clock, in milliseconds.
        asked_ms: u64,
        /// Sessions and their epochs.
        sessions: Arc<BTreeMap<SessionId, u32>>,
    },
    /// Close every room, write everything, take nobody in.
    Stop,
    /// This game sim's epoch is over: close every room without another write.
    Fence,
    /// Waiting is over: hand out what is not written, and end.
    Abandon,
}

/// A session that is taken over without its players.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The session.
    pub session_id: SessionId,
    /// Its epoch here.
    pub session_epoch: u32,
    /// What the API says of it.
    pub recovered: Recovered,
    /// What was found of it where it was before.
    pub checkpoint: Option<StoredCheckpoint>,
}

/// A request to the API that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiFailure {
    /// It was understood and refused; repeating it is pointless.
    #[error("refused with {status} {code}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The stable code in the body, or empty.
        code: String,
    },
    /// Nobody knows what became of it; it may be repeated.
    #[error("unavailable: {0}")]
    Unavailable(String),
}

impl ApiFailure {
    /// Whether the caller's epoch, or the session's, is over.
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Refused { status: 409, code } if code == "fenced")
    }
}

/// A group that could not be written, with all that is needed to try again or to repair by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Why it is here.
    pub reason: BurialReason,
    /// The session.
    pub session_id: SessionId,
    /// Epoch of the game sim.
    pub gamesim_epoch: u64,
    /// Epoch of the session.
    pub session_epoch: u32,
    /// What was to be written.
    pub group: ProgressGroup,
}

/// Why a group could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BurialReason {
    /// The stored version is not the one that the write was made from.
    Conflict,
    /// The API refused the request as malformed.
    Rejected,
    /// The game sim had to end before the store could be reached.
    Abandoned,
}
