//! What comes out of asking a server for a while, and the figures that several such times make: medians over the rounds, so
//! that one that something else disturbed does not count.

use super::server::Used;
use super::{CLIENTS, ROUNDS};
use crate::figure::{Figure, median, quantile};
use std::time::Duration;

/// One route of one server in one round.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) took: Duration,
    pub(crate) used: Used,
    pub(crate) latencies: Vec<Duration>,
}

/// The rounds of one route of one server.
#[derive(Debug, Default)]
pub(crate) struct Series(pub(crate) Vec<Sample>);

impl Sample {
    fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }

    /// Microseconds per request.
    fn share(&self, used: Duration) -> f64 {
        used.as_secs_f64() * 1e6 / self.latencies.len() as f64
    }

    fn server_us(&self) -> f64 {
        self.share(self.used.server)
    }

    /// None, if the database runs where nobody can look.
    fn whole_us(&self) -> Option<f64> {
        self.used.database.map(|database| self.share(self.used.server + database))
    }
}

impl Series {
    /// How fast a route is, and what it costs.
    pub(crate) fn figures(&self, what: &str) -> Vec<Figure> {
        let asked: usize = self.0.iter().map(|sample| sample.latencies.len()).sum();
        let mut latencies: Vec<_> = self.0.iter().flat_map(|sample| sample.latencies.iter().copied()).collect();
        let note = format!("median of {ROUNDS} rounds; {CLIENTS} clients on the same cores, {asked} times");
        let server_us = self.median_of(|sample| Some(sample.server_us()));
        let cpu = match self.median_of(Sample::whole_us) {
            Some(whole_us) => Figure::new(format!("{what}, CPU"), whole_us, "us")
                .note(format!("{:.0} us of it without the database", server_us.unwrap_or_default())),
            None => Figure::new(format!("{what}, CPU without the database"), server_us.unwrap_or_default(), "us")
                .note("the database does not run on this machine"),
        };
        vec![
            Figure::new(format!("{what}, rate"), self.median_of(|one| Some(one.rate())).unwrap_or_default(), "/s")
                .note(note),
            cpu,
            Figure::time(format!("{what}, p50"), quantile(&mut latencies, 0.5)),
            Figure::time(format!("{what}, p99"), quantile(&mut latencies, 0.99)),
        ]
    }

    /// The same of the plain service, and how ours compares round by round.
    pub(crate) fn beside(&self, ours: &Self, what: &str) -> Vec<Figure> {
        let plain = format!("{what}, plain service over PostgreSQL");
        if self.0.is_empty() {
            return vec![Figure::not_measured(plain, "not given: GUILDHALL_BENCH_POSTGRES names no PostgreSQL")];
        }
        let ratio = |name: &str, of: fn(&Sample) -> Option<f64>| {
            let pairs = ours.0.iter().zip(&self.0);
            let ratios: Option<Vec<_>> = pairs.map(|(ours, plain)| Some(of(ours)? / of(plain)?)).collect();
            ratios.map(|ratios| {
                let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
                let highest = ratios.iter().copied().fold(0.0, f64::max);
                Figure::new(format!("{what}, {name}, ours to plain"), median(ratios), "x")
                    .note(format!("{lowest:.2} to {highest:.2} in {ROUNDS} rounds"))
            })
        };
        let mut figures = self.figures(&plain);
        figures.extend(ratio("rate", |sample| Some(sample.rate())));
        figures.extend(ratio("CPU", Sample::whole_us));
        figures.extend(ratio("CPU without the database", |sample| Some(sample.server_us())));
        figures
    }

    fn median_of(&self, of: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        self.0.iter().map(of).collect::<Option<Vec<_>>>().map(median)
    }
}
