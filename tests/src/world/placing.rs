//! How a party gets a place: it asks until there is one, and waits in line. R7: once nothing goes wrong any more, a party for
//! which there is room has its place within three heartbeats.

use super::player::{ATTEMPTS_MAX, Player};
use super::{World, lock};
use guildhall_domain::limits::{GAMESIM_LEASE_MS, HEARTBEAT_INTERVAL_MS, QUEUE_PATIENCE_S};
use serde_json::Value;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::sleep;

/// How long a party waits at most for which there is room, in milliseconds.
const PLACED_MS_MAX: u64 = 3 * HEARTBEAT_INTERVAL_MS;
/// How long what befell game sims in a storm may go on after it, in milliseconds.
const SETTLED_MS: u64 = 40_000;
const _: () = assert!(SETTLED_MS > 2 * GAMESIM_LEASE_MS);

/// The room that there is for a party.
#[derive(Debug, Default)]
struct Room {
    /// Since when there was a place for everybody who asks, whenever it was looked for.
    since_ms: Option<u64>,
}

impl Room {
    fn judge(&mut self, world: &World) {
        let now_ms = world.now_ms();
        // Who stopped asking keeps their place in line for a while.
        let mut gone = lock(&world.given_up_ms);
        gone.retain(|gone_ms| gone_ms + (QUEUE_PATIENCE_S + 1) * 1_000 >= now_ms);
        let has_room = world.free_places() >= world.asking.load(Ordering::Relaxed) + gone.len();
        let is_judged = world.calm_for_ms() > SETTLED_MS && has_room;
        self.since_ms = if is_judged { self.since_ms.or(Some(now_ms)) } else { None };
        let waited_ms = self.since_ms.map_or(0, |since_ms| now_ms - since_ms);
        if waited_ms > PLACED_MS_MAX {
            world.fail(format!("R7: there is room, and a party waits for {waited_ms} ms"));
        }
    }
}

impl Player {
    /// Asks for a session until there is one, or until it is known that there will be none.
    pub(super) async fn placed(&self, body: Value, key: String) -> Option<Value> {
        let world = &self.world;
        world.asking.fetch_add(1, Ordering::Relaxed);
        let placed = self.ask_for_place(body, key).await;
        world.asking.fetch_sub(1, Ordering::Relaxed);
        if placed.is_none() {
            lock(&world.given_up_ms).push(world.now_ms());
        }
        placed
    }

    async fn ask_for_place(&self, body: Value, key: String) -> Option<Value> {
        let mut ticket: Option<String> = None;
        let mut room = Room::default();
        for _ in 0..ATTEMPTS_MAX {
            let answer = match &ticket {
                Some(id) => {
                    let path = Some(("ticket_id", id.clone()));
                    self.ask("poll-placement-ticket", path, None, Value::Null).await
                }
                None => self.ask("create-game-session", None, Some(key.clone()), body.clone()).await,
            };
            match answer {
                Some((200 | 201, body)) if body["connect"].is_object() => return Some(body),
                Some((200 | 202, body)) => {
                    let queued = body["placement_ticket"]["ticket_id"].as_str();
                    ticket = queued.map(str::to_owned).or(ticket);
                }
                Some((503, _)) | None => {}
                // Whatever the ticket was good for, the request is good for as well.
                Some(_) if ticket.is_some() => ticket = None,
                Some(_) => return None,
            }
            room.judge(&self.world);
            sleep(Duration::from_millis(500 + self.world.below(1_000))).await;
        }
        None
    }
}
