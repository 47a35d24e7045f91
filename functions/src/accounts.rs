//! Accounts: the ways in and the ways out. `attempts` asks whether a password may be tried at all, `hasher` tries it, and
//! `tokens` makes what the player takes away.

mod attempts;
mod ban_account;
mod change_password;
mod delete_account;
mod expulsion;
mod hasher;
mod login_account;
mod logout_account;
mod refresh_token;
mod register_account;
mod tokens;
mod unban_account;

pub use ban_account::{BAN_ACCOUNT, BanAccount};
pub use change_password::{CHANGE_PASSWORD, ChangePassword};
pub use delete_account::{DELETE_ACCOUNT, DeleteAccount};
pub(crate) use hasher::Hasher;
pub use login_account::{LOGIN_ACCOUNT, LoginAccount};
pub use logout_account::{LOGOUT_ACCOUNT, LogoutAccount};
pub use refresh_token::{REFRESH_TOKEN, RefreshToken};
pub use register_account::{REGISTER_ACCOUNT, RegisterAccount};
pub use unban_account::{UNBAN_ACCOUNT, UnbanAccount};
