//! What has happened, as a hash of all of it and as the last lines of it, and the first thing that must not happen.

use std::collections::VecDeque;

/// Lines that are kept.
const LINES_MAX: usize = 400;

/// Everything that has happened.
#[derive(Debug)]
pub(super) struct Trace {
    hash: u64,
    events: u64,
    lines: VecDeque<String>,
    failure: Option<String>,
}

impl Trace {
    pub(super) fn new(seed: u64) -> Self {
        Self { hash: seed, events: 0, lines: VecDeque::new(), failure: None }
    }

    /// Something happened that only the hash tells.
    pub(super) fn stir(&mut self, now_ms: u64, bytes: &[u8]) {
        self.events += 1;
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            self.mix(u64::from_le_bytes(word));
        }
        self.mix(now_ms ^ (bytes.len() as u64) << 48);
    }

    /// Something happened that is worth a line.
    pub(super) fn tell(&mut self, now_ms: u64, line: &str) {
        self.stir(now_ms, line.as_bytes());
        if self.lines.len() >= LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(format!("{now_ms} {line}"));
    }

    /// Something happened that must not. The first time counts.
    pub(super) fn fail(&mut self, now_ms: u64, what: String) {
        self.tell(now_ms, &format!("!! {what}"));
        self.failure.get_or_insert(what);
    }

    pub(super) const fn failure(&self) -> Option<&String> {
        self.failure.as_ref()
    }

    pub(super) const fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) const fn events(&self) -> u64 {
        self.events
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }

    const fn mix(&mut self, word: u64) {
        self.hash = (self.hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.hash ^= self.hash >> 29;
    }
}
