//! What a process says to those who watch it.

use serde::{Deserialize, Serialize};

/// The answer of a process that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alive {
    /// Always true.
    pub alive: bool,
}

/// The answer of a process that can serve: the database answers, and there is content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ready {
    /// Version of the content in force, 16 hexadecimal digits.
    pub content_version: String,
}
