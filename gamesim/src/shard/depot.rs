//! The latest checkpoint of each room, and their way into the store: one object for all of them, one call at a time. What
//! could not be stored is never sent again; the next attempt carries what is latest by then.
//!
//! The checkpoint of a session that this game sim has lost stays for a while: whoever has the session may not have read it
//! yet, and may be this very game sim.

use crate::backoff::Backoff;
use crate::checkpoint::{StoredCheckpoint, object};
use crate::limits::{CHECKPOINT_HURRY_MS, CHECKPOINT_OF_LOST_MS};
use guildhall_domain::SessionId;
use guildhall_domain::limits::TICK_MS;
use std::collections::BTreeMap;

/// Which checkpoints an object carries: session, its epoch, number.
type Manifest = BTreeMap<SessionId, (u32, u32)>;

/// The checkpoints of one shard.
#[derive(Debug)]
pub(super) struct Depot {
    latest: BTreeMap<SessionId, StoredCheckpoint>,
    /// Until when the checkpoints of sessions are kept that are not here any more.
    lost: BTreeMap<SessionId, u64>,
    /// When the next object is due, if what is stored is not what is latest.
    due_ms: Option<u64>,
    /// Not before this one.
    earliest_ms: u64,
    /// What the object carries that is on its way.
    out: Option<Manifest>,
    backoff: Backoff,
    pub(super) stored: u64,
    pub(super) failed: u64,
    pub(super) object_bytes: usize,
}

impl Depot {
    pub(super) const fn seeded(seed: u64) -> Self {
        Self {
            latest: BTreeMap::new(),
            lost: BTreeMap::new(),
            due_ms: None,
            earliest_ms: 0,
            out: None,
            backoff: Backoff::seeded(seed),
            stored: 0,
            failed: 0,
            object_bytes: 0,
        }
    }

    /// Takes a room's checkpoint in, in place of its last one.
    pub(super) fn keep(&mut self, now_ms: u64, session_id: SessionId, checkpoint: StoredCheckpoint) {
        self.lost.remove(&session_id);
        self.latest.insert(session_id, checkpoint);
        self.hurry(now_ms);
    }

    /// The session is not here any more, and may go on from its checkpoint elsewhere.
    pub(super) fn lose(&mut self, now_ms: u64, session_id: SessionId) {
        self.lost.insert(session_id, now_ms.saturating_add(CHECKPOINT_OF_LOST_MS));
    }

    /// The session needs its checkpoint no longer.
    pub(super) fn forget(&mut self, now_ms: u64, session_id: SessionId) {
        if self.latest.remove(&session_id).is_some() {
            self.hurry(now_ms);
        }
    }

    /// The object to store, if one is due and none is on its way.
    pub(super) fn poll(&mut self, now_ms: u64) -> Option<Vec<u8>> {
        for (session_id, _) in self.lost.extract_if(.., |_, until_ms| *until_ms <= now_ms).collect::<Vec<_>>() {
            self.forget(now_ms, session_id);
        }
        if self.out.is_some() || self.due_ms.is_none_or(|due_ms| now_ms < due_ms.max(self.earliest_ms)) {
            return None;
        }
        let (object, manifest) = object::encode(&self.latest);
        self.due_ms = None;
        self.earliest_ms = now_ms.saturating_add(CHECKPOINT_HURRY_MS);
        self.out = Some(manifest);
        self.object_bytes = object.len();
        Some(object)
    }

    /// Takes in whether the object is stored. Returns which checkpoints are.
    pub(super) fn handle_answer(&mut self, now_ms: u64, is_stored: bool) -> Manifest {
        let Some(manifest) = self.out.take() else { return Manifest::new() };
        if is_stored {
            self.stored += 1;
            self.backoff.reset();
            return manifest;
        }
        self.failed += 1;
        self.earliest_ms = now_ms.saturating_add(self.backoff.next_ms());
        self.hurry(now_ms);
        Manifest::new()
    }

    /// Lets the rooms that are in step with this one bring theirs, which takes them a tick.
    fn hurry(&mut self, now_ms: u64) {
        self.due_ms.get_or_insert(now_ms.saturating_add(TICK_MS.into()));
    }
}
