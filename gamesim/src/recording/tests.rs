//! What is recorded is replayed state by state; what differs is found; bytes that are anything break nothing.

use super::*;
use crate::fixtures::{content, game};
use crate::limits::RECORDING_CHECK_TICKS;
use crate::world::{Action, Game};
use guildhall_domain::{Build, Content, HotState};
use std::sync::Arc;

const RAT: u16 = 2_048;

/// The same numbers in every run: SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn command(&mut self) -> Command {
        let action = match self.below(6) {
            0 => Action::Attack { target: RAT + self.below(3) as u16 },
            1 => Action::PickUp { target: 8_192 + self.below(2) as u16 },
            _ => Action::None,
        };
        Command { move_x: self.below(5) as i8 - 2, move_y: self.below(255) as i8, action }
    }
}

fn subject() -> Subject {
    Subject {
        session_id: SessionId::from_bits(1),
        session_epoch: 1,
        dungeon_id: "den".into(),
        content_version: 7,
        ruleset: "standard-1",
    }
}

/// A recording, and what was seen while it was made: the state's hash and what happened, tick by tick.
struct Tape {
    parts: Vec<RecordingPart>,
    ticks: Vec<(u64, Vec<Effect>)>,
}

impl Tape {
    /// Seats that come and go and play at random; most ticks are as the one before, some are lists in disorder.
    fn of_random_play(seed: u64, ticks: u32) -> Self {
        let mut dungeon = Dungeon::new(&game(), "den", seed).unwrap();
        let subject = subject();
        let mut recorder = Recorder::start(0, subject, Beginning::Seed(seed), &dungeon);
        let mut dice = Dice(seed);
        let (mut tape, mut commands, mut effects) = (Self { parts: vec![], ticks: vec![] }, vec![], vec![]);
        for tick in 0..u64::from(ticks) {
            let seat = dice.below(5) as u16;
            match dice.below(100) {
                0 => recorder.leave(&mut dungeon, seat, &mut effects),
                1..4 => {
                    let hot = HotState::of_class(&content(), "hero").unwrap();
                    let hero = Sheet { class: "hero", build: &Build::default(), hot: &hot };
                    recorder.join(&mut dungeon, seat, "Ada", hero, &mut effects);
                }
                4 => commands = (0..dice.below(9)).map(|_| (dice.below(6) as u16, dice.command())).collect(),
                5..20 => {
                    let all = (0..4).map(|seat| (seat, dice.command()));
                    commands = all.filter(|(_, command)| command.move_x != 2).collect();
                }
                _ => {}
            }
            recorder.step(&mut dungeon, &commands, &mut effects);
            tape.ticks.push((dungeon.state_hash(), std::mem::take(&mut effects)));
            tape.parts.extend(recorder.poll_part(tick, &dungeon));
        }
        tape.parts.extend(recorder.finish(Some(&dungeon)));
        tape
    }

    fn last(&self) -> &RecordingPart {
        self.parts.last().unwrap()
    }
}

fn name(part: &RecordingPart) -> PartName {
    PartName { session_epoch: part.session_epoch, number: part.number }
}

fn played(bytes: &[u8], game: &Arc<Game>) -> Option<Played> {
    play(bytes, game, &mut |_, _| {})
}

#[test]
fn whatever_was_done_is_replayed_state_by_state() {
    let tape = Tape::of_random_play(3, 2 * RECORDING_PART_TICKS + 500);
    assert_eq!(tape.parts.len(), 3);
    let (mut replay, mut seen) = (SessionReplay::default(), Vec::new());
    for part in &tape.parts {
        let watch = &mut |dungeon: &Dungeon, effects: &[Effect]| seen.push((dungeon.state_hash(), effects.to_vec()));
        let played = replay.play(name(part), &part.bytes, &game(), watch).unwrap();
        assert_eq!((played.end, played.header.session_id()), (End::Complete, SessionId::from_bits(1)));
        // The last call of each part tells of nothing new here.
        seen.pop();
    }
    assert_eq!(replay.findings(), []);
    assert!(replay.is_identical());
    assert_eq!(replay.ticks(), tape.ticks.len() as u64);
    assert!(seen == tape.ticks, "the replay went another way");
    assert_eq!(replay.state_hash(), tape.ticks.last().map(|(hash, _)| *hash));
    let mut hashes: Vec<_> = tape.ticks.iter().map(|(hash, _)| *hash).collect();
    hashes.dedup();
    assert!(hashes.len() > 10_000, "the hash does not see the state change");
}

#[test]
fn ticks_that_are_as_the_last_one_cost_next_to_nothing() {
    let mut dungeon = Dungeon::new(&game(), "den", 1).unwrap();
    let subject = subject();
    let mut recorder = Recorder::start(0, subject, Beginning::Seed(1), &dungeon);
    let walk = |move_x| Command { move_x, move_y: 0, action: Action::None };
    for tick in 0..4_000 {
        let commands: Vec<_> = (0..4).map(|seat| (seat, walk(if tick < 2_000 { 1 } else { -1 }))).collect();
        recorder.step(&mut dungeon, &commands, &mut Vec::new());
    }
    let part = recorder.finish(Some(&dungeon)).unwrap();
    let checks = (4_000 / RECORDING_CHECK_TICKS) as usize;
    // A check, and the ticks between two of them as one run.
    assert!(part.bytes.len() < checks * 7 + 150, "{} bytes", part.bytes.len());
    assert_eq!(played(&part.bytes, &game()).unwrap().ticks, 4_000);
}

#[test]
fn a_world_that_goes_another_way_is_found_within_a_second() {
    let tape = Tape::of_random_play(5, 3_000);
    let mut other = Content::clone(&content());
    other.classes.get_mut("hero").unwrap().speed_mm_per_s += 20;
    let Some(Played { end: End::Different { same_until, found_at }, ticks, .. }) =
        played(&tape.last().bytes, &Game::standard(Arc::new(other)))
    else {
        panic!("the difference was not found")
    };
    assert!(found_at - same_until <= RECORDING_CHECK_TICKS && ticks == found_at, "{same_until} {found_at}");
    let (mut replay, part) = (SessionReplay::default(), tape.last());
    // The last byte is the end's hash.
    let mut bytes = part.bytes.clone();
    *bytes.last_mut().unwrap() ^= 1;
    replay.play(name(part), &bytes, &game(), &mut |_, _| {}).unwrap();
    assert!(!replay.is_identical());
    assert!(matches!(replay.findings(), [Finding::Ended(_, End::Different { .. })]), "{:?}", replay.findings());
}

#[test]
fn what_is_missing_or_does_not_fit_is_told() {
    let tape = Tape::of_random_play(7, 2 * RECORDING_PART_TICKS + 500);
    let other = Tape::of_random_play(8, 2 * RECORDING_PART_TICKS + 500);
    let [first, second, third] = tape.parts.as_slice() else { panic!("three parts") };
    let mut replay = SessionReplay::default();
    for part in [first, third] {
        replay.play(name(part), &part.bytes, &game(), &mut |_, _| {}).unwrap();
    }
    assert_eq!(replay.findings(), [Finding::Missing { from: name(second), until: name(third) }]);
    assert!(replay.is_identical(), "what is there is right");
    let mut replay = SessionReplay::default();
    for part in [first, &other.parts[1]] {
        replay.play(name(part), &part.bytes, &game(), &mut |_, _| {}).unwrap();
    }
    assert_eq!(replay.findings(), [Finding::Disjoint(name(second))]);
    assert!(!replay.is_identical());
    let mut replay = SessionReplay::default();
    assert_eq!(replay.play(name(first), b"GHR\x03", &game(), &mut |_, _| {}), None);
    assert!(!replay.is_identical() && replay.findings() == [Finding::Unreadable(name(first))]);
}

#[test]
fn a_recording_that_breaks_off_is_played_up_to_there() {
    let tape = Tape::of_random_play(9, 150);
    let whole = &tape.last().bytes;
    let (mut longest, mut none) = (0, 0);
    for length in 0..whole.len() {
        let mut ticks = 0;
        let watch = &mut |dungeon: &Dungeon, _: &[Effect]| {
            if dungeon.tick() > ticks {
                let (hash, _) = tape.ticks[ticks as usize];
                assert_eq!(dungeon.state_hash(), hash, "{length} bytes, tick {ticks}");
                ticks = dungeon.tick();
            }
        };
        match play(&whole[..length], &game(), watch) {
            Some(played) => {
                assert!(matches!(played.end, End::BrokenOff { .. }), "{length} bytes: {:?}", played.end);
                assert!(ticks >= longest);
                longest = ticks;
            }
            None => none += 1,
        }
    }
    assert!(longest == 150 && none < 100, "{longest} ticks, {none} lengths without a header");
}

#[test]
fn without_a_last_state_the_tape_has_every_tick() {
    let mut dungeon = Dungeon::new(&game(), "den", 1).unwrap();
    let subject = subject();
    let mut recorder = Recorder::start(0, subject, Beginning::Seed(1), &dungeon);
    (0..33).for_each(|_| recorder.step(&mut dungeon, &[], &mut Vec::new()));
    let part = recorder.finish(None).unwrap();
    let played = played(&part.bytes, &game()).unwrap();
    assert_eq!((played.ticks, played.end), (33, End::BrokenOff { bytes_left: 0 }));
    assert_eq!(played.state_hash, dungeon.state_hash());
    assert_eq!(recorder.finish(None), None, "a tape ends once");
}

#[test]
fn any_bytes_can_be_played() {
    let mut dice = Dice(1);
    let tapes: Vec<_> = (0..10).map(|seed| Tape::of_random_play(seed, 60).last().bytes.clone()).collect();
    let (mut refused, mut broken) = (0, 0);
    for case in 0..2_000 {
        let mut bytes = tapes[case % tapes.len()].clone();
        // What is put in is longer, shorter or as long as what it replaces.
        let at = dice.below(bytes.len() as u64) as usize;
        let put: Vec<u8> = (0..=dice.below(12)).map(|_| dice.below(256) as u8).collect();
        let end = bytes.len().min(at + dice.below(12) as usize);
        bytes.splice(at..end, put.iter().copied());
        match played(&bytes, &game()) {
            None => refused += 1,
            Some(played) => {
                assert!(played.ticks <= RECORDING_PART_TICKS);
                broken += u32::from(played.end != End::Complete);
            }
        }
        assert_eq!(played(&put, &game()), None);
    }
    assert!(refused > 100 && broken > 500, "{refused} refused, {broken} broken");
}

#[test]
fn a_crowd_is_replayed_state_by_state_and_costs_little_while_it_does_the_same() {
    let mut zone = Dungeon::new(&game(), "heath", 5).unwrap();
    let subject = Subject { dungeon_id: "heath".into(), ..subject() };
    let mut recorder = Recorder::start(0, subject, Beginning::Seed(5), &zone);
    let (mut dice, mut effects) = (Dice(6), Vec::new());
    let hot = HotState::of_class(&content(), "hero").unwrap();
    let seats: Vec<u16> = (0..300).map(|nth| nth * 5).collect();
    for seat in &seats {
        let hero = Sheet { class: "hero", build: &Build::default(), hot: &hot };
        assert!(recorder.join(&mut zone, *seat, "Ada", hero, &mut effects));
    }
    let mut commands: Vec<_> = seats.iter().map(|seat| (*seat, dice.command())).collect();
    let mut states = Vec::new();
    for tick in 0..200 {
        match tick % 10 {
            // Some stop, some begin, some do something else; now and then one does two things at once.
            0 => {
                commands = seats.iter().map(|seat| (*seat, dice.command())).collect();
                commands.retain(|_| dice.below(3) > 0);
            }
            1 => commands.retain(|_| dice.below(10) > 0),
            2 => commands.iter_mut().step_by(2).for_each(|(_, command)| *command = Command::default()),
            3 => commands.insert(0, (1_495, Command::default())),
            4 => drop(commands.remove(0)),
            _ => {}
        }
        recorder.step(&mut zone, &commands, &mut effects);
        states.push(zone.state_hash());
    }
    let saved = zone.save_party(0).unwrap();
    recorder.leave(&mut zone, 0, &mut effects);
    assert!(recorder.restore_party(&mut zone, 0, &saved).is_some());
    assert!(recorder.restore_party(&mut zone, 0, &saved).is_none(), "it is there already");
    recorder.step(&mut zone, &[], &mut effects);
    states.push(zone.state_hash());
    let part = recorder.finish(Some(&zone)).unwrap();
    let mut seen = Vec::new();
    let played = play(&part.bytes, &game(), &mut |zone, _| seen.push(zone.state_hash())).unwrap();
    assert_eq!(played.end, End::Complete);
    // The last call tells of nothing new.
    seen.pop();
    assert_eq!(seen, states);
    for cut in (0..part.bytes.len()).step_by(part.bytes.len() / 12) {
        let broken = play(&part.bytes[..cut], &game(), &mut |_, _| {});
        assert!(broken.is_none_or(|played| played.end != End::Complete), "{cut} bytes");
    }
}
