//! The inputs of one connection on their way into the world: each number once, in order, and one movement per tick, so that
//! nobody walks faster by sending more.

use crate::limits::{INPUTS_QUEUED_MAX, QUEUE_PATIENCE_TICKS};
use crate::view;
use crate::world::{Action, Command};
use guildhall_protocol::payload::{Action as Wish, InputFrame};
use std::collections::VecDeque;
use std::hint::black_box;

/// Inputs that wait for their tick.
#[derive(Debug, Default)]
pub(super) struct InputQueue {
    waiting: VecDeque<InputFrame>,
    /// Number of the last input queued.
    queued: u32,
    /// Number of the last input applied.
    applied: u32,
    /// Fewest inputs that a tick of the present window has left waiting, and how many ticks the window has had.
    fewest_left: Option<usize>,
    window_ticks: u32,
    /// Whether a whole window has left inputs waiting.
    is_stale: bool,
}

impl InputQueue {
    /// Takes the inputs of a message, oldest first; those seen before are repetitions. Returns how many are new.
    pub(super) fn push(&mut self, inputs: &[InputFrame]) -> u32 {
        let mut fresh = 0;
        for input in inputs {
            if input.seq > self.queued {
                self.queued = input.seq;
                self.waiting.push_back(*input);
                fresh += 1;
            }
        }
        fresh
    }

    /// Hands out the inputs of this tick: the oldest one with its movement and, where too many wait, those before it without. A
    /// queue that is too long means that the player's clock runs fast or the network had a stall; what they did in that
    /// time counts, how far they walked does not. A queue that never runs empty is shortened one by one. Returns whether
    /// the player wants to leave for good.
    pub(super) fn take(&mut self, mut act: impl FnMut(Command)) -> bool {
        let mut leaves = false;
        let at_once = 1 + usize::from(std::mem::take(&mut self.is_stale));
        let left_max = self.waiting.len().saturating_sub(at_once).min(INPUTS_QUEUED_MAX - 1);
        while let Some(input) = self.waiting.pop_front() {
            self.applied = input.seq;
            let moves = self.waiting.len() <= left_max;
            let (move_x, move_y) = if moves { (input.move_x, input.move_y) } else { (0, 0) };
            leaves |= input.action == Wish::Leave;
            let action = view::action(input.action);
            if moves || action != Action::None {
                act(Command { move_x, move_y, action });
            }
            if moves {
                break;
            }
        }
        self.watch_length();
        leaves
    }

    /// Notices when a whole window of ticks has left inputs waiting: they are more than the network's rhythm asks for.
    fn watch_length(&mut self) {
        let left = self.waiting.len();
        let fewest_left = self.fewest_left.map_or(left, |fewest| fewest.min(left));
        self.fewest_left = Some(fewest_left);
        self.window_ticks += 1;
        if self.window_ticks >= QUEUE_PATIENCE_TICKS {
            self.is_stale = fewest_left > 0;
            (self.fewest_left, self.window_ticks) = (None, 0);
        }
    }

    /// Reads what the next tick begins with.
    pub(super) fn prefetch(&self) {
        black_box(self.waiting.front().map(|input| input.seq));
    }

    /// Number of the last input applied.
    pub(super) const fn applied(&self) -> u32 {
        self.applied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands of one tick, and whether the player leaves.
    fn take(queue: &mut InputQueue) -> (Vec<Command>, bool) {
        let mut commands = Vec::new();
        let leaves = queue.take(|command| commands.push(command));
        (commands, leaves)
    }

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
        while !take(&mut queue).0.is_empty() {
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
        let (commands, _) = take(&mut queue);
        assert_eq!(commands.iter().filter(|command| command.move_x != 0).count(), 1);
        assert_eq!(commands[0], Command { move_x: 0, move_y: 0, action: Action::Attack { target: 300 } });
        assert_eq!(queue.waiting.len() + 1, INPUTS_QUEUED_MAX);
        assert_eq!(take(&mut queue).0.len(), 1);
    }

    #[test]
    fn what_a_stall_has_queued_does_not_delay_the_player_for_ever() {
        let mut queue = InputQueue::default();
        let strike = Wish::Attack { target: 300 };
        let mut seq = 5;
        queue.push(&(1..=seq).map(|seq| frame(seq, Wish::None)).collect::<Vec<_>>());
        let (mut moves, mut strikes) = (0, 0);
        let ticks = 6 * QUEUE_PATIENCE_TICKS;
        for _ in 0..ticks {
            seq += 1;
            queue.push(&[frame(seq, strike)]);
            let (commands, _) = take(&mut queue);
            let moving = commands.iter().filter(|command| command.move_x != 0).count();
            assert!(moving <= 1, "two strides in one tick");
            moves += moving;
            strikes += commands.iter().filter(|command| command.action != Action::None).count();
        }
        assert_eq!(queue.waiting.len(), 0, "inputs still wait {} ticks for their turn", queue.waiting.len());
        assert_eq!((moves, strikes), (ticks as usize, ticks as usize));
    }

    #[test]
    fn a_queue_that_runs_empty_now_and_then_is_left_alone() {
        let mut queue = InputQueue::default();
        let mut strides = 0;
        // Two at once in every second tick: the network's rhythm, and nobody waits longer than it.
        for tick in 0..10 * QUEUE_PATIENCE_TICKS {
            if tick % 2 == 0 {
                queue.push(&[frame(tick + 1, Wish::None), frame(tick + 2, Wish::None)]);
            }
            strides += take(&mut queue).0.iter().filter(|command| command.move_x != 0).count();
        }
        assert_eq!(strides, 10 * QUEUE_PATIENCE_TICKS as usize);
    }

    #[test]
    fn leaving_is_never_lost() {
        let mut queue = InputQueue::default();
        let frames: Vec<_> = (1..=20).map(|seq| frame(seq, if seq == 3 { Wish::Leave } else { Wish::None })).collect();
        queue.push(&frames);
        assert!(take(&mut queue).1);
        assert_eq!(take(&mut queue), (vec![Command { move_x: 1, move_y: 0, action: Action::None }], false));
    }
}
