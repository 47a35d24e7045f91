//! Things and coins that change hands in a dungeon, and how that reaches the store: nothing is there twice, whoever dies when.
//!
//! Two players are in a room and a third one has a seat there and may arrive. One thing is the first player's, another one
//! lies on the ground. They lay down, take, pay and leave; the room takes checkpoints and writes behind them, group by group;
//! its game sim dies at any moment, and the session goes on elsewhere or is given up. That game sims which lost a session write
//! nothing, and that no write comes twice, is the other model's affair ([`crate::writing`]).
//!
//! [`room`] is what happens in the world and in the journal, [`rules`] what must hold.

use stateright::{Model, Property};

mod room;
mod rules;

use room::Room;

/// Characters: two who play, and one who comes late.
const CHARACTERS: usize = 3;
/// Things.
const THINGS: usize = 2;
/// Stands for a write that no checkpoint covers: `WriteSeq::UNCOVERED`.
const UNCOVERED: u8 = u8::MAX;
/// Placements of the session.
const PLACEMENTS_MAX: u8 = 2;

/// What a twin does instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// Writes payer and payee one after the other.
    TornTrade,
    /// Writes who picks something up by themselves, whoever laid it down.
    PickUpAlone,
    /// Gives a thing to everybody who asks for it.
    UncheckedPickUp,
    /// Lets anybody take what is still its owner's alone.
    AnybodysAtOnce,
    /// Writes a change at once, under the last checkpoint, instead of when one includes it.
    WritesFirst,
    /// Goes on from whatever checkpoint there is.
    ResumesUnjudged,
    /// Judges a checkpoint by those alone whom the session still holds.
    ForgetsWhoLeft,
    /// Having gone on from a checkpoint, writes each whom the store has otherwise by themselves.
    RestoredAlone,
}

impl Twin {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::TornTrade,
        Self::PickUpAlone,
        Self::UncheckedPickUp,
        Self::AnybodysAtOnce,
        Self::WritesFirst,
        Self::ResumesUnjudged,
        Self::ForgetsWhoLeft,
        Self::RestoredAlone,
    ];
}

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Loot {
    /// Which rule is missing, if one is.
    pub twin: Option<Twin>,
    /// What players do, at most.
    pub deeds: u8,
    /// Checkpoints of one placement, at most.
    pub checkpoints: u8,
}

impl Loot {
    /// With every rule.
    pub const SOUND: Self = Self { twin: None, deeds: 3, checkpoints: 2 };

    /// With one rule missing.
    pub const fn without(twin: Twin) -> Self {
        let (deeds, checkpoints) = match twin {
            Twin::RestoredAlone => (4, 1),
            Twin::ForgetsWhoLeft => (3, 2),
            _ => (3, 1),
        };
        Self { twin: Some(twin), deeds, checkpoints }
    }

    fn is(&self, twin: Twin) -> bool {
        self.twin == Some(twin)
    }
}

/// What a character has: things, one bit each, and coins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Purse {
    things: u8,
    coins: u8,
}

/// A character's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Row {
    purse: Purse,
    is_held: bool,
    /// Placement and checkpoint that the session's last write for it names.
    last: Option<(u8, u8)>,
}

/// A thing on the ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Lying {
    /// Who alone may take it, for now.
    only: Option<u8>,
    /// Who laid it down.
    from: Option<u8>,
}

/// What play has made of a dungeon: what a checkpoint saves of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct World {
    purses: [Purse; CHARACTERS],
    ground: [Option<Lying>; THINGS],
    /// Who is in it, and who of these is on the way out; one bit each.
    inside: u8,
    leaving: u8,
}

/// Everything that is stored or runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    rows: [Row; CHARACTERS],
    is_live: bool,
    placement: u8,
    /// The last write of all who have left the session, by placement and checkpoint.
    left: Option<(u8, u8)>,
    room: Option<Room>,
    /// The checkpoint in the bucket: placement, number, world.
    kept: Option<(u8, u8, World)>,
    deeds: u8,
    took_private: bool,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Who comes late enters the room: `room/seating.rs`.
    Arrive,
    /// A player lays a thing down: `world/items.rs`.
    Drop(u8, u8),
    /// A thing is no longer its owner's alone.
    Open(u8),
    /// A player picks a thing up: `world/loot.rs`.
    PickUp(u8, u8),
    /// The first player pays the second one a coin, in one tick.
    Pay,
    /// A player leaves: `room/seating.rs`.
    Leave(u8),
    /// A checkpoint is taken and confirmed; what is stored in the end is this one, or one that was sent before it and came late:
    /// `journal.rs`, `shard/depot.rs`.
    Checkpoint(bool),
    /// The room waits for checkpoints no longer: `Journal::give_up_cover`.
    Uncover,
    /// What waits goes out: `writer.rs`.
    Flush,
    /// One of its groups is written, that with this character: `sessions/progress.rs`.
    Write(u8),
    /// The game sim dies, and the session goes on elsewhere: `sessions/relocation.rs`, `room/resuming.rs`.
    GoOn,
    /// The game sim dies, and the session is given up: `sessions::close`.
    GiveUp,
}

impl Model for Loot {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut rows = [Row { is_held: true, ..Row::default() }; CHARACTERS];
        rows[0].purse = Purse { things: 1, coins: 1 };
        rows[1].purse.coins = 1;
        let room = Room::fresh(&rows, 0b011);
        vec![State {
            rows,
            is_live: true,
            placement: 1,
            left: None,
            room: Some(room),
            kept: None,
            deeds: 0,
            took_private: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let Some(room) = &state.room else { return };
        actions.push(Action::GiveUp);
        actions.extend((state.placement < PLACEMENTS_MAX).then_some(Action::GoOn));
        let characters = 0..CHARACTERS as u8;
        if state.deeds < self.deeds {
            actions.extend([Action::Arrive, Action::Pay]);
            for character in characters.clone() {
                actions.push(Action::Leave(character));
                for thing in 0..THINGS as u8 {
                    actions.extend([Action::Drop(character, thing), Action::PickUp(character, thing)]);
                }
            }
        }
        actions.extend((0..THINGS as u8).map(Action::Open));
        if room.cover() != UNCOVERED {
            actions.push(Action::Uncover);
            if room.number() < self.checkpoints {
                actions.extend([true, false].map(Action::Checkpoint));
            }
        }
        actions.push(Action::Flush);
        actions.extend(characters.map(Action::Write));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = *last;
        let room = state.room.as_mut()?;
        match action {
            Action::Arrive => room.arrive(2, state.rows[2])?,
            Action::Drop(character, thing) => room.lay_down(self, character, thing)?,
            Action::Open(thing) => room.open(thing)?,
            Action::PickUp(character, thing) => state.took_private |= room.pick_up(self, character, thing)?,
            Action::Pay => room.pay(self)?,
            Action::Leave(character) => room.leave(self, character)?,
            Action::Checkpoint(is_latest) => {
                let (number, world) = room.seal();
                if is_latest || state.kept.is_none() {
                    state.kept = Some((state.placement, number, world));
                }
            }
            Action::Uncover => room.uncover(),
            Action::Flush => room.flush()?,
            Action::Write(character) => self.write(&mut state, character)?,
            Action::GoOn => self.go_on(&mut state),
            Action::GiveUp => Self::give_up(&mut state),
        }
        let is_deed =
            matches!(action, Action::Arrive | Action::Drop(..) | Action::PickUp(..) | Action::Pay | Action::Leave(_));
        state.deeds += u8::from(is_deed);
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        rules::all()
    }
}

impl Loot {
    /// One transaction: the states of a group, with leases and seats of those who leave.
    fn write(&self, state: &mut State, character: u8) -> Option<()> {
        let group = state.room.as_mut()?.take_group(self, character)?;
        let name = (state.placement, group.cover);
        for (index, purse) in group.purses {
            let is_over = group.leaving & 1 << index != 0;
            state.rows[index] = Row { purse, is_held: !is_over, last: Some(name) };
            if is_over {
                state.left = state.left.max(Some(name));
            }
        }
        Some(())
    }

    fn give_up(state: &mut State) {
        (state.is_live, state.room, state.kept) = (false, None, None);
        state.rows.iter_mut().for_each(|row| row.is_held = false);
    }

    /// From the checkpoint if nothing that the session wrote lies beyond it, anew if nothing was written, else not at all.
    fn go_on(&self, state: &mut State) {
        let written = state.rows.iter().filter(|row| row.is_held).filter_map(|row| row.last).max();
        let left = state.left.filter(|_| !self.is(Twin::ForgetsWhoLeft));
        let last = written.max(left);
        let is_usable = |number| last.is_none_or(|last| last <= number) || self.is(Twin::ResumesUnjudged);
        let room = match &state.kept {
            Some((placement, number, world)) if is_usable((*placement, *number)) => {
                Some(Room::restored(self, *world, &state.rows))
            }
            None if last.is_none() => {
                let held = (0..CHARACTERS).filter(|index| state.rows[*index].is_held).map(|index| 1 << index).sum();
                Some(Room::fresh(&state.rows, held))
            }
            _ => None,
        };
        state.placement += 1;
        state.room = room;
        if room.is_none() {
            Self::give_up(state);
        }
    }
}
