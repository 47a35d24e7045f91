//! A shard beside other network libraries: the same players, payloads of the same sizes, the same pace, by turns. What is
//! compared is the processor time of all of a server's threads for each snapshot that a client took in.
//!
//! The peers are programs of `tests/peers`, one process as the server and one as its load. They answer with a [`Tally`].

use super::figures::{Measurement, PACE_MIN, Played, Served, Times};
use super::processor::{Usage, resident_bytes};
use super::server::Partner;
use super::{Options, Outcome, plot, report, run};
use guildhall_protocol::netcode::MAC_BYTES;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// What NETCODE adds to a payload once a connection has sent more than a few: the kind, two bytes of sequence, the code.
const SEALED_BYTES: usize = 1 + 2 + MAC_BYTES;

/// Somebody to race with.
struct Peer {
    name: &'static str,
    /// The program, below the folder of the peers, and its first arguments.
    command: &'static [&'static str],
    /// What our part of its cost should be at most.
    goal: Option<f64>,
    note: &'static str,
}

const PEERS: &[Peer] = &[
    Peer { name: "ENet", command: &["enet"], goal: Some(0.8), note: "not encrypted" },
    Peer { name: "renet2", command: &["release/peers", "renet2"], goal: Some(0.55), note: "" },
    Peer { name: "renet", command: &["release/peers", "renet"], goal: Some(0.27), note: "" },
    Peer { name: "quinn", command: &["release/peers", "quinn"], goal: None, note: "QUIC" },
    Peer { name: "Colyseus", command: &["colyseus/main.mjs"], goal: Some(1.0 / 6.0), note: "not encrypted; encodes" },
    Peer {
        name: "SpacetimeDB",
        command: &["release/spacetimedb"],
        goal: Some(1.0 / 14.0),
        note: "not encrypted; keeps rows",
    },
];

/// What a peer's process has counted since it was last asked. Times in microseconds, p99.
#[derive(Debug, Deserialize)]
struct Tally {
    players: u64,
    arrived: u64,
    /// What was sent to it and has not arrived.
    missing: u64,
    skipped: u64,
    late_us: u64,
    done_us: u64,
}

/// The results of one who took part, in microseconds or with the reason why there are none: one for each round.
struct Lane {
    name: &'static str,
    goal: Option<f64>,
    note: &'static str,
    costs_us: Vec<Result<f64, String>>,
}

impl Lane {
    fn new(name: &'static str, goal: Option<f64>, note: &'static str) -> Self {
        Self { name, goal, note, costs_us: Vec::new() }
    }

    fn cost_us(&self) -> Option<f64> {
        median(self.costs_us.iter().flatten().copied())
    }

    /// What `ours` costs for each unit that this one does, pair by pair.
    fn ratio(&self, ours: &Self) -> Option<f64> {
        let pairs = ours.costs_us.iter().zip(&self.costs_us);
        median(pairs.filter_map(|(ours, theirs)| Some(ours.as_ref().ok()? / theirs.as_ref().ok()?)))
    }

    fn fault(&self) -> Option<&str> {
        self.costs_us.iter().find_map(|cost| cost.as_ref().err()).map(String::as_str)
    }

    /// What is to be said beside the figures.
    fn remark(&self) -> String {
        let void = self.costs_us.iter().filter(|cost| cost.is_err()).count();
        let fault = self.fault().map(|fault| format!("{void} of {} VOID: {fault}", self.costs_us.len()));
        let note = Some(self.note.to_owned()).filter(|note| !note.is_empty());
        note.into_iter().chain(fault).collect::<Vec<_>>().join("; ")
    }
}

/// Runs the race that the options ask for, with the peers in this folder.
pub(super) fn run(options: &Options, folder: &Path) -> Outcome<()> {
    let (here, missing): (Vec<&Peer>, Vec<&Peer>) = PEERS.iter().partition(|peer| peer.program(folder).exists());
    for peer in missing {
        println!("{}: skipped, {} is not there", peer.name, peer.program(folder).display());
    }
    let mut lanes = vec![Lane::new("shard", None, ""), Lane::new("echo", None, "the floor: moves datagrams unread")];
    lanes.extend(here.iter().map(|peer| Lane::new(peer.name, peer.goal, peer.note)));
    for round in 1..=options.rounds {
        let ours = run::shard(options, options.players)?;
        let mut results = vec![cost_us(&ours, options), judge(run::bare(options, &ours), options)];
        results.extend(here.iter().map(|peer| judge(peer.play(folder, options, &ours), options)));
        for (lane, result) in lanes.iter_mut().zip(results) {
            match &result {
                Ok(cost_us) => println!("round {round}, {}: {cost_us:.2} µs", lane.name),
                Err(fault) => println!("round {round}, {}: VOID: {fault}", lane.name),
            }
            lane.costs_us.push(result);
        }
    }
    print(&lanes, options);
    if let Some(file) = &options.plot {
        std::fs::write(file, draw(&lanes, options.players))?;
    }
    Ok(())
}

fn judge(measured: Outcome<Measurement>, options: &Options) -> Result<f64, String> {
    measured.map_err(|error| error.to_string()).and_then(|measurement| cost_us(&measurement, options))
}

/// Processor time for each snapshot that arrived, if the measurement says anything.
fn cost_us(measurement: &Measurement, options: &Options) -> Result<f64, String> {
    let mut faults = measurement.faults(options);
    if measurement.pace() < PACE_MIN {
        faults.push(format!("does not hold 20 Hz, but {:.1}", 20.0 * measurement.pace()));
    }
    if faults.is_empty() { Ok(measurement.cpu_ns().0 / 1e3) } else { Err(faults.join("; ")) }
}

impl Peer {
    fn program(&self, folder: &Path) -> std::path::PathBuf {
        folder.join(self.command.first().copied().unwrap_or_default())
    }

    /// Measures the peer with payloads like a measured shard's.
    fn play(&self, folder: &Path, options: &Options, like: &Measurement) -> Outcome<Measurement> {
        let players = like.players;
        let (in_bytes, out_bytes) = like.bytes_per_datagram();
        let payloads = [in_bytes, out_bytes].map(|bytes| bytes.saturating_sub(SEALED_BYTES).to_string());
        let start = |role: &str, place: &str| {
            let mut command = Command::new(self.program(folder));
            command.args(self.command.iter().skip(1)).args([role, &players.to_string()]).args(&payloads).arg(place);
            Partner::start(&mut command)
        };
        let mut server = start("serve", "")?;
        let empty_bytes = resident_bytes(server.id())?;
        let mut load = start("load", &server.place)?;
        run::await_players(players, || Ok((load.ask::<Tally>()?.players, true)))?;
        std::thread::sleep(run::WARM_UP);
        // A server answers at the end of a tick: both ends of the measurement lie at the same place in it.
        let mut mark = || -> Outcome<_> {
            let (served, cpu) = (server.ask::<Tally>()?, Usage::of_process(server.id())?);
            let (played, generator_cpu) = (load.ask::<Tally>()?, Usage::of_process(load.id())?);
            Ok((Instant::now(), served, played, cpu, generator_cpu))
        };
        let (began, _, _, cpu_before, generator_before) = mark()?;
        report::wait(options.seconds);
        let (ended, served, played, cpu, generator_cpu) = mark()?;
        Ok(Measurement {
            players,
            seconds: (ended - began).as_secs_f64(),
            played: played.as_played(&served, players),
            served: served.as_served(&played),
            cpu: cpu.since(cpu_before),
            generator_cpu: generator_cpu.since(generator_before),
            forged: 0,
            answered: 0,
            memory_bytes: resident_bytes(server.id())?.saturating_sub(empty_bytes),
        })
    }
}

impl Tally {
    /// A server's, with that of its load.
    fn as_served(&self, load: &Self) -> Served {
        Served {
            players: self.players,
            lateness_us: Times { p99: self.late_us, ..Times::default() },
            sent_us: Times { p99: self.done_us, ..Times::default() },
            slots_skipped: self.skipped,
            datagrams_in: self.arrived,
            datagrams_out: load.arrived + load.missing,
            ..Served::default()
        }
    }

    /// A load's, with that of its server.
    fn as_played(&self, server: &Self, players: u32) -> Played {
        Played {
            sent: server.arrived + server.missing,
            received: self.arrived,
            delivered: self.arrived,
            lost: u64::from(players).saturating_sub(self.players),
            generator_late_us: Times { p99: self.late_us, ..Times::default() },
            ..Played::default()
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    report::median(&values)
}

/// Prints the race as a table and as a line of JSON.
fn print(lanes: &[Lane], options: &Options) {
    let Options { players, seconds, rounds, .. } = options;
    let Some(ours) = lanes.first() else { return };
    println!("\n{}", title(*players));
    println!("medians of {rounds} rounds of {seconds} s, by turns, with payloads of the shard's sizes");
    println!("{:<11} {:>8} {:>12} {:>8}", "", "µs", "shard ÷ it", "goal");
    let mut results = Vec::new();
    for lane in lanes {
        let (cost, ratio) = (lane.cost_us(), lane.ratio(ours));
        let figure =
            |value: Option<f64>, otherwise: &str| value.map_or(otherwise.to_owned(), |value| format!("{value:.2}"));
        let goal = lane.goal.map_or(String::new(), |goal| format!("≤ {goal:.2}"));
        let ratio_text = if std::ptr::eq(lane, ours) { String::new() } else { figure(ratio, "") };
        println!("{:<11} {:>8} {ratio_text:>12} {goal:>8}  {}", lane.name, figure(cost, "void"), lane.remark());
        results.push(json!({ "name": lane.name, "cpu_us": cost, "ratio": ratio, "goal": lane.goal,
            "rounds_us": lane.costs_us.iter().map(|cost| cost.as_ref().ok().copied()).collect::<Vec<_>>(), "fault": lane.fault() }));
    }
    println!(
        "The peers move bytes: they simulate nothing, and but for the last two encode nothing, so they have less to do."
    );
    println!("{}", json!({ "race": { "players": players, "seconds": seconds, "lanes": Value::Array(results) } }));
}

fn draw(lanes: &[Lane], players: u32) -> String {
    let bars: Vec<_> = lanes.iter().map(|lane| (lane.name, lane.cost_us(), label(lane, lanes.first()))).collect();
    plot::bars(&title(players), &bars)
}

fn label(lane: &Lane, ours: Option<&Lane>) -> String {
    let Some(cost_us) = lane.cost_us() else { return format!("void: {}", lane.fault().unwrap_or("not measured")) };
    match ours.filter(|ours| ours.name != lane.name).and_then(|ours| lane.ratio(ours)) {
        Some(ratio) => format!("{cost_us:.1}; the shard costs {ratio:.2} of it"),
        None => format!("{cost_us:.1}"),
    }
}

fn title(players: u32) -> String {
    format!("{players} players in rooms of four, 20 Hz: the server's CPU per delivered player-tick, µs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(name: &'static str, costs: &[Option<f64>]) -> Lane {
        let costs_us = costs.iter().map(|cost| cost.ok_or_else(|| "it rained".to_owned())).collect();
        Lane { costs_us, ..Lane::new(name, None, "wet") }
    }

    #[test]
    fn rounds_are_compared_in_pairs_and_those_that_say_nothing_are_left_out() {
        let ours = lane("ours", &[Some(2.0), Some(3.0), None, Some(8.0)]);
        let theirs = lane("theirs", &[Some(4.0), None, Some(1.0), Some(8.0)]);
        assert_eq!(theirs.cost_us(), Some(4.0));
        assert_eq!(theirs.ratio(&ours), Some(0.75));
        assert_eq!(theirs.remark(), "wet; 1 of 4 VOID: it rained");
        let absent = lane("absent", &[None, None]);
        assert_eq!((absent.cost_us(), absent.ratio(&ours)), (None, None));
        let drawing = draw(&[ours, theirs, absent], 400);
        assert!(
            drawing.contains("4.0; the shard costs 0.75 of it") && drawing.contains("void: it rained"),
            "{drawing}"
        );
    }

    /// A hundred players over ten seconds, of whose 20,000 messages each way so many are missing, or were never sent.
    fn measured(missing: u64, unsent: u64, players: u64, late_us: u64) -> Result<f64, String> {
        let tally = |missing: u64, players: u64| {
            let arrived = 20_000 - missing - unsent;
            Tally { players, arrived, missing, skipped: 0, late_us, done_us: 0 }
        };
        let (served, played) = (tally(0, 100), tally(missing, players));
        let measurement = Measurement {
            players: 100,
            seconds: 10.0,
            played: played.as_played(&served, 100),
            served: served.as_served(&played),
            cpu: Usage::default(),
            generator_cpu: Usage::default(),
            forged: 0,
            answered: 0,
            memory_bytes: 0,
        };
        cost_us(&measurement, &Options::default())
    }

    #[test]
    fn a_peer_is_held_to_the_rules_of_the_shard() {
        assert_eq!(measured(19, 0, 100, 9_000), Ok(0.0));
        for (unfair, fault) in [
            (measured(21, 0, 100, 0), "arrived at the clients"),
            (measured(0, 210, 100, 0), "does not hold 20 Hz, but 19.8"),
            (measured(0, 0, 99, 0), "1 connections were lost"),
            (measured(0, 0, 100, 10_001), "the generator was 10.0 ms late"),
        ] {
            let fault_found = unfair.unwrap_err();
            assert!(fault_found.contains(fault), "{fault_found}");
        }
    }
}
