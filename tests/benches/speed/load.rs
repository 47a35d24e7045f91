//! Ten parties on two game sims: how late the shards' slots begin, and what a player costs in processor time and bytes. The
//! bots, the API and the database run in the bench's process, on the same cores as the game sims, as they do on a
//! developer's machine: the lateness includes what they take away.

use crate::cost::Meter;
use crate::figure::Figure;
use crate::metrics_page::{Counts, MetricsPage, address};
use crate::parties::Parties;
use crate::processes::{gamesims, processor_time};
use crate::{BOTS_PER_SESSION, Outcome, SESSIONS};
use guildhall_client::party::PartyMember;
use guildhall_local::stack::Stack;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long the load is measured, in seconds: less than the dungeon lasts.
const WINDOW_S: u64 = 40;
/// Length of the parts of it whose lateness is told apart, in seconds: that of a heartbeat.
const PART_S: u64 = 2;
/// How long the game sims are measured without any player, in seconds.
const IDLE_S: u64 = 8;
/// Time between everybody's arrival and the beginning of the measurement, in seconds.
const SETTLE_S: u64 = 2;
/// The promise, in microseconds.
const LATENESS_P99_US_MAX: f64 = 2_000.0;
/// The histogram's name on the page.
const LATENESS: &str = "guildhall_tick_lateness_us";
/// Bytes that IPv4 and UDP put before each datagram's payload.
const HEADER_BYTES: f64 = 28.0;

pub(crate) async fn measure(stack: &Stack, data: &Path, players: &[PartyMember]) -> Outcome<Vec<Figure>> {
    let processes = gamesims()?;
    let addresses = [address(data, "sim-1").await?, address(data, "sim-2").await?];
    let idle = Window::measure(&processes, &addresses, IDLE_S).await?;
    let meter = Meter::start(stack).await?;
    let before = pages(&addresses).await?;
    let mut parties = Parties::enter(players);
    parties.arrive().await?;
    sleep(Duration::from_secs(SETTLE_S)).await;
    let window = Window::measure(&processes, &addresses, WINDOW_S).await?;
    let took = parties.finish().await?;
    let after = pages(&addresses).await?;
    let writes = rise(&before, &after, "guildhall_progress_writes_total");
    let mut figures = lateness(&window);
    figures.extend(cost_of_a_player(&idle, &window));
    figures.extend(meter.figures(&took, writes));
    Ok(figures)
}

/// What both game sims did during a time.
struct Window {
    lasted: Duration,
    processor_time: Duration,
    bots_processor_time: Duration,
    /// The pages of both game sims, at the beginning and after every part.
    pages: Vec<Vec<MetricsPage>>,
}

impl Window {
    async fn measure(processes: &[u32], addresses: &[String], seconds: u64) -> Outcome<Self> {
        let mut seen = vec![pages(addresses).await?];
        let own = [std::process::id()];
        let used = (processor_time(processes)?, processor_time(&own)?);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(seconds) {
            sleep(Duration::from_secs(PART_S)).await;
            seen.push(pages(addresses).await?);
        }
        Ok(Self {
            lasted: began.elapsed(),
            processor_time: processor_time(processes)?.saturating_sub(used.0),
            bots_processor_time: processor_time(&own)?.saturating_sub(used.1),
            pages: seen,
        })
    }

    fn first(&self) -> &[MetricsPage] {
        self.pages.first().map_or(&[], Vec::as_slice)
    }

    fn last(&self) -> &[MetricsPage] {
        self.pages.last().map_or(&[], Vec::as_slice)
    }

    /// How far a counter rose, over both game sims.
    fn rise(&self, name: &str) -> f64 {
        rise(self.first(), self.last(), name)
    }

    fn processor_share(&self) -> f64 {
        self.processor_time.as_secs_f64() / self.lasted.as_secs_f64()
    }
}

async fn pages(addresses: &[String]) -> Outcome<Vec<MetricsPage>> {
    let mut pages = Vec::new();
    for address in addresses {
        pages.push(MetricsPage::fetch(address).await?);
    }
    Ok(pages)
}

fn rise(before: &[MetricsPage], after: &[MetricsPage], name: &str) -> f64 {
    before.iter().zip(after).map(|(before, after)| after.total(name) - before.total(name)).sum()
}

fn lateness_between(before: &[MetricsPage], after: &[MetricsPage]) -> Vec<Counts> {
    before.iter().zip(after).map(|(before, after)| after.counts_since(before, LATENESS)).collect()
}

/// The worst of several game sims.
fn worst(counts: &[Counts], of: impl Fn(&Counts) -> f64) -> f64 {
    counts.iter().map(of).fold(0.0, f64::max)
}

fn lateness(window: &Window) -> Vec<Figure> {
    let counts = lateness_between(window.first(), window.last());
    let slots: f64 = counts.iter().map(Counts::count).sum();
    let skipped = window.rise("guildhall_slots_skipped_total");
    let players: f64 = window.last().iter().map(|page| page.total("guildhall_players")).sum();
    let parts = window.pages.windows(2).map(|pair| lateness_between(&pair[0], &pair[1]));
    let worst_part = parts.map(|counts| worst(&counts, |counts| counts.quantile(0.99))).fold(0.0, f64::max);
    let figure = |what: &str, value| Figure::new(format!("slot lateness, {what}"), value, "us");
    vec![
        figure("p50", worst(&counts, |counts| counts.quantile(0.5))),
        figure("p99", worst(&counts, |counts| counts.quantile(0.99))).at_most(LATENESS_P99_US_MAX).note(format!(
            "worse of 2 game sims; {SESSIONS} sessions, {players} players at the end, {} s, {slots} slots, {skipped} skipped",
            window.lasted.as_secs()
        )),
        figure("p99.9", worst(&counts, |counts| counts.quantile(0.999))),
        figure("bound of all", worst(&counts, Counts::bound_of_all)).note("the histogram's bounds are powers of two"),
        figure("p99 of the worst 2 s", worst_part),
    ]
}

fn cost_of_a_player(idle: &Window, window: &Window) -> Vec<Figure> {
    let lasted_s = window.lasted.as_secs_f64();
    let players = (SESSIONS * BOTS_PER_SESSION) as f64;
    let (sent, received) = (window.rise("guildhall_datagrams_out_total"), window.rise("guildhall_datagrams_in_total"));
    let per_player_tick = |share: f64| share * lasted_s * 1_000_000.0 / sent;
    let bytes = |name: &str, datagrams: f64| {
        (window.rise(name) / players / lasted_s, (window.rise(name) + datagrams * HEADER_BYTES) / players / lasted_s)
    };
    let (down, down_on_the_wire) = bytes("guildhall_bytes_out_total", sent);
    let (up, up_on_the_wire) = bytes("guildhall_bytes_in_total", received);
    let share = window.processor_share();
    let bots = 100.0 * window.bots_processor_time.as_secs_f64() / lasted_s;
    vec![
        Figure::new("game sims' CPU, both", 100.0 * share, "% of a core").note(format!(
            "{:.1} % without players; bots, API and database {bots:.0} %",
            100.0 * idle.processor_share()
        )),
        Figure::new("CPU per player-tick", per_player_tick(share), "us")
            .note("user and system, of the whole process: few players share the cost of its slots, heartbeats and progress calls"),
        Figure::new("CPU per player-tick beyond idle", per_player_tick(share - idle.processor_share()), "us"),
        Figure::new("datagrams down, per player", sent / players / lasted_s, "/s"),
        Figure::new("datagrams up, per player", received / players / lasted_s, "/s"),
        Figure::new("bytes down, per player", down, "B/s")
            .note(format!("{down_on_the_wire:.0} with IP and UDP headers")),
        Figure::new("bytes up, per player", up, "B/s").note(format!("{up_on_the_wire:.0} with IP and UDP headers")),
    ]
}
