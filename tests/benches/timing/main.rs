//! Whether the time of a refused login tells a known account from an unknown one: many of each in turn, and Welch's t-test
//! on how long they took. It needs a quiet machine, so it is a target of its own and no part of the gate; the tests compare
//! what takes the time instead, hashes and calls.

use guildhall_tests::{Backend, Caller};
use serde_json::json;
use std::process::ExitCode;
use std::time::Instant;

/// Refused logins of each kind.
const ROUNDS: usize = 400;
/// The slowest part of each kind, in percent, that is left out: interruptions by other programs.
const SLOWEST_PERCENT: usize = 10;
/// |t| above which the kinds differ; chance alone exceeds it once in 150,000 runs (the threshold of the TVLA method).
const T_MAX: f64 = 4.5;

#[tokio::main]
async fn main() -> ExitCode {
    let backend = Backend::start().await;
    backend.player("known").await;
    let mut times_us = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS * 2 {
        // Both kinds come first equally often, so that neither is measured on a warmer machine.
        let kind = usize::from(round % 4 == 1 || round % 4 == 2);
        let email = ["known@example.com", "unknown@example.com"][kind];
        let body = json!({"email": email, "password": "wrong horse"});
        // Every attempt finds the throttle rested.
        backend.pass_ms(60_000);
        let started = Instant::now();
        let answer = backend.call("login-account", Caller::Anyone, &[], &body).await;
        times_us[kind].push(started.elapsed().as_secs_f64() * 1e6);
        answer.refused(401, "wrong_credentials");
    }
    backend.stop().await;
    let [known, unknown] = times_us.map(summary);
    let t = (known.mean - unknown.mean) / (known.variance / known.count + unknown.variance / unknown.count).sqrt();
    println!("known {:.0} µs, unknown {:.0} µs on average; t = {t:.2}, at most {T_MAX}", known.mean, unknown.mean);
    if t.abs() <= T_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Summary {
    count: f64,
    mean: f64,
    variance: f64,
}

fn summary(mut times_us: Vec<f64>) -> Summary {
    times_us.sort_by(f64::total_cmp);
    times_us.truncate(times_us.len() * (100 - SLOWEST_PERCENT) / 100);
    let count = times_us.len() as f64;
    let mean = times_us.iter().sum::<f64>() / count;
    let variance = times_us.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
    Summary { count, mean, variance }
}
