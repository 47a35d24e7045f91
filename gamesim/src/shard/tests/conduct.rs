//! What is told of clients that do what fair ones do not, kind by kind.

use super::*;
use crate::limits::CONDUCT_WINDOW_TICKS;
use guildhall_domain::combat_log::{Chunk, Deed, ViolationKind};
use std::collections::BTreeMap;

impl House {
    /// The violations that the log tells of: how often, by seat and kind.
    fn violations(&self) -> BTreeMap<(u16, ViolationKind), Vec<u32>> {
        let mut told: BTreeMap<_, Vec<u32>> = BTreeMap::new();
        for chunk in &self.api.logged {
            for entry in Chunk::decode(&chunk.bytes).unwrap().entries {
                if let Deed::Violation { seat, kind, count, character_id, .. } = entry.deed {
                    assert_eq!(
                        (entry.character_id, character_id),
                        (None, CharacterId::from_bits(u128::from(seat) + 1))
                    );
                    told.entry((seat, kind)).or_default().push(count);
                }
            }
        }
        told
    }

    /// Lets the first player misbehave in nearly every tick of two windows, beside one who does nothing wrong, and gives the kinds
    /// that are told.
    fn kinds_of(misbehave: impl Fn(&mut Self, usize)) -> Vec<(u16, ViolationKind)> {
        let mut house = Self::new();
        let (ada, _) = (house.enter(1, 0, 1), house.enter(1, 1, 2));
        for _ in 0..2 * CONDUCT_WINDOW_TICKS - 40 {
            misbehave(&mut house, ada);
            house.tick();
        }
        // The log is handed out in the end.
        house.ticks(20 * 20);
        let told = house.violations();
        let seen: u64 = house.shard.report().violations.iter().sum();
        assert_eq!(seen, told.values().map(|counts| counts.len() as u64).sum::<u64>());
        told.into_keys().collect()
    }

    fn wishes(action: Action) -> Vec<(u16, ViolationKind)> {
        Self::kinds_of(|house, ada| house.players[ada].wish(0, action))
    }
}

#[test]
fn who_does_nothing_wrong_is_not_told_of() {
    assert_eq!(House::wishes(Action::None), []);
}

#[test]
fn blows_at_what_is_not_there_or_far_away_are_told() {
    assert_eq!(House::wishes(Action::Attack { target: 9_999 }), [(0, ViolationKind::Target)]);
    assert_eq!(House::wishes(Action::Ability { number: 15, target: RAT }), [(0, ViolationKind::Target)]);
    let told = House::kinds_of(|house, ada| {
        let is_near = house.players[ada].inputs.len() < 100;
        let strike = Action::Attack { target: KING };
        house.players[ada].wish(i8::from(is_near), if is_near { Action::None } else { strike });
    });
    assert_eq!(told, [(0, ViolationKind::Reach)]);
}

#[test]
fn more_inputs_than_ticks_are_told() {
    let told = House::kinds_of(|house, ada| (0..2).for_each(|_| house.players[ada].wish(1, Action::None)));
    assert_eq!(told, [(0, ViolationKind::InputsInExcess)]);
}

#[test]
fn more_messages_than_are_read_are_told() {
    let told = House::kinds_of(|house, ada| {
        for _ in 0..10 {
            let message = house.players[ada].message().encode();
            house.players[ada].client.send(&message).unwrap();
        }
    });
    assert_eq!(told, [(0, ViolationKind::MessagesInExcess)]);
}

#[test]
fn a_single_message_that_makes_no_sense_is_told_once() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.players[ada].client.send(&[0xff; 40]).unwrap();
    house.ticks(2 * CONDUCT_WINDOW_TICKS + 20 * 20);
    assert_eq!(house.violations(), BTreeMap::from([((0, ViolationKind::MalformedMessages), vec![1])]));
}
