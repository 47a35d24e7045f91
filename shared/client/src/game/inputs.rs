//! The player's inputs between their making and the server's word that they are applied.

use guildhall_protocol::payload::{Action, INPUTS_MAX, InputFrame};
use std::collections::VecDeque;

/// Numbered inputs, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Inputs {
    pending: VecDeque<InputFrame>,
    last_seq: u32,
}

impl Inputs {
    /// Numbers and keeps an input, unless as many wait as one message carries: a message must never begin after a gap.
    pub(super) fn push(&mut self, move_x: i8, move_y: i8, action: Action) -> Option<u32> {
        if self.pending.len() >= INPUTS_MAX {
            return None;
        }
        let seq = self.last_seq.checked_add(1)?;
        self.last_seq = seq;
        self.pending.push_back(InputFrame { seq, move_x, move_y, action });
        Some(seq)
    }

    /// Forgets the inputs up to this number.
    pub(super) fn acknowledge(&mut self, input_ack: u32) {
        while self.pending.front().is_some_and(|input| input.seq <= input_ack) {
            self.pending.pop_front();
        }
    }

    pub(super) fn pending(&self) -> impl Iterator<Item = &InputFrame> {
        self.pending.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_wait_in_order_until_they_are_applied() {
        let mut inputs = Inputs::default();
        for expected in 1..=5 {
            assert_eq!(inputs.push(1, 0, Action::None), Some(expected));
        }
        inputs.acknowledge(3);
        assert_eq!(inputs.pending().map(|input| input.seq).collect::<Vec<_>>(), [4, 5]);
        inputs.acknowledge(2);
        assert_eq!(inputs.pending().count(), 2, "an older word brought nothing back and took nothing away");
    }

    #[test]
    fn a_full_window_takes_nothing_and_loses_nothing() {
        let mut inputs = Inputs::default();
        while inputs.push(0, 1, Action::None).is_some() {}
        assert_eq!(inputs.pending().count(), INPUTS_MAX);
        inputs.acknowledge(1);
        assert_eq!(inputs.push(0, 1, Action::None), Some(INPUTS_MAX as u32 + 1));
        assert_eq!(inputs.pending().next().map(|input| input.seq), Some(2));
    }
}
