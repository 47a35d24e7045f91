//! The sessions that the registry holds to be here and that have no room: somebody reserved a seat and did not come, or an
//! admission got lost on its way. They would take up room for ever, so they are closed after a while.
//!
//! One that has come from a dead game sim is taken over without its players if none of them comes: its checkpoint has what the
//! store lacks.
//!
//! A session is claimed once the API has admitted a player to it: from then on it is its shard's to close. A session that
//! comes back from elsewhere does so under another epoch, and has to be claimed anew.

use crate::limits::{RECOVERY_MS, ROOMLESS_S_MAX, UNCLAIMED_RETRY_MS, UNCLAIMED_S_MAX};
use guildhall_domain::SessionId;
use guildhall_domain::session::Outcome;
use std::collections::BTreeMap;

/// What is to be done about a session that nobody has entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Close it.
    Close(Outcome),
    /// Go on with it without its players, and give them back.
    Recover,
}

/// What is known of the sessions of this game sim.
#[derive(Debug, Default)]
pub(super) struct Placements {
    known: BTreeMap<SessionId, Known>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    /// The session epoch, once the registry has told it.
    epoch: Option<u32>,
    /// When it was first seen, or when somebody last tried to enter.
    touched_ms: u64,
    /// The session epoch in which somebody was admitted last.
    claimed: Option<u32>,
    tended_ms: u64,
}

impl Placements {
    /// Somebody is about to be admitted.
    pub(super) fn handle_attempt(&mut self, now_ms: u64, session_id: SessionId) {
        self.touch(now_ms, session_id);
    }

    /// Somebody has been admitted.
    pub(super) fn handle_admitted(&mut self, now_ms: u64, session_id: SessionId, session_epoch: u32) {
        let known = self.touch(now_ms, session_id);
        known.claimed = known.claimed.max(Some(session_epoch));
    }

    /// Takes in what the registry said when it was asked at `asked_ms`. Returns what is to be done.
    pub(super) fn handle_listing(
        &mut self,
        now_ms: u64,
        asked_ms: u64,
        sessions: &BTreeMap<SessionId, u32>,
    ) -> Vec<(SessionId, u32, Remedy)> {
        // What was touched after the question may be missing in its answer for no other reason.
        self.known.retain(|session_id, known| sessions.contains_key(session_id) || known.touched_ms >= asked_ms);
        let mut overdue = Vec::new();
        for (session_id, epoch) in sessions {
            let known = self.entry(now_ms, *session_id);
            known.epoch = Some(*epoch);
            let age_ms = now_ms.saturating_sub(known.touched_ms);
            let is_patient = now_ms.saturating_sub(known.tended_ms) < UNCLAIMED_RETRY_MS;
            let is_from_elsewhere = *epoch > 1;
            let patience_ms = if is_from_elsewhere { RECOVERY_MS } else { UNCLAIMED_S_MAX * 1_000 };
            if known.is_claimed() || is_patient || age_ms < patience_ms {
                continue;
            }
            known.tended_ms = now_ms;
            // The API refuses to let the session expire as long as a seat is held. If one still is after so long without a
            // room, its admission was lost, and only giving the session up frees the character.
            let is_roomless = age_ms >= ROOMLESS_S_MAX * 1_000;
            let remedies = [
                (is_from_elsewhere && !is_roomless).then_some(Remedy::Recover),
                is_roomless.then_some(Remedy::Close(Outcome::Failed)),
                (!is_roomless && age_ms >= UNCLAIMED_S_MAX * 1_000).then_some(Remedy::Close(Outcome::Expired)),
            ];
            overdue.extend(remedies.into_iter().flatten().map(|remedy| (*session_id, *epoch, remedy)));
        }
        overdue
    }

    /// The sessions that no shard will close, and that have nothing to lose by it: one that has come from elsewhere goes on
    /// elsewhere again.
    pub(super) fn unclaimed(&self) -> impl Iterator<Item = (SessionId, u32)> {
        let unclaimed = self.known.iter().filter(|(_, known)| !known.is_claimed() && known.epoch == Some(1));
        unclaimed.filter_map(|(session_id, known)| Some((*session_id, known.epoch?)))
    }

    fn touch(&mut self, now_ms: u64, session_id: SessionId) -> &mut Known {
        let known = self.entry(now_ms, session_id);
        known.touched_ms = now_ms;
        known
    }

    fn entry(&mut self, now_ms: u64, session_id: SessionId) -> &mut Known {
        let fresh = Known { epoch: None, touched_ms: now_ms, claimed: None, tended_ms: 0 };
        self.known.entry(session_id).or_insert(fresh)
    }
}

impl Known {
    /// Whether somebody was admitted to the session as it is here. What the registry told before is no news.
    fn is_claimed(&self) -> bool {
        self.claimed.is_some() && self.claimed >= self.epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: SessionId = SessionId::from_bits(1);
    const START_MS: u64 = 1_000_000;

    /// Beats every two seconds with session `ONE` listed in this epoch; returns what is to be done, with the second it came up.
    fn beats_in(placements: &mut Placements, listed: u32, from_s: u64, to_s: u64) -> Vec<(u64, Remedy)> {
        let sessions = BTreeMap::from([(ONE, listed)]);
        let beat = |second: u64| {
            let now_ms = START_MS + second * 1_000;
            let overdue = placements.handle_listing(now_ms, now_ms, &sessions);
            overdue.into_iter().map(move |(session_id, epoch, remedy)| {
                assert_eq!((session_id, epoch), (ONE, listed));
                (second, remedy)
            })
        };
        (from_s..=to_s).step_by(2).flat_map(beat).collect()
    }

    fn beats(placements: &mut Placements, from_s: u64, to_s: u64) -> Vec<(u64, Remedy)> {
        beats_in(placements, 1, from_s, to_s)
    }

    #[test]
    fn a_session_that_nobody_enters_expires_and_is_given_up_in_the_end() {
        let mut placements = Placements::default();
        let closings = beats(&mut placements, 0, 130);
        let expired = Remedy::Close(Outcome::Expired);
        assert_eq!(closings[0], (UNCLAIMED_S_MAX, expired));
        assert_eq!(closings[1], (UNCLAIMED_S_MAX + UNCLAIMED_RETRY_MS / 1_000, expired));
        let first_failed = closings.iter().find(|(_, remedy)| *remedy == Remedy::Close(Outcome::Failed)).unwrap();
        assert!((ROOMLESS_S_MAX..ROOMLESS_S_MAX + 10).contains(&first_failed.0), "{closings:?}");
    }

    #[test]
    fn a_session_from_elsewhere_is_taken_over_unless_its_players_come() {
        let mut placements = Placements::default();
        let remedies = beats_in(&mut placements, 2, 0, 130);
        let recovery_s = RECOVERY_MS / 1_000;
        assert_eq!(remedies[..2], [(recovery_s, Remedy::Recover), (recovery_s + 10, Remedy::Recover)], "it may fail");
        let first = |wanted| remedies.iter().find(|(_, remedy)| *remedy == wanted).unwrap().0;
        assert!(first(Remedy::Close(Outcome::Expired)) >= UNCLAIMED_S_MAX, "{remedies:?}");
        let given_up_s = first(Remedy::Close(Outcome::Failed));
        assert!(remedies.iter().all(|(second, remedy)| *remedy != Remedy::Recover || *second < given_up_s));
        assert_eq!(placements.unclaimed().count(), 0, "it may yet go on elsewhere");
        placements.handle_admitted(START_MS + 131_000, ONE, 2);
        assert_eq!(beats_in(&mut placements, 2, 132, 600), []);
    }

    #[test]
    fn whoever_tries_to_enter_renews_the_wait_and_whoever_enters_ends_it() {
        let mut placements = Placements::default();
        assert_eq!(beats(&mut placements, 0, 30), []);
        placements.handle_attempt(START_MS + 30_000, ONE);
        assert_eq!(beats(&mut placements, 32, 60), []);
        placements.handle_admitted(START_MS + 60_000, ONE, 1);
        assert_eq!(beats(&mut placements, 62, 600), []);
        assert_eq!(placements.unclaimed().count(), 0);
    }

    #[test]
    fn an_older_question_does_not_undo_an_admission() {
        let mut placements = Placements::default();
        placements.handle_admitted(START_MS + 10, ONE, 1);
        placements.handle_listing(START_MS + 20, START_MS, &BTreeMap::new());
        assert_eq!(beats(&mut placements, 2, 200), []);
        placements.handle_listing(START_MS + 300_000, START_MS + 300_000, &BTreeMap::new());
        assert!(placements.known.is_empty());
    }

    #[test]
    fn a_session_that_comes_back_under_another_epoch_has_to_be_claimed_anew() {
        let mut placements = Placements::default();
        placements.handle_admitted(START_MS, ONE, 3);
        let remedies = beats_in(&mut placements, 4, 0, 40);
        assert_eq!(remedies[0], (RECOVERY_MS / 1_000, Remedy::Recover));
        placements.handle_admitted(START_MS + 40_000, ONE, 4);
        // An answer that was late.
        placements.handle_admitted(START_MS + 40_000, ONE, 3);
        assert_eq!(beats_in(&mut placements, 4, 42, 600), []);
    }

    #[test]
    fn at_the_end_the_unclaimed_are_named_with_their_epoch() {
        let mut placements = Placements::default();
        beats(&mut placements, 0, 0);
        placements.handle_attempt(START_MS, SessionId::from_bits(2));
        assert_eq!(placements.unclaimed().collect::<Vec<_>>(), [(ONE, 1)]);
    }
}
