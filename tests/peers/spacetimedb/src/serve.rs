//! The server, with its module published and open.

use crate::{DATABASE, Outcome, SEATS, tally};
use serde_json::{Value, json};
use spacetimedb::startup;
use spacetimedb_standalone::subcommands::start;
use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

/// Waits between two looks whether it listens.
const LOOK: Duration = Duration::from_millis(20);

pub fn serve(players: usize, out_bytes: usize) -> Outcome<()> {
    // What the server prints is not for who asks us.
    let mut answers = File::from(rustix::io::dup(rustix::stdio::stdout())?);
    rustix::stdio::dup2_stdout(File::create("/dev/null")?)?;
    let folder = tempfile::tempdir()?;
    let place = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string();
    std::thread::Builder::new().spawn({
        let (place, folder) = (place.clone(), folder.path().to_owned());
        move || {
            if let Err(error) = run(&place, &folder) {
                eprintln!("spacetimedb: {error}");
                std::process::exit(1);
            }
        }
    })?;
    while TcpStream::connect(&place).is_err() {
        std::thread::sleep(LOOK);
    }
    let database = Database::publish(&place, &module()?)?;
    database.call("open", &json!([players.div_ceil(SEATS), out_bytes]))?;
    writeln!(answers, "{place}")?;
    let mut before = 0;
    for () in tally::questions()?.iter() {
        let (players, arrived) = database.count()?;
        let tally = json!({
            "players": players, "arrived": arrived - before, "missing": 0, "skipped": 0, "late_us": 0, "done_us": 0,
        });
        before = arrived;
        writeln!(answers, "{tally}")?;
    }
    Ok(())
}

/// As the server's own program runs it.
fn run(place: &str, folder: &Path) -> Outcome<()> {
    std::fs::write(folder.join("config.toml"), "[logs]\nlevel = \"error\"\n")?;
    let folder = folder.as_os_str();
    let flags = ["--jwt-key-dir".as_ref(), folder, "--listen-addr".as_ref(), place.as_ref(), "--in-memory".as_ref()];
    let arguments = ["start".as_ref(), "--data-dir".as_ref(), folder].into_iter().chain(flags);
    let arguments = start::cli().try_get_matches_from(arguments)?;
    let cores = startup::pin_threads();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    cores.tokio.configure(builder.enable_all());
    let runtime = builder.build()?;
    cores.rayon.configure(runtime.handle());
    Ok(runtime.block_on(start::exec(&arguments, cores.databases))?)
}

/// The module lies beside this program.
fn module() -> Outcome<Vec<u8>> {
    let program = std::env::current_exe()?;
    let folder = program.parent().ok_or("a program without a folder")?;
    Ok(std::fs::read(folder.join("guildhall_spacetimedb_module.wasm"))?)
}

/// The module's database, as its owner.
struct Database {
    url: String,
    authorization: String,
}

impl Database {
    fn publish(place: &str, module: &[u8]) -> Outcome<Self> {
        let mut identity = ureq::post(format!("http://{place}/v1/identity")).send_empty()?;
        let identity: Value = serde_json::from_str(&identity.body_mut().read_to_string()?)?;
        let token = identity["token"].as_str().ok_or("no token for an owner")?;
        let authorization = format!("Bearer {token}");
        let url = format!("http://{place}/v1/database/{DATABASE}");
        ureq::put(&url).header("Authorization", &authorization).send(module)?;
        Ok(Self { url, authorization })
    }

    fn call(&self, reducer: &str, arguments: &Value) -> Outcome<()> {
        let url = format!("{}/call/{reducer}", self.url);
        let call = ureq::post(url).header("Authorization", &self.authorization).content_type("application/json");
        call.send(arguments.to_string())?;
        Ok(())
    }

    /// Heroes, and how often they have acted.
    fn count(&self) -> Outcome<(usize, u64)> {
        let query = ureq::post(format!("{}/sql", self.url)).header("Authorization", &self.authorization);
        let mut answer = query.send("SELECT arrived FROM hero")?;
        let answer: Value = serde_json::from_str(&answer.body_mut().read_to_string()?)?;
        let rows = answer[0]["rows"].as_array().ok_or("no rows of heroes")?;
        Ok((rows.len(), rows.iter().filter_map(|row| row[0].as_u64()).sum()))
    }
}
