//! Every route over the embedded database, called with API Gateway events as Lambda would be, under a clock that the test
//! turns. There are no sockets but the database's, and nothing ever waits.

mod stored;
mod surroundings;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guildhall_auth::{DerivationKey, SealingKey, SigningKeys};
use guildhall_domain::limits::{ACCESS_TOKEN_LIFETIME_S, REFRESH_TOKEN_LIFETIME_S};
use guildhall_domain::{AccountId, Email, LoginSessionId, Timestamp, TokenId};
use guildhall_functions::{App, Config, ROUTES, Route, Secrets, invoke};
use guildhall_local::engine::Engine;
use guildhall_local::front::{AllowedOrigins, Front, FrontConfig};
use guildhall_local::sigv4::{Identities, Identity};
use guildhall_storage::accounts::{self, AccountRow, AccountStatus, LoginSession};
use guildhall_storage::dynamo::{DynamoConfig, DynamoTable, Usage};
use guildhall_storage::memory::Adversary;
use guildhall_storage::{Action, Commit, Condition, Item, Key, Schema, Table, TableName, Write};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use stored::Stored;
use surroundings::Surroundings;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// How long a call of the database may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// When every test begins, in milliseconds since 1970.
pub const START_MS: u64 = 1_800_000_000_000;

/// What access tokens are signed with, under the name `1`.
pub const ACCESS_SECRET: [u8; 32] = [7; 32];

/// The region that calls are signed for.
pub const REGION: &str = "us-east-1";

/// The routes, a database of their own, and the time.
#[derive(Debug)]
pub struct Backend {
    app: Arc<App>,
    world: Arc<Surroundings>,
    usage: Arc<Usage>,
    stored: Option<Stored>,
    database: Option<(Engine, TempDir)>,
}

/// Who makes a call.
#[derive(Debug, Clone, Copy)]
pub enum Caller<'a> {
    /// Nobody in particular.
    Anyone,
    /// The bearer of a token.
    Bearer(&'a str),
    /// Nobody in particular, from this address.
    From(&'a str),
    /// A game sim, as API Gateway names it after checking its signature.
    Gamesim(&'a str),
    /// An operator, likewise.
    Operator(&'a str),
    /// The holder of any other role, likewise.
    Role(&'a str, &'a str),
}

/// Rows by their keys.
pub type Rows = BTreeMap<Key, Item>;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The headers, by their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body: JSON, text as a string, nothing as null.
    pub body: Value,
}

impl Answer {
    /// The `Retry-After` header, in seconds.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.headers.get("retry-after").and_then(|text| text.parse().ok())
    }

    /// The stable code of an error.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Asserts status and code of an error, and that the error has its shape.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        let error = self.body["error"].as_object().expect("an error object");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
        assert!(error["request_id"].as_str().is_some_and(|id| !id.is_empty()));
    }
}

/// The route of that name.
#[track_caller]
pub fn route(name: &str) -> &'static Route {
    ROUTES.iter().copied().find(|route| route.name == name).unwrap_or_else(|| panic!("no route {name}"))
}

/// The folder with the game's content.
pub fn seed_data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../seed-data")
}

fn access_keys() -> SigningKeys {
    SigningKeys::new(vec![("1".into(), ACCESS_SECRET.into())]).expect("a key")
}

/// Every secret that there is.
pub fn all_secrets() -> Secrets {
    Secrets::all(access_keys(), SealingKey::new([8; 32]), DerivationKey::new([9; 32]))
}

impl Backend {
    /// A fresh backend with the seed content published.
    pub async fn start() -> Self {
        Self::start_through(|table| table).await
    }

    /// The same, with something between the routes and the table.
    pub async fn start_through(through: impl FnOnce(Arc<dyn Table>) -> Arc<dyn Table>) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let engine = Engine::start(&folder.path().join("dynamodb.sqlite")).expect("the embedded database");
        // A test has time: what a busy machine takes for its turn is no fault of the database's.
        let config = DynamoConfig::new("test-", "us-east-1").endpoint(engine.endpoint()).attempt_timeout(PATIENCE);
        let table = DynamoTable::connect(config).await;
        table.create_tables(&Schema::all().expect("tables.json")).await.expect("tables");
        let content = guildhall_local::content::load(&seed_data()).expect("the seed content is valid");
        content.publish(&table).await.expect("the content is published");
        let usage = table.usage();
        let shown = Arc::clone(&usage);
        let database = Some((engine, folder));
        Self {
            usage,
            stored: Some(Stored::Engine(table.clone())),
            database,
            ..Self::with(through(Arc::new(table)), Arc::default(), all_secrets(), |app| app.with_usage(shown))
        }
    }

    /// The same over a table in memory that fails as it is told, and that table.
    pub async fn start_adverse() -> (Self, Arc<Adversary>) {
        let world = Arc::<Surroundings>::default();
        let clock = Arc::clone(&world);
        let table = Arc::new(Adversary::new(0, move || clock.now()));
        let content = guildhall_local::content::load(&seed_data()).expect("the seed content is valid");
        content.publish(&*table).await.expect("the content is published");
        let backend = Self::with(Arc::clone(&table) as _, world, all_secrets(), |app| app);
        (Self { stored: Some(Stored::Memory(Arc::clone(&table))), ..backend }, table)
    }

    /// A backend over any table, with whatever that holds already.
    pub fn over(table: Arc<dyn Table>) -> Self {
        Self::with(table, Arc::default(), all_secrets(), |app| app)
    }

    /// Another instance of every function over the same table, under the same clock, as Lambda starts one beside another.
    /// Stop the one that was started; this one owns nothing.
    pub fn another_instance(&self) -> Self {
        self.another_instance_with(all_secrets())
    }

    /// The same, with these secrets alone.
    pub fn another_instance_with(&self, secrets: Secrets) -> Self {
        Self::with(Arc::clone(self.app.table()), Arc::clone(&self.world), secrets, |app| app)
    }

    fn with(
        table: Arc<dyn Table>,
        world: Arc<Surroundings>,
        secrets: Secrets,
        finish: impl FnOnce(App) -> App,
    ) -> Self {
        let (clock, entropy) = (Arc::clone(&world), Arc::clone(&world));
        let app = App::new(Config {
            routes: ROUTES.to_vec(),
            table,
            secrets,
            gamesim_role: "guildhall-gamesim".into(),
            operator_role: "guildhall-operator".into(),
            clock: Arc::new(move || clock.now()),
            entropy: Arc::new(move |bytes| entropy.fill(bytes)),
            tracer: guildhall_telemetry::Tracer::default(),
        });
        Self { app: Arc::new(finish(app)), world, usage: Arc::default(), stored: None, database: None }
    }

    /// The table under the routes.
    pub fn table(&self) -> &dyn Table {
        &**self.app.table()
    }

    /// Where the database listens. Only a backend that started its own has one.
    pub fn endpoint(&self) -> String {
        let (engine, _) = self.database.as_ref().expect("a database of its own");
        engine.endpoint()
    }

    /// Puts values into a character's row, as a game sim's progress would, but under the same version: read the character before a
    /// route acts on it.
    pub async fn give(&self, account_id: &str, character_id: &str, attributes: &Value) {
        let key = Key::new(TableName::Characters, account_id, character_id);
        let attributes = attributes.as_object().expect("an object").iter();
        let actions = attributes.map(|(name, value)| Action::set_encoded(name.as_str(), value).expect("a value"));
        let write = Write::update(key, actions.collect::<Vec<_>>(), Condition::Exists);
        self.table().commit(Commit::one(write)).await.expect("the character is there");
    }

    /// What the routes have cost the database so far.
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Password hashes that this instance has computed.
    pub fn password_hashes(&self) -> u64 {
        self.app.password_hashes()
    }

    /// Characters that this instance remembers.
    pub fn characters_cached(&self) -> usize {
        self.app.characters_cached()
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// Lets time pass.
    pub fn pass_ms(&self, millis: u64) {
        self.world.pass_ms(millis);
    }

    /// Calls a route with path parameters and a JSON body.
    pub async fn call(&self, name: &str, caller: Caller<'_>, path: &[(&str, &str)], body: &Value) -> Answer {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.send(name, caller, path, &[("content-type", "application/json")], &text).await
    }

    /// Calls a route with any headers and any body.
    pub async fn send(
        &self,
        name: &str,
        caller: Caller<'_>,
        path: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let route = route(name);
        self.deliver(route, event(route, caller, path, headers, body)).await
    }

    /// Reads a route that anyone may read, with path parameters, a query and headers.
    pub async fn get(
        &self,
        name: &str,
        path: &[(&str, &str)],
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        self.query(name, Caller::Anyone, path, query, headers).await
    }

    /// Reads a route, with path parameters, a query and headers.
    pub async fn query(
        &self,
        name: &str,
        caller: Caller<'_>,
        path: &[(&str, &str)],
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut event = event(route(name), caller, path, headers, "");
        let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        event["rawQueryString"] = json!(pairs.join("&"));
        event["queryStringParameters"] = query.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        self.deliver(route(name), event).await
    }

    async fn deliver(&self, route: &'static Route, event: Value) -> Answer {
        let response = invoke(&self.app, route, &event.to_string()).await.expect("the event is an API Gateway event");
        let status = response["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
        assert!(
            route.statuses().contains(&status),
            "{route:?} answers {status}, which it does not declare: {response}"
        );
        let headers = response["headers"].as_object().expect("headers").iter();
        let headers: BTreeMap<String, String> =
            headers.map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap_or_default().to_owned())).collect();
        let body = response["body"].as_str().unwrap_or_default().to_owned();
        // The runtime encodes every body whose media type it does not know to be text.
        let body = match response["isBase64Encoded"].as_bool() {
            Some(true) => String::from_utf8(STANDARD.decode(body).expect("base64")).expect("text"),
            _ => body,
        };
        let body = match headers.get("content-type").map(String::as_str) {
            Some("application/json") => serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}")),
            Some(_) => Value::from(body),
            None if body.is_empty() => Value::Null,
            None => panic!("a body without a type: {body}"),
        };
        Answer { status, headers, body }
    }

    /// Registers an account and gives its token.
    pub async fn player(&self, name: &str) -> String {
        let body = json!({"email": format!("{name}@example.com"), "password": "correct horse"});
        let answer = self.call("register-account", Caller::Anyone, &[], &body).await.expect(201);
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// Puts an account into the table that nobody can log in to, and gives its token: where hundreds are wanted, their
    /// passwords would take the time.
    pub async fn player_without_password(&self, number: u32) -> String {
        let account_id = AccountId::from_bits(u128::from(number));
        let login = LoginSessionId::from_bits(u128::from(number));
        let now = self.now();
        let session = LoginSession {
            refresh_hash: String::new(),
            generation: 0,
            refresh_expires_at: now.plus_secs(REFRESH_TOKEN_LIFETIME_S),
            created_at: now,
        };
        let email = Email::parse(&format!("player-{number}@example.com")).expect("an address");
        let row = AccountRow {
            account_id,
            email: Some(email.clone()),
            password_hash: None,
            created_at: now,
            status: AccountStatus::Active,
            sessions: BTreeMap::from([(login, session)]),
            roster: 0,
        };
        assert!(
            accounts::register(self.table(), &email, &row).await.expect("stored"),
            "player {number} is there already"
        );
        access_keys().issue(account_id, login, TokenId::from_bits(u128::from(number)), now, ACCESS_TOKEN_LIFETIME_S)
    }

    /// So many players with a character each: their tokens and the characters' ids.
    pub async fn players_with_characters(&self, count: usize) -> Vec<(String, String)> {
        let mut players = Vec::with_capacity(count);
        for number in 0..count {
            let token = self.player(&format!("player-{number}")).await;
            let character = self.character(&token, &format!("Hero {number}")).await;
            players.push((token, character));
        }
        players
    }

    /// Creates a character and gives its id.
    pub async fn character(&self, token: &str, name: &str) -> String {
        let body = json!({"name": name, "class": "fighter"});
        let answer = self.call("create-character", Caller::Bearer(token), &[], &body).await.expect(201);
        answer["character_id"].as_str().expect("an id").to_owned()
    }

    /// Registers a game sim with this many places and gives its epoch.
    pub async fn gamesim(&self, name: &str, capacity: u32, boot: &str) -> u64 {
        let answer = self.register_gamesim(name, capacity, boot).await.expect(201);
        answer["epoch"].as_u64().expect("an epoch")
    }

    /// Registers a game sim with this many places.
    pub async fn register_gamesim(&self, name: &str, capacity: u32, boot: &str) -> Answer {
        let content = self.call("get-content", Caller::Anyone, &[], &Value::Null).await.expect(200);
        let body = json!({
            "ports": [4000, 4001],
            "capacity": capacity,
            "build_version": "test",
            "protocol_version": guildhall_protocol::PROTOCOL_VERSION,
            "content_version": content["version"],
            "connect_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "boot_id": boot,
        });
        self.call("register-gamesim", Caller::Gamesim(name), &[], &body).await
    }

    /// The routes behind the local front, on a free port. Nobody can sign for `/internal/…`.
    pub async fn serve(&self) -> Front {
        self.serve_to([]).await
    }

    /// The same with those who can sign.
    pub async fn serve_to(&self, identities: impl IntoIterator<Item = Identity>) -> Front {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let now = self.now();
        let config = FrontConfig {
            app: Arc::clone(&self.app),
            identities: Identities::new(REGION, identities),
            clock: Arc::new(move || now),
            api_id: "test".to_owned(),
            allowed_origins: AllowedOrigins::default(),
        };
        Front::start(listener, config).expect("a front")
    }

    /// The same routes over a database that has gone away.
    pub async fn without_database(mut self) -> Self {
        if let Some((engine, _folder)) = self.database.take() {
            engine.shutdown().await.expect("the database closes");
        }
        self
    }

    /// Closes the database file.
    pub async fn stop(mut self) {
        if let Some((engine, _folder)) = self.database.take() {
            engine.shutdown().await.expect("the database closes");
        }
    }
}

/// A path parameter as it stands in a URL.
fn percent_encoded(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encoded).collect()
}

/// An API Gateway v2 event, as the service documents it.
pub fn event(route: &Route, caller: Caller<'_>, path: &[(&str, &str)], headers: &[(&str, &str)], body: &str) -> Value {
    let mut all: Map<String, Value> = headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let mut raw_path = route.path.to_owned();
    for (name, value) in path {
        raw_path = raw_path.replace(&format!("{{{name}}}"), &percent_encoded(value));
    }
    let mut authorizer = Value::Null;
    let mut source_ip = "127.0.0.1";
    let mut sign = |role: &str, name: &str| {
        let arn = format!("arn:aws:sts::000000000000:assumed-role/{role}/{name}");
        authorizer = json!({"iam": {"userArn": arn, "accountId": "000000000000", "accessKey": "A", "callerId": "C", "userId": "U"}});
    };
    match caller {
        Caller::Anyone => {}
        Caller::From(address) => source_ip = address,
        Caller::Bearer(token) => {
            all.insert("authorization".into(), json!(format!("Bearer {token}")));
        }
        Caller::Gamesim(name) => sign("guildhall-gamesim", name),
        Caller::Operator(name) => sign("guildhall-operator", name),
        Caller::Role(role, name) => sign(role, name),
    }
    let route_key = format!("{} {}", route.method.as_str(), route.path);
    let parameters: Map<String, Value> = path.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": raw_path,
        "rawQueryString": "",
        "headers": all,
        "pathParameters": parameters,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "test",
            "authorizer": authorizer,
            "domainName": "test",
            "domainPrefix": "test",
            "http": {"method": route.method.as_str(), "path": raw_path, "protocol": "HTTP/1.1", "sourceIp": source_ip, "userAgent": "test"},
            "requestId": "request-1",
            "routeKey": route_key,
            "stage": "$default",
            "time": "01/Jan/2027:00:00:00 +0000",
            "timeEpoch": START_MS,
        },
        "body": body,
        "isBase64Encoded": false,
    })
}
