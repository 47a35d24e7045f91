//! A studio's own rules: another ruleset, played by the same bots over the same content, from beginning to end.

use guildhall_domain::Sheet;
use guildhall_domain::content::{Attack, Content, Dice, Enemy};
use guildhall_domain::rules::{armor_class, speed_mm_per_s};
use guildhall_domain::ruleset::{Blow, Chance, Fighter, Reward, Ruleset};
use guildhall_gamesim::recording::play as replay;
use guildhall_gamesim::world::Game;
use guildhall_tests::recorded::{play, seed_content};
use std::sync::Arc;

/// Percentile rules: an attack hits by the difference of skill and armour in percent, is never critical, hurts more at
/// higher levels, and a party shares what an enemy is worth.
#[derive(Debug)]
struct Percentile;

impl Ruleset for Percentile {
    fn name(&self) -> &'static str {
        "percentile-1"
    }

    fn fighter(&self, character: Sheet<'_>, content: &Content) -> Fighter {
        Fighter {
            attack_bonus: 80 + i32::try_from(character.hot.level).unwrap_or(i32::MAX),
            armor_class: armor_class(character, content) - 10,
            dice: Dice::default(),
            damage_bonus: 0,
            speed_mm_per_s: speed_mm_per_s(character, content),
        }
    }

    fn foe(&self, enemy: &Enemy) -> Fighter {
        Fighter { attack_bonus: 60, armor_class: 5, speed_mm_per_s: enemy.speed_mm_per_s, ..Fighter::default() }
    }

    fn attack(
        &self,
        _: &Content,
        (striker, target): (&Fighter, &Fighter),
        (least, most): (u32, u32),
        chance: &mut dyn Chance,
    ) -> Blow {
        let percent = striker.attack_bonus.saturating_sub(target.armor_class);
        if i64::from(chance.between(1, 100)) > i64::from(percent) {
            return Blow::Missed;
        }
        Blow::Hit { damage: chance.between(least, most), critical: false }
    }

    fn attack_damage(&self, attack: &Attack, level: u32) -> (u32, u32) {
        (attack.damage_min + level, attack.damage_max + level)
    }

    fn reward(&self, enemy: &Enemy, present: usize) -> Reward {
        let share = u32::try_from(present.max(1)).unwrap_or(u32::MAX);
        Reward { xp: enemy.xp.div_ceil(share), gold: enemy.gold.div_ceil(share) }
    }
}

#[test]
fn another_ruleset_plays_the_same_dungeon_to_its_end_in_its_own_way() {
    let content = Arc::new(seed_content());
    let (standard, percentile) =
        (Game::standard(Arc::clone(&content)), Arc::new(Game::new(content, Arc::new(Percentile))));
    let (ours, theirs) = (play(&standard, 3), play(&percentile, 3));
    assert!(ours.is_cleared && theirs.is_cleared);
    assert_ne!(ours.hashes, theirs.hashes);
    let xp = |game: &Arc<Game>, recording: &[u8]| {
        let mut xp = 0;
        let played = replay(recording, game, &mut |dungeon, _| xp = dungeon.hot(0).map_or(xp, |(hot, _)| hot.xp));
        played.map(|_| xp)
    };
    let (alone, shared) = (xp(&standard, &ours.parts[0].bytes), xp(&percentile, &theirs.parts[0].bytes));
    assert!(shared.unwrap() > 0 && shared.unwrap() * 3 < alone.unwrap(), "{shared:?} shared, {alone:?} alone");
    assert_eq!(xp(&standard, &theirs.parts[0].bytes), None, "played under other rules than it was recorded under");
}
