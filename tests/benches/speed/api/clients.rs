//! Those who ask: each with a character of its own, one connection and one request under way. They say the same to whichever
//! server they are at, and take any answer but a good one for the end of the bench.

use super::front;
use crate::Outcome;
use crate::signed::SignedApi;
use guildhall_client::rest::Api;
use guildhall_tests::party::{DUNGEON, PASSWORD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::ops::Range;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long an answer may take, in seconds.
const ANSWER_S_MAX: u64 = 20;
/// Sessions that the game sim on paper takes.
const CAPACITY: usize = 100;

/// What to ask for, again and again.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    /// One's character.
    GetCharacter,
    /// An intent: one piece of gold, on the version that the last answer showed.
    ChangeCurrency,
    /// The same on a version that is over, which is refused with the latest character.
    ConflictingCurrency,
    /// A game session, which its game sim closes again at once.
    PlaySession(Gamesim),
    /// New tokens for a password.
    LogIn,
}

impl Ask {
    /// Whatever must be so before it is asked for.
    pub(crate) async fn prepare(&self) -> Outcome<()> {
        if let Self::PlaySession(gamesim) = self { gamesim.beat().await } else { Ok(()) }
    }

    /// How the figures call it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::GetCharacter => "get-character",
            Self::ChangeCurrency => "change-currency",
            Self::ConflictingCurrency => "change-currency, conflict",
            Self::PlaySession(_) => "create- and finalize-game-session",
            Self::LogIn => "login-account",
        }
    }

    /// Whether the plain service has it too.
    pub(crate) fn is_known_to_all(&self) -> bool {
        !matches!(self, Self::PlaySession(_))
    }
}

/// A game sim that only exists on paper: it renews its lease when asked to, and never plays.
#[derive(Debug, Clone)]
pub(crate) struct Gamesim {
    api: SignedApi,
    epoch: u64,
}

impl Gamesim {
    /// Registers it.
    pub(crate) async fn register(url: &str) -> Outcome<Self> {
        let body = json!({
            "ports": [4_000],
            "capacity": CAPACITY,
            "build_version": "bench",
            "protocol_version": guildhall_protocol::PROTOCOL_VERSION,
            "content_version": Api::new(url)?.content().await?.version,
            "connect_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "boot_id": "bench",
        });
        let api = SignedApi::new(url, front::REGION, &front::gamesim());
        let answer = api.post("/internal/gamesims", &body).await?;
        Ok(Self { api, epoch: answer["epoch"].as_u64().ok_or("no epoch")? })
    }

    async fn beat(&self) -> Outcome<()> {
        let load = json!({"sessions": 0, "players": 0, "tick_lateness_p99_us": 0, "unsaved_changes": 0});
        let body = json!({"epoch": self.epoch, "state": "ready", "load": load});
        self.api.post(&format!("/internal/gamesims/{}/heartbeat", front::gamesim().name), &body).await?;
        Ok(())
    }

    async fn finalize(&self, session_id: &str) -> Outcome<()> {
        let body = json!({"gamesim_epoch": self.epoch, "session_epoch": 1, "outcome": "failed"});
        self.api.post(&format!("/internal/game-sessions/{session_id}/finalize"), &body).await?;
        Ok(())
    }
}

/// A player.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base_url: String,
    email: String,
    token: String,
    character_id: String,
    version: u64,
    /// Numbers its idempotency keys.
    wishes: u64,
}

/// Accounts of these numbers, with a character each, at our own server.
pub(crate) async fn register(url: &str, numbers: Range<usize>) -> Outcome<Vec<Client>> {
    // The client of the product brings the TLS that every other client in this process needs, too.
    Api::new(url)?;
    let http = reqwest::Client::builder().timeout(Duration::from_secs(ANSWER_S_MAX)).build()?;
    let mut clients = Vec::new();
    for number in numbers {
        let email = format!("player-{number}@example.com");
        let base_url = url.to_owned();
        let (token, character_id) = (String::new(), String::new());
        let mut client = Client { http: http.clone(), base_url, email, token, character_id, version: 0, wishes: 0 };
        let body = json!({"email": client.email, "password": PASSWORD});
        let account = client.send(Method::POST, "/v1/auth/register", &body).await?;
        client.token = text(&account, "access_token")?;
        let body = json!({"name": format!("Hero {number}"), "class": "fighter"});
        let character = client.send(Method::POST, "/v1/characters", &body).await?;
        client.character_id = text(&character, "character_id")?;
        client.version = version(&character)?;
        clients.push(client);
    }
    Ok(clients)
}

/// Lets every client ask again and again for so long, but not more often than that, and tells how long each time took.
pub(crate) async fn ask_all(
    clients: &mut Vec<Client>,
    ask: &Ask,
    lasts: Duration,
    times_max: usize,
) -> Outcome<Vec<Duration>> {
    let began = Instant::now();
    let mut asking = JoinSet::new();
    for mut client in clients.drain(..) {
        let ask = ask.clone();
        asking.spawn(async move {
            let mut latencies = Vec::new();
            while began.elapsed() < lasts && latencies.len() < times_max {
                let asked = Instant::now();
                client.ask(&ask).await?;
                latencies.push(asked.elapsed());
            }
            Outcome::Ok((client, latencies))
        });
    }
    let mut latencies = Vec::new();
    while let Some(asked) = asking.join_next().await {
        let (client, took) = asked??;
        clients.push(client);
        latencies.extend(took);
    }
    Ok(latencies)
}

impl Client {
    async fn ask(&mut self, ask: &Ask) -> Outcome<()> {
        match ask {
            Ask::GetCharacter => drop(self.sheet().await?),
            Ask::ChangeCurrency => {
                let sheet = self.change_currency(self.version, StatusCode::OK).await?;
                if version(&sheet)? != self.version + 1 {
                    return Err(format!("version {} was followed by {sheet}", self.version).into());
                }
                self.version += 1;
            }
            Ask::ConflictingCurrency => {
                self.change_currency(self.version - 1, StatusCode::CONFLICT).await?;
            }
            Ask::PlaySession(gamesim) => {
                let body = json!({"character_id": self.character_id, "dungeon_id": DUNGEON});
                let placement = self.send(Method::POST, "/v1/game-sessions", &body).await?;
                gamesim.finalize(&text(&placement["game_session"], "session_id")?).await?;
            }
            Ask::LogIn => {
                let body = json!({"email": self.email, "password": PASSWORD});
                self.send(Method::POST, "/v1/auth/login", &body).await?;
            }
        }
        Ok(())
    }

    /// The character with everything that is shown of it.
    pub(crate) async fn sheet(&self) -> Outcome<Value> {
        let path = format!("/v1/characters/{}", self.character_id);
        self.answer(self.request(Method::GET, &path), |status| status.is_success()).await
    }

    /// The same account once for each of so many characters, its first one among them.
    pub(crate) async fn with_characters(mut self, number: usize) -> Outcome<Vec<Self>> {
        let mut clients = Vec::with_capacity(number);
        for at in 1..number {
            let name = format!("{} {at}", self.email.split('@').next().unwrap_or_default().replace('-', " "));
            let body = json!({"name": name, "class": "fighter"});
            let sheet = self.send(Method::POST, "/v1/characters", &body).await?;
            let email = format!("{at}-{}", self.email);
            clients.push(Self {
                email,
                character_id: text(&sheet, "character_id")?,
                version: version(&sheet)?,
                ..self.clone()
            });
        }
        clients.push(self);
        Ok(clients)
    }

    /// One piece of gold, if the server has time for it; whether it had.
    pub(crate) async fn try_to_change_currency(&mut self) -> Outcome<bool> {
        let body = json!({"version": self.version, "delta": 1});
        let path = format!("/v1/characters/{}/currency", self.character_id);
        let answer = self.wish(Method::PATCH, &path, &body).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        match status {
            StatusCode::SERVICE_UNAVAILABLE => Ok(false),
            StatusCode::OK => {
                self.version = version(&serde_json::from_str(&text)?)?;
                Ok(true)
            }
            _ => Err(format!("{path}: {status}: {text}").into()),
        }
    }

    /// One piece of gold, on that version.
    async fn change_currency(&mut self, version: u64, expected: StatusCode) -> Outcome<Value> {
        let body = json!({"version": version, "delta": 1});
        let path = format!("/v1/characters/{}/currency", self.character_id);
        let request = self.wish(Method::PATCH, &path, &body);
        self.answer(request, |status| status == expected).await
    }

    async fn send(&mut self, method: Method, path: &str, body: &Value) -> Outcome<Value> {
        let request = self.wish(method, path, body);
        self.answer(request, |status| status.is_success()).await
    }

    /// A request that nobody has made before.
    fn wish(&mut self, method: Method, path: &str, body: &Value) -> reqwest::RequestBuilder {
        self.wishes += 1;
        let key = format!("{}-{}", self.email, self.wishes);
        self.request(method, path).header("idempotency-key", key).json(body)
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base_url)).bearer_auth(&self.token)
    }

    async fn answer(
        &self,
        request: reqwest::RequestBuilder,
        is_expected: impl Fn(StatusCode) -> bool,
    ) -> Outcome<Value> {
        let answer = request.send().await?;
        let (status, url) = (answer.status(), answer.url().clone());
        let text = answer.text().await?;
        if !is_expected(status) {
            return Err(format!("{url}: {status}: {text}").into());
        }
        Ok(serde_json::from_str(&text)?)
    }
}

/// What the plain service is to know of a player.
#[cfg(feature = "peers")]
impl Client {
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn email(&self) -> &str {
        &self.email
    }

    /// The same player, at another server.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self { base_url: url.to_owned(), ..self.clone() }
    }
}

fn text(value: &Value, field: &str) -> Outcome<String> {
    Ok(value[field].as_str().ok_or_else(|| format!("no {field} in {value}"))?.to_owned())
}

fn version(sheet: &Value) -> Outcome<u64> {
    Ok(sheet["version"].as_u64().ok_or_else(|| format!("no version in {sheet}"))?)
}
