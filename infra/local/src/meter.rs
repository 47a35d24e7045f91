//! What a running stack uses, counted where it happens: requests and time of the functions, units of the database, objects,
//! bytes to players. What no twin of Amazon's counts here follows from time: instances, their addresses and their metrics.
//!
//! The handlers have a connection to the database of their own, so that looking on costs nothing here, as it would not there.

mod page;

use crate::bill::{Bill, Charged, Prices, Quantities};
use crate::object_store::ObjectCounts;
use guildhall_functions::fleet::REAP_FLEET;
use guildhall_functions::lambda::system_clock;
use guildhall_functions::{App, Done};
use guildhall_gamesim::SAMPLES_PER_MINUTE;
use guildhall_storage::Table;
use guildhall_storage::dynamo::Usage;
use guildhall_storage::gamesims;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often the registry is looked at for who plays, in milliseconds.
const LOOK_INTERVAL_MS: u64 = 1_000;
/// What IPv4 and UDP add to a datagram, in bytes.
const HEADER_BYTES: u64 = 28;
/// Metrics of a fleet.
const METRICS: f64 = 4.0;
const HOUR_S: f64 = 3_600.0;
const MONTH_HOURS: f64 = 730.0;

/// The meter of a stack.
#[derive(Debug)]
pub(crate) struct Meter {
    app: Arc<App>,
    usage: Arc<Usage>,
    objects: Arc<ObjectCounts>,
    open: Arc<Mutex<Open>>,
    bytes_out: u64,
    looks: JoinHandle<()>,
}

/// Seconds that something was there, all together.
#[derive(Debug, Clone, Copy, Default)]
struct Open {
    fleet_s: f64,
    gamesims_s: f64,
    sessions_s: f64,
    players_s: f64,
}

impl Meter {
    /// Begins to count. `table` is what the meter looks on through.
    pub(crate) fn start(app: Arc<App>, usage: Arc<Usage>, objects: Arc<ObjectCounts>, table: Arc<dyn Table>) -> Self {
        let open = Arc::new(Mutex::new(Open::default()));
        let looks = tokio::spawn(look_on(table, Arc::clone(&open)));
        Self { app, usage, objects, open, bytes_out: 0, looks }
    }

    /// What the handlers' calls of the database have cost so far.
    pub(crate) fn usage(&self) -> &Arc<Usage> {
        &self.usage
    }

    /// Reads what a game sim has sent, before it ends. One whose page cannot be read has sent nothing.
    pub(crate) async fn read_page(&mut self, log: &Path) {
        match page::read(log).await {
            Ok(page) => {
                let datagrams = page::total(&page, "guildhall_datagrams_out_total");
                self.bytes_out += page::total(&page, "guildhall_bytes_out_total") + HEADER_BYTES * datagrams;
            }
            Err(error) => tracing::warn!(log = %log.display(), %error, "what a game sim has sent is not on the bill"),
        }
    }

    /// The bill so far.
    ///
    /// # Errors
    /// A price list that is none.
    pub(crate) fn bill(&self) -> serde_json::Result<Bill> {
        let open = *self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let gamesim_hours = open.gamesims_s / HOUR_S;
        let mut used = Quantities::default();
        for Done { route, calls, busy } in self.app.done() {
            let is_by_api = route.name != REAP_FLEET.name;
            used.add(Charged::ApiRequests, if is_by_api { calls as f64 } else { 0.0 });
            used.add(Charged::FunctionRequests, calls as f64);
            used.add(Charged::FunctionGbSeconds, busy.as_secs_f64() * f64::from(route.memory_mb()) / 1_024.0);
        }
        let units = self.usage.total();
        used.add(Charged::DynamodbWriteUnits, units.write_units);
        used.add(Charged::DynamodbReadUnits, units.read_units);
        used.add(Charged::ObjectPuts, self.objects.puts() as f64);
        used.add(Charged::ObjectGets, self.objects.gets() as f64);
        used.add(Charged::GigabytesOut, self.bytes_out as f64 / 1e9);
        used.add(Charged::MetricRequests, SAMPLES_PER_MINUTE as f64 * 60.0 * gamesim_hours);
        used.add(Charged::MetricMonths, METRICS * open.fleet_s / HOUR_S / MONTH_HOURS);
        used.add(Charged::InstanceHours, gamesim_hours);
        used.add(Charged::AddressHours, gamesim_hours);
        Ok(Bill::new(&Prices::read()?, &used, open.sessions_s / HOUR_S, open.players_s / HOUR_S))
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.looks.abort();
    }
}

/// Adds up who is there, from one look to the next.
async fn look_on(table: Arc<dyn Table>, open: Arc<Mutex<Open>>) {
    let mut looks = interval(Duration::from_millis(LOOK_INTERVAL_MS));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = Instant::now();
    loop {
        let now = looks.tick().await;
        let passed_s = (now - last).as_secs_f64();
        last = now;
        let Ok(rows) = gamesims::list(&*table).await else { continue };
        let living: Vec<_> = rows.iter().filter(|row| row.is_alive(system_clock())).collect();
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        open.fleet_s += if living.is_empty() { 0.0 } else { passed_s };
        for row in living {
            open.gamesims_s += passed_s;
            open.sessions_s += passed_s * row.sessions.len() as f64;
            open.players_s += passed_s * f64::from(row.load.players);
        }
    }
}
