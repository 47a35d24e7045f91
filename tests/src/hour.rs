//! The standard hour: a hundred rooms in which parties of four bots play one dungeon after the other, and what that costs. One
//! party is played, in virtual time, by the real shard, the real handlers and the embedded database, which says what it
//! charges; the rest is multiplication. So the same code has the same bill on every machine.
//!
//! `party` plays, `tally` counts, and here it becomes what a fleet would be charged for. `infra/bill.json` has the bill as it
//! was last agreed to; a test holds the code to it.

mod party;
mod tally;

use crate::backend::route;
use guildhall_domain::limits::HEARTBEAT_INTERVAL_MS;
use guildhall_gamesim::SAMPLES_PER_MINUTE;
use guildhall_gamesim::limits::{CHECKPOINT_HURRY_MS, CHECKPOINT_INTERVAL_MS};
use guildhall_local::bill::{Bill, Charged, Prices, Quantities};
use party::Party;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tally::Tally;

/// Rooms of the standard hour, all of them played in all the time.
pub const ROOMS: f64 = 100.0;
/// Players of a room.
pub const PLAYERS_PER_ROOM: usize = 4;
/// Dungeons that are played to find out.
const DUNGEONS: u32 = 3;
/// Two stays in a zone, to tell its coming and going from the rest, in milliseconds.
const SHORT_STAY_MS: u64 = 30_000;
const LONG_STAY_MS: u64 = 150_000;
/// Shards of a game sim: a c7g.large has two processors.
const SHARDS_PER_GAMESIM: f64 = 2.0;
const HOUR_MS: f64 = 3_600_000.0;
const HOURS_PER_MONTH: f64 = 730.0;
/// How often the schedule has the fleet cleaned up, per hour.
const REAPS_PER_HOUR: f64 = 60.0;
/// What API Gateway, the runtime and a handler take of a function's time, and what each request to the database adds, in
/// milliseconds: round trips within a region, one after the other.
const CALL_MS: f64 = 2.0;
const STORAGE_REQUEST_MS: f64 = 5.0;
/// What a password takes with the memory of its functions, in milliseconds.
const PASSWORD_MS: f64 = 60.0;
/// What IPv4 and UDP add to a datagram, in bytes.
const HEADER_BYTES: f64 = 28.0;
/// Metrics of a fleet.
const METRICS: f64 = 4.0;
const SCALING: &str = include_str!("../../infra/scaling.json");
const AGREED: &str = include_str!("../../infra/bill.json");

/// The agreed bill, as it is kept with the sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreed {
    /// The day of the prices.
    pub prices_as_of: String,
    /// What all costs, in dollars per 1,000 session-hours.
    pub usd_per_1000_session_hours: f64,
    /// What a player costs who is connected for a month, in dollars.
    pub usd_per_ccu_month: f64,
    /// What DynamoDB costs, in dollars per session-hour.
    pub dynamodb_usd_per_session_hour: f64,
    /// The same for a party that spends the hour in one session, in a zone.
    pub dynamodb_usd_per_hour_long_session: f64,
    /// What the rooms of the standard hour use, all together.
    pub used: Quantities,
    /// What one of them uses by itself.
    pub room_hour: RoomHour,
}

impl Agreed {
    /// The bill in `infra/bill.json`.
    ///
    /// # Errors
    /// A file that has another form.
    pub fn read() -> serde_json::Result<Self> {
        serde_json::from_str(AGREED)
    }

    /// What an hour comes to.
    pub fn of(hour: RoomHour, prices: &Prices) -> Self {
        let used = hour.of_fleet(ROOMS);
        let bill = Bill::new(prices, &used, ROOMS, ROOMS * PLAYERS_PER_ROOM as f64);
        Self {
            prices_as_of: bill.prices_as_of,
            usd_per_1000_session_hours: bill.usd_per_1000_session_hours,
            usd_per_ccu_month: bill.usd_per_ccu_month,
            dynamodb_usd_per_session_hour: bill.dynamodb_usd_per_session_hour,
            dynamodb_usd_per_hour_long_session: hour.long_session.dynamodb_usd(prices),
            used,
            room_hour: hour,
        }
    }

    /// By what factor something is used more than was agreed: 1 for as much. What was never used cannot be used more.
    pub fn growth(&self, now: &Self, charged: Charged) -> f64 {
        let (before, after) = (self.used.of(charged), now.used.of(charged));
        if before == after { 1.0 } else { after / before }
    }
}

/// How often a route is called in an hour of a room, and what it asks of the database.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct RouteUse {
    /// Calls.
    pub calls: f64,
    /// Requests to the database.
    pub requests: f64,
    /// Read units.
    pub read_units: f64,
    /// Write units.
    pub write_units: f64,
}

/// What an hour of one room uses, by itself: what a fleet has in common is not in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomHour {
    /// Dungeons that are played.
    pub dungeons: f64,
    /// By route.
    pub routes: BTreeMap<String, RouteUse>,
    /// Checkpoints that are taken early because something of value waits for them.
    pub early_checkpoints: f64,
    /// Parts of recordings.
    pub recordings: f64,
    /// Their bytes.
    pub recording_bytes: f64,
    /// Datagrams to players.
    pub datagrams_out: f64,
    /// Their bytes, without IP and UDP headers.
    pub bytes_out: f64,
    /// What a party that spends the hour in one session asks of the database.
    pub long_session: RouteUse,
    /// One heartbeat of a game sim.
    pub heartbeat: RouteUse,
    /// One clean-up of the fleet.
    pub reap: RouteUse,
}

/// The size of a fleet.
#[derive(Deserialize)]
struct Scaling {
    target_sessions: f64,
    gamesims_min: f64,
}

/// Plays some dungeons, and says what an hour of them uses.
///
/// # Errors
/// A party that does not get in or does not come to an end.
pub async fn play() -> Result<RoomHour, Box<dyn std::error::Error + Send + Sync>> {
    let mut party = Party::start().await?;
    for _ in 0..DUNGEONS {
        party.play_dungeon().await?;
    }
    // An hour of a zone is its coming and going and what every minute brings.
    let [short, long] = [party.stay_in_zone(SHORT_STAY_MS).await?, party.stay_in_zone(LONG_STAY_MS).await?];
    let (short, long) = (short.of_all_routes(), long.of_all_routes());
    let long_session =
        short.plus(long.minus(short).times((HOUR_MS - SHORT_STAY_MS as f64) / (LONG_STAY_MS - SHORT_STAY_MS) as f64));
    let heartbeat = party.heartbeat().await;
    let reap = party.reap().await;
    let played_ms = party.played_ms() as f64;
    let Tally { routes, checkpoints, recordings, recording_bytes, datagrams_out, bytes_out } = party.stop().await;
    let hours = played_ms / HOUR_MS;
    let per_hour = |count: u64| rounded(count as f64 / hours);
    let on_time = played_ms / CHECKPOINT_INTERVAL_MS as f64;
    let each = |(name, used): (&str, RouteUse)| (name.to_owned(), used.times(1.0 / hours));
    Ok(RoomHour {
        dungeons: rounded(f64::from(DUNGEONS) / hours),
        routes: routes.into_iter().map(each).collect(),
        early_checkpoints: rounded((checkpoints as f64 - on_time).max(0.0) / hours),
        recordings: per_hour(recordings),
        recording_bytes: per_hour(recording_bytes),
        datagrams_out: per_hour(datagrams_out),
        bytes_out: per_hour(bytes_out),
        long_session,
        heartbeat,
        reap,
    })
}

/// To three digits: more would say nothing to a reader.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

impl RouteUse {
    fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            requests: self.requests + other.requests,
            read_units: self.read_units + other.read_units,
            write_units: self.write_units + other.write_units,
        }
    }

    fn minus(self, other: Self) -> Self {
        self.plus(other.times(-1.0))
    }

    /// What the database charges for it, in dollars.
    fn dynamodb_usd(self, prices: &Prices) -> f64 {
        let mut used = Quantities::default();
        used.add(Charged::DynamodbWriteUnits, self.write_units);
        used.add(Charged::DynamodbReadUnits, self.read_units);
        Bill::new(prices, &used, 1.0, 1.0).dynamodb_usd_per_session_hour
    }

    fn times(self, factor: f64) -> Self {
        let times = |value: f64| rounded(value * factor);
        Self {
            calls: times(self.calls),
            requests: times(self.requests),
            read_units: times(self.read_units),
            write_units: times(self.write_units),
        }
    }
}

impl RoomHour {
    /// What so many rooms use in an hour.
    ///
    /// # Panics
    /// If `infra/scaling.json` has another form.
    pub fn of_fleet(&self, rooms: f64) -> Quantities {
        let scaling: Scaling = serde_json::from_str(SCALING).expect("infra/scaling.json");
        let gamesims = (rooms / scaling.target_sessions).ceil().max(scaling.gamesims_min);
        let beats = gamesims * HOUR_MS / HEARTBEAT_INTERVAL_MS as f64;
        let mut used = Quantities::default();
        for (name, route) in &self.routes {
            use_route(&mut used, name, route.times(rooms), true);
        }
        use_route(&mut used, "heartbeat-gamesim", self.heartbeat.times(beats), true);
        use_route(&mut used, "reap-fleet", self.reap.times(REAPS_PER_HOUR), false);
        let gigabytes = |bytes: f64| bytes / 1e9;
        used.add(Charged::ObjectPuts, self.recordings * rooms + self.checkpoint_objects(rooms, gamesims));
        // Recordings are kept for a month.
        used.add(Charged::ObjectGbMonths, gigabytes(self.recording_bytes * rooms));
        used.add(Charged::GigabytesOut, gigabytes((self.bytes_out + self.datagrams_out * HEADER_BYTES) * rooms));
        used.add(Charged::MetricRequests, SAMPLES_PER_MINUTE as f64 * 60.0 * gamesims);
        used.add(Charged::MetricMonths, METRICS / HOURS_PER_MONTH);
        used.add(Charged::InstanceHours, gamesims);
        used.add(Charged::AddressHours, gamesims);
        used
    }

    /// Objects of checkpoints that all shards store in an hour: one each second, and as many more as there are rooms that
    /// cannot wait, up to what a shard allows itself.
    fn checkpoint_objects(&self, rooms: f64, gamesims: f64) -> f64 {
        let shards = gamesims * SHARDS_PER_GAMESIM;
        let wanted = HOUR_MS / CHECKPOINT_INTERVAL_MS as f64 + self.early_checkpoints * rooms / shards;
        shards * wanted.min(HOUR_MS / CHECKPOINT_HURRY_MS as f64)
    }
}

fn use_route(used: &mut Quantities, name: &str, route_use: RouteUse, is_by_api: bool) {
    let route = route(name);
    let RouteUse { calls, requests, read_units, write_units } = route_use;
    let password_ms = if route.hashes_passwords { PASSWORD_MS * calls } else { 0.0 };
    let seconds = (calls * CALL_MS + requests * STORAGE_REQUEST_MS + password_ms) / 1_000.0;
    used.add(Charged::DynamodbWriteUnits, write_units);
    used.add(Charged::DynamodbReadUnits, read_units);
    used.add(Charged::ApiRequests, if is_by_api { calls } else { 0.0 });
    used.add(Charged::FunctionRequests, calls);
    used.add(Charged::FunctionGbSeconds, seconds * f64::from(route.memory_mb()) / 1_024.0);
}
