//! What a party brings home.

use guildhall_domain::api::GameSessionView;
use guildhall_domain::{CharacterId, SessionId};
use guildhall_protocol::payload::GameEvent;
use std::time::Duration;
use tokio::time::Instant;

/// How a dungeon went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyResult {
    /// The session.
    pub session_id: SessionId,
    /// The session's record as read after everybody was done, if it could be read.
    pub game_session: Option<GameSessionView>,
    /// One for each member, in the order given.
    pub members: Vec<MemberResult>,
}

impl PartyResult {
    /// Whether any member saw the dungeon won.
    pub fn is_cleared(&self) -> bool {
        self.members.iter().any(|member| member.events.contains(&GameEvent::DungeonCleared))
    }
}

/// How it went for one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberResult {
    /// Place in the party.
    pub index: usize,
    /// The character.
    pub character_id: CharacterId,
    /// Its seat.
    pub seat: u8,
    /// Every event, in order, over all connections.
    pub events: Vec<GameEvent>,
    /// What the character gained.
    pub gains: Vec<Gain>,
    /// The highest `progress_seq` that was seen.
    pub progress_seq: u64,
    /// The highest `durable_seq` that was seen: what was gained up to here is stored, whatever happened afterwards.
    pub durable_seq: u64,
    /// Snapshots seen.
    pub snapshots: u64,
    /// Time from asking the API for a seat to the first snapshot.
    pub first_snapshot_latency: Option<Duration>,
    /// Times that the member came back after a lost connection.
    pub rejoins: u32,
    /// Each return, as it was felt.
    pub outages: Vec<Outage>,
    /// How it ended.
    pub ending: MemberEnding,
}

/// A while without the server, and what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// When the last snapshot before it came.
    pub since: Instant,
    /// From the last snapshot before to the first one after.
    pub silence: Duration,
    /// The part of it until the connection was given up.
    pub unnoticed: Duration,
    /// How often the API was asked for the way back.
    pub tries: u32,
    /// How long the API took to answer the last time.
    pub asking: Duration,
    /// The part of it from that answer to the first snapshot: handshake, admission and the room's start.
    pub entering: Duration,
    /// Ticks that were seen and then never happened, because the session went on from an earlier moment.
    pub ticks_undone: u32,
    /// Whether everything is still there that the server had called durable before.
    pub keeps_what_was_durable: bool,
}

impl MemberResult {
    pub(super) fn new(index: usize, character_id: CharacterId, seat: u8) -> Self {
        Self {
            index,
            character_id,
            seat,
            events: Vec::new(),
            gains: Vec::new(),
            progress_seq: 0,
            durable_seq: 0,
            snapshots: 0,
            first_snapshot_latency: None,
            rejoins: 0,
            outages: Vec::new(),
            ending: MemberEnding::Over,
        }
    }

    /// All experience gained.
    pub fn xp(&self) -> u64 {
        self.sum(|what| if let GainKind::Xp(amount) = what { u64::from(*amount) } else { 0 })
    }

    /// All gold gained.
    pub fn gold(&self) -> u64 {
        self.sum(|what| if let GainKind::Gold(amount) = what { u64::from(*amount) } else { 0 })
    }

    /// All units of items gained.
    pub fn items(&self) -> u64 {
        self.sum(|what| if let GainKind::Item { quantity, .. } = what { u64::from(*quantity) } else { 0 })
    }

    /// The gains that the server said are stored durably.
    pub fn durable_gains(&self) -> impl Iterator<Item = &Gain> {
        self.gains.iter().filter(|gain| gain.seq <= self.durable_seq && !gain.is_doubtful)
    }

    /// The session has been placed anew, and went on from some earlier moment. Of the first `told_before` gains only what was
    /// called durable is sure to have been before that moment: what happened since may have taken the same numbers.
    pub(super) fn doubt(&mut self, told_before: usize) {
        let told = self.gains.iter_mut().take(told_before);
        told.filter(|gain| gain.seq > self.durable_seq).for_each(|gain| gain.is_doubtful = true);
    }

    /// Takes a gain in; the first `told_before` of those known were told over earlier connections. What they told of this
    /// change or of later ones never happened: the session has gone on from an earlier moment, even if no snapshot has said
    /// so yet. Returns how many of the earlier ones are left.
    pub(super) fn note_gain(&mut self, gain: Gain, told_before: usize) -> usize {
        let kept = self.gains.iter().take(told_before).take_while(|known| known.seq < gain.seq).count();
        self.gains.drain(kept..told_before.min(self.gains.len()));
        self.gains.push(gain);
        kept
    }

    /// The session went on from an earlier moment: what was gained after it never happened.
    pub(super) fn undo_after(&mut self, progress_seq: u64) {
        self.gains.retain(|gain| gain.seq <= progress_seq);
        self.progress_seq = self.progress_seq.min(progress_seq);
    }

    fn sum(&self, of: impl Fn(&GainKind) -> u64) -> u64 {
        self.gains.iter().map(|gain| of(&gain.what)).sum()
    }
}

/// Something gained for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gain {
    /// The character's `progress_seq` that includes it.
    pub seq: u64,
    /// What.
    pub what: GainKind,
    /// Whether it may never have happened, because the session went on from a moment that may be earlier.
    pub is_doubtful: bool,
}

/// What was gained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GainKind {
    /// Experience.
    Xp(u32),
    /// Gold.
    Gold(u32),
    /// An item.
    Item {
        /// Id of the item in the content.
        item: String,
        /// How many.
        quantity: u16,
    },
}

/// How the game ended for one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberEnding {
    /// The server announced the end: a code of `EndingReason`.
    Ended(u8),
    /// The connection was lost, and by the time of coming back the session was over.
    Over,
    /// The game sim is gone, and the session with it.
    Lost,
    /// The server gave no seat: a code of `RefusalReason`.
    Refused(u8),
    /// The party was told to stop, and the member left.
    Stopped,
    /// The member could not come back, for this reason.
    GaveUp(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_again_counts_once() {
        let mut result = MemberResult::new(0, CharacterId::from_bits(1), 0);
        let gain = |seq| Gain { seq, what: GainKind::Xp(12), is_doubtful: false };
        assert_eq!([1, 2, 2, 5].map(|seq| result.note_gain(gain(seq), 0)), [0; 4]);
        // The session goes on from change 1; its first snapshot is seen after change 5 has happened anew.
        assert_eq!(result.note_gain(gain(2), 4), 1);
        assert_eq!(result.note_gain(gain(5), 1), 1);
        result.undo_after(5);
        assert_eq!(result.gains, [1, 2, 5].map(gain));
    }

    #[test]
    fn what_was_not_durable_when_the_session_moved_is_never_called_so() {
        let mut result = MemberResult::new(0, CharacterId::from_bits(1), 0);
        let gain = |seq| Gain { seq, what: GainKind::Xp(12), is_doubtful: false };
        assert_eq!([2, 5].map(|seq| result.note_gain(gain(seq), 0)), [0; 2]);
        result.durable_seq = 3;
        // It goes on from change 3. What was change 5 happens anew as change 6, because a wound was changes 4 and 5.
        let told_before = result.note_gain(gain(6), 2);
        result.doubt(told_before);
        result.undo_after(6);
        result.durable_seq = 6;
        assert_eq!(result.durable_gains().map(|gain| gain.seq).collect::<Vec<_>>(), [2, 6]);
    }
}
