//! How a session goes on when its game sim is gone: here rooms take checkpoints of themselves, and here they begin from one.
//!
//! A session that has been elsewhere goes on from its checkpoint if that includes everything ever written for those whom
//! the session holds and for those who have left. It begins anew if there is no checkpoint and nothing was ever written. Otherwise nobody can tell what
//! is true, and it is closed.

use super::{
    Admitted, Beginning, Change, Conduct, Dungeon, EndingReason, Occupant, Outcome, Placement, Presence, Recorder,
    Room, RoomConfig, RoomEffect, Venue,
};
use crate::checkpoint::{Checkpoint, SavedLeaving, SavedOccupant, Stay, StoredCheckpoint};
use crate::limits::{AWAY_S_MAX, RECOVERED_AWAY_S_MAX};
use guildhall_domain::api::{HeldCharacter, Resume};

impl Room {
    /// A room that has its session closed and does nothing else.
    pub(crate) fn closing(now_ms: u64, placement: Placement, config: &RoomConfig, admitted: &Admitted) -> Self {
        let mut room = Self::without_venue(now_ms, placement, config, admitted, None);
        room.close(now_ms, EndingReason::Fault, Outcome::Failed, &mut Vec::new());
        room
    }

    /// The room of a session that has run on another game sim, with what was found of it there. Everybody whom the session
    /// holds is in it, and away until they arrive. In a zone it is this party's, and `lent`; one that cannot go on leaves it.
    pub(crate) fn go_on(
        now_ms: u64,
        placement: Placement,
        config: &RoomConfig,
        admitted: &Admitted,
        (resume, found): (&Resume, Option<&StoredCheckpoint>),
        (party, lent): (Option<u16>, &mut Option<Box<Venue>>),
    ) -> Self {
        let held = &resume.characters;
        let is_unwritten = resume.left.is_none() && held.iter().all(|held| held.last_write.is_none());
        let room = match found {
            Some(found) => Self::restored(now_ms, placement, config, admitted, (resume, found), (party, lent)),
            None if is_unwritten => Self::open(now_ms, placement, config, admitted, party, lent),
            None => None,
        };
        let Some(mut room) = room else {
            tracing::error!(session_id = %placement.session_id, is_found = found.is_some(), "the session cannot go on");
            return Self::closing(now_ms, placement, config, admitted);
        };
        tracing::info!(session_id = %placement.session_id, is_found = found.is_some(), "the session goes on here");
        for held in held {
            let id = held.character.character_id;
            if !room.occupants().any(|occupant| occupant.character_id == id)
                && let Err(reason) = room.admit(now_ms, held.seat, held.character.clone(), None)
            {
                tracing::warn!(session_id = %placement.session_id, character_id = %id, ?reason, "has no place any more");
            }
        }
        room.seats.iter_mut().flatten().for_each(|occupant| occupant.is_admitted = false);
        room
    }

    fn restored(
        now_ms: u64,
        placement: Placement,
        config: &RoomConfig,
        admitted: &Admitted,
        (resume, found): (&Resume, &StoredCheckpoint),
        (party, lent): (Option<u16>, &mut Option<Box<Venue>>),
    ) -> Option<Self> {
        let held = &resume.characters;
        let checkpoint = Checkpoint::decode(&found.bytes)?;
        let fits = checkpoint.content_version == config.content_version && checkpoint.dungeon_id == admitted.dungeon_id;
        if !fits || !checkpoint.is_usable((found.session_epoch, found.number), held, resume.left) {
            return None;
        }
        let mut room = Self::without_venue(now_ms, placement, config, admitted, party);
        let mut venue = match party {
            Some(party) => {
                let Venue { dungeon, recorder, .. } = &mut **lent.as_mut()?;
                recorder.restore_party(dungeon, party, &checkpoint.dungeon)?;
                lent.take()?
            }
            None => {
                let dungeon = Dungeon::restore(&config.game, &admitted.dungeon_id, &checkpoint.dungeon)?;
                room.start_recording(now_ms, config, Beginning::Saved(checkpoint.dungeon.clone()), &dungeon);
                Venue::new(dungeon, Recorder::default())
            }
        };
        room.began_ms = now_ms.saturating_sub(checkpoint.age_ms);
        let occupants = held.iter().filter_map(|held| Some((held, checkpoint.occupant(held.character.character_id)?)));
        let mut unwritten = Vec::new();
        for (held, occupant) in occupants {
            let restored = room.restore(now_ms, &venue.dungeon, occupant, found.session_epoch, held);
            let Some(change) = restored else {
                room.clear_out(&mut venue);
                *lent = party.map(|_| venue);
                return None;
            };
            unwritten.extend(change);
        }
        // Who had what when is not known any more: it is written as one.
        room.journal.record(now_ms, unwritten, true);
        for seat in (0_u8..).take(room.seats.len()) {
            let occupant = room.seats.get(usize::from(seat)).and_then(Option::as_ref);
            if occupant.is_none_or(|occupant| !matches!(occupant.presence, Presence::Away { .. })) {
                // The session does not hold them any more. Nobody is here yet who would have to be told.
                let number = room.number(seat);
                let (recorder, dungeon) = room.recorded(&mut venue);
                recorder.leave(dungeon, number, &mut Vec::new());
            }
            room.register(&mut venue, seat);
        }
        room.venue = Some(venue);
        Some(room)
    }

    /// Brings one occupant back, and says what the store lacks.
    fn restore(
        &mut self,
        now_ms: u64,
        dungeon: &Dungeon,
        occupant: &SavedOccupant,
        epoch: u32,
        held: &HeldCharacter,
    ) -> Option<Option<Change>> {
        let (hot, progress_seq) = match (occupant.stay(epoch, held), &occupant.leaving) {
            (Stay::Over, _) => return Some(None),
            (Stay::Plays | Stay::Leaves, Some(leaving)) => (&leaving.hot, leaving.progress_seq),
            (Stay::Plays | Stay::Leaves, None) => dungeon.hot(self.number(occupant.seat))?,
        };
        let stream = self.fresh_stream(occupant.seat);
        let place = self.seats.get_mut(usize::from(occupant.seat)).filter(|place| place.is_none())?;
        hot.check().ok()?;
        let character = &held.character;
        let (account_id, character_id) = (character.account_id, character.character_id);
        let is_stored = *hot == character.hot;
        // The checkpoint has all of it, and stays where it is until there is the next one.
        let stored = Change { character_id, hot: character.hot.clone(), progress_seq };
        self.journal.open(now_ms, account_id, character.version, stored);
        let unwritten = (!is_stored).then(|| Change { character_id, hot: hot.clone(), progress_seq });
        let presence = match occupant.leaving {
            Some(_) => Presence::Leaving { since: self.journal.release(now_ms, character_id) },
            None => Presence::Away { since_ms: now_ms, stream },
        };
        *place = Some(Occupant {
            account_id,
            character_id,
            name: occupant.name.clone(),
            presence,
            conduct: Conduct::default(),
            is_admitted: false,
        });
        Some(unwritten)
    }

    /// Takes a checkpoint if one is due, and gives up waiting for them if none has been stored for too long.
    pub(super) fn checkpoint(&mut self, now_ms: u64, effects: &mut Vec<RoomEffect>) {
        if self.journal.is_covered() && self.journal.is_out_of_patience(now_ms) {
            tracing::warn!(session_id = %self.placement.session_id, "no checkpoint is stored: the session stands and falls with this game sim");
            self.journal.give_up_cover(now_ms);
            self.is_uncovering = true;
        }
        // The last checkpoint stays until the store has what it has: players were told that it is durable.
        if self.is_uncovering && self.journal.is_idle() {
            self.is_uncovering = false;
            effects.push(RoomEffect::Uncover);
        }
        if !self.journal.is_checkpoint_due(now_ms) {
            return;
        }
        let venue = self.venue.as_ref().filter(|_| !self.is_ending());
        let Some(bytes) = venue.and_then(|venue| self.as_checkpoint(now_ms, &venue.dungeon)?.encode()) else { return };
        let number = self.journal.seal(now_ms);
        let session_epoch = self.placement.session_epoch;
        effects.push(RoomEffect::Keep(StoredCheckpoint { session_epoch, number, bytes }));
    }

    /// The checkpoint of this number is stored; `is_ours` says whether nobody else can have had the session by then.
    pub(crate) fn handle_checkpointed(&mut self, now_ms: u64, (session_epoch, number): (u32, u32), is_ours: bool) {
        if session_epoch == self.placement.session_epoch {
            self.journal.handle_stored(now_ms, number, is_ours);
        }
    }

    /// The session was taken over without its players: those who are away have not much time left to come.
    pub(crate) fn expect_soon(&mut self, now_ms: u64) {
        let waited_ms = (AWAY_S_MAX - RECOVERED_AWAY_S_MAX) * 1_000;
        for occupant in self.seats.iter_mut().flatten() {
            if let Presence::Away { since_ms, .. } = &mut occupant.presence {
                *since_ms = (*since_ms).min(now_ms.saturating_sub(waited_ms));
            }
        }
    }

    fn as_checkpoint(&self, now_ms: u64, dungeon: &Dungeon) -> Option<Checkpoint> {
        let seats = (0_u8..).zip(&self.seats);
        let occupants = seats.filter_map(|(seat, occupant)| Some(self.saved(seat, occupant.as_ref()?)));
        Some(Checkpoint {
            content_version: self.content_version,
            dungeon_id: self.dungeon_id.clone(),
            age_ms: now_ms.saturating_sub(self.began_ms),
            occupants: occupants.collect(),
            dungeon: self.party.map_or_else(|| dungeon.save(), |party| dungeon.save_party(party))?,
        })
    }

    fn saved(&self, seat: u8, occupant: &Occupant) -> SavedOccupant {
        let Occupant { account_id, character_id, name, presence, .. } = occupant;
        let leaving = match presence {
            Presence::Leaving { since } => self.journal.latest(*character_id).map(|last| SavedLeaving {
                since: *since,
                hot: last.hot,
                progress_seq: last.progress_seq,
            }),
            Presence::Playing(_) | Presence::Away { .. } => None,
        };
        SavedOccupant::of(seat, (*account_id, *character_id), name.clone(), self.journal.stored(*character_id), leaving)
    }
}
