//! Whether what callers were told of one thing can be explained by one order of their calls, each taking effect at one moment
//! between its beginning and its end: linearizability, by the search of Wing and Gong with the memory of Lowe. A call of which
//! nobody heard may have taken effect at any time after its beginning, or never.

use std::collections::BTreeSet;
use std::fmt::Debug;

/// What a thing is, and what calls do to it.
pub trait Model {
    /// A state.
    type State: Clone + Ord + Debug;
    /// A call, with its answer if there was one.
    type Call: Debug;

    /// The state after the call, if it could be answered so in this state.
    fn step(state: &Self::State, call: &Self::Call) -> Option<Self::State>;
}

/// A call as it was seen from outside.
#[derive(Debug)]
pub struct Seen<C> {
    /// When it began.
    pub began: u64,
    /// When its answer was heard; `None` if never.
    pub ended: Option<u64>,
    /// What it was.
    pub call: C,
}

/// Steps that a search may take before it gives up without a verdict.
const STEPS_MAX: u64 = 2_000_000;

/// Looks for an order. `Some(false)`: there is none. `None`: it takes too long to say.
pub fn is_linearizable<M: Model>(first: &M::State, seen: &[Seen<M::Call>]) -> Option<bool> {
    let mut search = Search::<M> { seen, known: BTreeSet::new(), steps: 0 };
    search.from(&mut vec![0; seen.len().div_ceil(64)], first)
}

struct Search<'a, M: Model> {
    seen: &'a [Seen<M::Call>],
    /// What led nowhere: which calls have taken effect, and the state.
    known: BTreeSet<(Vec<u64>, M::State)>,
    steps: u64,
}

impl<M: Model> Search<'_, M> {
    fn from(&mut self, done: &mut Vec<u64>, state: &M::State) -> Option<bool> {
        let open = |done: &[u64], nth: usize| done.get(nth / 64).is_some_and(|word| word >> (nth % 64) & 1 == 0);
        let left: Vec<_> = (0..self.seen.len()).filter(|nth| open(done, *nth)).collect();
        // What began after somebody else's end comes after it.
        let Some(first_end) = left.iter().filter_map(|nth| self.seen.get(*nth)?.ended).min() else {
            return Some(true);
        };
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return None;
        }
        if !self.known.insert((done.clone(), state.clone())) {
            return Some(false);
        }
        let mut is_sure = true;
        for nth in left {
            let Some(seen) = self.seen.get(nth).filter(|seen| seen.began <= first_end) else { continue };
            let Some(next) = M::step(state, &seen.call) else { continue };
            let flip =
                |done: &mut Vec<u64>| done.get_mut(nth / 64).into_iter().for_each(|word| *word ^= 1 << (nth % 64));
            flip(done);
            let found = self.from(done, &next);
            flip(done);
            match found {
                Some(true) => return Some(true),
                Some(false) => {}
                None => is_sure = false,
            }
        }
        is_sure.then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that is read and set.
    struct Register;

    #[derive(Debug)]
    enum Call {
        Set(u32),
        Get(u32),
    }

    impl Model for Register {
        type State = u32;
        type Call = Call;

        fn step(state: &u32, call: &Call) -> Option<u32> {
            match call {
                Call::Set(value) => Some(*value),
                Call::Get(value) => (value == state).then_some(*state),
            }
        }
    }

    fn seen(began: u64, ended: u64, call: Call) -> Seen<Call> {
        Seen { began, ended: (ended > 0).then_some(ended), call }
    }

    #[test]
    fn overlapping_calls_may_come_in_any_order_and_others_may_not() {
        let told = |first, second| {
            let calls = [seen(1, 9, Call::Set(1)), seen(2, 4, Call::Get(first)), seen(5, 7, Call::Get(second))];
            is_linearizable::<Register>(&0, &calls).unwrap()
        };
        assert!(told(0, 0) && told(0, 1) && told(1, 1));
        assert!(!told(1, 0), "what was seen once has happened");
        let late = [seen(1, 2, Call::Set(1)), seen(3, 4, Call::Get(0))];
        assert_eq!(is_linearizable::<Register>(&0, &late), Some(false));
    }

    #[test]
    fn what_nobody_heard_of_may_have_happened_late_or_never() {
        let told = |first, second| {
            let calls = [seen(1, 0, Call::Set(1)), seen(20, 21, Call::Get(first)), seen(30, 31, Call::Get(second))];
            is_linearizable::<Register>(&0, &calls).unwrap()
        };
        assert!(told(0, 0) && told(0, 1) && told(1, 1));
        assert!(!told(1, 0));
    }
}
