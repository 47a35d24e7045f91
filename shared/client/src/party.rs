//! Bots that play a dungeon together, from the first request to the last event: the demo, the tests and whoever wants to see
//! the whole product move.
//!
//! [`play_dungeon`] lets the first member create the game session with a seat for everybody, and the others join it. Each
//! member then lives in a task of its own (`member`), decides after every snapshot, notes what it gains (`result`) and comes
//! back when its connection is lost. What happens meanwhile can be watched through a channel (`progress`).

mod member;
mod progress;
mod result;

pub use progress::{MemberProgress, PartyProgress};
pub use result::{Gain, GainKind, MemberEnding, MemberResult, Outage, PartyResult};

use crate::rest::{Api, ClientError, Player};
use guildhall_domain::api::{ContentBundle, Placement};
use guildhall_domain::{Character, CharacterId, SessionId};
use guildhall_protocol::payload::GameEvent;
use member::Member;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Rejoins in a row, without a snapshot in between, after which a member gives up.
const REJOINS_IN_A_ROW_MAX: u32 = 20;

/// One who plays.
#[derive(Debug, Clone)]
pub struct PartyMember {
    /// The signed-in account.
    pub player: Player,
    /// Its character.
    pub character_id: CharacterId,
}

/// Something that a member was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberEvent {
    /// Place in the party.
    pub member: usize,
    /// What happened. What concerns everybody is told to every member.
    pub event: GameEvent,
}

/// How a party plays.
#[derive(Debug, Clone)]
pub struct PartyOptions {
    /// When it becomes true, everybody leaves.
    pub stop: Option<watch::Receiver<bool>>,
    /// Where to show how it goes.
    pub progress: Option<watch::Sender<PartyProgress>>,
    /// Where to tell what happens. Events that find no room there are left out.
    pub events: Option<mpsc::Sender<MemberEvent>>,
    /// Rejoins in a row, without a snapshot in between, after which a member gives up.
    pub rejoins_in_a_row_max: u32,
}

impl Default for PartyOptions {
    fn default() -> Self {
        Self { stop: None, progress: None, events: None, rejoins_in_a_row_max: REJOINS_IN_A_ROW_MAX }
    }
}

/// What all members of a party share.
struct Party {
    session_id: SessionId,
    dungeon_id: String,
    bundle: ContentBundle,
    progress: watch::Sender<PartyProgress>,
    events: Option<mpsc::Sender<MemberEvent>>,
    stop: watch::Receiver<bool>,
    rejoins_in_a_row_max: u32,
}

/// A member's request for a seat, and the answer.
struct Seated {
    character: Character,
    placement: Placement,
    asked_at: Instant,
}

/// Plays a dungeon until the session is over, lost or stopped; the result tells which. An error means that the party did not
/// come together: the API refused somebody, or could not be reached.
pub async fn play_dungeon(
    api: &Api,
    members: &[PartyMember],
    dungeon_id: &str,
    options: PartyOptions,
) -> Result<PartyResult, ClientError> {
    let Some((leader, others)) = members.split_first() else {
        return Err(ClientError::Unavailable("a party needs at least one member".into()));
    };
    let bundle = api.content().await?;
    let asked_at = Instant::now();
    let mut companions = Vec::with_capacity(others.len());
    for other in others {
        companions.push(other.player.companion_ticket(other.character_id).await?);
    }
    let placement = leader.player.create_party_session(leader.character_id, dungeon_id, companions).await?;
    let character = leader.player.character(leader.character_id).await?.character;
    let session_id = placement.game_session.session_id;
    let party = Arc::new(Party {
        session_id,
        dungeon_id: dungeon_id.to_owned(),
        bundle,
        progress: options.progress.unwrap_or_else(|| watch::channel(PartyProgress::default()).0),
        events: options.events,
        stop: options.stop.unwrap_or_else(|| watch::channel(false).1),
        rejoins_in_a_row_max: options.rejoins_in_a_row_max,
    });
    party.progress.send_modify(|progress| progress.begin(session_id, members.len()));

    let mut tasks: JoinSet<Result<MemberResult, ClientError>> = JoinSet::new();
    let seated = Seated { character, placement, asked_at };
    let first = Member::new(0, leader.player.clone(), seated, party.clone());
    tasks.spawn(async move { Ok(first.play().await) });
    for (index, other) in (1..).zip(others) {
        let (other, party) = (other.clone(), party.clone());
        tasks.spawn(async move {
            let seated = join(&other, session_id).await?;
            Ok(Member::new(index, other.player, seated, party).play().await)
        });
    }
    let mut results = Vec::with_capacity(members.len());
    while let Some(finished) = tasks.join_next().await {
        results.push(finished.map_err(|error| ClientError::Unavailable(format!("a bot broke down: {error}")))??);
    }
    results.sort_by_key(|member| member.index);
    let game_session = leader.player.game_session(session_id).await.ok();
    Ok(PartyResult { session_id, game_session, members: results })
}

async fn join(member: &PartyMember, session_id: SessionId) -> Result<Seated, ClientError> {
    let asked_at = Instant::now();
    let placement = member.player.join_game_session(session_id, member.character_id).await?;
    let character = member.player.character(member.character_id).await?.character;
    Ok(Seated { character, placement, asked_at })
}
