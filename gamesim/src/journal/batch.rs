//! Changes that wait together: one state per character, what belongs together, and who is leaving.

use crate::writer::{Change, Writer};
use guildhall_domain::CharacterId;
use std::collections::{BTreeMap, BTreeSet};

/// What has changed between two checkpoints.
#[derive(Debug, Default)]
pub(super) struct Batch {
    changes: BTreeMap<CharacterId, Change>,
    /// Characters that changed together and are written together. They are disjoint once they are in the writer.
    bonds: BTreeSet<BTreeSet<CharacterId>>,
    releases: BTreeSet<CharacterId>,
    is_urgent: bool,
    since_ms: Option<u64>,
}

impl Batch {
    pub(super) fn record(
        &mut self,
        now_ms: u64,
        changes: impl AsRef<[Change]> + IntoIterator<Item = Change>,
        urgent: bool,
    ) {
        if let together @ [_, _, ..] = changes.as_ref() {
            self.bonds.insert(together.iter().map(|change| change.character_id).collect());
        }
        self.changes.extend(changes.into_iter().map(|change| (change.character_id, change)));
        self.is_urgent |= urgent;
        self.since_ms.get_or_insert(now_ms);
    }

    pub(super) fn release(&mut self, now_ms: u64, character_id: CharacterId) {
        self.releases.insert(character_id);
        self.is_urgent = true;
        self.since_ms.get_or_insert(now_ms);
    }

    /// Hands everything to the writer.
    pub(super) fn pour(mut self, now_ms: u64, writer: &mut Writer) {
        for bond in self.bonds {
            // A state that an earlier bond took along is in the writer, and the two bonds become one there.
            let changes = bond.iter().filter_map(|character_id| self.changes.get(character_id).cloned());
            let changes: Vec<_> = changes.collect();
            writer.record(now_ms, changes, self.is_urgent);
        }
        for change in std::mem::take(&mut self.changes).into_values() {
            writer.record(now_ms, [change], self.is_urgent);
        }
        for character_id in self.releases {
            writer.release(now_ms, character_id);
        }
    }

    pub(super) fn change(&self, character_id: CharacterId) -> Option<&Change> {
        self.changes.get(&character_id)
    }

    pub(super) fn characters(&self) -> impl Iterator<Item = CharacterId> + '_ {
        self.changes.keys().chain(&self.releases).copied()
    }

    /// Whether something in here should not wait for the next beat.
    pub(super) const fn is_urgent(&self) -> bool {
        self.is_urgent
    }

    /// When the oldest change came in.
    pub(super) const fn since_ms(&self) -> Option<u64> {
        self.since_ms
    }

    /// Lets this much time not count as waited.
    pub(super) fn wait_anew(&mut self, stall_ms: u64) {
        self.since_ms = self.since_ms.map(|since_ms| since_ms.saturating_add(stall_ms));
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.since_ms.is_none()
    }
}
