//! One character, the game sims that play it one after the other, and the way of its progress into the store.
//!
//! A session is placed, moved because its game sim seems dead, ended or given up, and another one comes; between sessions the
//! player changes the character over the API. A game sim that was taken for dead goes on all the same: it plays, takes
//! checkpoints and sends writes, until somebody tells it. A request that was sent stays on the wire for good: it is carried
//! out whenever and as often as it likes, and its answer arrives or does not. Any process dies at any moment.
//!
//! What a character is, is here the set of things that happened to it, one bit each: then "contains everything that was
//! shown as durable" can be asked of any state. [`store`] is the API's side, [`rules`] what must hold.

use guildhall_domain::progress::WriteSeq;
use stateright::{Model, Property};

mod rules;
mod sims;
mod store;

/// Placements of sessions, one after the other.
const PLACEMENTS: usize = 3;
/// Intents under way at once.
const INTENTS_AT_ONCE: usize = 2;

/// What a twin does instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// Takes the version for a fence: a write names no lease, and one that meets another version reads it and tries again.
    VersionAsFence,
    /// Does not know its own write again: whatever meets another version is a conflict.
    NoRecognition,
    /// Knows a write by its number alone, whoever made it.
    NamesWithoutEpoch,
    /// Leaves the version out of the condition.
    LeaseAlone,
    /// Leaves the lease out of the condition.
    NoLease,
    /// Writes a change at once, under the last checkpoint, instead of when one includes it.
    WritesFirst,
    /// Goes on from whatever checkpoint there is.
    ResumesUnjudged,
    /// Shows as durable what was sent.
    DurableWhenSent,
    /// Plays on what was read before the session had the character.
    LoadsBeforeLease,
    /// An intent writes what follows from what it read, whatever is stored by then.
    BlindIntent,
    /// An intent asks for the version alone, and not whether a session has the character.
    IntentDespiteLease,
}

impl Twin {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::VersionAsFence,
        Self::NoRecognition,
        Self::NamesWithoutEpoch,
        Self::LeaseAlone,
        Self::NoLease,
        Self::WritesFirst,
        Self::ResumesUnjudged,
        Self::DurableWhenSent,
        Self::LoadsBeforeLease,
        Self::BlindIntent,
        Self::IntentDespiteLease,
    ];
}

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Writing {
    /// Which rule is missing, if one is.
    pub twin: Option<Twin>,
    /// Things that happen to the character, at most eight.
    pub events: u8,
    /// Writes and checkpoints of one placement, at most.
    pub writes: u8,
    /// Placements of sessions, at most three.
    pub placements: u8,
    /// Things that go wrong, at most: answers that are lost, checkpoints that are not confirmed, processes that die or are
    /// taken for dead, sessions that are given up.
    pub failures: u8,
}

impl Writing {
    /// The rules as they are in the code.
    pub const SOUND: Self = Self { twin: None, events: 2, writes: 2, placements: 2, failures: 2 };

    /// With one rule missing.
    pub const fn without(twin: Twin) -> Self {
        Self { twin: Some(twin), events: 2, writes: 2, placements: 2, failures: 3 }
    }

    /// Forgets what makes no difference any more: versions only rise, so that what was written on an earlier one comes to
    /// nothing however often it is carried out.
    fn sweep(&self, state: &mut State) {
        if !self.is(Twin::LeaseAlone) {
            let mut wire = std::mem::take(&mut state.wire);
            wire.retain(|message| message.base >= state.row.version || state.is_awaited(message));
            state.wire = wire;
        }
        state.carried_out.retain(|name| state.wire.iter().any(|message| message.name == *name));
        state.wire.sort_unstable();
        state.carried_out.sort_unstable();
    }

    /// Places for intents that are not used: two at once matter only to who forgets the version.
    fn intents_done(&self) -> usize {
        usize::from(!self.is(Twin::BlindIntent))
    }

    fn is(&self, twin: Twin) -> bool {
        self.twin == Some(twin)
    }
}

/// The character's row: `shared/storage/src/characters.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
struct Row {
    version: u8,
    value: u8,
    /// The placement that holds it.
    lease: Option<u8>,
    last_write: Option<Name>,
}

/// The name of a write: session, its placement, and `WriteSeq` in its two halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    session: u8,
    placement: u8,
    seq: u64,
}

impl Name {
    fn cover(self) -> u32 {
        WriteSeq::from(self.seq).checkpoint()
    }
}

/// A write on its way: `ProgressGroup`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Message {
    name: Name,
    base: u8,
    value: u8,
    release: bool,
}

/// The session's row as far as it matters here, with all its placements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Session {
    /// Which session it is; another one follows when it is over.
    number: u8,
    is_live: bool,
    /// The latest placement of any session.
    placement: u8,
    /// The first placement of this session.
    first: u8,
}

/// A room and its journal: `gamesim/src/{room,journal,writer}.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Room {
    session: u8,
    value: u8,
    /// Checkpoints taken.
    number: u32,
    /// The latest that is known to be stored, or [`WriteSeq::UNCOVERED`].
    cover: u32,
    /// What waits to be written.
    waits: Option<u8>,
    /// What was last handed to the writer, or is stored.
    poured: u8,
    /// The stored version as far as answers tell, and what is shown as durable.
    version: u8,
    last_seq: u64,
    flight: Option<Message>,
    is_ending: bool,
}

/// A checkpoint in the bucket: its number and what it includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Kept {
    number: u32,
    value: u8,
}

/// What has happened that never should, and what was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Record {
    /// Everything that any client was shown as durable.
    seen: u8,
    /// Writes and intents that were carried out.
    applied: u8,
    zombie_wrote: bool,
    owner_fenced: bool,
    applied_twice: bool,
    loaded_stale: bool,
}

/// Everything that is stored, runs or is on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    row: Row,
    session: Session,
    rooms: [Option<Room>; PLACEMENTS],
    /// What a twin has read ahead of the session that it is for.
    glimpse: Option<Row>,
    /// Placements whose room was opened, one bit each: it is opened once, because a process that starts anew is another boot.
    opened: u8,
    bucket: [Option<Kept>; PLACEMENTS],
    wire: Vec<Message>,
    /// Which messages were carried out, by their place on the wire.
    carried_out: Vec<Name>,
    intents: [Option<Row>; INTENTS_AT_ONCE],
    happened: u8,
    failed: u8,
    record: Record,
}

impl State {
    /// Whether somebody waits for the answer to this message.
    fn is_awaited(&self, message: &Message) -> bool {
        self.rooms.iter().flatten().any(|room| room.flight == Some(*message))
    }
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A session takes the character: `sessions/allocation.rs`.
    Create,
    /// Its game sim is taken for dead, and it is placed anew: `sessions/relocation.rs`.
    Move,
    /// It is given up: `sessions::close`.
    Lose,
    /// Its game sim closes it: the same.
    Finalise(u8),
    /// The API answers a game sim how the character stands, the game sim looks for a checkpoint and opens its room:
    /// `sessions::admit`, `gamesim/src/room/resuming.rs`. From the answer on, nobody but the room changes the row, and a
    /// checkpoint that comes late might as well have come before; so this is one step.
    Open(u8),
    /// Something happens to the character in a room.
    Play(u8),
    /// A checkpoint is taken and stored, and confirmed or not: `gamesim/src/journal.rs`, `shard/depot.rs`.
    Checkpoint(u8, bool),
    /// The room waits for checkpoints no longer: `Journal::give_up_cover`.
    Uncover(u8),
    /// The room ends: last writes, uncovered.
    End(u8),
    /// What waits goes out: `gamesim/src/writer.rs`.
    Send(u8),
    /// A message is carried out, and its answer arrives or does not: `sessions/progress.rs`.
    Deliver(Message, bool),
    /// The process is killed.
    Kill(u8),
    /// An intent reads the character: `functions/src/characters/intent.rs`.
    Intend,
    /// It commits.
    Carry(usize),
}

impl Action {
    /// Whether it is something that goes wrong.
    fn is_failure(self) -> bool {
        matches!(self, Self::Move | Self::Lose | Self::Checkpoint(_, false) | Self::Deliver(_, false))
            || matches!(self, Self::Uncover(_) | Self::Kill(_))
    }
}

impl Model for Writing {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            row: Row::default(),
            session: Session::default(),
            rooms: [None; PLACEMENTS],
            glimpse: None,
            opened: 0,
            bucket: [None; PLACEMENTS],
            wire: Vec::new(),
            carried_out: Vec::new(),
            intents: [None; INTENTS_AT_ONCE],
            happened: 0,
            failed: 0,
            record: Record::default(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let Session { is_live, placement, .. } = state.session;
        let is_another = placement < self.placements;
        if is_live {
            actions.push(Action::Lose);
            actions.extend(is_another.then_some(Action::Move));
            if state.opened & 1 << placement == 0 {
                actions.push(Action::Open(placement));
            }
        } else if is_another {
            actions.push(Action::Create);
        }
        for index in 0..PLACEMENTS {
            let number = index as u8 + 1;
            if let Some(room) = &state.rooms[index] {
                self.moves_of(state, number, room, actions);
            }
        }
        for message in &state.wire {
            actions.push(Action::Deliver(*message, false));
            actions.extend(state.is_awaited(message).then_some(Action::Deliver(*message, true)));
        }
        let may_intend = !is_live || self.is(Twin::IntentDespiteLease);
        if may_intend && state.happened < self.events && state.intents[self.intents_done()..].contains(&None) {
            actions.push(Action::Intend);
        }
        let begun = (0..INTENTS_AT_ONCE).filter(|slot| state.intents[*slot].is_some());
        actions.extend(begun.map(Action::Carry));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        state.failed += u8::from(action.is_failure());
        if state.failed > self.failures {
            return None;
        }
        match action {
            Action::Create => self.create(&mut state)?,
            Action::Move => self.relocate(&mut state),
            Action::Lose => Self::close(&mut state),
            Action::Finalise(number) => self.finalise(&mut state, number)?,
            Action::Open(number) => self.open(&mut state, number)?,
            Action::Play(number) => self.play(&mut state, number)?,
            Action::Checkpoint(number, is_confirmed) => self.checkpoint(&mut state, number, is_confirmed)?,
            Action::Uncover(number) => Self::uncover(&mut state, number)?,
            Action::End(number) => {
                Self::uncover(&mut state, number)?;
                state.rooms[usize::from(number - 1)].as_mut()?.is_ending = true;
            }
            Action::Send(number) => self.send(&mut state, number)?,
            Action::Deliver(message, is_answered) => self.deliver(&mut state, message, is_answered),
            Action::Kill(number) => state.rooms[usize::from(number - 1)] = None,
            Action::Intend => {
                let row = state.row;
                *state.intents.iter_mut().rfind(|intent| intent.is_none())? = Some(row);
            }
            Action::Carry(slot) => {
                let read = state.intents[slot].take()?;
                self.carry_out(&mut state, read);
            }
        }
        self.sweep(&mut state);
        state.intents.sort_unstable();
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        rules::all()
    }
}
