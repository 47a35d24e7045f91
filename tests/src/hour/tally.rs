//! What was used while a party played.

use super::RouteUse;
use crate::Backend;
use guildhall_storage::dynamo::TableUsage;
use std::collections::BTreeMap;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) routes: BTreeMap<&'static str, RouteUse>,
    pub(super) checkpoints: u64,
    pub(super) recordings: u64,
    pub(super) recording_bytes: u64,
    pub(super) datagrams_out: u64,
    pub(super) bytes_out: u64,
}

impl Tally {
    /// Counts a call of a route.
    pub(super) fn count(&mut self, route: &'static str, used: RouteUse) {
        let sum = self.routes.entry(route).or_default();
        *sum = sum.plus(used);
    }

    /// The calls of all routes together.
    pub(super) fn of_all_routes(&self) -> RouteUse {
        self.routes.values().fold(RouteUse::default(), |sum, used| sum.plus(*used))
    }
}

/// What one call costs that is made here.
pub(super) async fn metered<T>(backend: &Backend, call: impl Future<Output = T>) -> (T, RouteUse) {
    let before = backend.usage().total();
    let answer = call.await;
    let TableUsage { requests, read_units, write_units } = backend.usage().total();
    let used = RouteUse {
        calls: 1.0,
        requests: (requests - before.requests) as f64,
        read_units: read_units - before.read_units,
        write_units: write_units - before.write_units,
    };
    (answer, used)
}
