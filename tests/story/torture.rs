//! Game sims that are killed, stopped for a while and told to go, at random, while parties play without end; afterwards what
//! the database holds is compared with what the players saw: nothing durable is lost, nothing is there twice, no game sim
//! has more sessions than places, and nothing stays behind. `make torture` runs it for minutes with 200 bots; here it is short. `TORTURE_PARTIES`, `TORTURE_S` and `TORTURE_SEED` ask for more.

use crate::EXE;
use guildhall_client::party::{GainKind, MemberEnding, MemberResult, Outage, PartyMember, PartyOptions, play_dungeon};
use guildhall_client::rest::Api;
use guildhall_domain::limits::{CHARACTERS_PER_ACCOUNT_MAX, GAMESIM_LEASE_MS, TICK_MS};
use guildhall_domain::{Character, CharacterId, CharacterName, Email, Password};
use guildhall_local::stack::{Signal, Stack, StackConfig};
use guildhall_storage::characters;
use guildhall_tests::party::{DUNGEON, PASSWORD, carried};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const GAMESIMS: usize = 4;
const PARTY: usize = 4;
/// How long everything may take to come to rest afterwards, in seconds: dead leases, orphans and the reaper, with room.
const REST_S_MAX: u64 = 120;

/// A number from the environment.
fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The goals: what an outage undoes, in ticks, and how long it lasts, in milliseconds: until it is noticed and 2 s.
const LOSS_TICKS_GOAL: u64 = 2 * 1_000 / TICK_MS as u64;
const SILENCE_MS_GOAL: u64 = GAMESIM_LEASE_MS + 2_000;
/// Time between two looks at the registry, in milliseconds.
const LOOK_MS: u64 = 250;

/// Numbers that look random (SplitMix64).
struct Dice(u64);

impl Dice {
    const fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What players saw: every run of every character.
type Seen = BTreeMap<CharacterId, Vec<MemberResult>>;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_game_sims_the_database_holds_what_players_were_promised() {
    let (parties, seconds, seed) = (asked("TORTURE_PARTIES", 2), asked("TORTURE_S", 20), asked("TORTURE_SEED", 1));
    let folder = TempDir::new().unwrap();
    let parties = usize::try_from(parties).unwrap();
    let capacity = u32::try_from(parties.div_ceil(2)).unwrap() + 1;
    let config = StackConfig { gamesims: GAMESIMS, capacity, ..StackConfig::new(folder.path(), EXE) };
    let stack = Arc::new(Stack::start(config).await.unwrap());
    let api = Api::new(&stack.api_url()).unwrap();
    let members = recruit(&api, parties * PARTY).await;
    let (stop, stopping) = watch::channel(false);
    let mut playing = JoinSet::new();
    for party in members.chunks(PARTY) {
        playing.spawn(play_on(api.clone(), party.to_vec(), stopping.clone()));
    }
    let watching = tokio::spawn(overbookings(Arc::clone(&stack), stopping.clone()));
    let blows = torment(&stack, seed, Duration::from_secs(seconds)).await;
    stop.send_replace(true);
    let (mut seen, mut obstacles) = (Seen::new(), BTreeMap::new());
    while let Some(results) = playing.join_next().await {
        let (results, hindered) = results.unwrap();
        hindered.into_iter().for_each(|obstacle| *obstacles.entry(obstacle).or_insert(0_u32) += 1);
        for result in results {
            seen.entry(result.character_id).or_default().push(result);
        }
    }
    assert_eq!(watching.await.unwrap(), 0, "looks at which a game sim had more sessions than places");
    come_to_rest(&stack).await;
    println!("what kept parties from playing: {obstacles:?}");
    report(&blows, &seen);
    reconcile(&stack, &members, &seen).await;
    Arc::into_inner(stack).expect("nobody else holds the stack").shutdown().await;
}

/// Accounts with as many characters as they may have.
async fn recruit(api: &Api, count: usize) -> Vec<PartyMember> {
    let mut members = Vec::new();
    let classes = ["fighter", "ranger", "cleric", "fighter"];
    while members.len() < count {
        let number = members.len();
        let address = Email::parse(&format!("bot{number}@example.com")).unwrap();
        let player = api.register(address, Password::parse(PASSWORD).unwrap()).await.unwrap();
        for index in number..count.min(number + CHARACTERS_PER_ACCOUNT_MAX) {
            let letter = |digit: usize| char::from(b'a' + u8::try_from(digit % 26).unwrap());
            let name: String = ['B', 'o', letter(index / 676), letter(index / 26), letter(index)].iter().collect();
            let name = CharacterName::parse(&name).unwrap();
            let character = player.create_character(name, classes[index % PARTY]).await.unwrap();
            members.push(PartyMember { player: player.clone(), character_id: character.character.character_id });
        }
    }
    members
}

/// What a party's members saw, and what kept it from playing.
type Evening = (Vec<MemberResult>, Vec<String>);

/// One party's evening: dungeon after dungeon. What stands in the way of the next one passes.
async fn play_on(api: Api, party: Vec<PartyMember>, stopping: watch::Receiver<bool>) -> Evening {
    let (mut results, mut obstacles) = (Vec::new(), Vec::new());
    while !*stopping.borrow() {
        let options = PartyOptions { stop: Some(stopping.clone()), ..PartyOptions::default() };
        match play_dungeon(&api, &party, DUNGEON, options).await {
            Ok(result) => results.extend(result.members),
            Err(obstacle) => {
                obstacles.push(obstacle.to_string());
                sleep(Duration::from_millis(500)).await;
            }
        }
    }
    (results, obstacles)
}

/// What was done to game sims, by signal.
type Blows = BTreeMap<&'static str, u32>;

async fn torment(stack: &Arc<Stack>, seed: u64, time: Duration) -> Blows {
    let (mut dice, mut blows) = (Dice(seed), Blows::new());
    let end = Instant::now() + time;
    let mut thaws = JoinSet::new();
    // Long enough for somebody to play.
    sleep(Duration::from_secs(3)).await;
    while Instant::now() < end {
        let name = format!("sim-{}", 1 + dice.below(GAMESIMS as u64));
        let (what, signal) = match dice.below(3) {
            0 => ("killed", Signal::KILL),
            1 => ("told to go", Signal::TERM),
            _ => ("stopped for a while", Signal::STOP),
        };
        if stack.kill_gamesim(&name, signal).await {
            *blows.entry(what).or_default() += 1;
        }
        let pause = Duration::from_millis(2_000 + dice.below(7_000));
        if signal == Signal::STOP {
            let stack = Arc::clone(stack);
            thaws.spawn(async move {
                sleep(pause).await;
                stack.kill_gamesim(&name, Signal::CONT).await
            });
        }
        sleep(Duration::from_millis(2_000 + dice.below(4_000))).await;
    }
    while thaws.join_next().await.is_some() {}
    blows
}

/// How often a game sim had more sessions than places, as the registry shows it until everybody stops.
async fn overbookings(stack: Arc<Stack>, stopping: watch::Receiver<bool>) -> usize {
    let mut overbooked = 0;
    while !*stopping.borrow() {
        let fleet = guildhall_storage::gamesims::list(stack.table()).await.unwrap();
        overbooked += fleet.iter().filter(|row| row.sessions.len() > row.capacity as usize).count();
        sleep(Duration::from_millis(LOOK_MS)).await;
    }
    overbooked
}

/// Until no session is live.
async fn come_to_rest(stack: &Stack) {
    let end = Instant::now() + Duration::from_secs(REST_S_MAX);
    loop {
        let fleet = guildhall_storage::gamesims::list(stack.table()).await.unwrap();
        let live: BTreeSet<_> = fleet.iter().flat_map(|row| row.sessions.keys()).collect();
        if live.is_empty() {
            return;
        }
        assert!(Instant::now() < end, "sessions that nobody closes: {live:?}");
        sleep(Duration::from_millis(500)).await;
    }
}

fn report(blows: &Blows, seen: &Seen) {
    let runs = || seen.values().flatten();
    let outages: Vec<Outage> = runs().flat_map(|run| run.outages.iter().copied()).collect();
    let quantile = |mut values: Vec<u64>, q: usize| {
        values.sort_unstable();
        values.get((values.len() * q / 100).min(values.len().saturating_sub(1))).copied().unwrap_or_default()
    };
    let silences: Vec<u64> = outages.iter().map(|o| u64::try_from(o.silence.as_millis()).unwrap()).collect();
    let undone: Vec<u64> = outages.iter().map(|o| u64::from(o.ticks_undone)).collect();
    println!("game sims: {blows:?}");
    println!("runs of a character: {}", runs().count());
    let mut endings = BTreeMap::new();
    runs().for_each(|run| *endings.entry(format!("{:?}", run.ending)).or_insert(0_u32) += 1);
    println!("how they ended: {endings:?}");
    let shown =
        |values: &Vec<u64>| format!("p50 {} p99 {}", quantile(values.clone(), 50), quantile(values.clone(), 99));
    println!("returns: {}", outages.len());
    println!("back in play after ms: {} (goal {SILENCE_MS_GOAL})", shown(&silences));
    println!("lost ticks of 20 a second: {} (goal {LOSS_TICKS_GOAL})", shown(&undone));
}

/// P1, P2, P6: what was called durable is there, nobody is bound any more, and nobody carries more than they were given.
async fn reconcile(stack: &Stack, members: &[PartyMember], seen: &Seen) {
    let (mut promised, mut unseen) = (0, 0);
    for member in members {
        let account_id = member.player.account_id();
        let row = characters::find(stack.table(), account_id, member.character_id).await.unwrap().unwrap();
        assert_eq!(row.lease, None, "{} is still bound", row.character.name.as_str());
        let runs = seen.get(&member.character_id).map_or(&[][..], Vec::as_slice);
        for run in runs {
            let kept = run.outages.iter().all(|outage| outage.keeps_what_was_durable);
            assert!(kept, "{} lost what was durable: {:?}", row.character.name.as_str(), run.outages);
        }
        assert_promises(&row.character, runs);
        promised += runs.iter().flat_map(MemberResult::durable_gains).count();
        unseen += count_unseen(&row.character, runs);
    }
    println!("gains that were called durable: {promised}, lost 0; items that nobody saw: {unseen}, twice 0");
}

/// Items that a character has and never saw come: there may be one where a game sim fell silent, or left, between giving
/// it and saying so. More of them were given twice.
fn count_unseen(character: &Character, runs: &[MemberResult]) -> u64 {
    let given: u64 = runs.iter().map(MemberResult::items).sum();
    let carried: u64 = character.hot.inventory.iter().map(|stack| u64::from(stack.quantity)).sum();
    let unseen = carried.saturating_sub(given);
    let cuts: usize = runs.iter().map(|run| run.outages.len() + usize::from(run.ending != MemberEnding::Stopped)).sum();
    assert!(unseen <= cuts as u64, "{} has {unseen} items too many, after {cuts} cuts", character.name.as_str());
    unseen
}

fn assert_promises(character: &Character, runs: &[MemberResult]) {
    let (mut xp, mut gold, mut items) = (0, 0, BTreeMap::new());
    for gain in runs.iter().flat_map(MemberResult::durable_gains) {
        match &gain.what {
            GainKind::Xp(amount) => xp += u64::from(*amount),
            GainKind::Gold(amount) => gold += u64::from(*amount),
            GainKind::Item { item, quantity } => *items.entry(item.clone()).or_insert(0) += u64::from(*quantity),
        }
    }
    let (name, hot) = (character.name.as_str(), &character.hot);
    assert!(hot.xp >= xp, "{name} has {} experience and was promised {xp}", hot.xp);
    assert!(hot.gold >= gold, "{name} has {} gold and was promised {gold}", hot.gold);
    for (item, quantity) in items {
        assert!(carried(character, &item) >= quantity, "{name} was promised {quantity} of {item}: {hot:?}");
    }
}
