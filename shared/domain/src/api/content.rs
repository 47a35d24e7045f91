//! The content in force, whole and in parts.

use crate::Content;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The whole content, with its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContentBundle {
    /// See [`Content::version_of`]; 16 hexadecimal digits.
    pub version: String,
    /// The content.
    pub content: Content,
}

/// Everything that there is, by name: a client that knows the tags fetches only what changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContentManifest {
    /// See [`Content::version_of`]; 16 hexadecimal digits.
    pub version: String,
    /// Kind, then id, then the entity tag without its quotes.
    pub kinds: BTreeMap<String, BTreeMap<String, String>>,
}

/// Which state of something is asked for. Whatever it says, the answer is the content in force; if it says right, caches
/// may keep the answer for good.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ContentQuery {
    /// The entity tag without its quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v: Option<String>,
}

/// Which entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ContentEntryPath {
    /// Path parameter: `classes`, `enemies`, `items`, `loot-tables`, `dungeons` or `progression`.
    pub kind: String,
    /// Path parameter.
    pub id: String,
    /// As in [`ContentQuery`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v: Option<String>,
}
