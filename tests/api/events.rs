//! What happened in a session: told by its game sim, kept for a day, shown to whom it concerns.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guildhall_domain::combat_log::{ChunkWriter, Deed, ViolationKind};
use guildhall_domain::limits::{LOG_KEPT_S, VIOLATIONS_KEPT_S};
use guildhall_domain::{AccountId, CharacterId};
use guildhall_storage::events::{self, Place, StoredChunk};
use guildhall_tests::{Answer, Backend, Caller};
use serde_json::{Value, json};

const SIM: Caller<'_> = Caller::Gamesim("sim-1");
const OLGA: Caller<'_> = Caller::Operator("olga");

/// A session with two players in it, and one who has nothing to do with it.
struct World {
    backend: Backend,
    epoch: u64,
    players: Vec<(String, String)>,
    session: String,
}

fn struck(damage: u32) -> Deed {
    Deed::Struck { by: 0, target: 300, damage, kind: None, critical: false }
}

fn cheated(count: u32) -> Deed {
    let (account_id, character_id) = (AccountId::from_bits(7), CharacterId::from_bits(8));
    Deed::Violation { seat: 1, account_id, character_id, kind: ViolationKind::Reach, count }
}

impl World {
    async fn start() -> Self {
        let backend = Backend::start().await;
        let epoch = backend.gamesim("sim-1", 10, "boot-1").await;
        let players = backend.players_with_characters(3).await;
        let body = json!({"character_id": players[0].1, "dungeon_id": "goblin-warren"});
        let placed = backend.call("create-game-session", Caller::Bearer(&players[0].0), &[], &body).await.expect(201);
        let session = placed["game_session"]["session_id"].as_str().unwrap().to_owned();
        let body = json!({"character_id": players[1].1});
        let path = [("session_id", session.as_str())];
        backend.call("join-game-session", Caller::Bearer(&players[1].0), &path, &body).await.expect(200);
        Self { backend, epoch, players, session }
    }

    fn chunk(&self, deeds: &[(Option<usize>, Deed)]) -> Vec<u8> {
        let now_ms = self.backend.now().0;
        let mut writer = ChunkWriter::begin(now_ms).unwrap();
        for (player, deed) in deeds {
            let character_id = player.map(|player| self.players[player].1.parse().unwrap());
            assert!(writer.push(now_ms, character_id, deed));
        }
        writer.into_bytes()
    }

    async fn save_bytes(&self, caller: Caller<'_>, first: u32, chunk: &[u8]) -> Answer {
        let body = json!({
            "gamesim_epoch": self.epoch, "session_epoch": 1, "first_number": first, "chunk": STANDARD.encode(chunk),
        });
        self.backend.call("save-events", caller, &[("session_id", &self.session)], &body).await
    }

    async fn save(&self, first: u32, deeds: &[(Option<usize>, Deed)]) {
        let saved = self.save_bytes(SIM, first, &self.chunk(deeds)).await.expect(200);
        assert_eq!(saved, json!({"events": deeds.len()}));
    }

    async fn read(&self, route: &str, caller: Caller<'_>, query: &[(&str, &str)]) -> Answer {
        self.backend.query(route, caller, &[("session_id", &self.session)], query, &[]).await
    }

    /// What a player is shown after a cursor, and the next one.
    async fn shown(&self, player: usize, after: Option<&str>, limit: &str) -> (Vec<Value>, String) {
        let after = after.map(|after| ("after", after));
        let query: Vec<_> = after.into_iter().chain([("limit", limit)]).collect();
        let answer = self.read("list-events", Caller::Bearer(&self.players[player].0), &query).await.expect(200);
        (answer["events"].as_array().unwrap().clone(), answer["next_cursor"].as_str().unwrap().to_owned())
    }
}

fn numbers(events: &[Value]) -> Vec<(u64, u64)> {
    events.iter().map(|event| (event["session_epoch"].as_u64().unwrap(), event["number"].as_u64().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn players_read_on_where_they_stopped_wherever_the_session_runs() {
    let world = World::start().await;
    world.save(0, &[(None, struck(1)), (Some(0), Deed::LevelUp { seat: 0, level: 2 }), (None, struck(2))]).await;
    let (events, _) = world.shown(0, None, "100").await;
    assert_eq!(numbers(&events), [(1, 0), (1, 1), (1, 2)]);
    assert_eq!(
        events[0]["deed"],
        json!({"struck": {"by": 0, "target": 300, "damage": 1, "kind": null, "critical": false}})
    );
    let only = |event: &Value| event["character_id"].as_str().map(str::to_owned);
    assert_eq!((only(&events[0]), only(&events[1])), (None, Some(world.players[0].1.clone())));
    assert_eq!(events[0]["at"], json!(world.backend.now().0));
    // What is somebody else's own is not there.
    assert_eq!(numbers(&world.shown(1, None, "100").await.0), [(1, 0), (1, 2)]);

    let (first, cursor) = world.shown(0, None, "2").await;
    let (second, end) = world.shown(0, Some(&cursor), "2").await;
    assert_eq!((numbers(&first), numbers(&second)), (vec![(1, 0), (1, 1)], vec![(1, 2)]));
    let (nothing, same) = world.shown(0, Some(&end), "2").await;
    assert_eq!((nothing, &same), (vec![], &end));
    world.save(3, &[(None, struck(3))]).await;
    // Another placement counts from the beginning, and the same cursor leads there.
    let id = world.session.parse().unwrap();
    let moved = StoredChunk { first: Place { epoch: 2, number: 0 }, bytes: world.chunk(&[(None, struck(4))]) };
    events::put_chunk(world.backend.table(), id, &moved, world.backend.now()).await.unwrap();
    let (later, cursor) = world.shown(0, Some(&end), "100").await;
    assert_eq!(numbers(&later), [(1, 3), (2, 0)]);
    assert_eq!(world.shown(0, Some(&cursor), "100").await, (vec![], cursor.clone()));
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_player_was_told_is_not_for_who_has_their_seat_now() {
    let world = World::start().await;
    // The third one sat in the first seat before, and has left.
    let levelled = Deed::LevelUp { seat: 0, level: 2 };
    world.save(0, &[(Some(2), levelled.clone()), (None, struck(1)), (Some(0), levelled)]).await;
    assert_eq!(numbers(&world.shown(0, None, "100").await.0), [(1, 1), (1, 2)]);
    assert_eq!(numbers(&world.shown(1, None, "100").await.0), [(1, 1)]);
    let all = world.read("inspect-events", OLGA, &[]).await.expect(200);
    assert_eq!(all["events"].as_array().unwrap().len(), 3);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_together_is_everything_once() {
    let world = World::start().await;
    let mut first = 0;
    for length in [1_u32, 7, 3, 2, 9, 1, 4, 6, 5, 8, 3] {
        let deeds: Vec<_> = (first..first + length).map(|number| (None, struck(number))).collect();
        world.save(first, &deeds).await;
        first += length;
    }
    for limit in ["1", "4", "5", "500"] {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let after = cursor.as_deref().map(|after| ("after", after));
            let query: Vec<_> = after.into_iter().chain([("limit", limit)]).collect();
            let answer = world.read("list-events", Caller::Bearer(&world.players[1].0), &query).await.expect(200);
            seen.extend(numbers(answer["events"].as_array().unwrap()));
            cursor = answer["next_cursor"].as_str().map(str::to_owned);
            if answer["has_more"] == json!(false) {
                break;
            }
        }
        assert_eq!(seen, (0..u64::from(first)).map(|number| (1, number)).collect::<Vec<_>>(), "{limit} at a time");
    }
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_and_who_has_no_seat_sees_nothing() {
    let world = World::start().await;
    world.save(0, &[(None, struck(1))]).await;
    let ada = Caller::Bearer(&world.players[0].0);
    for query in [("after", "yesterday"), ("after", ""), ("limit", "0"), ("limit", "501"), ("limit", "many")] {
        world.read("list-events", ada, &[query]).await.refused(400, "invalid_request");
        world.read("inspect-events", OLGA, &[query]).await.refused(400, "invalid_request");
    }
    let stranger = world.read("list-events", Caller::Bearer(&world.players[2].0), &[]).await;
    stranger.refused(404, "not_found");
    let nowhere = [("session_id", "00000000000000000000000000000000")];
    world.backend.query("list-events", ada, &nowhere, &[], &[]).await.refused(404, "not_found");
    world.backend.query("inspect-events", OLGA, &nowhere, &[], &[]).await.refused(404, "not_found");

    for wrong in [&b""[..], b"junk", &[1], &[1, 0, 99], &vec![1; 4_000]] {
        world.save_bytes(SIM, 1, wrong).await.refused(400, "invalid_request");
    }
    let honest = world.chunk(&[(None, struck(2))]);
    world.save_bytes(SIM, u32::MAX, &honest).await.refused(400, "invalid_request");
    world.backend.gamesim("sim-2", 10, "boot-1").await;
    world.save_bytes(Caller::Gamesim("sim-2"), 1, &honest).await.refused(409, "fenced");
    assert_eq!(world.shown(0, None, "100").await.0.len(), 1, "something that was refused is there");
    world.backend.pass_ms(3_700_000);
    world.save_bytes(SIM, 1, &honest).await.refused(400, "invalid_request");
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_find_who_cheats_by_session_and_by_day() {
    let world = World::start().await;
    world.save(0, &[(None, struck(1)), (None, cheated(150)), (None, cheated(160))]).await;
    // Handed in once more, it is there once.
    world.save(0, &[(None, struck(1)), (None, cheated(150)), (None, cheated(160))]).await;
    assert_eq!(numbers(&world.shown(1, None, "100").await.0), [(1, 0)], "a player is told of violations");
    let all = world.read("inspect-events", OLGA, &[]).await.expect(200);
    assert_eq!(numbers(all["events"].as_array().unwrap()), [(1, 0), (1, 1), (1, 2)]);
    assert_eq!(all["events"][1]["deed"]["violation"]["kind"], json!("reach"));

    let violations = async |query: &[(&str, &str)]| world.backend.query("list-violations", OLGA, &[], query, &[]).await;
    let today = violations(&[]).await.expect(200);
    let counts = |answer: &Value| -> Vec<Value> {
        answer["violations"].as_array().unwrap().iter().map(|row| row["count"].clone()).collect()
    };
    assert_eq!(counts(&today), [json!(150), json!(160)]);
    let row = &today["violations"][0];
    assert_eq!((&row["session_id"], &row["kind"], &row["seat"]), (&json!(world.session), &json!("reach"), &json!(1)));
    assert_eq!(row["character_id"], json!(CharacterId::from_bits(8)));
    let day = world.backend.now().day();
    let first = violations(&[("day", &day), ("limit", "1")]).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = violations(&[("day", &day), ("after", cursor)]).await.expect(200);
    assert_eq!((counts(&first), counts(&second)), (vec![json!(150)], vec![json!(160)]));
    assert_eq!(counts(&violations(&[("day", "2001-01-01")]).await.expect(200)), Vec::<Value>::new());
    for query in [("day", "today"), ("day", "2026-13-01"), ("after", ""), ("after", "ZZ")] {
        violations(&[query]).await.refused(400, "invalid_request");
    }

    world.backend.pass_ms(LOG_KEPT_S * 1_000);
    assert_eq!(world.read("inspect-events", OLGA, &[]).await.expect(200)["events"], json!([]), "older than a day");
    assert_eq!(counts(&violations(&[("day", &day)]).await.expect(200)).len(), 2);
    world.backend.pass_ms((VIOLATIONS_KEPT_S - LOG_KEPT_S) * 1_000);
    assert_eq!(counts(&violations(&[("day", &day)]).await.expect(200)).len(), 0, "older than 30 days");
    world.backend.stop().await;
}

/// A chunk costs a look at its session and a write unit for each KB; to read a full one costs a player two looks and a unit.
#[tokio::test(flavor = "multi_thread")]
async fn chunks_stay_within_their_units() {
    let world = World::start().await;
    let full: Vec<_> = (0..360).map(|number| (None, struck(number))).collect();
    let chunks = [world.chunk(&full[..60]), world.chunk(&full), world.chunk(&[(None, cheated(9))])];
    let mut spent = Vec::new();
    for (first, chunk) in (0..).step_by(400).zip(&chunks) {
        let before = world.backend.usage().total();
        world.save_bytes(SIM, first, chunk).await.expect(200);
        let after = world.backend.usage().total();
        spent.push((
            after.requests - before.requests,
            after.read_units - before.read_units,
            after.write_units - before.write_units,
        ));
    }
    assert!(chunks[0].len() < 900 && chunks[1].len() > 3_200, "{} and {} bytes", chunks[0].len(), chunks[1].len());
    assert_eq!(spent, [(2, 1.0, 1.0), (2, 1.0, 4.0), (3, 1.0, 2.0)], "calls, read units, write units");
    world.backend.stop().await;
}
