//! Server to client: the world as this player sees it, and what has happened. The layout is in
//! `docs/PROTOCOL.md`, "Server message".

use super::bits::{BitReader, BitWriter};
use super::delta::{Difference, put_delta, take_delta};
use super::event_codec::{put_event, take_event};
use super::{DecodeError, Entities, EntityState, GameEvent, OwnState, PAYLOAD_BYTES_MAX, SNAPSHOTS_KEPT, Snapshot};

/// Room that entities leave to waiting events, in bytes, so that no crowd can hold events up for ever.
pub const EVENT_BYTES_RESERVED: usize = 256;

const BASELINE_AGE_BITS: u32 = 5;
/// A baseline one tick older would have left the ring of the client by the time it is needed.
const BASELINE_AGE_TICKS_MAX: u32 = SNAPSHOTS_KEPT as u32 - 1;

const _: () = assert!(BASELINE_AGE_TICKS_MAX < 1 << BASELINE_AGE_BITS);

/// The numbers in front of every server message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServerHeader {
    /// Number of the last input applied; 0 is none yet.
    pub input_ack: u32,
    /// How many times the player's character has changed in this session.
    pub progress_seq: u64,
    /// How many of those changes are stored durably.
    pub durable_seq: u64,
}

/// One datagram from the server, with its snapshot made whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerMessage {
    /// The tick it shows.
    pub tick: u32,
    /// Number of the last input applied; 0 is none yet.
    pub input_ack: u32,
    /// How many times the player's character has changed in this session.
    pub progress_seq: u64,
    /// How many of those changes are stored durably.
    pub durable_seq: u64,
    /// Tick of the snapshot it built on; 0 is none: it was complete in itself.
    pub baseline: u32,
    /// What the client sees.
    pub snapshot: Snapshot,
    /// Number of the first event in `events`.
    pub first_event_seq: u32,
    /// Reliable events that the server does not know to have arrived.
    pub events: Vec<GameEvent>,
}

/// A server message ready to be sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedServerMessage {
    /// The message, at most [`super::PAYLOAD_BYTES_MAX`] bytes.
    pub bytes: Vec<u8>,
    /// The snapshot that the client holds once it has read the message: the current one, unless changes had to be left
    /// out. The server keeps **this** one as the future baseline.
    pub held: Snapshot,
    /// How many of the events fitted.
    pub events_sent: usize,
}

/// Writes server messages, and allocates nothing once it has seen some. What messages have in common is worked out once:
/// those that show the same entities to clients who hold the same baseline.
#[derive(Debug, Default)]
pub struct Encoder {
    out: BitWriter,
    difference: Difference,
    /// The entities that were shown last.
    shown: Entities,
    /// Ways to them; of the room in `deltas` only the first so many are in use.
    deltas: Vec<Delta>,
    deltas_used: usize,
    /// Lists that nobody holds any more.
    spare: Vec<Entities>,
}

/// The way from a baseline to the entities that are shown, in full.
#[derive(Debug, Default)]
struct Delta {
    baseline: Entities,
    bits: BitWriter,
}

/// Lists of entities that an encoder keeps for reuse.
const SPARE_LISTS_MAX: usize = 1_024;

impl Encoder {
    /// A list of entities, which come in order of their ids.
    pub fn list(&mut self, entities: impl Iterator<Item = EntityState>) -> Entities {
        let mut list = self.spare.pop().unwrap_or_default();
        if let Some(room) = list.room() {
            room.clear();
            entities.for_each(|entity| room.push(entity));
        }
        debug_assert!(list.is_sorted_by(|a, b| a.id < b.id), "entities are sorted by id, each id once");
        list
    }

    /// Takes back a list that is not needed any more.
    pub fn recycle(&mut self, mut list: Entities) {
        if self.spare.len() < SPARE_LISTS_MAX && list.room().is_some() {
            self.spare.push(list);
        }
    }

    /// Writes the message that shows `current` to a client which holds `baseline` (`None`: nothing, or nothing recent).
    /// Returns its bytes, at most [`super::PAYLOAD_BYTES_MAX`]; the snapshot that the client holds once it has read it,
    /// which is the future baseline; and how many of the events fitted.
    ///
    /// What does not fit is left out: first the events, which are repeated anyway, down to [`EVENT_BYTES_RESERVED`]; then
    /// changes of entities, which follow in later messages.
    pub fn encode(
        &mut self,
        header: &ServerHeader,
        mut current: Snapshot,
        baseline: Option<&Snapshot>,
        first_event_seq: u32,
        events: &[GameEvent],
    ) -> (&[u8], Snapshot, usize) {
        let recent = |tick| current.tick.checked_sub(tick).filter(|age| (1..=BASELINE_AGE_TICKS_MAX).contains(age));
        let baseline = baseline.and_then(|held| Some((held, recent(held.tick)?)));
        let out = &mut self.out;
        out.clear();
        out.put(current.tick, 32);
        out.put_bit(baseline.is_some());
        if let Some((_, age)) = baseline {
            out.put(age, BASELINE_AGE_BITS);
        }
        out.put_varint(header.input_ack);
        out.put_varint(header.progress_seq);
        out.put_varint(header.progress_seq.wrapping_sub(header.durable_seq));
        out.put_varint(first_event_seq);
        put_own(out, &baseline.map_or_else(OwnState::default, |(held, _)| held.own), &current.own);

        let bits_max = PAYLOAD_BYTES_MAX * 8 - events_bits(out, events);
        let nothing = Entities::default();
        if let Some(held) = self.put_entities(&current, baseline.map_or(&nothing, |(held, _)| &held.entities), bits_max)
        {
            current.entities = held;
        }
        let events_sent = put_events(&mut self.out, events, PAYLOAD_BYTES_MAX * 8);
        (self.out.finish(), current, events_sent)
    }

    /// Appends the way to the entities of `current`. Returns what the reader then holds, if that is not all of them.
    fn put_entities(&mut self, current: &Snapshot, baseline: &Entities, bits_max: usize) -> Option<Entities> {
        if !self.shown.is(&current.entities) {
            self.shown = current.entities.clone();
            for delta in self.deltas.iter_mut().take(std::mem::take(&mut self.deltas_used)) {
                delta.baseline = Entities::default();
            }
        }
        let known = self
            .deltas
            .get(..self.deltas_used)
            .and_then(|deltas| deltas.iter().position(|delta| delta.baseline.is(baseline)));
        let place = known.unwrap_or_else(|| self.add_delta(current, baseline));
        let out = &mut self.out;
        match self.deltas.get(place) {
            Some(Delta { bits, .. }) if out.bits() + bits.bits() <= bits_max => {
                out.put_all(bits);
                None
            }
            _ => {
                let entities = (&**baseline, &*current.entities);
                put_delta(out, &mut self.difference, entities, current.tick, bits_max).map(Entities::from)
            }
        }
    }

    /// Works the way out, with room for all of it. Returns its place.
    fn add_delta(&mut self, current: &Snapshot, baseline: &Entities) -> usize {
        let place = self.deltas_used;
        if self.deltas.len() <= place {
            self.deltas.push(Delta::default());
        }
        if let Some(Delta { baseline: from, bits }) = self.deltas.get_mut(place) {
            bits.clear();
            *from = baseline.clone();
            put_delta(bits, &mut self.difference, (from, &current.entities), current.tick, usize::MAX);
        }
        self.deltas_used += 1;
        place
    }
}

/// Writes one message by itself, as [`Encoder::encode`] does.
pub fn encode_server(
    header: &ServerHeader,
    current: &Snapshot,
    baseline: Option<&Snapshot>,
    first_event_seq: u32,
    events: &[GameEvent],
) -> EncodedServerMessage {
    let mut encoder = Encoder::default();
    let (bytes, held, events_sent) = encoder.encode(header, current.clone(), baseline, first_event_seq, events);
    EncodedServerMessage { bytes: bytes.to_vec(), held, events_sent }
}

/// Appends what of the receiver's own numbers differs from the baseline.
fn put_own(out: &mut BitWriter, from: &OwnState, to: &OwnState) {
    out.put_bit(from != to);
    if from == to {
        return;
    }
    let pairs = [(from.mana, to.mana), (from.stamina, to.stamina), (from.speed_mm_per_s, to.speed_mm_per_s)];
    for (from, to) in pairs {
        out.put_bit(from != to);
        if from != to {
            out.put_varint(to);
        }
    }
}

fn take_own(reader: &mut BitReader<'_>, mut own: OwnState) -> Result<OwnState, DecodeError> {
    if reader.take_bit()? {
        for field in [&mut own.mana, &mut own.stamina, &mut own.speed_mm_per_s] {
            if reader.take_bit()? {
                let value = reader.take_varint_u32()?;
                *field = u16::try_from(value).map_err(|_| DecodeError::OutOfRange("own state"))?;
            }
        }
    }
    Ok(own)
}

/// Appends as many events as fit below `bits_max`, and the end of the list. Returns how many.
fn put_events(out: &mut BitWriter, events: &[GameEvent], bits_max: usize) -> usize {
    for (sent, event) in events.iter().enumerate() {
        let before = out.bits();
        out.put_bit(true);
        put_event(out, event);
        if out.bits() + 1 > bits_max {
            out.truncate(before);
            out.put_bit(false);
            return sent;
        }
    }
    out.put_bit(false);
    events.len()
}

/// How many bits events take at least: as many of them as fit into what is reserved for them.
fn events_bits(out: &mut BitWriter, events: &[GameEvent]) -> usize {
    if events.is_empty() {
        return 1;
    }
    let start = out.bits();
    put_events(out, events, start + EVENT_BYTES_RESERVED * 8);
    let bits = out.bits() - start;
    out.truncate(start);
    bits
}

/// Reads a server message; `held` finds the snapshot of a tick among those that the client keeps.
pub fn decode_server<'held>(
    bytes: &[u8],
    held: impl FnOnce(u32) -> Option<&'held Snapshot>,
) -> Result<ServerMessage, DecodeError> {
    let mut reader = BitReader::new(bytes);
    let tick = reader.take_u32()?;
    let (baseline, entities, own) = if reader.take_bit()? {
        let age = reader.take(BASELINE_AGE_BITS)? as u32;
        let baseline = tick.checked_sub(age).filter(|_| age > 0).ok_or(DecodeError::OutOfRange("baseline"))?;
        let held = held(baseline).ok_or(DecodeError::UnknownBaseline(baseline))?;
        (baseline, &*held.entities, held.own)
    } else {
        (0, &[][..], OwnState::default())
    };
    let input_ack = reader.take_varint_u32()?;
    let progress_seq = reader.take_varint()?;
    let durable_seq = progress_seq.wrapping_sub(reader.take_varint()?);
    let first_event_seq = reader.take_varint_u32()?;
    let own = take_own(&mut reader, own)?;
    let snapshot = Snapshot { tick, entities: take_delta(&mut reader, entities)?.into(), own };
    let mut events = Vec::new();
    while reader.take_bit()? {
        events.push(take_event(&mut reader)?);
    }
    reader.finish()?;
    Ok(ServerMessage { tick, input_ack, progress_seq, durable_seq, baseline, snapshot, first_event_seq, events })
}
