//! Every limit of the product, by name and with its unit last. Relations between limits are checked at compile time.

/// Largest request body that a route reads, in bytes.
pub const BODY_BYTES_MAX: usize = 16 * 1024;
/// Largest body of the routes that game sims call, in bytes: a progress batch of a full session.
pub const INTERNAL_BODY_BYTES_MAX: usize = 128 * 1024;
/// Largest body of the account routes, in bytes.
pub const AUTH_BODY_BYTES_MAX: usize = 4 * 1024;
/// Longest e-mail address, in bytes (RFC 5321, section 4.5.3.1.3).
pub const EMAIL_BYTES_MAX: usize = 254;
/// Shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Longest password, in characters.
pub const PASSWORD_CHARS_MAX: usize = 128;
/// Longest `Idempotency-Key` header, in bytes.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 128;
/// Intents of a character that are remembered by name, so that one which is repeated because its answer was lost learns that
/// it was carried out, even when its player has meanwhile carried out others from another place.
pub const INTENTS_REMEMBERED_MAX: usize = 4;
/// Shortest character name, in graphemes: what a reader calls a character.
pub const CHARACTER_NAME_GRAPHEMES_MIN: usize = 3;
/// Longest character name, in graphemes.
pub const CHARACTER_NAME_GRAPHEMES_MAX: usize = 16;
/// Longest grapheme of a character name, in code points: a letter may carry marks, but no tower of them.
pub const CHARACTER_NAME_GRAPHEME_CHARS_MAX: usize = 4;
/// Longest character name as it is sent, in bytes.
pub const CHARACTER_NAME_BYTES_MAX: usize = 256;
/// Characters that one account may have.
pub const CHARACTERS_PER_ACCOUNT_MAX: usize = 16;
/// Characters that one account may have, the deleted ones included that can still be restored.
pub const CHARACTERS_KEPT_PER_ACCOUNT_MAX: usize = 64;
/// How long a deleted character can be restored and keeps its name, in seconds.
pub const CHARACTER_RESTORE_S: u64 = 30 * 24 * 3_600;
/// Inventory slots of a character.
pub const INVENTORY_SLOTS_MAX: usize = 28;
/// Most units in one inventory slot.
pub const STACK_QUANTITY_MAX: u32 = 9_999;
/// Skills that a character may have practised.
pub const SKILLS_PRACTISED_MAX: usize = 64;
/// Most gold a character can hold.
pub const GOLD_MAX: u64 = 1_000_000_000_000;

/// Lifetime of an access token, in seconds.
pub const ACCESS_TOKEN_LIFETIME_S: u64 = 3_600;
/// How long a login can be refreshed after it was last refreshed, in seconds.
pub const REFRESH_TOKEN_LIFETIME_S: u64 = 30 * 24 * 3_600;
/// How long a login can be refreshed in all, in seconds: after it the password has to be entered again.
pub const LOGIN_LIFETIME_S: u64 = 365 * 24 * 3_600;
/// Logins that one account may have at once; one more ends the oldest.
pub const LOGIN_SESSIONS_PER_ACCOUNT_MAX: usize = 16;
/// Password hashes that one process computes at once: each takes 12 MiB and a core.
pub const PASSWORD_HASHES_AT_ONCE_MAX: usize = 8;
/// Wrong passwords for one address from one network that cost no delay.
pub const LOGIN_FAILURES_FREE_MAX: u64 = 5;
/// The first delay, in milliseconds; each further wrong password doubles it.
pub const LOGIN_DELAY_FIRST_MS: u64 = 1_000;
/// The longest delay, in milliseconds.
pub const LOGIN_DELAY_MAX_MS: u64 = 60_000;
/// How long wrong passwords are remembered, in seconds: a row's time to live.
pub const LOGIN_FAILURES_RETENTION_S: u64 = 24 * 3_600;
/// How long a network from which an account was entered stays known to it, in seconds.
pub const LOGIN_NETWORK_KNOWN_S: u64 = 30 * 24 * 3_600;
/// Length of the windows in which attempts are counted, in milliseconds.
pub const LOGIN_WINDOW_MS: u64 = 60_000;
/// Attempts at one address per window from networks that it does not know.
pub const LOGIN_ATTEMPTS_PER_ADDRESS_MAX: u64 = 30;
/// Passwords hashed per window for one network: a /24 of IPv4, a /56 of IPv6.
pub const LOGIN_ATTEMPTS_PER_NETWORK_MAX: u64 = 300;
/// Parts in which the attempts of the whole deployment are counted, so that no row is everybody's.
pub const LOGIN_GLOBAL_SHARDS: u64 = 16;
/// Passwords hashed per window in each of those parts.
pub const LOGIN_ATTEMPTS_PER_GLOBAL_SHARD_MAX: u64 = 750;
/// Lifetime of a connect token, in seconds.
pub const CONNECT_TOKEN_LIFETIME_S: u64 = 30;
/// How long a reserved seat waits for its player, in seconds.
pub const SEAT_RESERVATION_S: u64 = 30;
/// How long a reserved seat must still wait for its player to be left as it is when its player asks for it again, in seconds:
/// long enough to connect.
pub const SEAT_RESERVATION_LEFT_S: u64 = 20;
/// How long an idempotency key keeps its answer, in seconds.
pub const IDEMPOTENCY_RETENTION_S: u64 = 24 * 3_600;

/// Seats of a game session.
pub const SEATS_PER_SESSION_MAX: usize = 4;
/// Companions that a session may be created with.
pub const COMPANIONS_MAX: usize = SEATS_PER_SESSION_MAX - 1;
/// How long a companion ticket can be used, in seconds.
pub const COMPANION_TICKET_LIFETIME_S: u64 = 120;
/// Parties that may wait for a place at once.
pub const QUEUE_MAX: usize = 1_024;
/// How long a waiting party counts after it has last asked, in seconds.
pub const QUEUE_PATIENCE_S: u64 = 15;
/// Parties at the front of the queue, which ask often and look at the fleet each time.
pub const QUEUE_FRONT_MAX: usize = 64;
/// How often a party at the front of the queue is to ask, in milliseconds.
pub const QUEUE_POLL_FRONT_MS: u64 = 1_000;
/// How often a party further behind is to ask, in milliseconds.
pub const QUEUE_POLL_BEHIND_MS: u64 = 5_000;
/// Game sessions that one game sim may announce room for.
pub const SESSIONS_PER_GAMESIM_MAX: u32 = 2_048;
/// UDP ports (one per shard) that one game sim may announce.
pub const PORTS_PER_GAMESIM_MAX: usize = 64;
/// Time between heartbeats of a game sim, in milliseconds.
pub const HEARTBEAT_INTERVAL_MS: u64 = 2_000;
/// How long a heartbeat keeps a game sim alive, in milliseconds.
pub const GAMESIM_LEASE_MS: u64 = 6_000;
/// Groups in one progress batch.
pub const PROGRESS_GROUPS_MAX: usize = 16;
/// Characters in one progress group: all of them are written in one transaction.
pub const PROGRESS_GROUP_CHARACTERS_MAX: usize = SEATS_PER_SESSION_MAX;

/// Simulation steps per second.
pub const TICKS_PER_S: u32 = 20;
/// Length of one simulation step, in milliseconds.
pub const TICK_MS: u32 = 1_000 / TICKS_PER_S;
/// Enemies of one dungeon.
pub const DUNGEON_ENEMIES_MAX: usize = 256;
/// Chambers of one dungeon.
pub const DUNGEON_CHAMBERS_MAX: usize = 64;
/// Doors of one dungeon.
pub const DUNGEON_DOORS_MAX: usize = 128;
/// Parties that one zone has numbers for.
pub const ZONE_PARTIES_MAX: usize = 512;
/// Parties that a zone of one game sim is given: the others are for those who come at the same time.
pub const ZONE_PARTIES_PLACED_MAX: usize = 256;
/// Enemies of one zone.
pub const ZONE_ENEMIES_MAX: usize = 4_096;
/// Rectangles of one zone's floor.
pub const ZONE_FLOORS_MAX: usize = 64;
/// How far one sees and hears in a zone, in millimetres.
pub const ZONE_SIGHT_MM: u32 = 40_000;
/// How near one has to be to share in what one's party has earned in a zone, in millimetres.
pub const ZONE_REWARD_REACH_MM: u32 = 30_000;
/// Other players whom one sees at once in a zone: the nearest.
pub const ZONE_PLAYERS_SEEN_MAX: usize = 32;
/// Enemies that one sees at once in a zone: the nearest.
pub const ZONE_ENEMIES_SEEN_MAX: usize = 32;
/// Things on the ground that one sees at once in a zone: the nearest.
pub const ZONE_LOOT_SEEN_MAX: usize = 16;
/// Abilities of one class, and of one kind of enemy: they travel as four bits.
pub const ABILITIES_EACH_MAX: usize = 16;
/// Kinds of states that somebody can be in: they travel as 32 bits.
pub const STATUSES_MAX: usize = 32;
/// Effects of one ability.
pub const EFFECTS_PER_ABILITY_MAX: usize = 4;
/// Draws from one loot table.
pub const LOOT_ROLLS_MAX: u32 = 10;
/// Levels of the progression.
pub const LEVELS_MAX: usize = 1_000;
/// Most hit points of anybody: hit points travel as 16 bits.
pub const HIT_POINTS_MAX: u32 = 60_000;
/// Longest id of a piece of content, in bytes.
pub const CONTENT_ID_BYTES_MAX: usize = 64;
/// How long a process may go on with the content that it has before it asks for the version in force, in milliseconds.
pub const CONTENT_LOOK_INTERVAL_MS: u64 = 60_000;
/// How long caches may keep content before they ask again, in seconds.
pub const CONTENT_CACHE_S: u64 = 300;
/// How long caches may keep content whose address names its entity tag, in seconds: a year.
pub const CONTENT_IMMUTABLE_CACHE_S: u64 = 31_536_000;
/// Accounts whose characters a process remembers: at most 48 rows of 4 KB each, and two as a rule.
pub const ACCOUNTS_CACHED_MAX: usize = 512;
/// How long a process may show a list of characters without reading their rows again, in milliseconds.
pub const CHARACTER_LIST_TTL_MS: u64 = 5_000;
/// How long a session whose game sim is dead waits for one of its players to have it placed on another one, in milliseconds
/// from the end of that game sim's lease. After that the schedule has it placed, so that what its checkpoint holds is written.
pub const SESSION_ORPHAN_MS: u64 = 20_000;
/// How long it waits to be placed at all, likewise. After that it is given up, and its characters are free as they are stored.
pub const SESSION_GIVEN_UP_MS: u64 = 300_000;
/// How long a seat of a session that was placed anew waits for its player, in seconds.
pub const RESUMPTION_RESERVATION_S: u64 = 60;
/// Former placements that a session remembers.
pub const SESSION_MOVES_KEPT_MAX: usize = 4;
/// How long the row of a dead game sim without sessions stays, in milliseconds: an hour, for people who look.
pub const GAMESIM_KEPT_MS: u64 = 3_600_000;
/// Expulsions that wait for one game sim to hear of them.
pub const EXPULSIONS_PER_GAMESIM_MAX: usize = 256;
/// How far loot may lie from the player who picks it up, in millimetres.
pub const PICK_UP_REACH_MM: u32 = 2_000;
/// How long a cleared dungeon stays open, so that its loot can be picked up, in milliseconds.
pub const CLEARED_GRACE_MS: u32 = 10_000;
/// Pieces of loot that lie in one dungeon at a time; what would exceed it never comes into being.
pub const LOOT_ON_GROUND_MAX: usize = 128;
/// The same of one zone.
pub const ZONE_LOOT_ON_GROUND_MAX: usize = 2_048;
/// Extent of a dungeon or a zone in each direction, in millimetres: positions travel as 16-bit centimetres.
pub const DUNGEON_EXTENT_MM_MAX: i32 = 655_350;
/// Largest chunk of a combat log, in bytes: with its names a row of at most 4 KB, which is four write units.
pub const LOG_CHUNK_BYTES_MAX: usize = 3_584;
/// How long a combat log is kept, in seconds.
pub const LOG_KEPT_S: u64 = 24 * 3_600;
/// How old an entry of a combat log may be when its chunk is handed in, in milliseconds.
pub const LOG_AGE_MS_MAX: u64 = 3_600_000;
/// How far a game sim's clock may be ahead, in milliseconds.
pub const LOG_AHEAD_MS_MAX: u64 = 60_000;
/// Chunks of a combat log that one answer is made from.
pub const LOG_CHUNKS_PER_PAGE: u32 = 8;
/// Entries of one answer, unless the caller asks for more or fewer.
pub const EVENTS_PER_PAGE_DEFAULT: u32 = 100;
/// Most entries of one answer.
pub const EVENTS_PER_PAGE_MAX: u32 = 500;
/// Violations in one chunk: every kind for every seat, as often as a chunk's time has windows.
pub const VIOLATIONS_PER_CHUNK_MAX: usize = 64;
/// How long violations are kept, in seconds: 30 days.
pub const VIOLATIONS_KEPT_S: u64 = 30 * 24 * 3_600;
/// Longest cursor, in bytes.
pub const CURSOR_BYTES_MAX: usize = 128;

const _: () = assert!(EVENTS_PER_PAGE_DEFAULT <= EVENTS_PER_PAGE_MAX);
const _: () = assert!(CHARACTERS_PER_ACCOUNT_MAX <= CHARACTERS_KEPT_PER_ACCOUNT_MAX);
const _: () = assert!(
    CHARACTER_NAME_GRAPHEMES_MAX * CHARACTER_NAME_GRAPHEME_CHARS_MAX * size_of::<char>() <= CHARACTER_NAME_BYTES_MAX
);
const _: () = assert!(AUTH_BODY_BYTES_MAX <= BODY_BYTES_MAX && BODY_BYTES_MAX <= INTERNAL_BODY_BYTES_MAX);
const _: () = assert!(ACCESS_TOKEN_LIFETIME_S < REFRESH_TOKEN_LIFETIME_S);
const _: () = assert!(LOGIN_DELAY_FIRST_MS <= LOGIN_DELAY_MAX_MS && LOGIN_DELAY_MAX_MS <= LOGIN_WINDOW_MS);
const _: () = assert!(LOGIN_FAILURES_FREE_MAX < LOGIN_ATTEMPTS_PER_ADDRESS_MAX);
const _: () = assert!(LOGIN_ATTEMPTS_PER_ADDRESS_MAX < LOGIN_ATTEMPTS_PER_NETWORK_MAX);
const _: () = assert!(LOGIN_ATTEMPTS_PER_NETWORK_MAX < LOGIN_GLOBAL_SHARDS * LOGIN_ATTEMPTS_PER_GLOBAL_SHARD_MAX);
const _: () = assert!(HEARTBEAT_INTERVAL_MS * 3 <= GAMESIM_LEASE_MS);
const _: () = assert!(CONNECT_TOKEN_LIFETIME_S <= SEAT_RESERVATION_S);
const _: () = assert!(SEAT_RESERVATION_LEFT_S < SEAT_RESERVATION_S);
const _: () =
    assert!(QUEUE_POLL_FRONT_MS < QUEUE_POLL_BEHIND_MS && QUEUE_POLL_BEHIND_MS * 2 < QUEUE_PATIENCE_S * 1_000);
const _: () = assert!(QUEUE_FRONT_MAX <= QUEUE_MAX);
const _: () = assert!(1_000 % TICKS_PER_S == 0);
const _: () = assert!(PASSWORD_CHARS_MAX * 4 < AUTH_BODY_BYTES_MAX);
const _: () = assert!(HIT_POINTS_MAX <= u16::MAX as u32 && LEVELS_MAX <= u16::MAX as usize);
const _: () = assert!(ZONE_PARTIES_PLACED_MAX < ZONE_PARTIES_MAX && ZONE_FLOORS_MAX < u8::MAX as usize);
const _: () = assert!(ZONE_REWARD_REACH_MM <= ZONE_SIGHT_MM);
const _: () = assert!(DUNGEON_CHAMBERS_MAX + DUNGEON_DOORS_MAX < u8::MAX as usize);
