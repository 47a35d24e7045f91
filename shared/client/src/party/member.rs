//! One member's game: connect, play, come back when the connection is lost, until it is over.

use super::progress::MemberProgress;
use super::result::{Gain, GainKind, MemberEnding, MemberResult, Outage};
use super::{MemberEvent, Party, Seated};
use crate::bot::{BotMemory, decide};
use crate::connection::{GameConnection, Memory, Rejoined, Wish, rejoin};
use crate::game::View;
use crate::rest::{ClientError, Player};
use guildhall_domain::SessionState;
use guildhall_domain::api::Placement;
use guildhall_protocol::netcode::ClientState;
use guildhall_protocol::payload::{GameEvent, RefusalReason};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// By how much later than the seat before it each seat first asks for the way back, in milliseconds. A whole party loses a game
/// sim at the same moment: whoever asks first has the session moved, and the others find it there.
const REJOIN_STEP_MS: u64 = 100;
/// Pause after an attempt to come back that was refused at once, in milliseconds.
const REJOIN_PAUSE_MS: u64 = 500;
/// How long a game sim that the API has sent the member to may leave a connection unanswered, in milliseconds. It may have
/// just died; asking again is cheap, and soon leads elsewhere: who notices a death after the connection's five seconds asks
/// again when the lease of six is over. One that has answered lives, and gets the time it needs.
const REJOIN_PATIENCE_MS: u64 = 1_000;

/// A member and what it has seen.
pub(super) struct Member {
    player: Player,
    party: Arc<Party>,
    placement: Placement,
    asked_at: Instant,
    memory: BotMemory,
    /// What was heard over earlier connections.
    heard: Option<Memory>,
    last_tick: u32,
    last_heard: Instant,
    rejoins_in_a_row: u32,
    way_back: WayBack,
    /// Whether the session has been placed anew since the last snapshot.
    is_moved: bool,
    /// How many of the gains were told over earlier connections.
    told_before: usize,
    result: MemberResult,
}

/// The way back to a seat, as far as it has come.
#[derive(Debug, Clone, Copy)]
struct WayBack {
    /// When the connection was given up that had stood.
    noticed: Instant,
    /// When the API was asked last, and when it answered.
    asked: Instant,
    answered: Instant,
}

/// What the end of one connection means.
enum Pause {
    Over(MemberEnding),
    Disconnected,
    /// It never stood: the game sim gave no sign of life while the member waited for one.
    Unanswered,
}

impl Member {
    pub(super) fn new(index: usize, player: Player, seated: Seated, party: Arc<Party>) -> Self {
        let Seated { character, placement, asked_at } = seated;
        let member = Self {
            result: MemberResult::new(index, character.character_id, placement.connect.seat),
            memory: BotMemory::new(&character.class),
            heard: None,
            placement,
            player,
            party,
            asked_at,
            last_tick: 0,
            last_heard: asked_at,
            rejoins_in_a_row: 0,
            way_back: WayBack { noticed: asked_at, asked: asked_at, answered: asked_at },
            is_moved: false,
            told_before: 0,
        };
        member.show(|shown| {
            shown.name = character.name.as_str().to_owned();
            shown.class.clone_from(&character.class);
        });
        member
    }

    /// Plays until it is over for this member.
    pub(super) async fn play(mut self) -> MemberResult {
        let opened = GameConnection::open(&self.placement).await;
        let ending = match opened {
            Ok(connection) => self.play_to_the_end(connection).await,
            Err(error) => MemberEnding::GaveUp(error.to_string()),
        };
        self.show(|shown| {
            shown.is_connected = false;
            shown.is_done = true;
        });
        MemberResult { ending, ..self.result }
    }

    async fn play_to_the_end(&mut self, mut connection: GameConnection) -> MemberEnding {
        loop {
            let pause_ms = match self.play_on(connection).await {
                Pause::Over(ending) => return ending,
                Pause::Disconnected if self.rejoins_in_a_row == 0 => u64::from(self.result.seat) * REJOIN_STEP_MS,
                Pause::Disconnected => REJOIN_PAUSE_MS,
                Pause::Unanswered => 0,
            };
            self.show(|shown| shown.is_connected = false);
            if self.rejoins_in_a_row == 0 {
                self.way_back.noticed = Instant::now();
            }
            connection = match self.come_back(pause_ms).await {
                Ok(connection) => connection,
                Err(ending) => return ending,
            };
        }
    }

    /// Plays on one connection until it ends.
    async fn play_on(&mut self, mut connection: GameConnection) -> Pause {
        let mut view = connection.view();
        let mut stop = self.party.stop.clone();
        let patience = sleep(Duration::from_millis(REJOIN_PATIENCE_MS));
        tokio::pin!(patience);
        let is_return = self.rejoins_in_a_row > 0;
        self.told_before = self.result.gains.len();
        let (mut is_silent, mut is_in_doubt) = (true, is_return);
        loop {
            tokio::select! {
                biased;
                event = connection.events().recv() => match event {
                    Some(event) => self.note_event(event),
                    None => break,
                },
                () = stopped(&mut stop) => {
                    let last_events = connection.close().await;
                    last_events.into_iter().for_each(|event| self.note_event(event));
                    self.note_view(&view.borrow());
                    return Pause::Over(MemberEnding::Stopped);
                }
                // Once the driver is gone, only its last events are left to read.
                Ok(()) = view.changed() => {
                    let seen = view.borrow_and_update();
                    if is_in_play(&seen) && std::mem::take(&mut is_silent) && is_return {
                        self.note_return(&seen);
                    }
                    self.act(&connection, &seen);
                }
                () = &mut patience, if is_in_doubt => {
                    if connection.state() != ClientState::Connected {
                        return Pause::Unanswered;
                    }
                    is_in_doubt = false;
                }
            }
        }
        self.note_view(&view.borrow());
        let verdict = verdict(&view.borrow());
        // All events have been read: the connection is over.
        self.heard = connection.part().await.map(|(memory, _)| memory).or(self.heard.take());
        verdict
    }

    /// Asks the API for the way back to the seat, after a pause.
    async fn come_back(&mut self, mut pause_ms: u64) -> Result<GameConnection, MemberEnding> {
        let Party { session_id, rejoins_in_a_row_max, .. } = *self.party;
        let mut stop = self.party.stop.clone();
        let mut problem = "the connection was lost too often".to_owned();
        while self.rejoins_in_a_row < rejoins_in_a_row_max {
            self.rejoins_in_a_row += 1;
            tokio::select! {
                () = stopped(&mut stop) => return Err(MemberEnding::Stopped),
                () = sleep(Duration::from_millis(pause_ms)) => {}
            }
            pause_ms = REJOIN_PAUSE_MS;
            self.way_back.asked = Instant::now();
            let answer = rejoin(&self.player, session_id, self.result.character_id, self.heard.clone()).await;
            self.way_back.answered = Instant::now();
            match answer {
                Ok(Rejoined::Connecting(placement, connection)) => {
                    self.result.rejoins += 1;
                    self.is_moved |= placement.connect.session_epoch != self.placement.connect.session_epoch;
                    self.placement = *placement;
                    return Ok(connection);
                }
                Ok(Rejoined::Over(record)) if record.state == SessionState::Lost => return Err(MemberEnding::Lost),
                Ok(Rejoined::Over(_)) => return Err(MemberEnding::Over),
                Ok(Rejoined::Unusable(error)) => problem = error.to_string(),
                Err(ClientError::Refused(error)) if error.status < 500 => {
                    return Err(MemberEnding::GaveUp(error.to_string()));
                }
                Err(error) => problem = error.to_string(),
            }
        }
        Err(MemberEnding::GaveUp(problem))
    }

    /// Decides on what is seen, and shows it.
    fn act(&mut self, connection: &GameConnection, view: &View) {
        self.note_view(view);
        let Party { bundle, dungeon_id, progress, .. } = &*self.party;
        let decision = decide(view, &bundle.content, dungeon_id, &self.memory);
        self.memory.note_decision(view, &decision);
        connection.set_input(Wish { move_x: decision.move_x, move_y: decision.move_y, action: decision.action });
        let state = connection.state();
        progress.send_modify(|progress| progress.show_room(view, &bundle.content, dungeon_id));
        let result = &self.result;
        self.show(|shown| {
            shown.show_own(view, state, decision.intent);
            shown.show_gains(result);
        });
    }

    /// The first snapshot after an outage: how long it took, and how far back the session went.
    fn note_return(&mut self, view: &View) {
        if self.result.snapshots == 0 {
            // Nobody comes back who has not been there: it only took longer.
            return;
        }
        let WayBack { noticed, asked, answered } = self.way_back;
        let outage = Outage {
            since: self.last_heard,
            silence: self.last_heard.elapsed(),
            unnoticed: noticed.saturating_duration_since(self.last_heard),
            tries: self.rejoins_in_a_row,
            asking: answered.saturating_duration_since(asked),
            entering: answered.elapsed(),
            ticks_undone: self.last_tick.saturating_sub(view.tick),
            keeps_what_was_durable: view.progress_seq >= self.result.durable_seq,
        };
        self.result.outages.push(outage);
        if std::mem::take(&mut self.is_moved) {
            self.result.doubt(self.told_before);
        }
        self.result.undo_after(view.progress_seq);
        self.told_before = self.told_before.min(self.result.gains.len());
        self.last_tick = self.last_tick.min(view.tick.saturating_sub(1));
    }

    fn note_view(&mut self, view: &View) {
        if view.my_entity.is_none() {
            return;
        }
        if view.tick > self.last_tick {
            self.last_tick = view.tick;
            self.last_heard = Instant::now();
            self.rejoins_in_a_row = 0;
            self.result.snapshots += 1;
            self.result.first_snapshot_latency.get_or_insert_with(|| self.asked_at.elapsed());
        }
        self.result.progress_seq = self.result.progress_seq.max(view.progress_seq);
        self.result.durable_seq = self.result.durable_seq.max(view.durable_seq);
    }

    fn note_event(&mut self, event: GameEvent) {
        self.memory.note_event(&event);
        if let Some(events) = &self.party.events {
            // Whoever looks on must not hold the game up.
            let _ = events.try_send(MemberEvent { member: self.result.index, event: event.clone() });
        }
        let gain = match &event {
            GameEvent::XpGained { amount, seq } => Some((*seq, GainKind::Xp(*amount))),
            GameEvent::GoldGained { amount, seq } => Some((*seq, GainKind::Gold(*amount))),
            GameEvent::ItemGained { item, quantity, seq } => {
                let id = self.party.bundle.content.items.keys().nth(usize::from(*item));
                id.map(|id| (*seq, GainKind::Item { item: id.clone(), quantity: *quantity }))
            }
            _ => None,
        };
        if let Some((seq, what)) = gain {
            self.told_before = self.result.note_gain(Gain { seq, what, is_doubtful: false }, self.told_before);
        }
        self.result.events.push(event);
    }

    fn show(&self, change: impl FnOnce(&mut MemberProgress)) {
        let index = self.result.index;
        self.party.progress.send_modify(|progress| {
            if let Some(shown) = progress.members.get_mut(index) {
                change(shown);
            }
        });
    }
}

impl MemberProgress {
    fn show_gains(&mut self, result: &MemberResult) {
        (self.xp, self.gold, self.items) = (result.xp(), result.gold(), result.items());
        self.rejoins = result.rejoins;
    }
}

/// Whether the member is in the dungeon. A game sim that gives no seat, or takes it away, says so in the form of snapshots,
/// which show nothing of the dungeon and know nothing of the member's progress.
fn is_in_play(view: &View) -> bool {
    view.tick > 0 && view.my_entity.is_some() && view.refused.is_none() && view.ending.is_none()
}

/// Whether a connection that ended is the end, or worth another one.
fn verdict(view: &View) -> Pause {
    if let Some(reason) = view.ending {
        return Pause::Over(MemberEnding::Ended(reason));
    }
    let Some(reason) = view.refused else { return Pause::Disconnected };
    match RefusalReason::from_code(reason) {
        // What a fresh token and a moment of time can mend.
        Some(
            RefusalReason::GamesimEpoch | RefusalReason::Session | RefusalReason::Seat | RefusalReason::Unresponsive,
        ) => Pause::Disconnected,
        _ => Pause::Over(MemberEnding::Refused(reason)),
    }
}

/// Returns when everybody is to stop; never, if nobody can say so any more.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_protocol::payload::EndingReason;

    fn ending(pause: Pause) -> Option<MemberEnding> {
        match pause {
            Pause::Over(ending) => Some(ending),
            Pause::Disconnected | Pause::Unanswered => None,
        }
    }

    #[test]
    fn only_an_announced_end_or_a_final_refusal_is_the_end() {
        assert_eq!(ending(verdict(&View::default())), None);
        let cleared = EndingReason::Cleared.code();
        let announced = View { ending: Some(cleared), ..View::default() };
        assert_eq!(ending(verdict(&announced)), Some(MemberEnding::Ended(cleared)));
        let refused = |reason| ending(verdict(&View { refused: Some(reason), ..View::default() }));
        for mendable in [RefusalReason::GamesimEpoch, RefusalReason::Seat, RefusalReason::Unresponsive] {
            assert_eq!(refused(mendable.code()), None, "{mendable:?}");
        }
        for final_one in [RefusalReason::ProtocolVersion.code(), RefusalReason::Draining.code(), 200] {
            assert_eq!(refused(final_one), Some(MemberEnding::Refused(final_one)));
        }
    }

    #[test]
    fn who_is_refused_or_seen_off_has_not_come_back() {
        let welcomed = View { tick: 1, my_entity: Some(3), progress_seq: 9, ..View::default() };
        assert!(is_in_play(&welcomed));
        let refused = RefusalReason::Draining.code();
        assert!(!is_in_play(&View { tick: 1, refused: Some(refused), ..View::default() }));
        let ending = EndingReason::Shutdown.code();
        assert!(!is_in_play(&View { ending: Some(ending), ..welcomed.clone() }));
        assert!(!is_in_play(&View { tick: 0, ..welcomed }));
        assert!(!is_in_play(&View { tick: 1, ..View::default() }), "somebody else's words");
    }

    #[tokio::test]
    async fn a_stop_is_heard_however_early_and_a_lost_sender_stops_nobody() {
        let (sender, mut stop) = watch::channel(true);
        stopped(&mut stop).await;
        sender.send_replace(false);
        drop(sender);
        let waiting = tokio::time::timeout(Duration::ZERO, stopped(&mut stop));
        assert!(waiting.await.is_err());
    }
}
