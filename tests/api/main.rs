//! The REST routes, one module per area, as their callers meet them: through API Gateway events, over the embedded database.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod accounts;
mod bad_input;
mod bill;
mod budget;
mod characters;
mod client;
mod content;
mod disorder;
mod events;
mod fleet;
mod front;
mod health;
mod hostile_values;
mod intents;
mod matrix;
mod parties;
mod queue;
mod sessions;
mod storm;
mod unanswered;
