//! The conformance suite against the table in memory.

use futures_util::FutureExt;
use guildhall_storage::contract;
use guildhall_storage::memory::MemoryTable;
use std::collections::BTreeSet;
use std::sync::Arc;

#[test]
fn memory_keeps_every_promise() {
    // Memory never waits, so the suite is over when it was polled once.
    contract::run(Arc::new(MemoryTable::new()), "run").now_or_never().expect("memory does not wait");
}

#[test]
fn every_case_has_its_own_name() {
    let names: BTreeSet<&str> = contract::CASES.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), contract::CASES.len());
    assert!(names.len() >= 198, "{} cases", names.len());
}
