//! What the calls cost, as DynamoDB itself reports it, so that tests can hold every route to its budget.

use crate::TableName;
use aws_sdk_dynamodb::types::ConsumedCapacity;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the adapter was made. Failed calls are counted as requests, but their capacity is unknown: DynamoDB
/// charges refused writes and does not say how much.
#[derive(Debug, Default)]
pub struct Usage {
    tables: [Counters; TableName::ALL.len()],
    retries: AtomicU64,
}

/// Capacity is counted in half units, the smallest amount that DynamoDB charges.
#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU64,
    read_half_units: AtomicU64,
    write_half_units: AtomicU64,
}

/// What one table was used.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TableUsage {
    /// Requests sent, retries included. A transaction counts at the table of its first write.
    pub requests: u64,
    /// Read capacity units.
    pub read_units: f64,
    /// Write capacity units.
    pub write_units: f64,
}

impl Usage {
    /// The counters of one table.
    pub fn of(&self, table: TableName) -> TableUsage {
        let counters = &self.tables[table as usize];
        let units = |half_units: &AtomicU64| half_units.load(Ordering::Relaxed) as f64 / 2.0;
        TableUsage {
            requests: counters.requests.load(Ordering::Relaxed),
            read_units: units(&counters.read_half_units),
            write_units: units(&counters.write_half_units),
        }
    }

    /// The sum over all tables.
    pub fn total(&self) -> TableUsage {
        TableName::ALL.into_iter().map(|table| self.of(table)).fold(TableUsage::default(), |sum, one| TableUsage {
            requests: sum.requests + one.requests,
            read_units: sum.read_units + one.read_units,
            write_units: sum.write_units + one.write_units,
        })
    }

    /// Requests that repeated an earlier one.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    pub(super) fn count_request(&self, table: TableName) {
        self.tables[table as usize].requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_read(&self, table: TableName, consumed: Option<&ConsumedCapacity>) {
        self.tables[table as usize].read_half_units.fetch_add(half_units(consumed), Ordering::Relaxed);
    }

    pub(super) fn count_write(&self, table: TableName, consumed: Option<&ConsumedCapacity>) {
        self.tables[table as usize].write_half_units.fetch_add(half_units(consumed), Ordering::Relaxed);
    }
}

/// The cast saturates, and negative or absent amounts count as nothing.
fn half_units(consumed: Option<&ConsumedCapacity>) -> u64 {
    let units = consumed.and_then(ConsumedCapacity::capacity_units).unwrap_or_default();
    (units * 2.0).round() as u64
}
