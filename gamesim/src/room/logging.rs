//! How a room's combat log and its players' conduct get to whoever asks for them.

use super::{Placement, Request, Room, RoomEffect};
use crate::combat_log::LogChunk;
use crate::exchange::LoggedChunk;
use guildhall_domain::combat_log::{Deed, ViolationKind};
use guildhall_protocol::netcode::ConnectionId;

impl Room {
    /// A message of the player in this seat makes no sense.
    pub(crate) fn handle_malformed(&mut self, seat: u8, connection: ConnectionId) {
        if self.link_mut(seat, connection).is_some() {
            self.note_conduct(seat, ViolationKind::MalformedMessages, 1);
        }
    }

    /// Violations so far, by kind.
    pub(crate) const fn violations(&self) -> &[u64; ViolationKind::ALL.len()] {
        &self.violations
    }

    pub(super) fn note_conduct(&mut self, seat: u8, kind: ViolationKind, times: u32) {
        if let Some(Some(occupant)) = self.seats.get_mut(usize::from(seat)) {
            occupant.conduct.note(kind, times);
        }
    }

    /// Writes down who did too much of something.
    pub(super) fn judge_conduct(&mut self, now_ms: u64) {
        for (seat, occupant) in (0_u16..).zip(&mut self.seats) {
            let Some(occupant) = occupant else { continue };
            for (kind, count) in occupant.conduct.tick() {
                let (account_id, character_id) = (occupant.account_id, occupant.character_id);
                tracing::info!(session_id = %self.placement.session_id, %character_id, ?kind, count, "a violation");
                self.log.note(now_ms, None, &Deed::Violation { seat, account_id, character_id, kind, count });
                if let Some(violations) = self.violations.get_mut(kind as usize) {
                    *violations = violations.saturating_add(1);
                }
            }
        }
    }

    pub(super) fn hand_out_log(&self, chunks: Vec<LogChunk>, effects: &mut Vec<RoomEffect>) {
        let Placement { session_id, session_epoch, gamesim_epoch } = self.placement;
        let requests = chunks.into_iter().map(|LogChunk { first, bytes }| {
            let chunk = LoggedChunk { session_id, session_epoch, gamesim_epoch, first, bytes };
            RoomEffect::Ask(Request::Log(chunk))
        });
        effects.extend(requests);
    }
}
