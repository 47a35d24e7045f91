//! How fast, how tightly and how surely game sessions are placed. The rates are those of the handlers over the table in
//! memory, called with API Gateway events as Lambda would be, so that what they do is measured and not the network; beside
//! them stands the same over the embedded database, which also says what it costs in DynamoDB's units.
//!
//! `rush` has the rates, on the table of `contended`; `disorder` the same routes when messages get lost and come twice.

mod contended;
pub(crate) mod disorder;
pub(crate) mod rush;
