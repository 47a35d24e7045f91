//! What the tests of the whole product stand on: a backend in one process with a clock that the test turns, and the whole
//! stack with real game-sim processes.

pub mod autoscaler;
pub mod backend;
pub mod call;
pub mod catalogue;
pub mod collector;
pub mod crowd;
pub mod dashboards;
pub mod deployment;
pub mod dice;
pub mod disorder;
pub mod function;
pub mod fuzzed;
pub mod hour;
pub mod openapi;
pub mod party;
pub mod process;
pub mod recorded;
pub mod routes;
pub mod signed;
#[cfg(target_os = "linux")]
pub mod swarm;
pub mod twin;
pub mod world;

pub use backend::{Answer, Backend, Caller};
pub use call::{Call, Who};
pub use dice::Dice;
