//! Whole game sims against an API that is scripted and speaks real HTTP. Nothing here waits for time to pass: each test
//! follows the calls that come in.

use super::{Control, Done, Parts, ShardLink};
use crate::api::{Api, Https, Signer};
use crate::bucket::Bucket;
use crate::clock::Clock;
use crate::cloud::Sighting;
use crate::dead_letters::{DeadLetters, Letters};
use crate::exchange::Order;
use crate::fixtures::content;
use crate::metrics::SimMetrics;
use crate::{Config, RunError, Shutdown, run_with};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use guildhall_domain::api::{Expulsion, Registered, Resume};
use guildhall_domain::ruleset::Standard;
use guildhall_domain::{AccountId, CharacterId, HotState, SessionId};
use guildhall_protocol::netcode::{Client, ConnectToken, ConnectTokenParameters, PACKET_BYTES_MAX, TokenEntropy};
use guildhall_protocol::payload::{ClientMessage, GameEvent, decode_server};
use guildhall_protocol::{PROTOCOL_ID, PROTOCOL_VERSION, UserData};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

const EPOCH: u64 = 9;
const SESSION: SessionId = SessionId::from_bits(77);

mod recordings;
mod resuming;

/// What the scripted API answers.
#[derive(Debug, Default)]
struct Script {
    sessions: BTreeMap<SessionId, u32>,
    is_fenced: bool,
    is_store_down: bool,
    expelled: Vec<Expulsion>,
    /// What an admission says of where the session has been before.
    resume: Option<Resume>,
}

/// A game sim under test, and the calls that it makes.
struct Sim {
    script: Arc<Mutex<Script>>,
    calls: mpsc::UnboundedReceiver<(String, Value)>,
    shutdown: Shutdown,
    running: JoinHandle<Result<(), RunError>>,
}

impl Sim {
    async fn start(drain_s: u64) -> Self {
        Self::start_with(drain_s, 10, "unused".into()).await
    }

    async fn start_with(drain_s: u64, last_writes_s: u64, dead_letters: String) -> Self {
        Self::start_on(drain_s, last_writes_s, dead_letters, None).await
    }

    async fn start_on(drain_s: u64, last_writes_s: u64, dead_letters: String, bucket: Option<Bucket>) -> Self {
        let (script, calls, config, signer) = surroundings(drain_s, last_writes_s, &dead_letters).await;
        let shutdown = Shutdown::default();
        let running = tokio::spawn(run_with(signer, bucket, config, Arc::new(Standard), shutdown.clone()));
        Self { script, calls, shutdown, running }
    }

    /// The next call whose path ends like this; others are passed over.
    async fn call(&mut self, ending: &str) -> Value {
        loop {
            let (path, body) = self.calls.recv().await.unwrap();
            if path.ends_with(ending) {
                return body;
            }
        }
    }

    /// All further calls, once the game sim has ended, and how it ended.
    async fn end(mut self) -> (Vec<(String, Value)>, Result<(), RunError>) {
        let result = self.running.await.unwrap();
        let mut calls = Vec::new();
        while let Ok(call) = self.calls.try_recv() {
            calls.push(call);
        }
        (calls, result)
    }
}

/// The API, the calls that it will see, and a game sim's way to it.
async fn surroundings(
    drain_s: u64,
    last_writes_s: u64,
    dead_letters: &str,
) -> (Arc<Mutex<Script>>, mpsc::UnboundedReceiver<(String, Value)>, Config, Arc<Signer>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let script = Arc::new(Mutex::new(Script::default()));
    let (seen, calls) = mpsc::unbounded_channel();
    tokio::spawn(serve(listener, Arc::clone(&script), seen));
    let config = Config::parse(|variable| match variable {
        "GUILDHALL_API" => Some(format!("http://{address}")),
        "GUILDHALL_GAMESIM_SHARDS" => Some("1".into()),
        "GUILDHALL_GAMESIM_BIND" => Some("127.0.0.1".into()),
        "GUILDHALL_DRAIN_S" => Some(drain_s.to_string()),
        "GUILDHALL_LAST_WRITES_S" => Some(last_writes_s.to_string()),
        "GUILDHALL_DEAD_LETTERS" => Some(dead_letters.to_owned()),
        "GUILDHALL_METRICS_BIND" => Some("127.0.0.1:0".into()),
        _ => None,
    });
    let config = config.unwrap();
    let credentials = SharedCredentialsProvider::new(Credentials::new("AKID", "secret", None, None, "test"));
    let signer = Arc::new(Signer::new("us-east-1", Some(credentials)));
    (script, calls, config, signer)
}

async fn serve(listener: TcpListener, script: Arc<Mutex<Script>>, seen: mpsc::UnboundedSender<(String, Value)>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (script, seen) = (Arc::clone(&script), seen.clone());
        let service = hyper::service::service_fn(move |request| answer(request, Arc::clone(&script), seen.clone()));
        let io = hyper_util::rt::TokioIo::new(stream);
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(io, service));
    }
}

async fn answer(
    request: Request<Incoming>,
    script: Arc<Mutex<Script>>,
    seen: mpsc::UnboundedSender<(String, Value)>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let path = request.uri().path().to_owned();
    let signature = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_signed = signature.starts_with("AWS4-HMAC-SHA256 Credential=AKID/");
    assert_eq!(is_signed, path.starts_with("/internal/"), "{path}");
    let body = request.into_body().collect().await?.to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut script = script.lock().unwrap();
    let (status, answer) = match path.rsplit('/').next().unwrap() {
        "content" => (200, json!({ "version": "00000000000000ff", "content": *content() })),
        "gamesims" => (
            201,
            json!({ "gamesim_id": "sim-1", "epoch": EPOCH, "ip": "127.0.0.1", "lease_ms": 60,
                                    "heartbeat_interval_ms": 20 }),
        ),
        "heartbeat" if script.is_fenced => {
            (409, json!({ "error": { "code": "fenced", "message": "over", "request_id": "r" } }))
        }
        "heartbeat" => {
            (200, json!({ "state": body["state"], "sessions": script.sessions, "expelled": script.expelled }))
        }
        "admit" => (
            200,
            json!({ "dungeon_id": "den", "seed": 1, "resume": script.resume, "character": {
            "character_id": body["character_id"], "account_id": body["account_id"], "name": "Ada", "class": "hero",
            "version": 3, "created_at": 0, "level": 1, "xp": 0, "hp": 100, "hp_max": 100, "gold": 0, "inventory": [],
            "dungeons_cleared": 0 } }),
        ),
        "progress" if script.is_store_down => (503, json!({})),
        "progress" => (200, json!({ "groups": vec!["applied"; body["groups"].as_array().unwrap().len()] })),
        "finalize" => {
            script.sessions.clear();
            (200, json!({ "state": "ended" }))
        }
        other => panic!("nobody calls {other}"),
    };
    drop(script);
    seen.send((path, body)).unwrap();
    let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    Ok(response)
}

#[tokio::test]
async fn it_registers_beats_and_says_goodbye() {
    let mut sim = Sim::start(0).await;
    let registration = sim.call("/internal/gamesims").await;
    assert_eq!(registration["content_version"], "00000000000000ff");
    assert_eq!(registration["protocol_version"], PROTOCOL_VERSION);
    assert_eq!(STANDARD.decode(registration["connect_key"].as_str().unwrap()).unwrap().len(), 32);
    assert!(registration["ports"][0].as_u64().unwrap() > 0);
    for _ in 0..3 {
        let beat = sim.call("/internal/gamesims/sim-1/heartbeat").await;
        assert_eq!((&beat["state"], &beat["epoch"]), (&"ready".into(), &EPOCH.into()));
        assert_eq!(beat.get("gamesim_id"), None, "the path says it");
    }
    sim.shutdown.drain.cancel();
    let (calls, result) = sim.end().await;
    result.unwrap();
    assert_eq!(calls.last().unwrap().1["state"], "gone");
}

#[tokio::test]
async fn losing_the_epoch_ends_the_process_with_an_error_and_without_a_word() {
    let mut sim = Sim::start(300).await;
    sim.call("/heartbeat").await;
    sim.script.lock().unwrap().is_fenced = true;
    let (calls, result) = sim.end().await;
    assert!(matches!(result, Err(RunError::Fenced)), "{result:?}");
    assert!(calls.iter().all(|(_, body)| body["state"] != "gone"), "{calls:?}");
}

#[tokio::test]
async fn draining_waits_for_sessions_and_ends_when_there_are_none() {
    let mut sim = Sim::start(86_400).await;
    sim.script.lock().unwrap().sessions.insert(SESSION, 1);
    sim.call("/heartbeat").await;
    sim.shutdown.drain.cancel();
    for _ in 0..5 {
        while sim.call("/heartbeat").await["state"] != "draining" {}
    }
    assert!(!sim.running.is_finished());
    sim.script.lock().unwrap().sessions.clear();
    let (calls, result) = sim.end().await;
    result.unwrap();
    assert_eq!(calls.last().unwrap().1["state"], "gone");
}

#[tokio::test]
async fn stopping_at_once_closes_what_nobody_has_entered() {
    let mut sim = Sim::start(86_400).await;
    sim.script.lock().unwrap().sessions.insert(SESSION, 1);
    for _ in 0..3 {
        sim.call("/heartbeat").await;
    }
    sim.shutdown.at_once.cancel();
    let (calls, result) = sim.end().await;
    result.unwrap();
    let (path, closing) = calls.iter().find(|(path, _)| path.ends_with("/finalize")).unwrap();
    assert!(path.contains(&SESSION.to_string()));
    assert_eq!(*closing, json!({ "gamesim_epoch": EPOCH, "session_epoch": 1, "outcome": "drained" }));
}

/// A player's program over a real socket, as far as this test needs one.
fn play_until_welcome(port: u16, key: [u8; 32], session_epoch: u32) -> Client {
    let now_ms = || u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let server = SocketAddr::from(([127, 0, 0, 1], port));
    let user = UserData {
        session_id: SESSION,
        session_epoch,
        seat: 0,
        account_id: AccountId::from_bits(1),
        character_id: CharacterId::from_bits(2),
        protocol_version: PROTOCOL_VERSION,
        content_version: 0xff,
        gamesim_epoch: EPOCH,
    };
    let parameters = ConnectTokenParameters {
        protocol_id: PROTOCOL_ID,
        client_id: 1,
        server_address: server,
        create_s: now_ms() / 1_000,
        expire_s: now_ms() / 1_000 + 30,
        timeout_s: 5,
        user_data: &user.encode(),
        private_key: &key,
    };
    let entropy = TokenEntropy { nonce: [1; 24], client_to_server_key: [2; 32], server_to_client_key: [3; 32] };
    let mut client = Client::new(ConnectToken::generate(&parameters, &entropy), now_ms());
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let give_up = Instant::now() + Duration::from_secs(20);
    let mut buffer = [0; PACKET_BYTES_MAX];
    while Instant::now() < give_up {
        client.handle_timeout(now_ms());
        // Not connected yet is no fault here.
        let _ = client.send(&ClientMessage::default().encode());
        while let Some(sent) = client.poll_transmit() {
            socket.send_to(&sent.bytes, sent.to).unwrap();
        }
        let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
        let Some(payload) = client.handle_datagram(now_ms(), from, &mut buffer[..length]) else { continue };
        let message = decode_server(payload, |_| None).unwrap();
        if message.events.iter().any(|event| matches!(event, GameEvent::Welcome { seat: 0, .. })) {
            return client;
        }
    }
    panic!("no welcome");
}

/// Lets a player in through the socket. Returns the port.
async fn enter(sim: &mut Sim, session_epoch: u32) -> u16 {
    sim.script.lock().unwrap().sessions.insert(SESSION, session_epoch);
    let registration = sim.call("/internal/gamesims").await;
    let port = u16::try_from(registration["ports"][0].as_u64().unwrap()).unwrap();
    let key = STANDARD.decode(registration["connect_key"].as_str().unwrap()).unwrap();
    sim.call("/heartbeat").await;
    let playing = tokio::task::spawn_blocking(move || play_until_welcome(port, key.try_into().unwrap(), session_epoch));
    let admission = sim.call("/admit").await;
    assert_eq!((&admission["seat"], &admission["session_epoch"]), (&0.into(), &session_epoch.into()));
    playing.await.unwrap();
    port
}

#[tokio::test]
async fn a_player_gets_in_through_the_socket_and_is_written_when_the_process_ends() {
    let mut sim = Sim::start(0).await;
    enter(&mut sim, 1).await;
    sim.shutdown.drain.cancel();
    let write = sim.call("/progress").await["groups"][0]["writes"][0].clone();
    assert_eq!((&write["release"], &write["base_version"]), (&true.into(), &3.into()));
    let hot = HotState { level: 1, hp: 100, hp_max: 100, ..HotState::default() };
    assert_eq!(hot, serde_json::from_value(write["hot"].clone()).unwrap());
    assert_eq!(sim.call("/finalize").await["outcome"], "drained");
    sim.end().await.1.unwrap();
}

#[tokio::test]
async fn what_the_store_does_not_take_in_time_is_kept_and_said() {
    let path = std::env::temp_dir().join(format!("guildhall-sim-letters-{}", std::process::id()));
    let mut sim = Sim::start_with(0, 0, path.display().to_string()).await;
    enter(&mut sim, 1).await;
    sim.script.lock().unwrap().is_store_down = true;
    sim.shutdown.drain.cancel();
    let (_, result) = sim.end().await;
    assert!(matches!(result, Err(RunError::Unsaved { groups: 1 })), "{result:?}");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let letter: Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!((&letter["reason"], &letter["session_id"]), (&"abandoned".into(), &SESSION.to_string().into()));
    assert_eq!(letter["group"]["writes"][0]["release"], true);
}

/// A control by itself.
struct Alone {
    control: Control,
    /// What its only shard hears.
    to_shard: std::sync::mpsc::Receiver<Order>,
    /// How that says that it has ended.
    finished: oneshot::Sender<()>,
    /// What has been asked of the API, which stays for as long as somebody could look.
    _calls: mpsc::UnboundedReceiver<(String, Value)>,
}

async fn alone() -> Alone {
    let (_, calls, config, signer) = surroundings(300, 10, "unused").await;
    let https = Arc::new(Https::connect(&config.api, signer).unwrap());
    let api = Api::new(&config.api, https, guildhall_telemetry::Tracer::default());
    let registered = Registered {
        gamesim_id: "sim".parse().unwrap(),
        epoch: EPOCH,
        ip: "127.0.0.1".to_owned(),
        lease_ms: 60,
        heartbeat_interval_ms: 3_600_000,
    };
    let letters = DeadLetters::new(Letters::File("unused".into()), registered.gamesim_id.clone());
    let (clock, metrics) =
        (Arc::new(Clock::start()), Arc::new(SimMetrics::new(1, &guildhall_telemetry::Tracer::default())));
    let (orders, to_shard) = std::sync::mpsc::channel();
    let (finished, is_finished) = oneshot::channel();
    let (_asks, requests) = mpsc::unbounded_channel();
    let (sightings, _) = tokio::sync::watch::channel(Sighting::default());
    let content =
        super::boot::LoadedContent { content: content(), version: "0000000000000001".into(), version_number: 1 };
    let parts = Parts { config, api: Arc::new(api), bucket: None, content, clock, metrics, registered, sightings };
    let control = Control::new(parts, letters, vec![ShardLink { orders, is_finished }], requests);
    Alone { control, to_shard, finished, _calls: calls }
}

#[tokio::test]
async fn a_request_that_panics_ends_the_process_in_order() {
    let Alone { mut control, to_shard, finished, _calls } = alone().await;
    control.errands.spawn(async { panic!("this is what is tested") });
    // The shard obeys the first order to stop, as if it had nothing left to write.
    let shard = tokio::task::spawn_blocking(move || {
        let is_stopped = to_shard.iter().any(|order| matches!(order, Order::Stop));
        // Whether anybody still listens is what the test asks.
        let _ = finished.send(());
        is_stopped
    });
    let result = control.run(Shutdown::default()).await;
    assert!(matches!(result, Err(RunError::Crashed)), "{result:?}");
    assert!(shard.await.unwrap(), "the shard was left alone with what it had to write");
}

#[tokio::test]
async fn a_checkpoint_is_durable_if_it_was_stored_within_the_lease() {
    let Alone { mut control, to_shard, .. } = alone().await;
    let (over, far) = (control.leased_until, control.leased_until + Duration::from_secs(3_600));
    for (leased_until, is_stored, expected) in [(far, true, true), (over, true, false), (far, false, false)] {
        control.leased_until = leased_until;
        control.handle_done(Done::Kept { shard: 0, is_stored });
        let Ok(Order::Checkpointed { is_stored: told, is_ours }) = to_shard.try_recv() else { panic!("no word") };
        assert_eq!((told, is_ours), (is_stored, expected));
    }
    // The last one may have been stored all the same, or still be: in the place of whatever comes in between.
    control.leased_until = far;
    control.handle_done(Done::Kept { shard: 0, is_stored: true });
    let told = to_shard.try_recv();
    assert!(matches!(told, Ok(Order::Checkpointed { is_stored: true, is_ours: false })), "{told:?}");
    control.settled_at = over;
    control.handle_done(Done::Kept { shard: 0, is_stored: true });
    let told = to_shard.try_recv();
    assert!(matches!(told, Ok(Order::Checkpointed { is_stored: true, is_ours: true })), "{told:?}");
}
