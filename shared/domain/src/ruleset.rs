//! The rules of fights that numbers alone cannot say. A studio changes most of its game by editing content; what it cannot
//! say there it says in a [`Ruleset`] of its own, by overriding the methods that shall be different, and hands it to the
//! game sim. [`Standard`] overrides none.
//!
//! A ruleset is pure: everything that it may go by arrives as arguments, chance included, so that a session replays to the
//! bit. It keeps no state, and its numbers are whole.

use crate::content::{Attack, Dice, Enemy, Practice};
use crate::rules::{armor_class, speed_mm_per_s, strike};
use crate::{Content, Sheet};
use std::fmt::Debug;

/// Where chance comes from: the session's seed.
pub trait Chance {
    /// A number from `least` to `most`, both included.
    fn between(&mut self, least: u32, most: u32) -> u32;
}

/// What somebody brings to a fight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fighter {
    /// What is added to attack rolls.
    pub attack_bonus: i32,
    /// How hard it is to hit.
    pub armor_class: i32,
    /// What a weapon adds to the damage.
    pub dice: Dice,
    /// What else is added to the damage, once.
    pub damage_bonus: i32,
    /// Walking speed, in millimetres per second.
    pub speed_mm_per_s: u32,
}

/// What an attack comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// Nothing.
    Missed,
    /// So much damage, before anything is kept off.
    Hit {
        /// In hit points.
        damage: u32,
        /// Whether it was an exceptional one.
        critical: bool,
    },
}

/// What makes damage more or less, in percent; 0 leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// By the state of whoever deals it.
    pub dealt: i32,
    /// By the state of whoever takes it.
    pub taken: i32,
    /// By what whoever takes it keeps off of this kind.
    pub resisted: i32,
    /// By the skill behind it.
    pub skill: u32,
}

/// What an enemy's death is worth to one player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reward {
    /// Experience.
    pub xp: u32,
    /// Gold.
    pub gold: u32,
}

/// The rules of fights. Every method has the standard rule as its default.
pub trait Ruleset: Debug + Send + Sync {
    /// Its name and version: recordings and checkpoints of one are not played under another.
    fn name(&self) -> &'static str;

    /// What a character brings to a fight; asked again whenever its equipment or its level has changed. The standard: what
    /// the SRD's formulas in [`crate::rules`] say.
    fn fighter(&self, character: Sheet<'_>, content: &Content) -> Fighter {
        let strike = strike(character, content);
        Fighter {
            attack_bonus: strike.attack_bonus,
            armor_class: armor_class(character, content),
            dice: strike.damage,
            damage_bonus: strike.damage_bonus,
            speed_mm_per_s: speed_mm_per_s(character, content),
        }
    }

    /// What an enemy brings to a fight. The standard: what the content says.
    fn foe(&self, enemy: &Enemy) -> Fighter {
        Fighter {
            attack_bonus: enemy.attack_bonus,
            armor_class: enemy.armor_class,
            speed_mm_per_s: enemy.speed_mm_per_s,
            ..Fighter::default()
        }
    }

    /// What an attack comes to that does from `least` to `most` damage by itself. The standard is the SRD's "Attack Rolls"
    /// and "Critical Hits", with the content's numbers: a die and the bonus against the armour class, and all dice of the
    /// damage again when it is critical. Without a die every attack hits.
    fn attack(
        &self,
        content: &Content,
        (striker, target): (&Fighter, &Fighter),
        (least, most): (u32, u32),
        chance: &mut dyn Chance,
    ) -> Blow {
        let rolls = &content.rules.attack_rolls;
        let roll = if rolls.die_sides == 0 { 0 } else { chance.between(1, rolls.die_sides) };
        let critical = rolls.die_sides > 0 && roll >= rolls.critical_from;
        let total = i64::from(roll) + i64::from(striker.attack_bonus);
        let hits = rolls.die_sides == 0 || critical || total >= i64::from(target.armor_class);
        if !hits || (rolls.die_sides > 0 && roll <= rolls.miss_up_to) {
            return Blow::Missed;
        }
        let times = if critical { rolls.critical_times.max(1) } else { 1 };
        let mut damage = i64::from(striker.damage_bonus);
        for _ in 0..times {
            damage += i64::from(chance.between(least, most));
            for _ in 0..striker.dice.dice {
                damage += i64::from(chance.between(1, striker.dice.sides.max(1)));
            }
        }
        Blow::Hit { damage: u32::try_from(damage.max(0)).unwrap_or(u32::MAX), critical }
    }

    /// What is left of damage (or healing, which is never resisted). The standard: each percentage in turn, rounded towards
    /// zero.
    fn change(&self, amount: u32, changes: &Changes) -> u32 {
        let skill = i32::try_from(changes.skill).unwrap_or(i32::MAX);
        let percents = [skill, changes.dealt, changes.taken, changes.resisted.saturating_neg()];
        let changed = percents.iter().fold(u64::from(amount), |amount, percent| {
            let percent = u64::try_from(i64::from(*percent) + 100).unwrap_or(0);
            amount.saturating_mul(percent) / 100
        });
        u32::try_from(changed).unwrap_or(u32::MAX)
    }

    /// What an enemy's death is worth to each of the players who are there. The standard: what the content says, to each.
    fn reward(&self, enemy: &Enemy, _present: usize) -> Reward {
        Reward { xp: enemy.xp, gold: enemy.gold }
    }

    /// How much stronger so much experience in a skill makes what the skill stands behind, in percent. The standard: so
    /// much for every level above the first.
    fn skill_percent(&self, practice: &Practice, xp: u64) -> u32 {
        practice.percent_per_level.saturating_mul(practice.level_at(xp).saturating_sub(1))
    }

    /// The least and the most that an attack does by itself, at a level. The standard: what the content says, at all
    /// levels.
    fn attack_damage(&self, attack: &Attack, _level: u32) -> (u32, u32) {
        (attack.damage_min, attack.damage_max)
    }
}

/// The rules that come with the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standard;

impl Ruleset for Standard {
    fn name(&self) -> &'static str {
        "standard-1"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{AttackRolls, Rules};
    use crate::rules::tests::seed_content;

    /// Gives what it is told to, and never more than it may.
    struct Told(Vec<u32>);

    impl Chance for Told {
        fn between(&mut self, least: u32, most: u32) -> u32 {
            let told = self.0.remove(0);
            assert!((least..=most).contains(&told), "{told} is not from {least} to {most}");
            told
        }
    }

    fn struck(told: &[u32]) -> Blow {
        let content = Content {
            rules: Rules {
                attack_rolls: AttackRolls { die_sides: 20, miss_up_to: 1, critical_from: 20, critical_times: 2 },
                ..Rules::default()
            },
            ..seed_content()
        };
        let striker =
            Fighter { attack_bonus: 5, dice: Dice { dice: 1, sides: 8 }, damage_bonus: 3, ..Fighter::default() };
        let target = Fighter { armor_class: 15, ..Fighter::default() };
        let mut chance = Told(told.to_vec());
        let blow = Standard.attack(&content, (&striker, &target), (2, 4), &mut chance);
        assert!(chance.0.is_empty(), "{:?} was not asked for", chance.0);
        blow
    }

    #[test]
    fn a_roll_decides_and_the_extremes_decide_alone() {
        assert_eq!(struck(&[9]), Blow::Missed);
        assert_eq!(struck(&[10, 2, 8]), Blow::Hit { damage: 13, critical: false });
        assert_eq!(struck(&[20, 4, 8, 2, 1]), Blow::Hit { damage: 18, critical: true });
        assert_eq!(struck(&[1]), Blow::Missed);
    }

    #[test]
    fn without_a_die_everything_hits() {
        let content = Content { rules: Rules::default(), ..seed_content() };
        let tough = Fighter { armor_class: 1_000, ..Fighter::default() };
        let weak = Fighter { damage_bonus: -9, ..Fighter::default() };
        let hit = |striker: &Fighter| Standard.attack(&content, (striker, &tough), (5, 5), &mut Told(vec![5]));
        assert_eq!(hit(&tough), Blow::Hit { damage: 5, critical: false });
        assert_eq!(hit(&weak), Blow::Hit { damage: 0, critical: false }, "nobody is healed by a feeble blow");
    }

    #[test]
    fn percentages_follow_each_other() {
        let change = |dealt, taken, resisted, skill| Standard.change(100, &Changes { dealt, taken, resisted, skill });
        assert_eq!(change(0, 0, 0, 0), 100);
        assert_eq!(change(50, -50, 0, 0), 75);
        assert_eq!(change(0, 0, 100, 0), 0);
        assert_eq!(change(0, 0, -50, 20), 180);
        assert_eq!(change(-100, 1_000, 0, 0), 0);
        assert_eq!(Standard.change(u32::MAX, &Changes { dealt: 1_000, ..Changes::default() }), u32::MAX);
    }
}
