//! What a team would write without Guildhall: an ordinary web service over PostgreSQL, as small as it gets with the usual
//! crates, that lets one in, reads a character and gives it currency. Same requests, same answers; each request's token is
//! looked up in the database, and an intent is one conditional update, durable before it is answered. Passwords are hashed
//! with the same function and parameters.
//!
//! What ours does beyond that it leaves away: repeated requests are not recognised, no game session's lease is respected,
//! derived stats are stored rather than computed, and nobody counts who guesses passwords. All of that makes it faster.
//!
//! Everything of it is in one schema of the given database, which is made anew and goes away with the service.

use super::server::serve_until_told;
use crate::Outcome;
use axum::extract::{Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use guildhall_auth::PasswordHash;
use guildhall_auth::password::{self, Verdict};
use guildhall_domain::Password;
use guildhall_tests::party::PASSWORD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_postgres::{Client, Config, NoTls, Row};

/// The argument that makes this program a plain service.
pub(crate) const ROLE: &str = "plain";
/// Names the PostgreSQL, as `postgres://user@127.0.0.1/database`.
const POSTGRES: &str = "GUILDHALL_BENCH_POSTGRES";
/// Connections of the service to its database: one for each client.
const CONNECTIONS: usize = super::CLIENTS;

/// It guards nothing.
const SALT: [u8; 16] = [7; 16];

const SCHEMA: &str = "
    DROP SCHEMA IF EXISTS guildhall_bench CASCADE;
    CREATE SCHEMA guildhall_bench;
    CREATE TABLE guildhall_bench.accounts (
        email text PRIMARY KEY,
        account_id text NOT NULL,
        password_hash text NOT NULL
    );
    CREATE TABLE guildhall_bench.sessions (
        token text PRIMARY KEY,
        account_id text NOT NULL,
        expires_at timestamptz NOT NULL
    );
    CREATE TABLE guildhall_bench.characters (
        character_id text PRIMARY KEY,
        account_id text NOT NULL,
        name text NOT NULL,
        class text NOT NULL,
        version bigint NOT NULL,
        created_at bigint NOT NULL,
        ability_scores jsonb NOT NULL,
        ability_points_spent bigint NOT NULL,
        skills jsonb NOT NULL,
        equipment jsonb NOT NULL,
        level bigint NOT NULL,
        xp bigint NOT NULL,
        hp bigint NOT NULL,
        hp_max bigint NOT NULL,
        gold bigint NOT NULL CHECK (gold >= 0),
        inventory jsonb NOT NULL,
        dungeons_cleared bigint NOT NULL,
        derived jsonb NOT NULL
    );";

/// A character, as it is answered.
#[derive(Serialize)]
struct Character {
    character_id: String,
    account_id: String,
    name: String,
    class: String,
    version: i64,
    created_at: i64,
    ability_scores: Value,
    ability_points_spent: i64,
    skills: Value,
    equipment: Value,
    level: i64,
    xp: i64,
    hp: i64,
    hp_max: i64,
    gold: i64,
    inventory: Value,
    dungeons_cleared: i64,
    derived: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeCurrency {
    version: i64,
    delta: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogIn {
    email: String,
    password: String,
}

#[derive(Serialize)]
struct LoggedIn {
    account_id: String,
    access_token: String,
    expires_in_s: u64,
}

#[derive(Serialize)]
struct Refusal {
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    character: Option<Character>,
}

type Refused = (StatusCode, Json<Refusal>);
type Answer = Result<Json<Character>, Refused>;

/// The whole life of the service's process.
pub(crate) async fn serve() -> Outcome<()> {
    let mut config: Config = std::env::var(POSTGRES)?.parse()?;
    config.options("-c search_path=guildhall_bench -c synchronous_commit=on");
    let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let pool = Pool::builder(Manager::from_config(config, NoTls, manager)).max_size(CONNECTIONS).build()?;
    // Connections that are there from the first request on, so that their processes can be found beforehand.
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(pool.get().await?);
    }
    drop(connections);
    let routes = Router::new()
        .route("/v1/auth/login", post(log_in))
        .route("/v1/characters/{character_id}", get(get_character))
        .route("/v1/characters/{character_id}/currency", patch(change_currency))
        .with_state(pool.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(async move { axum::serve(listener, routes).await });
    serve_until_told(address, || 0).await?;
    serving.abort();
    pool.get().await?.batch_execute("DROP SCHEMA guildhall_bench CASCADE").await?;
    Ok(())
}

async fn log_in(State(pool): State<Pool>, Json(input): Json<LogIn>) -> Result<Json<LoggedIn>, Refused> {
    let wrong = || refuse(StatusCode::UNAUTHORIZED, "wrong_credentials");
    let password = Password::parse(&input.password).map_err(|_| wrong())?;
    let client = pool.get().await.map_err(unavailable)?;
    let select = client.prepare_cached("SELECT account_id, password_hash FROM accounts WHERE email = $1").await;
    let row = client.query_opt(&select.map_err(unavailable)?, &[&input.email]).await.map_err(unavailable)?;
    let row = row.ok_or_else(wrong)?;
    let stored = PasswordHash::from_stored(row.get::<_, String>("password_hash"));
    let verdict = tokio::task::spawn_blocking(move || password::verify(&password, &stored));
    if verdict.await.map_err(unavailable)? == Verdict::Wrong {
        return Err(wrong());
    }
    let account_id: String = row.get("account_id");
    let insert = client
        .prepare_cached(
            "INSERT INTO sessions VALUES (gen_random_uuid()::text, $1, now() + interval '1 hour') RETURNING token",
        )
        .await
        .map_err(unavailable)?;
    let access_token = client.query_one(&insert, &[&account_id]).await.map_err(unavailable)?.get("token");
    Ok(Json(LoggedIn { account_id, access_token, expires_in_s: 3_600 }))
}

async fn get_character(State(pool): State<Pool>, Path(character_id): Path<String>, headers: HeaderMap) -> Answer {
    let client = pool.get().await.map_err(unavailable)?;
    let account_id = authenticate(&client, &headers).await?;
    find(&client, &character_id, &account_id).await?.map(Json).ok_or_else(|| refuse(StatusCode::NOT_FOUND, "not_found"))
}

async fn change_currency(
    State(pool): State<Pool>,
    Path(character_id): Path<String>,
    headers: HeaderMap,
    Json(intent): Json<ChangeCurrency>,
) -> Answer {
    let client = pool.get().await.map_err(unavailable)?;
    let account_id = authenticate(&client, &headers).await?;
    let update = client
        .prepare_cached(
            "UPDATE characters SET gold = gold + $1, version = version + 1
             WHERE character_id = $2 AND account_id = $3 AND version = $4 RETURNING *",
        )
        .await
        .map_err(unavailable)?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&intent.delta, &character_id, &account_id, &intent.version];
    if let Some(row) = client.query_opt(&update, &parameters).await.map_err(unavailable)? {
        return Ok(Json(character(&row)));
    }
    let latest = find(&client, &character_id, &account_id).await?;
    let latest = latest.ok_or_else(|| refuse(StatusCode::NOT_FOUND, "not_found"))?;
    Err((StatusCode::CONFLICT, Json(Refusal { error: "version_conflict", character: Some(latest) })))
}

/// Whose token it is.
async fn authenticate(client: &deadpool_postgres::Client, headers: &HeaderMap) -> Result<String, Refused> {
    let header = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let unknown = || refuse(StatusCode::UNAUTHORIZED, "unauthorized");
    let token = header.and_then(|header| header.strip_prefix("Bearer ")).ok_or_else(unknown)?;
    let select = client
        .prepare_cached("SELECT account_id FROM sessions WHERE token = $1 AND expires_at > now()")
        .await
        .map_err(unavailable)?;
    let row = client.query_opt(&select, &[&token]).await.map_err(unavailable)?;
    row.map(|row| row.get("account_id")).ok_or_else(unknown)
}

async fn find(
    client: &deadpool_postgres::Client,
    character_id: &str,
    account_id: &str,
) -> Result<Option<Character>, Refused> {
    let select = client
        .prepare_cached("SELECT * FROM characters WHERE character_id = $1 AND account_id = $2")
        .await
        .map_err(unavailable)?;
    let row = client.query_opt(&select, &[&character_id, &account_id]).await.map_err(unavailable)?;
    Ok(row.as_ref().map(character))
}

fn character(row: &Row) -> Character {
    Character {
        character_id: row.get("character_id"),
        account_id: row.get("account_id"),
        name: row.get("name"),
        class: row.get("class"),
        version: row.get("version"),
        created_at: row.get("created_at"),
        ability_scores: row.get("ability_scores"),
        ability_points_spent: row.get("ability_points_spent"),
        skills: row.get("skills"),
        equipment: row.get("equipment"),
        level: row.get("level"),
        xp: row.get("xp"),
        hp: row.get("hp"),
        hp_max: row.get("hp_max"),
        gold: row.get("gold"),
        inventory: row.get("inventory"),
        dungeons_cleared: row.get("dungeons_cleared"),
        derived: row.get("derived"),
    }
}

fn refuse(status: StatusCode, error: &'static str) -> Refused {
    (status, Json(Refusal { error, character: None }))
}

fn unavailable(error: impl std::fmt::Display) -> Refused {
    eprintln!("the plain service: {error}");
    refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable")
}

/// The bench's own connection to the database that was given.
pub(crate) struct Database(Client);

impl Database {
    /// Makes the service's tables, if a database is given.
    pub(crate) async fn given() -> Outcome<Option<Self>> {
        let Ok(url) = std::env::var(POSTGRES) else { return Ok(None) };
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        // It ends with the client; what goes wrong on it, the client's calls tell.
        tokio::spawn(connection);
        client.batch_execute(SCHEMA).await?;
        Ok(Some(Self(client)))
    }

    /// Lets a player in, with the account and the character that ours shows.
    pub(crate) async fn copy(&self, email: &str, token: &str, sheet: &Value) -> Outcome<()> {
        let hash = password::hash(&Password::parse(PASSWORD)?, SALT);
        let account = "INSERT INTO guildhall_bench.accounts VALUES ($1, $2, $3)";
        self.0.execute(account, &[&email, &sheet["account_id"].as_str(), &hash.as_str()]).await?;
        let row = "INSERT INTO guildhall_bench.characters
             SELECT * FROM jsonb_populate_record(NULL::guildhall_bench.characters, $1)";
        self.0.execute(row, &[sheet]).await?;
        let session = "INSERT INTO guildhall_bench.sessions VALUES ($1, $2, now() + interval '1 hour')";
        self.0.execute(session, &[&token, &sheet["account_id"].as_str()]).await?;
        Ok(())
    }

    /// The processes of the database, without those that come and go, of which this connection is one; none, if they are not
    /// on this machine.
    pub(crate) async fn processes(&self) -> Outcome<Vec<u32>> {
        let lasting = "SELECT pid FROM pg_stat_activity
             WHERE backend_type NOT LIKE 'autovacuum w%' AND pid <> pg_backend_pid()";
        let rows = self.0.query(lasting, &[]).await?;
        let ids: Vec<u32> = rows.iter().map(|row| row.get::<_, i32>("pid").unsigned_abs()).collect();
        let is_postgres = |id: &u32| {
            let command = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            command.starts_with(b"postgres")
        };
        Ok(if ids.iter().all(is_postgres) { ids } else { Vec::new() })
    }
}
