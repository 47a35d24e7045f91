//! The store of checkpoints of the tests. It checks what resumption stands on: that no write gets ahead of what is stored.

use super::*;
use crate::checkpoint::{Checkpoint, object};
use crate::world::Dungeon;
use guildhall_domain::progress::{CharacterWrite, WriteSeq};

#[derive(Debug, Default)]
pub(super) struct Bucket {
    pub(super) is_down: bool,
    /// The object of each placement that there has been, oldest first.
    objects: Vec<Option<Vec<u8>>>,
    present: Option<Vec<u8>>,
    /// Whether the first placement was the present game sim, which still writes its object.
    is_back: bool,
    pub(super) puts: u32,
}

impl Bucket {
    /// The epoch of every session: one more than there were placements before.
    pub(super) fn session_epoch(&self) -> u32 {
        u32::try_from(self.objects.len()).unwrap() + 1
    }

    pub(super) fn put(&mut self, object: CheckpointObject) -> bool {
        assert_eq!(object.port, 4_000);
        self.puts += 1;
        if !self.is_down {
            self.present = Some(object.bytes);
        }
        !self.is_down
    }

    /// The sessions run on another game sim from here on.
    pub(super) fn move_on(&mut self) {
        self.objects.push(self.present.take());
    }

    /// The sessions have been on another game sim, which stored nothing of them, and are back.
    pub(super) fn come_back(&mut self) {
        self.objects.extend([None, None]);
        self.is_back = true;
    }

    /// What the control plane would find: the checkpoint of the latest placement that left one.
    pub(super) fn find(&self, session_id: SessionId) -> Option<StoredCheckpoint> {
        let placements = (1..self.session_epoch()).rev().zip(self.objects.iter().rev());
        let object_of = |epoch, object| if epoch == 1 && self.is_back { &self.present } else { object };
        let found = |(epoch, object)| object::find(object_of(epoch, object).as_ref()?, session_id, epoch);
        placements.filter_map(found).next()
    }

    /// Lets every checkpoint that is found be an older one.
    pub(super) fn put_back(&mut self, object: Option<Vec<u8>>) {
        *self.objects.last_mut().unwrap() = object;
    }

    pub(super) fn present(&self) -> Option<Vec<u8>> {
        self.present.clone()
    }

    /// What of a session is stored at present.
    pub(super) fn stored(&self, session_id: SessionId) -> Option<(u32, Checkpoint)> {
        let found = object::find(self.present.as_ref()?, session_id, self.session_epoch())?;
        Some((found.number, Checkpoint::decode(&found.bytes).unwrap()))
    }

    /// A write must be covered by what is stored, by its name and in fact.
    pub(super) fn check(&self, request: &ProgressRequest, write: &CharacterWrite) {
        let cover = WriteSeq::from(write.seq).checkpoint();
        if cover == WriteSeq::UNCOVERED {
            return;
        }
        let (number, checkpoint) = self.stored(request.session_id).expect("a covered write before any checkpoint");
        assert!(cover <= number, "covered by {cover}, but {number} is stored");
        let occupant = checkpoint.occupant(write.character_id).expect("the checkpoint does not have the character");
        let dungeon = match checkpoint.dungeon_id.as_str() {
            "heath" => {
                let mut zone = Dungeon::new(&game(), "heath", 1).unwrap();
                zone.restore_party(0, &checkpoint.dungeon).unwrap();
                zone
            }
            id => Dungeon::restore(&game(), id, &checkpoint.dungeon).unwrap(),
        };
        let kept = match &occupant.leaving {
            Some(leaving) => leaving.hot.clone(),
            None => dungeon.hot(occupant.seat.into()).unwrap().0.clone(),
        };
        assert!(kept.xp >= write.hot.xp && tails(&kept) >= tails(&write.hot), "{write:?} is ahead of {kept:?}");
        assert!(!write.release || occupant.leaving.is_some(), "given back before the checkpoint says so");
    }
}

/// How many rats' tails somebody has.
pub(super) fn tails(hot: &HotState) -> u32 {
    hot.inventory.iter().map(|stack| stack.quantity).sum()
}
