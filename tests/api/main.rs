//! The REST routes, one module per area, as their callers meet them: through API Gateway events, over the embedded database.

mod accounts;
mod bad_input;
mod characters;
mod content;
mod fleet;
mod sessions;
