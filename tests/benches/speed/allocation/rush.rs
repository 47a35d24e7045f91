//! Everybody wants a game session at once: how many are placed in a second, how long one waits, and how many game sims are
//! in use for it. The table in memory lets others go first at every access, as a network would, so that all callers really
//! are under way at the same time: they meet each other as DynamoDB lets them meet, and what one waits for is the others'
//! turns on the machine's cores.
//!
//! Callers who ask again as soon as they are answered show the highest rate; how long each waits is then their number
//! divided by that rate, whatever the handlers do. So what a caller waits is measured at the rate that is promised, from the
//! moment at which each call is due.

use super::contended::Contended;
use crate::Outcome;
use crate::figure::{Figure, median, quantile};
use crate::processes::processor_time;
use crate::units::difference;
use guildhall_domain::SessionId;
use guildhall_storage::dynamo::TableUsage;
use guildhall_storage::{Table, gamesims};
use guildhall_tests::crowd::{Hero, fleet, heroes, table};
use guildhall_tests::{Answer, Backend, Call};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Callers at the same time.
const CALLERS: usize = 64;
/// Game sims.
const GAMESIMS: u32 = 20;
/// Game sessions that each has room for.
const CAPACITY: u32 = 100;
/// Game sessions that are placed between two looks at the fleet: no multiple of a game sim's room, so that one that was
/// opened too early shows.
const PART: usize = 325;
/// Parts: nearly all of the fleet.
const PARTS: usize = 6;
/// Players who join somebody else's.
const JOINERS: usize = 325;
/// Rounds over the table in memory.
const ROUNDS: usize = 3;
/// How often a player asks who is told that there is no room.
const ATTEMPTS_MAX: usize = 20;

/// The promises: so many in a second, and at that rate an answer within so much time.
const RATE_MIN: f64 = 1_000.0;
const P99_MS_MAX: f64 = 25.0;
const PACKING_MAX: f64 = 1.0;

/// What a rush came to.
#[derive(Default)]
struct Rush {
    rate: f64,
    /// Processor time of this process for each allocation, in microseconds.
    processor_us: f64,
    latencies: Vec<Duration>,
    /// Game sims in use for each that would have to be, at worst.
    packing: f64,
    /// Answers other than a place.
    refusals: usize,
    /// Commits that met others.
    conflicts: u64,
    /// Of all creates and of all joins.
    used: [TableUsage; 2],
}

pub(crate) async fn measure() -> Outcome<Vec<Figure>> {
    let [mut calm, mut contended, mut paced] = [Vec::new(), Vec::new(), Vec::new()];
    let paces = [None, None, Some(Duration::from_secs_f64(1.0 / RATE_MIN))];
    for _ in 0..ROUNDS {
        for (number, rushes) in [&mut calm, &mut contended, &mut paced].into_iter().enumerate() {
            let table = Arc::new(Contended::new(table().await?, number == 1));
            let rush = rush(Backend::over(table.clone()), paces[number]).await?;
            rushes.push(Rush { conflicts: table.conflicts(), ..rush });
        }
    }
    let mut figures = figures("in memory", &calm, true);
    figures.extend(waits(&paced));
    figures.extend(self::figures("in memory, with DynamoDB's conflicts", &contended, false));
    let embedded = rush(Backend::start().await, None).await?;
    let [create, join] = embedded.used;
    figures.extend(self::figures("over embedded DynamoDB", &[embedded], false));
    figures.push(units("create-game-session", create, PART * PARTS));
    figures.push(units("join-game-session", join, JOINERS));
    Ok(figures)
}

/// A rush; with a pace, a call is due every so often.
async fn rush(backend: Backend, pace: Option<Duration>) -> Outcome<Rush> {
    let heroes: Arc<[Hero]> = heroes(&backend, (PART * PARTS + JOINERS) as u32).await?.into();
    fleet(&backend, GAMESIMS, CAPACITY).await;
    let backend = Arc::new(backend);
    let mut rush = Rush::default();
    let (mut took, mut processor_time_used, mut sessions) = (Duration::ZERO, Duration::ZERO, Vec::new());
    for part in 0..PARTS {
        let calls = (part * PART..(part + 1) * PART).map(|hero| (hero, create(&heroes[hero]))).collect();
        let (units, used) = (backend.usage().total(), processor_time(&[std::process::id()])?);
        let (part_took, answers) = ask_all(&backend, &heroes, calls, pace).await;
        processor_time_used += processor_time(&[std::process::id()])?.saturating_sub(used);
        rush.used[0] = sum(rush.used[0], difference(units, backend.usage().total()));
        took += part_took;
        for (latency, attempts, answer) in answers {
            rush.latencies.push(latency);
            rush.refusals += attempts - 1;
            sessions.push(answer.expect(201)["game_session"]["session_id"].as_str().unwrap_or_default().parse()?);
        }
        rush.packing = rush.packing.max(packing(backend.table()).await?);
    }
    let before = backend.usage().total();
    let calls =
        (0..JOINERS).map(|number| (PART * PARTS + number, join(&heroes[PART * PARTS + number], sessions[number])));
    for (_, _, answer) in ask_all(&backend, &heroes, calls.collect(), None).await.1 {
        answer.expect(200);
    }
    rush.used[1] = difference(before, backend.usage().total());
    rush.rate = (PART * PARTS) as f64 / took.as_secs_f64();
    rush.processor_us = processor_time_used.as_secs_f64() * 1e6 / (PART * PARTS) as f64;
    if let Some(backend) = Arc::into_inner(backend) {
        backend.stop().await;
    }
    Ok(rush)
}

fn create(hero: &Hero) -> Call {
    Call::create(hero.character_id, &[], hero.character_id.to_string())
}

fn join(hero: &Hero, session_id: SessionId) -> Call {
    Call::join(hero.character_id, session_id)
}

/// Lets the callers make all of these calls, each with the number of its hero. Gives how long all of it took, and of each
/// call how long (from when it was due, if there is a pace) and how many attempts it took, and its last answer.
async fn ask_all(
    backend: &Arc<Backend>,
    heroes: &Arc<[Hero]>,
    calls: Vec<(usize, Call)>,
    pace: Option<Duration>,
) -> (Duration, Vec<(Duration, usize, Answer)>) {
    let calls: Arc<[_]> = calls.into();
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (backend, heroes, calls, next) = (backend.clone(), heroes.clone(), calls.clone(), next.clone());
        callers.spawn(async move {
            let mut answers = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some((hero, call)) = calls.get(number) else { break };
                let due = pace.map(|pace| began + pace * number as u32);
                if let Some(due) = due {
                    tokio::time::sleep_until(due.into()).await;
                }
                let (asked, mut attempts) = (due.unwrap_or_else(Instant::now), 1);
                let mut answer = call.make(&backend, &heroes[*hero].token).await;
                while answer.status == 503 && attempts < ATTEMPTS_MAX {
                    answer = call.make(&backend, &heroes[*hero].token).await;
                    attempts += 1;
                }
                answers.push((asked.elapsed(), attempts, answer));
            }
            answers
        });
    }
    let answers = callers.join_all().await.into_iter().flatten().collect();
    (began.elapsed(), answers)
}

/// Game sims in use for each that would have to be.
async fn packing(table: &dyn Table) -> Outcome<f64> {
    let fleet = gamesims::list(table).await?;
    let used = fleet.iter().filter(|gamesim| !gamesim.sessions.is_empty()).count();
    let sessions: usize = fleet.iter().map(|gamesim| gamesim.sessions.len()).sum();
    Ok(used as f64 / sessions.div_ceil(CAPACITY as usize) as f64)
}

fn sum(one: TableUsage, other: TableUsage) -> TableUsage {
    TableUsage {
        requests: one.requests + other.requests,
        read_units: one.read_units + other.read_units,
        write_units: one.write_units + other.write_units,
    }
}

fn units(what: &str, used: TableUsage, calls: usize) -> Figure {
    let share = |sum: f64| sum / calls as f64;
    let (reads, requests) = (share(used.read_units), share(used.requests as f64));
    Figure::new(format!("units of {what} in the rush"), share(used.write_units), "WU")
        .note(format!("mean of {calls}; {reads:.1} read units, {requests:.1} requests to the database"))
}

/// How long callers wait at the promised rate.
fn waits(rushes: &[Rush]) -> Vec<Figure> {
    let mut latencies: Vec<_> = rushes.iter().flat_map(|rush| rush.latencies.iter().copied()).collect();
    let rate = median(rushes.iter().map(|rush| rush.rate).collect());
    let note = format!("{CALLERS} callers; {rate:.0}/s came through, the timer is up to 1 ms late");
    let over = "allocations in memory at 1,000/s";
    let p50 = Figure::time(format!("{over}, p50"), quantile(&mut latencies, 0.5)).note(note);
    vec![p50, Figure::time(format!("{over}, p99"), quantile(&mut latencies, 0.99)).at_most(P99_MS_MAX)]
}

fn figures(over: &str, rushes: &[Rush], has_goal: bool) -> Vec<Figure> {
    let mut latencies: Vec<_> = rushes.iter().flat_map(|rush| rush.latencies.iter().copied()).collect();
    let refusals: usize = rushes.iter().map(|rush| rush.refusals).sum();
    let conflicts: u64 = rushes.iter().map(|rush| rush.conflicts).sum();
    let packing = rushes.iter().map(|rush| rush.packing).fold(1.0, f64::max);
    let note = format!(
        "{CALLERS} callers, {GAMESIMS} game sims with room for {CAPACITY}; median of {}; {refusals} refusals, {conflicts} conflicts",
        rushes.len()
    );
    let rate = median(rushes.iter().map(|rush| rush.rate).collect());
    let rate = Figure::new(format!("allocations {over}, rate"), rate, "/s").note(note);
    let processor = median(rushes.iter().map(|rush| rush.processor_us).collect());
    let processor = Figure::new(format!("allocations {over}, CPU"), processor, "us").note("with the caller's part");
    let p50 = Figure::time(format!("allocations {over}, p50"), quantile(&mut latencies, 0.5));
    let p99 = Figure::time(format!("allocations {over}, p99"), quantile(&mut latencies, 0.99));
    let rate = if has_goal { rate.at_least(RATE_MIN) } else { rate };
    let packing = Figure::new(format!("allocations {over}, packing"), packing, "x");
    // Where transactions conflict, those that met each other spread: what packing that costs is shown, and made good again
    // as sessions end, because newcomers go to the fullest.
    let packing = if has_goal { packing.at_most(PACKING_MAX) } else { packing };
    let packing = packing.note(format!("game sims in use for each needed, the worst of {PARTS} looks in each round"));
    vec![rate, processor, p50, p99, packing]
}
