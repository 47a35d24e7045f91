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
use crate::combat_log::{CombatLog, about};
use crate::exchange::{ApiFailure, BurialReason, DeadLetter, Request};
use crate::journal::Journal;
use crate::limits::{AWAY_S_MAX, SESSION_S_MAX};
use crate::recording::{Beginning, Recorder, RecordingPart, Subject};
use crate::view;
use crate::world::{Audience, Command, Dungeon, Effect, Game, WorldEvent};
use crate::writer::{Change, Placement, Verdict};
use guildhall_domain::api::{Admitted, FinalizeRequest};
use guildhall_domain::combat_log::ViolationKind;
use guildhall_domain::limits::SEATS_PER_SESSION_MAX;
use guildhall_domain::progress::{GroupStatus, ProgressGroup};
use guildhall_domain::session::Outcome;
use guildhall_domain::{AccountId, CharacterId};
use guildhall_protocol::UserData;
use guildhall_protocol::netcode::ConnectionId;
use guildhall_protocol::payload::{ClientMessage, EndingReason, GameEvent, RefusalReason, Snapshot};
use std::collections::BTreeMap;
use std::sync::Arc;

mod conduct;
mod desk;
mod ending;
mod inputs;
mod link;
mod logging;
mod prefetch;
mod resuming;
mod seating;
mod venue;

use conduct::Conduct;
pub(crate) use desk::Desk;
use ending::Ending;
pub(crate) use link::Link;
use link::Stream;
pub(crate) use seating::Claim;
pub(crate) use venue::Venue;

/// What a room wants done.
#[derive(Debug)]
pub(crate) enum RoomEffect {
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

impl RoomConfig {
    /// What a recording of this session says of itself.
    pub(crate) fn subject(&self, placement: &Placement, dungeon_id: &str) -> Subject {
        let Placement { session_id, session_epoch, .. } = *placement;
        let (dungeon_id, content_version) = (dungeon_id.to_owned(), self.content_version);
        Subject { session_id, session_epoch, dungeon_id, content_version, ruleset: self.game.ruleset().name() }
    }
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
    conduct: Conduct,
    /// Whether the API has admitted the player since the session is here. Until then the seat is only reserved, and for
    /// no longer than a reservation lasts.
    is_admitted: bool,
}

#[derive(Debug)]
enum Presence {
    Playing(Box<Link>),
    /// The stream goes on without anybody to hear it.
    Away {
        since_ms: u64,
        stream: Stream,
    },
    /// `since` is the number of the first checkpoint that shows it.
    Leaving {
        since: u32,
    },
}

impl Presence {
    /// Keeps the seat of a player whose connection is gone.
    fn go_away(&mut self, since_ms: u64) {
        // What is put in its place meanwhile is seen by nobody.
        match std::mem::replace(self, Self::Leaving { since: 0 }) {
            Self::Playing(link) => *self = Self::Away { since_ms, stream: link.into_stream() },
            other => *self = other,
        }
    }
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
    /// `None` once the room is ending; in a zone, whenever it is not lent.
    venue: Option<Box<Venue>>,
    /// In a zone, which party this is.
    party: Option<u16>,
    /// Seats whose players asked to leave in the zone's last step.
    leavers: Vec<u8>,
    recorder: Recorder,
    log: CombatLog,
    violations: [u64; ViolationKind::ALL.len()],
    seats: [Option<Occupant>; SEATS_PER_SESSION_MAX],
    /// By seat, where the numbers of its events go on when somebody sits down again.
    event_seqs: BTreeMap<u8, u32>,
    journal: Journal,
    /// Whether a checkpoint is stored that the session goes on from no more.
    is_uncovering: bool,
    ending: Option<Ending>,
    backoff: Backoff,
    #[cfg(test)]
    pub(crate) is_sabotaged: bool,
}

impl Room {
    /// An empty room, or `None` if the content has no such dungeon. In a zone it is this party's, and `lent`.
    pub(crate) fn open(
        now_ms: u64,
        placement: Placement,
        config: &RoomConfig,
        admitted: &Admitted,
        party: Option<u16>,
        lent: &mut Option<Box<Venue>>,
    ) -> Option<Self> {
        let mut room = Self::without_venue(now_ms, placement, config, admitted, party);
        if party.is_some() {
            room.venue = lent.take();
        } else {
            let dungeon = Dungeon::new(&config.game, &admitted.dungeon_id, admitted.seed)?;
            room.start_recording(now_ms, config, Beginning::Seed(admitted.seed), &dungeon);
            room.venue = Some(Venue::new(dungeon, Recorder::default()));
        }
        Some(room)
    }

    fn start_recording(&mut self, now_ms: u64, config: &RoomConfig, beginning: Beginning, dungeon: &Dungeon) {
        if config.keeps_recordings {
            let subject = config.subject(&self.placement, &self.dungeon_id);
            self.recorder = Recorder::start(now_ms, subject, beginning, dungeon);
        }
    }

    fn without_venue(
        now_ms: u64,
        placement: Placement,
        config: &RoomConfig,
        admitted: &Admitted,
        party: Option<u16>,
    ) -> Self {
        Self {
            placement,
            opened_ms: now_ms,
            began_ms: now_ms,
            dungeon_id: admitted.dungeon_id.clone(),
            content_version: config.content_version,
            venue: None,
            party,
            leavers: Vec::new(),
            recorder: Recorder::default(),
            log: CombatLog::default(),
            violations: [0; ViolationKind::ALL.len()],
            seats: [const { None }; SEATS_PER_SESSION_MAX],
            event_seqs: BTreeMap::new(),
            journal: Journal::new(now_ms, placement, admitted.seed, config.keeps_checkpoints),
            is_uncovering: false,
            ending: None,
            backoff: Backoff::seeded(admitted.seed.rotate_left(32)),
            #[cfg(test)]
            is_sabotaged: false,
        }
    }

    /// Takes in what a client sent. Returns whether it was read.
    pub(crate) fn handle_message(&mut self, seat: u8, connection: ConnectionId, message: &ClientMessage) -> bool {
        let Some(link) = self.link_mut(seat, connection) else { return false };
        let inputs = link.handle_message(message);
        match inputs {
            Some(inputs) => self.note_conduct(seat, ViolationKind::InputsInExcess, inputs),
            None => self.note_conduct(seat, ViolationKind::MessagesInExcess, 1),
        }
        inputs.is_some()
    }

    /// Moves the session on by one tick.
    pub(crate) fn step(&mut self, now_ms: u64, desk: &mut Desk, effects: &mut Vec<RoomEffect>) {
        // The zone that is lent to a room that is ending has to go back as it is.
        if let Some(mut venue) = self.venue.take_if(|_| self.ending.is_none()) {
            #[cfg(test)]
            assert!(!self.is_sabotaged, "sabotage");
            if self.party.is_none() {
                let Desk { commands, happened, .. } = desk;
                commands.clear();
                happened.clear();
                self.take_inputs(commands);
                self.recorder.step(&mut venue.dungeon, commands, happened);
            }
            let happened = if self.party.is_none() { &desk.happened } else { &venue.happened };
            self.route(now_ms, &venue.dungeon, happened);
            for seat in std::mem::take(&mut self.leavers).into_iter().chain(self.long_away(now_ms)) {
                self.leave(now_ms, &mut venue, seat, None, effects);
            }
            self.show(now_ms, &venue, desk, effects);
            self.judge_conduct(now_ms);
            effects.extend(self.recorder.poll_part(now_ms, &venue.dungeon).map(RoomEffect::Record));
            let (is_over, outcome) = (venue.dungeon.is_over(), venue.dungeon.outcome());
            self.venue = Some(venue);
            if is_over {
                self.close(now_ms, EndingReason::Cleared, Outcome::Cleared, effects);
            } else if now_ms.saturating_sub(self.began_ms) >= SESSION_S_MAX * 1_000 {
                self.close(now_ms, EndingReason::TimeLimit, outcome.unwrap_or(Outcome::Abandoned), effects);
            }
        }
        let chunks = self.log.poll(now_ms);
        self.hand_out_log(chunks, effects);
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
                    self.disown(now_ms, effects);
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
    pub(crate) fn dungeon(&self) -> Option<&Dungeon> {
        self.venue.as_ref().map(|venue| &venue.dungeon)
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
        !self.is_ending() && self.occupants().all(|occupant| matches!(occupant.presence, Presence::Leaving { .. }))
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

    /// Takes this tick's commands, under the players' numbers, and notes the seats whose players want to leave.
    pub(crate) fn take_inputs(&mut self, commands: &mut Vec<(u16, Command)>) {
        for (number, (seat, occupant)) in (self.number(0)..).zip((0_u8..).zip(&mut self.seats)) {
            let Some(Occupant { presence: Presence::Playing(link), .. }) = occupant else { continue };
            let leaves = link.inputs.take(|command| commands.push((number, command)));
            self.leavers.extend(leaves.then_some(seat));
        }
    }

    /// The seats whose players have been away for too long.
    fn long_away(&self, now_ms: u64) -> Vec<u8> {
        let is_long = |occupant: &Occupant| match occupant.presence {
            Presence::Away { since_ms, .. } => now_ms.saturating_sub(since_ms) >= AWAY_S_MAX * 1_000,
            Presence::Playing(_) | Presence::Leaving { .. } => false,
        };
        let seats = (0_u8..).zip(&self.seats);
        seats.filter(|(_, occupant)| occupant.as_ref().is_some_and(is_long)).map(|(seat, _)| seat).collect()
    }

    /// Passes on what of all that happened in the world is this room's.
    fn route(&mut self, now_ms: u64, dungeon: &Dungeon, happened: &[Effect]) {
        let mut log = std::mem::take(&mut self.log);
        for effect in happened {
            if self.party.is_none() || about(effect).any(|number| self.seat_of(number).is_some()) {
                log.note_effect(now_ms, effect, |number| self.character_of(number));
            }
        }
        self.log = log;
        for effect in happened {
            match effect {
                Effect::Changed { seat: number, urgent } => {
                    if let Some(seat) = self.seat_of(*number) {
                        self.record(now_ms, dungeon, seat, *urgent);
                    }
                }
                Effect::HandedOver { from, to } => self.bind(now_ms, dungeon, [*from, *to]),
                Effect::Deed(_) => {}
                Effect::Vain { seat: number, kind } => {
                    if let Some(seat) = self.seat_of(*number) {
                        self.note_conduct(seat, *kind, 1);
                    }
                }
                Effect::Event(audience, event) => self.tell(dungeon, *audience, event),
            }
        }
    }

    fn tell(&mut self, dungeon: &Dungeon, audience: Audience, event: &WorldEvent) {
        let mut told: Option<GameEvent> = None;
        for seat in (0_u8..).take(self.seats.len()) {
            if !self.is_present(seat) || !dungeon.hears(self.number(seat), audience) {
                continue;
            }
            if told.is_none() {
                told = view::game_event(event.clone(), |number| self.character_of(number));
            }
            let (Some(event), Some(Some(occupant))) = (&told, self.seats.get_mut(usize::from(seat))) else { return };
            match &mut occupant.presence {
                Presence::Playing(link) => link.tell(event.clone()),
                Presence::Away { stream, .. } => stream.tell(event.clone()),
                Presence::Leaving { .. } => {}
            }
        }
    }

    /// The character of one of this room's players, by the number in the world.
    fn character_of(&self, number: u16) -> Option<CharacterId> {
        Some(self.seats.get(usize::from(self.seat_of(number)?))?.as_ref()?.character_id)
    }

    /// Whether somebody sits in the seat who plays, or may come back.
    fn is_present(&self, seat: u8) -> bool {
        let occupant = self.seats.get(usize::from(seat)).and_then(Option::as_ref);
        occupant.is_some_and(|occupant| !matches!(occupant.presence, Presence::Leaving { .. }))
    }

    /// Hands the character's present state to the journal.
    fn record(&mut self, now_ms: u64, dungeon: &Dungeon, seat: u8, urgent: bool) {
        if let Some(change) = self.change(dungeon, seat) {
            self.journal.record(now_ms, [change], urgent);
        }
    }

    /// Has two players written together, of whom one has what was the other's. Who is leaving is so with the last write.
    fn bind(&mut self, now_ms: u64, dungeon: &Dungeon, numbers: [u16; 2]) {
        let seats = numbers.into_iter().filter_map(|number| self.seat_of(number));
        let changes: Vec<_> = seats.filter_map(|seat| self.change(dungeon, seat)).collect();
        self.journal.record(now_ms, changes, true);
    }

    /// The state of who sits here: in the dungeon, or as it was when they left it.
    fn change(&self, dungeon: &Dungeon, seat: u8) -> Option<Change> {
        let character_id = self.seats.get(usize::from(seat))?.as_ref()?.character_id;
        match dungeon.hot(self.number(seat)) {
            Some((hot, progress_seq)) => Some(Change { character_id, hot: hot.clone(), progress_seq }),
            None => self.journal.latest(character_id),
        }
    }

    /// Sends every player what they see, and lets go of those who do not listen.
    fn show(&mut self, now_ms: u64, venue: &Venue, desk: &mut Desk, effects: &mut Vec<RoomEffect>) {
        let dungeon = &venue.dungeon;
        let is_zone = self.party.is_some();
        let everybody = (!is_zone).then(|| desk.encoder.list(view::entities(dungeon)));
        for (number, occupant) in (self.number(0)..).zip(&mut self.seats) {
            let Some(Occupant { character_id, presence, .. }) = occupant else { continue };
            let Presence::Playing(link) = presence else { continue };
            let connection = link.connection();
            if link.is_unresponsive() {
                effects.push(RoomEffect::Drop(connection));
                presence.go_away(now_ms);
                continue;
            }
            let progress_seq = dungeon.hot(number).map_or(0, |(_, progress_seq)| progress_seq);
            let (_, durable_seq) = self.journal.stored(*character_id);
            let entities = match &everybody {
                None => desk.encoder.list(view::seen(dungeon, number)),
                Some(everybody) => match view::entities_of(dungeon, number) {
                    Some(entities) => desk.encoder.list(entities),
                    None => everybody.clone(),
                },
            };
            let shown = Snapshot { tick: dungeon.tick(), entities, own: view::own(dungeon, number) };
            if is_zone {
                link.introduce(number, &shown, |number| venue.person(number));
            }
            desk.write(connection, |encoder| link.encode(encoder, (progress_seq, durable_seq), shown));
        }
    }
}

fn dead_letter(placement: Placement, reason: BurialReason, group: ProgressGroup) -> DeadLetter {
    let Placement { session_id, session_epoch, gamesim_epoch } = placement;
    DeadLetter { reason, session_id, gamesim_epoch, session_epoch, group }
}
