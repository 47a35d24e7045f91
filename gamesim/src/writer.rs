//! Write-behind of one session's progress: what changes is coalesced per character and handed out as fenced batches. The
//! writer is a value: it does not send, it says what to send, and is told the answer.
//!
//! How a write is named. Storage takes a write whose number is not above the character's last one, in the same session
//! epoch, for a repetition. So the writer numbers its own writes ([`WriteSeq`]), with one counter for the whole session that
//! never goes back: no two writes share a number, and a character that leaves and comes back goes on rising. The number also
//! says which checkpoint covers the write. The world's count of changes (`progress_seq`) is another number: it stays
//! inside, to tell what an acknowledged write made durable.
//!
//! One batch is out at a time. Until it is answered it stays as it is, byte for byte, however often it has to be sent; what
//! changes meanwhile waits for the next one. So there is never more than one write and one waiting state per character.

use crate::backoff::Backoff;
use crate::exchange::ApiFailure;
use crate::limits::{COVERED_FLUSH_INTERVAL_MS, FLUSH_INTERVAL_MS};
use guildhall_domain::api::ProgressRequest;
use guildhall_domain::limits::{PROGRESS_GROUP_CHARACTERS_MAX, PROGRESS_GROUPS_MAX};
use guildhall_domain::progress::{CharacterWrite, GroupStatus, ProgressGroup, WriteSeq};
use guildhall_domain::{AccountId, CharacterId, HotState, SessionId};
use std::collections::{BTreeMap, BTreeSet};

mod flight;
#[cfg(test)]
mod tests;

use flight::{Flight, FlyingGroup};

/// Whose session this is: what every write has to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placement {
    pub(crate) session_id: SessionId,
    pub(crate) session_epoch: u32,
    pub(crate) gamesim_epoch: u64,
}

/// One character's state after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) character_id: CharacterId,
    pub(crate) hot: HotState,
    /// The world's count of changes to this character.
    pub(crate) progress_seq: u64,
}

/// What became of a character's writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The last write landed: lease and seat are given back.
    Released(CharacterId),
    /// The lease is lost: nothing more is written for the character.
    Fenced(CharacterId),
    /// A group cannot be written, ever; nothing more is written for its characters. What was lost comes along.
    Dead {
        /// Whether the API refused to understand the group, rather than its version.
        rejected: bool,
        /// Its characters.
        characters: Vec<CharacterId>,
        /// What was to be written, oldest first.
        groups: Vec<ProgressGroup>,
    },
}

#[derive(Debug)]
struct Entry {
    account_id: AccountId,
    /// The version in the store, as far as answers tell.
    version: u64,
    hot: HotState,
    progress_seq: u64,
    durable_seq: u64,
    /// Whether the state, or the release, waits to be put into a batch.
    waits: bool,
    release: bool,
}

/// The writer of one session.
#[derive(Debug)]
pub(crate) struct Writer {
    placement: Placement,
    entries: BTreeMap<CharacterId, Entry>,
    /// Characters that changed together and are written together.
    bonds: Vec<BTreeSet<CharacterId>>,
    last_seq: WriteSeq,
    /// The checkpoint that is stored and covers what is recorded.
    cover: u32,
    due_ms: Option<u64>,
    flight: Option<Flight>,
    backoff: Backoff,
}

impl Writer {
    pub(crate) fn new(placement: Placement, seed: u64) -> Self {
        Self {
            placement,
            entries: BTreeMap::new(),
            bonds: Vec::new(),
            last_seq: WriteSeq::default(),
            cover: 0,
            due_ms: None,
            flight: None,
            backoff: Backoff::seeded(seed),
        }
    }

    /// What is recorded from here on, and what waits, is included in this checkpoint, which is stored.
    pub(crate) fn cover(&mut self, checkpoint: u32) {
        self.cover = self.cover.max(checkpoint);
    }

    /// Begins to write for a character, whose stored state is this one.
    pub(crate) fn open(&mut self, account_id: AccountId, version: u64, stored: Change) {
        let entry = Entry {
            account_id,
            version,
            hot: stored.hot,
            progress_seq: stored.progress_seq,
            durable_seq: stored.progress_seq,
            waits: false,
            release: false,
        };
        self.entries.insert(stored.character_id, entry);
    }

    /// A checkpoint that nobody can have overlooked has everything that was recorded: whatever becomes of this process, the
    /// session goes on with it.
    pub(crate) fn note_kept(&mut self) {
        for entry in self.entries.values_mut() {
            entry.durable_seq = entry.progress_seq;
        }
    }

    /// Whether a stored checkpoint has what is recorded. Then the store is told at leisure, and what is urgent is so no more.
    const fn is_covered(&self) -> bool {
        0 < self.cover && self.cover < WriteSeq::UNCOVERED
    }

    /// Takes changes in. Several at once belong together, and are written in one transaction or not at all.
    pub(crate) fn record(
        &mut self,
        now_ms: u64,
        changes: impl AsRef<[Change]> + IntoIterator<Item = Change>,
        urgent: bool,
    ) {
        let known = |change: &&Change| self.entries.contains_key(&change.character_id);
        let count = changes.as_ref().iter().filter(known).count();
        if count == 0 {
            return;
        }
        if count > 1 {
            self.bind(changes.as_ref().iter().filter(known).map(|change| change.character_id).collect());
        }
        for change in changes {
            let Some(entry) = self.entries.get_mut(&change.character_id) else { continue };
            entry.hot = change.hot;
            entry.progress_seq = change.progress_seq;
            entry.waits = true;
        }
        self.hurry(match urgent {
            _ if self.is_covered() => now_ms.saturating_add(COVERED_FLUSH_INTERVAL_MS),
            true => now_ms,
            false => now_ms.saturating_add(FLUSH_INTERVAL_MS),
        });
    }

    /// The character is leaving: its next write is its last, even if nothing has changed.
    pub(crate) fn release(&mut self, now_ms: u64, character_id: CharacterId) {
        if let Some(entry) = self.entries.get_mut(&character_id) {
            entry.waits = true;
            entry.release = true;
            self.hurry(now_ms);
        }
    }

    /// Writes these characters at once and together, whether anything has changed or not.
    pub(crate) fn rewrite(&mut self, now_ms: u64, characters: BTreeSet<CharacterId>) {
        for character_id in &characters {
            if let Some(entry) = self.entries.get_mut(character_id) {
                entry.waits = true;
            }
        }
        let characters: Vec<_> = characters.into_iter().collect();
        // There are never more than seats, but for somebody who was turned away and takes no part.
        for together in characters.chunks(PROGRESS_GROUP_CHARACTERS_MAX) {
            self.bind(together.iter().copied().collect());
            self.hurry(now_ms);
        }
    }

    /// The batch to send, if one is due: a new one, or the unanswered one again.
    pub(crate) fn poll(&mut self, now_ms: u64) -> Option<ProgressRequest> {
        if let Some(flight) = &mut self.flight {
            return flight.take_due(now_ms).then(|| self.request()).flatten();
        }
        if self.due_ms.is_none_or(|due_ms| now_ms < due_ms) {
            return None;
        }
        let groups = self.take_groups();
        // What did not fit into the batch goes with the next one, at once.
        self.due_ms = self.entries.values().any(|entry| entry.waits).then_some(now_ms);
        if groups.is_empty() {
            return None;
        }
        self.flight = Some(Flight::new(groups));
        self.request()
    }

    /// Takes in what became of the batch that is out.
    pub(crate) fn handle_answer(&mut self, now_ms: u64, answer: Result<Vec<GroupStatus>, ApiFailure>) -> Vec<Verdict> {
        let Some(flight) = self.flight.take() else { return Vec::new() };
        let statuses = match answer {
            Ok(statuses) => statuses,
            Err(ApiFailure::Unavailable(_)) => Vec::new(),
            Err(failure @ ApiFailure::Refused { .. }) => return self.give_up(flight.groups, &failure),
        };
        let mut verdicts = Vec::new();
        let mut unanswered = Vec::new();
        let statuses = statuses.into_iter().chain(std::iter::repeat(GroupStatus::Throttled));
        for (flying, status) in flight.groups.into_iter().zip(statuses) {
            match status {
                GroupStatus::Applied | GroupStatus::Duplicate => self.settle(&flying, &mut verdicts),
                GroupStatus::Throttled => unanswered.push(flying),
                GroupStatus::Fenced => verdicts.extend(self.forget(&flying.group).map(Verdict::Fenced)),
                GroupStatus::Conflict => verdicts.push(self.bury(&flying, false)),
            }
        }
        if unanswered.is_empty() {
            self.backoff.reset();
        } else {
            let again_ms = now_ms.saturating_add(self.backoff.next_ms());
            self.flight = Some(Flight::again(unanswered, again_ms));
        }
        verdicts
    }

    /// The version in the store, as far as answers tell, and the count of changes that the store is known to hold.
    pub(crate) fn stored(&self, character_id: CharacterId) -> (u64, u64) {
        self.entries.get(&character_id).map_or((0, 0), |entry| (entry.version, entry.durable_seq))
    }

    /// The state that was recorded last, or else the stored one.
    pub(crate) fn latest(&self, character_id: CharacterId) -> Option<Change> {
        let entry = self.entries.get(&character_id)?;
        Some(Change { character_id, hot: entry.hot.clone(), progress_seq: entry.progress_seq })
    }

    /// Everybody who is written for.
    pub(crate) fn characters(&self) -> BTreeSet<CharacterId> {
        self.entries.keys().copied().collect()
    }

    /// Characters with a change that is not known to be stored.
    pub(crate) fn unsaved(&self) -> impl Iterator<Item = CharacterId> + '_ {
        let unsaved = |entry: &Entry| entry.waits || entry.durable_seq < entry.progress_seq;
        self.entries.iter().filter(move |(_, entry)| unsaved(entry)).map(|(character_id, _)| *character_id)
    }

    /// Whether nothing is out and nothing waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.flight.is_none() && self.entries.values().all(|entry| !entry.waits)
    }

    /// Forgets everything, because it must not be written any more.
    pub(crate) fn fence(&mut self) {
        self.entries.clear();
        self.bonds.clear();
        self.flight = None;
        self.due_ms = None;
    }

    /// Forgets everything and hands out what is not known to be stored, oldest first: what is out, then what waits, which
    /// is based on what is out.
    pub(crate) fn abandon(&mut self) -> Vec<ProgressGroup> {
        let mut flying: Vec<_> = self.flight.take().into_iter().flat_map(|flight| flight.groups).collect();
        for group in &flying {
            self.assume_written(&group.group);
        }
        loop {
            let groups = self.take_groups();
            if groups.is_empty() {
                break;
            }
            flying.extend(groups);
        }
        self.fence();
        flying.into_iter().map(|flying| flying.group).collect()
    }

    fn hurry(&mut self, due_ms: u64) {
        self.due_ms = Some(self.due_ms.map_or(due_ms, |earlier| earlier.min(due_ms)));
    }

    /// Joins a bond with those that it overlaps.
    fn bind(&mut self, mut bond: BTreeSet<CharacterId>) {
        self.bonds.retain(|other| {
            let apart = other.is_disjoint(&bond);
            if !apart {
                bond.extend(other);
            }
            apart
        });
        self.bonds.push(bond);
    }

    /// Puts what waits into groups, as many as fit one batch.
    fn take_groups(&mut self) -> Vec<FlyingGroup> {
        let mut groups = Vec::new();
        let mut bonds = std::mem::take(&mut self.bonds).into_iter();
        for bond in bonds.by_ref().take(PROGRESS_GROUPS_MAX) {
            groups.extend(self.take_group(bond));
        }
        self.bonds = bonds.collect();
        let bound: BTreeSet<_> = self.bonds.iter().flatten().copied().collect();
        let alone = self.entries.iter().filter(|(id, entry)| entry.waits && !bound.contains(id));
        for character_id in alone.map(|(id, _)| *id).collect::<Vec<_>>() {
            if groups.len() >= PROGRESS_GROUPS_MAX {
                break;
            }
            groups.extend(self.take_group([character_id]));
        }
        groups
    }

    fn take_group(&mut self, characters: impl IntoIterator<Item = CharacterId>) -> Option<FlyingGroup> {
        let mut flying = FlyingGroup { group: ProgressGroup { writes: Vec::new() }, progress_seqs: Vec::new() };
        for character_id in characters {
            let Some(entry) = self.entries.get_mut(&character_id).filter(|entry| entry.waits) else { continue };
            entry.waits = false;
            self.last_seq = self.last_seq.next(self.cover);
            flying.progress_seqs.push(entry.progress_seq);
            flying.group.writes.push(CharacterWrite {
                character_id,
                account_id: entry.account_id,
                seq: self.last_seq.into(),
                base_version: entry.version,
                hot: entry.hot.clone(),
                release: entry.release,
            });
        }
        debug_assert!(flying.group.writes.len() <= PROGRESS_GROUP_CHARACTERS_MAX, "more characters bound than seats");
        (!flying.group.writes.is_empty()).then_some(flying)
    }

    fn request(&self) -> Option<ProgressRequest> {
        let flight = self.flight.as_ref()?;
        Some(ProgressRequest {
            session_id: self.placement.session_id,
            gamesim_epoch: self.placement.gamesim_epoch,
            session_epoch: self.placement.session_epoch,
            groups: flight.groups.iter().map(|flying| flying.group.clone()).collect(),
        })
    }

    fn settle(&mut self, flying: &FlyingGroup, verdicts: &mut Vec<Verdict>) {
        self.assume_written(&flying.group);
        for (write, progress_seq) in flying.group.writes.iter().zip(&flying.progress_seqs) {
            if write.release {
                self.entries.remove(&write.character_id);
                verdicts.push(Verdict::Released(write.character_id));
            } else if let Some(entry) = self.entries.get_mut(&write.character_id) {
                entry.durable_seq = entry.durable_seq.max(*progress_seq);
            }
        }
    }

    fn assume_written(&mut self, group: &ProgressGroup) {
        for write in &group.writes {
            if let Some(entry) = self.entries.get_mut(&write.character_id) {
                entry.version = write.base_version.saturating_add(1);
            }
        }
    }

    /// A batch was refused as a whole: either its epoch is over, or it was not understood and never will be.
    fn give_up(&mut self, groups: Vec<FlyingGroup>, failure: &ApiFailure) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for flying in groups {
            if failure.is_fenced() {
                verdicts.extend(self.forget(&flying.group).map(Verdict::Fenced));
            } else {
                verdicts.push(self.bury(&flying, true));
            }
        }
        verdicts
    }

    fn bury(&mut self, flying: &FlyingGroup, rejected: bool) -> Verdict {
        let mut groups = vec![flying.group.clone()];
        self.assume_written(&flying.group);
        let characters: Vec<_> = flying.group.writes.iter().map(|write| write.character_id).collect();
        groups.extend(self.take_group(characters.iter().copied()).map(|waiting| waiting.group));
        self.forget(&flying.group).for_each(drop);
        Verdict::Dead { rejected, characters, groups }
    }

    /// Ends the writing for a group's characters, and names them.
    fn forget(&mut self, group: &ProgressGroup) -> impl Iterator<Item = CharacterId> + use<> {
        let characters: Vec<_> = group.writes.iter().map(|write| write.character_id).collect();
        for character_id in &characters {
            self.entries.remove(character_id);
            for bond in &mut self.bonds {
                bond.remove(character_id);
            }
        }
        characters.into_iter()
    }
}
