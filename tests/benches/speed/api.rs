//! The REST API under eight clients at once, over the local front: real HTTP, real API Gateway events, real signatures, the
//! embedded database on disk. The front is a process of its own, so that its processor time is its own; the clients are this
//! process. A game sim that only exists on paper takes the sessions.
//!
//! Beside it an ordinary web service over PostgreSQL answers the same requests, if a PostgreSQL is given. Every round asks
//! both, one after the other, so that whatever else the machine does meets both.
//!
//! `clients` asks, `front` and `plain` answer, `server` holds their processes, `sample` is what comes out.

pub(crate) mod clients;
pub(crate) mod front;
#[cfg(feature = "peers")]
pub(crate) mod plain;
mod sample;
pub(crate) mod server;

use crate::Outcome;
use crate::figure::Figure;
use clients::{Ask, Client, Gamesim, ask_all};
use sample::{Sample, Series};
use server::{Database, Server};
use std::time::{Duration, Instant};

/// Clients, each with one request under way.
const CLIENTS: usize = 8;
/// How often each route is measured.
const ROUNDS: usize = 5;
/// How long each time, in milliseconds.
const WINDOW_MS: u64 = 1_500;
/// Logins of one client in one round: all of them together stay below what one network may try in a minute.
const LOGINS_MAX: usize = 6;

/// A server and those who ask it.
struct Side {
    server: Server,
    clients: Vec<Client>,
    /// An account keeps sixteen logins: whoever logs in again and again pushes out the tokens that others would need.
    sleepers: Vec<Client>,
}

pub(crate) async fn measure() -> Outcome<Vec<Figure>> {
    let server = Server::start(front::ROLE, Database::Thread(front::DATABASE_THREAD)).await?;
    let clients = clients::register(server.url(), 0..CLIENTS).await?;
    let sleepers = clients::register(server.url(), CLIENTS..2 * CLIENTS).await?;
    let gamesim = Gamesim::register(server.url()).await?;
    let mut ours = Side { server, clients, sleepers };
    let mut plain = plain_side(&ours).await?;
    let figures = measure_rounds(&mut ours, &mut plain, gamesim).await;
    for side in [Some(ours), plain].into_iter().flatten() {
        side.server.stop().await?;
    }
    figures
}

async fn measure_rounds(ours: &mut Side, plain: &mut Option<Side>, gamesim: Gamesim) -> Outcome<Vec<Figure>> {
    let asks =
        [Ask::GetCharacter, Ask::ChangeCurrency, Ask::ConflictingCurrency, Ask::PlaySession(gamesim), Ask::LogIn];
    let mut measured = asks.map(|ask| (ask, Series::default(), Series::default()));
    for _ in 0..ROUNDS {
        for (ask, here, there) in &mut measured {
            here.0.push(ours.sample(ask).await?);
            if let Some(plain) = plain.as_mut().filter(|_| ask.is_known_to_all()) {
                there.0.push(plain.sample(ask).await?);
            }
        }
    }
    let mut figures = Vec::new();
    for (ask, here, there) in measured {
        figures.extend(here.figures(ask.name()));
        if ask.is_known_to_all() {
            figures.extend(there.beside(&here, ask.name()));
        }
    }
    Ok(figures)
}

impl Side {
    async fn sample(&mut self, ask: &Ask) -> Outcome<Sample> {
        let (clients, times_max) = match ask {
            Ask::LogIn => (&mut self.sleepers, LOGINS_MAX),
            _ => (&mut self.clients, usize::MAX),
        };
        ask.prepare().await?;
        let before = self.server.used()?;
        let began = Instant::now();
        let latencies = ask_all(clients, ask, Duration::from_millis(WINDOW_MS), times_max).await?;
        let took = began.elapsed();
        Ok(Sample { took, used: self.server.used()?.since(before), latencies })
    }
}

/// The same accounts and characters behind the plain service, if there is a PostgreSQL.
#[cfg(feature = "peers")]
async fn plain_side(ours: &Side) -> Outcome<Option<Side>> {
    let Some(database) = plain::Database::given().await? else { return Ok(None) };
    for player in ours.clients.iter().chain(&ours.sleepers) {
        database.copy(player.email(), player.token(), &player.sheet().await?).await?;
    }
    let server = Server::start(plain::ROLE, Database::Processes(Vec::new())).await?;
    let at_it = |players: &[Client]| players.iter().map(|player| player.at(server.url())).collect();
    let (clients, sleepers) = (at_it(&ours.clients), at_it(&ours.sleepers));
    let processes = database.processes().await?;
    Ok(Some(Side { server: server.beside(Database::Processes(processes)), clients, sleepers }))
}

#[cfg(not(feature = "peers"))]
async fn plain_side(_: &Side) -> Outcome<Option<Side>> {
    Ok(None)
}
