//! What the API still does when ten times as much is asked of it as it can do: a crowd of the product's own clients, each with
//! a character to change, first a few that each ask again as soon as they have an answer, which shows what it can do, then all
//! of them, on a beat that asks for ten times that. The front has one processor and the crowd the other, both times, so that
//! what is compared is what the front does and not what the crowd leaves of it.
//!
//! Beside the crowd one stranger asks now and then, on a thread of its own, and times how long it takes to be turned away.

mod stranger;

use crate::Outcome;
use crate::api::front;
use crate::api::server::{Database, Server};
use crate::figure::{Figure, quantile};
use guildhall_client::rest::{Api, ClientError, Player};
use guildhall_domain::intents::ChangeCurrency;
use guildhall_domain::{CharacterId, CharacterName, Email, Password};
use guildhall_tests::party::PASSWORD;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use stranger::Stranger;
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Characters of one account.
const CHARACTERS_EACH: usize = 16;
/// Everybody, and how many of them find out what the API can do: more keep it no busier.
const CROWD: usize = 640;
const FEW: usize = 16;
/// How much more is asked for than can be done.
const FACTOR: f64 = 10.0;
/// How long either is measured, after as long again that is not, and how often by turns: a machine has faster and slower moments.
const WINDOW: Duration = Duration::from_secs(4);
const WARM_UP: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;
/// How far the crowd stands back.
const CROWD_NICE: i32 = 10;
/// The promises.
const GOODPUT_SHARE_MIN: f64 = 0.9;
const REJECTION_P99_MS_MAX: f64 = 5.0;
const AMPLIFICATION_MAX: f64 = 1.1;

/// One of the crowd.
struct Member {
    player: Player,
    character_id: CharacterId,
    version: u64,
    /// When in the beat it asks.
    share: f64,
}

/// What everybody has done.
#[derive(Default)]
struct Tally {
    wanted: AtomicU64,
    done: AtomicU64,
}

/// What was done in a window.
struct Window {
    wanted: f64,
    done: f64,
    arrived: f64,
}

/// One turn of both.
struct Round {
    calm: Window,
    rush: Window,
    turned_away: Vec<Duration>,
}

pub(crate) async fn measure() -> Outcome<Vec<Figure>> {
    // The crowd's threads stand back for the stranger's: what is timed is the front's haste and not theirs. They start neither
    // the stranger nor the server, which would stand back as well.
    let runtime = Builder::new_multi_thread().on_thread_start(stand_back).enable_all().build()?;
    let measured = measure_with(runtime.handle()).await;
    runtime.shutdown_background();
    measured
}

fn stand_back() {
    // It is always allowed.
    let _ = rustix::process::nice(CROWD_NICE);
}

async fn measure_with(threads: &Handle) -> Outcome<Vec<Figure>> {
    let mut server = Server::start(front::ROLE, Database::Thread(front::DATABASE_THREAD)).await?;
    let mut crowd = threads.spawn(gather(server.url().to_owned())).await??;
    let cores = std::thread::available_parallelism()?.get();
    keep_to(server.id()?, "0")?;
    keep_to(std::process::id(), &format!("1-{}", cores.max(2) - 1))?;
    let figures = under_load(&mut server, threads, &mut crowd).await;
    keep_to(std::process::id(), &format!("0-{}", cores - 1))?;
    server.stop().await?;
    figures
}

async fn under_load(server: &mut Server, threads: &Handle, crowd: &mut Vec<Member>) -> Outcome<Vec<Figure>> {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        rounds.push(round(server, threads, crowd).await?);
    }
    let median = |of: fn(&Round) -> f64| {
        let mut values: Vec<_> = rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let per_s = |done: f64| done / WINDOW.as_secs_f64();
    let mut turned_away = rounds.iter().flat_map(|round| &round.turned_away).copied().collect::<Vec<_>>();
    let (p50, p99) = (quantile(&mut turned_away, 0.5), quantile(&mut turned_away, 0.99));
    let total = |of: fn(&Round) -> f64| rounds.iter().map(of).sum::<f64>();
    Ok(vec![
        Figure::new("overload, goodput of peak", median(|round| round.rush.done / round.calm.done), "")
            .at_least(GOODPUT_SHARE_MIN)
            .note(format!(
                "{:.0} of {:.0} changes a second, one processor, {:.1} times the peak asked for, {ROUNDS} rounds",
                per_s(median(|round| round.rush.done)),
                per_s(median(|round| round.calm.done)),
                median(|round| round.rush.arrived / round.calm.done)
            )),
        Figure::time("overload, turned away after, p99", p99).at_most(REJECTION_P99_MS_MAX).note(format!(
            "503 with Retry-After, {} times; p50 {:.2} ms",
            turned_away.len(),
            p50.as_secs_f64() * 1e3
        )),
        Figure::new(
            "overload, requests per call",
            total(|round| round.rush.arrived) / total(|round| round.rush.wanted),
            "",
        )
        .at_most(AMPLIFICATION_MAX)
        .note(format!("{:.0} calls of {CROWD} clients", total(|round| round.rush.wanted))),
    ])
}

/// First a few who ask without a pause, then everybody.
async fn round(server: &mut Server, threads: &Handle, crowd: &mut Vec<Member>) -> Outcome<Round> {
    let few = crowd.drain(..FEW).collect();
    let (few, calm) = ask(server, threads, few, None, || 0).await?;
    crowd.extend(few);
    let beat = WINDOW.mul_f64(crowd.len() as f64 / (FACTOR * calm.done));
    let stranger = Stranger::start(server.url())?;
    let (members, rush) = ask(server, threads, std::mem::take(crowd), Some(beat), || stranger.asked()).await?;
    *crowd = members;
    Ok(Round { calm, rush, turned_away: stranger.stop()? })
}

/// Lets everybody ask, on a beat or without a pause, and counts what they send the server in the window; `others` counts what
/// else it answers.
async fn ask(
    server: &mut Server,
    threads: &Handle,
    members: Vec<Member>,
    beat: Option<Duration>,
    others: impl Fn() -> u64,
) -> Outcome<(Vec<Member>, Window)> {
    let tally = Arc::new(Tally::default());
    let ends = Instant::now() + WARM_UP + WINDOW;
    let mut asking = JoinSet::new();
    for member in members {
        asking.spawn_on(member.ask(beat, ends, Arc::clone(&tally)), threads);
    }
    tokio::time::sleep(WARM_UP).await;
    let before = (tally.wanted.load(Relaxed), tally.done.load(Relaxed), server.requests().await? - others());
    tokio::time::sleep(WINDOW).await;
    let since = |now: u64, before: u64| (now - before) as f64;
    let window = Window {
        wanted: since(tally.wanted.load(Relaxed), before.0),
        done: since(tally.done.load(Relaxed), before.1),
        arrived: since(server.requests().await? - others(), before.2),
    };
    let mut members = Vec::new();
    while let Some(member) = asking.join_next().await {
        members.push(member??);
    }
    Ok((members, window))
}

impl Member {
    async fn ask(mut self, beat: Option<Duration>, ends: Instant, tally: Arc<Tally>) -> Outcome<Self> {
        let mut beats = beat.map(interval);
        if let Some(beats) = &mut beats {
            beats.set_missed_tick_behavior(MissedTickBehavior::Skip);
            // Not all at the same moment.
            tokio::time::sleep(beat.unwrap_or_default().mul_f64(self.share)).await;
        }
        while Instant::now() < ends {
            if let Some(beats) = &mut beats {
                beats.tick().await;
            }
            tally.wanted.fetch_add(1, Relaxed);
            let intent = ChangeCurrency { character_id: self.character_id, version: self.version, delta: 1 };
            match self.player.carry_out(&intent).await {
                Ok(sheet) => {
                    self.version = sheet.character.version;
                    tally.done.fetch_add(1, Relaxed);
                }
                Err(ClientError::Refused(refused)) if refused.status == 503 => {}
                Err(error) => match error.latest_character() {
                    // A change was made of which the answer had been that nobody knows.
                    Some(latest) => self.version = latest.character.version,
                    None => return Err(error.into()),
                },
            }
        }
        Ok(self)
    }
}

/// Everybody with a character.
async fn gather(url: String) -> Outcome<Vec<Member>> {
    let api = Api::new(&url)?;
    let mut crowd = Vec::with_capacity(CROWD);
    // As many accounts as characters would take a network minutes to register.
    let mut player = None;
    for number in 0..CROWD {
        let owner = match player.take().filter(|_| number % CHARACTERS_EACH != 0) {
            Some(owner) => owner,
            None => {
                api.register(Email::parse(&format!("crowd-{number}@example.com"))?, Password::parse(PASSWORD)?).await?
            }
        };
        let character = owner.create_character(CharacterName::parse(&format!("Crowd {number}"))?, "fighter").await?;
        let (character_id, version) = (character.character.character_id, character.character.version);
        let share = number as f64 / CROWD as f64;
        crowd.push(Member { player: owner.clone(), character_id, version, share });
        player = Some(owner);
    }
    Ok(crowd)
}

/// Has all threads of a process run on these processors only.
fn keep_to(process: u32, processors: &str) -> Outcome<()> {
    let done = Command::new("taskset").args(["-a", "-p", "-c", processors, &process.to_string()]).output()?;
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned().into()) }
}
