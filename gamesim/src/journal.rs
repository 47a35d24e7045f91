//! A room's progress on its way to the store. No change is written behind before a checkpoint that includes it is stored:
//! a character's row is then never ahead of what its session would go on from, and nothing can come to be twice.
//!
//! What the world changes is gathered in a [`Batch`]. Whenever the room takes a checkpoint, the batch is sealed under the
//! checkpoint's number; when that checkpoint, or a later one, is known to be stored, the batch goes to the [`Writer`], whose
//! writes name the checkpoint that covers them.
//!
//! Where checkpoints are not kept, or not confirmed for too long, and when the room ends, changes go to the writer at once,
//! uncovered. From its first uncovered write on the session goes on from no checkpoint. So that this holds for all of its
//! characters or for none, that write is one transaction for everybody: else one could leave with what lies on the ground
//! again for those who are restored.

use crate::exchange::ApiFailure;
use crate::limits::{CHECKPOINT_HURRY_MS, CHECKPOINT_INTERVAL_MS, CHECKPOINT_PATIENCE_MS, STALL_MS_MIN};
use crate::writer::{Change, Placement, Verdict, Writer};
use guildhall_domain::api::ProgressRequest;
use guildhall_domain::progress::{GroupStatus, ProgressGroup, WriteSeq};
use guildhall_domain::{AccountId, CharacterId};
use std::collections::{BTreeSet, VecDeque};
use std::hint::black_box;

mod batch;
#[cfg(test)]
mod tests;

use batch::Batch;

/// Whether changes wait for checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover {
    /// They do.
    Awaited,
    /// They do not, because the session is over, or because checkpoints failed for too long.
    GivenUp,
    /// Nobody keeps checkpoints.
    Off,
}

/// The progress of one session.
#[derive(Debug)]
pub(crate) struct Journal {
    writer: Writer,
    cover: Cover,
    /// What has changed since the last checkpoint was taken.
    open: Batch,
    /// What waits for a checkpoint to be stored, oldest first, with the checkpoint's number.
    sealed: VecDeque<(u32, Batch)>,
    /// Number of the last checkpoint taken.
    number: u32,
    taken_ms: u64,
    next_ms: u64,
    /// When it was asked last whether changes have waited for too long.
    asked_ms: u64,
}

impl Journal {
    /// The journal of a session that begins, or goes on, on this game sim. The first checkpoint is due at once.
    pub(crate) fn new(now_ms: u64, placement: Placement, seed: u64, keeps_checkpoints: bool) -> Self {
        let mut writer = Writer::new(placement, seed);
        if !keeps_checkpoints {
            writer.cover(WriteSeq::UNCOVERED);
        }
        Self {
            writer,
            cover: if keeps_checkpoints { Cover::Awaited } else { Cover::Off },
            open: Batch::default(),
            sealed: VecDeque::new(),
            number: 0,
            taken_ms: 0,
            next_ms: now_ms,
            asked_ms: now_ms,
        }
    }

    /// Begins to write for a character, whose stored state is this one.
    pub(crate) fn open(&mut self, now_ms: u64, account_id: AccountId, version: u64, stored: Change) {
        let character_id = stored.character_id;
        self.writer.open(account_id, version, stored);
        if self.cover == Cover::GivenUp {
            // Nobody of this session may be without an uncovered write.
            self.writer.rewrite(now_ms, BTreeSet::from([character_id]));
        }
    }

    /// Reads its own lines of memory. Changes nothing: see `room::prefetch`.
    pub(crate) fn prefetch(&self) {
        black_box((self.number, self.sealed.len(), self.writer.is_idle()));
    }

    /// Takes changes in. Several at once belong together, and are written in one transaction or not at all.
    pub(crate) fn record(
        &mut self,
        now_ms: u64,
        changes: impl AsRef<[Change]> + IntoIterator<Item = Change>,
        urgent: bool,
    ) {
        if changes.as_ref().is_empty() {
            return;
        }
        match self.cover {
            Cover::Awaited => self.open.record(now_ms, changes, urgent),
            Cover::GivenUp | Cover::Off => self.writer.record(now_ms, changes, urgent),
        }
    }

    /// The character is leaving: its next write is its last, even if nothing has changed. Returns the number of the first
    /// checkpoint that covers that write.
    pub(crate) fn release(&mut self, now_ms: u64, character_id: CharacterId) -> u32 {
        match self.cover {
            Cover::Awaited => self.open.release(now_ms, character_id),
            Cover::GivenUp | Cover::Off => self.writer.release(now_ms, character_id),
        }
        self.number.saturating_add(1)
    }

    /// Whether the room is to take a checkpoint.
    pub(crate) fn is_checkpoint_due(&self, now_ms: u64) -> bool {
        let is_urgent = self.open.is_urgent() && now_ms >= self.taken_ms.saturating_add(CHECKPOINT_HURRY_MS);
        self.cover == Cover::Awaited && (is_urgent || now_ms >= self.next_ms)
    }

    /// A checkpoint is taken that includes every change so far. Returns its number.
    pub(crate) fn seal(&mut self, now_ms: u64) -> u32 {
        self.number = self.number.saturating_add(1).min(WriteSeq::UNCOVERED - 1);
        self.taken_ms = now_ms;
        // On the beat of the clock, so that the rooms of a shard are in step and share one object.
        self.next_ms = (now_ms / CHECKPOINT_INTERVAL_MS + 1) * CHECKPOINT_INTERVAL_MS;
        let batch = std::mem::take(&mut self.open);
        if !batch.is_empty() {
            self.sealed.push_back((self.number, batch));
        }
        self.number
    }

    /// The checkpoint of this number is stored: what it includes may be written. If it was stored while nobody else can have had
    /// the session, what it includes is durable already.
    pub(crate) fn handle_stored(&mut self, now_ms: u64, number: u32, is_ours: bool) {
        if self.cover != Cover::Awaited {
            return;
        }
        self.writer.cover(number);
        while let Some((_, batch)) = self.sealed.pop_front_if(|(sealed, _)| *sealed <= number) {
            batch.pour(now_ms, &mut self.writer);
        }
        if is_ours {
            self.writer.note_kept();
        }
    }

    /// Waits for checkpoints no longer. Everything there is goes to the writer, in one transaction for everybody.
    pub(crate) fn give_up_cover(&mut self, now_ms: u64) {
        if self.cover != Cover::Awaited {
            return;
        }
        self.cover = Cover::GivenUp;
        self.writer.cover(WriteSeq::UNCOVERED);
        let open = std::mem::take(&mut self.open);
        for batch in self.sealed.drain(..).map(|(_, batch)| batch).chain([open]) {
            batch.pour(now_ms, &mut self.writer);
        }
        let everybody = self.writer.characters();
        self.writer.rewrite(now_ms, everybody);
    }

    /// Whether changes have waited for a checkpoint for so long that they have to be written without. To be asked in every
    /// tick: time that passes at one stroke, because the process was stopped or the clock was set, is no time in which a
    /// checkpoint could have been stored.
    pub(crate) fn is_out_of_patience(&mut self, now_ms: u64) -> bool {
        let passed_ms = now_ms.saturating_sub(std::mem::replace(&mut self.asked_ms, now_ms));
        if passed_ms > STALL_MS_MIN {
            self.sealed.iter_mut().for_each(|(_, batch)| batch.wait_anew(passed_ms));
            self.open.wait_anew(passed_ms);
        }
        self.waiting_since_ms().is_some_and(|since_ms| now_ms.saturating_sub(since_ms) >= CHECKPOINT_PATIENCE_MS)
    }

    /// When the oldest change came in that waits for a checkpoint to be stored.
    pub(crate) fn waiting_since_ms(&self) -> Option<u64> {
        self.batches().filter_map(Batch::since_ms).min()
    }

    /// Whether the session may go on from its checkpoints.
    pub(crate) fn is_covered(&self) -> bool {
        self.cover == Cover::Awaited
    }

    /// The state of a character as it is to be written, however far that is: hot state and count of changes.
    pub(crate) fn latest(&self, character_id: CharacterId) -> Option<Change> {
        let waiting = self.batches().rev().find_map(|batch| batch.change(character_id));
        waiting.cloned().or_else(|| self.writer.latest(character_id))
    }

    /// The batch to send, if one is due: a new one, or the unanswered one again.
    pub(crate) fn poll(&mut self, now_ms: u64) -> Option<ProgressRequest> {
        self.writer.poll(now_ms)
    }

    /// Takes in what became of the batch that is out.
    pub(crate) fn handle_answer(&mut self, now_ms: u64, answer: Result<Vec<GroupStatus>, ApiFailure>) -> Vec<Verdict> {
        self.writer.handle_answer(now_ms, answer)
    }

    /// The version in the store, as far as answers tell, and the count of changes that the store is known to hold.
    pub(crate) fn stored(&self, character_id: CharacterId) -> (u64, u64) {
        self.writer.stored(character_id)
    }

    /// Characters with a change that is not known to be stored.
    pub(crate) fn unsaved(&self) -> usize {
        let waiting = self.batches().flat_map(Batch::characters);
        waiting.chain(self.writer.unsaved()).collect::<BTreeSet<_>>().len()
    }

    /// Whether nothing is out and nothing waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.batches().all(Batch::is_empty) && self.writer.is_idle()
    }

    /// Forgets everything, because it must not be written any more.
    pub(crate) fn fence(&mut self) {
        self.cover = Cover::GivenUp;
        self.open = Batch::default();
        self.sealed.clear();
        self.writer.fence();
    }

    /// Forgets everything and hands out what is not known to be stored, oldest first.
    pub(crate) fn abandon(&mut self, now_ms: u64) -> Vec<ProgressGroup> {
        self.give_up_cover(now_ms);
        self.writer.abandon()
    }

    fn batches(&self) -> impl DoubleEndedIterator<Item = &Batch> {
        self.sealed.iter().map(|(_, batch)| batch).chain([&self.open])
    }
}
