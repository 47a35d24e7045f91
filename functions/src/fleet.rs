//! The registry of game sims, as game sims use it.

mod heartbeat_gamesim;
mod register_gamesim;

pub use heartbeat_gamesim::{HEARTBEAT_GAMESIM, HeartbeatGamesim};
pub(crate) use register_gamesim::seal_context;
pub use register_gamesim::{REGISTER_GAMESIM, RegisterGamesim};
