//! The registry of game sims, as game sims use it.

mod heartbeat_gamesim;
mod reap_fleet;
mod register_gamesim;

pub use heartbeat_gamesim::{HEARTBEAT_GAMESIM, HeartbeatGamesim};
pub use reap_fleet::{REAP_FLEET, ReapFleet};
pub(crate) use register_gamesim::seal_context;
pub use register_gamesim::{REGISTER_GAMESIM, RegisterGamesim};
