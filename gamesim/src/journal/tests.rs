//! What reaches the writer, and when.

use super::*;
use crate::limits::COVERED_FLUSH_INTERVAL_MS;
use guildhall_domain::progress::CharacterWrite;
use guildhall_domain::{HotState, SessionId};

const PLACEMENT: Placement = Placement { session_id: SessionId::from_bits(1), session_epoch: 2, gamesim_epoch: 3 };
const START_MS: u64 = 1_000_000;

fn hero(bits: u128) -> CharacterId {
    CharacterId::from_bits(bits)
}

fn change(bits: u128, progress_seq: u64) -> Change {
    Change { character_id: hero(bits), hot: HotState { xp: progress_seq, ..HotState::default() }, progress_seq }
}

fn journal(heroes: u128, keeps_checkpoints: bool) -> Journal {
    let mut journal = Journal::new(START_MS, PLACEMENT, 7, keeps_checkpoints);
    for bits in 0..heroes {
        journal.open(START_MS, AccountId::from_bits(bits), 10, change(bits, 0));
    }
    journal
}

/// Everything that is sent until `to_ms`, each batch answered with yes.
fn sent(journal: &mut Journal, from_ms: u64, to_ms: u64) -> Vec<CharacterWrite> {
    let mut writes = Vec::new();
    for now_ms in from_ms..to_ms {
        if let Some(request) = journal.poll(now_ms) {
            let statuses = vec![GroupStatus::Applied; request.groups.len()];
            writes.extend(request.groups.into_iter().flat_map(|group| group.writes));
            journal.handle_answer(now_ms, Ok(statuses));
        }
    }
    writes
}

fn covers(writes: &[CharacterWrite]) -> Vec<u32> {
    writes.iter().map(|write| WriteSeq::from(write.seq).checkpoint()).collect()
}

#[test]
fn nothing_is_written_before_a_checkpoint_that_includes_it_is_stored() {
    let mut journal = journal(2, true);
    journal.record(START_MS, vec![change(0, 1)], true);
    assert_eq!(journal.seal(START_MS + 10), 1);
    journal.record(START_MS + 20, vec![change(0, 2)], true);
    journal.record(START_MS + 20, vec![change(1, 1)], true);
    assert_eq!((sent(&mut journal, START_MS, START_MS + 3_000), journal.unsaved()), (vec![], 2));
    assert_eq!(journal.waiting_since_ms(), Some(START_MS));
    journal.handle_stored(START_MS + 3_000, 1, false);
    let early = sent(&mut journal, START_MS + 3_000, START_MS + 3_000 + COVERED_FLUSH_INTERVAL_MS);
    assert_eq!(early, [], "the checkpoint has it");
    let late_ms = START_MS + 3_000 + COVERED_FLUSH_INTERVAL_MS;
    let first = sent(&mut journal, late_ms, late_ms + 1);
    assert_eq!((first.len(), first[0].hot.xp, covers(&first)), (1, 1, vec![1]));
    assert_eq!((journal.stored(hero(0)), journal.latest(hero(0)).unwrap().hot.xp), ((11, 1), 2));
    assert_eq!(journal.seal(late_ms + 10), 2);
    assert_eq!(journal.seal(late_ms + 20), 3);
    journal.handle_stored(late_ms + 30, 3, false);
    let second = sent(&mut journal, late_ms + 30, late_ms + 31 + COVERED_FLUSH_INTERVAL_MS);
    assert_eq!((covers(&second), journal.is_idle(), journal.unsaved()), (vec![3, 3], true, 0));
    assert!(first[0].seq < second[0].seq && second[0].seq < second[1].seq);
}

#[test]
fn what_a_checkpoint_has_is_durable_if_nobody_else_can_have_the_session() {
    let mut journal = journal(2, true);
    let durable = |journal: &Journal| [0, 1].map(|bits| journal.stored(hero(bits)).1);
    journal.record(START_MS, vec![change(0, 1)], true);
    journal.seal(START_MS + 10);
    journal.record(START_MS + 20, vec![change(1, 7)], false);
    journal.handle_stored(START_MS + 30, 1, false);
    assert_eq!(durable(&journal), [0, 0], "somebody may have looked before it was stored");
    journal.seal(START_MS + 1_000);
    journal.record(START_MS + 1_010, vec![change(0, 2)], false);
    journal.handle_stored(START_MS + 1_020, 2, true);
    assert_eq!(durable(&journal), [1, 7], "what came before counts as well, and nothing that came after");
    journal.give_up_cover(START_MS + 1_030);
    assert_eq!(durable(&journal), [1, 7]);
    sent(&mut journal, START_MS + 1_030, START_MS + 1_040);
    assert_eq!(durable(&journal), [2, 7], "from here on the store alone counts");
}

#[test]
fn what_belongs_together_stays_together() {
    let mut journal = journal(3, true);
    journal.record(START_MS, vec![change(0, 1), change(1, 1)], true);
    journal.record(START_MS, vec![change(1, 2), change(2, 1)], true);
    let number = journal.seal(START_MS);
    journal.handle_stored(START_MS, number, false);
    let request = journal.poll(START_MS + COVERED_FLUSH_INTERVAL_MS).unwrap();
    assert_eq!((request.groups.len(), request.groups[0].writes.len()), (1, 3));
    assert_eq!(request.groups[0].writes[1].hot.xp, 2);
}

#[test]
fn a_release_waits_for_the_checkpoint_that_shows_it() {
    let mut journal = journal(1, true);
    journal.seal(START_MS);
    let since = journal.release(START_MS + 1, hero(0));
    journal.handle_stored(START_MS + 2, 1, false);
    assert_eq!((since, sent(&mut journal, START_MS + 2, START_MS + 3_000)), (2, vec![]));
    assert!(journal.is_checkpoint_due(START_MS + CHECKPOINT_HURRY_MS));
    assert_eq!(journal.seal(START_MS + CHECKPOINT_HURRY_MS), since);
    journal.handle_stored(START_MS + 3_000, since, false);
    let last = sent(&mut journal, START_MS + 3_000, START_MS + 3_100);
    assert!(last[0].release && covers(&last) == [since]);
}

#[test]
fn checkpoints_are_due_on_the_beat_and_sooner_for_what_is_urgent() {
    let mut journal = journal(1, true);
    assert!(journal.is_checkpoint_due(START_MS), "the first one at once");
    journal.seal(START_MS + 300);
    assert!(!journal.is_checkpoint_due(START_MS + 999) && journal.is_checkpoint_due(START_MS + 1_000));
    journal.record(START_MS + 310, vec![change(0, 1)], false);
    assert!(!journal.is_checkpoint_due(START_MS + 999));
    journal.record(START_MS + 320, vec![change(0, 2)], true);
    assert!(!journal.is_checkpoint_due(START_MS + 799) && journal.is_checkpoint_due(START_MS + 800));
}

#[test]
fn giving_up_writes_everybody_in_one_transaction_and_for_good() {
    let mut journal = journal(3, true);
    journal.record(START_MS, vec![change(0, 1)], false);
    journal.seal(START_MS);
    journal.record(START_MS + 50, vec![change(0, 2)], false);
    let mut ticks = (0..).map(|tick| START_MS + tick * 50);
    assert_eq!(ticks.find(|now_ms| journal.is_out_of_patience(*now_ms)), Some(START_MS + CHECKPOINT_PATIENCE_MS));
    journal.give_up_cover(START_MS + 100);
    let request = journal.poll(START_MS + 100).unwrap();
    assert_eq!((request.groups.len(), request.groups[0].writes.len(), request.groups[0].writes[0].hot.xp), (1, 3, 2));
    assert!(covers(&request.groups[0].writes).iter().all(|cover| *cover == WriteSeq::UNCOVERED));
    journal.handle_answer(START_MS + 110, Ok(vec![GroupStatus::Applied]));
    // A late confirmation changes nothing any more, and who comes later is written as well.
    journal.handle_stored(START_MS + 120, 1, false);
    journal.open(START_MS + 130, AccountId::from_bits(9), 1, change(9, 0));
    let writes = sent(&mut journal, START_MS + 130, START_MS + 2_000);
    assert_eq!((writes.len(), writes[0].character_id, covers(&writes)), (1, hero(9), vec![WriteSeq::UNCOVERED]));
    assert!(!journal.is_checkpoint_due(u64::MAX) && !journal.is_covered());
}

#[test]
fn without_checkpoints_changes_go_straight_to_the_writer_each_on_its_own() {
    let mut journal = journal(2, false);
    journal.record(START_MS, vec![change(0, 1)], true);
    journal.record(START_MS, vec![change(1, 1)], true);
    journal.give_up_cover(START_MS);
    let request = journal.poll(START_MS).unwrap();
    assert_eq!(request.groups.len(), 2);
    assert_eq!(covers(&request.groups[0].writes), [WriteSeq::UNCOVERED]);
    assert!(!journal.is_checkpoint_due(u64::MAX) && journal.waiting_since_ms().is_none());
}

#[test]
fn what_is_abandoned_or_fenced_is_whole_or_nothing() {
    let mut journal = journal(1, true);
    journal.record(START_MS, vec![change(0, 1)], false);
    journal.seal(START_MS);
    journal.release(START_MS, hero(0));
    let groups = journal.abandon(START_MS);
    assert_eq!((groups.len(), groups[0].writes[0].hot.xp, groups[0].writes[0].release), (1, 1, true));
    let mut journal = self::journal(1, true);
    journal.record(START_MS, vec![change(0, 1)], true);
    journal.fence();
    assert!(journal.is_idle() && journal.unsaved() == 0 && sent(&mut journal, START_MS, START_MS + 9_000).is_empty());
}
