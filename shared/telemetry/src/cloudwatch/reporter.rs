//! Decides when a process reports what, as a value without a clock.
//!
//! CloudWatch's average over a fleet weighs every sample alike, so a process that reported whenever something changes would
//! count for more than a quiet one. Therefore time is cut into spans of five seconds, and each span in which the process had
//! something to say yields exactly one sample, whenever that is sent: the average is one over processes and time, a minute
//! of a whole process has twelve samples, and `SampleCount / 12` is the number of processes.
//!
//! Samples are sent at the end of the first span in which a value has changed, otherwise at the end of the minute: at most
//! one call in five seconds, at least one in a minute. Each report belongs to one minute and carries its time.

/// Length of the span that one sample stands for, in milliseconds; and so the least time between two reports.
pub const SAMPLE_MS: u64 = 5_000;
/// The longest time that a sample waits, in milliseconds: CloudWatch's standard resolution.
pub const MINUTE_MS: u64 = 60_000;
/// Samples of a process that was there for a whole minute.
pub const SAMPLES_PER_MINUTE: u64 = MINUTE_MS / SAMPLE_MS;

const _: () = assert!(MINUTE_MS.is_multiple_of(SAMPLE_MS));
// CloudWatch takes 150 different values of a metric in one call.
const _: () = assert!(SAMPLES_PER_MINUTE <= 150);

/// What a metric is at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The metric's name in CloudWatch.
    pub name: &'static str,
    /// Its value: finite.
    pub value: f64,
}

/// The samples of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// The metric's name in CloudWatch.
    pub name: &'static str,
    /// Each value, and how many samples have it.
    pub values: Vec<(f64, u32)>,
}

/// What is to be published in one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The minute that all samples belong to, as its beginning in milliseconds since 1970.
    pub minute_ms: u64,
    /// Every metric that was read in that time.
    pub metrics: Vec<Distribution>,
}

/// Gathers the readings of one process.
#[derive(Debug)]
pub struct Reporter {
    phase_ms: u64,
    /// The span that goes on, and what was read last in it.
    open: Option<(u64, Vec<Reading>)>,
    /// Samples of one minute that are not reported yet.
    waiting: Vec<Distribution>,
    reported: Vec<Reading>,
}

impl Reporter {
    /// With its spans shifted by some part of a span that `seed` decides, so that a fleet's reports do not all come at once.
    pub const fn new(seed: u64) -> Self {
        Self { phase_ms: seed % SAMPLE_MS, open: None, waiting: Vec::new(), reported: Vec::new() }
    }

    /// Takes in what the process knows at `now_ms`, which is to be called several times in every span. Returns what is to be
    /// published.
    pub fn handle_readings(&mut self, now_ms: u64, readings: &[Reading]) -> Option<Report> {
        let span = now_ms.saturating_sub(self.phase_ms) / SAMPLE_MS;
        let ended = match &mut self.open {
            Some((open, last)) if *open >= span => {
                readings.clone_into(last);
                None
            }
            open => open.replace((span, readings.to_vec())),
        };
        let (ended, sample) = ended?;
        for reading in &sample {
            count(&mut self.waiting, *reading);
        }
        let minute_ms = self.minute_ms(ended);
        if sample == self.reported && minute_ms == self.minute_ms(span) {
            return None;
        }
        self.reported = sample;
        Some(Report { minute_ms, metrics: std::mem::take(&mut self.waiting) })
    }

    /// Forgets what is not reported: the process does not count any more.
    pub fn clear(&mut self) {
        self.open = None;
        self.waiting.clear();
        self.reported.clear();
    }

    const fn minute_ms(&self, span: u64) -> u64 {
        let start_ms = span.saturating_mul(SAMPLE_MS).saturating_add(self.phase_ms);
        start_ms - start_ms % MINUTE_MS
    }
}

fn count(metrics: &mut Vec<Distribution>, Reading { name, value }: Reading) {
    let Some(metric) = metrics.iter_mut().find(|metric| metric.name == name) else {
        return metrics.push(Distribution { name, values: vec![(value, 1)] });
    };
    match metric.values.iter_mut().find(|(known, _)| *known == value) {
        Some((_, times)) => *times = times.saturating_add(1),
        None => metric.values.push((value, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_MS: u64 = 1_800_000_000_000;

    fn sessions(value: u32) -> Vec<Reading> {
        vec![Reading { name: "sessions", value: f64::from(value) }, Reading { name: "capacity", value: 256.0 }]
    }

    /// Beats every second of `range` with what `value` says; returns the reports and the second in which each came.
    fn beat(
        reporter: &mut Reporter,
        range: std::ops::Range<u64>,
        value: impl Fn(u64) -> Option<u32>,
    ) -> Vec<(u64, Report)> {
        let beat = |second| {
            let report = reporter.handle_readings(START_MS + second * 1_000, &sessions(value(second)?))?;
            Some((second, report))
        };
        range.filter_map(beat).collect()
    }

    fn samples(report: &Report, name: &str) -> u32 {
        let metric = report.metrics.iter().find(|metric| metric.name == name).unwrap();
        metric.values.iter().map(|(_, times)| times).sum()
    }

    #[test]
    fn a_quiet_process_reports_at_once_and_then_by_the_minute() {
        let mut reporter = Reporter::new(0);
        let reports = beat(&mut reporter, 0..181, |_| Some(7));
        assert_eq!(reports.iter().map(|(second, _)| *second).collect::<Vec<_>>(), [5, 60, 120, 180]);
        for (second, report) in &reports {
            assert_eq!(report.minute_ms, START_MS + (second - 1) / 60 * 60_000);
            assert_eq!(report.metrics.len(), 2);
        }
        let expected = vec![
            Distribution { name: "sessions", values: vec![(7.0, 12)] },
            Distribution { name: "capacity", values: vec![(256.0, 12)] },
        ];
        assert_eq!(reports[2].1.metrics, expected);
    }

    #[test]
    fn a_change_is_reported_at_the_end_of_its_span_with_what_waited() {
        let mut reporter = Reporter::new(0);
        let reports = beat(&mut reporter, 0..60, |second| Some(if second < 31 { 7 } else { 8 }));
        assert_eq!(reports.iter().map(|(second, _)| *second).collect::<Vec<_>>(), [5, 35]);
        assert_eq!(reports[1].1.metrics[0].values, [(7.0, 5), (8.0, 1)]);
    }

    #[test]
    fn however_busy_a_process_is_it_calls_at_most_every_five_seconds_and_weighs_the_same() {
        let mut reporter = Reporter::new(3_456_789);
        let reports = beat(&mut reporter, 0..661, |second| Some(u32::try_from(second).unwrap()));
        assert!(reports.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 5), "{reports:?}");
        for minute in 1..10 {
            let of_minute = reports.iter().filter(|(_, report)| report.minute_ms == START_MS + minute * 60_000);
            let total: u32 = of_minute.map(|(_, report)| samples(report, "sessions")).sum();
            assert_eq!(u64::from(total), SAMPLES_PER_MINUTE, "minute {minute}");
        }
    }

    #[test]
    fn time_without_a_word_has_no_samples() {
        let mut reporter = Reporter::new(0);
        let reports = beat(&mut reporter, 0..300, |second| (!(20..130).contains(&second)).then_some(7));
        let of_minute = |minute: u64| {
            let found = reports.iter().filter(move |(_, report)| report.minute_ms == START_MS + minute * 60_000);
            found.map(|(_, report)| samples(report, "sessions")).sum::<u32>()
        };
        assert_eq!([0, 1, 2, 3].map(of_minute), [4, 0, 10, 12]);
    }

    #[test]
    fn after_clear_nothing_of_before_is_reported() {
        let mut reporter = Reporter::new(0);
        beat(&mut reporter, 0..33, |_| Some(7));
        reporter.clear();
        let reports = beat(&mut reporter, 33..61, |_| Some(7));
        let total: u32 = reports.iter().map(|(_, report)| samples(report, "sessions")).sum();
        assert_eq!(total, 6, "{reports:?}");
    }

    #[test]
    fn a_clock_that_steps_back_only_delays() {
        let mut reporter = Reporter::new(0);
        beat(&mut reporter, 100..106, |_| Some(7));
        assert_eq!(beat(&mut reporter, 50..100, |_| Some(8)), []);
        assert_eq!(beat(&mut reporter, 106..111, |_| Some(8)).len(), 1);
    }
}
