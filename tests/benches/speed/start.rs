//! How long a newcomer waits: from starting the product's process to its line `ready`, on a fresh data folder and again on
//! the folder that the first start has left behind.

use crate::figure::{Figure, quantile};
use crate::{EXE, Outcome};
use guildhall_local::stack::Signal;
use guildhall_tests::process::StackProcess;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Starts of each kind.
const RUNS: usize = 5;
/// The promise, in milliseconds.
const READY_MS_MAX: f64 = 3_000.0;
/// Names the program that `make run` runs: it is built to be debugged and starts slower than the bench's own.
const MAKE_RUN_EXE: &str = "GUILDHALL_EXE";

pub(crate) async fn measure() -> Outcome<Vec<Figure>> {
    let mut figures = starts(EXE, "release build").await?;
    if let Some(exe) = std::env::var_os(MAKE_RUN_EXE) {
        figures.extend(starts(&exe.to_string_lossy(), "make run").await?);
    }
    Ok(figures)
}

async fn starts(exe: &str, which: &str) -> Outcome<Vec<Figure>> {
    let (mut fresh, mut again) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let folder = TempDir::new()?;
        fresh.push(start(exe, folder.path()).await?);
        again.push(start(exe, folder.path()).await?);
    }
    let figure = |what: &str, mut times: Vec<Duration>| {
        let slowest = quantile(&mut times, 1.0).as_millis();
        Figure::time(format!("stack ready, {which}, {what}"), quantile(&mut times, 0.5))
            .at_most(READY_MS_MAX)
            .note(format!("median of {RUNS}, slowest {slowest} ms"))
    };
    Ok(vec![figure("fresh data", fresh), figure("existing data", again)])
}

async fn start(exe: &str, data: &Path) -> Outcome<Duration> {
    let began = Instant::now();
    let mut stack = StackProcess::start(exe, data, &[]);
    stack.ready().await;
    let took = began.elapsed();
    stack.signal(Signal::TERM);
    let end = stack.end().await;
    if !end.success() {
        return Err(format!("the stack ended with {end}").into());
    }
    Ok(took)
}
