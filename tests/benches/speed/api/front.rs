//! Our side of the comparison: the local front with one known game sim, over an empty database with the seed content.

use super::server::serve_until_told;
use crate::Outcome;
use guildhall_auth::{DerivationKey, SealingKey, SigningKeys};
use guildhall_functions::lambda::{system_clock, system_entropy};
use guildhall_functions::{App, Config, ROUTES, Secrets};
use guildhall_local::engine::Engine;
use guildhall_local::front::{AllowedOrigins, Front, FrontConfig};
use guildhall_local::sigv4::{Identities, Identity};
use guildhall_storage::Schema;
use guildhall_storage::dynamo::{DynamoConfig, DynamoTable};
use guildhall_tests::backend::seed_data;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// The argument that makes this program a front.
pub(crate) const ROLE: &str = "front";
/// The thread on which the embedded database runs.
pub(crate) const DATABASE_THREAD: &str = "database";
/// The region that it pretends to be in.
pub(crate) const REGION: &str = "us-east-1";

/// The game sim that may register. Its keys need not be secret: they open a database on this machine that is empty and goes
/// away with the bench.
pub(crate) fn gamesim() -> Identity {
    Identity::of_gamesim("sim-of-the-bench", [1; 32])
}

/// The whole life of the front's process.
pub(crate) async fn serve() -> Outcome<()> {
    let folder = TempDir::new()?;
    let engine = Engine::start(&folder.path().join("dynamodb.sqlite"))?;
    let front = start(&engine).await?;
    let traffic = Arc::clone(front.traffic());
    serve_until_told(front.address(), move || traffic.snapshot().requests()).await?;
    front.shutdown().await;
    Ok(engine.shutdown().await?)
}

async fn start(engine: &Engine) -> Outcome<Front> {
    let table = DynamoTable::connect(DynamoConfig::new("bench-", REGION).endpoint(engine.endpoint())).await;
    table.create_tables(&Schema::all()?).await?;
    guildhall_local::content::load(&seed_data())?.publish(&table).await?;
    let app = App::new(Config {
        routes: ROUTES.to_vec(),
        table: Arc::new(table),
        secrets: Secrets::all(
            SigningKeys::new(vec![("1".to_owned(), vec![7; 32])])?,
            SealingKey::new([8; 32]),
            DerivationKey::new([9; 32]),
        ),
        gamesim_role: "guildhall-gamesim".to_owned(),
        operator_role: "guildhall-operator".to_owned(),
        clock: Arc::new(system_clock),
        entropy: Arc::new(system_entropy),
        tracer: guildhall_telemetry::Tracer::default(),
    });
    let config = FrontConfig {
        app: Arc::new(app),
        identities: Identities::new(REGION, [gamesim()]),
        clock: Arc::new(system_clock),
        api_id: "bench".to_owned(),
        allowed_origins: AllowedOrigins::default(),
    };
    Ok(Front::start(TcpListener::bind("127.0.0.1:0").await?, config)?)
}
