//! The ways between everybody: datagrams between players and game sims, and calls to the API. Both lose, repeat, delay and
//! reorder what travels on them, and whole ways are cut now and then, in one direction or both.

use super::World;
use crate::backend::{Caller, event};
use guildhall_functions::{App, ROUTES, Route, invoke};
use guildhall_gamesim::limits::API_TIMEOUT_MS;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

/// How long a datagram takes that nothing befalls, and one that comes late, in milliseconds.
const DATAGRAM_MS_MAX: u64 = 40;
const DATAGRAM_LATE_MS_MAX: u64 = 2_000;
/// The same of a request.
const REQUEST_MS_MAX: u64 = 25;
const REQUEST_LATE_MS_MAX: u64 = 12_000;
/// Within which time a function is killed that is, in milliseconds.
const KILL_MS_MAX: u64 = 60;

/// Datagrams on their way, by when they arrive and in which order they were sent.
type Queue = BTreeMap<(u64, u64), (SocketAddr, Vec<u8>)>;

/// The ways of datagrams.
#[derive(Debug, Default)]
pub(super) struct Datagrams {
    under_way: BTreeMap<SocketAddr, Queue>,
    sent: u64,
    /// Addresses that nothing reaches, and those that reach nobody.
    deaf: BTreeSet<SocketAddr>,
    mute: BTreeSet<SocketAddr>,
}

impl Datagrams {
    /// Cuts a game sim off, or lets it be heard again.
    pub(super) fn cut(&mut self, address: SocketAddr, is_deaf: bool, is_mute: bool) {
        for (set, is_in) in [(&mut self.deaf, is_deaf), (&mut self.mute, is_mute)] {
            if is_in {
                set.insert(address)
            } else {
                set.remove(&address)
            };
        }
    }

    fn put(&mut self, at_ms: u64, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        self.sent += 1;
        self.under_way.entry(to).or_default().insert((at_ms, self.sent), (from, bytes));
    }

    /// The next datagram that has arrived, if one has.
    pub(super) fn take(&mut self, now_ms: u64, to: SocketAddr) -> Option<(SocketAddr, Vec<u8>)> {
        let queue = self.under_way.get_mut(&to)?;
        let first = queue.first_entry().filter(|first| first.key().0 <= now_ms)?;
        Some(first.remove())
    }

    /// Nobody is there any more.
    pub(super) fn close(&mut self, address: SocketAddr) {
        self.under_way.remove(&address);
    }
}

impl World {
    /// Sends a datagram.
    pub(super) fn send(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let now_ms = self.now_ms();
        self.trace().stir(now_ms, bytes);
        if self.happens(|weather| weather.datagrams_lost) {
            return;
        }
        let is_twice = self.happens(|weather| weather.datagrams_twice);
        for _ in 0..=u32::from(is_twice) {
            let is_late = self.happens(|weather| weather.datagrams_late);
            let takes_ms = 1 + self.below(if is_late { DATAGRAM_LATE_MS_MAX } else { DATAGRAM_MS_MAX });
            let mut datagrams = self.datagrams();
            if !datagrams.mute.contains(&from) && !datagrams.deaf.contains(&to) {
                datagrams.put(now_ms + takes_ms, from, to, bytes.to_vec());
            }
        }
    }
}

/// What befalls the calls of one caller.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cut {
    pub(super) requests: bool,
    pub(super) answers: bool,
}

/// An answer: status and body.
pub(super) type Answer = (u16, Value);

/// A call.
pub(super) struct Ask<'a> {
    pub(super) route: &'static str,
    pub(super) caller: Caller<'a>,
    pub(super) path: Option<(&'a str, String)>,
    pub(super) key: Option<String>,
    pub(super) body: Value,
}

/// The API, as everybody reaches it: some instances of its functions, each with a clock of its own.
pub(super) struct Api {
    world: Arc<World>,
    apps: Vec<Arc<App>>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

/// What one request is in for.
#[derive(Clone)]
struct Trip {
    app: Arc<App>,
    route: &'static Route,
    event: Arc<str>,
    starts_in: Duration,
    killed_in: Option<Duration>,
}

impl Api {
    pub(super) const fn new(world: Arc<World>, apps: Vec<Arc<App>>) -> Self {
        Self { world, apps }
    }

    /// Makes a call, and waits for its answer as long as anybody would. `None`: nobody knows what became of it.
    pub(super) async fn ask(&self, ask: &Ask<'_>, cut: Cut) -> Option<Answer> {
        let route = ROUTES.iter().copied().find(|route| route.name == ask.route)?;
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(ask.key.as_deref().map(|key| ("idempotency-key", key)));
        let path: Vec<_> = ask.path.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = if ask.body.is_null() { String::new() } else { ask.body.to_string() };
        let event: Arc<str> = event(route, ask.caller, &path, &headers, &body).to_string().into();
        let (answer, heard) = oneshot::channel();
        let world = &self.world;
        if !world.happens(|weather| weather.requests_lost) && !cut.requests {
            let trip = self.trip(route, &event);
            tokio::spawn(trip.go(Arc::clone(world), Some(answer)));
        }
        if world.happens(|weather| weather.requests_twice) && !cut.requests {
            tokio::spawn(self.trip(route, &event).go(Arc::clone(world), None));
        }
        let heard = async {
            let answer = heard.await.ok();
            if answer.is_none() || cut.answers || world.happens(|weather| weather.answers_lost) {
                std::future::pending::<()>().await;
            }
            sleep(Duration::from_millis(world.below(REQUEST_MS_MAX))).await;
            answer
        };
        let answer = timeout(Duration::from_millis(API_TIMEOUT_MS), heard).await.ok().flatten();
        let status = answer.as_ref().map_or(0, |(status, _)| *status);
        let code = answer.as_ref().and_then(|(_, body)| body["error"]["code"].as_str()).unwrap_or_default();
        world.tell(format!("{:?} {} {:?} -> {status} {code}", ask.caller_name(), ask.route, ask.path));
        answer
    }

    fn trip(&self, route: &'static Route, event: &Arc<str>) -> Trip {
        let world = &self.world;
        let nth = world.below(self.apps.len() as u64) as usize;
        let is_late = world.happens(|weather| weather.requests_late);
        let starts_in = world.below(if is_late { REQUEST_LATE_MS_MAX } else { REQUEST_MS_MAX });
        let killed_in = world.happens(|weather| weather.functions_killed);
        Trip {
            app: Arc::clone(&self.apps[nth]),
            route,
            event: Arc::clone(event),
            starts_in: Duration::from_millis(starts_in),
            killed_in: killed_in.then(|| Duration::from_millis(world.below(KILL_MS_MAX))),
        }
    }
}

impl Trip {
    async fn go(self, world: Arc<World>, to: Option<oneshot::Sender<Answer>>) {
        sleep(self.starts_in).await;
        let arrival = world.note_arrival(self.route.name, &self.event);
        let called = async { invoke(&self.app, self.route, &self.event).await };
        let called = match self.killed_in {
            Some(killed_in) => timeout(killed_in, called).await.ok(),
            None => Some(called.await),
        };
        let Some(Ok(response)) = called else { return };
        let status = response["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
        let body = response["body"].as_str().unwrap_or_default();
        if status == 500 || !self.route.statuses().contains(&status) {
            world.fail(format!("{} answers {status} {body} to {}", self.route.name, self.event));
        }
        let answer = (status, serde_json::from_str(body).unwrap_or_default());
        world.judge_arrival(self.route.name, arrival, &answer);
        if let Some(to) = to {
            // Who does not wait any more does not need it.
            let _ = to.send(answer);
        }
    }
}

impl Ask<'_> {
    fn caller_name(&self) -> &str {
        match self.caller {
            Caller::Gamesim(name) | Caller::Operator(name) => name,
            _ => "player",
        }
    }
}

/// Time between two clean-ups of the fleet, in milliseconds.
const REAP_MS: u64 = 15_000;

/// Has the fleet cleaned up now and then, as a schedule does.
pub(super) async fn reap(api: Arc<Api>) {
    loop {
        sleep(Duration::from_millis(REAP_MS)).await;
        let caller = Caller::Operator("schedule");
        api.ask(&Ask { route: "reap-fleet", caller, path: None, key: None, body: json!({}) }, Cut::default()).await;
    }
}
