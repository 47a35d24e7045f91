//! What goes wrong, how often: each seed turns on some of the faults, each with a force of its own, so that rare combinations
//! come about and none is always hidden behind another.

use crate::Dice;

/// Likelihoods in thousandths, unless the name says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Weather {
    /// Datagrams that get lost, come twice, or come late.
    pub(super) datagrams_lost: u64,
    pub(super) datagrams_twice: u64,
    pub(super) datagrams_late: u64,
    /// Requests to the API that get lost, whose answers get lost, that come twice, that arrive when nobody waits any more,
    /// and whose function is killed in the middle.
    pub(super) requests_lost: u64,
    pub(super) answers_lost: u64,
    pub(super) requests_twice: u64,
    pub(super) requests_late: u64,
    pub(super) functions_killed: u64,
    /// Commits that are throttled, meet another transaction, are never carried out, are carried out without an answer, or
    /// are carried out when nobody waits any more.
    pub(super) commits_throttled: u64,
    pub(super) commits_in_conflict: u64,
    pub(super) commits_lost: u64,
    pub(super) commits_unanswered: u64,
    pub(super) commits_late: u64,
    /// Reads that are throttled or not answered.
    pub(super) reads_failed: u64,
    /// Reads that need not be consistent, and are not.
    pub(super) reads_stale: u64,
    /// Rows that have expired and go, each second; the others stay.
    pub(super) expiries: u64,
    /// Objects that are not stored, take long, or are stored when nobody waits any more.
    pub(super) puts_failed: u64,
    pub(super) puts_slow: u64,
    pub(super) puts_late: u64,
    pub(super) gets_failed: u64,
    /// What happens to game sims every few seconds: killed, stopped for a while, asked to end, and cut off from the API, in one
    /// direction or both; and to the ways to their players.
    pub(super) kills: u64,
    pub(super) pauses: u64,
    pub(super) ends: u64,
    pub(super) cuts: u64,
    pub(super) blackouts: u64,
    /// How far clocks are apart, in milliseconds to either side.
    pub(super) skew_ms: u64,
    /// Players that vanish instead of leaving.
    pub(super) vanishings: u64,
    /// Players that log out, before a game or in the middle of it.
    pub(super) logouts: u64,
    /// Players that change their passwords, likewise.
    pub(super) new_passwords: u64,
    /// Bans, each second.
    pub(super) bans: u64,
    /// Parties that go into a zone instead of a dungeon.
    pub(super) zones: u64,
    /// Whether the fleet grows and shrinks.
    pub(super) is_scaled: bool,
    /// Sessions that each game sim has room for.
    pub(super) capacity: u32,
}

impl Weather {
    /// The weather of a seed.
    pub(super) fn of_seed(seed: u64) -> Self {
        let mut dice = Dice(seed ^ 0x0005_eed0_f5ea_5017);
        let mut draw = |max: u64| if dice.percent(45) { 1 + dice.below(max) } else { 0 };
        let weather = Self {
            datagrams_lost: draw(250),
            datagrams_twice: draw(200),
            datagrams_late: draw(200),
            requests_lost: draw(150),
            answers_lost: draw(150),
            requests_twice: draw(150),
            requests_late: draw(80),
            functions_killed: draw(80),
            commits_throttled: draw(80),
            commits_in_conflict: draw(80),
            commits_lost: draw(60),
            commits_unanswered: draw(100),
            commits_late: draw(60),
            reads_failed: draw(40),
            puts_failed: draw(250),
            puts_slow: draw(250),
            puts_late: draw(100),
            gets_failed: draw(200),
            kills: draw(400),
            pauses: draw(400),
            ends: draw(200),
            cuts: draw(400),
            blackouts: draw(300),
            skew_ms: draw(2_000),
            vanishings: draw(400),
            capacity: 1 + u32::try_from(dice.below(4)).unwrap_or_default(),
            ..Self::default()
        };
        let mut draw = |max: u64| if dice.percent(45) { 1 + dice.below(max) } else { 0 };
        Self {
            reads_stale: draw(800),
            expiries: draw(400),
            logouts: draw(500),
            zones: draw(1_000),
            is_scaled: draw(1) > 0,
            new_passwords: draw(300),
            bans: draw(200),
            ..weather
        }
    }

    /// Nothing goes wrong any more. Clocks stay as they are, and people do what they did.
    #[must_use]
    pub(super) fn calm(self) -> Self {
        let Self { skew_ms, logouts, new_passwords, bans, zones, is_scaled, capacity, .. } = self;
        Self { skew_ms, logouts, new_passwords, bans, zones, is_scaled, capacity, ..Self::default() }
    }
}
