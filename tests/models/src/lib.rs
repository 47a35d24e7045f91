//! The protocols that everything else rests on, as small models whose every state a model checker visits, whatever order
//! messages take and whoever dies when. A model here has the transactions, conditions and recoveries of the real code, and
//! nothing of its bytes; each action names the file whose behaviour it stands for.
//!
//! Each model comes with *twins*: the same model with one rule left out or replaced by what one would write first. A twin must
//! be refuted, by the property that its rule keeps; otherwise the model could not tell, and its silence would mean nothing.
//!
//! [`registry`] is about game sims, sessions and seats; [`writing`] about leases, write-behind and going on from a checkpoint;
//! [`loot`] about things and coins that change hands. [`search`] runs them.

pub mod catalogue;
pub mod loot;
pub mod registry;
pub mod search;
pub mod writing;
