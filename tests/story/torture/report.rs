//! What came of it, with the goals.

use super::blows::{Blow, Ledger};
use super::{Run, Seen};
use guildhall_client::party::{MemberEnding, Outage};
use guildhall_domain::limits::{GAMESIM_LEASE_MS, TICK_MS};
use guildhall_protocol::payload::EndingReason;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// The goals: what an outage undoes, and how long it lasts where one game sim fails: until it is noticed and 2 s.
const LOSS_MS_GOAL: u64 = 2_000;
const SILENCE_MS_GOAL: u64 = GAMESIM_LEASE_MS + 2_000;

/// A return, and how many game sims failed its session meanwhile.
struct Return<'a> {
    run: &'a Run,
    outage: &'a Outage,
    failures: usize,
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

/// Median, 99th percentile and maximum, with how many there are.
fn shown(values: impl IntoIterator<Item = u64>) -> String {
    let mut values: Vec<u64> = values.into_iter().collect();
    values.sort_unstable();
    let Some(max) = values.last() else { return "none".to_owned() };
    let quantile = |q: usize| values[(values.len() * q / 100).min(values.len() - 1)];
    format!("p50 {} p99 {} max {max} (of {})", quantile(50), quantile(99), values.len())
}

/// Prints the figures, and keeps the story of every blow and every return in the folder. Gives back how often a blow was
/// felt by somebody who played: by falling silent, or by being seen off.
pub(super) fn print(start: Instant, blows: &[Blow], ledger: &Ledger, seen: &Seen, folder: &Path) -> usize {
    let runs = || seen.values().flatten();
    let mut counted = BTreeMap::new();
    blows.iter().for_each(|blow| *counted.entry(blow.what).or_insert(0_u32) += 1);
    let mut endings = BTreeMap::new();
    runs().for_each(|run| *endings.entry(format!("{:?}", run.result.ending)).or_insert(0_u32) += 1);
    let returns: Vec<Return<'_>> = runs()
        .flat_map(|run| run.result.outages.iter().map(move |outage| (run, outage)))
        .map(|(run, outage)| {
            let time = (outage.since, outage.since + outage.silence);
            Return { run, outage, failures: ledger.failures(run.session_id, time, blows) }
        })
        .collect();
    println!("game sims: {counted:?}");
    println!("runs of a character: {}, which ended: {endings:?}", runs().count());
    let lost = returns.iter().map(|back| u64::from(back.outage.ticks_undone) * u64::from(TICK_MS));
    println!("lost, ms of play: {} (goal p99 {LOSS_MS_GOAL})", shown(lost));
    let silences = |which: &dyn Fn(usize) -> bool| {
        shown(returns.iter().filter(|back| which(back.failures)).map(|back| ms(back.outage.silence)))
    };
    println!("back in play, ms, where one game sim failed: {} (goal p99 {SILENCE_MS_GOAL})", silences(&|n| n <= 1));
    println!("back in play, ms, where several failed one after the other: {}", silences(&|n| n > 1));
    println!("back in play, ms, all: {}", silences(&|_| true));
    let part = |of: fn(&Outage) -> u64| {
        let simple = returns.iter().filter(|back| back.failures <= 1);
        shown(simple.map(|back| of(back.outage)))
    };
    println!("of the first: until noticed, ms: {}", part(|outage| ms(outage.unnoticed)));
    println!("of the first: times that the API was asked: {}", part(|outage| u64::from(outage.tries)));
    println!("of the first: the API's last answer, ms: {}", part(|outage| ms(outage.asking)));
    println!("of the first: from there to the first snapshot, ms: {}", part(|outage| ms(outage.entering)));
    std::fs::write(folder.join("returns.log"), story(start, blows, &returns)).unwrap();
    let seen_off = MemberEnding::Ended(EndingReason::Shutdown.code());
    returns.iter().filter(|back| back.failures > 0).count() + runs().filter(|run| run.result.ending == seen_off).count()
}

/// Every blow and every return, in the order in which they began.
fn story(start: Instant, blows: &[Blow], returns: &[Return<'_>]) -> String {
    let mut lines: Vec<(Instant, String)> = Vec::new();
    for blow in blows {
        lines.push((blow.at, format!("{} is {}", blow.gamesim, blow.what)));
    }
    for Return { run, outage, failures } in returns {
        let (who, session) = (run.result.character_id, run.session_id);
        lines.push((outage.since, format!("{who} of {session} loses touch, failures {failures}: {outage:?}")));
    }
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().fold(String::new(), |mut text, (at, line)| {
        writeln!(text, "{:>8} ms: {line}", ms(at.saturating_duration_since(start))).unwrap();
        text
    })
}
