//! The writer against a store that answers what the test says, on virtual time.

use super::*;
use crate::limits::{RETRY_MS_MAX, RETRY_MS_MIN};

const PLACEMENT: Placement = Placement { session_id: SessionId::from_bits(1), session_epoch: 2, gamesim_epoch: 3 };

fn hero(bits: u128) -> CharacterId {
    CharacterId::from_bits(bits)
}

fn change(bits: u128, progress_seq: u64) -> Change {
    Change { character_id: hero(bits), hot: HotState { xp: progress_seq, ..HotState::default() }, progress_seq }
}

/// A writer with the first `heroes` characters open at version 10.
fn writer(heroes: u128) -> Writer {
    let mut writer = Writer::new(PLACEMENT, 7);
    for bits in 0..heroes {
        writer.open(AccountId::from_bits(bits), 10, change(bits, 0));
    }
    writer
}

fn writes(request: &ProgressRequest) -> Vec<&CharacterWrite> {
    request.groups.iter().flat_map(|group| &group.writes).collect()
}

fn lost() -> Result<Vec<GroupStatus>, ApiFailure> {
    Err(ApiFailure::Unavailable("test".into()))
}

/// The first batch that comes out within 10 seconds, and when.
fn wait(writer: &mut Writer, from_ms: u64) -> (u64, ProgressRequest) {
    (from_ms..from_ms + 10_000).find_map(|now_ms| Some((now_ms, writer.poll(now_ms)?))).unwrap()
}

#[test]
fn changes_coalesce_until_the_interval_is_over() {
    let mut writer = writer(1);
    for seq in 1..=20 {
        writer.record(100 * seq, vec![change(0, seq)], false);
        if 100 * seq < 100 + FLUSH_INTERVAL_MS {
            assert_eq!(writer.poll(100 * seq), None);
        }
    }
    let request = writer.poll(2_000).unwrap();
    assert_eq!((request.session_id, request.session_epoch, request.gamesim_epoch), (PLACEMENT.session_id, 2, 3));
    let written = writes(&request);
    assert_eq!(written.len(), 1);
    assert_eq!((written[0].hot.xp, written[0].base_version, written[0].release), (20, 10, false));
    assert_eq!(writer.stored(hero(0)).1, 0);
    assert_eq!(writer.handle_answer(2_010, Ok(vec![GroupStatus::Applied])), []);
    assert_eq!(writer.stored(hero(0)).1, 20);
    assert!(writer.is_idle() && writer.unsaved().count() == 0);
    assert_eq!(writer.poll(60_000), None);
}

#[test]
fn urgent_changes_and_releases_go_at_once() {
    let mut writer = writer(2);
    writer.record(50, vec![change(0, 1)], false);
    assert_eq!(writer.poll(50), None);
    writer.record(51, vec![change(1, 1)], true);
    assert_eq!(writes(&writer.poll(51).unwrap()).len(), 2);
    writer.handle_answer(52, Ok(vec![GroupStatus::Applied; 2]));
    writer.release(60, hero(1));
    let request = writer.poll(60).unwrap();
    let last = writes(&request)[0];
    assert!(last.release && last.character_id == hero(1) && last.base_version == 11, "{last:?}");
    assert_eq!(writer.handle_answer(61, Ok(vec![GroupStatus::Applied])), [Verdict::Released(hero(1))]);
}

#[test]
fn a_retry_is_the_same_to_the_byte_and_takes_its_time() {
    let mut writer = writer(1);
    writer.record(0, vec![change(0, 1)], true);
    let first = writer.poll(0).unwrap();
    let mut now_ms = 0;
    for attempt in 0..12 {
        // What happens meanwhile waits for its turn.
        writer.record(now_ms, vec![change(0, 2 + attempt)], true);
        assert_eq!(writer.poll(now_ms + 1), None, "nothing goes out while an answer is awaited");
        let answer = if attempt % 2 == 0 { lost() } else { Ok(vec![GroupStatus::Throttled]) };
        assert_eq!(writer.handle_answer(now_ms, answer), []);
        let (again_ms, again) = wait(&mut writer, now_ms);
        assert_eq!(serde_json::to_vec(&again).unwrap(), serde_json::to_vec(&first).unwrap());
        assert!((RETRY_MS_MIN / 2..=RETRY_MS_MAX).contains(&(again_ms - now_ms)), "{}", again_ms - now_ms);
        now_ms = again_ms;
    }
    // The first attempt had succeeded after all: the writer recognises its own write, and goes on from it.
    assert_eq!(writer.handle_answer(now_ms, Ok(vec![GroupStatus::Duplicate])), []);
    assert_eq!(writer.stored(hero(0)).1, 1);
    let next = writer.poll(now_ms).unwrap();
    let write = writes(&next)[0].clone();
    assert_eq!((write.base_version, write.hot.xp), (11, 13));
    assert!(write.seq > writes(&first)[0].seq);
}

#[test]
fn numbers_rise_across_leaving_and_coming_back_even_without_changes() {
    let mut writer = writer(1);
    let mut seqs = Vec::new();
    for round in 0..3 {
        writer.open(AccountId::from_bits(0), 10 + round, change(0, 5));
        assert_eq!(writer.stored(hero(0)).1, 5, "what the store gave is durable");
        writer.release(100, hero(0));
        seqs.push(writes(&writer.poll(100).unwrap())[0].seq);
        assert_eq!(writer.handle_answer(100, Ok(vec![GroupStatus::Applied])), [Verdict::Released(hero(0))]);
        assert!(writer.is_idle());
    }
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
}

#[test]
fn what_changed_together_is_written_together() {
    let mut writer = writer(4);
    writer.record(0, vec![change(0, 1), change(1, 1)], false);
    writer.record(0, vec![change(2, 1)], false);
    writer.record(0, vec![change(1, 2), change(3, 1)], true);
    let request = writer.poll(0).unwrap();
    let sizes: Vec<_> = request.groups.iter().map(|group| group.writes.len()).collect();
    assert_eq!(sizes, [3, 1], "bonds that overlap are one");
    writer.handle_answer(0, Ok(vec![GroupStatus::Applied; 2]));
    // The bond ends with its write.
    writer.record(0, vec![change(0, 9)], true);
    assert_eq!(writes(&writer.poll(0).unwrap()).len(), 1);
}

#[test]
fn only_what_has_no_answer_is_repeated() {
    let mut writer = writer(2);
    writer.record(0, vec![change(0, 1)], true);
    writer.record(0, vec![change(1, 1)], true);
    let first = writer.poll(0).unwrap();
    writer.handle_answer(0, Ok(vec![GroupStatus::Applied, GroupStatus::Throttled]));
    let durable = [hero(0), hero(1)].map(|hero| writer.stored(hero).1);
    assert_eq!((durable, writer.unsaved().count()), ([1, 0], 1));
    let (_, again) = wait(&mut writer, 0);
    assert_eq!(again.groups, first.groups[1..]);
    // An answer that is too short says nothing of the rest.
    writer.handle_answer(20_000, Ok(vec![]));
    assert_eq!(wait(&mut writer, 20_000).1, again);
}

#[test]
fn the_fenced_stop_and_the_others_go_on() {
    let mut writer = writer(2);
    writer.record(0, vec![change(0, 1)], true);
    writer.record(0, vec![change(1, 1)], true);
    writer.poll(0).unwrap();
    writer.record(0, vec![change(0, 2)], true);
    writer.record(0, vec![change(1, 2)], true);
    let verdicts = writer.handle_answer(0, Ok(vec![GroupStatus::Fenced, GroupStatus::Applied]));
    assert_eq!(verdicts, [Verdict::Fenced(hero(0))]);
    let next = writer.poll(0).unwrap();
    assert_eq!(writes(&next).iter().map(|write| write.character_id).collect::<Vec<_>>(), [hero(1)]);
    let fenced = ApiFailure::Refused { status: 409, code: "fenced".into() };
    assert_eq!(writer.handle_answer(0, Err(fenced)), [Verdict::Fenced(hero(1))]);
    assert!(writer.is_idle());
}

#[test]
fn a_conflict_is_handed_out_with_what_waited_behind_it() {
    let mut writer = writer(1);
    writer.record(0, vec![change(0, 1)], true);
    let request = writer.poll(0).unwrap();
    writer.record(0, vec![change(0, 2)], true);
    let verdicts = writer.handle_answer(0, Ok(vec![GroupStatus::Conflict]));
    let [Verdict::Dead { rejected: false, characters, groups }] = &verdicts[..] else { panic!("{verdicts:?}") };
    assert_eq!(characters[..], [hero(0)]);
    assert_eq!(groups[0], request.groups[0]);
    assert_eq!((groups[1].writes[0].hot.xp, groups[1].writes[0].base_version), (2, 11));
    assert!(writer.is_idle() && writer.poll(1_000_000).is_none());
}

#[test]
fn a_batch_that_is_not_understood_is_not_repeated() {
    let mut writer = writer(1);
    writer.record(0, vec![change(0, 1)], true);
    writer.poll(0).unwrap();
    let refusal = ApiFailure::Refused { status: 400, code: "invalid_request".into() };
    let verdicts = writer.handle_answer(0, Err(refusal));
    assert!(matches!(&verdicts[..], [Verdict::Dead { rejected: true, .. }]), "{verdicts:?}");
    assert!(writer.is_idle());
}

#[test]
fn abandoning_hands_out_everything_in_order() {
    let mut writer = writer(2);
    writer.record(0, vec![change(0, 1)], true);
    let request = writer.poll(0).unwrap();
    writer.record(1, vec![change(0, 2)], false);
    writer.release(1, hero(0));
    writer.record(1, vec![change(1, 1)], false);
    let groups = writer.abandon();
    assert_eq!(groups[0], request.groups[0]);
    let rest: Vec<_> = groups[1..].iter().map(|group| &group.writes[0]).collect();
    assert_eq!((rest[0].base_version, rest[0].hot.xp, rest[0].release), (11, 2, true));
    assert_eq!((rest[1].base_version, rest[1].hot.xp), (10, 1));
    assert!(writer.is_idle() && writer.abandon().is_empty());
}
