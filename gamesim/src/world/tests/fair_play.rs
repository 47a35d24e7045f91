//! Streams of commands that are made to cheat: floods of attacks and abilities in every tick, on anything, from anywhere.
//! However they are stuffed, nobody strikes or casts more often than their cooldowns allow, or pays with what they have not.

use super::determinism::any_command;
use super::*;
use crate::world::random::Random;
use std::collections::BTreeMap;

/// Commands that one seat sends in one tick.
const FLOOD: u32 = 40;

/// A command that is worth cheating with.
fn greedy(random: &mut Random) -> Command {
    let target = 2_048 + u16::try_from(random.below(24)).unwrap();
    let action = match random.below(4) {
        0 => Action::Attack { target },
        1 => Action::Ability { number: u8::try_from(random.below(4)).unwrap(), target },
        2 => Action::Ability { number: u8::try_from(random.below(4)).unwrap(), target: target % 4 },
        _ => any_command(random).action,
    };
    Command { action, ..any_command(random) }
}

#[test]
fn no_flood_of_commands_beats_a_cooldown_or_a_cost() {
    let game = game(seed_content());
    let mut dungeon = Dungeon::new(&game, "goblin-warren", 77).unwrap();
    let (mut random, mut effects) = (Random::seeded(78), Vec::new());
    for (seat, class) in (0..).zip(["fighter", "cleric", "ranger", "cleric"]) {
        assert!(dungeon.join(seat, "Ada", Newcomer::of(&game, class).sheet(), &mut effects));
    }
    // By player and ability: when it was used last. By player: what was spent since it was full.
    let mut used: BTreeMap<(u16, u8), u32> = BTreeMap::new();
    let mut struck: BTreeMap<u16, u32> = BTreeMap::new();
    let (mut uses, mut blows) = (0, 0);
    for tick in 1..=6_000 {
        if tick % 100 == 1 {
            // Everybody stands where the fight is, and the fight goes on.
            let at = dungeon.enemies.iter().find(|enemy| enemy.is_alive()).map(|enemy| enemy.at);
            for player in &mut dungeon.players {
                player.at = at.unwrap_or(player.at);
            }
            dungeon.enemies.iter_mut().filter(|enemy| enemy.is_alive()).for_each(|enemy| enemy.hp = enemy.hp_max);
        }
        let before: Vec<_> = dungeon.players.iter().map(|player| (player.mana, player.stamina, player.blow)).collect();
        let inputs: Vec<_> =
            (0..4).flat_map(|seat| (0..FLOOD).map(move |_| seat)).map(|seat| (seat, greedy(&mut random))).collect();
        effects.clear();
        dungeon.step(&inputs, &mut effects);
        let mut spent: BTreeMap<u16, (u32, u32)> = BTreeMap::new();
        for effect in &effects {
            let Effect::Event(_, WorldEvent::AbilityUsed { entity, ability }) = effect else { continue };
            let seat @ 0..4 = *entity else { continue };
            let rules = &game.abilities[usize::from(*ability)];
            let last = used.insert((seat, *ability), tick);
            assert!(last.is_none_or(|last| tick - last >= rules.cooldown_ticks), "{last:?} and {tick}");
            let spent = spent.entry(seat).or_default();
            *spent = (spent.0 + rules.mana, spent.1 + rules.stamina);
            uses += 1;
        }
        for (player, (mana, stamina, blow)) in dungeon.players.iter().zip(before) {
            let (paid_mana, paid_stamina) = spent.get(&player.seat).copied().unwrap_or_default();
            assert!(paid_mana <= mana && paid_stamina <= stamina, "seat {} paid with what it had not", player.seat);
            let resources = player.kit(&game).unwrap().resources;
            assert!(player.mana <= resources.mana_max && player.stamina <= resources.stamina_max);
            if player.blow.ready_at != blow.ready_at {
                let last = struck.insert(player.seat, tick);
                let cooldown = player.kit(&game).unwrap().weapon.cooldown_ticks;
                assert!(last.is_none_or(|last| tick - last >= cooldown), "seat {} struck too soon", player.seat);
                blows += 1;
            }
        }
    }
    assert!(uses > 200 && blows > 500, "the play got nowhere: {uses} uses, {blows} blows");
}
