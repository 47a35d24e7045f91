//! The stack: the embedded database and object store, the front and the game-sim processes, started in this order and
//! stopped in the reverse one. What it starts is the product itself; only what Amazon provides has a stand-in.
//!
//! `data` is the folder that everything is kept in, `process` watches over one game sim, `error` says what went wrong.

mod data;
mod error;
mod keys;
mod process;

pub(crate) use data::object_store_folder;
pub use error::StartError;
pub use rustix::process::Signal;

use crate::bill::Bill;
use crate::content::{self, LoadedContent};
use crate::engine::Engine;
use crate::event_file::EventFile;
use crate::front::{AllowedOrigins, Front, FrontConfig, TrafficSnapshot};
use crate::meter::Meter;
use crate::object_store::ObjectStore;
use crate::schedule::Schedule;
use crate::secrets::Secrets;
use crate::sigv4::{Identities, Identity};
use crate::stream::Streamed;
use data::DataFolder;
use guildhall_auth::{DerivationKey, SealingKey, SigningKeys};
use guildhall_domain::Content;
use guildhall_functions::lambda::{system_clock, system_entropy};
use guildhall_functions::{App, Config, ROUTES, app};
use guildhall_storage::dynamo::{DynamoConfig, DynamoTable, Usage};
use guildhall_storage::gamesims::{self, GamesimRow};
use guildhall_storage::{Schema, StorageError, Table};
use guildhall_telemetry::traces::{Exporter, Exporting};
use guildhall_telemetry::{Tracer, TracesConfig, targets};
use process::{Program, Supervised};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;

/// What the names of the tables begin with.
const TABLE_PREFIX: &str = "guildhall-";
/// The bucket that game sims keep checkpoints and recordings in.
pub(crate) const CHECKPOINT_BUCKET: &str = "guildhall-checkpoints";
/// The region that everything local pretends to be in.
pub(crate) const REGION: &str = "us-east-1";
/// How long the game sims may take to register, in milliseconds.
const READY_PATIENCE_MS: u64 = 30_000;
/// How often the registry is looked at meanwhile, in milliseconds.
const READY_POLL_MS: u64 = 25;
/// A game sim that died this often before it registered will not come up.
const DEATHS_AT_START_MAX: u32 = 3;

/// What to start.
#[derive(Debug, Clone)]
pub struct StackConfig {
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Port of the API on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// How many game-sim processes.
    pub gamesims: usize,
    /// What a game sim runs.
    pub gamesim_exe: PathBuf,
    /// Its arguments.
    pub gamesim_args: Vec<String>,
    /// Shards of each game sim.
    pub shards: usize,
    /// Game sessions that each game sim takes.
    pub capacity: u32,
    /// How long a game sim waits for its sessions when it is told to stop, in seconds.
    pub drain_s: u64,
    /// The folder with the game's content.
    pub content_dir: PathBuf,
    /// Another DynamoDB than the embedded one.
    pub dynamodb_endpoint: Option<String>,
    /// Whose pages may use the API.
    pub allowed_origins: AllowedOrigins,
    /// Who collects traces, if anybody does.
    pub traces: Option<TracesConfig>,
}

impl StackConfig {
    /// Two game sims of one shard and ten sessions each, on a free port, with the content that comes with the sources.
    pub fn new(data_dir: impl Into<PathBuf>, gamesim_exe: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            port: 0,
            gamesims: 2,
            gamesim_exe: gamesim_exe.into(),
            gamesim_args: vec!["sim".to_owned()],
            shards: 1,
            capacity: 10,
            drain_s: 2,
            content_dir: content::default_folder(),
            dynamodb_endpoint: None,
            allowed_origins: AllowedOrigins::of_this_machine(),
            traces: None,
        }
    }
}

/// A running stack. Dropping it kills the game sims; [`Stack::shutdown`] lets them finish.
#[derive(Debug)]
pub struct Stack {
    gamesims: Vec<Supervised>,
    front: Front,
    _schedule: Schedule,
    engine: Option<Engine>,
    events: EventFile,
    object_store: ObjectStore,
    meter: Meter,
    exporting: Option<Exporting>,
    table: DynamoTable,
    content: Content,
    secrets: Secrets,
    _data: DataFolder,
}

impl Stack {
    /// Starts everything and returns once every game sim is registered.
    ///
    /// # Errors
    /// [`StartError`]; whatever had been started by then is stopped.
    pub async fn start(config: StackConfig) -> Result<Self, StartError> {
        let data = DataFolder::take(&config.data_dir)?;
        let content = content::load(&config.content_dir)?;
        let listener = bind(config.port).await?;
        let secrets = Secrets::load_or_create(data.path())?;
        let engine = match &config.dynamodb_endpoint {
            Some(_) => None,
            None => Some(Engine::start(&data.database())?),
        };
        let embedded = || engine.as_ref().map(Engine::endpoint).unwrap_or_default();
        let endpoint = config.dynamodb_endpoint.clone().unwrap_or_else(embedded);
        let table = prepare(&endpoint, &content).await?;
        let epochs = epochs(&table).await.map_err(StartError::storage(&endpoint))?;
        let identities = identities(config.gamesims)?;
        let by_hand = [keys::operator(&data)?, keys::gamesim(&data)?];
        keys::functions(&data, &secrets, &endpoint)?;
        let signers = Identities::new(REGION, identities.iter().chain(&by_hand).cloned());
        let served = connect(&endpoint).await;
        let events = EventFile::open(&data.events()).map_err(StartError::system)?;
        let reader = Arc::new(connect(&endpoint).await);
        let streamed = Streamed::new(Arc::new(served.clone()), reader, Arc::new(events.listener()));
        let tracer = Tracer::new(config.traces.as_ref());
        let resource = [("service.name", "guildhall-api".into())];
        let exporting = Exporter::new(&tracer, config.traces.as_ref(), resource).map(Exporter::start);
        let app = app(Arc::new(streamed), &served, &secrets, tracer)?;
        let (front, schedule) = start_front(listener, &app, &secrets, signers, config.allowed_origins.clone())?;
        targets::write(&data.metrics_targets("api"), front.address(), "api").map_err(StartError::system)?;
        let object_store = start_object_store(&data, &identities).await?;
        let meter = Meter::start(app, served.usage(), object_store.counts(), Arc::new(table.clone()));
        let urls = Urls { api: format!("http://{}", front.address()), object_store: object_store.endpoint() };
        let programs = identities.iter().map(|identity| program(&config, &data, identity, &urls));
        let gamesims = programs.map(Supervised::start).collect();
        let stack = Self {
            gamesims,
            front,
            _schedule: schedule,
            object_store,
            meter,
            exporting,
            engine,
            events,
            table,
            content: content.content,
            secrets,
            _data: data,
        };
        match stack.wait_until_ready(&epochs, &endpoint).await {
            Ok(()) => Ok(stack),
            Err(error) => {
                stack.shutdown().await;
                Err(error)
            }
        }
    }

    /// Where the API is, without a slash at the end.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.front.address())
    }

    /// The database.
    pub fn table(&self) -> &DynamoTable {
        &self.table
    }

    /// What the routes have cost the database so far.
    pub fn usage(&self) -> &Arc<Usage> {
        self.meter.usage()
    }

    /// The content in force.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The keys of this installation.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// What the registry says of this stack's game sims.
    ///
    /// # Errors
    /// [`StorageError`] of the table.
    pub async fn gamesims(&self) -> Result<Vec<GamesimRow>, StorageError> {
        let mut rows = gamesims::list(&self.table).await?;
        rows.retain(|row| self.gamesims.iter().any(|gamesim| gamesim.program().name == row.gamesim_id.as_str()));
        // Boots follow each other in the list; the latest of each game sim is what runs.
        rows.reverse();
        rows.dedup_by(|earlier, latest| earlier.gamesim_id == latest.gamesim_id);
        rows.reverse();
        Ok(rows)
    }

    /// Sends a signal to a game sim's process; false if there is none of that name or it is between two lives.
    pub async fn kill_gamesim(&self, name: &str, signal: Signal) -> bool {
        match self.gamesims.iter().find(|gamesim| gamesim.program().name == name) {
            Some(gamesim) => gamesim.signal(signal).await,
            None => false,
        }
    }

    /// How often a game sim's process has been started.
    pub fn gamesim_starts(&self, name: &str) -> u32 {
        let gamesim = self.gamesims.iter().find(|gamesim| gamesim.program().name == name);
        gamesim.map_or(0, |gamesim| gamesim.life().starts)
    }

    /// What the API has answered.
    pub fn metrics(&self) -> TrafficSnapshot {
        self.front.traffic().snapshot()
    }

    /// Drains the game sims within their time, then stops the front and closes the stores. Gives the bill for all of it.
    pub async fn shutdown(mut self) -> Option<Bill> {
        for gamesim in &self.gamesims {
            self.meter.read_page(&gamesim.program().log).await;
        }
        for gamesim in &self.gamesims {
            gamesim.begin_stop();
        }
        for gamesim in self.gamesims {
            gamesim.stopped().await;
        }
        self.front.shutdown().await;
        if let Some(exporting) = self.exporting {
            exporting.end().await;
        }
        let events = self.events;
        let lost = tokio::task::spawn_blocking(move || events.finish()).await;
        if !matches!(lost, Ok(0)) {
            tracing::warn!(?lost, "changes of which no event was written down");
        }
        self.object_store.shutdown().await;
        if let Some(engine) = self.engine
            && let Err(error) = engine.shutdown().await
        {
            tracing::error!(%error, "the database did not close cleanly; what it acknowledged is in its file");
        }
        self.meter.bill().inspect_err(|error| tracing::error!(%error, "there is no price list")).ok()
    }

    /// Waits until each game sim is registered under a new epoch: a row of the last run may still look alive.
    async fn wait_until_ready(&self, before: &BTreeMap<String, u64>, endpoint: &str) -> Result<(), StartError> {
        let deadline = Instant::now() + Duration::from_millis(READY_PATIENCE_MS);
        loop {
            let rows = self.gamesims().await.map_err(StartError::storage(endpoint))?;
            let now = system_clock();
            let ready = |name: &str| {
                let row = rows.iter().find(|row| row.gamesim_id.as_str() == name);
                row.is_some_and(|row| row.is_alive(now) && row.epoch > before.get(name).copied().unwrap_or_default())
            };
            let Some(missing) = self.gamesims.iter().find(|gamesim| !ready(&gamesim.program().name)) else {
                return Ok(());
            };
            let life = missing.life();
            let hopeless = life.starts >= DEATHS_AT_START_MAX || (life.starts == 0 && life.last_end.is_some());
            if hopeless || Instant::now() >= deadline {
                let cause = life.last_end.unwrap_or_else(|| "it did not register in time".to_owned());
                let program = missing.program();
                return Err(StartError::Gamesim { name: program.name.clone(), cause, log: program.log.clone() });
            }
            tokio::time::sleep(Duration::from_millis(READY_POLL_MS)).await;
        }
    }
}

async fn bind(port: u16) -> Result<TcpListener, StartError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|cause| match cause.kind() {
        ErrorKind::AddrInUse => StartError::PortInUse(port),
        _ => StartError::Port { port, cause },
    })
}

/// Connects to the database, makes the tables that are missing and puts the content in force.
async fn prepare(endpoint: &str, content: &LoadedContent) -> Result<DynamoTable, StartError> {
    let schemas = Schema::all().map_err(StartError::system)?;
    let table = connect(endpoint).await;
    table.create_tables(&schemas).await.map_err(StartError::storage(endpoint))?;
    content.publish(&table).await.map_err(StartError::database(endpoint))?;
    Ok(table)
}

async fn connect(endpoint: &str) -> DynamoTable {
    DynamoTable::connect(DynamoConfig::new(TABLE_PREFIX, REGION).endpoint(endpoint)).await
}

async fn epochs(table: &dyn Table) -> Result<BTreeMap<String, u64>, StorageError> {
    let rows = gamesims::list(table).await?;
    Ok(rows.into_iter().map(|row| (row.gamesim_id.into(), row.epoch)).collect())
}

/// Fresh access keys for each game sim: nothing of an earlier run can call the API.
fn identities(count: usize) -> Result<Vec<Identity>, StartError> {
    let identity = |number| {
        let mut entropy = [0; 32];
        getrandom::fill(&mut entropy).map_err(StartError::system)?;
        Ok(Identity::of_gamesim(format!("sim-{number}"), entropy))
    };
    (1..=count).map(identity).collect()
}

/// The functions, all in one process, over `table`, of which `charged` says what it costs.
fn app(
    table: Arc<dyn Table>,
    charged: &DynamoTable,
    secrets: &Secrets,
    tracer: Tracer,
) -> Result<Arc<App>, StartError> {
    let access_keys = SigningKeys::new(vec![("1".to_owned(), secrets.access.to_vec())]).map_err(StartError::system)?;
    let app = App::new(Config {
        routes: ROUTES.to_vec(),
        table,
        secrets: app::Secrets::all(
            access_keys,
            SealingKey::new(secrets.sealing),
            DerivationKey::new(secrets.derivation),
        ),
        gamesim_role: "guildhall-gamesim".to_owned(),
        operator_role: "guildhall-operator".to_owned(),
        clock: Arc::new(system_clock),
        entropy: Arc::new(system_entropy),
        tracer,
    });
    Ok(Arc::new(app.with_usage(charged.usage())))
}

fn start_front(
    listener: TcpListener,
    app: &Arc<App>,
    secrets: &Secrets,
    identities: Identities,
    allowed_origins: AllowedOrigins,
) -> Result<(Front, Schedule), StartError> {
    let app = Arc::clone(app);
    let schedule = Schedule::start(Arc::clone(&app));
    let config =
        FrontConfig { app, identities, clock: Arc::new(system_clock), api_id: secrets.api_id.clone(), allowed_origins };
    Ok((Front::start(listener, config).map_err(StartError::system)?, schedule))
}

async fn start_object_store(data: &DataFolder, identities: &[Identity]) -> Result<ObjectStore, StartError> {
    let folder = data.object_store();
    let started = ObjectStore::start(&folder, &[CHECKPOINT_BUCKET], identities).await;
    started.map_err(|cause| StartError::ObjectStore { folder, cause })
}

/// What game sims talk to.
struct Urls {
    api: String,
    object_store: String,
}

fn program(config: &StackConfig, data: &DataFolder, identity: &Identity, urls: &Urls) -> Program {
    let name = identity.name.clone();
    let environment = [
        ("GUILDHALL_API", urls.api.clone()),
        ("GUILDHALL_GAMESIM_SHARDS", config.shards.to_string()),
        ("GUILDHALL_GAMESIM_BIND", Ipv4Addr::LOCALHOST.to_string()),
        ("GUILDHALL_GAMESIM_PORT", "0".to_owned()),
        ("GUILDHALL_GAMESIM_CAPACITY", config.capacity.to_string()),
        ("GUILDHALL_DRAIN_S", config.drain_s.to_string()),
        ("GUILDHALL_METRICS_BIND", format!("{}:0", Ipv4Addr::LOCALHOST)),
        ("GUILDHALL_METRICS_TARGETS", data.metrics_targets(&name).display().to_string()),
        ("GUILDHALL_DEAD_LETTERS", data.dead_letters(&name).display().to_string()),
        ("GUILDHALL_EXIT_ON_STDIN_EOF", "1".to_owned()),
        ("CHECKPOINT_BUCKET", CHECKPOINT_BUCKET.to_owned()),
        ("S3_ENDPOINT", urls.object_store.clone()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", identity.access_key.clone()),
        ("AWS_SECRET_ACCESS_KEY", identity.secret_key.clone()),
    ];
    let traces = config.traces.iter().flat_map(TracesConfig::variables);
    Program {
        exe: config.gamesim_exe.clone(),
        arguments: config.gamesim_args.clone(),
        environment: environment.into_iter().chain(traces).map(|(name, value)| (name.to_owned(), value)).collect(),
        log: data.log(&name),
        drain_s: config.drain_s,
        name,
    }
}

#[cfg(test)]
mod tests;
