//! Which game sim takes a session: the fullest that has room, so that the others can be taken out of service. Only where
//! other requests want the same one at the same time do they spread, so that no row of the registry is a bottleneck.
//!
//! Who goes to a zone goes to the game sim that most others are in it on.
//!
//! Parties that wait for a place come first: a newcomer, and each who waits, leaves a place for every living party before it,
//! and one for every session whose game sim is dead. Those are in the middle of a game, and if nobody of theirs comes back, what
//! has them placed looks only every few seconds: parties would take each place that gets free in between.

use crate::Scope;
use crate::error::ApiError;
use guildhall_domain::limits::ZONE_PARTIES_PLACED_MAX;
use guildhall_domain::{AccountId, SessionId, Timestamp};
use guildhall_protocol::PROTOCOL_VERSION;
use guildhall_storage::gamesims::{Facts, GamesimRow, Listed};
use guildhall_storage::queue::{self, Waiting};
use std::cmp::Reverse;

/// How often the fleet is looked at anew where every game sim with room was contended.
const ROUNDS_MAX: u32 = 6;
/// Over how many of the fullest requests spread that met each other, at most: those in use, and one that is not yet.
const SPREAD_MAX: usize = 8;

/// What a session asks of a game sim.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs<'a> {
    /// Version of the content.
    pub(super) content_version: &'a str,
    /// The build, if it must be a certain one.
    pub(super) build_version: Option<&'a str>,
    /// The zone that it is played in, if it is.
    pub(super) zone_id: Option<&'a str>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// A session that has lost its game sim: its players are in the middle of a game, and wait for nobody.
    Orphan,
    /// A party that is to get this session.
    Party(SessionId, AccountId),
}

/// What the queue looks like to a party.
#[derive(Debug, Clone, Default)]
pub(super) struct Outlook {
    /// Living parties before it that want the same.
    pub(super) older: usize,
    /// Living parties.
    pub(super) crowd: usize,
    /// Whether it waits itself.
    pub(super) waits: bool,
}

/// The search for a game sim: ask for the next one, and say what became of it.
#[derive(Debug)]
pub(super) struct Search<'a> {
    app: &'a Scope<'a>,
    needs: Needs<'a>,
    turn: Turn,
    outlook: Outlook,
    now: Timestamp,
    rounds: u32,
    /// Game sims with room that have not been tried in this round, fullest first.
    left: Vec<Listed>,
    /// Whether another request stood in the way in this round.
    met_others: bool,
    /// Whether this round's look at the fleet was not the last word.
    is_outdated: bool,
}

impl<'a> Search<'a> {
    pub(super) const fn new(app: &'a Scope<'a>, needs: Needs<'a>, turn: Turn, now: Timestamp) -> Self {
        let outlook = Outlook { older: 0, crowd: 0, waits: false };
        Self { app, needs, turn, outlook, now, rounds: 0, left: Vec::new(), met_others: false, is_outdated: true }
    }

    /// The queue at the last look.
    pub(super) const fn outlook(&self) -> &Outlook {
        &self.outlook
    }

    /// The game sim to try next. `None` means that the fleet is full: every place of every game sim that suits was seen, by a
    /// consistent read, to be taken or to be somebody's who waits for it.
    pub(super) async fn next(&mut self) -> Result<Option<GamesimRow>, ApiError> {
        if self.left.is_empty() {
            if !std::mem::take(&mut self.is_outdated) {
                return Ok(None);
            }
            self.look().await?;
        }
        let in_use = self.left.iter().filter(|gamesim| gamesim.sessions > 0).count();
        // A zone is where the others are, however many want to go there.
        let spread = if self.met_others && self.needs.zone_id.is_none() { SPREAD_MAX.min(in_use + 1) } else { 1 };
        let among = self.left.len().min(spread);
        if among == 0 {
            return Ok(None);
        }
        let chosen = usize::try_from(self.app.random_bits() % among as u128).unwrap_or_default();
        Ok(Some(self.left.remove(chosen).row()?))
    }

    /// The game sim that was tried has no room after all. Somebody else was faster; whether that has filled the fleet, only
    /// another look can tell.
    pub(super) const fn handle_full(&mut self) {
        self.is_outdated = true;
    }

    /// Another request wanted the same game sim at the same time.
    pub(super) const fn handle_conflict(&mut self) {
        self.is_outdated = true;
        self.met_others = true;
    }

    async fn look(&mut self) -> Result<(), ApiError> {
        self.rounds += 1;
        if self.rounds > ROUNDS_MAX {
            return Err(ApiError::busy("contention", "too many sessions are being created at once", 1));
        }
        let look = queue::look(&self.app.table).await?;
        self.outlook = self.survey(&look.waiting);
        let orphans = self.count_orphans(&look.gamesims);
        self.left = look.gamesims;
        self.left.retain(|gamesim| suits(&gamesim.facts, self.needs) && gamesim.room(self.now) > 0);
        // Of those that are equally full it is the first by name, as the look lists them. Whoever goes to a zone goes where most
        // others are in it.
        let parties = |gamesim: &Listed| self.needs.zone_id.map_or(0, |zone_id| gamesim.parties_in(zone_id));
        self.left.retain(|gamesim| parties(gamesim) < ZONE_PARTIES_PLACED_MAX);
        self.left.sort_by_cached_key(|gamesim| (Reverse(parties(gamesim)), Reverse(gamesim.sessions)));
        let free: usize = self.left.iter().map(|gamesim| gamesim.room(self.now)).sum();
        if free <= self.outlook.older + orphans {
            self.left.clear();
        }
        Ok(())
    }

    /// Sessions that go before whoever this search is for.
    fn count_orphans(&self, gamesims: &[Listed]) -> usize {
        let Turn::Party(..) = self.turn else { return 0 };
        let rivals = gamesims.iter().filter(|gamesim| gamesim.facts.content_version == self.needs.content_version);
        rivals.map(|gamesim| gamesim.orphans(self.now)).sum()
    }

    fn survey(&self, waiting: &[Waiting]) -> Outlook {
        let Turn::Party(session_id, account_id) = self.turn else { return Outlook::default() };
        let living = || waiting.iter().filter(|other| other.lives(self.now));
        let own = living().find(|other| other.session_id == session_id && other.account_id == account_id);
        let is_rival = |other: &&Waiting| {
            (other.content_version.as_str(), other.build_version.as_deref())
                == (self.needs.content_version, self.needs.build_version)
        };
        let is_older = |other: &&Waiting| own.is_none_or(|own| other.is_before(own));
        Outlook {
            older: living().filter(is_rival).filter(is_older).count(),
            crowd: living().count(),
            waits: own.is_some(),
        }
    }
}

fn suits(gamesim: &Facts, needs: Needs<'_>) -> bool {
    gamesim.protocol_version == PROTOCOL_VERSION
        && gamesim.content_version == needs.content_version
        && needs.build_version.is_none_or(|build| gamesim.build_version == build)
}

/// The address of the shard that a session lives on. Shards share nothing, so a session is bound to one port for as long as
/// it is there; ids spread evenly over the ports. All parties of a zone meet on the same one.
pub(super) fn address(gamesim: &GamesimRow, session_id: SessionId, zone_id: Option<&str>) -> Result<String, ApiError> {
    let lot = match zone_id {
        Some(id) => id.bytes().map(usize::from).sum(),
        None => usize::from(session_id.to_bytes()[15]),
    };
    let spread = lot % gamesim.ports.len().max(1);
    let port = gamesim.ports.get(spread).ok_or_else(|| ApiError::internal("a game sim without ports is registered"))?;
    let host = if gamesim.ip.contains(':') { format!("[{}]", gamesim.ip) } else { gamesim.ip.clone() };
    Ok(format!("{host}:{port}"))
}
