//! Measures every figure that the documents promise, on the real product, and prints each with its goal. `make bench` runs
//! it; `make bench-build` measures what cannot be measured from inside a build. Arguments name the sections that are wanted.
//!
//! It is not a test: a missed goal is printed and does not fail, because a busy machine is no fault of the code. What cannot
//! be measured at all ends it with an error. Everything it starts is on 127.0.0.1 and ends with it.
//!
//! Read `figure` for what is printed; each other file is one section, in the order of `main`.

mod allocation;
mod api;
mod cost;
mod figure;
mod handshakes;
mod load;
mod metrics_page;
mod overload;
mod parties;
mod processes;
mod recording;
mod shard;
mod signed;
mod snapshot;
mod start;
mod units;
mod world;
mod zone;

use figure::Figure;
use guildhall_client::party::PartyMember;
use guildhall_client::rest::Api;
use guildhall_domain::{CharacterName, Email, Password};
use guildhall_local::stack::{Stack, StackConfig};
use guildhall_tests::party::PASSWORD;
use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;
use tempfile::TempDir;

/// Anything that keeps a figure from being measured.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The product's command line, as the bench's own profile builds it.
const EXE: &str = env!("CARGO_BIN_EXE_guildhall-under-test");
/// Everything that is measured, in this order.
const SECTIONS: [&str; 13] = [
    "start",
    "units",
    "world",
    "zone",
    "shard",
    "handshakes",
    "recording",
    "api",
    "overload",
    "allocation",
    "disorder",
    "snapshot",
    "load",
];
/// Sessions of the load, half of them on each of two game sims.
const SESSIONS: usize = 10;
/// Bots of a session.
const BOTS_PER_SESSION: usize = 4;

#[tokio::main]
async fn main() -> ExitCode {
    // Options are Cargo's, which adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some(api::front::ROLE) => api::front::serve().await,
        #[cfg(feature = "peers")]
        Some(api::plain::ROLE) => api::plain::serve().await,
        _ => match Wanted::parse(arguments) {
            Ok(wanted) => print(&wanted).await,
            Err(error) => Err(error),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the bench cannot measure: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn print(wanted: &Wanted) -> Outcome<()> {
    let began = Instant::now();
    let figures = measure(wanted).await?;
    eprintln!("the bench took {} s", began.elapsed().as_secs());
    figure::print(&figures);
    Ok(())
}

/// The sections that are asked for; all of them, if none is named.
struct Wanted(Vec<String>);

impl Wanted {
    fn parse(names: Vec<String>) -> Outcome<Self> {
        match names.iter().find(|name| !SECTIONS.contains(&name.as_str())) {
            Some(unknown) => Err(format!("there is no section {unknown}, but {}", SECTIONS.join(", ")).into()),
            None => Ok(Self(names)),
        }
    }

    async fn section(&self, name: &str, measured: impl Future<Output = Outcome<Vec<Figure>>>) -> Outcome<Vec<Figure>> {
        if !self.includes(name) {
            return Ok(Vec::new());
        }
        let began = Instant::now();
        let figures = measured.await.map_err(|error| format!("{name}: {error}"))?;
        eprintln!("{name}: measured in {:.1} s", began.elapsed().as_secs_f64());
        Ok(figures)
    }

    fn includes(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|wanted| wanted == name)
    }
}

async fn measure(wanted: &Wanted) -> Outcome<Vec<Figure>> {
    let mut figures = wanted.section("start", start::measure()).await?;
    figures.extend(wanted.section("units", units::measure()).await?);
    figures.extend(wanted.section("world", async { world::measure() }).await?);
    figures.extend(wanted.section("zone", async { zone::measure() }).await?);
    figures.extend(wanted.section("shard", async { shard::measure() }).await?);
    figures.extend(wanted.section("handshakes", async { handshakes::measure() }).await?);
    figures.extend(wanted.section("recording", recording::measure()).await?);
    figures.extend(wanted.section("api", api::measure()).await?);
    figures.extend(wanted.section("overload", overload::measure()).await?);
    figures.extend(wanted.section("allocation", allocation::rush::measure()).await?);
    figures.extend(wanted.section("disorder", allocation::disorder::measure()).await?);
    if !wanted.includes("snapshot") && !wanted.includes("load") {
        return Ok(figures);
    }
    let folder = TempDir::new()?;
    let config = StackConfig { capacity: (SESSIONS / 2) as u32, ..StackConfig::new(folder.path(), EXE) };
    let stack = Stack::start(config).await?;
    let measured = measure_games(wanted, &stack, &folder).await;
    stack.shutdown().await;
    figures.extend(measured?);
    Ok(figures)
}

/// The sections that share a running stack and its players.
async fn measure_games(wanted: &Wanted, stack: &Stack, folder: &TempDir) -> Outcome<Vec<Figure>> {
    let players = register(&Api::new(&stack.api_url())?, SESSIONS * BOTS_PER_SESSION).await?;
    let mut figures = wanted.section("snapshot", snapshot::measure(&players)).await?;
    figures.extend(wanted.section("load", load::measure(stack, folder.path(), &players)).await?);
    Ok(figures)
}

/// As many accounts with a character each, of the classes in turn.
async fn register(api: &Api, count: usize) -> Outcome<Vec<PartyMember>> {
    let mut members = Vec::with_capacity(count);
    for (number, class) in (0..count).zip(["fighter", "ranger", "cleric", "fighter"].into_iter().cycle()) {
        let email = Email::parse(&format!("player-{number}@example.com"))?;
        let player = api.register(email, Password::parse(PASSWORD)?).await?;
        let character = player.create_character(CharacterName::parse(&format!("Hero {number}"))?, class).await?;
        members.push(PartyMember { player, character_id: character.character.character_id });
    }
    Ok(members)
}
