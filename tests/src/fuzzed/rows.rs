//! Rows as a store may hold them: every type that is read from an item, from items of any shape, in DynamoDB's own JSON.

use super::tape::Tape;
use guildhall_domain::Session;
use guildhall_storage::accounts::{AccountRow, AddressRow};
use guildhall_storage::characters::CharacterRow;
use guildhall_storage::content::{Published, PublishedEntry};
use guildhall_storage::events::ViolationRow;
use guildhall_storage::gamesims::GamesimRow;
use guildhall_storage::queue::{Request, Waiting};
use guildhall_storage::{Item, Key, TableName, decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The first byte says what the item is to be read as.
pub(super) fn run(bytes: &[u8]) {
    let mut tape = Tape::new(bytes);
    let kind = tape.byte();
    let Ok(item) = serde_json::from_slice::<Item>(tape.rest()) else { return };
    match kind {
        b'a' => check::<AccountRow>(item),
        b'm' => check::<AddressRow>(item),
        b'c' => check::<CharacterRow>(item),
        b's' => check::<Session>(item),
        b'g' => check::<GamesimRow>(item),
        b'w' => check::<Waiting>(item),
        b'r' => check::<Request>(item),
        b'v' => check::<ViolationRow>(item),
        b'p' => check::<Published>(item),
        _ => check::<PublishedEntry>(item),
    }
}

/// What can be read is the same when it is written and read again.
fn check<Row: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(item: Item) {
    let Ok(row) = decode::<Row>(item) else { return };
    let key = Key::new(TableName::Accounts, "pk", "sk");
    let written = encode(&key, &row).expect("a row can be written");
    assert_eq!(decode::<Row>(written).as_ref(), Ok(&row));
}
