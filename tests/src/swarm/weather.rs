//! The network between the clients and the server: what it loses, and how long it takes. On loopback it does neither by
//! itself.

use crate::Dice;
use std::collections::VecDeque;

/// One direction. What is under way keeps its order.
#[derive(Debug)]
pub(super) struct Weather {
    dice: Dice,
    loss_percent: u64,
    latency_us: u64,
    under_way: VecDeque<(u64, u32, Vec<u8>)>,
}

impl Weather {
    pub(super) fn new(seed: u64, loss_percent: u64, latency_ms: u64) -> Self {
        Self { dice: Dice(seed), loss_percent, latency_us: latency_ms * 1_000, under_way: VecDeque::new() }
    }

    /// Whether a datagram is lost.
    pub(super) fn loses(&mut self) -> bool {
        self.loss_percent > 0 && self.dice.percent(self.loss_percent)
    }

    /// Whether datagrams take any time at all.
    pub(super) fn delays(&self) -> bool {
        self.latency_us > 0
    }

    /// Sends a client's datagram on its way.
    pub(super) fn push(&mut self, now_us: u64, client: u32, bytes: Vec<u8>) {
        self.under_way.push_back((now_us + self.latency_us, client, bytes));
    }

    /// The next datagram that arrives by now.
    pub(super) fn pop(&mut self, now_us: u64) -> Option<(u32, Vec<u8>)> {
        self.under_way.pop_front_if(|(at_us, _, _)| *at_us <= now_us).map(|(_, client, bytes)| (client, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_loses_its_part_and_delays_the_rest() {
        let mut weather = Weather::new(1, 10, 3);
        let lost = (0..10_000).filter(|_| weather.loses()).count();
        assert!((900..1_100).contains(&lost), "{lost}");
        weather.push(500, 7, vec![1]);
        assert_eq!(weather.pop(3_499), None);
        assert_eq!(weather.pop(3_500), Some((7, vec![1])));
        assert!(!Weather::new(1, 0, 0).loses() && !Weather::new(1, 0, 0).delays());
    }
}
