//! Decides what the autoscaling group is told about this instance, as a value without a clock: that it must not be scaled
//! in while sessions live on it, that a terminating instance is still draining, and that it has drained.
//!
//! Protection spares sessions a drain. It is no guarantee: between the last session's end and the group's choice a new one
//! may begin, and then the lifecycle hook waits for it.

use crate::limits::{AUTOSCALING_HEARTBEAT_MS, PROTECTION_EMPTY_MS};
use crate::rim::GroupCall as Call;

/// What lives on the instance.
#[derive(Debug, Clone, Copy, Default)]
enum Lives {
    /// Nobody has said.
    #[default]
    Unknown,
    /// Sessions.
    Sessions,
    /// Nothing, since this moment in milliseconds.
    Nothing(u64),
}

/// What the group knows.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    /// What was asked for last, once the group has taken it.
    is_protected: Option<bool>,
    lives: Lives,
    is_taken_out: bool,
    beaten_ms: u64,
}

impl Keeper {
    /// Takes in how many sessions live here.
    pub(super) fn handle_sessions(&mut self, now_ms: u64, sessions: u32) {
        self.lives = match self.lives {
            _ if sessions > 0 => Lives::Sessions,
            Lives::Nothing(since_ms) => Lives::Nothing(since_ms),
            Lives::Unknown | Lives::Sessions => Lives::Nothing(now_ms),
        };
    }

    /// The group waits for this instance.
    pub(super) const fn handle_taken_out(&mut self) {
        self.is_taken_out = true;
    }

    /// What the group is to be told, until [`Keeper::handle_done`] says that it has been.
    pub(super) fn poll_call(&self, now_ms: u64) -> Option<Call> {
        if self.is_taken_out {
            return (now_ms.saturating_sub(self.beaten_ms) >= AUTOSCALING_HEARTBEAT_MS).then_some(Call::Heartbeat);
        }
        let wanted = match self.lives {
            Lives::Sessions => true,
            Lives::Nothing(since_ms) if now_ms.saturating_sub(since_ms) >= PROTECTION_EMPTY_MS => false,
            Lives::Unknown | Lives::Nothing(_) => return None,
        };
        (self.is_protected != Some(wanted)).then_some(Call::Protect(wanted))
    }

    /// What the group is to be told once the game sim has ended.
    pub(super) fn last_call(&self) -> Option<Call> {
        self.is_taken_out.then_some(Call::Complete)
    }

    /// The group has taken a call.
    pub(super) const fn handle_done(&mut self, now_ms: u64, call: Call) {
        match call {
            Call::Protect(is_protected) => self.is_protected = Some(is_protected),
            Call::Heartbeat => self.beaten_ms = now_ms,
            Call::Complete => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_MS: u64 = 1_800_000_000_000;

    /// Looks every five seconds at an instance with as many sessions as `sessions` says; all calls are taken.
    fn calls(keeper: &mut Keeper, range: std::ops::Range<u64>, sessions: impl Fn(u64) -> u32) -> Vec<(u64, Call)> {
        let look = |second: u64| {
            let now_ms = START_MS + second * 1_000;
            keeper.handle_sessions(now_ms, sessions(second));
            let call = keeper.poll_call(now_ms)?;
            keeper.handle_done(now_ms, call);
            Some((second, call))
        };
        range.step_by(5).filter_map(look).collect()
    }

    #[test]
    fn an_instance_is_protected_from_its_first_session_until_it_has_been_empty_for_a_while() {
        let mut keeper = Keeper::default();
        let sessions = |second| u32::from((100..200).contains(&second) || (230..300).contains(&second));
        let expected = [(60, Call::Protect(false)), (100, Call::Protect(true)), (360, Call::Protect(false))];
        assert_eq!(calls(&mut keeper, 0..900, sessions), expected);
        assert_eq!(keeper.last_call(), None, "nobody waits for it");
    }

    #[test]
    fn a_terminating_instance_gives_a_sign_every_minute_and_at_its_end() {
        let mut keeper = Keeper::default();
        calls(&mut keeper, 0..10, |_| 1);
        keeper.handle_taken_out();
        let heartbeats = calls(&mut keeper, 10..150, |second| u32::from(second < 50));
        assert_eq!(heartbeats, [10, 70, 130].map(|second| (second, Call::Heartbeat)));
        assert_eq!(keeper.last_call(), Some(Call::Complete));
    }

    #[test]
    fn what_the_group_did_not_take_is_said_again() {
        let mut keeper = Keeper::default();
        assert_eq!(keeper.poll_call(START_MS), None, "nobody knows yet");
        keeper.handle_sessions(START_MS, 1);
        assert_eq!(keeper.poll_call(START_MS), Some(Call::Protect(true)));
        assert_eq!(keeper.poll_call(START_MS + 5_000), Some(Call::Protect(true)));
        keeper.handle_done(START_MS + 5_000, Call::Protect(true));
        assert_eq!(keeper.poll_call(START_MS + 10_000), None);
    }
}
