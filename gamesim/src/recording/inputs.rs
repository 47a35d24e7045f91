//! How the commands of a tick are written. What is typical costs a byte or nothing: players go on as before. Each seat that
//! gives one command is a digit to base 3 (none, the seat's last one again, another one), so four seats are one byte;
//! another command is its place among the latest ones, or spelt out if it is none of them. Of a crowd, as in a zone, it is
//! written who does something else than in the tick before. What fits neither pattern is listed.
//!
//! Writer and reader are the same value and change alike, so a place means the same to both.

use super::part::{CROWD, LIST, Reader};
use crate::limits::RECORDED_COMMAND_BYTES_MAX;
use crate::world::Command;
use guildhall_domain::limits::SEATS_PER_SESSION_MAX;
use std::collections::BTreeMap;

/// Commands that can be named by their place.
const RECENT_MAX: usize = 128;
/// Begins a command that is spelt out; the other bits are its length.
const SPELT: u8 = 0x80;
/// Digits: the seat's last command again, and another one. None is 0.
const SAME: u8 = 1;
const OTHER: u8 = 2;
const BASE: u8 = 3;
/// Values that a tick's byte can have.
pub(super) const CODES: u8 = 81;

const _: () = assert!(BASE.pow(SEATS_PER_SESSION_MAX as u32) == CODES && CODES <= LIST);
// A place and a length fit beside the bit that tells them apart.
const _: () = assert!(RECENT_MAX == SPELT as usize);
const _: () = assert!(RECORDED_COMMAND_BYTES_MAX < SPELT as usize);

/// What ticks are written against.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// The last tick's commands.
    tick: Vec<(u16, Command)>,
    /// Each seat's last command.
    last: [Option<Command>; SEATS_PER_SESSION_MAX],
    recent: Vec<Command>,
    /// The place that is given to the next new command once all are taken.
    oldest: usize,
}

impl Inputs {
    /// The last tick's commands.
    pub(super) fn tick(&self) -> &[(u16, Command)] {
        &self.tick
    }

    /// Adds a tick to the bytes; `None` if a command cannot be written.
    pub(super) fn encode(&mut self, commands: &[(u16, Command)], bytes: &mut Vec<u8>) -> Option<()> {
        if let Some(code) = self.code(commands) {
            bytes.push(code);
            for (seat, command) in commands {
                if self.last(*seat) != Some(*command) {
                    self.encode_command(*command, bytes)?;
                }
            }
        } else if commands.is_sorted_by(|(a, _), (b, _)| a < b) && self.tick.is_sorted_by(|(a, _), (b, _)| a < b) {
            bytes.push(CROWD);
            let changes = changes(&self.tick, commands);
            put_number(bytes, changes.len())?;
            let mut next = 0;
            for (seat, command) in changes {
                put_number(bytes, usize::from(seat - next) * 2 + usize::from(command.is_none()))?;
                next = seat;
                if let Some(command) = command {
                    self.encode_command(command, bytes)?;
                }
            }
        } else {
            bytes.push(LIST);
            put_number(bytes, commands.len())?;
            for (seat, command) in commands {
                put_number(bytes, usize::from(*seat))?;
                self.encode_command(*command, bytes)?;
            }
        }
        self.remember(commands);
        Some(())
    }

    /// Reads a tick that begins with this byte; `None` for anything that is none.
    pub(super) fn decode(&mut self, code: u8, reader: &mut Reader<'_>) -> Option<()> {
        let mut commands = Vec::new();
        if code == LIST {
            for _ in 0..reader.value::<u32>()? {
                commands.push((reader.value()?, self.decode_command(reader)?));
            }
        } else if code == CROWD {
            commands = self.decode_crowd(reader)?;
        } else {
            let mut digits = code;
            for seat in 0..SEATS_PER_SESSION_MAX as u16 {
                match digits % BASE {
                    SAME => commands.push((seat, self.last(seat)?)),
                    OTHER => commands.push((seat, self.decode_command(reader)?)),
                    _ => {}
                }
                digits /= BASE;
            }
        }
        self.remember(&commands);
        Some(())
    }

    /// The last tick's commands with what has changed.
    fn decode_crowd(&mut self, reader: &mut Reader<'_>) -> Option<Vec<(u16, Command)>> {
        let mut commands: BTreeMap<u16, Command> = self.tick.iter().copied().collect();
        let mut seat = 0_u16;
        for _ in 0..reader.value::<u32>()? {
            let step = reader.value::<u32>()?;
            seat = seat.checked_add(u16::try_from(step / 2).ok()?)?;
            if step % 2 == 1 {
                commands.remove(&seat)?;
            } else {
                commands.insert(seat, self.decode_command(reader)?);
            }
        }
        Some(commands.into_iter().collect())
    }

    /// The digits of a tick; `None` if it is not one command at most of each seat, in their order.
    fn code(&self, commands: &[(u16, Command)]) -> Option<u8> {
        if !commands.is_sorted_by(|(a, _), (b, _)| a < b) {
            return None;
        }
        commands.iter().try_fold(0, |code, (seat, command)| {
            let last = self.last.get(usize::from(*seat))?;
            let digit = if *last == Some(*command) { SAME } else { OTHER };
            Some(code + digit * BASE.pow(u32::from(*seat)))
        })
    }

    fn last(&self, seat: u16) -> Option<Command> {
        *self.last.get(usize::from(seat))?
    }

    fn encode_command(&mut self, command: Command, bytes: &mut Vec<u8>) -> Option<()> {
        if let Some(place) = self.recent.iter().position(|recent| *recent == command) {
            bytes.push(u8::try_from(place).ok()?);
            return Some(());
        }
        let spelt = postcard::to_allocvec(&command).ok()?;
        let length = u8::try_from(spelt.len()).ok().filter(|_| spelt.len() <= RECORDED_COMMAND_BYTES_MAX)?;
        bytes.push(SPELT | length);
        bytes.extend(spelt);
        self.make_recent(command);
        Some(())
    }

    fn decode_command(&mut self, reader: &mut Reader<'_>) -> Option<Command> {
        let first = reader.byte()?;
        if first < SPELT {
            return self.recent.get(usize::from(first)).copied();
        }
        let spelt = reader.bytes(usize::from(first - SPELT))?;
        let (command, rest) = postcard::take_from_bytes::<Command>(spelt).ok()?;
        self.make_recent(command);
        rest.is_empty().then_some(command)
    }

    fn make_recent(&mut self, command: Command) {
        match self.recent.get_mut(self.oldest) {
            Some(place) => *place = command,
            None => self.recent.push(command),
        }
        self.oldest = (self.oldest + 1) % RECENT_MAX;
    }

    fn remember(&mut self, commands: &[(u16, Command)]) {
        for (seat, command) in commands {
            if let Some(last) = self.last.get_mut(usize::from(*seat)) {
                *last = Some(*command);
            }
        }
        self.tick.clear();
        self.tick.extend_from_slice(commands);
    }
}

/// Who does something else in one tick than in the one before, by seat; `None` is nothing any more.
fn changes(before: &[(u16, Command)], now: &[(u16, Command)]) -> Vec<(u16, Option<Command>)> {
    let old: BTreeMap<u16, Command> = before.iter().copied().collect();
    let new: BTreeMap<u16, Command> = now.iter().copied().collect();
    let gone = old.keys().filter(|seat| !new.contains_key(seat)).map(|seat| (*seat, None));
    let other = new.iter().filter(|(seat, command)| old.get(seat) != Some(command));
    let mut changes: Vec<_> = gone.chain(other.map(|(seat, command)| (*seat, Some(*command)))).collect();
    changes.sort_unstable_by_key(|(seat, _)| *seat);
    changes
}

fn put_number(bytes: &mut Vec<u8>, number: usize) -> Option<()> {
    *bytes = postcard::to_extend(&u32::try_from(number).ok()?, std::mem::take(bytes)).ok()?;
    Some(())
}
