//! What the API still does when ten times as much is asked of it as it can do. First a few clients, each with a character to
//! change, ask again as soon as they have an answer, which shows what it can do; then a crowd, on a beat that asks for ten times
//! that; then another one. The first crowd has the product's own clients, who leave the API alone for as long as they were asked
//! to, whatever their players want; the second heeds nothing, and sends all of it. The front has one processor and the crowd the
//! other, always, so that what is compared is what the front does and not what the crowd leaves of it.
//!
//! Beside either crowd one stranger asks now and then, on a thread of its own, and times how long it takes to be turned away.

mod member;
mod stranger;

use crate::Outcome;
use crate::api::front;
use crate::api::server::{Database, Server};
use crate::figure::{Figure, quantile};
use member::{Member, Tally};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use stranger::Stranger;
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinSet;

/// Both crowds, and how many find out what the API can do: more keep it no busier.
const HEEDFUL: usize = 240;
const HEEDLESS: usize = 640;
const FEW: usize = 16;
/// How much more the beats ask for than can be done: ten times as much, and where a client asks again for what was turned away, a
/// third of the beats is not asked, for who waits for an answer asks for nothing.
const FACTOR: f64 = 10.0;
const HEEDFUL_FACTOR: f64 = 16.0;
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

/// Both crowds.
struct Crowds {
    heedful: Vec<Member>,
    heedless: Vec<Member>,
}

/// What was done in a window.
struct Window {
    wanted: f64,
    done: f64,
    arrived: f64,
}

/// One crowd's turn.
struct Rush {
    window: Window,
    turned_away: Vec<Duration>,
}

/// One turn of all.
struct Round {
    calm: Window,
    heedful: Rush,
    heedless: Rush,
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
    let url = server.url().to_owned();
    let mut crowds = threads.spawn(gather(url)).await??;
    let cores = std::thread::available_parallelism()?.get();
    keep_to(server.id()?, "0")?;
    keep_to(std::process::id(), &format!("1-{}", cores.max(2) - 1))?;
    let figures = under_load(&mut server, threads, &mut crowds).await;
    keep_to(std::process::id(), &format!("0-{}", cores - 1))?;
    server.stop().await?;
    figures
}

async fn gather(url: String) -> Outcome<Crowds> {
    Ok(Crowds { heedful: member::heedful(&url, HEEDFUL).await?, heedless: member::heedless(&url, HEEDLESS).await? })
}

async fn under_load(server: &mut Server, threads: &Handle, crowds: &mut Crowds) -> Outcome<Vec<Figure>> {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        rounds.push(round(server, threads, crowds).await?);
    }
    let heedful = figures(&rounds, "overload", |round| &round.heedful);
    let heedless = figures(&rounds, "overload, heedless", |round| &round.heedless);
    Ok(heedful.into_iter().chain(heedless).collect())
}

/// What a crowd's turns came to.
fn figures(rounds: &[Round], name: &str, of: impl Fn(&Round) -> &Rush) -> Vec<Figure> {
    let median = |of: &dyn Fn(&Round) -> f64| {
        let mut values: Vec<_> = rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let per_s = |done: f64| done / WINDOW.as_secs_f64();
    let total = |what: fn(&Window) -> f64| rounds.iter().map(|round| what(&of(round).window)).sum::<f64>();
    let mut turned_away = rounds.iter().flat_map(|round| &of(round).turned_away).copied().collect::<Vec<_>>();
    let (p50, p99) = (quantile(&mut turned_away, 0.5), quantile(&mut turned_away, 0.99));
    vec![
        Figure::new(format!("{name}, goodput of peak"), median(&|round| of(round).window.done / round.calm.done), "")
            .at_least(GOODPUT_SHARE_MIN)
            .note(format!(
                "{:.0} of {:.0} changes a second, one processor, {:.1} times the peak wanted and {:.1} times sent, {ROUNDS} rounds",
                per_s(median(&|round| of(round).window.done)),
                per_s(median(&|round| round.calm.done)),
                median(&|round| of(round).window.wanted / round.calm.done),
                median(&|round| of(round).window.arrived / round.calm.done)
            )),
        Figure::time(format!("{name}, turned away after, p99"), p99).at_most(REJECTION_P99_MS_MAX).note(format!(
            "503 with Retry-After, {} times; p50 {:.2} ms",
            turned_away.len(),
            p50.as_secs_f64() * 1e3
        )),
        Figure::new(
            format!("{name}, requests per call"),
            total(|window| window.arrived) / total(|window| window.wanted),
            "",
        )
        .at_most(AMPLIFICATION_MAX)
        .note(format!("{:.0} calls", total(|window| window.wanted))),
    ]
}

/// First a few who ask without a pause, then one crowd and the other.
async fn round(server: &mut Server, threads: &Handle, crowds: &mut Crowds) -> Outcome<Round> {
    let few = crowds.heedful.drain(..FEW).collect();
    let (few, calm) = ask(server, threads, few, None, || 0).await?;
    crowds.heedful.extend(few);
    let beat = |crowd: usize, factor: f64| WINDOW.mul_f64(crowd as f64 / (factor * calm.done));
    let heedful = rush(server, threads, &mut crowds.heedful, beat(HEEDFUL, HEEDFUL_FACTOR)).await?;
    let heedless = rush(server, threads, &mut crowds.heedless, beat(HEEDLESS, FACTOR)).await?;
    Ok(Round { calm, heedful, heedless })
}

/// Everybody, on this beat.
async fn rush(server: &mut Server, threads: &Handle, crowd: &mut Vec<Member>, beat: Duration) -> Outcome<Rush> {
    let stranger = Stranger::start(server.url())?;
    let (members, window) = ask(server, threads, std::mem::take(crowd), Some(beat), || stranger.asked()).await?;
    *crowd = members;
    Ok(Rush { window, turned_away: stranger.stop()? })
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

/// Has all threads of a process run on these processors only.
fn keep_to(process: u32, processors: &str) -> Outcome<()> {
    let done = Command::new("taskset").args(["-a", "-p", "-c", processors, &process.to_string()]).output()?;
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned().into()) }
}
