//! What a process counts between two questions.

use crate::Outcome;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::Instant;

/// The counts. Times in microseconds after a slot was to begin.
#[derive(Default)]
pub struct Tally {
    arrived: u64,
    /// Messages whose numbers were passed over; less those that came late after all.
    missing: i64,
    pub skipped: u64,
    late_us: Vec<u64>,
    done_us: Vec<u64>,
}

impl Tally {
    /// A slot begins.
    pub fn begin(&mut self, due: Instant) {
        self.late_us.push(due.elapsed().as_micros() as u64);
    }

    /// A slot's last message has been handed over.
    pub fn end(&mut self, due: Instant) {
        self.done_us.push(due.elapsed().as_micros() as u64);
    }

    /// Answers if somebody asks, and counts from zero again. `players` says how many are there. False at the end of the input.
    pub fn answer(&mut self, questions: &Receiver<()>, players: impl FnOnce() -> usize) -> bool {
        match questions.try_recv() {
            Ok(()) => {}
            Err(TryRecvError::Empty) => return true,
            Err(TryRecvError::Disconnected) => return false,
        }
        let Self { arrived, missing, skipped, mut late_us, mut done_us } = std::mem::take(self);
        let (late_us, done_us, missing) = (p99(&mut late_us), p99(&mut done_us), missing.max(0));
        println!(
            "{{\"players\":{},\"arrived\":{arrived},\"missing\":{missing},\"skipped\":{skipped},\
             \"late_us\":{late_us},\"done_us\":{done_us}}}",
            players()
        );
        true
    }
}

fn p99(times: &mut [u64]) -> u64 {
    times.sort_unstable();
    times.get(times.len() * 99 / 100).copied().unwrap_or(0)
}

/// The numbers of one direction of a connection: they tell what was lost without a look at the other end.
#[derive(Default)]
pub struct Numbers {
    next: Option<u32>,
}

impl Numbers {
    /// Whether anything has come.
    pub fn has_begun(&self) -> bool {
        self.next.is_some()
    }

    /// Takes in a message.
    pub fn take_in(&mut self, message: &[u8], tally: &mut Tally) {
        let Some(number) = message.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)) else { return };
        let expected = self.next.unwrap_or(number);
        tally.arrived += 1;
        if number >= expected {
            tally.missing += i64::from(number - expected);
            self.next = Some(number + 1);
        } else {
            tally.missing -= 1;
        }
    }
}

/// A message of this number and length.
pub fn message(number: u32, bytes: usize) -> Vec<u8> {
    let mut message = vec![0x5a; bytes.max(4)];
    message[..4].copy_from_slice(&number.to_le_bytes());
    message
}

/// One message for each line of standard input, until its end.
pub fn questions() -> Outcome<Receiver<()>> {
    let (asks, questions) = mpsc::channel();
    let listen = move || {
        for line in std::io::stdin().lines() {
            if line.is_err() || asks.send(()).is_err() {
                break;
            }
        }
    };
    std::thread::Builder::new().spawn(listen)?;
    Ok(questions)
}
