//! What the control plane tells a shard.

use super::{AccountId, Order, Outcome, Request, Room, RoomEffect, SessionId, Shard, Zones};
use guildhall_protocol::payload::EndingReason;
use std::collections::BTreeMap;

impl Shard {
    /// Carries out an order.
    pub fn handle_order(&mut self, now_ms: u64, order: Order) {
        match order {
            Order::Admitted { ticket, answer, checkpoint } => {
                self.handle_admitted(now_ms, ticket, answer, checkpoint.as_ref());
            }
            Order::Checkpointed { is_stored, is_ours } => self.handle_checkpointed(now_ms, is_stored, is_ours),
            Order::Recovered(recovery) => self.recover(now_ms, &recovery),
            Order::Expel(expulsions) => {
                for expulsion in expulsions.iter() {
                    self.expel(now_ms, expulsion.account_id);
                }
            }
            Order::Saved { session_id, session_epoch, answer } if self.has_asked(session_id, session_epoch) => {
                self.with_room(now_ms, session_id, &mut Vec::new(), |room, effects| {
                    room.handle_saved(now_ms, answer, effects);
                });
            }
            Order::Finalized { session_id, session_epoch, answer } if self.has_asked(session_id, session_epoch) => {
                self.with_room(now_ms, session_id, &mut Vec::new(), |room, _| room.handle_finalized(now_ms, &answer));
            }
            // Whoever asked is gone, and what has come in its place asked for something else.
            Order::Saved { .. } | Order::Finalized { .. } => {}
            Order::Listed { asked_ms, sessions } => self.compare(now_ms, asked_ms, &sessions),
            Order::Stop => {
                self.is_stopping = true;
                self.with_every_room(now_ms, |room, effects| {
                    room.close(now_ms, EndingReason::Shutdown, Outcome::Drained, effects);
                });
            }
            Order::Fence => {
                self.is_stopping = true;
                self.let_arrivals_go();
                self.with_every_room(now_ms, |room, effects| room.fence(now_ms, effects));
            }
            Order::Abandon => {
                self.is_stopping = true;
                self.let_arrivals_go();
                let letters: Vec<_> = self.rooms.iter_mut().flat_map(|room| room.abandon(now_ms)).collect();
                self.requests.extend(letters.into_iter().map(Request::Bury));
                self.rooms.clear();
                self.zones = Zones::default();
                for connection in self.leavers.keys().copied().collect::<Vec<_>>() {
                    self.drop_connection(connection);
                }
            }
        }
    }

    /// Whether the room of the session is the one that asked in this epoch.
    fn has_asked(&self, session_id: SessionId, session_epoch: u32) -> bool {
        self.rooms.get(session_id).is_some_and(|room| room.placement().session_epoch == session_epoch)
    }

    fn handle_checkpointed(&mut self, now_ms: u64, is_stored: bool, is_ours: bool) {
        for (session_id, name) in self.depot.handle_answer(now_ms, is_stored) {
            let tell = |room: &mut Room, _: &mut Vec<_>| room.handle_checkpointed(now_ms, name, is_ours);
            self.with_room(now_ms, session_id, &mut Vec::new(), tell);
        }
    }

    /// Lets everybody of the account go, wherever they are.
    pub(super) fn expel(&mut self, now_ms: u64, account_id: AccountId) {
        for connection in self.arrivals.expel(account_id) {
            self.drop_connection(connection);
        }
        self.with_every_room(now_ms, |room, effects| room.expel(now_ms, account_id, effects));
    }

    /// Closes the rooms whose sessions the registry does not know to be here. It counts what it was asked after the room
    /// was opened; an answer to an older question says nothing.
    fn compare(&mut self, now_ms: u64, asked_ms: u64, sessions: &BTreeMap<SessionId, u32>) {
        self.with_every_room(now_ms, |room, effects| {
            let placement = room.placement();
            let is_listed = sessions.get(&placement.session_id) == Some(&placement.session_epoch);
            if !is_listed && room.opened_ms() < asked_ms && !room.is_closed() {
                if !room.is_ending() {
                    tracing::warn!(session_id = %placement.session_id, "the registry does not list this session: closing");
                }
                room.fence(now_ms, effects);
            }
        });
    }

    fn with_every_room(&mut self, now_ms: u64, act: impl Fn(&mut Room, &mut Vec<RoomEffect>)) {
        let mut effects = Vec::new();
        for session_id in self.rooms.sessions().collect::<Vec<_>>() {
            self.with_room(now_ms, session_id, &mut effects, &act);
        }
    }

    fn let_arrivals_go(&mut self) {
        for arrival in self.arrivals.clear() {
            if let Some(connection) = arrival.connection {
                self.drop_connection(connection);
            }
        }
    }
}
