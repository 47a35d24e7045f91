//! Prediction and reconciliation of one's own movement.
//!
//! A client that waits for the server's word answers its player a round trip late. It may instead show where the server
//! will put the character: the authoritative position, and on top of it every input that the server has not applied yet,
//! walked by the server's own rules. Each snapshot brings a new authoritative position and a higher `input_ack`, and
//! predicting anew from there corrects whatever went otherwise. Prediction is for showing; it decides nothing.
//!
//! [`predict`] and [`predict_own`] are the arithmetic. [`Predictor`] is what a game keeps from tick to tick: it knows where
//! it said that each input would lead, so that positions which travel in centimetres agree with it as long as the server
//! did, and it blends what has to be corrected into the picture instead of jumping.
//!
//! What cannot be foreseen, and is corrected: a movement that the server drops because inputs came in a bunch; a blow that
//! stuns, slows or kills; a door that opens. Each of these changes at most the strides that are on their way.

use crate::floor::{Floor, POSITION_QUANTUM_MM, blend, distance_mm, position, stride, stride_length_mm};
use crate::game::{GameClient, View};
use guildhall_domain::content::{Content, Dungeon, Point};
use guildhall_domain::limits::TICK_MS;
use guildhall_protocol::payload::{InputFrame, flags};
use std::collections::VecDeque;

/// How long it takes until a correction is wholly shown, in milliseconds.
pub const SMOOTHING_MS: u64 = 150;
/// From this distance between what is shown and what is predicted, in millimetres, a correction is shown at once: half a
/// second of walking is a jump whatever one makes of it.
pub const SNAP_MM: u32 = 2_500;

/// Where a walker at `at` is after these inputs, one stride each.
pub fn predict<'a>(
    floor: &Floor,
    at: Point,
    speed_mm_per_s: u32,
    pending: impl IntoIterator<Item = &'a InputFrame>,
) -> Point {
    let length_mm = stride_length_mm(speed_mm_per_s);
    pending.into_iter().fold(at, |at, input| floor.walk(at, stride(input.move_x, input.move_y, length_mm)))
}

/// Where to show the client's own character, or `None` while it has none in this dungeon. The dead do not walk, and the
/// living walk as fast as the server last said.
pub fn predict_own(client: &GameClient, content: &Content, dungeon_id: &str) -> Option<Point> {
    let view = client.view();
    let own = view.own_entity()?;
    let at = position(own);
    if own.flags & flags::ALIVE == 0 {
        return Some(at);
    }
    let floor = Floor::of(content, dungeon_id, view)?;
    Some(predict(&floor, at, view.own.speed_mm_per_s.into(), client.pending_inputs()))
}

/// How the own character is shown: predicted, reconciled and smoothed. One for each [`GameClient`].
#[derive(Debug, Clone, Default)]
pub struct Predictor {
    floor: Floor,
    /// Where the inputs lead, each by its number: first the last one that the server has applied, then those on their way.
    walked: VecDeque<(u32, Point)>,
    shown: Option<Shown>,
    /// Corrections that are not wholly shown yet.
    blends: Vec<Blend>,
    corrections: Corrections,
}

/// What the server's word has changed about a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    /// The distance between where the latest input was to lead and where it leads, in millimetres.
    pub by_mm: u32,
    /// Whether it is shown at once, because it is too far to be blended in.
    pub is_snap: bool,
}

/// All corrections so far. Those of less than a position's quantum are rounding, and among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Corrections {
    /// How many.
    pub count: u64,
    /// How many of them were shown at once.
    pub snaps: u64,
    /// The largest, in millimetres.
    pub largest_mm: u32,
    /// All together, in millimetres.
    pub total_mm: u64,
}

/// The stride that is being shown.
#[derive(Debug, Clone, Copy)]
struct Shown {
    /// Number of the input that it belongs to.
    seq: u32,
    from: Point,
    to: Point,
    began_ms: u64,
    is_alive: bool,
}

/// A correction on its way into the picture: what is shown is still off by this much, and less and less.
#[derive(Debug, Clone, Copy)]
struct Blend {
    off: Point,
    began_ms: u64,
}

impl Predictor {
    /// One that has not seen anything.
    pub fn new() -> Self {
        Self::default()
    }

    /// To be called in every tick after the tick's input was pushed, and better after every datagram too. Takes in what the
    /// client knows, and says what that has changed about the last prediction, if anything. `now_ms` is on the clock of the
    /// frames.
    pub fn update(&mut self, now_ms: u64, client: &GameClient, dungeon: &Dungeon) -> Option<Correction> {
        self.take_in(now_ms, client.view(), client.pending_inputs(), dungeon)
    }

    fn take_in<'a>(
        &mut self,
        now_ms: u64,
        view: &View,
        pending: impl Iterator<Item = &'a InputFrame>,
        dungeon: &Dungeon,
    ) -> Option<Correction> {
        let Some(own) = view.own_entity() else {
            (self.shown, self.blends) = (None, Vec::new());
            self.walked.clear();
            return None;
        };
        self.floor = Floor::seen(dungeon, view);
        let is_alive = own.flags & flags::ALIVE != 0;
        let speed_mm_per_s = if is_alive { u32::from(view.own.speed_mm_per_s) } else { 0 };
        let start = (view.input_ack, self.reconcile(view.input_ack, position(own)));
        self.walk(start, speed_mm_per_s, pending);
        let newest = self.walked.back().copied().unwrap_or(start);
        // Whoever rises from the dead does so elsewhere, and nobody sees them walk there.
        match self.shown.filter(|shown| shown.is_alive || !is_alive) {
            Some(shown) => self.show(now_ms, Shown { is_alive, ..shown }, newest),
            None => {
                self.blends.clear();
                self.shown = Some(Shown { seq: newest.0, from: newest.1, to: newest.1, began_ms: now_ms, is_alive });
                None
            }
        }
    }

    /// Where to show the own character in a frame at this time, or `None` while it has none in this dungeon. A stride is
    /// shown in the course of the tick that it was made for.
    pub fn shown(&self, now_ms: u64) -> Option<Point> {
        let shown = self.shown?;
        let at = shown.at(now_ms);
        let off = |axis: fn(Point) -> i32| self.blends.iter().map(|blend| axis(blend.off_at(now_ms))).sum::<i32>();
        let (x, y) = (at.x.saturating_add(off(|off| off.x)), at.y.saturating_add(off(|off| off.y)));
        Some(self.floor.nearest(Point { x, y }))
    }

    /// Where the latest input leads, as far as is known: the prediction itself, without smoothing.
    pub fn predicted(&self) -> Option<Point> {
        self.shown.map(|shown| shown.to)
    }

    /// All corrections so far.
    pub fn corrections(&self) -> Corrections {
        self.corrections
    }

    /// Where the last applied input has led. The server's word has whole centimetres, rounded down: what was predicted
    /// stands if it rounds to the same, and moves no further than it has to if not.
    fn reconcile(&self, input_ack: u32, heard: Point) -> Point {
        let predicted = self.walked.iter().find(|(seq, _)| *seq == input_ack).map_or(heard, |(_, at)| *at);
        let within = |predicted: i32, heard: i32| predicted.clamp(heard, heard.saturating_add(POSITION_QUANTUM_MM - 1));
        self.floor.nearest(Point { x: within(predicted.x, heard.x), y: within(predicted.y, heard.y) })
    }

    fn walk<'a>(&mut self, start: (u32, Point), speed_mm_per_s: u32, pending: impl Iterator<Item = &'a InputFrame>) {
        self.walked.clear();
        self.walked.push_back(start);
        let mut at = start.1;
        for input in pending {
            at = predict(&self.floor, at, speed_mm_per_s, [input]);
            self.walked.push_back((input.seq, at));
        }
    }

    /// Goes on from what is shown to where the newest input leads.
    fn show(&mut self, now_ms: u64, mut shown: Shown, (seq, to): (u32, Point)) -> Option<Correction> {
        self.blends.retain(|blend| blend.part_left(now_ms) > 0);
        let again = self.walked.iter().find(|(seq, _)| *seq == shown.seq).map_or(shown.to, |(_, at)| *at);
        let correction = (again != shown.to).then(|| {
            let by_mm = distance_mm(again, shown.to);
            let moved = Point { x: again.x.saturating_sub(shown.to.x), y: again.y.saturating_sub(shown.to.y) };
            self.blends.push(Blend { off: Point { x: -moved.x, y: -moved.y }, began_ms: now_ms });
            let from = Point { x: shown.from.x.saturating_add(moved.x), y: shown.from.y.saturating_add(moved.y) };
            (shown.from, shown.to) = (from, again);
            let off = self.blends.iter().map(|blend| blend.off_at(now_ms));
            let off = off.fold(Point { x: 0, y: 0 }, |sum, off| Point { x: sum.x + off.x, y: sum.y + off.y });
            let is_snap = distance_mm(off, Point { x: 0, y: 0 }) > SNAP_MM;
            if is_snap {
                self.blends.clear();
            }
            Correction { by_mm, is_snap }
        });
        if seq != shown.seq {
            shown = Shown { seq, from: shown.at(now_ms), to, began_ms: now_ms, ..shown };
        }
        self.shown = Some(shown);
        self.corrections.count(correction);
        correction
    }
}

impl Corrections {
    fn count(&mut self, correction: Option<Correction>) {
        let Some(Correction { by_mm, is_snap }) = correction else { return };
        self.count += 1;
        self.snaps += u64::from(is_snap);
        self.largest_mm = self.largest_mm.max(by_mm);
        self.total_mm += u64::from(by_mm);
    }
}

impl Shown {
    fn at(&self, now_ms: u64) -> Point {
        let tick_ms = u64::from(TICK_MS);
        blend(self.from, self.to, now_ms.saturating_sub(self.began_ms).min(tick_ms), tick_ms)
    }
}

impl Blend {
    /// How long it takes until nothing is left of it, in milliseconds.
    fn part_left(&self, now_ms: u64) -> u64 {
        SMOOTHING_MS.saturating_sub(now_ms.saturating_sub(self.began_ms))
    }

    fn off_at(&self, now_ms: u64) -> Point {
        blend(Point { x: 0, y: 0 }, self.off, self.part_left(now_ms), SMOOTHING_MS)
    }
}

#[cfg(test)]
mod tests;
