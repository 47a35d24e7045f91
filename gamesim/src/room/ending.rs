//! How a room ends: players are told and let go, every character's last write is made, then the session is closed.

use super::{
    ApiFailure, BurialReason, DeadLetter, EndingReason, FinalizeRequest, GameEvent, Outcome, Placement, RefusalReason,
    Request, Room, RoomEffect, dead_letter,
};

/// How far the end has come.
#[derive(Debug)]
pub(super) struct Ending {
    outcome: Outcome,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Last writes are on their way.
    Flushing,
    /// The API has been asked to close the session.
    Asked,
    /// The API is to be asked again.
    AskAgain { at_ms: u64 },
    /// The session is closed. Nothing is left to do.
    Closed,
    /// Nothing is left to do here: the session is somebody else's, or what becomes of it is.
    Lost,
}

impl Room {
    /// Begins the end. Only the first call counts.
    pub(crate) fn close(&mut self, now_ms: u64, reason: EndingReason, outcome: Outcome, effects: &mut Vec<RoomEffect>) {
        self.end(now_ms, &GameEvent::SessionEnding { reason: reason.code() }, outcome, effects);
    }

    /// Begins the end for a session that may go on elsewhere: players are told that it is not here, and ask where it is.
    pub(crate) fn disown(&mut self, now_ms: u64, effects: &mut Vec<RoomEffect>) {
        let last_words = GameEvent::Refused { reason: RefusalReason::Session.code() };
        self.end(now_ms, &last_words, Outcome::Failed, effects);
    }

    fn end(&mut self, now_ms: u64, last_words: &GameEvent, outcome: Outcome, effects: &mut Vec<RoomEffect>) {
        if self.ending.is_some() {
            return;
        }
        tracing::debug!(session_id = %self.placement.session_id, ?outcome, "the room is closing");
        // The last writes do not wait for a checkpoint: there is none of a room that is ending.
        self.journal.give_up_cover(now_ms);
        let mut venue = self.venue.take();
        for seat in (0_u8..).take(self.seats.len()) {
            if let Some(venue) = &venue {
                self.record(now_ms, &venue.dungeon, seat, true);
            }
            self.see_off(now_ms, seat, Some(last_words.clone()), effects);
        }
        let dungeon = venue.as_ref().map(|venue| &venue.dungeon);
        effects.extend(self.recorder.finish(dungeon).map(RoomEffect::Record));
        // A zone goes on without the party.
        if let Some(zone) = venue.as_mut().filter(|_| self.party.is_some()) {
            self.clear_out(zone);
            self.venue = venue;
        }
        let chunks = self.log.finish();
        self.hand_out_log(chunks, effects);
        self.ending = Some(Ending { outcome, stage: Stage::Flushing });
    }

    /// Something in the room went wrong: it ends with what was known before.
    pub(crate) fn fail(&mut self, now_ms: u64, effects: &mut Vec<RoomEffect>) {
        let venue = self.venue.take();
        self.close(now_ms, EndingReason::Fault, Outcome::Failed, effects);
        // A zone that is whole goes on without the party.
        if let Some(mut zone) = venue.filter(|_| self.party.is_some()) {
            self.clear_out(&mut zone);
            self.venue = Some(zone);
        }
    }

    /// The session belongs to somebody else, or is over: the room ends without another write.
    pub(crate) fn fence(&mut self, now_ms: u64, effects: &mut Vec<RoomEffect>) {
        self.disown(now_ms, effects);
        self.journal.fence();
        self.ending = Some(Ending { outcome: Outcome::Failed, stage: Stage::Lost });
    }

    /// Ends at once, and hands out what could not be written.
    pub(crate) fn abandon(&mut self, now_ms: u64) -> Vec<DeadLetter> {
        self.venue = None;
        self.ending = Some(Ending { outcome: Outcome::Drained, stage: Stage::Lost });
        let groups = self.journal.abandon(now_ms);
        groups.into_iter().map(|group| dead_letter(self.placement, BurialReason::Abandoned, group)).collect()
    }

    /// Takes in whether the session is closed. A refusal means that it is not ours to close any more.
    pub(crate) fn handle_finalized(&mut self, now_ms: u64, answer: &Result<(), ApiFailure>) {
        let again_ms = now_ms.saturating_add(self.backoff.next_ms());
        let Some(ending) = &mut self.ending else { return };
        if ending.stage == Stage::Asked {
            ending.stage = match answer {
                Err(ApiFailure::Unavailable(_)) => Stage::AskAgain { at_ms: again_ms },
                Err(ApiFailure::Refused { .. }) => Stage::Lost,
                Ok(()) => Stage::Closed,
            };
        }
    }

    /// Whether nothing is left to do.
    pub(crate) fn is_closed(&self) -> bool {
        self.ending.as_ref().is_some_and(|ending| matches!(ending.stage, Stage::Closed | Stage::Lost))
    }

    /// Whether the session is not known to be over, though nothing is left to do here: it may go on elsewhere.
    pub(crate) fn is_lost(&self) -> bool {
        self.ending.as_ref().is_some_and(|ending| ending.stage == Stage::Lost)
    }

    /// Whether somebody is still to be let go or written.
    pub(crate) const fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// Takes the next step of the end, if its time has come.
    pub(super) fn poll_ending(&mut self, now_ms: u64, effects: &mut Vec<RoomEffect>) {
        let is_flushed = self.journal.is_idle();
        let Some(ending) = &mut self.ending else { return };
        let is_due = match ending.stage {
            Stage::Flushing => is_flushed,
            Stage::AskAgain { at_ms } => at_ms <= now_ms,
            Stage::Asked | Stage::Closed | Stage::Lost => false,
        };
        if is_due {
            ending.stage = Stage::Asked;
            let Placement { session_id, session_epoch, gamesim_epoch } = self.placement;
            let request = FinalizeRequest { session_id, gamesim_epoch, session_epoch, outcome: ending.outcome };
            effects.push(RoomEffect::Ask(Request::Finalize(request)));
        }
    }
}
