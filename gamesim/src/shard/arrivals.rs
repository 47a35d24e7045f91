//! Players who have connected and whom the API has not judged yet. One question per character and seat is out at a time; a
//! player who connects anew meanwhile takes the place of their older connection.
//!
//! Until a session has its room, one question of the whole session is out at a time: its answer opens the room, and whoever
//! is with them in the party would only ask for the same and stand in its way.

use crate::backoff::Backoff;
use crate::exchange::{Request, Ticket};
use crate::limits::ADMISSION_MS_MAX;
use guildhall_domain::api::AdmitPlayerRequest;
use guildhall_domain::{AccountId, SessionId};
use guildhall_protocol::UserData;
use guildhall_protocol::netcode::ConnectionId;
use std::collections::{BTreeMap, BTreeSet};

/// One player at the door.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) user: UserData,
    /// `None` when the player has gone away again.
    pub(super) connection: Option<ConnectionId>,
    /// Whether the player has lost the right to play meanwhile.
    pub(super) is_expelled: bool,
    /// Whether the API was told that there is a room: its answer opens none then.
    pub(super) has_room: bool,
    until_ms: u64,
    /// When to ask again; `None` while an answer is awaited.
    again_ms: Option<u64>,
    backoff: Backoff,
}

impl Arrival {
    /// Where the player wants to go.
    const fn placement(&self) -> (SessionId, u32) {
        (self.user.session_id, self.user.session_epoch)
    }

    const fn question(&self) -> AdmitPlayerRequest {
        let UserData { session_id, session_epoch, seat, account_id, character_id, gamesim_epoch, .. } = self.user;
        let has_room = self.has_room;
        AdmitPlayerRequest { session_id, gamesim_epoch, session_epoch, account_id, character_id, seat, has_room }
    }
}

/// Everybody at the door.
#[derive(Debug)]
pub(super) struct Arrivals {
    waiting: BTreeMap<Ticket, Arrival>,
    next_ticket: u64,
    seeds: Backoff,
}

impl Arrivals {
    pub(super) const fn seeded(seed: u64) -> Self {
        Self { waiting: BTreeMap::new(), next_ticket: 0, seeds: Backoff::seeded(seed) }
    }

    /// Takes a player in. Names the question, and the older connection of the same player if there is one.
    pub(super) fn push(
        &mut self,
        now_ms: u64,
        user: UserData,
        connection: ConnectionId,
    ) -> (Ticket, Option<ConnectionId>) {
        let until_ms = now_ms.saturating_add(ADMISSION_MS_MAX);
        if let Some((ticket, arrival)) =
            self.waiting.iter_mut().find(|(_, arrival)| arrival.user == user && !arrival.is_expelled)
        {
            arrival.until_ms = until_ms;
            return (*ticket, arrival.connection.replace(connection));
        }
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let (again_ms, backoff) = (Some(now_ms), Backoff::seeded(self.seeds.draw()));
        let (connection, is_expelled, has_room) = (Some(connection), false, false);
        let arrival = Arrival { user, connection, is_expelled, has_room, until_ms, again_ms, backoff };
        self.waiting.insert(ticket, arrival);
        (ticket, None)
    }

    /// The questions that are due, given which players have a room to go to.
    pub(super) fn poll(&mut self, now_ms: u64, has_room: impl Fn(&UserData) -> bool) -> Vec<Request> {
        let is_due = |arrival: &Arrival| arrival.again_ms.is_some_and(|again_ms| again_ms <= now_ms);
        if !self.waiting.values().any(is_due) {
            return Vec::new();
        }
        let out = self.waiting.values().filter(|arrival| arrival.again_ms.is_none());
        let mut opening: BTreeSet<_> = out.map(Arrival::placement).collect();
        let mut due = Vec::new();
        for (ticket, arrival) in self.waiting.iter_mut().filter(|(_, arrival)| is_due(arrival)) {
            arrival.has_room = has_room(&arrival.user);
            if arrival.has_room || opening.insert(arrival.placement()) {
                arrival.again_ms = None;
                due.push(Request::Admit { ticket: *ticket, request: arrival.question() });
            }
        }
        due
    }

    /// The API could not be asked. Returns whether it will be asked again; otherwise the player has waited long enough.
    pub(super) fn retry(&mut self, now_ms: u64, ticket: Ticket) -> bool {
        let Some(arrival) = self.waiting.get_mut(&ticket) else { return false };
        let again_ms = now_ms.saturating_add(arrival.backoff.next_ms());
        let is_worth_it = again_ms < arrival.until_ms;
        if is_worth_it {
            arrival.again_ms = Some(again_ms);
        }
        is_worth_it
    }

    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<Arrival> {
        self.waiting.remove(&ticket)
    }

    /// The player has gone away; the question stands, because it may already be answered with yes.
    pub(super) fn forget_connection(&mut self, ticket: Ticket, connection: ConnectionId) {
        if let Some(arrival) = self.waiting.get_mut(&ticket) {
            arrival.connection.take_if(|waiting| *waiting == connection);
        }
    }

    /// The account has lost its right to play. Its questions stand, because they may already be answered with yes: whoever
    /// is admitted leaves at once. Returns the connections that are to end.
    pub(super) fn expel(&mut self, account_id: AccountId) -> Vec<ConnectionId> {
        let theirs = self.waiting.values_mut().filter(|arrival| arrival.user.account_id == account_id);
        theirs
            .filter_map(|arrival| {
                arrival.is_expelled = true;
                arrival.connection.take()
            })
            .collect()
    }

    /// Whether somebody is about to enter this session.
    pub(super) fn is_awaited(&self, session_id: SessionId) -> bool {
        self.waiting.values().any(|arrival| arrival.user.session_id == session_id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Gives everybody up; answers that still come are to nobody's question.
    pub(super) fn clear(&mut self) -> Vec<Arrival> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}
