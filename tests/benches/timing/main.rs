//! Whether the time of a refused login tells a known account from an unknown one. Logins of both kinds take turns, so that
//! whatever slows the machine slows both; the median of their differences is estimated by its order statistics, which
//! assumes nothing about how the times are distributed.
//!
//! Two times are taken of each: the processor's, of this whole process with its database, must be shown to be the same, up to
//! a bound; the clock's, which other programs disturb, must not be shown to differ. It takes minutes, so it is no part of the
//! gate, where tests compare what takes the time instead, hashes and calls.

use guildhall_tests::{Backend, Caller};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use std::process::ExitCode;
use std::time::Instant;

/// Pairs of refused logins, one of each kind, after which the figures are looked at.
const PAIRS: usize = 400;
/// How often that many more are taken, as long as nothing is shown.
const LOOKS_MAX: usize = 8;
/// Logins of each kind before the first that counts: connections are opened and caches filled.
const WARM_UP_PAIRS: usize = 20;
/// How much longer one kind may take, in microseconds: less than one more call of the database would.
const DIFFERENCE_US_MAX: f64 = 500.0;
/// Standard deviations of a normal distribution beyond which lies one run in a thousand, on both sides together.
const CONFIDENCE_SIGMAS: f64 = 3.29;

const KNOWN: &str = "known@example.com";
const UNKNOWN: &str = "unknown@example.com";

/// What one login took, in microseconds.
#[derive(Clone, Copy)]
struct Taken {
    processor_us: f64,
    clock_us: f64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let backend = Backend::start().await;
    backend.player("known").await;
    for number in 0..WARM_UP_PAIRS {
        pair(&backend, number).await;
    }
    let mut pairs = Vec::with_capacity(PAIRS * LOOKS_MAX);
    let mut same = None;
    while same.is_none() && pairs.len() < PAIRS * LOOKS_MAX {
        for _ in 0..PAIRS {
            pairs.push(pair(&backend, WARM_UP_PAIRS + pairs.len()).await);
        }
        same = judge(&pairs);
    }
    backend.stop().await;
    println!(
        "{}",
        match same {
            Some(true) => "known and unknown accounts take the same time",
            Some(false) => "known and unknown accounts can be told apart",
            None => "not shown to be the same within the bound; a quieter machine may show more",
        }
    );
    if same == Some(true) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether both kinds take the same time, if that is shown by now.
fn judge(pairs: &[(Taken, Taken)]) -> Option<bool> {
    let processor = Difference::of("processor", pairs, |taken| taken.processor_us);
    let clock = Difference::of("clock", pairs, |taken| taken.clock_us);
    match (processor.is_beyond() || clock.is_beyond(), processor.is_within()) {
        (true, _) => Some(false),
        (false, true) => Some(true),
        (false, false) => None,
    }
}

/// A refused login of the known account and one of the unknown; each comes first equally often.
async fn pair(backend: &Backend, number: usize) -> (Taken, Taken) {
    if number.is_multiple_of(2) {
        let known = refused(backend, KNOWN, number).await;
        (known, refused(backend, UNKNOWN, number).await)
    } else {
        let unknown = refused(backend, UNKNOWN, number).await;
        (refused(backend, KNOWN, number).await, unknown)
    }
}

/// A refused login. It comes from a network of its own, at a time when no earlier attempt counts any more, so that both kinds
/// find the throttle rested.
async fn refused(backend: &Backend, email: &str, number: usize) -> Taken {
    // One hash takes longer than another by chance: another password each time, the same for both kinds.
    let body = json!({"email": email, "password": format!("wrong horse {number}")});
    backend.pass_ms(60_000);
    let network = format!("10.{}.{}.1", number / 256, number % 256);
    let (started, worked) = (Instant::now(), processor_us());
    let answer = backend.call("login-account", Caller::From(&network), &[], &body).await;
    let taken = Taken { processor_us: processor_us() - worked, clock_us: started.elapsed().as_secs_f64() * 1e6 };
    answer.refused(401, "wrong_credentials");
    taken
}

/// How long the processors have worked for this process.
fn processor_us() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

/// How much longer known accounts take: the median difference lies between the two.
struct Difference {
    low_us: f64,
    high_us: f64,
}

impl Difference {
    fn of(what: &str, pairs: &[(Taken, Taken)], time: impl Fn(&Taken) -> f64) -> Self {
        let known = sorted(pairs.iter().map(|(known, _)| time(known)));
        let unknown = sorted(pairs.iter().map(|(_, unknown)| time(unknown)));
        let differences = sorted(pairs.iter().map(|(known, unknown)| time(known) - time(unknown)));
        // How many differences lie below their true median is binomial with one half (Conover, "Practical Nonparametric
        // Statistics", section 3.2).
        let count = differences.len();
        let rank = (count as f64 / 2.0 - CONFIDENCE_SIGMAS * (count as f64).sqrt() / 2.0).floor() as usize;
        let difference = Self { low_us: differences[rank], high_us: differences[count - 1 - rank] };
        println!(
            "{what}: known {:.0} µs, unknown {:.0} µs at the median of {count}; difference {:+.0} µs, with 99.9 % confidence \
             {:+.0} to {:+.0}, allowed ±{DIFFERENCE_US_MAX:.0}",
            known[count / 2],
            unknown[count / 2],
            differences[count / 2],
            difference.low_us,
            difference.high_us,
        );
        difference
    }

    /// Whether it is shown to be at most what is allowed.
    fn is_within(&self) -> bool {
        self.low_us >= -DIFFERENCE_US_MAX && self.high_us <= DIFFERENCE_US_MAX
    }

    /// Whether it is shown to be more.
    fn is_beyond(&self) -> bool {
        self.low_us > DIFFERENCE_US_MAX || self.high_us < -DIFFERENCE_US_MAX
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}
