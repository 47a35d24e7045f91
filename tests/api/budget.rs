//! What requests cost the database: calls and round trips, counted under the routes, and capacity, as the database reports
//! it. These are the figures that a bill and a player's wait are made of, and no machine's speed changes them.

use guildhall_domain::limits::CHARACTER_LIST_TTL_MS;
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{
    BoxFuture, Commit, CommitError, Committed, Consistency, Item, Key, Page, Query, StorageError, Table,
};
use guildhall_tests::backend::{route as of, seed_data};
use guildhall_tests::{Answer, Backend, Caller};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A table in memory that counts calls, and round trips: calls that are under way at the same time are one.
#[derive(Debug, Default)]
struct Counting {
    table: MemoryTable,
    calls: AtomicU64,
    round_trips: AtomicU64,
    under_way: AtomicU64,
}

/// Calls and round trips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    calls: u64,
    round_trips: u64,
}

impl Counting {
    fn cost(&self) -> Cost {
        Cost { calls: self.calls.load(Ordering::SeqCst), round_trips: self.round_trips.load(Ordering::SeqCst) }
    }

    /// Lets everybody who is ready begin before the answer comes, as a network would.
    async fn count<T>(&self, call: impl Future<Output = T>) -> T {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.under_way.fetch_add(1, Ordering::SeqCst) == 0 {
            self.round_trips.fetch_add(1, Ordering::SeqCst);
        }
        tokio::task::yield_now().await;
        let answer = call.await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

impl Table for Counting {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        Box::pin(self.count(self.table.get(key, consistency)))
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        Box::pin(self.count(self.table.query(query)))
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(self.count(self.table.commit(commit)))
    }
}

/// One player with one character, on a counted table.
struct World {
    table: Arc<Counting>,
    backend: Backend,
    token: String,
    character: String,
}

impl World {
    async fn start() -> Self {
        let table = Arc::new(Counting::default());
        guildhall_local::content::load(&seed_data()).unwrap().publish(&*table).await.unwrap();
        let backend = Backend::over(Arc::clone(&table) as Arc<dyn Table>);
        let token = backend.player("ada").await;
        let character = backend.character(&token, "Ada").await;
        Self { table, backend, token, character }
    }

    async fn call(&self, backend: &Backend, route: &str, body: &Value) -> (Answer, Cost) {
        let before = self.table.cost();
        let path = [("character_id", self.character.as_str())];
        let path = if of(route).path.contains("character_id") { path.as_slice() } else { &[] };
        let answer = backend.call(route, Caller::Bearer(&self.token), path, body).await;
        let after = self.table.cost();
        let cost = Cost { calls: after.calls - before.calls, round_trips: after.round_trips - before.round_trips };
        (answer, cost)
    }

    async fn pay(&self, backend: &Backend, version: u64) -> (Answer, Cost) {
        self.call(backend, "change-currency", &json!({"version": version, "delta": 1})).await
    }
}

const fn cost(calls: u64, round_trips: u64) -> Cost {
    Cost { calls, round_trips }
}

#[tokio::test]
async fn a_login_is_three_calls_and_two_round_trips() {
    let world = World::start().await;
    for email in ["ada@example.com", "ada@example.com"] {
        let body = json!({"email": email, "password": "correct horse"});
        let (answer, spent) = world.call(&world.backend, "login-account", &body).await;
        answer.expect(200);
        assert_eq!(spent, cost(3, 2));
    }
    for (email, password) in [("ada@example.com", "wrong horse"), ("eve@example.com", "correct horse")] {
        let body = json!({"email": email, "password": password});
        let (answer, spent) = world.call(&world.backend, "login-account", &body).await;
        answer.refused(401, "wrong_credentials");
        assert_eq!(spent, cost(2, 1));
    }
}

#[tokio::test]
async fn an_authenticated_get_is_two_calls_in_one_round_trip() {
    let world = World::start().await;
    let (answer, spent) = world.call(&world.backend, "get-character", &Value::Null).await;
    answer.expect(200);
    assert_eq!(spent, cost(2, 1));
}

#[tokio::test]
async fn a_warm_intent_is_two_calls_and_a_conflict_adds_none() {
    let world = World::start().await;
    let other = world.backend.another_instance();
    // Every instance reads the content once.
    other.call("get-content", Caller::Anyone, &[], &Value::Null).await.expect(200);
    let (answer, cold) = world.pay(&other, 1).await;
    answer.expect(200);
    assert_eq!(cold, cost(3, 2));
    for version in 2..5 {
        let (answer, warm) = world.pay(&other, version).await;
        assert_eq!((&answer.expect(200)["version"], warm), (&json!(version + 1), cost(2, 2)));
    }
    // This instance still holds version 1: the write is refused, and the refusal brings the latest.
    let (answer, conflict) = world.pay(&world.backend, 1).await;
    answer.refused(409, "version_conflict");
    assert_eq!((&answer.body["character"]["version"], conflict), (&json!(5), cost(2, 2)));
    // A version that nobody holds: the read that a cold intent makes anyway is the conflict's.
    let (answer, conflict) = world.pay(&other, 3).await;
    answer.refused(409, "version_conflict");
    assert_eq!((&answer.body["character"]["version"], conflict), (&json!(5), cost(2, 1)));
}

#[tokio::test]
async fn a_list_is_read_once_in_a_while_and_never_misses_who_came_or_went() {
    let world = World::start().await;
    let other = world.backend.another_instance();
    other.call("get-content", Caller::Anyone, &[], &Value::Null).await.expect(200);
    let list = async |backend| {
        let (answer, spent) = world.call(backend, "list-characters", &Value::Null).await;
        let sheets = answer.expect(200)["characters"].as_array().unwrap().clone();
        let shown: Vec<_> = sheets.iter().map(|sheet| (sheet["name"].clone(), sheet["version"].clone())).collect();
        (shown, spent.calls)
    };
    let ada = |version: u64| (json!("Ada"), json!(version));
    assert_eq!(list(&other).await, (vec![ada(1)], 2));
    assert_eq!(list(&other).await, (vec![ada(1)], 1));
    // Another instance's intent shows after the list's time; this one's own at once.
    world.pay(&world.backend, 1).await.0.expect(200);
    assert_eq!(list(&other).await, (vec![ada(1)], 1));
    world.backend.pass_ms(CHARACTER_LIST_TTL_MS);
    assert_eq!(list(&other).await, (vec![ada(2)], 2));
    world.pay(&other, 2).await.0.expect(200);
    assert_eq!(list(&other).await, (vec![ada(3)], 2));
    // Who came or went through another instance shows at once.
    world.backend.character(&world.token, "Bea").await;
    let (shown, calls) = list(&other).await;
    assert_eq!((shown.len(), calls), (2, 2));
    world.call(&world.backend, "delete-character", &Value::Null).await.0.expect(200);
    let (shown, calls) = list(&other).await;
    assert_eq!((shown, calls), (vec![(json!("Bea"), json!(1))], 2));
    world.call(&world.backend, "restore-character", &Value::Null).await.0.expect(200);
    assert_eq!(list(&other).await.0.len(), 2);
}

#[tokio::test]
async fn a_stale_cache_makes_conflicts_and_nothing_else() {
    let world = World::start().await;
    let (here, there) = (&world.backend, world.backend.another_instance());
    let pay = async |instance, version: u64, delta: i64| {
        world.call(instance, "change-currency", &json!({"version": version, "delta": delta})).await.0
    };
    pay(here, 1, 10).await.expect(200);
    // Elsewhere the character spends everything. What this instance remembers allows a payment that what is stored forbids.
    pay(&there, 2, -10).await.expect(200);
    pay(here, 2, -1).await.refused(409, "version_conflict");
    // The other way round: what is remembered forbids a payment that what is stored allows. That is a conflict as well.
    pay(here, 3, 1).await.expect(200);
    pay(&there, 4, 100).await.expect(200);
    pay(here, 4, -50).await.refused(409, "version_conflict");
    pay(here, 5, -50).await.expect(200);
    // Deleted elsewhere, it is gone here.
    world.call(&there, "delete-character", &Value::Null).await.0.expect(200);
    pay(here, 6, 1).await.refused(404, "not_found");
    pay(here, 5, 1).await.refused(404, "not_found");
}

#[tokio::test]
async fn logout_and_deletion_leave_nothing_behind() {
    let world = World::start().await;
    let (here, there) = (&world.backend, world.backend.another_instance());
    for instance in [here, &there] {
        world.call(instance, "get-character", &Value::Null).await.0.expect(200);
        assert_eq!(instance.characters_cached(), 1);
    }
    world.call(here, "logout-account", &json!({})).await.0.expect(200);
    assert_eq!(here.characters_cached(), 0);
    // The other instance learns of it from the next request of that login, which gets nothing out of its memory.
    world.call(&there, "list-characters", &Value::Null).await.0.refused(401, "unauthorized");
    assert_eq!(there.characters_cached(), 0);

    let world = World::start().await;
    assert_eq!(world.backend.characters_cached(), 1);
    world.call(&world.backend, "delete-character", &Value::Null).await.0.expect(200);
    assert_eq!(world.backend.characters_cached(), 0);
    world.backend.character(&world.token, "Bea").await;
    world.call(&world.backend, "delete-account", &json!({"password": "correct horse"})).await.0.expect(200);
    assert_eq!(world.backend.characters_cached(), 0);
}

/// A party of one costs no more for there being parties, and each companion adds a look at character and login, and a lease.
/// To join the seat that one has costs no write.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_created_and_joined_within_their_units() {
    let backend = Backend::start().await;
    backend.gamesim("sim-1", 10, "boot-1").await;
    let mut players = Vec::new();
    for name in ["ada", "bea", "eve"] {
        let token = backend.player(name).await;
        let character = backend.character(&token, name).await;
        players.push((token, character));
    }
    let spent = async |player: usize, route: &str, path: &[(&str, &str)], body: &Value| {
        let before = backend.usage().total();
        let answer = backend.call(route, Caller::Bearer(&players[player].0), path, body).await;
        assert!(answer.status < 300, "{route}: {}", answer.body);
        let after = backend.usage().total();
        let units = (after.read_units - before.read_units, after.write_units - before.write_units);
        (answer.body, (after.requests - before.requests, units.0, units.1))
    };
    let alone = json!({"character_id": players[0].1, "dungeon_id": "goblin-warren"});
    let (created, create) = spent(0, "create-game-session", &[], &alone).await;
    let path = [("session_id", created["game_session"]["session_id"].as_str().unwrap())];
    let join = spent(1, "join-game-session", &path, &json!({"character_id": players[1].1})).await.1;
    backend.pass_ms(30_000);
    backend.gamesim("sim-2", 10, "boot-1").await;
    let (issued, issue) = spent(1, "issue-companion-ticket", &[], &json!({"character_id": players[1].1})).await;
    let party = json!({"character_id": players[2].1, "dungeon_id": "goblin-warren", "companions": [issued["ticket"]]});
    let (created, pair) = spent(2, "create-game-session", &[], &party).await;
    let path = [("session_id", created["game_session"]["session_id"].as_str().unwrap())];
    let seated = spent(1, "join-game-session", &path, &json!({"character_id": players[1].1})).await.1;
    let table = [
        ("create-game-session", create, (4, 3.0, 8.0)),
        ("join-game-session", join, (5, 4.0, 4.0)),
        ("issue-companion-ticket", issue, (2, 2.0, 0.0)),
        ("create-game-session with a companion", pair, (7, 6.0, 12.0)),
        ("join-game-session as a companion", seated, (4, 4.0, 0.0)),
    ];
    for (route, spent, budget) in table {
        assert_eq!(spent, budget, "{route}: calls, read units, write units");
    }
    backend.stop().await;
}

/// To wait costs one write and some looks a second, and to tell the game sims of it next to nothing.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_stays_within_its_units() {
    let backend = Backend::start().await;
    let epoch = backend.gamesim("sim-1", 1, "boot-1").await;
    let mut players = Vec::new();
    for name in ["ada", "bea"] {
        let token = backend.player(name).await;
        let character = backend.character(&token, name).await;
        players.push((token, character));
    }
    let spent = async |caller: Caller<'_>, route: &str, path: &[(&str, &str)], body: &Value| {
        let before = backend.usage().total();
        let answer = backend.call(route, caller, path, body).await;
        assert!(answer.status < 300, "{route}: {}", answer.body);
        let after = backend.usage().total();
        let units = (after.read_units - before.read_units, after.write_units - before.write_units);
        (answer.body, (after.requests - before.requests, units.0, units.1))
    };
    let load = json!({"sessions": 0, "players": 0, "tick_lateness_p99_us": 0, "unsaved_changes": 0});
    let beat = json!({"epoch": epoch, "state": "ready", "load": load});
    let gamesim = [("gamesim_id", "sim-1")];
    let heartbeat = spent(Caller::Gamesim("sim-1"), "heartbeat-gamesim", &gamesim, &beat).await.1;
    let wanted = |player: usize| json!({"character_id": players[player].1, "dungeon_id": "goblin-warren"});
    spent(Caller::Bearer(&players[0].0), "create-game-session", &[], &wanted(0)).await;
    let bea = Caller::Bearer(&players[1].0);
    let (queued, create) = spent(bea, "create-game-session", &[], &wanted(1)).await;
    let path = [("ticket_id", queued["placement_ticket"]["ticket_id"].as_str().unwrap())];
    let poll = spent(bea, "poll-placement-ticket", &path, &Value::Null).await.1;
    let cancel = spent(bea, "cancel-placement-ticket", &path, &Value::Null).await.1;
    let table = [
        ("heartbeat-gamesim", heartbeat, (2, 0.5, 1.0)),
        ("create-game-session in vain", create, (5, 4.0, 6.0)),
        ("poll-placement-ticket", poll, (7, 5.5, 1.0)),
        ("cancel-placement-ticket", cancel, (2, 1.0, 4.0)),
    ];
    for (route, spent, budget) in table {
        assert_eq!(spent, budget, "{route}: calls, read units, write units");
    }
    backend.stop().await;
}

/// What the database charges: strongly consistent reads cost a unit for 4 KB, writes one for 1 KB, and twice in a
/// transaction (Amazon DynamoDB, "Read and write capacity").
#[tokio::test(flavor = "multi_thread")]
async fn every_player_call_stays_within_its_units() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    backend.call("get-content", Caller::Anyone, &[], &Value::Null).await.expect(200);
    let spent = async |route: &str, path: &[(&str, &str)], body: &Value| {
        let before = backend.usage().total();
        let answer = backend.call(route, Caller::Bearer(&token), path, body).await;
        assert!(answer.status < 300, "{route}: {}", answer.body);
        let after = backend.usage().total();
        let units = (after.read_units - before.read_units, after.write_units - before.write_units);
        (answer.body, (after.requests - before.requests, units.0, units.1))
    };
    let (created, create) = spent("create-character", &[], &json!({"name": "Ada", "class": "fighter"})).await;
    let path = [("character_id", created["character_id"].as_str().unwrap())];
    let login = json!({"email": "ada@example.com", "password": "correct horse"});
    let table = [
        ("create-character", create, (3, 2.0, 6.0)),
        ("login-account", spent("login-account", &[], &login).await.1, (3, 1.0, 12.0)),
        ("get-character", spent("get-character", &path, &Value::Null).await.1, (2, 2.0, 0.0)),
        ("list-characters", spent("list-characters", &[], &Value::Null).await.1, (2, 2.0, 0.0)),
        ("list-characters", spent("list-characters", &[], &Value::Null).await.1, (1, 1.0, 0.0)),
        ("change-currency", spent("change-currency", &path, &json!({"version": 1, "delta": 1})).await.1, (2, 1.0, 1.0)),
        ("delete-character", spent("delete-character", &path, &Value::Null).await.1, (3, 2.0, 6.0)),
        ("restore-character", spent("restore-character", &path, &Value::Null).await.1, (4, 3.0, 6.0)),
    ];
    for (route, spent, budget) in table {
        assert_eq!(spent, budget, "{route}: calls, read units, write units");
    }
    backend.stop().await;
}
