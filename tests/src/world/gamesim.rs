//! The game sims of a world: the whole process each, with its control plane and its shard, but for sockets, threads and the
//! clock. They are killed, stopped for a while, asked to end and cut off, and come back under the next epoch.

use super::fleet::{self, Fleet};
use super::roads::{Api, Ask, Cut};
use super::{World, lock};
use crate::backend::Caller;
use crate::disorder::Planted;
use guildhall_domain::ruleset::Standard;
use guildhall_gamesim::clock::Clock;
use guildhall_gamesim::datagrams::{BATCH_DATAGRAMS, Sent};
use guildhall_gamesim::dead_letters::Letters;
use guildhall_gamesim::driver::Driver;
use guildhall_gamesim::limits::{SLOT_MS, SLOTS_BEHIND_MAX};
use guildhall_gamesim::rim::{Berth, Names, Objects, Pending, Received, Rim, Transport, Wire};
use guildhall_gamesim::shard::Shard;
use guildhall_gamesim::{Config, RunError, Shutdown, run_in};
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

/// How long a game sim is left in peace, stopped and gone, in milliseconds.
const PEACE_MS_MAX: u64 = 16_000;
const PAUSE_MS_MAX: u64 = 14_000;
const ABSENCE_MS_MAX: u64 = 9_000;
/// How long a way stays cut, in milliseconds.
const CUT_MS_MAX: u64 = 12_000;
/// How long the bucket takes, in milliseconds: when all is well, and when it is slow.
const OBJECT_MS_MAX: u64 = 40;
const OBJECT_SLOW_MS_MAX: u64 = 6_000;

/// What all game sims have in common.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) world: Arc<World>,
    pub(super) api: Arc<Api>,
    pub(super) letters: mpsc::UnboundedSender<String>,
    /// The content, as the API gives it.
    pub(super) bundle: Arc<Vec<u8>>,
    pub(super) objects: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(super) boots: AtomicU64,
    pub(super) fleet: Mutex<Fleet>,
}

impl Site {
    fn keep(&self, key: String, bytes: Vec<u8>) {
        self.world.stir(&bytes);
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).insert(key, bytes);
    }
}

/// One process.
#[derive(Debug)]
pub(super) struct Boot {
    pub(super) site: Arc<Site>,
    pub(super) name: String,
    address: SocketAddr,
    is_dead: AtomicBool,
    stopped_until: Mutex<Instant>,
    cut: Mutex<(Instant, Cut)>,
    /// How long its sessions may go on once it is told to end, and from when on it may close them, if it has been.
    drain: Duration,
    closes_from: Mutex<Option<Instant>>,
    shutdown: Shutdown,
}

impl Boot {
    /// When it goes on, if it is stopped.
    fn stopped_until(&self) -> Option<Instant> {
        let until = *self.stopped_until.lock().unwrap_or_else(PoisonError::into_inner);
        (until > Instant::now()).then_some(until)
    }

    /// Waits until it is not stopped.
    pub(super) async fn go_on(&self) {
        while let Some(until) = self.stopped_until() {
            sleep_until(until).await;
        }
    }

    /// It hears that it has to end.
    pub(super) fn note_drain(&self) {
        lock(&self.closes_from).get_or_insert(Instant::now() + self.drain);
        if self.site.world.plan.planted == Some(Planted::Abrupt) {
            self.shutdown.at_once.cancel();
        }
    }

    /// R9: whether it may close sessions that are not over.
    pub(super) fn may_close(&self) -> bool {
        lock(&self.closes_from).is_some_and(|from| from <= Instant::now())
    }

    fn cut(&self) -> Cut {
        let (until, cut) = *self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        if until > Instant::now() { cut } else { Cut::default() }
    }
}

/// The API, as one process reaches it.
#[derive(Debug)]
struct Line(Arc<Boot>);

impl Transport for Line {
    fn send(&self, request: http::Request<Vec<u8>>) -> Pending<'_, Result<(u16, Vec<u8>), String>> {
        Box::pin(async move {
            let boot = &self.0;
            if request.uri().path() == "/v1/content" {
                return Ok((200, boot.site.bundle.to_vec()));
            }
            let words: Vec<_> = request.uri().path().trim_start_matches("/internal/").split('/').collect();
            let (route, parameter) = match *words.as_slice() {
                ["gamesims"] => ("register-gamesim", None),
                ["gamesims", id, "heartbeat"] => ("heartbeat-gamesim", Some(("gamesim_id", id.to_owned()))),
                ["game-sessions", id, "admit"] => ("admit-player", Some(("session_id", id.to_owned()))),
                ["game-sessions", id, "recover"] => ("recover-game-session", Some(("session_id", id.to_owned()))),
                ["game-sessions", id, "progress"] => ("save-progress", Some(("session_id", id.to_owned()))),
                ["game-sessions", id, "finalize"] => ("finalize-game-session", Some(("session_id", id.to_owned()))),
                ["game-sessions", id, "events"] => ("save-events", Some(("session_id", id.to_owned()))),
                _ => return Err(format!("no route for {}", request.uri())),
            };
            let body: Value = serde_json::from_slice(request.body()).map_err(|error| error.to_string())?;
            boot.go_on().await;
            if body["outcome"] == "drained" && !boot.may_close() {
                boot.site.world.fail(format!("R9: {} closes a session before its time: {body}", boot.name));
            }
            let (world, asked) = (&boot.site.world, body["groups"].clone());
            let savings = world.note_save(&asked);
            let is_named = parameter.as_ref().is_none_or(|(name, _)| *name == "gamesim_id");
            let named = is_named.then(|| world.note_name(&boot.name, route, &body));
            let ask = Ask { route, caller: Caller::Gamesim(&boot.name), path: parameter, key: None, body };
            let answer = boot.site.api.ask(&ask, boot.cut()).await;
            world.note_saved(&savings, answer.as_ref());
            if let Some(nth) = named {
                world.note_named(&boot.name, nth, answer.as_ref());
            }
            boot.go_on().await;
            let (status, body) = answer.ok_or("no answer")?;
            if !savings.is_empty() {
                world.tell(format!("{} saved {} -> {}", boot.name, brief(&asked), body["groups"]));
            }
            Ok((status, body.to_string().into_bytes()))
        })
    }
}

/// Which characters a write is about, from which version.
fn brief(groups: &Value) -> String {
    let writes = groups.as_array().into_iter().flatten().flat_map(|group| group["writes"].as_array()).flatten();
    let brief = writes.map(|write| format!("{}@{}+{}", write["character_id"], write["base_version"], write["release"]));
    brief.collect::<Vec<_>>().join(" ")
}

/// The bucket, as one process reaches it.
#[derive(Debug)]
struct Shelf(Arc<Boot>);

impl Shelf {
    async fn travel(&self) {
        let world = &self.0.site.world;
        let is_slow = world.happens(|weather| weather.puts_slow);
        sleep(Duration::from_millis(world.below(if is_slow { OBJECT_SLOW_MS_MAX } else { OBJECT_MS_MAX }))).await;
    }
}

impl Objects for Shelf {
    fn put(&self, key: String, bytes: Vec<u8>) -> Pending<'_, Result<(), String>> {
        Box::pin(async move {
            self.0.go_on().await;
            let site = &self.0.site;
            if site.world.happens(|weather| weather.puts_failed) {
                return Err("it is not stored".to_owned());
            }
            if site.world.happens(|weather| weather.puts_late) {
                let late = Duration::from_millis(site.world.below(OBJECT_SLOW_MS_MAX));
                let site = Arc::clone(site);
                tokio::spawn(async move {
                    sleep(late).await;
                    site.keep(key, bytes);
                });
                return Err("no answer".to_owned());
            }
            self.travel().await;
            site.keep(key, bytes);
            self.0.go_on().await;
            Ok(())
        })
    }

    fn get(&self, key: String) -> Pending<'_, Result<Option<Vec<u8>>, String>> {
        Box::pin(async move {
            self.0.go_on().await;
            let site = &self.0.site;
            self.travel().await;
            if site.world.happens(|weather| weather.gets_failed) {
                return Err("no answer".to_owned());
            }
            let found = site.objects.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
            self.0.go_on().await;
            Ok(found)
        })
    }

    fn list(&self, _: String, _: Option<String>) -> Pending<'_, Result<Names, String>> {
        Box::pin(async { Err("a game sim lists nothing".to_owned()) })
    }
}

/// A shard's place in one process.
#[derive(Debug)]
struct Dock(Arc<Boot>);

impl Berth for Dock {
    fn port(&self) -> io::Result<u16> {
        Ok(self.0.address.port())
    }

    fn start(self: Box<Self>, driver: Driver) -> io::Result<()> {
        tokio::spawn(turn(self.0, driver));
        Ok(())
    }
}

/// Gives a shard its turns, as a thread does: late ones are made up for, and much too late ones are let go.
async fn turn(boot: Arc<Boot>, mut driver: Driver) {
    let slot = Duration::from_millis(SLOT_MS);
    let mut next = Instant::now();
    loop {
        boot.go_on().await;
        if boot.is_dead.load(Ordering::Relaxed) {
            return;
        }
        let slots = driver.turn(&mut Cable(&boot));
        driver.read_on(&mut Cable(&boot));
        if !driver.hand_over() {
            return driver.end();
        }
        next += slot * slots;
        let now = Instant::now();
        if now > next + slot * SLOTS_BEHIND_MAX {
            next = now;
        }
        sleep_until(next).await;
    }
}

/// A shard's end of the ways to the players.
struct Cable<'a>(&'a Boot);

impl Wire for Cable<'_> {
    fn receive(&mut self, now_ms: u64, shard: &mut Shard) -> io::Result<Received> {
        let (world, mut received) = (&self.0.site.world, Received::default());
        // Less than a batch: then nobody looks at a clock to see whether there is time for another.
        while received.datagrams + 1 < BATCH_DATAGRAMS {
            let taken = world.datagrams().take(world.now_ms(), self.0.address);
            let Some((from, mut bytes)) = taken else { break };
            received.datagrams += 1;
            received.bytes += bytes.len() as u64;
            shard.handle_datagram(now_ms, from, &mut bytes);
        }
        if received.datagrams == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(received) }
    }

    fn send(&mut self, shard: &mut Shard) -> Sent {
        let mut sent = Sent::default();
        while let Some(transmit) = shard.poll_transmit() {
            sent.datagrams += 1;
            sent.bytes += transmit.bytes.len() as u64;
            self.0.site.world.send(self.0.address, transmit.to, &transmit.bytes);
            shard.recycle(transmit.bytes);
        }
        sent
    }
}

/// What becomes of a process.
enum Fate {
    Killed,
    Drained,
    ToldToEnd,
}

/// A game sim of this name, one boot after the other, for as long as the world lasts.
pub(super) async fn live(site: Arc<Site>, name: String) {
    let world = &site.world;
    while lock(&site.fleet).has(&name) {
        run_once(&site, &name).await;
        sleep(Duration::from_millis(100 + world.below(if world.is_calm() { 100 } else { ABSENCE_MS_MAX }))).await;
    }
}

fn config(world: &World, drain_s: u64) -> Config {
    let (drain_s, capacity) = (drain_s.to_string(), world.weather().capacity.to_string());
    let config = Config::parse(|variable| match variable {
        "GUILDHALL_API" => Some("http://api.test".to_owned()),
        "GUILDHALL_GAMESIM_SHARDS" => Some("1".to_owned()),
        "GUILDHALL_GAMESIM_CAPACITY" => Some(capacity.clone()),
        "GUILDHALL_DRAIN_S" => Some(drain_s.clone()),
        "GUILDHALL_RECORDINGS" => Some("0".to_owned()),
        _ => None,
    });
    config.expect("a configuration")
}

async fn run_once(site: &Arc<Site>, name: &str) {
    let world = &site.world;
    let number = site.boots.fetch_add(1, Ordering::Relaxed);
    let port = 4_000 + u16::try_from(number).unwrap_or_default();
    let (skew_ms, drain_s) = (world.skew_ms(), world.below(40));
    let (now, shutdown) = (Instant::now(), Shutdown::default());
    let boot = Arc::new(Boot {
        site: Arc::clone(site),
        name: name.to_owned(),
        address: (Ipv4Addr::LOCALHOST, port).into(),
        is_dead: AtomicBool::new(false),
        stopped_until: Mutex::new(now),
        cut: Mutex::new((now, Cut::default())),
        drain: Duration::from_secs(drain_s),
        closes_from: Mutex::new(None),
        shutdown: shutdown.clone(),
    });
    let (clock, entropy) = (Arc::clone(world), Arc::clone(world));
    let rim = Rim {
        api: Arc::new(Line(Arc::clone(&boot))),
        bucket: Some(Arc::new(Shelf(Arc::clone(&boot)))),
        clock: Arc::new(Clock::told(move || clock.now_ms().saturating_add_signed(skew_ms))),
        entropy: Arc::new(move |bytes| {
            entropy.fill(bytes);
            Ok(())
        }),
        letters: Letters::Told(site.letters.clone()),
        berths: vec![Box::new(Dock(Arc::clone(&boot)))],
        around: fleet::around(&boot),
    };
    world.tell(format!("{name} boots at {port}, {skew_ms} ms off"));
    let process = run_in(rim, config(world, drain_s), Arc::new(Standard), shutdown.clone());
    let mut running = tokio::spawn(interruptible(Arc::clone(&boot), process));
    let ended = loop {
        tokio::select! {
            biased;
            ended = &mut running => break Some(ended),
            fate = suffer(&boot) => match fate {
                Fate::Killed => break None,
                Fate::Drained => {
                    boot.note_drain();
                    shutdown.drain.cancel();
                }
                Fate::ToldToEnd => {
                    *lock(&boot.closes_from) = Some(Instant::now());
                    shutdown.at_once.cancel();
                }
            }
        }
    };
    boot.is_dead.store(true, Ordering::Relaxed);
    running.abort();
    world.datagrams().close(boot.address);
    match ended {
        None => world.tell(format!("{name} is killed")),
        Some(Ok(Err(error @ (RunError::Crashed | RunError::Content(_))))) => world.fail(format!("{name}: {error}")),
        Some(Err(error)) if error.is_panic() => world.fail(format!("{name} panics")),
        Some(ended) => world.tell(format!("{name} ends: {ended:?}")),
    }
}

/// What befalls a process next; what it outlives is seen to here.
async fn suffer(boot: &Boot) -> Fate {
    let world = &boot.site.world;
    loop {
        sleep(Duration::from_millis(2_000 + world.below(PEACE_MS_MAX))).await;
        let until = |ms_max: u64| Instant::now() + Duration::from_millis(world.below(ms_max));
        if !lock(&boot.site.fleet).has(&boot.name) || world.happens(|weather| weather.kills) {
            return Fate::Killed;
        }
        if world.happens(|weather| weather.ends) {
            return if world.below(3) == 0 { Fate::ToldToEnd } else { Fate::Drained };
        }
        if world.happens(|weather| weather.pauses) {
            *boot.stopped_until.lock().unwrap_or_else(PoisonError::into_inner) = until(PAUSE_MS_MAX);
            world.tell(format!("{} is stopped", boot.name));
        }
        if world.happens(|weather| weather.cuts) {
            let kind = world.below(3);
            let cut = Cut { requests: kind != 1, answers: kind != 0 };
            *boot.cut.lock().unwrap_or_else(PoisonError::into_inner) = (until(CUT_MS_MAX), cut);
            world.tell(format!("{} is cut off: {cut:?}", boot.name));
        }
        let kind = if world.happens(|weather| weather.blackouts) { 1 + world.below(3) } else { 0 };
        world.datagrams().cut(boot.address, kind & 1 != 0, kind & 2 != 0);
    }
}

/// Does nothing while the process is stopped.
async fn interruptible<T>(boot: Arc<Boot>, process: impl Future<Output = T>) -> T {
    let mut process = pin!(process);
    let mut waiting: Option<std::pin::Pin<Box<tokio::time::Sleep>>> = None;
    poll_fn(move |context| {
        loop {
            if let Some(sleep) = &mut waiting {
                if sleep.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                waiting = None;
            }
            match boot.stopped_until() {
                Some(until) => waiting = Some(Box::pin(sleep_until(until))),
                None => return process.as_mut().poll(context),
            }
        }
    })
    .await
}
