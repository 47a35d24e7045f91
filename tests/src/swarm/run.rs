//! A measurement from beginning to end, and series of them.

use super::client::{Caller, Fighter};
use super::figures::{Measurement, Served};
use super::flood::Flood;
use super::load::Load;
use super::processor::{Usage, resident_bytes};
use super::rehearsal::Rehearsal;
use super::server::Partner;
use super::wire::CLIENTS_MAX;
use super::{Options, Outcome, arena, echo, load, plot, race, report, server};
use crate::Dice;
use guildhall_domain::limits::TICKS_PER_S;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long the clients may take to come in, in seconds, beside what their number asks for.
const ARRIVAL_S_MAX: u64 = 30;
/// Time from the last arrival to the beginning of a measurement.
pub(super) const WARM_UP: Duration = Duration::from_secs(2);
/// How often so many players are tried: on a machine with other work, one run or another does not hold because of that.
const RAMP_TRIES: usize = 2;
/// Steps of a ramp, in players: first the coarse ones, then the fine ones.
const RAMP_STEP: u32 = 1_000;
const RAMP_STEP_FINE: u32 = 250;

/// Measures what the options ask for, and prints it.
pub(super) fn run(options: &Options) -> Outcome<()> {
    if options.players > CLIENTS_MAX {
        return Err(format!("at most {CLIENTS_MAX} players").into());
    }
    if options.rehearse {
        return rehearse(options);
    }
    if options.ramp {
        return ramp(options);
    }
    if let Some(folder) = &options.race {
        return race::run(options, folder);
    }
    let (mut ratios, mut floods) = (Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        let ours = shard(options, options.players)?;
        report::print(&format!("shard {round}"), &ours, options);
        if options.flood_per_s > 0 {
            let flooded = flooded_shard(options, options.players, options.flood_per_s)?;
            report::print(&format!("flooded {round}"), &flooded, options);
            floods.push((ours, flooded));
            continue;
        }
        if options.floor {
            let floor = bare(options, &ours)?;
            report::print(&format!("echo {round}"), &floor, options);
            ratios.push((ours.cpu_ns().0, floor.cpu_ns().0));
        }
    }
    report::print_ratios(&ratios);
    report::print_floods(&floods);
    Ok(())
}

/// Measures a shard's own work.
fn rehearse(options: &Options) -> Outcome<()> {
    let ticks = usize::try_from(options.seconds)? * TICKS_PER_S as usize;
    let mut times = Rehearsal::start(options.players, !options.bare)?.measure(ticks)?;
    times.sort_unstable();
    let us = |part: usize| {
        let time = times.get(times.len() * part / 10).copied().unwrap_or_default();
        time.as_secs_f64() * 1e6 / f64::from(options.players)
    };
    println!("rehearsal of {} players: {:.2} us in user space per player and tick", options.players, us(5));
    println!("{}", serde_json::json!({ "rehearsal": { "players": options.players, "us": us(5), "us_p10": us(1) } }));
    Ok(())
}

/// Looks for the largest N that holds.
fn ramp(options: &Options) -> Outcome<()> {
    let mut measurements: Vec<Measurement> = Vec::new();
    let (mut held, mut players) = (0, options.players);
    for step in [RAMP_STEP, RAMP_STEP_FINE] {
        loop {
            let mut holds = false;
            for _ in 0..RAMP_TRIES {
                let measurement = shard(options, players)?;
                report::print("shard", &measurement, options);
                holds = measurement.holds(options);
                measurements.push(measurement);
                if holds {
                    break;
                }
            }
            if !holds {
                break;
            }
            held = players;
            players += step;
        }
        players = held + RAMP_STEP_FINE;
    }
    measurements.sort_by_key(|measurement| measurement.players);
    println!("largest that holds: {held} players");
    println!("{}", serde_json::json!({ "ramp": { "players_held": held } }));
    if let Some(file) = &options.plot {
        std::fs::write(file, plot::draw(&measurements))?;
    }
    Ok(())
}

/// Measures a shard.
pub(super) fn shard(options: &Options, players: u32) -> Outcome<Measurement> {
    flooded_shard(options, players, 0)
}

/// Measures a shard beside so many forged datagrams a second.
fn flooded_shard(options: &Options, players: u32, forged_per_s: u64) -> Outcome<Measurement> {
    let seed = seed()?;
    let arguments = [seed.to_string(), players.to_string(), options.bare.to_string()];
    let server = Partner::server(options.namespace.as_deref(), server::SERVE, &arguments)?;
    let address = server.address()?;
    let mut dice = Dice(seed.rotate_left(32));
    let make = move |client, now_us| {
        let token = arena::token(client, address, seed, now_s()?, &mut dice);
        Fighter::new(&token, now_us, seed ^ u64::from(client))
    };
    let load = |options: &Options| Load::start(options, players, address, make);
    let flood = (forged_per_s > 0).then_some((address, forged_per_s));
    measure(options, players, server, (server::THREAD, flood), load)
}

/// Measures the bare echo of datagrams like those of a measured shard.
pub(super) fn bare(options: &Options, like: &Measurement) -> Outcome<Measurement> {
    let (sent_bytes, echo_bytes) = like.bytes_per_datagram();
    let server = Partner::server(options.namespace.as_deref(), echo::SERVE, &[echo_bytes.to_string()])?;
    let address = server.address()?;
    let make = move |_, _| Ok(Caller { sent_bytes, echo_bytes, is_due: false });
    let steady = Options { churn_percent: 0, ..options.clone() };
    measure(&steady, like.players, server, (echo::THREAD, None), |options| {
        Load::start(options, like.players, address, make)
    })
}

fn measure(
    options: &Options,
    players: u32,
    mut server: Partner,
    (thread, flood): (&str, Option<(SocketAddr, u64)>),
    start: impl FnOnce(&Options) -> Outcome<Load>,
) -> Outcome<Measurement> {
    let empty_bytes = resident_bytes(server.id())?;
    let load = start(options)?;
    if let Err(error) = await_arrivals(&load, players) {
        // What the thread has to say is nearer to the cause.
        let served: Served = server.ask()?;
        return load.stop().and(Err(format!("{error}; the server: {served:?}").into()));
    }
    let flood = flood.map(|(server, per_s)| Flood::start(server, per_s, now_s()?)).transpose()?;
    std::thread::sleep(WARM_UP);
    // Beside peers who have threads as they please, all of a server's count.
    let usage = |server: &Partner| match &options.race {
        Some(_) => Usage::of_process(server.id()),
        None => Usage::of_thread(server.id(), thread),
    };
    let generator_usage = || Usage::of_thread(std::process::id(), load::THREAD);
    let (_, cpu_before) = (server.ask::<Served>()?, usage(&server)?);
    let forged = || flood.as_ref().map_or(0, Flood::sent);
    let (generator_before, before, forged_before) = (generator_usage()?, load.counts.mark(), forged());
    report::wait(options.seconds);
    let (mut served, cpu_after) = (server.ask::<Served>()?, usage(&server)?);
    let (generator_after, after) = (generator_usage()?, load.counts.mark());
    let forged = forged() - forged_before;
    let answered = flood.map_or(Ok(0), Flood::stop)?;
    let memory_bytes = resident_bytes(server.id())?.saturating_sub(empty_bytes);
    load.stop()?;
    let (played, seconds) = after.since(&before);
    if thread == echo::THREAD {
        served.players = players.into();
    }
    let (cpu, generator_cpu) = (cpu_after.since(cpu_before), generator_after.since(generator_before));
    Ok(Measurement { players, seconds, served, played, cpu, generator_cpu, forged, answered, memory_bytes })
}

fn await_arrivals(load: &Load, players: u32) -> Outcome<()> {
    await_players(players, || {
        let there = load.counts.there.load(std::sync::atomic::Ordering::Relaxed);
        Ok((there, load.is_running()))
    })
}

/// Waits until so many players are there, as long as may be. `look` says how many are, and whether more can come.
pub(super) fn await_players(players: u32, mut look: impl FnMut() -> Outcome<(u64, bool)>) -> Outcome<()> {
    let patience = Duration::from_secs(ARRIVAL_S_MAX + u64::from(players) / 500);
    let began = Instant::now();
    loop {
        let (there, can_come) = look()?;
        report::progress("players arrive", there, players.into());
        if there >= u64::from(players) {
            return Ok(());
        }
        if began.elapsed() > patience || !can_come {
            return Err(format!("{there} of {players} players have come in").into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn now_s() -> Outcome<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

/// No two runs of a server may share their keys.
fn seed() -> Outcome<u64> {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    Ok(Dice(u64::try_from(nanos)? ^ u64::from(std::process::id()).rotate_left(48)).below(u64::MAX))
}
