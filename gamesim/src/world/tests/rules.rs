//! What players do: come and go, walk, strike, earn, and win.

use super::*;

#[test]
fn players_come_and_go_and_their_numbers_go_on_rising() {
    let mut play = Play::with_heroes(1);
    assert_eq!(play.effects, [all(WorldEvent::PlayerJoined { seat: 0, name: "Ada".into() })]);
    assert_eq!(play.dungeon.player_entity(0), Some(0));
    play.put(0, 7_000, 1_000);
    play.attack(0, RAT);
    let (hot, seq) = play.dungeon.hot(0).map(|(hot, seq)| (hot.clone(), seq)).unwrap();
    assert_eq!((hot.xp, hot.gold, seq), (5, 2, 2));

    assert!(play.join(0), "a seat that is present stays");
    assert_eq!(play.dungeon.hot(0), Some((&hot, seq)));
    assert_eq!(play.view(0).unwrap().at, Point { x: 7_000, y: 1_000 });

    play.dungeon.leave(0, &mut play.effects);
    assert_eq!(play.effects.last(), Some(&all(WorldEvent::PlayerLeft { seat: 0 })));
    assert_eq!((play.dungeon.hot(0), play.view(0)), (None, None));
    let dead = Newcomer { hot: HotState { hp: 0, ..hot }, ..Newcomer::of(&play.dungeon.game, "hero") };
    play.dungeon.join(0, "Ada", dead.sheet(), &mut play.effects);
    assert_eq!(play.dungeon.hot(0).map(|(hot, seq)| (hot.hp, seq)), Some((100, 3)), "the dead come in unhurt");
    assert_eq!(play.effects.last(), Some(&Effect::Changed { seat: 0, urgent: false }));
}

#[test]
fn nobody_sits_outside_the_party_or_without_a_class() {
    let mut play = Play::with_heroes(0);
    assert!(!play.join(4) && !play.join(255));
    let bard = Newcomer { class: "bard".into(), ..Newcomer::of(&play.dungeon.game, "hero") };
    assert!(!play.dungeon.join(0, "Ada", bard.sheet(), &mut play.effects));
    assert_eq!(play.effects, []);
}

#[test]
fn only_the_first_walk_of_a_tick_counts() {
    let mut play = Play::with_heroes(1);
    play.step(&[(0, walk(0, 0)), (0, walk(1, 0)), (0, walk(127, 0)), (0, walk(0, 127))]);
    let view = play.view(0).unwrap();
    assert_eq!((view.at, view.facing), (Point { x: 1_250, y: 5_000 }, 0));
    play.step(&[(0, walk(-128, 0))]);
    assert_eq!(play.view(0).map(|view| (view.at.x, view.facing)), Some((1_000, 128)));
}

#[test]
fn a_closed_door_blocks_and_an_open_one_does_not() {
    let mut content = arena();
    content.classes.get_mut("hero").unwrap().attack.range_mm = 20_000;
    let mut play = Play::with_heroes_in(content, 1);
    play.put(0, 9_000, 5_000);
    (0..20).for_each(|_| drop(play.step(&[(0, walk(1, 0))])));
    assert_eq!(play.view(0).unwrap().at, Point { x: 10_000, y: 5_000 });
    assert_eq!(play.view(DOOR).map(|door| (door.open, door.at)), Some((false, Point { x: 12_000, y: 5_000 })));
    let king = play.view(KING).unwrap();
    assert_eq!(king.at.x, 20_000, "the king noticed somebody through a closed door");

    assert_eq!(play.attack(0, KING), [], "a blow went through a closed door");

    play.clear_first_chamber();
    let opened = [all(WorldEvent::ChamberCleared { chamber: 0 }), all(WorldEvent::DoorOpened { entity: DOOR })];
    assert!(play.effects.windows(2).any(|pair| pair == opened));
    play.put(0, 10_000, 5_000);
    (0..8).for_each(|_| drop(play.step(&[(0, walk(1, 0))])));
    assert_eq!(play.view(0).unwrap().at, Point { x: 12_000, y: 5_000 });
    assert!(play.view(KING).unwrap().at.x < 20_000, "the king noticed nobody through the open door");
}

#[test]
fn a_blow_needs_a_living_enemy_in_reach_and_a_ready_weapon() {
    let mut play = Play::with_heroes(1);
    play.put(0, 4_900, 1_000);
    for target in [RAT, 0, 3, DOOR, LOOT, 261, 511, u16::MAX] {
        assert_eq!(play.attack(0, target), [], "target {target}");
    }
    play.put(0, 6_000, 1_000);
    let said = play.attack(0, RAT);
    assert!(said.contains(&all(WorldEvent::EnemyDied { entity: RAT, by_seat: 0 })), "at exactly the weapon's range");
    assert!(play.view(0).unwrap().attacking);
    assert_eq!(play.attack(0, RAT), [], "the dead cannot be struck");
    play.put(0, 7_000, 4_000);
    for _ in 0..8 {
        assert!(!play.attack(0, RAT + 1).contains(&all(WorldEvent::EnemyDied { entity: RAT + 1, by_seat: 0 })));
    }
    assert!(play.attack(0, RAT + 1).contains(&all(WorldEvent::EnemyDied { entity: RAT + 1, by_seat: 0 })));
    assert!(play.view(RAT).is_some_and(|rat| !rat.alive));
    play.wait(20);
    assert_eq!(play.view(RAT), None, "a dead enemy is gone after a moment");
}

#[test]
fn a_death_pays_everybody_present() {
    let mut play = Play::with_heroes(2);
    play.put(0, 7_000, 1_000);
    assert_eq!(
        play.attack(0, RAT),
        [
            all(WorldEvent::EnemyDied { entity: RAT, by_seat: 0 }),
            only(0, WorldEvent::XpGained { amount: 5, seq: 1 }),
            only(0, WorldEvent::GoldGained { amount: 2, seq: 2 }),
            only(1, WorldEvent::XpGained { amount: 5, seq: 1 }),
            only(1, WorldEvent::GoldGained { amount: 2, seq: 2 }),
            Effect::Event(Audience::Witnesses(RAT), WorldEvent::LootDropped { entity: LOOT, item: 1, quantity: 1 }),
            Effect::Changed { seat: 0, urgent: false },
            Effect::Changed { seat: 1, urgent: false },
        ]
    );
}

#[test]
fn a_level_is_urgent_and_does_not_raise_the_dead() {
    let mut play = Play::with_heroes(2);
    play.player(0).hot.xp = 8;
    play.player(1).hot.xp = 8;
    play.player(1).hot.hp = 0;
    play.player(1).respawn_at = 1_000;
    play.put(0, 7_000, 1_000);
    let said = play.attack(0, RAT);
    assert!(said.contains(&only(0, WorldEvent::LevelUp { level: 2 })));
    assert!(said.contains(&Effect::Changed { seat: 0, urgent: true }));
    assert_eq!(play.dungeon.hot(0).map(|(hot, _)| (hot.level, hot.hp, hot.hp_max)), Some((2, 110, 110)));
    assert_eq!(play.dungeon.hot(1).map(|(hot, _)| (hot.level, hot.hp, hot.hp_max)), Some((2, 0, 110)));
    assert!(!play.view(1).unwrap().alive);
}

#[test]
fn gold_at_its_limit_is_neither_gained_nor_announced() {
    let mut play = Play::with_heroes(1);
    play.player(0).hot.gold = guildhall_domain::limits::GOLD_MAX - 1;
    play.put(0, 7_000, 1_000);
    assert!(play.attack(0, RAT).contains(&only(0, WorldEvent::GoldGained { amount: 1, seq: 2 })));
    play.wait(10);
    play.put(0, 7_000, 4_000);
    let said = play.attack(0, RAT + 1);
    assert!(!said.iter().any(|e| matches!(e, Effect::Event(_, WorldEvent::GoldGained { .. }))), "{said:?}");
}

#[test]
fn a_dead_player_returns_unhurt_and_can_do_nothing_before() {
    let mut play = Play::with_heroes(1);
    play.put(0, 7_500, 1_000);
    play.player(0).hot.hp = 7;
    let said = play.step(&[]);
    assert_eq!(said, [all(WorldEvent::PlayerDied { seat: 0 }), Effect::Changed { seat: 0, urgent: false }]);
    let command = Command { move_x: 1, move_y: 0, action: Action::Attack { target: RAT } };
    for _ in 0..39 {
        assert_eq!(play.step(&[(0, command)]), []);
    }
    let view = play.view(0).unwrap();
    assert_eq!((view.alive, view.hp, view.at), (false, 0, Point { x: 7_500, y: 1_000 }));
    let said = play.step(&[(0, command)]);
    assert_eq!(said, [all(WorldEvent::PlayerRespawned { seat: 0 }), Effect::Changed { seat: 0, urgent: false }]);
    let view = play.view(0).unwrap();
    assert_eq!((view.alive, view.hp, view.at), (true, 100, Point { x: 1_000, y: 5_000 }));
}

#[test]
fn wounds_heal_only_some_seconds_after_being_struck() {
    let mut play = Play::with_heroes(1);
    play.put(0, 7_500, 1_000);
    play.wait(1);
    assert_eq!(play.dungeon.hot(0).map(|(hot, seq)| (hot.hp, seq)), Some((93, 1)));
    play.dungeon.enemies[0].hp = 0;
    play.wait(79);
    assert_eq!(play.dungeon.hot(0).unwrap().0.hp, 93);
    play.wait(60);
    assert_eq!(
        play.dungeon.hot(0).map(|(hot, seq)| (hot.hp, seq)),
        Some((100, 3)),
        "two steps of healing, to the full"
    );
}

#[test]
fn wounds_heal_only_some_seconds_after_striking() {
    let mut play = Play::with_heroes(1);
    play.wait(99);
    play.player(0).hot.hp = 50;
    play.put(0, 6_500, 1_000);
    play.attack(0, RAT);
    play.put(0, 1_000, 5_000);
    play.wait(79);
    assert_eq!(play.dungeon.hot(0).unwrap().0.hp, 50);
    play.wait(1);
    assert_eq!(play.dungeon.hot(0).unwrap().0.hp, 55);
}

#[test]
fn the_kings_death_clears_the_dungeon_and_leaves_time_for_loot() {
    let mut play = Play::with_heroes(2);
    play.clear_first_chamber();
    play.put(0, 19_000, 5_000);
    play.dungeon.enemies.last_mut().unwrap().hp = 1;
    assert_eq!((play.dungeon.outcome(), play.dungeon.is_over()), (None, false));
    let said = play.attack(0, KING);
    assert!(said.contains(&all(WorldEvent::DungeonCleared)));
    assert!(said.contains(&Effect::Changed { seat: 1, urgent: true }));
    assert_eq!(play.dungeon.hot(1).unwrap().0.dungeons_cleared, 1);
    assert_eq!(play.dungeon.outcome(), Some(Outcome::Cleared));
    play.wait(CLEARED_GRACE_MS / TICK_MS - 1);
    assert!(!play.dungeon.is_over());
    play.wait(1);
    assert!(play.dungeon.is_over());
}
