//! Slots on the time line: each has its absolute time, so that lateness does not add up. Who falls behind makes up for a few
//! slots and then lets the rest go: a world runs slower rather than in leaps.

use crate::limits::{DATAGRAMS_PER_LOOK_FEW, SLOTS_BEHIND_MAX, SLOTS_PER_LOOK_MAX, SLOTS_PER_TICK};
use std::time::Duration;

/// How many slots somebody moves on by between two looks at the socket: one, or five while few datagrams come and go, so that a
/// wake and its system calls are shared by many. Nothing in between, for a tick has a whole number of these alone.
#[derive(Debug, Default)]
pub struct Cadence {
    /// Slots in a row in which there were few.
    quiet: usize,
}

impl Cadence {
    /// Slots from one look to the next.
    pub fn slots(&self) -> u32 {
        if self.quiet >= SLOTS_PER_TICK { SLOTS_PER_LOOK_MAX } else { 1 }
    }

    /// Notes what these slots have brought, or taken to answer, whichever is more. A rush is looked at in every slot from now on;
    /// a tick without one ends that.
    pub fn note(&mut self, datagrams: usize) {
        let slots = self.slots() as usize;
        let is_quiet = datagrams * SLOTS_PER_LOOK_MAX as usize <= DATAGRAMS_PER_LOOK_FEW * slots;
        self.quiet = if is_quiet { self.quiet.saturating_add(slots) } else { 0 };
    }
}

/// Where on the time line somebody is. Times count from where the system's steady clock does.
#[derive(Debug)]
pub struct Wheel {
    slot: Duration,
    slot_start: Duration,
}

impl Wheel {
    /// Begins with a slot of this length at once.
    pub fn start(slot: Duration) -> Self {
        Self { slot, slot_start: clock::now() }
    }

    /// Time since the present slot was to begin.
    pub fn since_start(&self) -> Duration {
        clock::now().saturating_sub(self.slot_start)
    }

    /// Goes on to the slot that comes `slots` later, and sleeps until it begins. Returns how many slots are given up because
    /// too many are overdue.
    pub fn turn(&mut self, slots: u32) -> u64 {
        let skipped = self.advance(slots, clock::now());
        clock::sleep_until(self.slot_start);
        skipped
    }

    fn advance(&mut self, slots: u32, now: Duration) -> u64 {
        self.slot_start += self.slot * slots;
        let overdue = now.saturating_sub(self.slot_start);
        if overdue <= self.slot * SLOTS_BEHIND_MAX {
            return 0;
        }
        self.slot_start = now;
        u64::try_from(overdue.as_nanos() / self.slot.as_nanos().max(1)).unwrap_or(u64::MAX)
    }
}

#[cfg(target_os = "linux")]
mod clock {
    use nix::sys::time::TimeSpec;
    use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};
    use std::time::Duration;

    const STEADY: ClockId = ClockId::CLOCK_MONOTONIC;

    pub(super) fn now() -> Duration {
        // Every Linux has this clock; it needs no permission.
        clock_gettime(STEADY).map_or(Duration::ZERO, Duration::from)
    }

    /// An absolute time holds however long this thread was kept from asking to be woken.
    pub(super) fn sleep_until(at: Duration) {
        let at = TimeSpec::from_duration(at);
        while clock_nanosleep(STEADY, ClockNanosleepFlags::TIMER_ABSTIME, &at) == Err(nix::errno::Errno::EINTR) {}
    }
}

#[cfg(not(target_os = "linux"))]
mod clock {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant};

    static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

    pub(super) fn now() -> Duration {
        BEGINNING.elapsed()
    }

    pub(super) fn sleep_until(at: Duration) {
        std::thread::sleep(at.saturating_sub(now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT: Duration = Duration::from_millis(2);

    #[test]
    fn slots_keep_their_times_however_late_they_are_looked_at() {
        let mut wheel = Wheel { slot: SLOT, slot_start: Duration::from_secs(9) };
        for slot in 1..=50_u32 {
            let late = Duration::from_micros(u64::from(slot * 37 % 1_900));
            assert_eq!(wheel.advance(1, Duration::from_secs(9) + SLOT * slot + late), 0);
            assert_eq!(wheel.slot_start, Duration::from_secs(9) + SLOT * slot);
        }
    }

    #[test]
    fn a_few_slots_are_made_up_for_and_more_are_given_up() {
        let mut wheel = Wheel { slot: SLOT, slot_start: Duration::ZERO };
        let at = |slots: u32| SLOT * slots;
        assert_eq!(wheel.advance(1, at(1 + SLOTS_BEHIND_MAX)), 0);
        assert_eq!(wheel.slot_start, at(1));
        let now = at(2 + SLOTS_BEHIND_MAX) + Duration::from_micros(1);
        assert_eq!(wheel.advance(1, now), u64::from(SLOTS_BEHIND_MAX));
        assert_eq!(wheel.slot_start, now);
    }

    #[test]
    fn a_rush_is_looked_at_in_every_slot_at_once_and_what_is_few_in_every_fifth_after_a_tick() {
        let mut cadence = Cadence::default();
        let mut note = |datagrams: usize| {
            cadence.note(datagrams);
            cadence.slots()
        };
        for slot in 1..=SLOTS_PER_TICK {
            assert_eq!(note(51), if slot < SLOTS_PER_TICK { 1 } else { 5 }, "slot {slot}");
        }
        assert_eq!([note(256), note(0), note(257)], [5, 5, 1], "five slots' worth, and one more");
        assert!((1..SLOTS_PER_TICK).all(|_| note(0) == 1));
        assert_eq!(note(52), 1, "one slot of many is enough");
        assert!((1..SLOTS_PER_TICK).all(|_| note(0) == 1));
        assert_eq!(note(0), 5);
    }

    #[test]
    fn a_turn_never_ends_before_its_slot() {
        let mut wheel = Wheel::start(SLOT);
        for slots in [1, 3, 1] {
            let planned = wheel.slot_start + SLOT * slots;
            wheel.turn(slots);
            assert!(clock::now() >= planned && wheel.slot_start >= planned);
        }
    }
}
