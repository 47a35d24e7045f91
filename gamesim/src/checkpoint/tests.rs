//! Bytes from a store are believed only as far as they make sense, and a checkpoint only as far as the rows allow.

use super::*;
use crate::backoff::Backoff;
use crate::limits::CHECKPOINT_OBJECT_BYTES_MAX;
use guildhall_domain::api::WriteName;
use guildhall_domain::{Character, CharacterName, SessionId, Timestamp};
use std::collections::BTreeMap;

const EPOCH: u32 = 3;
const NUMBER: u32 = 40;
const LEAVES_SINCE: u32 = 38;

fn occupant(bits: u128, leaves: bool) -> SavedOccupant {
    let leaving =
        SavedLeaving { since: LEAVES_SINCE, hot: HotState { level: 1, ..HotState::default() }, progress_seq: 9 };
    let seat = u8::try_from(bits).unwrap();
    let ids = (AccountId::from_bits(bits), CharacterId::from_bits(bits));
    SavedOccupant::of(seat, ids, "Ada".to_owned(), (10, 2), leaves.then_some(leaving))
}

/// The first two play, the third leaves.
fn checkpoint() -> Checkpoint {
    Checkpoint {
        content_version: 7,
        dungeon_id: "den".to_owned(),
        age_ms: 60_000,
        dungeon: (0..200).collect(),
        occupants: vec![occupant(0, false), occupant(1, false), occupant(2, true)],
    }
}

fn held(bits: u128, version: u64, last_write: Option<(u32, u32)>) -> HeldCharacter {
    let character = Character {
        character_id: CharacterId::from_bits(bits),
        account_id: AccountId::from_bits(bits),
        name: CharacterName::parse("Ada").unwrap(),
        class: "hero".to_owned(),
        version,
        created_at: Timestamp(0),
        deleted_at: None,
        build: guildhall_domain::Build::default(),
        hot: HotState::default(),
    };
    HeldCharacter { seat: u8::try_from(bits).unwrap(), character, last_write: last_write.map(name) }
}

fn name((session_epoch, checkpoint): (u32, u32)) -> WriteName {
    WriteName { session_epoch, seq: WriteSeq::default().next(checkpoint).into() }
}

fn is_usable(held: &[HeldCharacter]) -> bool {
    checkpoint().is_usable((EPOCH, NUMBER), held, None)
}

#[test]
fn writes_decide_whether_a_checkpoint_is_usable() {
    assert!(is_usable(&[held(0, 10, None), held(1, 12, Some((EPOCH, NUMBER)))]));
    assert!(is_usable(&[held(0, 99, Some((EPOCH - 1, u32::MAX))), held(9, 5, None)]));
    for beyond in [(EPOCH, NUMBER + 1), (EPOCH, WriteSeq::UNCOVERED), (EPOCH + 1, 0)] {
        assert!(!is_usable(&[held(0, 10, None), held(1, 12, Some(beyond))]), "{beyond:?}");
        assert!(!is_usable(&[held(9, 12, Some(beyond))]), "{beyond:?}, though only the session shows it");
    }
}

#[test]
fn what_was_written_for_those_who_left_decides_too() {
    let is_usable = |left| checkpoint().is_usable((EPOCH, NUMBER), &[held(0, 10, None)], Some(name(left)));
    assert!(is_usable((EPOCH, NUMBER)) && is_usable((EPOCH - 1, WriteSeq::UNCOVERED)));
    for beyond in [(EPOCH, NUMBER + 1), (EPOCH, WriteSeq::UNCOVERED), (EPOCH + 1, 0)] {
        assert!(!is_usable(beyond), "{beyond:?}");
    }
}

#[test]
fn a_row_that_somebody_else_has_written_since_is_noticed() {
    assert!(!is_usable(&[held(0, 11, None)]), "it played elsewhere");
    assert!(!is_usable(&[HeldCharacter { seat: 3, ..held(0, 10, None) }]), "it sits elsewhere");
    assert!(is_usable(&[held(2, 11, None)]), "it left, as the checkpoint says");
}

#[test]
fn the_stay_of_a_leaver_is_over_once_the_last_write_is_made() {
    let stay = |held: HeldCharacter| occupant(2, true).stay(EPOCH, &held);
    assert_eq!(stay(held(2, 12, Some((EPOCH, LEAVES_SINCE - 1)))), Stay::Leaves);
    assert_eq!(stay(held(2, 12, Some((EPOCH - 1, LEAVES_SINCE)))), Stay::Leaves);
    assert_eq!(stay(held(2, 10, None)), Stay::Leaves);
    assert_eq!(stay(held(2, 12, Some((EPOCH, LEAVES_SINCE)))), Stay::Over);
    assert_eq!(stay(held(2, 13, None)), Stay::Over);
    assert_eq!(occupant(0, false).stay(EPOCH, &held(0, 12, Some((EPOCH, NUMBER)))), Stay::Plays);
}

#[test]
fn only_whole_checkpoints_of_this_format_are_read() {
    let bytes = checkpoint().encode().unwrap();
    assert_eq!(Checkpoint::decode(&bytes), Some(checkpoint()));
    assert!((0..bytes.len()).all(|length| Checkpoint::decode(&bytes[..length]).is_none()));
    assert_eq!(Checkpoint::decode(&[&bytes[..], &[0]].concat()), None);
    assert_eq!(Checkpoint::decode(&[&[FORMAT + 1], &bytes[1..]].concat()), None);
    let huge = Checkpoint { dungeon: vec![0; CHECKPOINT_BYTES_MAX], ..checkpoint() };
    assert_eq!(huge.encode(), None);
}

fn object() -> (Vec<u8>, BTreeMap<SessionId, (u32, u32)>) {
    let stored = |bits: u128| {
        let number = u32::try_from(bits).unwrap();
        let bytes = vec![u8::try_from(bits).unwrap(); 10 * usize::try_from(bits).unwrap()];
        (SessionId::from_bits(bits), StoredCheckpoint { session_epoch: EPOCH, number, bytes })
    };
    object::encode(&(0..20).map(stored).collect())
}

#[test]
fn every_session_is_found_in_the_object_and_no_other_epoch_of_it() {
    let (bytes, manifest) = object();
    assert_eq!(manifest.len(), 20);
    for (session_id, (epoch, number)) in manifest {
        let found = object::find(&bytes, session_id, epoch).unwrap();
        assert_eq!((found.number, found.bytes.len()), (number, 10 * number as usize));
        assert!(found.bytes.iter().all(|byte| u32::from(*byte) == number));
        assert_eq!(object::find(&bytes, session_id, epoch + 1), None);
    }
    assert_eq!(object::find(&bytes, SessionId::from_bits(20), EPOCH), None);
    assert_eq!(object::find(&object::encode(&BTreeMap::new()).0, SessionId::from_bits(1), EPOCH), None);
}

#[test]
fn broken_objects_and_checkpoints_yield_nothing_or_something_and_never_a_panic() {
    let (bytes, _) = object();
    let id = SessionId::from_bits(7);
    assert!((0..bytes.len()).all(|length| object::find(&bytes[..length], id, EPOCH).is_none()));
    assert_eq!(object::find(&[&bytes[..], &[0]].concat(), id, EPOCH), None);
    let checkpoint = checkpoint().encode().unwrap();
    let mut random = Backoff::seeded(9);
    let mut refused = 0;
    for _ in 0..20_000 {
        for (source, is_object) in [(&bytes, true), (&checkpoint, false)] {
            let mut broken = source.clone();
            let place = usize::try_from(random.draw()).unwrap() % broken.len().min(600);
            broken[place] ^= u8::try_from(random.draw() % 255).unwrap() + 1;
            let is_read = if is_object {
                object::find(&broken, id, EPOCH).is_some()
            } else {
                Checkpoint::decode(&broken).is_some()
            };
            refused += u32::from(!is_read);
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn what_would_make_an_object_too_long_is_left_out() {
    let huge = |bits: u128| {
        let bytes = vec![0; CHECKPOINT_BYTES_MAX];
        (SessionId::from_bits(bits), StoredCheckpoint { session_epoch: 1, number: 1, bytes })
    };
    let (bytes, manifest) = object::encode(&(0..600).map(huge).collect());
    assert!(bytes.len() <= CHECKPOINT_OBJECT_BYTES_MAX && manifest.len() == 511, "{}", manifest.len());
    assert!(object::find(&bytes, SessionId::from_bits(510), 1).is_some());
    assert!(object::find(&bytes, SessionId::from_bits(511), 1).is_none());
}
