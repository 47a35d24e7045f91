//! What a player costs a shard in user space, with everything that a deployed shard does and without the kernel's part: rooms
//! of four with sixteen enemies, sealed datagrams in and out, in this process and on virtual time.

use crate::Outcome;
use crate::figure::{Figure, quantile};
use guildhall_tests::swarm::Rehearsal;
use std::time::Duration;

/// Players: a few, whose rooms stay in the processor's caches, and as many as a core is to carry.
const PLAYERS: [u32; 3] = [100, 1_000, 4_000];
/// Ticks that are measured, after some in which everybody settles.
const TICKS: usize = 200;
/// The promise, in microseconds per player and tick.
const PLAYER_US_MAX: f64 = 0.9;

pub(crate) fn measure() -> Outcome<Vec<Figure>> {
    let mut figures = Vec::new();
    for (players, keeps) in PLAYERS.into_iter().flat_map(|players| [(players, true), (players, false)]) {
        let mut times = Rehearsal::start(players, keeps)?.measure(TICKS)?;
        let us = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(players);
        let tenth = us(quantile(&mut times, 0.1));
        let what = if keeps { "user space" } else { "user space without checkpoints and recordings" };
        let figure = Figure::new(format!("shard of {players} players: {what}"), us(quantile(&mut times, 0.5)), "us");
        figures.push(figure.at_most(PLAYER_US_MAX).note(format!("per player and tick; the fastest tenth {tenth:.2}")));
    }
    Ok(figures)
}
