//! The shipped dungeon can be won: four characters of the first level, each played by a few simple rules, clear it in about
//! the time it was balanced for, and not without wounds.

use super::*;

/// What a simple player does: picks up what is near, strikes what is in reach, and else walks to the nearest enemy that can be reached.
fn decide(dungeon: &Dungeon, player: &Player) -> Command {
    let loot = dungeon.loot.iter().filter(|loot| geometry::within(player.at, loot.at, 2_000)).map(|loot| loot.id).min();
    let reachable = dungeon.enemies.iter().filter(|enemy| enemy.hp > 0 && dungeon.map.reaches(player.at, enemy.at));
    let nearest = reachable.min_by_key(|enemy| geometry::distance_squared(player.at, enemy.at));
    let Some(enemy) = nearest else {
        return loot.map_or_else(Command::default, |target| act(Action::PickUp { target }));
    };
    let range_mm = player.kit(&dungeon.game).unwrap().weapon.range_mm;
    if geometry::within(player.at, enemy.at, range_mm) && dungeon.map.sees(player.at, enemy.at) {
        return match loot {
            Some(target) if !player.blow.is_ready(dungeon.tick + 1) => act(Action::PickUp { target }),
            _ => act(Action::Attack { target: enemy.id }),
        };
    }
    let next = dungeon.map.steer(player.at, enemy.at);
    let (dx, dy) = geometry::stride(next.x - player.at.x, next.y - player.at.y, 127);
    walk(i8::try_from(dx).unwrap(), i8::try_from(dy).unwrap())
}

/// What became of one run.
#[derive(Debug)]
struct Run {
    ticks: u32,
    deaths: usize,
    wounds: u64,
    level: u32,
    items: usize,
}

/// Plays a party through the dungeon; `None` if it is not done in time.
fn run(classes: &[&str], seed: u64, ticks_max: u32) -> Option<Run> {
    let game = game(seed_content());
    let mut dungeon = Dungeon::new(&game, "goblin-warren", seed).unwrap();
    let mut effects = Vec::new();
    for (seat, class) in (0..).zip(classes) {
        assert!(dungeon.join(seat, "Ada", Newcomer::of(&game, class).sheet(), &mut effects));
    }
    let (mut cleared, mut wounds) = (None, 0);
    while !dungeon.is_over() && dungeon.tick() < ticks_max {
        let hp = |dungeon: &Dungeon| dungeon.players.iter().map(|player| player.hot.hp).collect::<Vec<_>>();
        let before = hp(&dungeon);
        let inputs: Vec<_> = dungeon.players.iter().map(|player| (player.seat, decide(&dungeon, player))).collect();
        dungeon.step(&inputs, &mut effects);
        wounds += before.iter().zip(hp(&dungeon)).map(|(was, is)| u64::from(was.saturating_sub(is))).sum::<u64>();
        cleared = cleared.or_else(|| dungeon.outcome().map(|_| dungeon.tick()));
    }
    let died = |effect: &&Effect| matches!(effect, Effect::Event(_, WorldEvent::PlayerDied { .. }));
    Some(Run {
        ticks: cleared?,
        deaths: effects.iter().filter(died).count(),
        wounds,
        level: dungeon.hot(0)?.0.level,
        items: dungeon.players.iter().map(|player| player.hot.inventory.len()).sum(),
    })
}

#[test]
fn a_party_of_four_beginners_clears_the_shipped_dungeon_in_about_a_minute() {
    let runs: Vec<Run> = (0..30)
        .map(|seed| {
            run(&["fighter", "ranger", "cleric", "fighter"], seed, 3_000).expect("the party did not get through")
        })
        .collect();
    let mean = |of: fn(&Run) -> u64| runs.iter().map(of).sum::<u64>() / runs.len() as u64;
    let seconds = mean(|run| u64::from(run.ticks)) / 20;
    let slowest = runs.iter().map(|run| run.ticks / 20).max().unwrap();
    let deaths = runs.iter().map(|run| run.deaths).sum::<usize>();
    let wounds = mean(|run| run.wounds);
    assert!((60..=90).contains(&seconds), "{seconds} s on average");
    assert!(slowest <= 120, "{slowest} s in the slowest run");
    assert!(wounds >= 300, "hardly a danger: {wounds} hit points lost per run, of 460");
    assert!((30..=120).contains(&deaths), "{deaths} deaths in 30 runs");
    assert!(runs.iter().all(|run| run.level >= 3 && run.items >= 4), "{runs:?}");
}

#[test]
fn any_classes_will_do() {
    for class in ["cleric", "fighter", "ranger"] {
        let run = run(&[class; 4], 5, 4_000);
        assert!(run.is_some(), "four of class {class} did not get through");
    }
}
