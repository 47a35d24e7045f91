//! The states that somebody is in for a while, and what they come to together.

use super::rules::{Game, State};

/// States that one can be in at once; a further one takes the place of the one that would end first.
const AT_ONCE_MAX: usize = 8;

/// One state that somebody is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InState {
    /// Its number.
    pub(super) state: u8,
    /// The first tick without it.
    pub(super) until: u32,
    /// Who brought it about, if a player did.
    pub(super) by_seat: Option<u16>,
}

/// All states that somebody is in, in the order in which they began. Most are in none, and take one word for it.
#[derive(Debug, Clone, Default)]
pub(super) struct States(Option<Box<Held>>);

/// The states of somebody who is, or was, in one.
#[derive(Debug, Clone, Default)]
struct Held {
    states: Vec<InState>,
}

impl PartialEq for States {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for States {}

impl States {
    /// Those of a saved dungeon; `None` for more than there can be.
    pub(super) fn restored(all: Vec<InState>) -> Option<Self> {
        let held = (!all.is_empty()).then(|| Box::new(Held { states: all }));
        held.as_ref().is_none_or(|held| held.states.len() <= AT_ONCE_MAX).then_some(Self(held))
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &InState> {
        self.0.iter().flat_map(|held| &held.states)
    }

    /// Enters a state, or begins it anew.
    pub(super) fn enter(&mut self, entered: InState) {
        let Held { states } = &mut **self.0.get_or_insert_default();
        states.retain(|held| held.state != entered.state);
        if states.len() >= AT_ONCE_MAX
            && let Some(first) = (0..states.len()).min_by_key(|&place| states.get(place).map(|held| held.until))
        {
            states.remove(first);
        }
        states.push(entered);
    }

    /// Leaves those whose time is over.
    pub(super) fn pass(&mut self, tick: u32) {
        if let Some(held) = &mut self.0 {
            held.states.retain(|held| tick < held.until);
        }
    }

    /// Leaves them all.
    pub(super) fn clear(&mut self) {
        self.0 = None;
    }

    /// As a set of bits, by number.
    pub(super) fn bits(&self) -> u32 {
        self.iter().fold(0, |bits, held| bits | 1_u32.checked_shl(u32::from(held.state)).unwrap_or(0))
    }

    /// What one number of all these states comes to.
    pub(super) fn sum(&self, game: &Game, number: impl Fn(&State) -> i32) -> i32 {
        let states = self.iter().filter_map(|held| game.states.get(usize::from(held.state)));
        states.fold(0_i32, |sum, state| sum.saturating_add(number(state)))
    }

    /// Whether one of them keeps from walking and acting.
    pub(super) fn stun(&self, game: &Game) -> bool {
        self.iter().any(|held| game.states.get(usize::from(held.state)).is_some_and(|state| state.stuns))
    }

    /// This speed or length, as they change it.
    pub(super) fn walked(&self, game: &Game, mm: u32) -> u32 {
        let percent = self.sum(game, |state| state.speed_percent).saturating_add(100);
        let changed = u64::from(mm) * u64::try_from(percent).unwrap_or(0) / 100;
        u32::try_from(changed).unwrap_or(u32::MAX)
    }
}
