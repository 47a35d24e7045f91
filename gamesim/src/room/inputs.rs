//! The inputs of one connection on their way into the world: each number once, in order, and one movement per tick, so that
//! nobody walks faster by sending more.

use crate::limits::INPUTS_QUEUED_MAX;
use crate::world::{Action, Command};
use guildhall_protocol::payload::{Action as Wish, InputFrame};
use std::collections::VecDeque;

/// Inputs that wait for their tick.
#[derive(Debug, Default)]
pub(super) struct InputQueue {
    waiting: VecDeque<InputFrame>,
    /// Number of the last input queued.
    queued: u32,
    /// Number of the last input applied.
    applied: u32,
}

/// What one tick takes from the queue.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TickInputs {
    /// For the world; at most one of them moves.
    pub(super) commands: Vec<Command>,
    /// Whether the player wants to leave for good.
    pub(super) leaves: bool,
}

impl InputQueue {
    /// Takes the inputs of a message, oldest first; those seen before are repetitions.
    pub(super) fn push(&mut self, inputs: &[InputFrame]) {
        for input in inputs {
            if input.seq > self.queued {
                self.queued = input.seq;
                self.waiting.push_back(*input);
            }
        }
    }

    /// The inputs of this tick: the oldest one with its movement and, where too many wait, those before it without. A
    /// queue that is too long means that the player's clock runs fast or the network had a stall; what they did in that
    /// time counts, how far they walked does not.
    pub(super) fn take(&mut self) -> TickInputs {
        let mut taken = TickInputs::default();
        while let Some(input) = self.waiting.pop_front() {
            self.applied = input.seq;
            let moves = self.waiting.len() < INPUTS_QUEUED_MAX;
            let (move_x, move_y) = if moves { (input.move_x, input.move_y) } else { (0, 0) };
            let action = match input.action {
                Wish::None => Action::None,
                Wish::Attack { target } => Action::Attack { target },
                Wish::PickUp { target } => Action::PickUp { target },
                Wish::Leave => {
                    taken.leaves = true;
                    Action::None
                }
            };
            if moves || action != Action::None {
                taken.commands.push(Command { move_x, move_y, action });
            }
            if moves {
                break;
            }
        }
        taken
    }

    /// Number of the last input applied.
    pub(super) const fn applied(&self) -> u32 {
        self.applied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seq: u32, action: Wish) -> InputFrame {
        InputFrame { seq, move_x: 1, move_y: 0, action }
    }

    #[test]
    fn each_number_counts_once_and_in_order() {
        let mut queue = InputQueue::default();
        queue.push(&[frame(1, Wish::None), frame(2, Wish::None)]);
        queue.push(&[frame(1, Wish::None), frame(2, Wish::None), frame(4, Wish::None)]);
        queue.push(&[frame(3, Wish::Leave), frame(4, Wish::None)]);
        let mut applied = Vec::new();
        while !queue.take().commands.is_empty() {
            applied.push(queue.applied());
        }
        assert_eq!(applied, [1, 2, 4]);
    }

    #[test]
    fn a_flood_moves_once_per_tick_and_keeps_its_actions() {
        let mut queue = InputQueue::default();
        let strike = Wish::Attack { target: 300 };
        let frames: Vec<_> = (1..=20).map(|seq| frame(seq, if seq == 2 { strike } else { Wish::None })).collect();
        queue.push(&frames);
        let taken = queue.take();
        assert_eq!(taken.commands.iter().filter(|command| command.move_x != 0).count(), 1);
        assert_eq!(taken.commands[0], Command { move_x: 0, move_y: 0, action: Action::Attack { target: 300 } });
        assert_eq!(queue.waiting.len() + 1, INPUTS_QUEUED_MAX);
        assert_eq!(queue.take().commands.len(), 1);
    }

    #[test]
    fn leaving_is_never_lost() {
        let mut queue = InputQueue::default();
        let frames: Vec<_> = (1..=20).map(|seq| frame(seq, if seq == 3 { Wish::Leave } else { Wish::None })).collect();
        queue.push(&frames);
        assert!(queue.take().leaves);
        assert_eq!(
            queue.take(),
            TickInputs { commands: vec![Command { move_x: 1, move_y: 0, action: Action::None }], leaves: false }
        );
    }
}
