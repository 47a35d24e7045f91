//! The game's content, for clients and game sims.

mod get_content;

pub use get_content::{GET_CONTENT, GetContent};
