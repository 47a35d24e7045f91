//! Slots on the time line: each has its absolute time, so that lateness does not add up. Who falls behind makes up for a few
//! slots and then lets the rest go: a world runs slower rather than in leaps.

use crate::limits::{DATAGRAMS_PER_LOOK, LOOKS_PER_TICK_MIN, SLOTS_BEHIND_MAX, SLOTS_PER_TICK};
use std::time::Duration;

/// When somebody looks at a socket: so seldom that each look brings a fair number of datagrams, for what a wake costs, and what
/// of code and data has to be fetched for it, is then shared by many. The looks of a tick lie at the same slots of it as those of the
/// tick before, as long as they are as many, so that rooms keep their rhythm exactly.
#[derive(Debug)]
pub struct Cadence {
    /// Looks of a tick.
    looks: usize,
    /// The slot of the tick that this look is in.
    slot: usize,
    /// What this tick's looks have brought, or taken to answer.
    datagrams: usize,
}

impl Default for Cadence {
    /// In every slot, as long as nobody knows what there is to do.
    fn default() -> Self {
        Self { looks: SLOTS_PER_TICK, slot: 0, datagrams: 0 }
    }
}

impl Cadence {
    /// Slots from this look to the next.
    pub const fn slots(&self) -> usize {
        let looks_before = ((self.slot + 1) * self.looks).div_ceil(SLOTS_PER_TICK);
        looks_before * SLOTS_PER_TICK / self.looks - self.slot
    }

    /// Looks in every slot until the tick is over.
    pub const fn hurry(&mut self) {
        self.looks = SLOTS_PER_TICK;
    }

    /// Goes on to the next look, and tells how many slots later that is. `datagrams` are what this one has brought, or taken to
    /// answer, whichever is more. A rush is looked at in every slot at once; otherwise the looks of a tick are as many as the tick
    /// before wanted, with some leeway before they become fewer.
    pub fn advance(&mut self, datagrams: usize) -> usize {
        self.datagrams += datagrams;
        if datagrams > 2 * DATAGRAMS_PER_LOOK {
            self.hurry();
        }
        let slots = self.slots();
        self.slot += slots;
        if self.slot >= SLOTS_PER_TICK {
            let looks =
                |datagrams: usize| datagrams.div_ceil(DATAGRAMS_PER_LOOK).clamp(LOOKS_PER_TICK_MIN, SLOTS_PER_TICK);
            self.looks = self.looks.clamp(looks(self.datagrams), looks(self.datagrams + self.datagrams / 4));
            (self.slot, self.datagrams) = (0, 0);
        }
        slots
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

    /// The slots of a tick in which there are looks, if so many datagrams come in it, evenly.
    fn tick(cadence: &mut Cadence, datagrams: usize) -> Vec<usize> {
        let (mut looks, mut slot, each) = (Vec::new(), 0, datagrams.div_ceil(cadence.looks));
        while slot < SLOTS_PER_TICK {
            looks.push(slot);
            slot += cadence.advance(each);
        }
        assert_eq!(slot, SLOTS_PER_TICK, "a tick begins with a look");
        looks
    }

    #[test]
    fn looks_are_as_many_as_bring_a_fair_number_and_lie_evenly_at_the_same_slots() {
        for (players, looks) in [(0, 2), (400, 2), (1_000, 5), (2_000, 10), (4_000, 20), (6_400, 25), (20_000, 25)] {
            let mut cadence = Cadence::default();
            tick(&mut cadence, players);
            let slots = tick(&mut cadence, players);
            assert_eq!((slots.len(), &slots), (looks, &tick(&mut cadence, players)), "{players} players");
            let gaps = slots.windows(2).map(|pair| pair[1] - pair[0]);
            let (least, most) = (SLOTS_PER_TICK / looks, SLOTS_PER_TICK.div_ceil(looks));
            assert!(gaps.into_iter().all(|gap| (least..=most).contains(&gap)), "{players} players: {slots:?}");
        }
    }

    #[test]
    fn a_rush_is_looked_at_in_every_slot_at_once_and_no_longer_after_a_tick_without() {
        let mut cadence = Cadence::default();
        tick(&mut cadence, 0);
        assert_eq!([cadence.advance(0), cadence.advance(512)], [12, 13]);
        assert_eq!([cadence.advance(513), cadence.advance(513)], [1, 1]);
        assert!((2..SLOTS_PER_TICK).all(|_| cadence.advance(0) == 1));
        assert_eq!(tick(&mut cadence, 0).len(), 6, "what the tick with the rush would have wanted");
        assert_eq!(tick(&mut cadence, 0).len(), 2);
    }

    #[test]
    fn a_few_more_or_less_change_no_rhythm() {
        let mut cadence = Cadence::default();
        let mut hour = || [100, 92, 104, 97, 92, 101, 108].map(|percent| tick(&mut cadence, 13 * percent).len());
        hour();
        assert_eq!(hour(), [6; 7]);
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
