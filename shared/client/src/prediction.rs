//! Prediction and reconciliation of one's own movement.
//!
//! A client that waits for the server's word answers its player a round trip late. It may instead show where the server
//! will put the character: the authoritative position, and on top of it every input that the server has not applied yet,
//! walked by the server's own rules. Each snapshot brings a new authoritative position and a higher `input_ack`, and
//! predicting anew from there corrects whatever went otherwise. Prediction is for showing; it decides nothing.

use crate::floor::{Floor, position, stride, stride_length_mm};
use crate::game::GameClient;
use guildhall_domain::content::{Content, Point};
use guildhall_protocol::payload::{InputFrame, flags};

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

/// Where to show the client's own character, or `None` while it has none in this dungeon. The dead do not walk.
pub fn predict_own(client: &GameClient, content: &Content, dungeon_id: &str, class: &str) -> Option<Point> {
    let view = client.view();
    let own = view.own_entity()?;
    let at = position(own);
    if own.flags & flags::ALIVE == 0 {
        return Some(at);
    }
    let floor = Floor::seen(content.dungeons.get(dungeon_id)?, view);
    let speed_mm_per_s = content.classes.get(class)?.speed_mm_per_s;
    Some(predict(&floor, at, speed_mm_per_s, client.pending_inputs()))
}

#[cfg(test)]
mod tests;
