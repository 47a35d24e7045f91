//! The numbers of a game sim, for `/metrics` and for its heartbeats. Shards know nothing of them: their driver copies what
//! they report.

use crate::lone::Counts;
use crate::shard::ShardReport;
use guildhall_domain::api::GamesimLoad;
use guildhall_domain::combat_log::ViolationKind;
use guildhall_domain::progress::GroupStatus;
use guildhall_protocol::netcode::ServerCounters;
use guildhall_telemetry::{Counter, Gauge, Histogram, HistogramSnapshot, Metrics, Tracer};

/// A reason to drop datagrams, and where the transport counts them.
type BadReason = (&'static str, fn(&ServerCounters) -> u64);

const BAD_REASONS: [BadReason; 11] = [
    ("malformed", |seen| seen.malformed),
    ("unknown_address", |seen| seen.unknown_address),
    ("wrong_protocol", |seen| seen.wrong_protocol),
    ("token_expired", |seen| seen.token_expired),
    ("token_too_long_lived", |seen| seen.token_too_long_lived),
    ("token_reused", |seen| seen.token_reused),
    ("token_wrong_address", |seen| seen.token_wrong_address),
    ("tokens_full", |seen| seen.tokens_full),
    ("over_budget", |seen| seen.over_budget),
    ("unauthentic", |seen| seen.unauthentic),
    ("replayed", |seen| seen.replayed),
];

const WRITE_STATUSES: [(&str, Option<GroupStatus>); 6] = [
    ("applied", Some(GroupStatus::Applied)),
    ("duplicate", Some(GroupStatus::Duplicate)),
    ("fenced", Some(GroupStatus::Fenced)),
    ("conflict", Some(GroupStatus::Conflict)),
    ("throttled", Some(GroupStatus::Throttled)),
    ("unanswered", None),
];

/// Every number of one game sim.
#[derive(Debug)]
pub(crate) struct SimMetrics {
    registry: Metrics,
    shards: Vec<ShardMetrics>,
    writes: Vec<Counter>,
    pub(crate) dead_letters: Counter,
    pub(crate) heartbeats_failed: Counter,
    pub(crate) reports_failed: Counter,
    pub(crate) recordings_stored: Counter,
    pub(crate) recordings_lost: Counter,
    pub(crate) logs_stored: Counter,
    pub(crate) logs_lost: Counter,
    queue_parties: Gauge,
    queue_wait_ms: Gauge,
}

/// One shard's numbers, as its driver's handles.
#[derive(Debug, Clone)]
pub(crate) struct ShardMetrics {
    sessions: Gauge,
    players: Gauge,
    unsaved: Gauge,
    checkpoint_bytes: Gauge,
    checkpoint_wait_ms: Gauge,
    /// How late slots begin, and how long after their time they have sent everything.
    pub(crate) lateness_us: Histogram,
    pub(crate) sent_us: Histogram,
    /// System calls that read the socket, and that write to it.
    pub(crate) calls_in: Counter,
    pub(crate) calls_out: Counter,
    pub(crate) datagrams_in: Counter,
    pub(crate) bytes_in: Counter,
    pub(crate) datagrams_out: Counter,
    pub(crate) bytes_out: Counter,
    pub(crate) datagrams_unsent: Counter,
    pub(crate) slots_skipped: Counter,
    bad: Vec<Counter>,
    messages_malformed: Counter,
    messages_excess: Counter,
    violations: Vec<Counter>,
    rooms_failed: Counter,
    rooms_uncovered: Counter,
    checkpoints_stored: Counter,
    checkpoints_failed: Counter,
}

impl SimMetrics {
    /// Nothing yet, of so many shards and of what this tracer loses.
    pub(crate) fn new(shards: usize, tracer: &Tracer) -> Self {
        let mut registry = Metrics::new();
        registry.share_counter("spans_dropped", "Spans of traces that were lost on their way", tracer.dropped());
        let shards = shard_metrics(&mut registry, shards);
        let statuses = WRITE_STATUSES.map(|(name, _)| name);
        let writes = registry.counters("progress_writes", "Groups sent, by what became of them", "status", statuses);
        let dead_letters = registry.counter("dead_letters", "Groups that could not be written");
        let heartbeats_failed = registry.counter("heartbeats_failed", "Heartbeats that got no good answer");
        let reports_failed = registry.counter("reports_failed", "Reports that CloudWatch did not take");
        let recordings_stored = registry.counter("recordings_stored", "Parts of recordings stored");
        let recordings_lost = registry.counter("recordings_lost", "Parts of recordings that could not be stored");
        let logs_stored = registry.counter("logs_stored", "Chunks of combat logs stored");
        let logs_lost = registry.counter("logs_lost", "Chunks of combat logs that could not be stored");
        let queue_parties = registry.gauge("queue_parties", "Parties that wait for a place in the fleet");
        let queue_wait_ms = registry.gauge("queue_wait_ms", "How long the first of the waiting parties has waited");
        Self {
            registry,
            shards,
            writes,
            dead_letters,
            heartbeats_failed,
            reports_failed,
            recordings_stored,
            recordings_lost,
            logs_stored,
            logs_lost,
            queue_parties,
            queue_wait_ms,
        }
    }

    /// Keeps what a heartbeat has said of those who wait; what it did not say stays as it was.
    pub(crate) fn note_queue(&self, parties: Option<u32>, wait_ms: Option<u64>) {
        for (gauge, value) in [(&self.queue_parties, parties.map(u64::from)), (&self.queue_wait_ms, wait_ms)] {
            if let Some(value) = value {
                gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
            }
        }
    }

    pub(crate) fn shards(&self) -> &[ShardMetrics] {
        &self.shards
    }

    /// Counts what became of one group; `None` where nobody knows.
    pub(crate) fn count_write(&self, status: Option<GroupStatus>) {
        let named = WRITE_STATUSES.iter().zip(&self.writes).find(|((_, named), _)| *named == status);
        if let Some((_, counter)) = named {
            counter.inc();
        }
    }

    pub(crate) fn render(&self) -> String {
        self.registry.render()
    }

    /// What a heartbeat says. The lateness is that of the worst shard since the last call with the same `seen`.
    pub(crate) fn load(&self, seen: &mut Vec<HistogramSnapshot>) -> GamesimLoad {
        let now: Vec<_> = self.shards.iter().map(|shard| shard.lateness_us.snapshot()).collect();
        let lateness = now.iter().enumerate().map(|(index, snapshot)| match seen.get(index) {
            Some(before) => snapshot.since(before).quantile(0.99),
            None => snapshot.quantile(0.99),
        });
        let load = GamesimLoad {
            sessions: self.total(|shard| &shard.sessions),
            players: self.total(|shard| &shard.players),
            unsaved_changes: self.total(|shard| &shard.unsaved),
            tick_lateness_p99_us: lateness.max().unwrap_or_default(),
        };
        *seen = now;
        load
    }

    fn total(&self, gauge: impl Fn(&ShardMetrics) -> &Gauge) -> u32 {
        u32::try_from(self.shards.iter().map(|shard| gauge(shard).get()).sum::<i64>()).unwrap_or_default()
    }
}

impl ShardMetrics {
    /// What has been counted so far.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            lateness_us: self.lateness_us.snapshot(),
            sent_us: self.sent_us.snapshot(),
            slots_skipped: self.slots_skipped.get(),
            datagrams_in: self.datagrams_in.get(),
            bytes_in: self.bytes_in.get(),
            receive_calls: self.calls_in.get(),
            datagrams_out: self.datagrams_out.get(),
            bytes_out: self.bytes_out.get(),
            send_calls: self.calls_out.get(),
            datagrams_unsent: self.datagrams_unsent.get(),
            datagrams_bad: self.bad.iter().map(Counter::get).sum(),
        }
    }

    /// Players connected and seated, as of the last report.
    pub(crate) fn players(&self) -> i64 {
        self.players.get()
    }

    /// Brings the numbers up to what the shard reports, `before` being its last report.
    pub(crate) fn update(&self, now_ms: u64, before: &ShardReport, report: &ShardReport) {
        let wait_ms = report.waiting_since_ms.map_or(0, |since_ms| now_ms.saturating_sub(since_ms));
        for (gauge, value) in [
            (&self.sessions, report.rooms as u64),
            (&self.players, report.players as u64),
            (&self.unsaved, report.unsaved as u64),
            (&self.checkpoint_bytes, report.checkpoint_bytes as u64),
            (&self.checkpoint_wait_ms, wait_ms),
        ] {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        for ((_, count), counter) in BAD_REASONS.iter().zip(&self.bad) {
            counter.inc_by(count(&report.transport).saturating_sub(count(&before.transport)));
        }
        self.messages_malformed.inc_by(report.messages_malformed.saturating_sub(before.messages_malformed));
        self.messages_excess.inc_by(report.messages_excess.saturating_sub(before.messages_excess));
        for ((counter, before), now) in self.violations.iter().zip(before.violations).zip(report.violations) {
            counter.inc_by(now.saturating_sub(before));
        }
        self.rooms_failed.inc_by(report.rooms_failed.saturating_sub(before.rooms_failed));
        self.rooms_uncovered.inc_by(report.rooms_uncovered.saturating_sub(before.rooms_uncovered));
        self.checkpoints_stored.inc_by(report.checkpoints_stored.saturating_sub(before.checkpoints_stored));
        self.checkpoints_failed.inc_by(report.checkpoints_failed.saturating_sub(before.checkpoints_failed));
    }
}

fn shard_metrics(registry: &mut Metrics, shards: usize) -> Vec<ShardMetrics> {
    let reasons = BAD_REASONS.map(|(name, _)| name);
    let bad = registry.counters("datagrams_bad", "Datagrams dropped as bad", "reason", reasons);
    let messages_malformed = registry.counter("messages_malformed", "Messages that made no sense");
    let messages_excess = registry.counter("messages_excess", "Messages beyond what one tick reads");
    let kinds = ViolationKind::ALL.map(ViolationKind::as_str);
    let violations = registry.counters("violations", "What clients did that fair ones do not", "kind", kinds);
    let rooms_failed = registry.counter("rooms_failed", "Rooms that a panic has ended");
    let rooms_uncovered = registry.counter("rooms_uncovered", "Rooms that went on without checkpoints");
    let checkpoints_stored = registry.counter("checkpoints_stored", "Objects of checkpoints stored");
    let checkpoints_failed = registry.counter("checkpoints_failed", "Objects of checkpoints not known to be stored");
    let each = |registry: &mut Metrics, name, help| registry.counters(name, help, "shard", 0..shards).into_iter();
    let mut datagrams_in = each(registry, "datagrams_in", "Datagrams received");
    let mut bytes_in = each(registry, "bytes_in", "Payload of the datagrams received, without IP and UDP headers");
    let mut bytes_out = each(registry, "bytes_out", "Payload of the datagrams sent, without IP and UDP headers");
    let mut datagrams_out = each(registry, "datagrams_out", "Datagrams sent");
    let mut datagrams_unsent = each(registry, "datagrams_unsent", "Datagrams that the socket did not take");
    let mut calls_in = each(registry, "receive_calls", "System calls that read the socket");
    let mut calls_out = each(registry, "send_calls", "System calls that write to the socket");
    let mut slots_skipped = each(registry, "slots_skipped", "Slots of 2 ms given up by a shard that was too late");
    let each = |registry: &mut Metrics, name, help| registry.gauges(name, help, "shard", 0..shards).into_iter();
    let mut sessions = each(registry, "sessions", "Rooms that are open");
    let mut players = each(registry, "players", "Players connected and seated");
    let mut unsaved = each(registry, "unsaved_changes", "Characters with changes that are not stored");
    let mut checkpoint_bytes = each(registry, "checkpoint_bytes", "Length of the last object of checkpoints");
    let mut checkpoint_wait_ms =
        each(registry, "checkpoint_wait_ms", "How long the oldest change has waited for a stored checkpoint");
    let lateness = registry.histograms("tick_lateness_us", "How late slots begin, in microseconds", "shard", 0..shards);
    let sent = "When slots have sent everything, in microseconds after their time";
    let sent = registry.histograms("tick_sent_us", sent, "shard", 0..shards);
    let shard = |(lateness_us, sent_us)| {
        Some(ShardMetrics {
            sessions: sessions.next()?,
            players: players.next()?,
            unsaved: unsaved.next()?,
            checkpoint_bytes: checkpoint_bytes.next()?,
            checkpoint_wait_ms: checkpoint_wait_ms.next()?,
            lateness_us,
            sent_us,
            calls_in: calls_in.next()?,
            calls_out: calls_out.next()?,
            datagrams_in: datagrams_in.next()?,
            bytes_in: bytes_in.next()?,
            datagrams_out: datagrams_out.next()?,
            bytes_out: bytes_out.next()?,
            datagrams_unsent: datagrams_unsent.next()?,
            slots_skipped: slots_skipped.next()?,
            bad: bad.clone(),
            messages_malformed: messages_malformed.clone(),
            messages_excess: messages_excess.clone(),
            violations: violations.clone(),
            rooms_failed: rooms_failed.clone(),
            rooms_uncovered: rooms_uncovered.clone(),
            checkpoints_stored: checkpoints_stored.clone(),
            checkpoints_failed: checkpoints_failed.clone(),
        })
    };
    lateness.into_iter().zip(sent).filter_map(shard).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_and_the_heartbeat_say_what_shards_report() {
        let metrics = SimMetrics::new(2, &Tracer::default());
        let [first, second] = metrics.shards() else { panic!("two shards") };
        let mut report = ShardReport { rooms: 3, players: 9, unsaved: 2, messages_excess: 5, ..ShardReport::default() };
        report.transport.replayed = 4;
        report.violations[ViolationKind::Reach as usize] = 3;
        (report.waiting_since_ms, report.checkpoints_stored) = (Some(1_000), 6);
        first.update(1_250, &ShardReport::default(), &report);
        first.update(1_250, &report, &report);
        second.update(1_250, &ShardReport::default(), &ShardReport { rooms: 1, ..ShardReport::default() });
        metrics.count_write(Some(GroupStatus::Duplicate));
        metrics.count_write(None);
        let page = metrics.render();
        for line in [
            "guildhall_sessions{shard=\"0\"} 3",
            "guildhall_sessions{shard=\"1\"} 1",
            "guildhall_datagrams_bad_total{reason=\"replayed\"} 4",
            "guildhall_messages_excess_total 5",
            "guildhall_violations_total{kind=\"reach\"} 3",
            "guildhall_violations_total{kind=\"target\"} 0",
            "guildhall_checkpoints_stored_total 6",
            "guildhall_checkpoint_wait_ms{shard=\"0\"} 250",
            "guildhall_checkpoint_wait_ms{shard=\"1\"} 0",
            "guildhall_progress_writes_total{status=\"duplicate\"} 1",
            "guildhall_progress_writes_total{status=\"unanswered\"} 1",
            "guildhall_progress_writes_total{status=\"applied\"} 0",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is missing in\n{page}");
        }
        let load = metrics.load(&mut Vec::new());
        assert_eq!((load.sessions, load.players, load.unsaved_changes), (4, 9, 2));
    }

    #[test]
    fn every_bad_reason_is_on_the_page() {
        let seen = ServerCounters {
            malformed: 1,
            unknown_address: 1,
            wrong_protocol: 1,
            token_expired: 1,
            token_too_long_lived: 1,
            token_reused: 1,
            token_wrong_address: 1,
            tokens_full: 1,
            over_budget: 1,
            unauthentic: 1,
            replayed: 1,
            ..ServerCounters::default()
        };
        assert!(BAD_REASONS.iter().all(|(_, count)| count(&seen) == 1));
        assert_eq!(BAD_REASONS.len() as u64, seen.bad());
    }

    #[test]
    fn a_heartbeat_speaks_of_its_own_interval() {
        let metrics = SimMetrics::new(1, &Tracer::default());
        let mut seen = Vec::new();
        metrics.shards()[0].lateness_us.record(5_000);
        assert!(metrics.load(&mut seen).tick_lateness_p99_us >= 5_000);
        metrics.shards()[0].lateness_us.record(10);
        assert_eq!(metrics.load(&mut seen).tick_lateness_p99_us, 10);
        assert_eq!(metrics.load(&mut seen).tick_lateness_p99_us, 0);
    }
}
