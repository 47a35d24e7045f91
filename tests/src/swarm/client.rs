//! What sits at a client's address: a player's program, or somebody who only counts echoes.

use guildhall_client::game::GameClient;
use guildhall_protocol::payload::{Action, EntityKind, flags};

use super::Outcome;
use crate::Dice;

/// Ticks between two decisions of a player.
const DECISION_TICKS: u64 = 10;

/// What a datagram turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The news of a tick.
    News,
    /// Something else that belongs here, or comes too late to be news.
    Other,
    /// Nothing that makes sense.
    Bad,
}

/// A client at its address.
pub(super) trait Client {
    /// Takes in a datagram.
    fn handle_datagram(&mut self, now_us: u64, datagram: &mut [u8]) -> Arrival;

    /// To be called at 20 Hz.
    fn handle_tick(&mut self, now_us: u64);

    /// The next datagram to send.
    fn poll_transmit(&mut self) -> Option<Vec<u8>>;

    /// Says goodbye.
    fn leave(&mut self) {}

    /// Whether the connection is over.
    fn is_over(&self) -> bool {
        false
    }
}

/// A player who fights: walks up to an enemy, strikes at it, now and then turns to another one.
#[derive(Debug)]
pub(super) struct Fighter {
    client: GameClient,
    dice: Dice,
    ticks: u64,
    direction: (i8, i8),
    target: u16,
}

impl Fighter {
    /// One that sets out with this connect token.
    pub(super) fn new(token: &[u8], now_us: u64, seed: u64) -> Outcome<Self> {
        let client = GameClient::new(token, now_us / 1_000)?;
        Ok(Self { client, dice: Dice(seed), ticks: seed % DECISION_TICKS, direction: (0, 0), target: 0 })
    }

    fn decide(&mut self) {
        let view = self.client.view();
        let Some(own) = view.own_entity() else { return };
        let is_foe = |kind: EntityKind| matches!(kind, EntityKind::Enemy { .. });
        let away = |x: u16, y: u16| (i32::from(x) - i32::from(own.x), i32::from(y) - i32::from(own.y));
        let living = view.entities.iter().filter(|entity| is_foe(entity.kind) && entity.flags & flags::ALIVE != 0);
        let distance = |(x, y): (i32, i32)| x.abs() + y.abs();
        let Some(nearest) = living.min_by_key(|entity| distance(away(entity.x, entity.y))) else { return };
        let (x, y) = away(nearest.x, nearest.y);
        self.target = nearest.id;
        self.direction = (x.signum() as i8, y.signum() as i8);
        // Some of the time they run, and the fight moves through the hall.
        if self.dice.percent(30) {
            self.direction = (self.dice.below(3) as i8 - 1, self.dice.below(3) as i8 - 1);
        }
    }
}

impl Client for Fighter {
    fn handle_datagram(&mut self, now_us: u64, datagram: &mut [u8]) -> Arrival {
        let (snapshots, dropped) = (self.client.snapshots_received(), self.client.dropped());
        self.client.handle_datagram(now_us / 1_000, datagram);
        while self.client.poll_event().is_some() {}
        if self.client.snapshots_received() > snapshots {
            Arrival::News
        } else if self.client.dropped() > dropped {
            Arrival::Bad
        } else {
            Arrival::Other
        }
    }

    fn handle_tick(&mut self, now_us: u64) {
        if self.ticks.is_multiple_of(DECISION_TICKS) {
            self.decide();
        }
        self.ticks += 1;
        let action = if self.target == 0 { Action::None } else { Action::Attack { target: self.target } };
        // A wish that finds the window full is lost, as a key pressed too late would be.
        let _ = self.client.push_input(self.direction.0, self.direction.1, action);
        self.client.handle_tick(now_us / 1_000);
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.client.poll_transmit().map(|transmit| transmit.bytes)
    }

    fn leave(&mut self) {
        self.client.disconnect();
    }

    fn is_over(&self) -> bool {
        self.client.disconnected().is_some()
    }
}

/// Somebody who sends datagrams of one size and counts what comes back.
pub(super) struct Caller {
    pub(super) sent_bytes: usize,
    pub(super) echo_bytes: usize,
    pub(super) is_due: bool,
}

impl Client for Caller {
    fn handle_datagram(&mut self, _: u64, datagram: &mut [u8]) -> Arrival {
        if datagram.len() == self.echo_bytes { Arrival::News } else { Arrival::Bad }
    }

    fn handle_tick(&mut self, _: u64) {
        self.is_due = true;
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        std::mem::take(&mut self.is_due).then(|| vec![0x5a; self.sent_bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::swarm::arena;

    #[test]
    fn whoever_sets_out_late_has_as_long_as_the_others() {
        let late_us = 3_600_000_000;
        let server = "127.0.0.1:4000".parse().unwrap();
        let token = arena::token(0, server, 1, 1_800_000_000, &mut Dice(2));
        let mut fighter = Fighter::new(&token, late_us, 3).unwrap();
        fighter.handle_tick(late_us);
        assert!(!fighter.is_over());
        assert!(fighter.poll_transmit().is_some(), "shows the token");
        fighter.handle_tick(late_us + 9_000_000);
        assert!(!fighter.is_over());
    }
}
