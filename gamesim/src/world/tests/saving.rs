//! A dungeon that is saved and restored goes on as if nothing had happened, and no bytes make one that cannot be played.

use super::determinism::{any_command, play};
use super::*;
use crate::world::random::Random;
use guildhall_domain::Gear;

/// What is wrong with a dungeon, and how to make it so.
type Break = (&'static str, fn(&mut Dungeon));

thread_local! {
    static GAME: Arc<Game> = game(seed_content());
}

fn restored(bytes: &[u8]) -> Option<Dungeon> {
    GAME.with(|game| Dungeon::restore(game, "goblin-warren", bytes))
}

/// Dungeons in the middle of random play, some of it far into the dungeon.
fn moments(seed: u64, every: u32) -> Vec<Dungeon> {
    let mut moments = Vec::new();
    play(seed, 8_000, |dungeon, _| {
        if dungeon.tick() % every == every / 2 {
            moments.push(dungeon.clone());
        }
    });
    moments
}

fn in_state(states: &mut states::States, state: u8, until: u32) {
    states.enter(states::InState { state, until, by_seat: None });
}

/// Random play that goes nowhere in particular.
fn play_on(dungeon: &mut Dungeon, seed: u64, ticks: u32) -> Vec<Effect> {
    let (mut random, mut effects) = (Random::seeded(seed), Vec::new());
    for _ in 0..ticks {
        let inputs: Vec<_> = (0..4).map(|seat| (seat, any_command(&mut random))).collect();
        dungeon.step(&inputs, &mut effects);
    }
    effects
}

#[test]
fn a_restored_dungeon_is_the_same_and_goes_on_the_same() {
    let (mut opened, mut cleared, mut loot) = (0, 0, 0);
    for seed in [51, 52] {
        for mut dungeon in moments(seed, 401) {
            let mut twin = restored(&dungeon.save().unwrap()).unwrap();
            assert_eq!(twin.state_hash(), dungeon.state_hash(), "tick {}", dungeon.tick());
            assert_eq!(twin.entities().collect::<Vec<_>>(), dungeon.entities().collect::<Vec<_>>());
            assert_eq!((twin.is_over(), twin.outcome()), (dungeon.is_over(), dungeon.outcome()));
            // Not part of the fingerprint, but of the way that enemies walk.
            assert_eq!(format!("{:?}", twin.map), format!("{:?}", dungeon.map));
            assert_eq!(play_on(&mut twin, seed, 200), play_on(&mut dungeon, seed, 200));
            assert_eq!(twin.state_hash(), dungeon.state_hash(), "200 ticks later");
            opened += usize::from(dungeon.doors.iter().any(|door| door.open));
            cleared += usize::from(dungeon.outcome().is_some());
            loot += dungeon.loot.len();
        }
    }
    assert!(opened > 3 && cleared > 0 && loot > 10, "the play got nowhere: {opened} {cleared} {loot}");
}

#[test]
fn a_save_is_small() {
    let sizes: Vec<_> = moments(56, 97).iter().map(|dungeon| dungeon.save().unwrap().len()).collect();
    let largest = sizes.iter().max().unwrap();
    assert!((200..2_500).contains(largest), "{largest} bytes");
}

#[test]
fn only_whole_saves_of_the_same_dungeon_and_format_are_restored() {
    let dungeon = moments(53, 3_999).remove(1);
    let bytes = dungeon.save().unwrap();
    assert!((0..bytes.len()).all(|length| restored(&bytes[..length]).is_none()));
    assert!(restored(&[&bytes[..], &[0]].concat()).is_none());
    assert!(restored(&[&[bytes[0] + 1], &bytes[1..]].concat()).is_none());
    assert!(Dungeon::restore(&game(arena()), "cellar", &bytes).is_none());
    assert!(Dungeon::restore(&game(seed_content()), "attic", &bytes).is_none());
}

#[test]
fn no_bytes_make_a_dungeon_that_cannot_be_played() {
    let mut random = Random::seeded(54);
    let (mut refused, mut played) = (0, 0);
    for dungeon in moments(54, 1_999) {
        let bytes = dungeon.save().unwrap();
        for place in 0..bytes.len() {
            for _ in 0..4 {
                let mut broken = bytes.clone();
                broken[place] ^= u8::try_from(1 + random.below(255)).unwrap();
                let Some(mut dungeon) = restored(&broken) else {
                    refused += 1;
                    continue;
                };
                played += 1;
                play_on(&mut dungeon, u64::from(random.below(1_000)), 20);
                assert!(dungeon.players.iter().all(|player| player.hot.check().is_ok()));
                let again = restored(&dungeon.save().unwrap()).unwrap();
                assert_eq!(again.state_hash(), dungeon.state_hash());
            }
        }
    }
    assert!(refused > 1_000 && played > 1_000, "{refused} refused, {played} played");
}

#[test]
fn what_rules_cannot_have_led_to_is_refused() {
    let breaks: [Break; 20] = [
        ("a player in a wall", |dungeon| dungeon.players[0].at = Point { x: -1, y: -1 }),
        ("a player of no class", |dungeon| dungeon.players[0].class = "ghost".into()),
        ("a seat that is not there", |dungeon| dungeon.players[0].seat = 4),
        ("two in one seat", |dungeon| dungeon.players[1] = dungeon.players[0].clone()),
        ("more hit points than when unhurt", |dungeon| dungeon.players[0].hot.hp = u32::MAX),
        ("a cooldown without end", |dungeon| dungeon.players[0].blow.ready_at = u32::MAX),
        ("a count that is about to overflow", |dungeon| dungeon.players[0].changes = u64::MAX),
        ("a blow of the future", |dungeon| dungeon.players[0].fought_at = u32::MAX),
        ("a mighty enemy", |dungeon| dungeon.enemies[0].hp = u32::MAX),
        ("an enemy in a wall", |dungeon| dungeon.enemies[0].at = Point { x: i32::MAX, y: i32::MIN }),
        ("an enemy after nobody", |dungeon| dungeon.enemies[0].mood = state::Mood::Chasing(9)),
        ("an enemy less", |dungeon| dungeon.enemies.truncate(1)),
        ("loot of no kind", |dungeon| dungeon.loot[0].item = 255),
        ("loot twice", |dungeon| dungeon.loot.push(dungeon.loot[0])),
        ("loot that lies for good", |dungeon| dungeon.loot[0].gone_at = None),
        ("loot that went long ago", |dungeon| dungeon.loot[0].gone_at = Some(0)),
        ("more mana than the class has", |dungeon| dungeon.players[0].mana = u32::MAX),
        ("a state of no kind", |dungeon| in_state(&mut dungeon.players[0].states, 31, 1)),
        ("a state without end", |dungeon| in_state(&mut dungeon.enemies[0].states, 0, u32::MAX)),
        ("more equipment than a name", |dungeon| {
            dungeon.players[0].hot.equipment.shield = Some(Gear { item: String::new(), wear: 0 });
        }),
    ];
    let whole = moments(55, 50).into_iter().find(|dungeon| dungeon.players.len() > 1 && !dungeon.loot.is_empty());
    let whole = whole.unwrap();
    assert!(restored(&whole.save().unwrap()).is_some());
    for (what, spoil) in breaks {
        let mut dungeon = whole.clone();
        spoil(&mut dungeon);
        assert!(restored(&dungeon.save().unwrap()).is_none(), "{what}");
    }
}
