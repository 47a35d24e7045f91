//! A deployment whose parts come and go while the others stay: a database and an object store, an API that hands over to its
//! successor, and game sims of several builds, each a process of its own.

use guildhall_auth::{DerivationKey, SealingKey, SigningKeys};
use guildhall_functions::lambda::{system_clock, system_entropy};
use guildhall_functions::{App, Config, ROUTES, Secrets};
use guildhall_local::engine::Engine;
use guildhall_local::front::{AllowedOrigins, Front, FrontConfig};
use guildhall_local::object_store::ObjectStore;
use guildhall_local::sigv4::{Identities, Identity};
use guildhall_storage::dynamo::{DynamoConfig, DynamoTable};
use guildhall_storage::gamesims::{self, GamesimRow};
use guildhall_storage::{Schema, Table};
use guildhall_telemetry::Tracer;
use rustix::process::{Pid, Signal, kill_process};
use std::net::TcpListener;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// The region that everything pretends to be in.
const REGION: &str = "us-east-1";
/// The bucket of checkpoints.
const BUCKET: &str = "checkpoints";
/// Sessions that a game sim takes.
const CAPACITY: usize = 10;
/// How long a game sim that drains waits for its sessions, in seconds: longer than any of a test.
const DRAIN_S: u64 = 600;
/// Time between two looks at the registry, in milliseconds, and how many there are at most.
const LOOK_MS: u64 = 50;
const LOOKS_MAX: u32 = 1_200;

/// A deployment. Dropping it kills its game sims.
#[derive(Debug)]
pub struct Deployment {
    engine: Engine,
    object_store: ObjectStore,
    identities: Vec<Identity>,
    table: DynamoTable,
    listener: TcpListener,
    front: Front,
    /// Requests that the APIs before this one failed.
    errors_before: u64,
    url: String,
    exe: String,
    folder: TempDir,
}

/// A game sim's process.
#[derive(Debug)]
pub struct Gamesim(Child);

impl Deployment {
    /// With an API and without game sims; those are to be processes of `exe`, under these names.
    pub async fn start(exe: &str, names: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let engine = Engine::start(&folder.path().join("dynamodb.sqlite")).expect("the embedded database");
        let table = connect(&engine).await;
        table.create_tables(&Schema::all().expect("tables.json")).await.expect("tables");
        let content = guildhall_local::content::load(&crate::backend::seed_data()).expect("the seed content is valid");
        content.publish(&table).await.expect("the content is published");
        let identity = |(number, name): (u8, &&str)| Identity::of_gamesim(*name, [number; 32]);
        let identities: Vec<Identity> = (1..).zip(names).map(identity).collect();
        let object_store = ObjectStore::start(&folder.path().join("objects"), &[BUCKET], &identities).await;
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        listener.set_nonblocking(true).expect("a listener for tokio");
        let front = front(&engine, &listener, &identities).await;
        let object_store = object_store.expect("the object store");
        Self {
            engine,
            object_store,
            identities,
            table,
            listener,
            front,
            errors_before: 0,
            url,
            exe: exe.to_owned(),
            folder,
        }
    }

    /// Where the API is, whichever it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The database.
    pub fn table(&self) -> &dyn Table {
        &self.table
    }

    /// Requests that any of its APIs has failed.
    pub fn server_errors(&self) -> u64 {
        self.errors_before + self.front.traffic().snapshot().server_errors()
    }

    /// The next API takes over at the same address, with nothing in memory of what the one before knew: for a moment both
    /// answer, then the former one ends what it has begun.
    pub async fn replace_api(&mut self) {
        let next = front(&self.engine, &self.listener, &self.identities).await;
        let former = std::mem::replace(&mut self.front, next);
        let traffic = Arc::clone(former.traffic());
        former.shutdown().await;
        self.errors_before += traffic.snapshot().server_errors();
    }

    /// Starts a game sim of this build, and waits until it takes sessions.
    pub async fn start_gamesim(&self, name: &str, build: &str) -> Gamesim {
        let identity = self.identities.iter().find(|identity| identity.name == name).expect("a name that was given");
        let log = std::fs::File::create(self.folder.path().join(format!("{name}.log"))).expect("a log");
        let letters = self.folder.path().join(format!("{name}.dead-letters"));
        let child = Command::new(&self.exe)
            .arg("sim")
            .env("BUILD_UNDER_TEST", build)
            .env("GUILDHALL_API", &self.url)
            .env("GUILDHALL_GAMESIM_SHARDS", "1")
            .env("GUILDHALL_GAMESIM_BIND", "127.0.0.1")
            .env("GUILDHALL_GAMESIM_CAPACITY", CAPACITY.to_string())
            .env("GUILDHALL_DRAIN_S", DRAIN_S.to_string())
            .env("GUILDHALL_DEAD_LETTERS", letters)
            .env("GUILDHALL_EXIT_ON_STDIN_EOF", "1")
            .env("CHECKPOINT_BUCKET", BUCKET)
            .env("S3_ENDPOINT", self.object_store.endpoint())
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", &identity.access_key)
            .env("AWS_SECRET_ACCESS_KEY", &identity.secret_key)
            .env_remove("AWS_SESSION_TOKEN")
            .env_remove("AWS_PROFILE")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("a game sim's process");
        self.wait_for(name, |row| row.build_version == build && row.has_room(system_clock())).await;
        Gamesim(child)
    }

    /// Tells a game sim to drain, and waits until the registry knows that it takes nothing new.
    pub async fn drain(&self, name: &str, gamesim: &Gamesim) {
        gamesim.signal(Signal::TERM);
        self.wait_for(name, |row| !row.has_room(system_clock())).await;
    }

    async fn wait_for(&self, name: &str, is_so: impl Fn(&GamesimRow) -> bool) {
        for _ in 0..LOOKS_MAX {
            let rows = gamesims::list(&self.table).await.expect("the registry");
            if rows.iter().any(|row| row.gamesim_id.as_str() == name && is_so(row)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
        let log = std::fs::read_to_string(self.folder.path().join(format!("{name}.log"))).unwrap_or_default();
        panic!("{name} does not come to what is expected of it:\n{log}");
    }

    /// Stops what is left.
    pub async fn stop(self) {
        self.front.shutdown().await;
        self.object_store.shutdown().await;
        self.engine.shutdown().await.expect("the database closes");
    }
}

impl Gamesim {
    fn signal(&self, signal: Signal) {
        let id = self.0.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("a living process");
        kill_process(id, signal).expect("the signal is sent");
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        // Waiting would close its standard input, which would tell it that nobody is left.
        let _input = self.0.stdin.take();
        self.0.wait().await.expect("the process ends")
    }

    /// Ends it, however that goes.
    pub async fn kill(mut self) {
        self.0.kill().await.expect("the process ends");
    }
}

async fn connect(engine: &Engine) -> DynamoTable {
    DynamoTable::connect(DynamoConfig::new("test-", REGION).endpoint(engine.endpoint())).await
}

/// An API with a memory of its own, on a socket that others may listen on too.
async fn front(engine: &Engine, listener: &TcpListener, identities: &[Identity]) -> Front {
    let access = SigningKeys::new(vec![("1".to_owned(), vec![7; 32])]).expect("a key");
    let app = App::new(Config {
        routes: ROUTES.to_vec(),
        table: Arc::new(connect(engine).await),
        secrets: Secrets::all(access, SealingKey::new([8; 32]), DerivationKey::new([9; 32])),
        gamesim_role: "guildhall-gamesim".to_owned(),
        operator_role: "guildhall-operator".to_owned(),
        clock: Arc::new(system_clock),
        entropy: Arc::new(system_entropy),
        tracer: Tracer::default(),
    });
    let config = FrontConfig {
        app: Arc::new(app),
        identities: Identities::new(REGION, identities.iter().cloned()),
        clock: Arc::new(system_clock),
        api_id: "rollout".to_owned(),
        allowed_origins: AllowedOrigins::default(),
    };
    let listener = listener.try_clone().and_then(tokio::net::TcpListener::from_std);
    Front::start(listener.expect("another end of the socket"), config).expect("a front")
}
