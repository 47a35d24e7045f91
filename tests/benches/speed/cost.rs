//! What a dungeon costs in DynamoDB, from the first request to the last write, at a party of four bots; and what that makes
//! for a room that is played in for an hour, at the prices of on-demand capacity.

use crate::Outcome;
use crate::figure::Figure;
use crate::units::{difference, of_one_heartbeat};
use guildhall_domain::limits::HEARTBEAT_INTERVAL_MS;
use guildhall_local::bill::{Charged, Prices};
use guildhall_local::stack::Stack;
use guildhall_storage::TableName;
use guildhall_storage::dynamo::{TableUsage, Usage};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The budget of a room-hour, in dollars.
const ROOM_HOUR_USD_MAX: f64 = 0.0014;
/// Rooms that share a game sim and its heartbeats.
const ROOMS_PER_GAMESIM: f64 = 10.0;
/// Seconds of an hour.
const HOUR_S: f64 = 3_600.0;

/// Reads the database's meter from its start on.
pub(crate) struct Meter {
    usage: Arc<Usage>,
    before: [TableUsage; TableName::ALL.len()],
    began: Instant,
    gamesims: usize,
    heartbeat: TableUsage,
    prices: Prices,
}

impl Meter {
    pub(crate) async fn start(stack: &Stack) -> Outcome<Self> {
        let heartbeat = of_one_heartbeat().await?;
        let gamesims = stack.gamesims().await?.len();
        let usage = Arc::clone(stack.usage());
        let before = TableName::ALL.map(|table| usage.of(table));
        Ok(Self { usage, before, began: Instant::now(), gamesims, heartbeat, prices: Prices::read()? })
    }

    /// What the dungeons that were played since then cost on average. `took` is how long each of them took, and
    /// `progress_writes` the number of groups that the game sims had written for all of them.
    pub(crate) fn figures(&self, took: &[Duration], progress_writes: f64) -> Vec<Figure> {
        let dungeons = took.len() as f64;
        let lasted_s = took.iter().sum::<Duration>().as_secs_f64() / dungeons;
        let heartbeats = self.gamesims as f64 * self.began.elapsed().as_millis() as f64 / HEARTBEAT_INTERVAL_MS as f64;
        let (mut write_units, mut read_units) =
            (-heartbeats * self.heartbeat.write_units, -heartbeats * self.heartbeat.read_units);
        let mut parts = Vec::new();
        for (table, before) in TableName::ALL.into_iter().zip(self.before) {
            let used = difference(before, self.usage.of(table));
            write_units += used.write_units;
            read_units += used.read_units;
            parts.push(format!("{} {:.0}", table.as_str(), used.write_units));
        }
        let (write_units, read_units) = (write_units / dungeons, read_units / dungeons);
        let dungeon_usd = usd(&self.prices, write_units, read_units);
        let played_usd = dungeon_usd * HOUR_S / lasted_s;
        let beats_per_hour = HOUR_S * 1_000.0 / HEARTBEAT_INTERVAL_MS as f64;
        let beats_usd = usd(&self.prices, self.heartbeat.write_units, self.heartbeat.read_units) * beats_per_hour
            / ROOMS_PER_GAMESIM;
        let writes = progress_writes / dungeons;
        let tables = parts.join(", ");
        vec![
            Figure::new("dungeon of four, lasts", lasted_s, "s"),
            Figure::new("dungeon of four, writes", write_units, "WU").note(format!(
                "mean of {dungeons}, {writes:.0} groups of progress each; all with {heartbeats:.0} heartbeats: {tables}"
            )),
            Figure::new("dungeon of four, reads", read_units, "RU"),
            Figure::new("dungeon of four, DynamoDB", dungeon_usd, "USD").note("prices of infra/prices.json"),
            Figure::new("room-hour, DynamoDB", played_usd + beats_usd, "USD").at_most(ROOM_HOUR_USD_MAX).note(format!(
                "{played_usd:.5} for dungeons back to back, {beats_usd:.5} for a tenth of a game sim's heartbeats"
            )),
        ]
    }
}

fn usd(prices: &Prices, write_units: f64, read_units: f64) -> f64 {
    prices.usd(Charged::DynamodbWriteUnits, write_units) + prices.usd(Charged::DynamodbReadUnits, read_units)
}
