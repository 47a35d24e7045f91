//! The targets of `make fuzz`, as functions that take any bytes and panic where the product breaks a promise: nothing that
//! arrives from outside makes it panic, and what it accepts it gives back as it was. libFuzzer calls them
//! (`tests/fuzz`), and a test feeds them the committed corpus, in which every input that ever broke something stays.
//!
//! A target for a decoder is one call. One for a state machine reads its input as a [`Tape`] of things to do to it, with
//! the keys known: what is sealed with the right key comes further than any forgery.

mod client;
mod decoders;
mod doors;
mod packet;
mod rows;
mod sealed;
mod shard;
mod tape;

pub use tape::Tape;

use std::path::{Path, PathBuf};

/// Something that takes any bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is also that of its folder in the corpus.
    pub name: &'static str,
    /// Does it.
    pub run: fn(&[u8]),
}

/// All of them: first what comes by UDP, then what comes by HTTPS, then what comes out of a store.
pub static TARGETS: &[Target] = &[
    Target { name: "packet", run: packet::run },
    Target { name: "connect-token", run: packet::run_token },
    Target { name: "shard", run: shard::run },
    Target { name: "client", run: client::run },
    Target { name: "client-message", run: decoders::run_client_message },
    Target { name: "server-message", run: decoders::run_server_message },
    Target { name: "access-token", run: doors::run_access_token },
    Target { name: "request", run: doors::run_request },
    Target { name: "name", run: doors::run_name },
    Target { name: "content", run: doors::run_content },
    Target { name: "row", run: rows::run },
    Target { name: "checkpoint", run: shard::run_checkpoint },
    Target { name: "recording", run: decoders::run_recording },
    Target { name: "combat-log", run: decoders::run_combat_log },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// The folder with the committed inputs, one folder for each target.
pub fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}
