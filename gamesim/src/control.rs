//! The control plane: everything that talks to the API. It keeps the game sim registered, carries out what shards ask, and
//! leads the process through its end. It never touches a room: shards are told, and what they ask is data.
//!
//! If the API cannot be reached, shards go on; only their requests wait. Read [`Stage`] for how a process ends.

use crate::api::Api;
use crate::backoff::Backoff;
use crate::bucket::{self, Bucket};
use crate::clock::Clock;
use crate::cloud::Sighting;
use crate::config::Config;
use crate::dead_letters::DeadLetters;
use crate::driver::Asked;
use crate::exchange::{ApiFailure, BurialReason, DeadLetter, Order, Recovery, Request};
use crate::limits::{API_REQUESTS_MAX, CHECKPOINT_LATE_MS, CHECKPOINT_TIMEOUT_MS, CLOCK_SKEW_MS_MAX, SHARDS_END_S_MAX};
use crate::metrics::SimMetrics;
use crate::{RunError, Shutdown};
use guildhall_domain::SessionId;
use guildhall_domain::api::{
    FinalizeRequest, GamesimState, HeartbeatRequest, HeartbeatResponse, RecoverRequest, Registered,
};
use guildhall_domain::session::Outcome;
use guildhall_telemetry::HistogramSnapshot;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

pub(crate) mod boot;
mod errands;
mod expulsions;
mod logbook;
mod placements;
#[cfg(test)]
mod tests;
mod uploads;

use boot::LoadedContent;
use errands::{Done, Office};
use expulsions::Expulsions;
use logbook::Logbook;
use placements::{Placements, Remedy};
use uploads::{Shelf, Uploads};

/// Tries to say goodbye.
const GOODBYES_MAX: u32 = 3;
/// Which share of the time between heartbeats is left to chance: a fifth.
const BEAT_JITTER_SHARE: u64 = 5;

/// One shard, as the control plane holds it.
#[derive(Debug)]
pub(crate) struct ShardLink {
    pub(crate) orders: Sender<Order>,
    pub(crate) is_finished: oneshot::Receiver<()>,
}

/// What a registered process consists of, besides its shards.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) api: Arc<Api>,
    /// Where checkpoints are kept, if they are.
    pub(crate) bucket: Option<Bucket>,
    /// The content that recordings are played with.
    pub(crate) content: LoadedContent,
    pub(crate) clock: Arc<Clock>,
    pub(crate) metrics: Arc<SimMetrics>,
    pub(crate) registered: Registered,
    /// For those who tell the cloud.
    pub(crate) sightings: watch::Sender<Sighting>,
}

/// How far the process is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Taking sessions.
    Running,
    /// Nothing new; sessions go on until their end or this moment.
    Draining(Instant),
    /// Rooms are closed, and the last writes are made, until this moment.
    Stopping(Instant),
    /// What is not written has been handed out; shards end.
    Abandoning(Instant),
    /// The epoch is over; shards end without a write.
    Fenced(Instant),
}

/// Runs a registered game sim to its end.
#[derive(Debug)]
pub(crate) struct Control {
    office: Arc<Office>,
    clock: Arc<Clock>,
    registered: Registered,
    /// For how long after a heartbeat no clock of the API can have seen the lease end, and until when that is.
    lease: Duration,
    leased_until: Instant,
    /// When no object of checkpoints can be on its way any more of which it is not known what became: until then it may yet
    /// take the place of a later one.
    settled_at: Instant,
    drain: Duration,
    last_writes: Duration,
    orders: Vec<Sender<Order>>,
    shards: JoinSet<Result<(), oneshot::error::RecvError>>,
    requests: mpsc::UnboundedReceiver<Asked>,
    errands: JoinSet<Done>,
    /// Apart from the errands, because the end waits for these alone.
    burials: JoinSet<()>,
    /// Sessions without a room on their way to being closed.
    closings: JoinSet<()>,
    uploads: Uploads,
    logbook: Logbook,
    placements: Placements,
    expulsions: Expulsions,
    stage: Stage,
    next_beat: Instant,
    is_beat_out: bool,
    is_reachable: bool,
    sightings: watch::Sender<Sighting>,
    lateness_seen: Vec<HistogramSnapshot>,
    letters_abandoned: u64,
    has_crashed: bool,
    jitter: Backoff,
}

impl Control {
    pub(crate) fn new(
        parts: Parts,
        letters: DeadLetters,
        shards: Vec<ShardLink>,
        requests: mpsc::UnboundedReceiver<Asked>,
    ) -> Self {
        let Parts { config, api, bucket, content, clock, metrics, registered, sightings } = parts;
        let permits = Semaphore::new(API_REQUESTS_MAX);
        let (orders, ends): (Vec<_>, Vec<_>) =
            shards.into_iter().map(|shard| (shard.orders, shard.is_finished)).unzip();
        Self {
            jitter: Backoff::seeded(registered.epoch ^ clock.now_ms()),
            office: Arc::new(Office {
                api,
                bucket,
                shelf: Shelf::new(content),
                clock: Arc::clone(&clock),
                metrics,
                letters: Arc::new(letters),
                permits,
            }),
            clock,
            lease: Duration::from_millis(registered.lease_ms.saturating_sub(2 * CLOCK_SKEW_MS_MAX)),
            leased_until: Instant::now(),
            settled_at: Instant::now(),
            registered,
            drain: Duration::from_secs(config.drain_s),
            last_writes: Duration::from_secs(config.last_writes_s),
            orders,
            shards: ends.into_iter().collect(),
            requests,
            errands: JoinSet::new(),
            burials: JoinSet::new(),
            closings: JoinSet::new(),
            uploads: Uploads::default(),
            logbook: Logbook::default(),
            placements: Placements::default(),
            expulsions: Expulsions::default(),
            stage: Stage::Running,
            next_beat: Instant::now(),
            is_beat_out: false,
            is_reachable: true,
            sightings,
            lateness_seen: Vec::new(),
            letters_abandoned: 0,
            has_crashed: false,
        }
    }

    /// Until every shard has ended and everything is written or kept.
    pub(crate) async fn run(mut self, shutdown: Shutdown) -> Result<(), RunError> {
        while !self.shards.is_empty() {
            let may_drain = self.stage == Stage::Running;
            let may_stop = matches!(self.stage, Stage::Running | Stage::Draining(_));
            let deadline = self.stage.deadline();
            // In this order, so that the same events have the same outcome. Nothing can starve what follows it: those that come
            // first are rare or put themselves off, and errands are no more than what was asked for.
            tokio::select! {
                biased;
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    if !self.move_on() {
                        break;
                    }
                }
                () = shutdown.at_once.cancelled(), if may_stop => self.stop(),
                () = shutdown.drain.cancelled(), if may_drain => self.start_draining(),
                () = sleep_until(self.next_beat), if !self.is_beat_out => self.beat(),
                Some(end) = self.shards.join_next() => {
                    if !matches!(end, Ok(Ok(()))) {
                        self.handle_crash(&"a shard");
                    }
                }
                Some(done) = self.errands.join_next() => match done {
                    Ok(done) => self.handle_done(done),
                    Err(error) => self.handle_crash(&error),
                },
                Some(_) = self.burials.join_next() => {}
                Some(_) = self.closings.join_next() => {}
                Some(()) = self.uploads.join_next() => {}
                Some(()) = self.logbook.join_next(&self.office) => {}
                Some((shard, request)) = self.requests.recv() => self.send_out(shard, request),
            }
        }
        self.finish().await
    }

    fn tell_shards(&self, order: &Order) {
        for shard in &self.orders {
            // A shard that has ended has nothing left to hear.
            let _ = shard.send(order.clone());
        }
    }

    fn send_out(&mut self, shard: usize, request: Request) {
        match request {
            Request::Bury(letter) => self.bury(letter),
            Request::Checkpoint(object) => {
                let key = bucket::key(&self.registered.gamesim_id, self.registered.epoch, object.port);
                self.errands.spawn(Arc::clone(&self.office).keep(shard, key, object.bytes));
            }
            Request::Admit { ticket, request } => {
                self.placements.handle_attempt(self.clock.now_ms(), request.session_id);
                self.errands.spawn(Arc::clone(&self.office).admit(shard, ticket, request));
            }
            Request::Record(part) => self.uploads.start(&self.office, part),
            Request::Log(chunk) => self.logbook.start(&self.office, chunk),
            Request::Save(request) => drop(self.errands.spawn(Arc::clone(&self.office).save(shard, request))),
            Request::Finalize(request) => drop(self.errands.spawn(Arc::clone(&self.office).finalize(shard, request))),
        }
    }

    fn bury(&mut self, letter: DeadLetter) {
        self.letters_abandoned += u64::from(letter.reason == BurialReason::Abandoned);
        self.burials.spawn(Arc::clone(&self.office).bury(letter));
    }

    fn handle_done(&mut self, done: Done) {
        match done {
            Done::Answered { shard, order, admitted } => {
                if let Some((session_id, session_epoch)) = admitted {
                    self.placements.handle_admitted(self.clock.now_ms(), session_id, session_epoch);
                }
                if let Some(shard) = self.orders.get(shard) {
                    let _ = shard.send(order);
                }
            }
            Done::Beaten { asked_ms, asked, answer } => {
                if answer.is_ok() {
                    self.leased_until = asked + self.lease;
                }
                self.handle_beaten(asked_ms, answer);
            }
            Done::Kept { shard, is_stored } => {
                // Before a lease can have ended by any clock of the API, nobody can have placed a session elsewhere and looked
                // for its checkpoint in vain.
                let now = Instant::now();
                if !is_stored {
                    self.settled_at = now + Duration::from_millis(CHECKPOINT_LATE_MS + CHECKPOINT_TIMEOUT_MS);
                }
                let is_ours = is_stored && now < self.leased_until && now >= self.settled_at;
                if let Some(shard) = self.orders.get(shard) {
                    let _ = shard.send(Order::Checkpointed { is_stored, is_ours });
                }
            }
            Done::Recovered(recovery) => {
                let Recovery { session_id, session_epoch, .. } = *recovery;
                self.placements.handle_admitted(self.clock.now_ms(), session_id, session_epoch);
                self.tell_shards(&Order::Recovered(recovery));
            }
            Done::Unrecovered => {}
        }
    }

    fn beat(&mut self) {
        // Sooner than asked for, never later: three beats have to fit into a lease, or two lost ones would end it.
        let interval_ms = self.registered.heartbeat_interval_ms.max(1);
        let wait_ms = interval_ms - self.jitter.draw() % (interval_ms / BEAT_JITTER_SHARE + 1);
        self.next_beat = Instant::now() + Duration::from_millis(wait_ms);
        self.is_beat_out = true;
        self.clock.adjust();
        let state = if self.stage == Stage::Running { GamesimState::Ready } else { GamesimState::Draining };
        let request = self.heartbeat(state);
        self.errands.spawn(Arc::clone(&self.office).beat(request));
    }

    fn heartbeat(&mut self, state: GamesimState) -> HeartbeatRequest {
        let load = self.office.metrics.load(&mut self.lateness_seen);
        HeartbeatRequest {
            gamesim_id: self.registered.gamesim_id.clone(),
            epoch: self.registered.epoch,
            state,
            load,
            expelled: self.expulsions.confirmed(),
        }
    }

    fn handle_beaten(&mut self, asked_ms: u64, answer: Result<HeartbeatResponse, ApiFailure>) {
        self.is_beat_out = false;
        let response = match answer {
            Ok(response) => response,
            Err(failure) if failure.is_fenced() => return self.give_up_epoch(),
            Err(failure) => {
                self.office.metrics.heartbeats_failed.inc();
                if std::mem::replace(&mut self.is_reachable, false) {
                    tracing::warn!(%failure, "heartbeats fail; sessions go on");
                }
                return;
            }
        };
        if !std::mem::replace(&mut self.is_reachable, true) {
            tracing::info!("heartbeats succeed again");
        }
        let expelled = self.expulsions.handle_listing(response.expelled);
        if !expelled.is_empty() {
            tracing::info!(accounts = expelled.len(), "letting players go whose accounts may not play any more");
            self.tell_shards(&Order::Expel(expelled.into()));
        }
        let is_empty = response.sessions.is_empty();
        self.sightings.send_replace(Sighting {
            at_ms: self.clock.now_ms(),
            is_ready: self.stage == Stage::Running && response.state == GamesimState::Ready,
            sessions: u32::try_from(response.sessions.len()).unwrap_or(u32::MAX),
            queued: response.queued,
            queue_wait_ms: response.queue_wait_ms,
        });
        self.office.metrics.note_queue(response.queued, response.queue_wait_ms);
        let unclaimed = self.placements.handle_listing(self.clock.now_ms(), asked_ms, &response.sessions);
        for (session_id, session_epoch, remedy) in unclaimed {
            match remedy {
                Remedy::Close(outcome) => self.close_unclaimed(session_id, session_epoch, outcome),
                Remedy::Recover => self.recover(session_id, session_epoch),
            }
        }
        self.tell_shards(&Order::Listed { asked_ms, sessions: Arc::new(response.sessions) });
        // Only an answer given while draining proves that nothing can arrive any more.
        if matches!(self.stage, Stage::Draining(_)) && response.state == GamesimState::Draining && is_empty {
            self.stop();
        }
    }

    fn recover(&mut self, session_id: SessionId, session_epoch: u32) {
        let request = RecoverRequest { session_id, gamesim_epoch: self.registered.epoch, session_epoch };
        self.errands.spawn(Arc::clone(&self.office).recover(request));
    }

    fn close_unclaimed(&mut self, session_id: SessionId, session_epoch: u32, outcome: Outcome) {
        tracing::info!(%session_id, ?outcome, "closing a session that nobody has entered");
        let request = FinalizeRequest { session_id, gamesim_epoch: self.registered.epoch, session_epoch, outcome };
        self.closings.spawn(Arc::clone(&self.office).close_unclaimed(request));
    }

    fn start_draining(&mut self) {
        tracing::info!(seconds = self.drain.as_secs(), "draining");
        if self.drain.is_zero() {
            return self.stop();
        }
        self.stage = Stage::Draining(Instant::now() + self.drain);
        self.next_beat = Instant::now();
    }

    fn stop(&mut self) {
        tracing::info!("closing every session");
        self.stage = Stage::Stopping(Instant::now() + self.last_writes);
        // The registry must hear of it before it sends anybody here.
        self.next_beat = Instant::now();
        self.tell_shards(&Order::Stop);
        let unclaimed: BTreeMap<_, _> = self.placements.unclaimed().collect();
        for (session_id, session_epoch) in unclaimed {
            self.close_unclaimed(session_id, session_epoch, Outcome::Drained);
        }
    }

    /// A shard is gone, and its sessions with it, or a request whose shard will never have its answer. The others still
    /// write what they have, then the process ends.
    fn handle_crash(&mut self, what: &dyn std::fmt::Display) {
        tracing::error!(%what, "the process has crashed in part and will end");
        self.has_crashed = true;
        if matches!(self.stage, Stage::Running | Stage::Draining(_)) {
            self.stop();
        }
    }

    fn give_up_epoch(&mut self) {
        tracing::error!(
            epoch = self.registered.epoch,
            "another boot has taken this game sim's place; closing everything"
        );
        self.stage = Stage::Fenced(Instant::now() + Duration::from_secs(SHARDS_END_S_MAX));
        self.is_beat_out = true;
        self.tell_shards(&Order::Fence);
    }

    /// A stage's time is up. Returns whether there is another.
    fn move_on(&mut self) -> bool {
        match self.stage {
            Stage::Running | Stage::Draining(_) => self.stop(),
            Stage::Stopping(_) => {
                self.stage = Stage::Abandoning(Instant::now() + Duration::from_secs(SHARDS_END_S_MAX));
                self.tell_shards(&Order::Abandon);
            }
            Stage::Abandoning(_) | Stage::Fenced(_) => return false,
        }
        true
    }

    /// Keeps what shards handed out at their end, and says goodbye.
    async fn finish(mut self) -> Result<(), RunError> {
        // Whoever still waits for an answer has been handed out as a dead letter.
        self.errands.abort_all();
        while let Ok((_, request)) = self.requests.try_recv() {
            match request {
                Request::Bury(letter) => self.bury(letter),
                Request::Record(part) => self.uploads.start(&self.office, part),
                Request::Log(chunk) => self.logbook.start(&self.office, chunk),
                _ => {}
            }
        }
        while self.burials.join_next().await.is_some() {}
        let closings = async { while self.closings.join_next().await.is_some() {} };
        if tokio::time::timeout(self.last_writes, closings).await.is_err() {
            tracing::warn!("some sessions that nobody has entered stay in the registry");
        }
        self.logbook.finish(&self.office).await;
        self.uploads.finish().await;
        if matches!(self.stage, Stage::Fenced(_)) {
            return Err(RunError::Fenced);
        }
        let goodbye = self.heartbeat(GamesimState::Gone);
        let mut backoff = self.jitter.clone();
        for _ in 0..GOODBYES_MAX {
            match self.office.api.heartbeat(&goodbye).await {
                Err(ApiFailure::Unavailable(reason)) => tracing::warn!(reason, "goodbye was not heard"),
                Ok(_) | Err(ApiFailure::Refused { .. }) => break,
            }
            tokio::time::sleep(Duration::from_millis(backoff.next_ms())).await;
        }
        match self.letters_abandoned {
            0 if self.has_crashed => Err(RunError::Crashed),
            0 => Ok(()),
            groups => Err(RunError::Unsaved { groups }),
        }
    }
}

impl Stage {
    const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Running => None,
            Self::Draining(until) | Self::Stopping(until) | Self::Abandoning(until) | Self::Fenced(until) => {
                Some(until)
            }
        }
    }
}
