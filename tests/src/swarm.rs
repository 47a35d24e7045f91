//! The load generator: one process plays thousands of clients against one shard in another process, both over real UDP, and
//! says what a player costs. Every client is a [`guildhall_client::game::GameClient`] with its own keys and its own address
//! of the loopback range.
//!
//! Read `run` for what a measurement is, `load` for the clients, `wire` for their common socket, `server` for what is
//! measured, `echo` for the floor under it: the same datagrams, moved and not looked at. `race` puts other network libraries
//! beside it, which are in `tests/peers`; `flood` is what a hostile network adds.

mod arena;
mod client;
mod echo;
mod figures;
mod flood;
mod load;
mod options;
mod plot;
mod processor;
mod race;
mod rehearsal;
mod report;
mod run;
mod server;
mod weather;
mod wire;

pub use options::Options;
pub use rehearsal::{Played, Rehearsal};

/// What goes wrong in a measurement.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Runs what the arguments of the process ask for.
///
/// # Errors
/// Arguments that make no sense, or a system that lacks sockets or processes.
pub fn main(arguments: &[String]) -> Outcome<()> {
    match arguments.first().map(String::as_str) {
        Some(server::SERVE) => server::serve(arguments.get(1..).unwrap_or_default()),
        Some(echo::SERVE) => echo::serve(arguments.get(1..).unwrap_or_default()),
        _ => run::run(&Options::parse(arguments)?),
    }
}
