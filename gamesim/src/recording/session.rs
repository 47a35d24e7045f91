//! All the parts of a session, played in their order: what is missing, what does not fit, and whether everything that is
//! there leads to the recorded states.

use super::replay::{DIGEST, digest};
use super::{End, Played, play};
use crate::world::{Dungeon, Effect, Game};
use std::sync::Arc;

/// What a part is stored under, within its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartName {
    /// The session's epoch.
    pub session_epoch: u32,
    /// The part's number within it.
    pub number: u32,
}

/// Something about a recording that its reader has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// These parts of the epoch, up to but not including the part itself, are not there.
    Missing {
        /// The first that is missing.
        from: PartName,
        /// The next that is there.
        until: PartName,
    },
    /// The bytes are no part of this content.
    Unreadable(PartName),
    /// The part does not begin with the state that the one before ended with.
    Disjoint(PartName),
    /// The part does not end as a part should.
    Ended(PartName, End),
}

/// Plays the parts of one session.
#[derive(Debug)]
pub struct SessionReplay {
    last: Option<(PartName, u64)>,
    ticks: u64,
    digest: u64,
    findings: Vec<Finding>,
}

impl Default for SessionReplay {
    fn default() -> Self {
        Self { last: None, ticks: 0, digest: DIGEST, findings: Vec::new() }
    }
}

impl SessionReplay {
    /// Plays the next part, as [`play`] does. Parts come in the order of their names.
    pub fn play(
        &mut self,
        name: PartName,
        bytes: &[u8],
        game: &Arc<Game>,
        watch: &mut dyn FnMut(&Dungeon, &[Effect]),
    ) -> Option<Played> {
        let PartName { session_epoch, number } = name;
        let before = self.last.filter(|(last, _)| last.session_epoch == session_epoch);
        let expected = before.map_or(0, |(last, _)| last.number.saturating_add(1));
        if number != expected {
            self.findings.push(Finding::Missing { from: PartName { session_epoch, number: expected }, until: name });
        }
        let Some(played) = play(bytes, game, watch) else {
            self.last = None;
            self.findings.push(Finding::Unreadable(name));
            return None;
        };
        if number == expected && before.is_some_and(|(_, state_hash)| state_hash != played.header.state_hash) {
            self.findings.push(Finding::Disjoint(name));
        }
        if played.end != End::Complete {
            self.findings.push(Finding::Ended(name, played.end));
        }
        self.last = Some((name, played.state_hash));
        self.ticks += u64::from(played.ticks);
        self.digest = digest(self.digest, played.digest);
        Some(played)
    }

    /// Ticks that were played so far.
    pub const fn ticks(&self) -> u64 {
        self.ticks
    }

    /// The digests of all parts so far, made one.
    pub const fn digest(&self) -> u64 {
        self.digest
    }

    /// The hash of the last state, once a part was played.
    pub fn state_hash(&self) -> Option<u64> {
        self.last.map(|(_, state_hash)| state_hash)
    }

    /// What there is to know, in the order in which it was found.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether everything that was played led to the states that were recorded.
    pub fn is_identical(&self) -> bool {
        self.ticks > 0
            && self.findings.iter().all(|finding| match finding {
                Finding::Missing { .. } => true,
                Finding::Ended(_, End::BrokenOff { bytes_left }) => *bytes_left == 0,
                Finding::Unreadable(_) | Finding::Disjoint(_) | Finding::Ended(..) => false,
            })
    }
}
