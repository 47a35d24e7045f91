//! Client to server: what the player wants, and what has arrived. The layout is in `docs/PROTOCOL.md`, "Client message".

use super::DecodeError;
use super::bits::{BitReader, BitWriter};

/// Most inputs in one message. The latest are repeated in every datagram, so that a lost one costs nothing.
pub const INPUTS_MAX: usize = 32;

const INPUT_COUNT_BITS: u32 = 6;

/// What a player does besides moving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Action {
    /// Nothing.
    #[default]
    None,
    /// Strike an entity.
    Attack {
        /// The entity.
        target: u16,
    },
    /// Take loot from the ground.
    PickUp {
        /// The loot's entity.
        target: u16,
    },
    /// Leave the session for good.
    Leave,
    /// Use an ability of one's class.
    Ability {
        /// Its number within the class, below 16.
        number: u8,
        /// The entity that it is for; any for what is about oneself.
        target: u16,
    },
    /// Use up one unit of a consumable.
    UseItem {
        /// The slot that it is in, below 32.
        slot: u8,
    },
    /// Put on or take in hand.
    Equip {
        /// The slot that it is in, below 32.
        slot: u8,
    },
    /// Take off or put away.
    Unequip {
        /// The place on the body: 0 armour, 1 shield, 2 weapon.
        place: u8,
    },
    /// Move a stack to another slot.
    MoveItem {
        /// The slot that it is in, below 32.
        from: u8,
        /// Where it goes, below 32.
        to: u8,
    },
    /// Lay units on the ground.
    Drop {
        /// The slot that they are in, below 32.
        slot: u8,
        /// How many.
        quantity: u16,
    },
}

/// The wish of one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InputFrame {
    /// Number of the input; starts at 1 and rises by one.
    pub seq: u32,
    /// Direction eastwards; 0, 0 is to stand. Only the direction counts, never the length: speed is the server's.
    pub move_x: i8,
    /// Direction southwards.
    pub move_y: i8,
    /// What else.
    pub action: Action,
}

/// One datagram from a client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientMessage {
    /// Tick of the latest snapshot applied; 0 is none yet.
    pub ack_tick: u32,
    /// Number of reliable events received in order so far.
    pub event_ack: u32,
    /// The latest inputs, oldest first, with consecutive numbers, at most [`INPUTS_MAX`].
    pub inputs: Vec<InputFrame>,
}

impl ClientMessage {
    /// The message as bytes. Of the inputs it carries the longest tail with consecutive numbers, at most [`INPUTS_MAX`].
    pub fn encode(&self) -> Vec<u8> {
        let inputs = consecutive_tail(&self.inputs);
        let mut out = BitWriter::default();
        out.put(self.ack_tick, 32);
        out.put_varint(self.event_ack);
        out.put(inputs.len() as u64, INPUT_COUNT_BITS);
        if let Some(first) = inputs.first() {
            out.put(first.seq, 32);
        }
        let mut direction = (0, 0);
        for input in inputs {
            let turned = direction != (input.move_x, input.move_y);
            out.put_bit(turned);
            if turned {
                direction = (input.move_x, input.move_y);
                out.put(input.move_x as u8, 8);
                out.put(input.move_y as u8, 8);
            }
            put_action(&mut out, input.action);
        }
        out.into_bytes()
    }

    /// The inverse of [`Self::encode`], for bytes that anybody may have made up.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut message = Self::default();
        message.read(bytes)?;
        Ok(message)
    }

    /// As [`Self::decode`], into a message that is there already, whose room is used again. After an error it holds
    /// anything.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let mut reader = BitReader::new(bytes);
        self.inputs.clear();
        self.ack_tick = reader.take_u32()?;
        self.event_ack = reader.take_varint_u32()?;
        let count = reader.take(INPUT_COUNT_BITS)? as usize;
        if count > INPUTS_MAX {
            return Err(DecodeError::OutOfRange("number of inputs"));
        }
        if count > 0 {
            let first_seq = reader.take_u32()?;
            if first_seq == 0 || first_seq.checked_add(count as u32 - 1).is_none() {
                return Err(DecodeError::OutOfRange("number of the first input"));
            }
            let mut direction = (0, 0);
            for seq in (first_seq..=u32::MAX).take(count) {
                if reader.take_bit()? {
                    direction = (reader.take_u8()? as i8, reader.take_u8()? as i8);
                }
                let (move_x, move_y) = direction;
                self.inputs.push(InputFrame { seq, move_x, move_y, action: take_action(&mut reader)? });
            }
        }
        reader.finish()
    }
}

fn consecutive_tail(inputs: &[InputFrame]) -> &[InputFrame] {
    let links = inputs.windows(2).rev().take(INPUTS_MAX - 1);
    let unbroken = links.take_while(|pair| matches!(pair, [a, b] if a.seq.checked_add(1) == Some(b.seq))).count();
    let length = inputs.len().min(unbroken + 1);
    let tail = inputs.get(inputs.len() - length..).unwrap_or_default();
    if tail.first().is_some_and(|first| first.seq == 0) { tail.get(1..).unwrap_or_default() } else { tail }
}

const ACTION_BITS: u32 = 4;
const ABILITY_BITS: u32 = 4;
const SLOT_BITS: u32 = 5;
const PLACE_BITS: u32 = 2;

/// Numbers that are too large for their bits are cut; the server refuses what they then say, or does it.
fn put_action(out: &mut BitWriter, action: Action) {
    let (kind, fields): (u64, [(u16, u32); 2]) = match action {
        Action::None => (0, [(0, 0); 2]),
        Action::Attack { target } => (1, [(target, 16), (0, 0)]),
        Action::PickUp { target } => (2, [(target, 16), (0, 0)]),
        Action::Leave => (3, [(0, 0); 2]),
        Action::Ability { number, target } => (4, [(number.into(), ABILITY_BITS), (target, 16)]),
        Action::UseItem { slot } => (5, [(slot.into(), SLOT_BITS), (0, 0)]),
        Action::Equip { slot } => (6, [(slot.into(), SLOT_BITS), (0, 0)]),
        Action::Unequip { place } => (7, [(place.into(), PLACE_BITS), (0, 0)]),
        Action::MoveItem { from, to } => (8, [(from.into(), SLOT_BITS), (to.into(), SLOT_BITS)]),
        Action::Drop { slot, quantity } => (9, [(slot.into(), SLOT_BITS), (quantity, 16)]),
    };
    // Most inputs do nothing besides moving.
    out.put_bit(kind != 0);
    if kind != 0 {
        out.put(kind, ACTION_BITS);
    }
    for (value, width) in fields {
        out.put(u64::from(value) & ((1 << width) - 1), width);
    }
}

fn take_action(reader: &mut BitReader<'_>) -> Result<Action, DecodeError> {
    if !reader.take_bit()? {
        return Ok(Action::None);
    }
    let mut small = |width: u32| -> Result<u8, DecodeError> { Ok(reader.take(width)? as u8) };
    Ok(match small(ACTION_BITS)? {
        1 => Action::Attack { target: reader.take_u16()? },
        2 => Action::PickUp { target: reader.take_u16()? },
        3 => Action::Leave,
        4 => Action::Ability { number: small(ABILITY_BITS)?, target: reader.take_u16()? },
        5 => Action::UseItem { slot: small(SLOT_BITS)? },
        6 => Action::Equip { slot: small(SLOT_BITS)? },
        7 => Action::Unequip { place: small(PLACE_BITS)? },
        8 => Action::MoveItem { from: small(SLOT_BITS)?, to: small(SLOT_BITS)? },
        9 => Action::Drop { slot: small(SLOT_BITS)?, quantity: reader.take_u16()? },
        _ => return Err(DecodeError::OutOfRange("action")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            Just(Action::None),
            any::<u16>().prop_map(|target| Action::Attack { target }),
            any::<u16>().prop_map(|target| Action::PickUp { target }),
            Just(Action::Leave),
            (0_u8..16, any::<u16>()).prop_map(|(number, target)| Action::Ability { number, target }),
            (0_u8..32).prop_map(|slot| Action::UseItem { slot }),
            (0_u8..32).prop_map(|slot| Action::Equip { slot }),
            (0_u8..4).prop_map(|place| Action::Unequip { place }),
            (0_u8..32, 0_u8..32).prop_map(|(from, to)| Action::MoveItem { from, to }),
            (0_u8..32, any::<u16>()).prop_map(|(slot, quantity)| Action::Drop { slot, quantity }),
        ]
    }

    fn message() -> impl Strategy<Value = ClientMessage> {
        let wishes = prop::collection::vec((-1i8..=1, any::<i8>(), action()), 0..=INPUTS_MAX);
        (any::<u32>(), any::<u32>(), 1..=u32::MAX - 31, wishes).prop_map(|(ack_tick, event_ack, first, wishes)| {
            let frame = |(seq, (move_x, move_y, action))| InputFrame { seq, move_x, move_y, action };
            ClientMessage { ack_tick, event_ack, inputs: (first..=u32::MAX).zip(wishes).map(frame).collect() }
        })
    }

    #[test]
    fn inputs_are_numbered_from_one_to_the_last_number() {
        let read = |first: u32, count: u64| {
            let mut out = BitWriter::default();
            out.put(0_u64, 32);
            out.put_varint(0_u64);
            out.put(count, INPUT_COUNT_BITS);
            out.put(first, 32);
            for _ in 0..count {
                out.put_bit(false);
                put_action(&mut out, Action::None);
            }
            ClientMessage::decode(&out.into_bytes()).map(|message| message.inputs.last().map(|input| input.seq))
        };
        assert_eq!(
            (read(1, 1), read(u32::MAX, 1), read(u32::MAX - 1, 2)),
            (Ok(Some(1)), Ok(Some(u32::MAX)), Ok(Some(u32::MAX)))
        );
        for (first, count) in [(0, 1), (0, 2), (u32::MAX, 2)] {
            assert_eq!(read(first, count), Err(DecodeError::OutOfRange("number of the first input")), "{first}");
        }
    }

    proptest! {
        #[test]
        fn a_message_survives_and_no_part_of_it_passes_for_one(message in message()) {
            let bytes = message.encode();
            prop_assert!(bytes.len() <= super::super::PAYLOAD_BYTES_MAX);
            prop_assert_eq!(ClientMessage::decode(&bytes), Ok(message));
            for length in 0..bytes.len() {
                prop_assert!(ClientMessage::decode(&bytes[..length]).is_err(), "{} bytes passed", length);
            }
            let longer = [bytes.as_slice(), &[0]].concat();
            prop_assert_eq!(ClientMessage::decode(&longer), Err(DecodeError::Trailing));
        }

        #[test]
        fn garbage_is_an_error_or_a_message_within_limits(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(message) = ClientMessage::decode(&bytes) {
                prop_assert!(message.inputs.len() <= INPUTS_MAX);
                prop_assert_eq!(ClientMessage::decode(&message.encode()), Ok(message));
            }
        }
    }

    #[test]
    fn only_the_consecutive_tail_travels() {
        let seqs = |list: &[u32]| list.iter().map(|seq| InputFrame { seq: *seq, ..InputFrame::default() }).collect();
        let sent = |inputs: Vec<InputFrame>| -> Vec<u32> {
            let message = ClientMessage { inputs, ..ClientMessage::default() };
            ClientMessage::decode(&message.encode()).unwrap().inputs.iter().map(|input| input.seq).collect()
        };
        assert_eq!(sent(seqs(&[1, 2, 5, 6])), [5, 6]);
        assert_eq!(sent(seqs(&[0, 1])), [1]);
        assert!(sent(seqs(&[0])).is_empty());
        assert_eq!(
            sent((1..=40).map(|seq| InputFrame { seq, ..InputFrame::default() }).collect()),
            Vec::from_iter(9..=40)
        );
    }
}
