//! Where connections come in and go out: who is let in at once, who has to wait for the API, who is turned away and why.

use super::{
    Admitted, ApiFailure, Claim, ConnectionId, GameEvent, Link, PROTOCOL_VERSION, Parting, Place, Placement,
    RefusalReason, Request, Room, Rooms, ServerEvent, Shard, Snapshot, StoredCheckpoint, Ticket, UserData,
};
use crate::exchange::Recovery;
use guildhall_domain::SessionId;
use guildhall_domain::session::Outcome;
use guildhall_protocol::payload::EndingReason;

impl Shard {
    pub(super) fn drain_events(&mut self, now_ms: u64) {
        while let Some(event) = self.server.poll_event() {
            match event {
                ServerEvent::Connected { connection, user_data, .. } => {
                    self.receive(now_ms, connection, UserData::decode(&user_data).ok());
                }
                ServerEvent::Disconnected { connection, .. } => self.handle_disconnected(now_ms, connection),
            }
        }
    }

    fn receive(&mut self, now_ms: u64, connection: ConnectionId, user: Option<UserData>) {
        let Some(user) = user else { return self.refuse(now_ms, connection, RefusalReason::UserData) };
        match self.judge(&user) {
            Claim::Refuse(reason) => self.refuse(now_ms, connection, reason),
            Claim::Resume => {
                if let Some(room) = self.rooms.key(user.session_id) {
                    self.places.insert(connection, Place::Seated { room, seat: user.seat });
                }
                self.with_room(now_ms, user.session_id, &mut Vec::new(), |room, effects| {
                    room.resume(user.seat, connection, effects);
                });
            }
            Claim::Ask => {
                let (ticket, older) = self.arrivals.push(now_ms, user, connection);
                self.places.insert(connection, Place::Arriving(ticket));
                if let Some(older) = older {
                    self.drop_connection(older);
                }
                self.ask_for_arrivals(now_ms);
            }
        }
    }

    fn judge(&self, user: &UserData) -> Claim {
        if user.protocol_version != PROTOCOL_VERSION {
            Claim::Refuse(RefusalReason::ProtocolVersion)
        } else if user.content_version != self.room_config.content_version {
            Claim::Refuse(RefusalReason::ContentVersion)
        } else if user.gamesim_epoch != self.gamesim_epoch {
            Claim::Refuse(RefusalReason::GamesimEpoch)
        } else if self.is_stopping {
            Claim::Refuse(RefusalReason::Draining)
        } else {
            let room = self.rooms.get(user.session_id).filter(|room| !room.is_before(user.session_epoch));
            room.map_or(Claim::Ask, |room| room.judge(user))
        }
    }

    /// Asks the API about those at the door whose turn it is.
    pub(super) fn ask_for_arrivals(&mut self, now_ms: u64) {
        let rooms = &self.rooms;
        let questions = self.arrivals.poll(now_ms, |user| has_room(rooms, user));
        self.requests.extend(questions);
    }

    fn handle_disconnected(&mut self, now_ms: u64, connection: ConnectionId) {
        match self.places.remove(connection) {
            Some(Place::Arriving(ticket)) => self.arrivals.forget_connection(ticket, connection),
            Some(Place::Seated { room, seat }) => {
                if let Some(room) = self.rooms.at_mut(room) {
                    room.handle_disconnect(now_ms, seat, connection);
                }
            }
            Some(Place::Parting) => drop(self.leavers.remove(&connection)),
            None => {}
        }
    }

    /// Tells a client why it gets no seat, and then lets it go.
    fn refuse(&mut self, now_ms: u64, connection: ConnectionId, reason: RefusalReason) {
        let mut link = Box::new(Link::seatless(connection));
        link.tell(GameEvent::Refused { reason: reason.code() });
        self.part(now_ms, Parting { link, shown: Snapshot::default() });
    }

    pub(super) fn handle_admitted(
        &mut self,
        now_ms: u64,
        ticket: Ticket,
        answer: Result<Box<Admitted>, ApiFailure>,
        checkpoint: Option<&StoredCheckpoint>,
    ) {
        if matches!(answer, Err(ApiFailure::Unavailable(_))) && !self.is_stopping && self.arrivals.retry(now_ms, ticket)
        {
            return;
        }
        let Some(arrival) = self.arrivals.remove(ticket) else { return };
        let (user, connection) = (arrival.user, arrival.connection);
        let reason = match answer {
            // The room has gone, and the answer does not say what another one would go on from.
            Ok(_) if arrival.has_room && !has_room(&self.rooms, &user) => RefusalReason::Session,
            Ok(admitted) => match self.seat(now_ms, &user, *admitted, checkpoint, connection) {
                Ok(()) if arrival.is_expelled => return self.expel(now_ms, user.account_id),
                Ok(()) => return,
                Err(reason) => reason,
            },
            Err(ApiFailure::Refused { code, .. }) if code == "seat_lost" => RefusalReason::Seat,
            Err(_) => RefusalReason::Session,
        };
        if let Some(connection) = connection {
            self.refuse(now_ms, connection, reason);
        }
    }

    /// Seats an admitted character: in a new room if it is the first, in the seat that it held if the session has been
    /// elsewhere.
    fn seat(
        &mut self,
        now_ms: u64,
        user: &UserData,
        admitted: Admitted,
        checkpoint: Option<&StoredCheckpoint>,
        connection: Option<ConnectionId>,
    ) -> Result<(), RefusalReason> {
        let session_id = user.session_id;
        self.give_way(now_ms, (session_id, user.session_epoch));
        if self.rooms.key(session_id).is_none() {
            self.open_room(now_ms, (session_id, user.session_epoch), &admitted, checkpoint);
        }
        let mut effects = Vec::new();
        let is_stopping = self.is_stopping;
        let seated = self.with_room(now_ms, session_id, &mut effects, |room, effects| {
            let seated = match (room.judge(user), connection) {
                (Claim::Refuse(reason), _) => Err(reason),
                (Claim::Resume, Some(connection)) => {
                    room.resume(user.seat, connection, effects);
                    Ok(())
                }
                (Claim::Resume, None) => Ok(()),
                (Claim::Ask, _) => room.admit(now_ms, user.seat, admitted.character, connection),
            };
            if is_stopping {
                room.close(now_ms, EndingReason::Shutdown, Outcome::Drained, effects);
            }
            seated
        });
        seated.unwrap_or(Err(RefusalReason::Session))?;
        if let Some((connection, room)) = connection.filter(|_| !is_stopping).zip(self.rooms.key(session_id)) {
            self.places.insert(connection, Place::Seated { room, seat: user.seat });
        }
        Ok(())
    }

    /// Takes over a session whose players have not come, unless one of them was faster. If everything ends here too, what there
    /// is to write gets written.
    pub(super) fn recover(&mut self, now_ms: u64, recovery: &Recovery) {
        let Recovery { session_id, session_epoch, recovered, checkpoint } = recovery;
        let placement = (*session_id, *session_epoch);
        let port = recovered.address.parse().map(|address: std::net::SocketAddr| address.port());
        if port != Ok(self.port) {
            return;
        }
        self.give_way(now_ms, placement);
        if self.rooms.key(*session_id).is_some() {
            return;
        }
        self.open_room(now_ms, placement, &recovered.admitted, checkpoint.as_ref());
        let is_stopping = self.is_stopping;
        self.with_room(now_ms, *session_id, &mut Vec::new(), |room, effects| {
            room.expect_soon(now_ms);
            if is_stopping {
                room.close(now_ms, EndingReason::Shutdown, Outcome::Drained, effects);
            }
        });
    }

    /// Ends a room whose session has been elsewhere meanwhile and has come back: it goes on in another room.
    fn give_way(&mut self, now_ms: u64, (session_id, session_epoch): (SessionId, u32)) {
        if self.rooms.get(session_id).is_some_and(|room| room.is_before(session_epoch)) {
            self.with_room(now_ms, session_id, &mut Vec::new(), |room, effects| room.fence(now_ms, effects));
            self.remove_room(now_ms, session_id);
            self.slots.iter_mut().for_each(|slot| slot.retain(|room| room.session_id != session_id));
        }
    }

    /// Opens a room. Where the session cannot be played, the room only has it closed.
    fn open_room(
        &mut self,
        now_ms: u64,
        (session_id, session_epoch): (SessionId, u32),
        admitted: &Admitted,
        checkpoint: Option<&StoredCheckpoint>,
    ) {
        let placement = Placement { session_id, session_epoch, gamesim_epoch: self.gamesim_epoch };
        let config = &self.room_config;
        let (slot, is_zone) = (self.emptiest_slot(), config.game.content().zones.contains_key(&admitted.dungeon_id));
        let berth = self.zones.enter(now_ms, config, &placement, admitted, slot);
        let (party, slot, reference) =
            berth.map_or((None, slot, None), |berth| (Some(berth.party), berth.slot, berth.reference));
        self.requests.extend(reference.map(Request::Record));
        let mut lent = party.and_then(|_| self.zones.take(&admitted.dungeon_id));
        let mut room = match &admitted.resume {
            _ if is_zone && lent.is_none() => {
                tracing::error!(%session_id, zone_id = admitted.dungeon_id, "the zone is full, or broken");
                Room::closing(now_ms, placement, config, admitted)
            }
            Some(resume) => Room::go_on(now_ms, placement, config, admitted, (resume, checkpoint), (party, &mut lent)),
            None => Room::open(now_ms, placement, config, admitted, party, &mut lent).unwrap_or_else(|| {
                tracing::error!(%session_id, dungeon_id = admitted.dungeon_id, "the content has no such dungeon");
                Room::closing(now_ms, placement, config, admitted)
            }),
        };
        if party.is_some() {
            self.zones.put(&admitted.dungeon_id, room.give_back().or(lent));
        }
        let key = self.rooms.insert(room);
        // A dungeon goes to the emptiest slot, so that rooms stay spread however they come and go; a zone's room to the zone's.
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.push(key);
        }
    }
}

/// Whether the placement of the session that the player wants to go to has its room.
fn has_room(rooms: &Rooms, user: &UserData) -> bool {
    rooms.get(user.session_id).is_some_and(|room| room.placement().session_epoch == user.session_epoch)
}
