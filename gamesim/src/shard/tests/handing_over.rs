//! What one player lays down and another takes: no crash and no refusal leaves it with both.

use super::bucket::tails;
use super::resuming::TAIL;
use super::*;
use guildhall_domain::api::ProgressRequest;

const BELOW: u16 = TAIL + 1;

/// Ada takes the rat's tail, and when that is written lays it down again; Bob takes it.
fn handed_over() -> (House, [usize; 2]) {
    let mut house = House::with_checkpoints();
    let (ada, bob) = (house.enter(1, 0, 1), house.enter(1, 1, 2));
    house.slay(ada, RAT);
    house.players[ada].wish(0, Action::PickUp { target: TAIL });
    house.flush();
    assert_eq!(house.carried(1), 1);
    house.api.saves.clear();
    house.players[ada].wish(0, Action::Drop { slot: 0, quantity: 1 });
    house.ticks(4);
    house.players[bob].wish(0, Action::PickUp { target: BELOW });
    house.ticks(4);
    (house, [ada, bob])
}

impl House {
    fn carried(&self, hero: u128) -> u32 {
        tails(&self.api.stored(hero).hot)
    }
}

fn together(save: &ProgressRequest) -> Vec<usize> {
    save.groups.iter().map(|group| group.writes.len()).collect()
}

#[test]
fn who_takes_what_another_laid_down_is_written_with_them() {
    let (mut house, _) = handed_over();
    house.flush();
    assert_eq!(house.api.saves.iter().map(together).collect::<Vec<_>>(), [[2]]);
    assert_eq!((house.carried(1), house.carried(2)), (0, 1));
}

#[test]
fn who_leaves_what_another_takes_is_written_with_them() {
    let (mut house, [ada, bob]) = handed_over();
    house.players[bob].wish(0, Action::Drop { slot: 0, quantity: 1 });
    house.ticks(2);
    house.players[bob].wish(0, Action::Leave);
    house.ticks(1);
    house.players[ada].wish(0, Action::PickUp { target: BELOW + 1 });
    house.flush();
    let parted = house.api.saves.iter().flat_map(|save| &save.groups).any(|group| group.writes.len() == 1);
    assert_eq!((house.carried(1), house.carried(2), house.api.stored(2).lease), (1, 0, None));
    assert!(!parted || house.api.saves.iter().flat_map(together).next() == Some(2), "{:?}", house.api.saves);
}

#[test]
fn what_a_session_goes_on_with_is_written_as_one() {
    let (mut house, _) = handed_over();
    house.ticks(30);
    house.kill();
    house.enter(1, 0, 1);
    house.flush();
    assert_eq!(house.api.saves.iter().map(together).collect::<Vec<_>>(), [[2]]);
    assert_eq!((house.carried(1), house.carried(2)), (0, 1));
}
