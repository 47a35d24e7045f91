//! Every REST route of Guildhall, each a type that implements [`Endpoint`] in a file of its own. The Lambda binaries, the
//! local front and the tests all derive from [`ROUTES`]; a handler cannot tell in which of them it runs.
//!
//! Read `endpoint` for the way of a request, `grants` for what it may reach, `error` for the way of a failure, and any file of `characters/` for a model.

pub mod accounts;
pub mod answer;
pub mod app;
pub mod caller;
pub mod characters;
pub mod content;
pub mod endpoint;
pub mod error;
pub mod fleet;
pub mod forwarding;
pub mod grants;
pub mod health;
mod incoming;
mod keys;
pub mod lambda;
mod observed;
pub mod sessions;
mod trace;

pub use answer::IntoAnswer;
pub use app::{App, Config, Secrets};
pub use endpoint::{Access, Call, Endpoint, Method, Route};
pub use error::ApiError;
pub use grants::{Grants, Scope, Secret};
pub use lambda::{invoke, start};
pub use observed::Done;

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
    &characters::CHANGE_HITPOINTS,
    &characters::CHANGE_CURRENCY,
    &characters::EQUIP_ARMOR,
    &characters::UNEQUIP_ARMOR,
    &characters::EQUIP_WEAPON,
    &characters::UNEQUIP_WEAPON,
    &characters::MOVE_ITEM,
    &characters::SPLIT_ITEMS,
    &characters::MERGE_ITEMS,
    &characters::USE_ITEM,
    &characters::LEARN_SKILL,
    &characters::RAISE_ABILITY,
    &characters::DELETE_CHARACTER,
    &characters::RESTORE_CHARACTER,
    &content::GET_CONTENT,
    &content::GET_CONTENT_MANIFEST,
    &content::GET_CONTENT_ENTRY,
    &sessions::ISSUE_COMPANION_TICKET,
    &sessions::CREATE_GAME_SESSION,
    &sessions::POLL_PLACEMENT_TICKET,
    &sessions::CANCEL_PLACEMENT_TICKET,
    &sessions::JOIN_GAME_SESSION,
    &sessions::GET_GAME_SESSION,
    &sessions::ADMIT_PLAYER,
    &sessions::RECOVER_GAME_SESSION,
    &sessions::SAVE_PROGRESS,
    &sessions::FINALIZE_GAME_SESSION,
    &sessions::SAVE_EVENTS,
    &sessions::LIST_EVENTS,
    &sessions::INSPECT_EVENTS,
    &sessions::LIST_VIOLATIONS,
    &fleet::REGISTER_GAMESIM,
    &fleet::HEARTBEAT_GAMESIM,
    &fleet::REAP_FLEET,
    &health::CHECK_LIVE,
    &health::CHECK_READY,
    &health::GET_METRICS,
];
