//! One running session: its dungeon, who sits in its seats, and the writing of their progress, from the first player's
//! arrival to the last write. A room is a value: what it wants done comes out as [`RoomEffect`]s.
//!
//! Whoever holds a seat is playing, away (for a while, with the seat kept) or leaving (until the last write has landed). A
//! room that is to end first flushes, then has its session closed, then is closed itself: [`Ending`] says how far it is.
//!
//! Now and then a room takes a checkpoint of itself, from which it can go on elsewhere: `resuming` has both ends of that.
//!
//! Whatever a room does to its dungeon goes through its recorder, which outlives a dungeon that is lost to a panic.
//!
//! A panic in here is caught by the shard, which then calls [`Room::fail`]. For that to be safe the dungeon is taken out
//! while it is worked on, so a half-moved one is gone, and the journal only ever holds whole states.

use crate::backoff::Backoff;
use crate::checkpoint::StoredCheckpoint;
use crate::exchange::{ApiFailure, BurialReason, DeadLetter, Request};
use crate::journal::Journal;
use crate::limits::{AWAY_S_MAX, SESSION_S_MAX};
use crate::recording::{Beginning, Recorder, RecordingPart, Subject};
use crate::view;
use crate::world::{Audience, Command, Dungeon, Effect, Game};
use crate::writer::{Change, Placement, Verdict};
use guildhall_domain::api::{Admitted, FinalizeRequest};
use guildhall_domain::limits::SEATS_PER_SESSION_MAX;
use guildhall_domain::progress::{GroupStatus, ProgressGroup};
use guildhall_domain::session::Outcome;
use guildhall_domain::{AccountId, CharacterId};
use guildhall_protocol::UserData;
use guildhall_protocol::netcode::ConnectionId;
use guildhall_protocol::payload::{ClientMessage, EndingReason, GameEvent, OwnState, RefusalReason, Snapshot};
use std::sync::Arc;

mod ending;
mod inputs;
mod link;
mod resuming;
mod seating;

use ending::Ending;
pub(crate) use link::Link;
pub(crate) use seating::Claim;

/// What a room wants done.
#[derive(Debug)]
pub(crate) enum RoomEffect {
    /// Send a payload.
    Send(ConnectionId, Vec<u8>),
    /// See a connection off: let it hear its last events, then end it.
    Part(Parting),
    /// End a connection at once.
    Drop(ConnectionId),
    /// Pass a request on.
    Ask(Request),
    /// Have a checkpoint stored.
    Keep(StoredCheckpoint),
    /// Have no checkpoint stored any more.
    Uncover,
    /// Have a part of the recording stored.
    Record(RecordingPart),
}

/// What all rooms of a shard have in common.
#[derive(Debug, Clone)]
pub(crate) struct RoomConfig {
    /// The content in force, checked, with the ruleset; and the content's version.
    pub(crate) game: Arc<Game>,
    pub(crate) content_version: u64,
    /// Whether somebody keeps checkpoints.
    pub(crate) keeps_checkpoints: bool,
    /// Whether somebody keeps recordings.
    pub(crate) keeps_recordings: bool,
}

/// A connection that has no place in a room any more, and what it saw last.
#[derive(Debug)]
pub(crate) struct Parting {
    pub(crate) link: Box<Link>,
    pub(crate) shown: Snapshot,
}

/// Who sits in a seat.
#[derive(Debug)]
struct Occupant {
    account_id: AccountId,
    character_id: CharacterId,
    name: String,
    presence: Presence,
    /// Whether the API has admitted the player since the session is here. Until then the seat is only reserved, and for
    /// no longer than a reservation lasts.
    is_admitted: bool,
}

#[derive(Debug)]
enum Presence {
    Playing(Box<Link>),
    Away {
        since_ms: u64,
    },
    /// `since` is the number of the first checkpoint that shows it.
    Leaving {
        since: u32,
    },
}

/// A running session.
#[derive(Debug)]
pub(crate) struct Room {
    placement: Placement,
    opened_ms: u64,
    /// When the session would have begun, had it been here from the beginning.
    began_ms: u64,
    dungeon_id: String,
    content_version: u64,
    /// `None` once the room is ending.
    dungeon: Option<Dungeon>,
    recorder: Recorder,
    seats: [Option<Occupant>; SEATS_PER_SESSION_MAX],
    /// What players saw last.
    shown: Snapshot,
    journal: Journal,
    ending: Option<Ending>,
    backoff: Backoff,
    #[cfg(test)]
    pub(crate) is_sabotaged: bool,
}

impl Room {
    /// An empty room, or `None` if the content has no such dungeon.
    pub(crate) fn open(now_ms: u64, placement: Placement, config: &RoomConfig, admitted: &Admitted) -> Option<Self> {
        let dungeon = Dungeon::new(&config.game, &admitted.dungeon_id, admitted.seed)?;
        let mut room = Self::with_dungeon(now_ms, placement, config, admitted, None);
        room.start_recording(now_ms, config, Beginning::Seed(admitted.seed), &dungeon);
        room.dungeon = Some(dungeon);
        Some(room)
    }

    fn start_recording(&mut self, now_ms: u64, config: &RoomConfig, beginning: Beginning, dungeon: &Dungeon) {
        if config.keeps_recordings {
            let Placement { session_id, session_epoch, .. } = self.placement;
            let (dungeon_id, content_version) = (self.dungeon_id.clone(), self.content_version);
            let ruleset = config.game.ruleset().name();
            let subject = Subject { session_id, session_epoch, dungeon_id, content_version, ruleset };
            self.recorder = Recorder::start(now_ms, subject, beginning, dungeon);
        }
    }

    fn with_dungeon(
        now_ms: u64,
        placement: Placement,
        config: &RoomConfig,
        admitted: &Admitted,
        dungeon: Option<Dungeon>,
    ) -> Self {
        Self {
            placement,
            opened_ms: now_ms,
            began_ms: now_ms,
            dungeon_id: admitted.dungeon_id.clone(),
            content_version: config.content_version,
            dungeon,
            recorder: Recorder::default(),
            seats: [const { None }; SEATS_PER_SESSION_MAX],
            shown: Snapshot::default(),
            journal: Journal::new(now_ms, placement, admitted.seed, config.keeps_checkpoints),
            ending: None,
            backoff: Backoff::seeded(admitted.seed.rotate_left(32)),
            #[cfg(test)]
            is_sabotaged: false,
        }
    }

    /// Takes in what a client sent. Returns whether it was read.
    pub(crate) fn handle_message(&mut self, seat: u8, connection: ConnectionId, message: &ClientMessage) -> bool {
        self.link_mut(seat, connection).is_some_and(|link| link.handle_message(message))
    }

    /// Moves the session on by one tick.
    pub(crate) fn step(&mut self, now_ms: u64, effects: &mut Vec<RoomEffect>) {
        if let Some(mut dungeon) = self.dungeon.take() {
            #[cfg(test)]
            assert!(!self.is_sabotaged, "sabotage");
            let (commands, leavers) = self.take_inputs();
            let mut happened = Vec::new();
            self.recorder.step(&mut dungeon, &commands, &mut happened);
            self.route(now_ms, &dungeon, happened);
            for seat in leavers.into_iter().chain(self.long_away(now_ms)) {
                self.leave(now_ms, &mut dungeon, seat, None, effects);
            }
            self.show(now_ms, &dungeon, effects);
            effects.extend(self.recorder.poll_part(now_ms, &dungeon).map(RoomEffect::Record));
            let (is_over, outcome) = (dungeon.is_over(), dungeon.outcome());
            self.dungeon = Some(dungeon);
            if is_over {
                self.close(now_ms, EndingReason::Cleared, Outcome::Cleared, effects);
            } else if now_ms.saturating_sub(self.began_ms) >= SESSION_S_MAX * 1_000 {
                self.close(now_ms, EndingReason::TimeLimit, outcome.unwrap_or(Outcome::Abandoned), effects);
            }
        }
        self.checkpoint(now_ms, effects);
        if let Some(request) = self.journal.poll(now_ms) {
            effects.push(RoomEffect::Ask(Request::Save(request)));
        }
        self.poll_ending(now_ms, effects);
    }

    /// Takes in what became of the writes that are out.
    pub(crate) fn handle_saved(
        &mut self,
        now_ms: u64,
        answer: Result<Vec<GroupStatus>, ApiFailure>,
        effects: &mut Vec<RoomEffect>,
    ) {
        for verdict in self.journal.handle_answer(now_ms, answer) {
            match verdict {
                Verdict::Released(character_id) => self.vacate(character_id),
                // Its last write has landed, the answer was lost, and it plays elsewhere by now: no concern of this room.
                Verdict::Fenced(character_id) if self.is_leaving(character_id) => self.vacate(character_id),
                Verdict::Fenced(character_id) => {
                    tracing::warn!(session_id = %self.placement.session_id, %character_id, "fenced");
                    self.close(now_ms, EndingReason::Fault, Outcome::Failed, effects);
                }
                Verdict::Dead { rejected, characters, groups } => {
                    let reason = if rejected { BurialReason::Rejected } else { BurialReason::Conflict };
                    tracing::error!(session_id = %self.placement.session_id, ?characters, ?reason, "progress cannot be written");
                    let letters = groups.into_iter().map(|group| dead_letter(self.placement, reason, group));
                    effects.extend(letters.map(|letter| RoomEffect::Ask(Request::Bury(letter))));
                    self.close(now_ms, EndingReason::Fault, Outcome::Failed, effects);
                }
            }
        }
        self.poll_ending(now_ms, effects);
    }

    /// The session this room runs.
    pub(crate) const fn placement(&self) -> &Placement {
        &self.placement
    }

    /// Whether the room is of an earlier epoch of its session than this one.
    pub(crate) const fn is_before(&self, session_epoch: u32) -> bool {
        self.placement.session_epoch < session_epoch
    }

    /// When the room was opened, in milliseconds.
    pub(crate) const fn opened_ms(&self) -> u64 {
        self.opened_ms
    }

    #[cfg(test)]
    pub(crate) const fn grow_older(&mut self, by_ms: u64) {
        self.began_ms -= by_ms;
    }

    #[cfg(test)]
    pub(crate) const fn dungeon(&self) -> Option<&Dungeon> {
        self.dungeon.as_ref()
    }

    /// How many players are connected.
    pub(crate) fn playing(&self) -> usize {
        self.occupants().filter(|occupant| matches!(occupant.presence, Presence::Playing(_))).count()
    }

    /// Characters with changes that are not known to be stored.
    pub(crate) fn unsaved(&self) -> usize {
        self.journal.unsaved()
    }

    /// When the oldest change came in that waits for a checkpoint to be stored, in milliseconds.
    pub(crate) fn waiting_since_ms(&self) -> Option<u64> {
        self.journal.waiting_since_ms()
    }

    /// Whether nobody is left to play, not even somebody who may come back.
    pub(crate) fn is_deserted(&self) -> bool {
        self.dungeon.is_some() && self.occupants().all(|occupant| matches!(occupant.presence, Presence::Leaving { .. }))
    }

    fn occupants(&self) -> impl Iterator<Item = &Occupant> {
        self.seats.iter().flatten()
    }

    fn is_leaving(&self, character_id: CharacterId) -> bool {
        let mut occupants = self.occupants();
        occupants.any(|who| who.character_id == character_id && matches!(who.presence, Presence::Leaving { .. }))
    }

    fn link_mut(&mut self, seat: u8, connection: ConnectionId) -> Option<&mut Link> {
        match &mut self.seats.get_mut(usize::from(seat))?.as_mut()?.presence {
            Presence::Playing(link) if link.connection() == connection => Some(link),
            _ => None,
        }
    }

    /// This tick's commands, and the seats whose players want to leave.
    fn take_inputs(&mut self) -> (Vec<(u8, Command)>, Vec<u8>) {
        let (mut commands, mut leavers) = (Vec::new(), Vec::new());
        for (seat, occupant) in (0_u8..).zip(&mut self.seats) {
            let Some(Occupant { presence: Presence::Playing(link), .. }) = occupant else { continue };
            let inputs = link.inputs.take();
            commands.extend(inputs.commands.into_iter().map(|command| (seat, command)));
            leavers.extend(inputs.leaves.then_some(seat));
        }
        (commands, leavers)
    }

    /// The seats whose players have been away for too long.
    fn long_away(&self, now_ms: u64) -> Vec<u8> {
        let is_long = |occupant: &Occupant| match occupant.presence {
            Presence::Away { since_ms } => now_ms.saturating_sub(since_ms) >= AWAY_S_MAX * 1_000,
            Presence::Playing(_) | Presence::Leaving { .. } => false,
        };
        let seats = (0_u8..).zip(&self.seats);
        seats.filter(|(_, occupant)| occupant.as_ref().is_some_and(is_long)).map(|(seat, _)| seat).collect()
    }

    /// Passes on what happened in the world.
    fn route(&mut self, now_ms: u64, dungeon: &Dungeon, happened: Vec<Effect>) {
        for effect in happened {
            match effect {
                Effect::Changed { seat, urgent } => self.record(now_ms, dungeon, seat, urgent),
                Effect::Event(audience, event) => {
                    let character = |seat: u8| Some(self.seats.get(usize::from(seat))?.as_ref()?.character_id);
                    if let Some(event) = view::game_event(event, character) {
                        self.tell(audience, &event);
                    }
                }
            }
        }
    }

    fn tell(&mut self, audience: Audience, event: &GameEvent) {
        for (seat, occupant) in (0_u8..).zip(&mut self.seats) {
            let is_meant = audience == Audience::All || audience == Audience::Seat(seat);
            if let (true, Some(Occupant { presence: Presence::Playing(link), .. })) = (is_meant, occupant) {
                link.tell(event.clone());
            }
        }
    }

    /// Hands the character's present state to the journal.
    fn record(&mut self, now_ms: u64, dungeon: &Dungeon, seat: u8, urgent: bool) {
        let occupant = self.seats.get(usize::from(seat)).and_then(Option::as_ref);
        let (Some(occupant), Some((hot, progress_seq))) = (occupant, dungeon.hot(seat)) else { return };
        let change = Change { character_id: occupant.character_id, hot: hot.clone(), progress_seq };
        self.journal.record(now_ms, vec![change], urgent);
    }

    /// Sends every player what they see, and lets go of those who do not listen.
    fn show(&mut self, now_ms: u64, dungeon: &Dungeon, effects: &mut Vec<RoomEffect>) {
        let mut shown = view::snapshot(dungeon);
        for (seat, occupant) in (0_u8..).zip(&mut self.seats) {
            let Some(Occupant { character_id, presence, .. }) = occupant else { continue };
            let Presence::Playing(link) = presence else { continue };
            let connection = link.connection();
            if link.is_unresponsive() {
                effects.push(RoomEffect::Drop(connection));
                *presence = Presence::Away { since_ms: now_ms };
                continue;
            }
            let progress_seq = dungeon.hot(seat).map_or(0, |(_, progress_seq)| progress_seq);
            let (_, durable_seq) = self.journal.stored(*character_id);
            shown.own = view::own(dungeon, seat);
            let payload = match view::entities_of(dungeon, seat) {
                Some(entities) => {
                    let Snapshot { tick, own, .. } = shown;
                    link.encode(progress_seq, durable_seq, &Snapshot { tick, entities, own })
                }
                None => link.encode(progress_seq, durable_seq, &shown),
            };
            effects.push(RoomEffect::Send(connection, payload));
        }
        // What everybody sees is kept for those who part.
        shown.own = OwnState::default();
        self.shown = shown;
    }
}

fn dead_letter(placement: Placement, reason: BurialReason, group: ProgressGroup) -> DeadLetter {
    let Placement { session_id, session_epoch, gamesim_epoch } = placement;
    DeadLetter { reason, session_id, gamesim_epoch, session_epoch, group }
}
