//! What the world says for the combat log, and of wishes that come to nothing.

use super::*;
use guildhall_domain::combat_log::{Deed, ViolationKind};

impl Play {
    /// What was said aside of late.
    fn asides(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.asides)
    }

    fn deeds(&mut self) -> Vec<Deed> {
        let deeds = self.asides().into_iter().filter_map(|effect| match effect {
            Effect::Deed(deed) => Some(deed),
            _ => None,
        });
        deeds.collect()
    }
}

#[test]
fn blows_burns_and_healing_are_told_with_their_numbers() {
    let mut play = Play::able(2);
    play.put(0, 6_000, 1_000);
    play.attack(0, RAT);
    assert_eq!(play.deeds(), [Deed::Struck { by: 0, target: RAT, damage: 10, kind: None, critical: false }]);
    play.uses(0, BOLT, RAT);
    assert_eq!(play.deeds()[0], Deed::Struck { by: 0, target: RAT, damage: 20, kind: Some(0), critical: false });
    play.wait(20);
    assert!(play.deeds().contains(&Deed::Suffered { target: RAT, damage: 3 }));

    let mut play = Play::able(2);
    play.player(1).hot.hp = 85;
    play.uses(0, HEAL, 1);
    assert_eq!(play.deeds(), [Deed::Healed { by: 0, target: 1, hp: 15 }], "no more than there was room for");
    play.wait(10);
    play.uses(0, HEAL, 1);
    assert_eq!(play.deeds(), [], "nobody was hurt");
}

#[test]
fn a_wish_that_comes_to_nothing_says_why() {
    let vain = |kind| [Effect::Vain { seat: 0, kind }];
    let mut play = Play::able(1);
    play.put(0, 6_000, 1_000);
    play.attack(0, 9_999);
    assert_eq!(play.asides(), vain(ViolationKind::Target));
    play.attack(0, KING);
    assert_eq!(play.asides(), vain(ViolationKind::Reach));
    play.uses(0, 9, RAT);
    assert_eq!(play.asides(), vain(ViolationKind::Target), "an ability that there is not");
    play.uses(0, HOLD, RAT);
    assert_eq!(play.asides(), vain(ViolationKind::Target), "an ability of a higher level");
    play.uses(0, HEAL, RAT);
    assert_eq!(play.asides(), vain(ViolationKind::Target), "an ability for friends");
    play.uses(0, BOLT, KING);
    assert_eq!(play.asides(), vain(ViolationKind::Reach));
    play.uses(0, RALLY, 0);
    play.uses(0, RALLY, 0);
    assert_eq!(play.asides(), vain(ViolationKind::Cooldown));
    play.player(0).mana = 9;
    play.uses(0, BOLT, RAT);
    assert_eq!(play.asides(), vain(ViolationKind::Resources));
}

#[test]
fn a_held_key_and_the_wishes_of_the_dead_are_nothing_to_tell() {
    let mut play = Play::able(1);
    play.put(0, 6_000, 1_000);
    (0..3).for_each(|_| drop(play.attack(0, RAT)));
    assert!(play.asides().iter().all(|effect| matches!(effect, Effect::Deed(_))), "a weapon that is not ready");
    play.player(0).hot.hp = 0;
    play.player(0).respawn_at = 1_000;
    play.attack(0, KING);
    play.uses(0, BOLT, KING);
    assert_eq!(play.asides(), []);
}
