//! The REST API under eight clients at once, over the local front: real HTTP, real API Gateway events, real signatures, the
//! embedded database on disk. A game sim that only exists on paper takes the sessions.

use crate::figure::{Figure, quantile};
use crate::signed::SignedApi;
use crate::{Outcome, register};
use guildhall_auth::{DerivationKey, SealingKey, SigningKeys};
use guildhall_client::party::PartyMember;
use guildhall_client::rest::Api;
use guildhall_functions::lambda::{system_clock, system_entropy};
use guildhall_functions::{App, Config};
use guildhall_local::engine::Engine;
use guildhall_local::front::{AllowedOrigins, Front, FrontConfig};
use guildhall_local::sigv4::{Identities, Identity};
use guildhall_storage::Schema;
use guildhall_storage::dynamo::{DynamoConfig, DynamoTable};
use guildhall_tests::backend::seed_data;
use guildhall_tests::party::{DUNGEON, PASSWORD};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Clients, each with one request under way.
const CLIENTS: usize = 8;
/// How long each route is called, in seconds.
const WINDOW_S: u64 = 3;
/// Logins of one client: all of them together stay below what one network may try in a minute.
const LOGINS_MAX: usize = 30;
const REGION: &str = "us-east-1";
const GAMESIM: &str = "sim-of-the-bench";

pub(crate) async fn measure() -> Outcome<Vec<Figure>> {
    let folder = TempDir::new()?;
    let engine = Engine::start(&folder.path().join("dynamodb.sqlite"))?;
    let mut entropy = [0; 32];
    system_entropy(&mut entropy);
    let identity = Identity::of_gamesim(GAMESIM, entropy);
    let front = start_front(&engine, &identity).await?;
    let url = format!("http://{}", front.address());
    let measured = measure_routes(&url, &identity).await;
    front.shutdown().await;
    engine.shutdown().await?;
    measured
}

async fn measure_routes(url: &str, identity: &Identity) -> Outcome<Vec<Figure>> {
    let players = register(&Api::new(url)?, CLIENTS).await?;
    let gamesim = SignedApi::new(url, REGION, identity);
    let read = repeat(&players, usize::MAX, |_, member| async move {
        member.player.character(member.character_id).await?;
        Ok(())
    });
    let mut figures = read.await?.figures("get-character");
    let epoch = announce(&gamesim, &Api::new(url)?).await?;
    let session = repeat(&players, usize::MAX, move |_, member| {
        let gamesim = gamesim.clone();
        async move {
            let placement = member.player.create_game_session(member.character_id, DUNGEON).await?;
            let session_id = placement.game_session.session_id;
            let body = json!({"gamesim_epoch": epoch, "session_epoch": 1, "outcome": "failed"});
            gamesim.post(&format!("/internal/game-sessions/{session_id}/finalize"), &body).await?;
            Ok(())
        }
    });
    figures.extend(session.await?.figures("create- and finalize-game-session"));
    // Last, because an account keeps sixteen logins: these push out the ones that the clients use.
    let login = repeat(&players, LOGINS_MAX, |client, member| async move {
        let api = member.player.api();
        api.login(&format!("player-{client}@example.com"), PASSWORD).await?;
        Ok(())
    });
    figures.extend(login.await?.figures("login-account"));
    Ok(figures)
}

/// Registers the game sim; the lease of this one call lasts longer than the bench needs it.
async fn announce(gamesim: &SignedApi, api: &Api) -> Outcome<u64> {
    let body = json!({
        "ports": [4_000],
        "capacity": 2 * CLIENTS,
        "build_version": "bench",
        "protocol_version": guildhall_protocol::PROTOCOL_VERSION,
        "content_version": api.content().await?.version,
        "connect_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "boot_id": "bench",
    });
    let answer = gamesim.post("/internal/gamesims", &body).await?;
    Ok(answer["epoch"].as_u64().ok_or("no epoch")?)
}

/// What all clients together did.
struct Answers {
    took: Duration,
    latencies: Vec<Duration>,
}

/// Lets every client do the same thing again and again, and notes how long each time took.
async fn repeat<F>(
    players: &[PartyMember],
    times_max: usize,
    once: impl Fn(usize, PartyMember) -> F + Clone + Send + 'static,
) -> Outcome<Answers>
where
    F: Future<Output = Outcome<()>> + Send + 'static,
{
    let began = Instant::now();
    let mut clients = JoinSet::new();
    for (client, member) in players.iter().cloned().enumerate() {
        let once = once.clone();
        clients.spawn(async move {
            let mut latencies = Vec::new();
            while began.elapsed() < Duration::from_secs(WINDOW_S) && latencies.len() < times_max {
                let asked = Instant::now();
                once(client, member.clone()).await?;
                latencies.push(asked.elapsed());
            }
            Outcome::Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(finished) = clients.join_next().await {
        latencies.extend(finished??);
    }
    Ok(Answers { took: began.elapsed(), latencies })
}

impl Answers {
    fn figures(mut self, what: &str) -> Vec<Figure> {
        let rate = self.latencies.len() as f64 / self.took.as_secs_f64();
        let note = format!("{CLIENTS} clients on the same cores, {} times", self.latencies.len());
        vec![
            Figure::new(format!("{what}, rate"), rate, "/s").note(note),
            Figure::time(format!("{what}, p50"), quantile(&mut self.latencies, 0.5)),
            Figure::time(format!("{what}, p99"), quantile(&mut self.latencies, 0.99)),
        ]
    }
}

/// The local front with one known game sim, over an empty database with the seed content.
async fn start_front(engine: &Engine, identity: &Identity) -> Outcome<Front> {
    let table = DynamoTable::connect(DynamoConfig::new("bench-", REGION).endpoint(engine.endpoint())).await;
    table.create_tables(&Schema::all()?).await?;
    guildhall_local::content::load(&seed_data())?.publish(&table).await?;
    let app = App::new(Config {
        table: Arc::new(table),
        access_keys: SigningKeys::new(vec![("1".to_owned(), vec![7; 32])])?,
        sealing: SealingKey::new([8; 32]),
        derivation: DerivationKey::new([9; 32]),
        gamesim_role: "guildhall-gamesim".to_owned(),
        operator_role: "guildhall-operator".to_owned(),
        clock: Arc::new(system_clock),
        entropy: Arc::new(system_entropy),
    });
    let config = FrontConfig {
        app: Arc::new(app),
        identities: Identities::new(REGION, [identity.clone()]),
        clock: Arc::new(system_clock),
        api_id: "bench".to_owned(),
        allowed_origins: AllowedOrigins::default(),
    };
    Ok(Front::start(TcpListener::bind("127.0.0.1:0").await?, config)?)
}
