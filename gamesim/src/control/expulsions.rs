//! The accounts that the registry wants gone from this game sim. Each expulsion is obeyed once: the registry repeats it until
//! a heartbeat confirms it, and meanwhile its player may have been let in again with good reason.

use crate::limits::EXPULSIONS_PER_BEAT_MAX;
use guildhall_domain::api::Expulsion;
use std::collections::BTreeSet;

/// What has been obeyed and may not be known to be.
#[derive(Debug, Default)]
pub(super) struct Expulsions {
    obeyed: BTreeSet<Expulsion>,
}

impl Expulsions {
    /// Takes in what the registry lists. Returns what is to be obeyed.
    pub(super) fn handle_listing(&mut self, listed: Vec<Expulsion>) -> Vec<Expulsion> {
        let listed: BTreeSet<_> = listed.into_iter().collect();
        let fresh = listed.difference(&self.obeyed).copied().collect();
        // What is not listed any more has been confirmed.
        self.obeyed = listed;
        fresh
    }

    /// What the next heartbeat confirms.
    pub(super) fn confirmed(&self) -> Vec<Expulsion> {
        self.obeyed.iter().take(EXPULSIONS_PER_BEAT_MAX).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_domain::{AccountId, Timestamp};

    fn expulsion(account: u128, at: u64) -> Expulsion {
        Expulsion { account_id: AccountId::from_bits(account), at: Timestamp(at) }
    }

    #[test]
    fn each_is_obeyed_once_and_confirmed_until_the_registry_knows() {
        let mut expulsions = Expulsions::default();
        let (first, second) = (expulsion(1, 10), expulsion(2, 11));
        assert_eq!(expulsions.confirmed(), []);
        assert_eq!(expulsions.handle_listing(vec![first]), [first]);
        assert_eq!(expulsions.confirmed(), [first]);
        assert_eq!(expulsions.handle_listing(vec![first, second]), [second]);
        assert_eq!(expulsions.confirmed(), [first, second]);
        assert_eq!(expulsions.handle_listing(vec![second]), []);
        assert_eq!(expulsions.confirmed(), [second]);
        assert_eq!(expulsions.handle_listing(vec![]), []);
        assert_eq!(expulsions.confirmed(), []);
        assert_eq!(expulsions.handle_listing(vec![expulsion(1, 20)]), [expulsion(1, 20)], "another one");
    }

    #[test]
    fn a_heartbeat_confirms_no_more_than_it_can_carry_and_the_others_follow() {
        let mut expulsions = Expulsions::default();
        let all: Vec<_> = (0..EXPULSIONS_PER_BEAT_MAX as u128 + 5).map(|account| expulsion(account, 1)).collect();
        assert_eq!(expulsions.handle_listing(all.clone()), all);
        let confirmed = expulsions.confirmed();
        assert_eq!(confirmed.len(), EXPULSIONS_PER_BEAT_MAX);
        let left: Vec<_> = all.into_iter().filter(|expulsion| !confirmed.contains(expulsion)).collect();
        assert_eq!((expulsions.handle_listing(left).len(), expulsions.confirmed().len()), (0, 5));
    }
}
