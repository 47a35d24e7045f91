//! Every limit of the game sim, by name and with its unit last. What is shared with other parts is in the domain's limits.

use guildhall_domain::limits::{
    GAMESIM_LEASE_MS, HEARTBEAT_INTERVAL_MS, LOG_AGE_MS_MAX, PROGRESS_GROUPS_MAX, RESUMPTION_RESERVATION_S,
    SEAT_RESERVATION_S, SEATS_PER_SESSION_MAX, SESSION_GIVEN_UP_MS, TICK_MS, VIOLATIONS_PER_CHUNK_MAX,
};

/// Length of one slot of a tick, in milliseconds: rooms are spread over the slots, so that neither work nor packets bunch.
pub const SLOT_MS: u64 = 2;
/// Slots of one tick.
pub const SLOTS_PER_TICK: usize = (TICK_MS as u64 / SLOT_MS) as usize;
/// Slots that a late shard makes up for before it lets the rest go, and with them the world's time.
pub const SLOTS_BEHIND_MAX: u32 = 2 * SLOTS_PER_TICK as u32;
/// Slots after which a shard says anew how it is doing: half a second. To tell, it has to look at every room, which costs a
/// full one a hundredth of a core each second if it does so ten times.
pub const REPORT_SLOTS: u32 = 10 * SLOTS_PER_TICK as u32;
/// Looks of a tick at the socket, at least: every 25 ms, which is what a step of a handshake waits for its answer. An input waits
/// for its room's slot, however often somebody looks.
pub const LOOKS_PER_TICK_MIN: usize = 2;
/// Datagrams, read or sent, that a look should bring: a millisecond's work. A shard looks more often where there are more.
pub const DATAGRAMS_PER_LOOK: usize = 256;
/// Datagrams after which a shard reads no more in one look, up to a batch less one; the others wait in the socket. A shard
/// with that many looks in every slot: a quarter of a million in a second are nearly twice what the players of a full core
/// send.
pub const DATAGRAMS_PER_LOOK_MAX: usize = 512;
/// Time after which a shard begins no other batch in one look, in microseconds: whatever a flood costs, the rest is the
/// rooms'.
pub const READ_US_MAX: u64 = 1_000;
/// Size of a socket's receive buffer, in bytes: half a second of full load.
pub const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// Connections of one shard at one time: its seats, as many arriving or parting, and some to refuse politely.
pub const fn connections_max(sessions_max: u32) -> usize {
    2 * SEATS_PER_SESSION_MAX * sessions_max as usize + 64
}

/// Messages of one connection that are read in one tick. A stall of the network delivers several at once.
pub const MESSAGES_PER_TICK_MAX: u32 = 8;
/// Inputs that wait for their tick, per player: 300 ms. The movement of older ones is dropped, their actions are not.
pub const INPUTS_QUEUED_MAX: usize = 6;
/// Ticks without a single one in which a player's queue of inputs ran empty, after which one input's movement is dropped:
/// what a stall has queued would otherwise delay the player for as long as they play.
pub const QUEUE_PATIENCE_TICKS: u32 = 20;
/// Reliable events that a client may leave unacknowledged before its connection is given up.
pub const EVENTS_UNACKNOWLEDGED_MAX: usize = 512;
/// How long a player may be away before the seat is given up, in seconds.
pub const AWAY_S_MAX: u64 = 60;
/// How long a session may last, in seconds: whoever only keeps a connection open does not hold its place for ever.
pub const SESSION_S_MAX: u64 = 4 * 3_600;
/// How long sessions may go on once the process is asked to end, in seconds, unless its environment says otherwise: every
/// session comes to its own end. `infra/scaling.json` has the same number, for the cloud to wait as long.
pub const DRAIN_S_DEFAULT: u64 = SESSION_S_MAX + 300;
/// How long a parting connection is kept to hear the reason, in milliseconds.
pub const PARTING_MS: u64 = 750;
/// How long an arrival waits for the API, in milliseconds; a client gives up at about the same time.
pub const ADMISSION_MS_MAX: u64 = 10_000;

/// Longest time that a change waits before it is written behind where no checkpoint has it, in milliseconds.
pub const FLUSH_INTERVAL_MS: u64 = 1_000;
/// The same where a checkpoint has it, which is what keeps it: how old a character may look to who reads it elsewhere.
pub const COVERED_FLUSH_INTERVAL_MS: u64 = 15_000;
/// Time between two checkpoints of a room, in milliseconds: what a game sim that dies takes with it.
pub const CHECKPOINT_INTERVAL_MS: u64 = 1_000;
/// Shortest time between two checkpoints of a room, and between two objects of a shard, when something of value waits, in
/// milliseconds.
pub const CHECKPOINT_HURRY_MS: u64 = 500;
/// How long changes wait for a checkpoint to be stored before they are written without, in milliseconds.
pub const CHECKPOINT_PATIENCE_MS: u64 = 5_000;
/// From which length on time between two ticks of a room is no wait for anything but a stall, in milliseconds.
pub const STALL_MS_MIN: u64 = 500;
/// Largest checkpoint of one room, in bytes.
pub const CHECKPOINT_BYTES_MAX: usize = 64 * 1024;
/// Largest object with the checkpoints of one shard, in bytes.
pub const CHECKPOINT_OBJECT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long the last checkpoint of a session is kept that is somebody else's by now, in milliseconds: whoever has it may not
/// have read it, and may die without having stored another.
pub const CHECKPOINT_OF_LOST_MS: u64 = 600_000;
/// How long after its end, as far as its sender knows, an object of checkpoints may still come to be stored, in milliseconds.
pub const CHECKPOINT_LATE_MS: u64 = 10_000;
/// How long a call to the store of checkpoints may take, in milliseconds.
pub const CHECKPOINT_TIMEOUT_MS: u64 = 2_000;
/// Length from which a part of a recording is complete, in bytes.
pub const RECORDING_PART_BYTES: usize = 64 * 1024;
/// The same of a zone: each part begins with everybody in it.
pub const RECORDING_ZONE_PART_BYTES: usize = 4 * 1024 * 1024;
/// Ticks from which a part of a recording is complete: what a game sim that dies takes with it.
pub const RECORDING_PART_TICKS: u32 = 5 * 60 * 1_000 / TICK_MS;
/// Ticks between two notes of the state's hash in a recording.
pub const RECORDING_CHECK_TICKS: u32 = 1_000 / TICK_MS;
/// Largest header of a part of a recording, with the dungeon that it begins from, in bytes.
pub const RECORDING_HEADER_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Longest record of somebody who joins, in bytes.
pub const RECORDED_JOIN_BYTES_MAX: usize = 16 * 1024;
/// Longest record of one command, in bytes.
pub const RECORDED_COMMAND_BYTES_MAX: usize = 64;
/// Parts of recordings that wait to be stored, in bytes; what comes on top is lost.
pub const RECORDINGS_WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Parts of recordings that are stored at one time.
pub const RECORDINGS_AT_ONCE_MAX: usize = 8;
/// How long recordings may take to be stored once everything else has ended, in seconds.
pub const RECORDINGS_END_S_MAX: u64 = 5;
/// Objects that a list of recordings looks at.
pub const RECORDINGS_LISTED_MAX: usize = 100_000;
/// Longest time that an entry of the combat log waits before its chunk is handed out, in milliseconds.
pub const LOG_INTERVAL_MS: u64 = 15_000;
/// Chunks of combat logs that wait to be stored; what comes on top is lost.
pub const LOGS_WAITING_MAX: usize = 4_096;
/// Chunks of combat logs that are stored at one time.
pub const LOGS_AT_ONCE_MAX: usize = 8;
/// Attempts at storing a chunk of a combat log.
pub const LOG_TRIES_MAX: u32 = 3;
/// How long combat logs may take to be stored once everything else has ended, in seconds.
pub const LOGS_END_S_MAX: u64 = 5;
/// Ticks of the window in which a client's oddities are counted: ten seconds.
pub const CONDUCT_WINDOW_TICKS: u32 = 10 * 1_000 / TICK_MS;
/// Messages that make no sense, in a window: datagrams are authenticated, so a fair client sends none.
pub const MALFORMED_PER_WINDOW_MAX: u32 = 0;
/// Messages beyond what a tick reads, in a window: a stall of two seconds delivers as many at once.
pub const MESSAGES_IN_EXCESS_PER_WINDOW_MAX: u32 = 40;
/// Inputs beyond one per tick, in a window: those that a fair client holds ready, from a window's beginning and its end.
pub const INPUTS_AHEAD_PER_WINDOW_MAX: u32 = 64;
/// Abilities that have not rested, in a window: each success may be wished for through a round trip more.
pub const COOLDOWNS_PER_WINDOW_MAX: u32 = 100;
/// Abilities that cannot be paid, in a window.
pub const RESOURCES_PER_WINDOW_MAX: u32 = 60;
/// Blows and abilities out of reach, in a window: who chases somebody strikes at where they were.
pub const REACHES_PER_WINDOW_MAX: u32 = 120;
/// Blows and abilities at what is not there, in a window: the dead are seen for a round trip longer.
pub const TARGETS_PER_WINDOW_MAX: u32 = 100;
/// Expulsions that one heartbeat confirms.
pub const EXPULSIONS_PER_BEAT_MAX: usize = 512;

/// First pause before a request is repeated, in milliseconds; it doubles with every attempt.
pub const RETRY_MS_MIN: u64 = 200;
/// Longest pause before a request is repeated, in milliseconds.
pub const RETRY_MS_MAX: u64 = 5_000;

/// How long any request to the API may take, in milliseconds.
pub const API_TIMEOUT_MS: u64 = 2_000;
/// Largest answer of the API that is read, in bytes: the whole content, with room to spare.
pub const API_ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Requests to the API at one time, besides heartbeats.
pub const API_REQUESTS_MAX: usize = 32;
/// How long a session that nobody has entered is left alone, in seconds.
pub const UNCLAIMED_S_MAX: u64 = SEAT_RESERVATION_S + 2;
/// How long a session may hold seats without ever having had a room here, in seconds.
pub const ROOMLESS_S_MAX: u64 = 120;
/// How long a session that has come from a dead game sim is left to its players before it is taken over without them, in
/// milliseconds.
pub const RECOVERY_MS: u64 = 10_000;
/// How long the players of a session that was taken over without them may still come, in seconds.
pub const RECOVERED_AWAY_S_MAX: u64 = 20;
/// How far clocks of the API may be from the right time, in milliseconds: by twice as much, two of them may disagree about the
/// end of a lease.
pub const CLOCK_SKEW_MS_MAX: u64 = 2_000;
/// Time between two attempts to take over or to close an unclaimed session, in milliseconds.
pub const UNCLAIMED_RETRY_MS: u64 = 10_000;
/// How long shards have to end once there is nothing to wait for, in seconds.
pub const SHARDS_END_S_MAX: u64 = 3;
/// Time between two looks for a notice about this instance, in milliseconds: what EC2 recommends.
pub const NOTICE_POLL_MS: u64 = 5_000;
/// Time between two signs of life of an instance that its autoscaling group waits for, in milliseconds.
pub const AUTOSCALING_HEARTBEAT_MS: u64 = 60_000;
/// How long an instance is empty before it loses its protection from being scaled in, in milliseconds: sessions come and go,
/// and the autoscaling group's API is one for all instances.
pub const PROTECTION_EMPTY_MS: u64 = 60_000;
/// How long the cloud may take to be told that the game sim has ended, in seconds.
pub const CLOUD_END_S_MAX: u64 = 8;

const _: () = assert!(SLOTS_PER_TICK as u64 * SLOT_MS == TICK_MS as u64);
// Half of the time is the rooms'.
const _: () = assert!(READ_US_MAX * 2 <= SLOT_MS * 1_000);
// A session never has more characters unsaved than fit one batch: its seats, and those who are leaving them.
const _: () = assert!(2 * SEATS_PER_SESSION_MAX <= PROGRESS_GROUPS_MAX);
const _: () = assert!(CHECKPOINT_HURRY_MS < CHECKPOINT_INTERVAL_MS && CHECKPOINT_TIMEOUT_MS < CHECKPOINT_PATIENCE_MS);
const _: () = assert!(TICK_MS as u64 * 2 < STALL_MS_MIN && STALL_MS_MIN < CHECKPOINT_PATIENCE_MS);
// A gathered object is not late by more than a tick.
const _: () = assert!(CHECKPOINT_HURRY_MS >= TICK_MS as u64);
// A session that is not asked for any longer than that is given up.
const _: () = assert!(CHECKPOINT_OF_LOST_MS > GAMESIM_LEASE_MS + SESSION_GIVEN_UP_MS);
// What is placed here without its players is taken over while its seats are held, with time for some attempts.
const _: () = assert!(RECOVERY_MS + 3 * UNCLAIMED_RETRY_MS < RESUMPTION_RESERVATION_S * 1_000);
// A lease that clocks may disagree about by so much still lasts from one heartbeat to the next.
const _: () = assert!(HEARTBEAT_INTERVAL_MS + 2 * CLOCK_SKEW_MS_MAX <= GAMESIM_LEASE_MS);
const _: () = assert!(CHECKPOINT_BYTES_MAX * 256 <= CHECKPOINT_OBJECT_BYTES_MAX);
// The parts of a full game sim that stops fit, were they all of full length.
const _: () = assert!(RECORDING_PART_BYTES * 1_024 <= RECORDINGS_WAITING_BYTES_MAX);
// Whoever tries in every tick is told of.
const _: () =
    assert!(COOLDOWNS_PER_WINDOW_MAX < CONDUCT_WINDOW_TICKS && RESOURCES_PER_WINDOW_MAX < CONDUCT_WINDOW_TICKS);
const _: () = assert!(REACHES_PER_WINDOW_MAX < CONDUCT_WINDOW_TICKS && TARGETS_PER_WINDOW_MAX < CONDUCT_WINDOW_TICKS);
// Every kind for every seat, once per window of a chunk's time.
const _: () = assert!(
    7 * SEATS_PER_SESSION_MAX * (LOG_INTERVAL_MS as usize).div_ceil((CONDUCT_WINDOW_TICKS * TICK_MS) as usize)
        <= VIOLATIONS_PER_CHUNK_MAX
);
const _: () = assert!(LOG_INTERVAL_MS + LOG_TRIES_MAX as u64 * (API_TIMEOUT_MS + RETRY_MS_MAX) < LOG_AGE_MS_MAX);
const _: () = assert!(ROOMLESS_S_MAX > UNCLAIMED_S_MAX + ADMISSION_MS_MAX / 1_000);
// Every session comes to its end before a drain does.
const _: () = assert!(DRAIN_S_DEFAULT > SESSION_S_MAX);
const _: () = assert!(SHARDS_END_S_MAX * 1_000 > PARTING_MS);
// An account that may not play any more is heard of with the next heartbeat, and disconnected within three seconds.
const _: () = assert!(HEARTBEAT_INTERVAL_MS + PARTING_MS < 3_000);
