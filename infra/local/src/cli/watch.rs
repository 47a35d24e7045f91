//! Shows what goes on: on a terminal as a view that is drawn twice a second, elsewhere as a line whenever a game sim
//! changes.

use crate::demo::Demo;
use crate::front::TrafficSnapshot;
use crate::stack::Stack;
use crate::view::{GamesimScene, Scene, Screen, TrafficScene, render, terminal_size};
use guildhall_domain::Timestamp;
use guildhall_domain::api::GamesimState;
use guildhall_functions::lambda::system_clock;
use guildhall_storage::gamesims::GamesimRow;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Time between two views, in milliseconds.
const REFRESH_MS: u64 = 500;
/// Views over which the rate of requests is taken.
const RATE_VIEWS: usize = 10;

/// Shows the stack, for ever.
pub(super) async fn watch(stack: &Stack, demo: Option<&Demo>, terminal: bool) {
    let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut screen = if terminal { Screen::open(std::io::stdout(), colours).ok() } else { None };
    let (started, url) = (Instant::now(), stack.api_url());
    let mut gamesims = Vec::new();
    let mut states = BTreeMap::new();
    let mut rate = Rate::default();
    let mut refresh = interval(Duration::from_millis(REFRESH_MS));
    refresh.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let now = refresh.tick().await;
        match stack.gamesims().await {
            Ok(rows) => gamesims = rows.iter().map(|row| gamesim(row, system_clock())).collect(),
            Err(error) => tracing::warn!(%error, "the registry cannot be read"),
        }
        log_changes(&gamesims, &mut states);
        let traffic = traffic(&stack.metrics(), &mut rate, now);
        let Some(open) = &mut screen else { continue };
        let (width, height) = terminal_size();
        let demo = demo.map(Demo::scene);
        let scene = Scene { url: url.clone(), uptime: now - started, demo, gamesims: gamesims.clone(), traffic };
        if open.draw(&render(&scene, width.into(), height.into())).is_err() {
            screen = None;
        }
    }
}

fn gamesim(row: &GamesimRow, now: Timestamp) -> GamesimScene {
    let state = match row.state {
        GamesimState::Gone => "gone",
        _ if !row.is_alive(now) => "silent",
        GamesimState::Ready => "ready",
        GamesimState::Draining => "draining",
    };
    GamesimScene {
        name: row.gamesim_id.to_string(),
        state,
        epoch: row.epoch,
        sessions: row.sessions.len(),
        capacity: row.capacity,
        players: row.load.players,
        tick_lateness_p99_us: row.load.tick_lateness_p99_us,
    }
}

fn log_changes(gamesims: &[GamesimScene], states: &mut BTreeMap<String, (&'static str, u64)>) {
    for it in gamesims {
        let state = (it.state, it.epoch);
        if states.insert(it.name.clone(), state) != Some(state) {
            tracing::info!(gamesim = it.name, state = it.state, epoch = it.epoch, "a game sim changed");
        }
    }
}

fn traffic(snapshot: &TrafficSnapshot, rate: &mut Rate, now: Instant) -> TrafficScene {
    TrafficScene {
        requests_per_s: rate.per_s(snapshot.requests(), now),
        server_errors: snapshot.server_errors(),
        latency_p50_us: snapshot.latency_p50_us,
        latency_p99_us: snapshot.latency_p99_us,
    }
}

/// How fast a count rises, over the last few seconds.
#[derive(Debug, Default)]
struct Rate(VecDeque<(Instant, u64)>);

impl Rate {
    fn per_s(&mut self, count: u64, now: Instant) -> f64 {
        if self.0.len() > RATE_VIEWS {
            self.0.pop_front();
        }
        self.0.push_back((now, count));
        let Some((then, before)) = self.0.front() else { return 0.0 };
        let seconds = (now - *then).as_secs_f64();
        if seconds > 0.0 { count.saturating_sub(*before) as f64 / seconds } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let (mut rate, start) = (Rate::default(), Instant::now());
        assert!(rate.per_s(1_000, start).abs() < 1e-9);
        for view in 1..=20 {
            let now = start + Duration::from_millis(REFRESH_MS) * view;
            let per_s = rate.per_s(1_000 + u64::from(view) * 5, now);
            assert!((per_s - 10.0).abs() < 1e-9, "{per_s}");
        }
        for view in 21..=31 {
            rate.per_s(1_100, start + Duration::from_millis(REFRESH_MS) * view);
        }
        assert!(rate.per_s(1_100, start + Duration::from_secs(16)).abs() < 1e-9);
    }

    #[test]
    fn a_game_sim_is_judged_when_it_is_looked_at() {
        let row = GamesimRow {
            gamesim_id: "sim-1".parse().unwrap(),
            epoch: 4,
            boot_id: "b".to_owned(),
            state: GamesimState::Ready,
            ip: "127.0.0.1".to_owned(),
            ports: vec![4_000],
            capacity: 10,
            build_version: "test".to_owned(),
            protocol_version: 1,
            content_version: "0".repeat(16),
            sealed_connect_key: String::new(),
            lease_until: Timestamp(6_000),
            sessions: BTreeMap::new(),
            zones: BTreeMap::new(),
            load: Default::default(),
            expelled: std::collections::BTreeMap::new(),
        };
        assert_eq!(gamesim(&row, Timestamp(5_999)).state, "ready");
        assert_eq!(gamesim(&row, Timestamp(6_000)).state, "silent");
        let draining = GamesimRow { state: GamesimState::Draining, ..row.clone() };
        assert_eq!(gamesim(&draining, Timestamp(0)).state, "draining");
        assert_eq!(gamesim(&GamesimRow { state: GamesimState::Gone, ..row }, Timestamp(0)).state, "gone");
    }
}
