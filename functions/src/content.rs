//! The game's content, for clients and game sims: whole, as a list of what there is, and entry by entry. Everything is
//! served from what the process holds (`in_force`).

mod get_content;
mod get_content_entry;
mod get_content_manifest;
pub(crate) mod in_force;

pub use get_content::{GET_CONTENT, GetContent};
pub use get_content_entry::{GET_CONTENT_ENTRY, GetContentEntry};
pub use get_content_manifest::{GET_CONTENT_MANIFEST, GetContentManifest};
