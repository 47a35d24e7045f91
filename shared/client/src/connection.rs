//! A game connection that runs by itself: a tokio task that owns the UDP socket and the clock, and drives a
//! [`GameClient`](crate::game::GameClient) at 20 Hz. Nothing is decided here.
//!
//! The wish set last is sent in every tick until another one is set, as a held key would be. Events wait in a bounded
//! channel; a game that does not read them makes the server repeat them and in the end drop the connection.

mod driver;

use crate::game::{Kept, View};
use crate::rest::{ClientError, Player};
use base64::Engine;
use driver::Driver;
use guildhall_domain::api::{GameSessionView, Placement};
use guildhall_domain::{CharacterId, SessionId};
use guildhall_protocol::netcode::{ClientState, TokenError};
use guildhall_protocol::payload::{Action, GameEvent};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// What the player wants in each tick until told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Direction eastward; only the direction counts, 0, 0 is to stand.
    pub move_x: i8,
    /// Direction southward.
    pub move_y: i8,
    /// What else.
    pub action: Action,
}

/// A connection that could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The connect token is not base64.
    #[error("the connect token is not base64")]
    Encoding(#[from] base64::DecodeError),
    /// The connect token is not of netcode's form.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There is no socket to be had.
    #[error("no socket: {0}")]
    Socket(#[from] std::io::Error),
}

/// A connection to a game session. Dropping it says goodbye but keeps the seat; [`Self::close`] gives the seat up.
#[derive(Debug)]
pub struct GameConnection {
    wish: watch::Sender<Wish>,
    leaving: watch::Sender<bool>,
    view: watch::Receiver<View>,
    state: watch::Receiver<ClientState>,
    events: mpsc::Receiver<GameEvent>,
    task: JoinHandle<Kept>,
    placed: Placed,
}

/// What a game has heard of a session, for [`GameConnection::carry_on`].
#[derive(Debug, Clone)]
pub struct Memory {
    kept: Kept,
    placed: Placed,
}

/// What has to be as before for a memory to be of use.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Placed {
    session_id: SessionId,
    session_epoch: u32,
    seat: u8,
}

impl Placed {
    fn of(placement: &Placement) -> Self {
        let Placement { game_session, connect } = placement;
        Self { session_id: game_session.session_id, session_epoch: connect.session_epoch, seat: connect.seat }
    }
}

impl GameConnection {
    /// Begins to connect and returns at once: `view` and `state` tell how it goes. Must be called within a tokio runtime.
    pub async fn open(placement: &Placement) -> Result<Self, OpenError> {
        Self::carry_on(placement, None).await
    }

    /// As [`Self::open`], with what an earlier connection has heard: what was missed since comes first. A memory of another
    /// session, seat or placement is of no use, and the game begins afresh.
    pub async fn carry_on(placement: &Placement, memory: Option<Memory>) -> Result<Self, OpenError> {
        let placed = Placed::of(placement);
        let kept = memory.filter(|memory| memory.placed == placed).map(|memory| memory.kept).unwrap_or_default();
        let token = base64::engine::general_purpose::STANDARD.decode(&placement.connect.token)?;
        let (driver, handles) = Driver::bind(&token, kept).await?;
        let task = tokio::spawn(driver.run());
        let driver::Handles { wish, leaving, view, state, events } = handles;
        Ok(Self { wish, leaving, view, state, events, task, placed })
    }

    /// Sets the wish for every tick from here on.
    pub fn set_input(&self, wish: Wish) {
        self.wish.send_replace(wish);
    }

    /// The events; each comes once and in order, and `None` once the connection is over and all of them are read.
    pub fn events(&mut self) -> &mut mpsc::Receiver<GameEvent> {
        &mut self.events
    }

    /// The world; changes with each snapshot and each event. Its sender is gone once the connection is over.
    pub fn view(&self) -> watch::Receiver<View> {
        self.view.clone()
    }

    /// How far the connection has come; stays `Disconnected` with its reason.
    pub fn state(&self) -> ClientState {
        *self.state.borrow()
    }

    /// Leaves the session for good, waits a moment for the server to have heard it, and says goodbye. Returns the events
    /// that were not read yet.
    pub async fn close(mut self) -> Vec<GameEvent> {
        self.leaving.send_replace(true);
        let mut unread = Vec::new();
        // The driver ends by itself, within its own time limits, and drops its end of the channel.
        while let Some(event) = self.events.recv().await {
            unread.push(event);
        }
        unread
    }

    /// Says goodbye but keeps the seat, and returns what was heard and the events that were not read yet. `None` after a
    /// crash.
    pub async fn part(self) -> Option<(Memory, Vec<GameEvent>)> {
        let Self { wish, leaving, view: _, state: _, mut events, task, placed } = self;
        drop((wish, leaving));
        let mut unread = Vec::new();
        while let Some(event) = events.recv().await {
            unread.push(event);
        }
        Some((Memory { kept: task.await.ok()?, placed }, unread))
    }

    /// Falls silent without a word, as a client does whose machine has lost its power. For tests of what the others see.
    pub fn vanish(self) {
        self.task.abort();
    }
}

/// What asking to come back led to.
#[derive(Debug)]
pub enum Rejoined {
    /// The seat is there, and the connection to it is being made.
    Connecting(Box<Placement>, GameConnection),
    /// The session is over or lost; this is its record.
    Over(Box<GameSessionView>),
    /// The token could not be used.
    Unusable(OpenError),
}

/// Comes back to a session after a lost connection: asks the API for a new token, which leads to the same seat. With a
/// memory of it, the game goes on from there.
pub async fn rejoin(
    player: &Player,
    session_id: SessionId,
    character_id: CharacterId,
    memory: Option<Memory>,
) -> Result<Rejoined, ClientError> {
    match player.join_game_session(session_id, character_id).await {
        Ok(placement) => Ok(match GameConnection::carry_on(&placement, memory).await {
            Ok(connection) => Rejoined::Connecting(Box::new(placement), connection),
            Err(error) => Rejoined::Unusable(error),
        }),
        Err(error) if error.code() == Some("session_over") => {
            Ok(Rejoined::Over(Box::new(player.game_session(session_id).await?)))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
