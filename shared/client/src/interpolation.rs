//! Where to show everybody but oneself: a moment in the past, between two snapshots.
//!
//! Snapshots come twenty times a second at best, unevenly, and some never. What is shown is therefore a little older than
//! what is known: old enough that at most times the snapshot after it has arrived, so that everybody walks evenly from one
//! to the next. How old that is follows the network, within [`DELAY_MS_MIN`] and [`DELAY_MS_MAX`]; `timing` has the clock.
//! When the next snapshot fails to come in time, everybody walks on as before for up to [`EXTRAPOLATION_MS_MAX`], and then
//! stands. Time is an argument, and nothing here is predicted by rules or decides anything.

mod timing;

pub use timing::{DELAY_MS_MAX, DELAY_MS_MIN};

use crate::floor::{blend, distance_mm, position};
use crate::game::View;
use guildhall_domain::content::Point;
use guildhall_domain::limits::TICK_MS;
use guildhall_protocol::payload::{EntityState, flags};
use std::collections::VecDeque;
use timing::Timing;

/// How long everybody walks on without a word from the server, in milliseconds.
pub const EXTRAPOLATION_MS_MAX: u64 = 100;
/// Who gets further in a tick than this, in millimetres, has not walked but jumped: 20 metres per second.
pub const JUMP_MM_PER_TICK: u32 = 1_000;
/// Snapshots that are kept; in time, more than the longest delay.
const FRAMES_MAX: usize = 32;

const _: () = assert!(DELAY_MS_MAX < FRAMES_MAX as u64 * TICK_MS as u64);

/// How somebody is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pose {
    /// Position, in millimetres.
    pub at: Point,
    /// Direction, in 256ths of a turn from east by south.
    pub facing: u8,
    /// Whether this goes beyond what the server has said.
    pub is_extrapolated: bool,
}

/// The latest snapshots, and the time at which they are shown.
#[derive(Debug, Clone, Default)]
pub struct Interpolator {
    /// In order of their ticks.
    frames: VecDeque<Frame>,
    timing: Timing,
}

/// One snapshot.
#[derive(Debug, Clone)]
struct Frame {
    tick: u32,
    entities: Vec<EntityState>,
}

/// The snapshots around the moment that is shown.
#[derive(Debug, Clone, Copy)]
enum Moment<'a> {
    /// The first one, and this long after it the second; `part_ms` have passed.
    Between { earlier: &'a Frame, later: &'a Frame, part_ms: u64 },
    /// The newest but one, if there is one, and the newest, which `part_ms` have passed since.
    After { before: Option<&'a Frame>, newest: &'a Frame, part_ms: u64 },
}

impl Interpolator {
    /// One that has not seen anything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what the client has heard; to be called after every datagram. A view of the same tick as before, or of an
    /// earlier one, changes nothing. `now_ms` is on the clock of the frames.
    pub fn handle_view(&mut self, now_ms: u64, view: &View) {
        let newest = self.frames.back().map(|frame| frame.tick);
        if view.tick == 0 || newest.is_some_and(|newest| view.tick <= newest) {
            return;
        }
        self.timing.handle_snapshot(now_ms, view.tick, newest);
        if self.frames.len() >= FRAMES_MAX {
            self.frames.pop_front();
        }
        self.frames.push_back(Frame { tick: view.tick, entities: view.entities.clone() });
    }

    /// The moment that is shown in a frame at this time: milliseconds of the session's ticks, so that 50 is tick 1.
    pub fn shown_ms(&self, now_ms: u64) -> u64 {
        self.timing.shown_ms(now_ms)
    }

    /// How much older what is shown is than what the fastest snapshot could show, in milliseconds.
    pub fn delay_ms(&self, now_ms: u64) -> u64 {
        self.timing.delay_ms(now_ms)
    }

    /// How to show the entity in a frame at this time, if it is to be seen.
    pub fn pose(&self, now_ms: u64, id: u16) -> Option<Pose> {
        let moment = self.moment(now_ms)?;
        moment.shown().entity(id).map(|entity| moment.pose(entity))
    }

    /// Everything to be seen in a frame at this time, as the server last said before the moment that is shown, and how to
    /// show it. One's own character is among it.
    pub fn poses(&self, now_ms: u64) -> impl Iterator<Item = (&EntityState, Pose)> {
        let moment = self.moment(now_ms);
        moment
            .into_iter()
            .flat_map(|moment| moment.shown().entities.iter().map(move |entity| (entity, moment.pose(entity))))
    }

    fn moment(&self, now_ms: u64) -> Option<Moment<'_>> {
        let shown_ms = self.timing.shown_ms(now_ms);
        let next = self.frames.partition_point(|frame| frame.starts_ms() <= shown_ms);
        let newest = self.frames.back()?;
        if let Some(later) = self.frames.get(next) {
            // Before the first snapshot there is nothing to walk from: it is shown as it is.
            let earlier = next.checked_sub(1).and_then(|place| self.frames.get(place)).unwrap_or(later);
            return Some(Moment::Between { earlier, later, part_ms: shown_ms.saturating_sub(earlier.starts_ms()) });
        }
        let before = self.frames.len().checked_sub(2).and_then(|place| self.frames.get(place));
        let part_ms = shown_ms.saturating_sub(newest.starts_ms()).min(EXTRAPOLATION_MS_MAX);
        Some(Moment::After { before, newest, part_ms })
    }
}

impl Frame {
    fn starts_ms(&self) -> u64 {
        u64::from(self.tick) * u64::from(TICK_MS)
    }

    fn entity(&self, id: u16) -> Option<&EntityState> {
        let place = self.entities.binary_search_by_key(&id, |entity| entity.id).ok()?;
        self.entities.get(place)
    }

    /// Where the entity was in this snapshot, if it can have walked from there to where it is in that one.
    fn origin(&self, entity: &EntityState, then: &Self) -> Option<&EntityState> {
        self.entity(entity.id).filter(|before| walks(before, entity, then.tick.saturating_sub(self.tick)))
    }
}

impl<'a> Moment<'a> {
    /// The snapshot that says who is to be seen.
    fn shown(&self) -> &'a Frame {
        match self {
            Self::Between { earlier, .. } => earlier,
            Self::After { newest, .. } => newest,
        }
    }

    /// How to show an entity of [`Self::shown`].
    fn pose(&self, entity: &EntityState) -> Pose {
        let as_is = Pose { at: position(entity), facing: entity.facing, is_extrapolated: false };
        match *self {
            Self::Between { earlier, later, part_ms } => {
                let whole_ms = later.starts_ms().saturating_sub(earlier.starts_ms());
                let goal = later.entity(entity.id).filter(|goal| earlier.origin(goal, later).is_some());
                goal.map_or(as_is, |goal| Pose {
                    at: blend(as_is.at, position(goal), part_ms, whole_ms),
                    facing: turn(entity.facing, goal.facing, part_ms, whole_ms),
                    ..as_is
                })
            }
            Self::After { before: Some(before), newest, part_ms } if part_ms > 0 => {
                let walked_ms = newest.starts_ms().saturating_sub(before.starts_ms());
                let origin = before.origin(entity, newest).filter(|_| entity.flags & flags::ALIVE != 0);
                origin.map_or(as_is, |origin| Pose {
                    at: blend(position(origin), as_is.at, walked_ms.saturating_add(part_ms), walked_ms),
                    is_extrapolated: true,
                    ..as_is
                })
            }
            Self::After { .. } => as_is,
        }
    }
}

/// Whether somebody can have come from the one state to the other by walking for so many ticks: not if the place was taken
/// by somebody else, if they rose from the dead, or if it is too far.
fn walks(from: &EntityState, to: &EntityState, ticks: u32) -> bool {
    let rises = from.flags & flags::ALIVE == 0 && to.flags & flags::ALIVE != 0;
    let reach_mm = JUMP_MM_PER_TICK.saturating_mul(ticks);
    from.kind == to.kind && !rises && distance_mm(position(from), position(to)) <= reach_mm
}

/// The direction `part` / `whole` of the way from one to another, the shorter way round.
fn turn(from: u8, to: u8, part: u64, whole: u64) -> u8 {
    let by = to.wrapping_sub(from).cast_signed();
    let flat = |x: i32| Point { x, y: 0 };
    let turned = blend(flat(0), flat(by.into()), part, whole).x;
    from.wrapping_add_signed(i8::try_from(turned).unwrap_or(by))
}

#[cfg(test)]
mod tests;
