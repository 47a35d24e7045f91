//! Rooms of four in SpacetimeDB: what a client sends is kept in the row of its hero, and a tick writes the row of every room,
//! which the room's four clients are subscribed to.

use spacetimedb::{Identity, ReducerContext, ScheduleAt, Table, TimeDuration, Timestamp, reducer, table};

const TICK_US: i64 = 50_000;

/// What clients see of a room.
#[table(name = room, public)]
pub struct Room {
    #[primary_key]
    room_id: u32,
    /// Begins with the number of the tick.
    state: Vec<u8>,
}

/// A client, and what it sent last.
#[table(name = hero)]
pub struct Hero {
    #[primary_key]
    identity: Identity,
    arrived: u64,
    input: Vec<u8>,
}

#[table(name = timer, scheduled(tick))]
pub struct Timer {
    #[primary_key]
    #[auto_inc]
    scheduled_id: u64,
    scheduled_at: ScheduleAt,
}

/// Opens so many rooms, of which `bytes` are shown in each tick, and begins to tick.
#[reducer]
pub fn open(ctx: &ReducerContext, rooms: u32, bytes: u32) {
    for room_id in 0..rooms {
        ctx.db.room().insert(Room { room_id, state: vec![0x5a; bytes.max(4) as usize] });
    }
    schedule(ctx, ctx.timestamp);
}

#[reducer]
pub fn join(ctx: &ReducerContext) {
    ctx.db.hero().insert(Hero { identity: ctx.sender, arrived: 0, input: Vec::new() });
}

#[reducer]
pub fn act(ctx: &ReducerContext, input: Vec<u8>) {
    let heroes = ctx.db.hero().identity();
    if let Some(hero) = heroes.find(ctx.sender) {
        heroes.update(Hero { arrived: hero.arrived + 1, input, ..hero });
    }
}

/// Times are absolute: a late tick does not move those that follow.
#[reducer]
pub fn tick(ctx: &ReducerContext, timer: Timer) {
    for mut room in ctx.db.room().iter() {
        if let Some(number) = room.state.first_chunk_mut::<4>() {
            *number = u32::from_le_bytes(*number).wrapping_add(1).to_le_bytes();
        }
        ctx.db.room().room_id().update(room);
    }
    if let ScheduleAt::Time(due) = timer.scheduled_at {
        schedule(ctx, due);
    }
}

/// The tick after the one that was due at this time; what is over already is left out.
fn schedule(ctx: &ReducerContext, due: Timestamp) {
    let late_us = ctx.timestamp.to_micros_since_unix_epoch() - due.to_micros_since_unix_epoch();
    let next = due + TimeDuration::from_micros((late_us.max(0) / TICK_US + 1) * TICK_US);
    ctx.db.timer().insert(Timer { scheduled_id: 0, scheduled_at: ScheduleAt::Time(next) });
}
