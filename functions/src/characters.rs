//! Characters: made, listed, read, changed and deleted by their account. A foreign character looks exactly like a missing
//! one, because the account is half of the key. `intent` is the way that all changes go.

mod cache;
mod change_currency;
mod change_hitpoints;
mod create_character;
mod delete_character;
mod equip_armor;
mod equip_weapon;
mod get_character;
mod intent;
mod learn_skill;
mod list_characters;
mod merge_items;
mod move_item;
mod raise_ability;
mod restore_character;
mod split_items;
mod unequip_armor;
mod unequip_weapon;
mod use_item;

pub(crate) use cache::CharacterCache;
pub use change_currency::{CHANGE_CURRENCY, ChangeCurrency};
pub use change_hitpoints::{CHANGE_HITPOINTS, ChangeHitpoints};
pub use create_character::{CREATE_CHARACTER, CreateCharacter};
pub use delete_character::{DELETE_CHARACTER, DeleteCharacter};
pub use equip_armor::{EQUIP_ARMOR, EquipArmor};
pub use equip_weapon::{EQUIP_WEAPON, EquipWeapon};
pub use get_character::{GET_CHARACTER, GetCharacter};
pub use learn_skill::{LEARN_SKILL, LearnSkill};
pub use list_characters::{LIST_CHARACTERS, ListCharacters};
pub use merge_items::{MERGE_ITEMS, MergeItems};
pub use move_item::{MOVE_ITEM, MoveItem};
pub use raise_ability::{RAISE_ABILITY, RaiseAbility};
pub use restore_character::{RESTORE_CHARACTER, RestoreCharacter};
pub use split_items::{SPLIT_ITEMS, SplitItems};
pub use unequip_armor::{UNEQUIP_ARMOR, UnequipArmor};
pub use unequip_weapon::{UNEQUIP_WEAPON, UnequipWeapon};
pub use use_item::{USE_ITEM, UseItem};

use crate::caller::Player;
use crate::endpoint::Call;
use crate::error::ApiError;
use guildhall_domain::Timestamp;
use guildhall_domain::limits::{CHARACTERS_KEPT_PER_ACCOUNT_MAX, CHARACTERS_PER_ACCOUNT_MAX};
use guildhall_storage::accounts;
use guildhall_storage::characters::CharacterRow;

/// Refuses an account that can have no further character. Deleted ones do not count as had, but as kept, so that nobody
/// fills the table by making and deleting.
fn require_room(mine: &[CharacterRow], now: Timestamp) -> Result<(), ApiError> {
    let living = mine.iter().filter(|row| row.character.deleted_at.is_none()).count();
    let kept = mine.iter().filter(|row| is_kept(row, now)).count();
    if living >= CHARACTERS_PER_ACCOUNT_MAX || kept > CHARACTERS_KEPT_PER_ACCOUNT_MAX {
        return Err(ApiError::new(409, "too_many_characters", "an account may have at most 16 characters"));
    }
    Ok(())
}

/// The number of the account's list of characters as it stands, after another request has moved it.
async fn roster_of(call: &Call<'_, Player>) -> Result<u64, ApiError> {
    let Player { account_id, login_session_id, .. } = call.caller;
    let account = accounts::find(&call.app.table, account_id).await?;
    let account = account.filter(|account| account.has_login(login_session_id, call.now));
    account.map(|account| account.roster).ok_or_else(ApiError::unauthorized)
}

/// Whether the character is there, or deleted and can still be restored.
fn is_kept(row: &CharacterRow, now: Timestamp) -> bool {
    row.character.restorable_until().is_none_or(|until| now < until)
}
