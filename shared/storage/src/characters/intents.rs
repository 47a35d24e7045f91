//! The intents of a character's player that were carried out last, each by name, so that one that comes again recognises
//! itself even when another was carried out in between.

use guildhall_domain::limits::INTENTS_REMEMBERED_MAX;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The name of an intent that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntentMark {
    /// The version that it made.
    pub version: u64,
    /// Half a fingerprint of the idempotency key and the request: with the version it is enough to tell a few apart.
    pub digest: u64,
}

/// The latest of them, oldest first. In the row they are one line, `VERSION:DIGEST VERSION:DIGEST …`, digests in hexadecimal
/// digits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecentIntents(Vec<IntentMark>);

impl RecentIntents {
    /// Whether none is known.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this one was carried out.
    pub fn include(&self, mark: &IntentMark) -> bool {
        self.0.contains(mark)
    }

    /// One more was carried out; the oldest is forgotten where there are too many.
    pub fn push(&mut self, mark: IntentMark) {
        if self.0.len() >= INTENTS_REMEMBERED_MAX {
            self.0.remove(0);
        }
        self.0.push(mark);
    }
}

impl From<RecentIntents> for String {
    fn from(intents: RecentIntents) -> Self {
        let mut line = Self::new();
        for IntentMark { version, digest } in intents.0 {
            let gap = if line.is_empty() { "" } else { " " };
            // Writing to a String cannot fail.
            let _ = write!(line, "{gap}{version}:{digest:x}");
        }
        line
    }
}

impl TryFrom<String> for RecentIntents {
    type Error = &'static str;

    fn try_from(line: String) -> Result<Self, Self::Error> {
        let mark = |word: &str| {
            let (version, digest) = word.split_once(':')?;
            Some(IntentMark { version: version.parse().ok()?, digest: u64::from_str_radix(digest, 16).ok()? })
        };
        let marks = line.split_whitespace().map(mark).collect::<Option<_>>();
        marks.map(Self).ok_or("intents that are none")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_kept_and_survive_the_row() {
        let mark = |version| IntentMark { version, digest: u64::MAX - version };
        let mut intents = RecentIntents::default();
        assert!(intents.is_empty());
        let count = INTENTS_REMEMBERED_MAX as u64 + 1;
        (0..count).for_each(|version| intents.push(mark(version)));
        assert!(!intents.is_empty());
        assert!(!intents.include(&mark(0)), "there is no end to them");
        assert!((1..count).all(|version| intents.include(&mark(version))));
        assert!(!intents.include(&IntentMark { digest: 1, ..mark(1) }));
        let line = String::from(intents.clone());
        assert_eq!(RecentIntents::try_from(line.clone()), Ok(intents), "{line}");
        assert_eq!(RecentIntents::try_from(String::new()), Ok(RecentIntents::default()));
        assert!(RecentIntents::try_from("1:x".to_owned()).is_err());
    }
}
