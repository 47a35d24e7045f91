//! A shard on which everybody plays allocates nothing: not for a datagram, not for a slot. What leaves it for the world outside
//! (progress, checkpoints, chunks of a log) is made anew, in the slots in which it leaves.

use guildhall_tests::swarm::Rehearsal;

const PLAYERS: u32 = 40;
const TICKS: u32 = 200;

/// Plays, and gives of all slots how many asked for nothing, how many of those allocated, and how often in the worst.
fn play(rehearsal: &mut Rehearsal, slots: u32) -> (u32, u32, u64) {
    let (mut quiet, mut allocating, mut worst) = (0, 0, 0);
    let mut violations = rehearsal.violations();
    for _ in 0..slots {
        let mut count = 0;
        let mut measured = |work: &mut dyn FnMut()| count = allocation_counter::measure(work).count_total;
        let played = rehearsal.slot(&mut measured).unwrap();
        // Who strikes at the air too often is written down.
        let is_noted = count > 0 && std::mem::replace(&mut violations, rehearsal.violations()) != violations;
        if played.requests == 0 && !is_noted {
            quiet += 1;
            allocating += u32::from(count > 0);
            worst = worst.max(count);
        }
    }
    (quiet, allocating, worst)
}

#[test]
fn a_tick_of_play_allocates_nothing() {
    let mut rehearsal = Rehearsal::start(PLAYERS, false).unwrap();
    let slots = 25 * TICKS;
    let (_, at_first, _) = play(&mut rehearsal, slots);
    assert!(at_first > 0, "the count counts");
    // Buffers have grown to what the busiest ticks take, and every log has handed out a chunk.
    play(&mut rehearsal, 2 * slots);
    let (quiet, allocating, worst) = play(&mut rehearsal, slots);
    assert!(quiet > slots * 9 / 10, "{quiet} of {slots} slots asked for nothing");
    assert_eq!((allocating, worst), (0, 0), "of {quiet} slots that asked for nothing");
}
