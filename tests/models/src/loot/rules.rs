//! What must hold, by the names of the invariants, and what must be seen for that to mean something.

use super::{Loot, State, THINGS, Twin, UNCOVERED, World};
use stateright::Property;

const ONE_HOLDER: &str = "P6: no thing is stored with two characters";
const COINS: &str = "P4, P6: what is paid is written whole, and coins are neither made nor lost";
const TAKEN_ONCE: &str = "P7: what lies on the ground is taken once";
const OWNERS_FIRST: &str = "P7: what is its owner's alone is taken by nobody else";

impl Twin {
    /// The property that this twin breaks.
    pub const fn breaks(self) -> &'static str {
        match self {
            Self::TornTrade => COINS,
            Self::UncheckedPickUp => TAKEN_ONCE,
            Self::AnybodysAtOnce => OWNERS_FIRST,
            Self::PickUpAlone
            | Self::RestoredAlone
            | Self::WritesFirst
            | Self::ResumesUnjudged
            | Self::ForgetsWhoLeft => ONE_HOLDER,
        }
    }
}

pub(super) fn all() -> Vec<Property<Loot>> {
    vec![
        Property::always(ONE_HOLDER, |_, state: &State| {
            (0..THINGS).all(|thing| state.rows.iter().filter(|row| row.purse.things & 1 << thing != 0).count() <= 1)
        }),
        Property::always(COINS, |_, state: &State| state.rows.iter().map(|row| row.purse.coins).sum::<u8>() == 2),
        Property::always(TAKEN_ONCE, |_, state: &State| {
            state.room.is_none_or(|room| (0..THINGS).all(|thing| holders(room.world(), thing) <= 1))
        }),
        Property::always(OWNERS_FIRST, |_, state: &State| !state.took_private),
        Property::sometimes("a thing that was laid down is stored with another character", |_, state: &State| {
            state.rows[1].purse.things & 1 != 0
        }),
        Property::sometimes("a coin is paid and stored", |_, state: &State| state.rows[1].purse.coins == 2),
        Property::sometimes("the session goes on elsewhere after somebody has left", |_, state: &State| {
            state.is_live && state.placement > 1 && state.left.is_some_and(|(placement, _)| placement == 1)
        }),
        Property::sometimes("who came late has what another one has left behind", |_, state: &State| {
            state.rows[2].purse.things & 1 != 0
        }),
        Property::sometimes("a session that cannot go on is given up", |_, state: &State| {
            !state.is_live && state.placement > 1 && state.rows.iter().any(|row| row.last == Some((1, UNCOVERED)))
        }),
    ]
}

/// How many have the thing in this world, the ground included.
fn holders(world: &World, thing: usize) -> usize {
    let lying = usize::from(world.ground[thing].is_some());
    lying + world.purses.iter().filter(|purse| purse.things & 1 << thing != 0).count()
}
