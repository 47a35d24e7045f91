//! SpacetimeDB: a server of one process with a module of ours, and its load, as the other peers of `make race`.
//!
//! The server is the project's own, in memory and without logs. A client is subscribed to the row of its room, which a tick
//! of the module writes 20 times per second, and calls a reducer 20 times per second, by the binary protocol, without compression
//! and without being told of what it has done itself.
//!
//! `spacetimedb serve PLAYERS IN_BYTES OUT_BYTES MODULE`; `spacetimedb load PLAYERS IN_BYTES OUT_BYTES PLACE`.

#[allow(dead_code, reason = "others use more of it")]
#[path = "../../src/pace.rs"]
mod pace;
#[allow(dead_code, reason = "others use more of it")]
#[path = "../../src/tally.rs"]
mod tally;

mod load;
mod serve;

use std::error::Error;
use std::process::ExitCode;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What the server's own program allocates with.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The name under which the module is published.
const DATABASE: &str = "race";
/// Players of a room.
const SEATS: usize = 4;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("spacetimedb {}: {error}", arguments.join(" "));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Outcome<()> {
    let [role, players, in_bytes, out_bytes, place @ ..] = arguments else {
        return Err("spacetimedb wants a role, players and two sizes".into());
    };
    let (players, in_bytes, out_bytes) = (players.parse()?, in_bytes.parse()?, out_bytes.parse()?);
    match role.as_str() {
        "serve" => serve::serve(players, out_bytes),
        "load" => load::load(players, in_bytes, &place.concat()),
        _ => Err("no such role".into()),
    }
}
