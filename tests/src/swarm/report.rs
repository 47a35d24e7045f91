//! What people read while they wait and afterwards, and the line of JSON for programs.

use super::Options;
use super::figures::Measurement;
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

const BAR_WIDTH: u64 = 40;

/// Shows how far something has come, where somebody is there to see it.
pub(super) fn progress(what: &str, done: u64, all: u64) {
    let mut stderr = std::io::stderr();
    if !stderr.is_terminal() {
        return;
    }
    let filled = BAR_WIDTH * done.min(all) / all.max(1);
    let bar: String = (0..BAR_WIDTH).map(|cell| if cell < filled { '█' } else { '·' }).collect();
    let end = if done >= all { "\r\x1b[2K" } else { "" };
    // Whoever closes standard error does not want to see it.
    let _ = write!(stderr, "\r{bar} {what} {done}/{all}{end}");
    let _ = stderr.flush();
}

/// Waits, and shows it.
pub(super) fn wait(seconds: u64) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(seconds) {
        progress("seconds measured", began.elapsed().as_secs(), seconds);
        let rest = Duration::from_secs(seconds).saturating_sub(began.elapsed());
        std::thread::sleep(rest.min(Duration::from_millis(250)));
    }
    progress("seconds measured", seconds, seconds);
}

/// Prints a measurement as a table and as a line of JSON.
pub(super) fn print(name: &str, measurement: &Measurement, options: &Options) {
    let faults = measurement.faults(options);
    let verdict = match (faults.is_empty(), measurement.holds(options)) {
        (false, _) => format!("VOID: {}", faults.join("; ")),
        (true, true) => "holds".to_owned(),
        (true, false) => "does not hold 20 Hz within 5 ms".to_owned(),
    };
    let Measurement { players, seconds, served, played, .. } = measurement;
    let ((cpu, user), (busy, generator_busy)) = (measurement.cpu_ns(), measurement.busy());
    let ((up, down), (read, written)) = (measurement.bytes_per_player_s(), measurement.per_call());
    let memory = measurement.memory_bytes / u64::from((*players).max(1));
    let ms = |us: u64| us as f64 / 1e3;
    println!("{name}: {players} players, {seconds:.1} s: {verdict}");
    println!("  CPU per delivered player-tick   {cpu:>8.0} ns, of which user space {user:.0} ns");
    println!("  processors busy                 {busy:>8.2} server, {generator_busy:.2} generator");
    let row = |what: &str, times: &super::figures::Times| {
        let [p50, p99, p999, max] = [times.p50, times.p99, times.p999, times.max].map(ms);
        println!("  {what:<31} {p50:>8.2} ms p50 {p99:>8.2} p99 {p999:>8.2} p99.9 {max:>8.2} max");
    };
    row("slot begins late by", &served.lateness_us);
    row("slot has sent after", &served.sent_us);
    row("snapshots at a client apart by", &played.interval_us);
    row("generator late by", &played.generator_late_us);
    println!("  bytes per player and second     {up:>8.0} in, {down:.0} out");
    println!("  datagrams per system call       {read:>8.1} read, {written:.1} written");
    println!("  memory per player               {memory:>8} bytes");
    if measurement.forged > 0 {
        let per_s = measurement.forged as f64 / seconds;
        let (bad, answered) = (served.datagrams_bad, measurement.answered);
        println!(
            "  forged datagrams per second     {per_s:>8.0} sent, {bad} dropped as bad in all, {answered} answered"
        );
    }
    let line = json!({ "measurement": name, "players": players, "seconds": seconds, "faults": faults,
        "holds": measurement.holds(options), "cpu_ns": cpu, "user_ns": user, "busy": busy, "generator_busy": generator_busy,
        "bytes_in_per_player_s": up, "bytes_out_per_player_s": down, "datagrams_per_read": read,
        "datagrams_per_write": written, "forged": measurement.forged, "answered": measurement.answered, "memory_per_player_bytes": memory, "served": served, "played": played });
    println!("{line}");
}

/// Prints what ours costs beside the floor: each pair, and the median.
pub(super) fn print_ratios(pairs: &[(f64, f64)]) {
    let mut ratios: Vec<f64> = pairs.iter().map(|(ours, floor)| ours / floor).collect();
    ratios.sort_by(f64::total_cmp);
    if let Some(median) = median(&ratios) {
        println!("shard ÷ echo, CPU per player-tick: {median:.2} (median of {}: {ratios:.2?})", ratios.len());
        println!("{}", json!({ "ratio": { "median": median, "all": ratios } }));
    }
}

/// Prints what a flood does to lateness: the medians of all rounds, calm and flooded. A pause of the machine hits a round of
/// either kind, so pairs say less.
pub(super) fn print_floods(pairs: &[(Measurement, Measurement)]) {
    let p99_us = |measurement: &Measurement| measurement.served.sent_us.p99.max(1) as f64;
    let of_all = |of: &dyn Fn(&(Measurement, Measurement)) -> f64| {
        let mut all: Vec<f64> = pairs.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let (calm, flooded) = (of_all(&|(calm, _)| p99_us(calm)), of_all(&|(_, flooded)| p99_us(flooded)));
    let Some((calm_us, flooded_us)) = median(&calm).zip(median(&flooded)) else { return };
    let grown = |(calm, flooded): &(Measurement, Measurement)| flooded.memory_bytes.saturating_sub(calm.memory_bytes);
    let grown = pairs.iter().map(grown).max().unwrap_or_default();
    let answered: u64 = pairs.iter().map(|(_, flooded)| flooded.answered).sum();
    let ratio = flooded_us / calm_us;
    println!("slot has sent after, p99, median of {}: {calm_us:.0} us calm, {flooded_us:.0} us flooded", pairs.len());
    println!("flooded ÷ calm: {ratio:.2}");
    println!("flooded - calm, memory: {:.1} MB at most; forged datagrams answered: {answered}", grown as f64 / 1e6);
    let all = json!({ "calm_us": calm, "flooded_us": flooded });
    println!(
        "{}",
        json!({ "flood": { "ratio": ratio, "all": all, "memory_growth_bytes": grown, "answered": answered } })
    );
}

/// Of numbers in order: the one in the middle, or the mean of the two that are.
pub(super) fn median(sorted: &[f64]) -> Option<f64> {
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get((sorted.len() - 1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.5]), Some(1.5));
        assert_eq!(median(&[1.0, 2.0]), Some(1.5));
        assert_eq!(median(&[1.0, 2.0, 9.0]), Some(2.0));
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
    }
}
