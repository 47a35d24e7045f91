//! From the bytes of a part back to the states of its dungeon. Bytes may be anything: what makes no sense ends the play
//! where it stands, and whatever is played can be played.

use super::inputs::Inputs;
use super::part::{
    AGAIN, Beginning, CHECK, CROWD, END, JOIN, Joining, LEAVE, LIST, PARTY, PartHeader, Reader, lower_half,
};
use crate::limits::{CHECKPOINT_BYTES_MAX, RECORDED_JOIN_BYTES_MAX, RECORDING_PART_TICKS};
use crate::world::{Dungeon, Effect, Game};
use guildhall_domain::Sheet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What came of playing a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// What the part says of itself.
    pub header: PartHeader,
    /// Ticks that were played.
    pub ticks: u32,
    /// The hash of the last state.
    pub state_hash: u64,
    /// The hashes of the states after all ticks, made one.
    pub digest: u64,
    /// Why the play ended.
    pub end: End,
}

/// Why a play ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The part is over, and every check found the state that was recorded.
    Complete,
    /// The part breaks off: these bytes at its end make no sense, or there are none. All checks before succeeded.
    BrokenOff {
        /// How many.
        bytes_left: usize,
    },
    /// A check found another state than was recorded.
    Different {
        /// The last tick whose state is known to be as recorded.
        same_until: u32,
        /// The tick of the check.
        found_at: u32,
    },
    /// The world panicked in the tick after this one.
    Panicked {
        /// The last tick that was played.
        after: u32,
    },
}

/// Plays a part. `watch` is called after every tick, and once more at the end, with the dungeon and with what has happened
/// since the last call. `None` for bytes that are no part, were played under other rules, or do not begin with a dungeon of
/// this content.
pub fn play(bytes: &[u8], game: &Arc<Game>, watch: &mut dyn FnMut(&Dungeon, &[Effect])) -> Option<Played> {
    let (header, reader) = PartHeader::decode(bytes).filter(|(header, _)| header.ruleset == game.ruleset().name())?;
    let dungeon = match &header.beginning {
        Beginning::Seed(seed) => Dungeon::new(game, &header.dungeon_id, *seed),
        Beginning::Saved(saved) => Dungeon::restore(game, &header.dungeon_id, saved),
        Beginning::InZone { .. } => None,
    }?;
    let same_until = dungeon.tick();
    let mut player = Player {
        dungeon,
        reader,
        inputs: Inputs::default(),
        effects: Vec::new(),
        ticks: 0,
        same_until,
        digest: DIGEST,
    };
    let end = player.play(header.state_hash, watch);
    watch(&player.dungeon, &player.effects);
    let Player { dungeon, ticks, digest, .. } = player;
    Some(Played { header, ticks, state_hash: dungeon.state_hash(), digest, end })
}

/// What digests begin with.
pub(super) const DIGEST: u64 = 0xcbf2_9ce4_8422_2325;

/// A digest with another number in it.
pub(super) const fn digest(digest: u64, number: u64) -> u64 {
    (digest ^ number).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23)
}

/// A part that is being played.
struct Player<'a> {
    dungeon: Dungeon,
    reader: Reader<'a>,
    inputs: Inputs,
    effects: Vec<Effect>,
    ticks: u32,
    same_until: u32,
    digest: u64,
}

impl<'a> Player<'a> {
    fn play(&mut self, state_hash: u64, watch: &mut dyn FnMut(&Dungeon, &[Effect])) -> End {
        if self.dungeon.state_hash() != state_hash {
            return self.difference();
        }
        loop {
            let bytes_left = self.reader.left();
            match self.entry(watch) {
                Some(None) => {}
                Some(Some(end)) => return end,
                None => return End::BrokenOff { bytes_left },
            }
        }
    }

    /// Plays one entry. `None` if there is none, or it makes no sense; the end if it is one.
    fn entry(&mut self, watch: &mut dyn FnMut(&Dungeon, &[Effect])) -> Option<Option<End>> {
        let kind = self.reader.byte()?;
        let outcome = match kind {
            ..=LIST | CROWD => {
                self.inputs.decode(kind, &mut self.reader)?;
                self.ticks(1, watch)?
            }
            AGAIN => {
                let count = self.reader.value()?;
                self.ticks(count, watch)?
            }
            JOIN => {
                let Joining { seat, name, class, build, hot } = self.joining()?;
                self.carefully(|dungeon, effects, _| {
                    dungeon.join(seat, &name, Sheet { class: &class, build: &build, hot: &hot }, effects);
                })
            }
            LEAVE => {
                let seat = self.reader.value()?;
                self.carefully(|dungeon, effects, _| dungeon.leave(seat, effects))
            }
            PARTY => {
                let (party, saved) = self.party()?;
                self.carefully(|dungeon, _, _| {
                    // What is refused changes nothing, here as when it was recorded.
                    let _ = dungeon.restore_party(party, saved);
                })
            }
            CHECK => {
                let is_same = self.reader.bytes(4)? == lower_half(self.dungeon.state_hash());
                if is_same {
                    self.same_until = self.dungeon.tick();
                }
                (!is_same).then(|| self.difference())
            }
            END => {
                let is_same = self.reader.bytes(8)? == self.dungeon.state_hash().to_le_bytes();
                Some(if is_same { End::Complete } else { self.difference() })
            }
            _ => return None,
        };
        Some(outcome)
    }

    /// Plays ticks with the last commands; `None` if they are more than a part has.
    fn ticks(&mut self, count: u32, watch: &mut dyn FnMut(&Dungeon, &[Effect])) -> Option<Option<End>> {
        self.ticks.checked_add(count).filter(|ticks| *ticks <= RECORDING_PART_TICKS)?;
        for _ in 0..count {
            let panicked = self.carefully(|dungeon, effects, inputs| dungeon.step(inputs.tick(), effects));
            if panicked.is_some() {
                return Some(panicked);
            }
            self.ticks += 1;
            self.digest = digest(self.digest, self.dungeon.state_hash());
            watch(&self.dungeon, &self.effects);
            self.effects.clear();
        }
        Some(None)
    }

    /// Does something to the dungeon that may have made it panic when it was recorded.
    fn carefully(&mut self, act: impl FnOnce(&mut Dungeon, &mut Vec<Effect>, &Inputs)) -> Option<End> {
        let Self { dungeon, effects, inputs, .. } = self;
        let after = dungeon.tick();
        // What is left of the dungeon is looked at and not played on.
        let outcome = catch_unwind(AssertUnwindSafe(|| act(dungeon, effects, inputs)));
        outcome.is_err().then_some(End::Panicked { after })
    }

    fn joining(&mut self) -> Option<Joining> {
        let length = usize::try_from(self.reader.value::<u32>()?).ok().filter(|n| *n <= RECORDED_JOIN_BYTES_MAX)?;
        let (joining, rest) = postcard::take_from_bytes::<Joining>(self.reader.bytes(length)?).ok()?;
        (rest.is_empty() && joining.hot.check().is_ok()).then_some(joining)
    }

    fn party(&mut self) -> Option<(u16, &'a [u8])> {
        let party = self.reader.value()?;
        let length = usize::try_from(self.reader.value::<u32>()?).ok().filter(|n| *n <= CHECKPOINT_BYTES_MAX)?;
        Some((party, self.reader.bytes(length)?))
    }

    fn difference(&self) -> End {
        End::Different { same_until: self.same_until, found_at: self.dungeon.tick() }
    }
}
