//! What one player's client does that a fair one never does, or not so often. Nothing here stops anybody, because what cannot
//! be done does nothing anyway; it is for people who want to know who tries.
//!
//! A fair client that sees the game a moment late strikes at the dead now and then, and a network that stalls delivers many
//! messages at once. So things are counted, and told once per window if there were more than a fair client can bring about.

use crate::limits::{
    CONDUCT_WINDOW_TICKS, COOLDOWNS_PER_WINDOW_MAX, INPUTS_AHEAD_PER_WINDOW_MAX, MALFORMED_PER_WINDOW_MAX,
    MESSAGES_IN_EXCESS_PER_WINDOW_MAX, REACHES_PER_WINDOW_MAX, RESOURCES_PER_WINDOW_MAX, TARGETS_PER_WINDOW_MAX,
};
use guildhall_domain::combat_log::ViolationKind;

/// One player's counts since the window began.
#[derive(Debug, Default)]
pub(super) struct Conduct {
    ticks: u32,
    counts: [u32; ViolationKind::ALL.len()],
}

/// How often each kind may happen in a window.
const fn count_max(kind: ViolationKind) -> u32 {
    match kind {
        ViolationKind::MalformedMessages => MALFORMED_PER_WINDOW_MAX,
        ViolationKind::MessagesInExcess => MESSAGES_IN_EXCESS_PER_WINDOW_MAX,
        ViolationKind::InputsInExcess => CONDUCT_WINDOW_TICKS + INPUTS_AHEAD_PER_WINDOW_MAX,
        ViolationKind::Cooldown => COOLDOWNS_PER_WINDOW_MAX,
        ViolationKind::Resources => RESOURCES_PER_WINDOW_MAX,
        ViolationKind::Reach => REACHES_PER_WINDOW_MAX,
        ViolationKind::Target => TARGETS_PER_WINDOW_MAX,
    }
}

impl Conduct {
    /// How many ticks of the window have passed.
    pub(super) const fn ticks(&self) -> u32 {
        self.ticks
    }

    /// Counts something. Inputs count one by one: too many are those that are more than the ticks.
    pub(super) fn note(&mut self, kind: ViolationKind, times: u32) {
        if let Some(count) = self.counts.get_mut(kind as usize) {
            *count = count.saturating_add(times);
        }
    }

    /// Lets a tick pass. At the end of a window: what was too much, and how often.
    pub(super) fn tick(&mut self) -> Vec<(ViolationKind, u32)> {
        self.ticks += 1;
        if self.ticks < CONDUCT_WINDOW_TICKS {
            return Vec::new();
        }
        let Self { counts, .. } = std::mem::take(self);
        let counted = ViolationKind::ALL.into_iter().zip(counts);
        counted.filter(|(kind, count)| *count > count_max(*kind)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backoff::Backoff;

    fn window(conduct: &mut Conduct) -> Vec<(ViolationKind, u32)> {
        (0..CONDUCT_WINDOW_TICKS).flat_map(|_| conduct.tick()).collect()
    }

    #[test]
    fn each_kind_is_told_once_per_window_and_only_beyond_its_limit() {
        for kind in ViolationKind::ALL {
            let mut conduct = Conduct::default();
            conduct.note(kind, count_max(kind));
            assert_eq!(window(&mut conduct), [], "{kind:?}");
            conduct.note(kind, count_max(kind));
            conduct.note(kind, 1);
            assert_eq!(window(&mut conduct), [(kind, count_max(kind) + 1)]);
            assert_eq!(window(&mut conduct), [], "{kind:?} was told twice");
        }
    }

    #[test]
    fn nothing_is_told_of_a_client_that_makes_one_input_per_tick() {
        for seed in 0..200 {
            let (mut dice, mut conduct) = (Backoff::seeded(seed), Conduct::default());
            for _ in 0..60 {
                // For a while nothing arrives, and then everything: as much as a client holds ready.
                let stall = u32::try_from(dice.draw() % 32).unwrap();
                for tick in 0..=stall {
                    if tick == stall {
                        conduct.note(ViolationKind::InputsInExcess, stall + 1);
                    }
                    assert_eq!(conduct.tick(), [], "seed {seed}");
                }
            }
        }
    }
}
