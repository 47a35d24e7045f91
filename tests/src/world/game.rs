//! A player's game over UDP: the client that games link, a bot at its controls, and what the player believes to have gained,
//! which the database is held to.

use super::logins::claims;
use super::player::Player;
use super::{World, lock};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guildhall_client::GameClient;
use guildhall_client::bot::{BotMemory, decide};
use guildhall_client::game::{Kept, View};
use guildhall_domain::CharacterId;
use guildhall_domain::limits::TICK_MS;
use guildhall_protocol::payload::{Action, GameEvent, RefusalReason};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Ticks between two thoughts of a bot; in between it goes on as before.
const THOUGHT_TICKS: u64 = 5;
/// How long somebody waits to be heard who leaves, in milliseconds.
const FAREWELL_MS: u64 = 2_000;
/// After which time away a seat may have been given up and taken anew, in milliseconds.
const AWAY_MS: u64 = 45_000;

/// How long somebody is still served whose login is over, when all is well, in milliseconds.
const EXPELLED_MS: u64 = 3_000;
/// How long it takes after a storm until all is well, in milliseconds.
const SETTLED_MS: u64 = 40_000;

/// How a game ended for its player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The connection is gone, and may come back.
    Lost,
    Over,
}

/// What a player believes to have.
#[derive(Debug)]
pub(super) struct Claims {
    character_id: CharacterId,
    base_xp: u64,
    /// By the number of the change.
    gains: Vec<(u64, u64)>,
    durable_seq: u64,
    session_epoch: u64,
    heard_ms: u64,
    /// What was told of changes up to here may be in `base_xp` already.
    from_seq: u64,
}

impl Claims {
    pub(super) fn new(world: &World, character_id: CharacterId) -> Self {
        let (base_xp, heard_ms) = (world.stored_xp(character_id), world.now_ms());
        Self { character_id, base_xp, gains: Vec::new(), durable_seq: 0, session_epoch: 0, heard_ms, from_seq: 0 }
    }

    fn note_gain(&mut self, seq: u64, xp: u64) {
        if seq <= self.from_seq {
            return;
        }
        // What was told of later changes never happened: the session has gone on from an earlier moment.
        self.gains.retain(|gain| gain.0 < seq);
        self.gains.push((seq, xp));
    }

    /// The first sight of the game over a connection.
    fn note_return(&mut self, world: &World, view: &View, session_epoch: u64) {
        if world.now_ms() - self.heard_ms > AWAY_MS {
            *self = Self { from_seq: view.progress_seq, ..Self::new(world, self.character_id) };
        } else if self.session_epoch != 0 && view.progress_seq < self.durable_seq {
            let (had, has) = (self.durable_seq, view.progress_seq);
            world.fail(format!("P1: {} was at {had} for certain and is at {has}", self.character_id));
        }
        if self.session_epoch != session_epoch {
            let durable_seq = self.durable_seq;
            self.gains.retain(|gain| gain.0 <= durable_seq);
        }
        self.gains.retain(|gain| gain.0 <= view.progress_seq);
        self.session_epoch = session_epoch;
    }

    /// P1: what the game sim calls durable is kept.
    fn note_view(&mut self, world: &World, view: &View) {
        self.heard_ms = world.now_ms();
        self.durable_seq = self.durable_seq.max(view.durable_seq);
        let durable = self.gains.iter().filter(|gain| gain.0 <= view.durable_seq).map(|gain| gain.1);
        world.promise(self.character_id, self.base_xp + durable.sum::<u64>());
    }
}

/// One connection.
pub(super) struct Game<'a> {
    player: &'a Player,
    place: &'static str,
    /// The login that it is played by.
    login: Option<String>,
    client: GameClient,
    memory: BotMemory,
    address: SocketAddr,
    session_epoch: u64,
    wish: (i8, i8, Action),
}

impl<'a> Game<'a> {
    /// A connection that sets out with what the API has given.
    pub(super) fn enter(
        player: &'a Player,
        place: &'static str,
        placement: &Value,
        kept: Option<Kept>,
    ) -> Option<Self> {
        let token = STANDARD.decode(placement["connect"]["token"].as_str()?).ok()?;
        let session_epoch = placement["connect"]["session_epoch"].as_u64()?;
        let client = GameClient::carry_on(&token, player.world.now_ms(), kept.unwrap_or_default()).ok()?;
        let port = 10_000 + u16::try_from(player.world.below(50_000)).unwrap_or_default();
        let address = SocketAddr::from((Ipv4Addr::new(198, 51, 100, player.number), port));
        let memory = BotMemory::new(player.class);
        let login = claims(&player.token()).map(|(_, login)| login);
        Some(Self { player, place, login, client, memory, address, session_epoch, wish: (0, 0, Action::None) })
    }

    /// What the next connection goes on from.
    pub(super) fn keep(&self) -> Kept {
        self.client.keep()
    }

    /// Plays until then, and leaves, or vanishes.
    pub(super) async fn play(&mut self, until_ms: u64, claims: &mut Claims) -> Ending {
        let ending = self.play_on(until_ms, claims).await;
        self.player.world.datagrams().close(self.address);
        ending
    }

    async fn play_on(&mut self, until_ms: u64, claims: &mut Claims) -> Ending {
        let world = &self.player.world;
        let (mut next, mut tick, mut is_silent, mut leaving, mut seen) = (Instant::now(), 0, true, None, 0);
        loop {
            self.receive(claims);
            let view = self.client.view();
            let is_in_play =
                view.tick > 0 && view.my_entity.is_some() && view.refused.is_none() && view.ending.is_none();
            if is_in_play {
                if std::mem::take(&mut is_silent) {
                    claims.note_return(world, view, self.session_epoch);
                    world.note_entry(self.player.number);
                }
                claims.note_view(world, view);
                if view.tick != std::mem::replace(&mut seen, view.tick) {
                    self.judge_login();
                }
            }
            if self.client.disconnected().is_some() {
                return self.verdict();
            }
            let now_ms = world.now_ms();
            if now_ms >= until_ms && leaving.is_none() {
                if world.happens(|weather| weather.vanishings) {
                    return Ending::Over;
                }
                leaving = Some((now_ms + FAREWELL_MS, self.client.push_input(0, 0, Action::Leave)));
            }
            match leaving {
                Some((give_up_ms, seq)) => {
                    let is_heard = seq.is_some_and(|seq| self.client.view().input_ack >= seq);
                    if is_heard || now_ms >= give_up_ms {
                        self.client.disconnect();
                        self.transmit();
                        return Ending::Over;
                    }
                }
                None => self.act(tick),
            }
            self.client.handle_tick(now_ms);
            self.transmit();
            tick += 1;
            next += Duration::from_millis(TICK_MS.into());
            sleep_until(next).await;
        }
    }

    /// A1: whose login is over is sent away, as soon as all is well.
    fn judge_login(&self) {
        let world = &self.player.world;
        let ended_ms = self.login.as_ref().and_then(|login| lock(&world.logins).ended_ms(login));
        let Some(ended_ms) = ended_ms.filter(|_| world.calm_for_ms() > SETTLED_MS) else { return };
        let served_ms = (world.now_ms() - ended_ms).min(world.calm_for_ms() - SETTLED_MS);
        if served_ms > EXPELLED_MS {
            world.fail(format!("A1: player {} plays {served_ms} ms after the login was over", self.player.number));
        }
    }

    fn receive(&mut self, claims: &mut Claims) {
        let world = &self.player.world;
        let now_ms = world.now_ms();
        loop {
            let taken = world.datagrams().take(now_ms, self.address);
            let Some((from, mut bytes)) = taken else { break };
            if from == self.client.server_address() {
                self.client.handle_datagram(now_ms, &mut bytes);
            }
        }
        while let Some(event) = self.client.poll_event() {
            self.memory.note_event(&event);
            if let GameEvent::XpGained { amount, seq } = event {
                claims.note_gain(seq, amount.into());
            }
        }
    }

    fn act(&mut self, tick: u64) {
        if tick.is_multiple_of(THOUGHT_TICKS) {
            let decision = decide(self.client.view(), &self.player.content, self.place, &self.memory);
            self.memory.note_decision(self.client.view(), &decision);
            self.wish = (decision.move_x, decision.move_y, decision.action);
        }
        let (move_x, move_y, action) = self.wish;
        // The wish of a tick for which there is no room is lost, as in any game.
        let _ = self.client.push_input(move_x, move_y, action);
    }

    fn transmit(&mut self) {
        while let Some(transmit) = self.client.poll_transmit() {
            self.player.world.send(self.address, transmit.to, &transmit.bytes);
        }
    }

    /// Whether a connection that ended is worth another one.
    fn verdict(&self) -> Ending {
        let view = self.client.view();
        if view.ending.is_some() {
            return Ending::Over;
        }
        match view.refused.map(RefusalReason::from_code) {
            None
            | Some(Some(
                RefusalReason::GamesimEpoch
                | RefusalReason::Session
                | RefusalReason::Seat
                | RefusalReason::Unresponsive,
            )) => Ending::Lost,
            Some(_) => Ending::Over,
        }
    }
}
