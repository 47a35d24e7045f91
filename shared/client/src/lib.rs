//! What a game links to play Guildhall: the REST client, the UDP client with its view of the world, prediction, and a bot
//! that plays on its own.
//!
//! The parts build on each other. [`rest`] asks the API: accounts, with tokens that renew themselves; characters, with an
//! intent for everything that a player may want of one; content; and game sessions, where the answer to create and join says
//! where to connect. [`game`] is the connection as a value, without a socket or a clock, for engines that drive their own loop; [`connection`] drives it
//! with tokio. [`floor`] and [`prediction`] repeat the server's walking rules, so that one's own character answers at
//! once, and [`interpolation`] shows all others in an even motion. [`bot`] decides what a player does next; [`party`] lets several bots play a dungeon from the first request to the
//! last event. Nothing here is trusted by the servers.

pub mod bot;
pub mod connection;
pub mod floor;
pub mod game;
pub mod interpolation;
pub mod party;
pub mod prediction;
pub mod rest;

pub use connection::{GameConnection, OpenError, Rejoined, Wish, rejoin};
pub use game::{GameClient, View};
pub use interpolation::{Interpolator, Pose};
pub use party::{PartyMember, PartyOptions, PartyProgress, PartyResult, play_dungeon};
pub use prediction::Predictor;
pub use rest::{Api, ApiError, ClientError, Player, RoutedIntent, Tagged};
