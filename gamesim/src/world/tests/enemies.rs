//! What enemies do: notice, chase, strike, give up, and grow angrier.

use super::*;

#[test]
fn a_rat_notices_chases_and_strikes_at_its_own_pace() {
    let mut play = Play::with_heroes(1);
    play.put(0, 4_999, 1_000);
    play.wait(20);
    assert_eq!(play.view(RAT).unwrap().at.x, 8_000, "too far to notice");
    play.put(0, 5_000, 1_000);
    play.wait(1);
    assert_eq!(play.view(RAT).map(|rat| (rat.at.x, rat.facing)), Some((7_850, 128)), "150 mm per tick");
    play.wait(13);
    let before = play.dungeon.hot(0).unwrap().0.hp;
    play.wait(1);
    assert_eq!((before, play.dungeon.hot(0).unwrap().0.hp), (100, 93));
    assert!(play.view(RAT).unwrap().attacking);
    play.wait(19);
    assert_eq!(play.dungeon.hot(0).unwrap().0.hp, 93);
    play.wait(1);
    assert_eq!(play.dungeon.hot(0).unwrap().0.hp, 86);
}

#[test]
fn an_enemy_struck_from_afar_comes_for_the_striker() {
    let mut content = arena();
    content.enemies.get_mut("rat").unwrap().hp = 50;
    content.classes.get_mut("hero").unwrap().attack.range_mm = 20_000;
    let mut play = Play::with_heroes_in(content, 1);
    play.attack(0, RAT);
    play.wait(5);
    assert!(play.view(RAT).unwrap().at.x < 8_000);
}

#[test]
fn no_enemy_notices_or_strikes_through_a_closed_door() {
    let mut content = arena();
    content.enemies.get_mut("king").unwrap().attack.range_mm = 50_000;
    content.enemies.get_mut("rat").unwrap().aggro_mm = 0;
    let mut play = Play::with_heroes_in(content, 1);
    play.put(0, 10_000, 5_000);
    play.wait(40);
    assert_eq!(play.dungeon.hot(0).unwrap().0.hp, 100);
    assert_eq!(play.view(KING).map(|king| king.attacking), Some(false));
}

#[test]
fn an_enemy_led_too_far_goes_home_and_heals() {
    let mut content = arena();
    content.enemies.get_mut("rat").unwrap().hp = 30;
    content.dungeons.get_mut("cellar").unwrap().chambers[0].enemies.truncate(1);
    let mut play = Play::with_heroes_in(content, 1);
    play.put(0, 7_000, 1_000);
    play.attack(0, RAT);
    assert_eq!(play.view(RAT).unwrap().hp, 20);
    play.player(0).hot.hp = 100_000;
    play.put(0, 0, 1_000);
    let mut farthest = 8_000;
    for _ in 0..200 {
        play.step(&[]);
        farthest = farthest.min(play.view(RAT).unwrap().at.x);
    }
    assert!((1_850..=2_000).contains(&farthest), "strayed to {farthest}, with a leash of 6 m from 8 m");
    assert_eq!(play.view(RAT).map(|rat| (rat.at.x, rat.hp)), Some((8_000, 30)));
}

#[test]
fn an_enemy_without_a_target_goes_home_and_the_next_player_draws_it() {
    let mut play = Play::with_heroes(2);
    play.put(0, 5_500, 1_000);
    play.wait(4);
    play.dungeon.leave(0, &mut play.effects);
    play.wait(20);
    assert_eq!(play.view(RAT).unwrap().at.x, 8_000);
    play.put(1, 5_500, 1_000);
    play.wait(4);
    assert!(play.view(RAT).unwrap().at.x < 8_000);
}

#[test]
fn a_boss_enters_its_phases_strikes_faster_and_calms_down_at_home() {
    let mut play = Play::with_heroes(1);
    play.clear_first_chamber();
    play.put(0, 19_000, 5_000);
    let mut entered = vec![];
    let mut wounds = [0_u32; 3];
    for _ in 0..8 {
        play.attack(0, KING);
        play.wait(9);
        // A second is enough to see how often the king strikes in this phase.
        let phase = usize::from(play.dungeon.enemies.last().unwrap().phase);
        if wounds[phase] == 0 {
            play.player(0).hot.hp = 1_000;
            play.player(0).hot.hp_max = 1_000;
            play.wait(60);
            wounds[phase] = (1_000 - play.dungeon.hot(0).unwrap().0.hp) / 10;
        }
    }
    entered.extend(play.effects.iter().filter_map(|effect| match effect {
        Effect::Event(Audience::Witnesses(KING), WorldEvent::BossPhase { entity: KING, phase }) => Some(*phase),
        _ => None,
    }));
    assert_eq!(entered, [1, 2]);
    assert_eq!(wounds, [3, 6, 10], "once a second, then at twice and three times the pace (in whole ticks)");
    assert!(play.view(KING).unwrap().boss);

    play.dungeon.leave(0, &mut play.effects);
    play.wait(100);
    assert_eq!(play.effects.last(), Some(&all(WorldEvent::BossPhase { entity: KING, phase: 0 })));
    assert_eq!(play.view(KING).unwrap().hp, 100);
}
