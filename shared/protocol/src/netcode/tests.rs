//! The two ends against each other over virtual time: every rule of the standard that we rely on, every rule beyond it, and
//! everything a hostile network can do to a datagram. `world` is the stage; no test waits for a clock.

mod connecting;
mod hostile;
mod lasting;
mod vectors;
mod world;
