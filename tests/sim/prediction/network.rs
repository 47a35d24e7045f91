//! One direction of a bad network, in virtual time: every datagram takes its time, some overtake others, some are lost.

use std::collections::BTreeMap;

/// Numbers that look random, by the seed alone.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below this one.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    /// How long the fastest datagram takes, in milliseconds.
    pub(super) latency_ms: u64,
    /// How much longer the slowest takes, in milliseconds. Datagrams are 50 apart: what is more makes some overtake others.
    pub(super) jitter_ms: u64,
    /// How many are lost, in percent.
    pub(super) loss_percent: u64,
}

/// Datagrams on their way in one direction.
#[derive(Debug)]
pub(super) struct Way {
    weather: Weather,
    dice: Dice,
    /// By the time when they arrive, and in order of their sending.
    flying: BTreeMap<(u64, u64), Vec<u8>>,
    sent: u64,
    last_arrived: u64,
    pub(super) lost: u64,
    pub(super) overtaken: u64,
}

impl Way {
    pub(super) fn new(weather: Weather, seed: u64) -> Self {
        Self {
            weather,
            dice: Dice::seeded(seed),
            flying: BTreeMap::new(),
            sent: 0,
            last_arrived: 0,
            lost: 0,
            overtaken: 0,
        }
    }

    pub(super) fn send(&mut self, now_ms: u64, datagram: Vec<u8>) {
        let Weather { latency_ms, jitter_ms, loss_percent } = self.weather;
        self.sent += 1;
        let late_ms = self.dice.below(jitter_ms + 1);
        if self.dice.below(100) < loss_percent {
            self.lost += 1;
        } else {
            self.flying.insert((now_ms + latency_ms + late_ms, self.sent), datagram);
        }
    }

    pub(super) fn receive(&mut self, now_ms: u64) -> Option<Vec<u8>> {
        let entry = self.flying.first_entry().filter(|entry| entry.key().0 <= now_ms)?;
        let (_, number) = *entry.key();
        self.overtaken += u64::from(number < self.last_arrived);
        self.last_arrived = self.last_arrived.max(number);
        Some(entry.remove())
    }
}
