//! Connections that wait for their next request, as a value: no clock and no sockets of its own.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How many wait for one host at most; what is more is closed.
pub(crate) const IDLE_CONNECTIONS_MAX: usize = 64;
/// How long one waits, in seconds, before it is not trusted any more: whoever is between may have forgotten it.
pub(crate) const IDLE_S_MAX: u64 = 60;

/// What a connection says of itself.
pub(crate) trait Kept {
    /// Whether it can take a request at once.
    fn is_ready(&self) -> bool;
    /// Whether it never will again.
    fn is_closed(&self) -> bool;
}

/// The connections of each origin, the one used last at the end.
#[derive(Debug)]
pub(crate) struct Idle<O, C>(HashMap<O, Vec<(Instant, C)>>);

impl<O, C> Default for Idle<O, C> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<O: Eq + Hash, C: Kept> Idle<O, C> {
    /// A connection that can take a request at once, the one used last if there are several: the others grow old
    /// together and go.
    pub(crate) fn take(&mut self, origin: &O, now: Instant) -> Option<C> {
        let waiting = self.0.get_mut(origin)?;
        waiting.retain(|(since, kept)| !kept.is_closed() && is_fresh(*since, now));
        let ready = waiting.iter().rposition(|(_, kept)| kept.is_ready())?;
        Some(waiting.remove(ready).1)
    }

    /// Keeps one for later. It may still be busy with the rest of an answer.
    pub(crate) fn put(&mut self, origin: O, connection: C, now: Instant) {
        let waiting = self.0.entry(origin).or_default();
        waiting.retain(|(since, kept)| !kept.is_closed() && is_fresh(*since, now));
        if waiting.len() < IDLE_CONNECTIONS_MAX {
            waiting.push((now, connection));
        }
    }
}

fn is_fresh(since: Instant, now: Instant) -> bool {
    now.saturating_duration_since(since) < Duration::from_secs(IDLE_S_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Line {
        number: usize,
        ready: bool,
        closed: bool,
    }

    impl Kept for Line {
        fn is_ready(&self) -> bool {
            self.ready
        }
        fn is_closed(&self) -> bool {
            self.closed
        }
    }

    fn line(number: usize) -> Line {
        Line { number, ready: true, closed: false }
    }

    #[test]
    fn the_one_used_last_is_taken_and_never_one_of_another_origin() {
        let (mut idle, now) = (Idle::default(), Instant::now());
        idle.put("a", line(1), now);
        idle.put("a", line(2), now);
        idle.put("b", line(3), now);
        assert_eq!(idle.take(&"c", now), None);
        assert_eq!(idle.take(&"a", now).map(|line| line.number), Some(2));
        assert_eq!(idle.take(&"a", now).map(|line| line.number), Some(1));
        assert_eq!(idle.take(&"a", now), None);
    }

    #[test]
    fn busy_ones_stay_and_closed_ones_go() {
        let (mut idle, now) = (Idle::default(), Instant::now());
        idle.put("a", line(1), now);
        idle.put("a", Line { ready: false, ..line(2) }, now);
        idle.put("a", Line { closed: true, ..line(3) }, now);
        assert_eq!(idle.take(&"a", now).map(|line| line.number), Some(1));
        assert_eq!(idle.take(&"a", now), None);
        assert_eq!(idle.0[&"a"].iter().map(|(_, line)| line.number).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn old_ones_and_too_many_are_not_kept() {
        let (mut idle, start) = (Idle::default(), Instant::now());
        idle.put("a", line(1), start);
        assert_eq!(idle.take(&"a", start + Duration::from_secs(IDLE_S_MAX)), None);
        for number in 0..IDLE_CONNECTIONS_MAX + 1 {
            idle.put("a", line(number), start);
        }
        let taken = std::iter::from_fn(|| idle.take(&"a", start)).count();
        assert_eq!(taken, IDLE_CONNECTIONS_MAX);
    }
}
