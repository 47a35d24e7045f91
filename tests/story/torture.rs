//! Game sims that are killed, stopped for a while and told to go, at random, while parties play without end; afterwards what
//! the database holds is compared with what the players saw: nothing durable is lost, nothing is there twice, no game sim
//! has more sessions than places, and nothing stays behind. `make torture` runs it for minutes with 200 bots; here it is
//! short. `TORTURE_PARTIES`, `TORTURE_S` and `TORTURE_SEED` ask for more; `TORTURE_KEEP=1` keeps the data and the logs of
//! the game sims after a success, as they are kept after a failure. `GUILDHALL_LOG` shows what the stack logs.

mod blows;
mod report;

use crate::EXE;
use blows::{Ledger, torment};
use guildhall_client::party::{GainKind, MemberEnding, MemberResult, PartyMember, PartyOptions, play_dungeon};
use guildhall_client::rest::Api;
use guildhall_domain::limits::CHARACTERS_PER_ACCOUNT_MAX;
use guildhall_domain::{Character, CharacterId, CharacterName, Email, Password, SessionId};
use guildhall_gamesim::limits::ROOMLESS_S_MAX;
use guildhall_local::stack::{Stack, StackConfig};
use guildhall_storage::characters;
use guildhall_telemetry::logs::{self, LogFormat};
use guildhall_tests::party::{DUNGEON, PASSWORD, carried};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const GAMESIMS: usize = 4;
const PARTY: usize = 4;
/// How long everything may take to come to rest afterwards, in seconds: what takes longest is a session that lost an
/// admission on its way and never had a room, with room for the retries.
const REST_S_MAX: u64 = ROOMLESS_S_MAX + 60;

/// A number from the environment.
fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// A dungeon as one character saw it.
#[derive(Debug)]
struct Run {
    session_id: SessionId,
    result: MemberResult,
}

/// What players saw: every run of every character.
type Seen = BTreeMap<CharacterId, Vec<Run>>;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_game_sims_the_database_holds_what_players_were_promised() {
    logs::init(LogFormat::Text, "off");
    let (parties, seconds, seed) = (asked("TORTURE_PARTIES", 2), asked("TORTURE_S", 20), asked("TORTURE_SEED", 1));
    let folder = tempfile::Builder::new().prefix("torture-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
    println!("torture of {parties} parties for {seconds} s, seed {seed}; data and logs: {}", folder.display());
    let parties = usize::try_from(parties).unwrap();
    let capacity = u32::try_from(parties.div_ceil(2)).unwrap() + 1;
    let config = StackConfig { gamesims: GAMESIMS, capacity, ..StackConfig::new(&folder, EXE) };
    let stack = Arc::new(Stack::start(config).await.unwrap());
    let api = Api::new(&stack.api_url()).unwrap();
    let start = Instant::now();
    let members = recruit(&api, parties * PARTY).await;
    let (stop, stopping) = watch::channel(false);
    let mut playing = JoinSet::new();
    for party in members.chunks(PARTY) {
        playing.spawn(play_on(api.clone(), party.to_vec(), stopping.clone()));
    }
    let watching = tokio::spawn(Ledger::keep(Arc::clone(&stack), stopping.clone()));
    let blows = torment(&stack, seed, Duration::from_secs(seconds)).await;
    stop.send_replace(true);
    let (mut seen, mut obstacles) = (Seen::new(), BTreeMap::new());
    while let Some(results) = playing.join_next().await {
        let (results, hindered) = results.unwrap();
        hindered.into_iter().for_each(|obstacle| *obstacles.entry(obstacle).or_insert(0_u32) += 1);
        for run in results {
            seen.entry(run.result.character_id).or_default().push(run);
        }
    }
    let ledger = watching.await.unwrap();
    println!("what kept parties from playing: {obstacles:?}");
    let felt = report::print(start, &blows, &ledger, &seen, &folder);
    assert!(seen.values().flatten().any(|run| run.result.snapshots > 0), "nobody played, so nothing was tried");
    assert!(felt > 0, "nobody who played felt any of the {} blows, so nothing was tried", blows.len());
    assert_eq!(ledger.overbooked, 0, "looks at which a game sim had more sessions than places");
    come_to_rest(&stack).await;
    reconcile(&stack, &members, &seen).await;
    println!("overbooked: 0 of {} looks (goal 0); leaked sessions and leases: 0 (goal 0)", ledger.looks);
    Arc::into_inner(stack).expect("nobody else holds the stack").shutdown().await;
    if asked("TORTURE_KEEP", 0) == 0 {
        std::fs::remove_dir_all(folder).unwrap();
    }
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
type Evening = (Vec<Run>, Vec<String>);

/// One party's evening: dungeon after dungeon. What stands in the way of the next one passes.
async fn play_on(api: Api, party: Vec<PartyMember>, stopping: watch::Receiver<bool>) -> Evening {
    let (mut results, mut obstacles) = (Vec::new(), Vec::new());
    while !*stopping.borrow() {
        let options = PartyOptions { stop: Some(stopping.clone()), ..PartyOptions::default() };
        match play_dungeon(&api, &party, DUNGEON, options).await {
            Ok(result) => {
                let session_id = result.session_id;
                results.extend(result.members.into_iter().map(|result| Run { session_id, result }));
            }
            Err(obstacle) => {
                obstacles.push(obstacle.to_string());
                sleep(Duration::from_millis(500)).await;
            }
        }
    }
    (results, obstacles)
}

/// Until no session is live.
async fn come_to_rest(stack: &Stack) {
    let begin = Instant::now();
    let end = begin + Duration::from_secs(REST_S_MAX);
    loop {
        let fleet = guildhall_storage::gamesims::list(stack.table()).await;
        let live: Result<BTreeSet<_>, _> = fleet.map(|fleet| fleet.into_iter().flat_map(|row| row.sessions).collect());
        if live.as_ref().is_ok_and(BTreeSet::is_empty) {
            println!("the last session was closed {} s after the end", begin.elapsed().as_secs());
            return;
        }
        assert!(Instant::now() < end, "sessions that nobody closes: {live:?}");
        sleep(Duration::from_millis(500)).await;
    }
}

/// P1, P2, P6: what was called durable is there, nobody is bound any more, and nobody carries more than they were given.
async fn reconcile(stack: &Stack, members: &[PartyMember], seen: &Seen) {
    let (mut promised, mut unseen) = (0, 0);
    for member in members {
        let account_id = member.player.account_id();
        let row = characters::find(stack.table(), account_id, member.character_id).await.unwrap().unwrap();
        assert_eq!(row.lease, None, "{} is still bound", row.character.name.as_str());
        let runs = seen.get(&member.character_id).map_or(&[][..], Vec::as_slice);
        for Run { session_id, result } in runs {
            let kept = result.outages.iter().all(|outage| outage.keeps_what_was_durable);
            let name = row.character.name.as_str();
            assert!(kept, "{name} lost what was durable in {session_id}: {:?}", result.outages);
        }
        assert_promises(&row.character, runs);
        promised += runs.iter().flat_map(|run| run.result.durable_gains()).count();
        unseen += count_unseen(&row.character, runs);
    }
    println!(
        "gains that were called durable: {promised}, lost: 0 (goal 0); items duplicated: 0 (goal 0), given at a cut and not seen: {unseen}"
    );
}

/// Items that a character has and never saw come: there may be one where a game sim fell silent, or left, between giving
/// it and saying so. More of them were given twice.
fn count_unseen(character: &Character, runs: &[Run]) -> u64 {
    let given: u64 = runs.iter().map(|run| run.result.items()).sum();
    let carried: u64 = character.hot.inventory.iter().map(|stack| u64::from(stack.quantity)).sum();
    let unseen = carried.saturating_sub(given);
    let cuts = |run: &Run| run.result.outages.len() + usize::from(run.result.ending != MemberEnding::Stopped);
    let cuts: usize = runs.iter().map(cuts).sum();
    assert!(unseen <= cuts as u64, "{} has {unseen} items too many, after {cuts} cuts", character.name.as_str());
    unseen
}

fn assert_promises(character: &Character, runs: &[Run]) {
    let (mut xp, mut gold, mut items) = (0, 0, BTreeMap::new());
    for gain in runs.iter().flat_map(|run| run.result.durable_gains()) {
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
