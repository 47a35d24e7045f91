//! Every REST route of Guildhall, each a type that implements [`Endpoint`] in a file of its own. The Lambda binaries, the
//! local front and the tests all derive from [`ROUTES`]; a handler cannot tell in which of them it runs.
//!
//! Read `endpoint` for the way of a request, `error` for the way of a failure, and any file of `characters/` for a model.

pub mod accounts;
pub mod app;
pub mod caller;
pub mod characters;
pub mod content;
pub mod endpoint;
pub mod error;
pub mod fleet;
mod incoming;
pub mod lambda;
pub mod sessions;

pub use app::{App, Config};
pub use endpoint::{Access, Call, Endpoint, Method, Route};
pub use error::ApiError;
pub use lambda::{invoke, start};

/// Every route, in the order in which a reader meets them.
pub static ROUTES: &[&Route] = &[
    &accounts::REGISTER_ACCOUNT,
    &accounts::LOGIN_ACCOUNT,
    &accounts::REFRESH_TOKEN,
    &accounts::LOGOUT_ACCOUNT,
    &accounts::CHANGE_PASSWORD,
    &accounts::DELETE_ACCOUNT,
    &accounts::BAN_ACCOUNT,
    &accounts::UNBAN_ACCOUNT,
    &characters::CREATE_CHARACTER,
    &characters::LIST_CHARACTERS,
    &characters::GET_CHARACTER,
    &content::GET_CONTENT,
    &sessions::CREATE_GAME_SESSION,
    &sessions::JOIN_GAME_SESSION,
    &sessions::GET_GAME_SESSION,
    &sessions::ADMIT_PLAYER,
    &sessions::SAVE_PROGRESS,
    &sessions::FINALIZE_GAME_SESSION,
    &fleet::REGISTER_GAMESIM,
    &fleet::HEARTBEAT_GAMESIM,
];
