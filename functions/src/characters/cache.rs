//! The characters that this process has seen, so that an intent on a character which it has just changed needs no read.
//!
//! Nothing is decided by the cache alone. A cached row is the base of a write that is conditional on the row's version and
//! lease, and wherever it leads to anything but a success, the stored row is read and judged instead. The list is shown for
//! a few seconds, and only while the account's row, which is read for every request, says that it has the same characters.
//!
//! What an account leaves here goes when its login ends, in this process or as seen by it, and otherwise when room is needed.

use guildhall_domain::limits::{ACCOUNTS_CACHED_MAX, CHARACTER_LIST_TTL_MS};
use guildhall_domain::{AccountId, CharacterId, Timestamp};
use guildhall_storage::characters::CharacterRow;
use lru::LruCache;
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Rows as they were last seen.
pub(crate) struct CharacterCache(Mutex<LruCache<AccountId, Held>>);

/// What is known of one account.
#[derive(Default)]
struct Held {
    rows: BTreeMap<CharacterId, CharacterRow>,
    /// Set while `rows` are all of the account's characters.
    listed: Option<Listed>,
}

struct Listed {
    roster: u64,
    until: Timestamp,
}

impl Default for CharacterCache {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(const { NonZeroUsize::new(ACCOUNTS_CACHED_MAX).unwrap() })))
    }
}

impl fmt::Debug for CharacterCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CharacterCache").field("rows", &self.len()).finish()
    }
}

impl CharacterCache {
    /// The character as it was at this version, if that is the latest that was seen.
    pub(super) fn find(&self, account_id: AccountId, character_id: CharacterId, version: u64) -> Option<CharacterRow> {
        let mut accounts = self.lock();
        let row = accounts.get(&account_id)?.rows.get(&character_id)?;
        (row.character.version == version).then(|| row.clone())
    }

    /// Keeps a row that was read or written. The list is read anew.
    pub(super) fn keep(&self, row: &CharacterRow) {
        let mut accounts = self.lock();
        let held = accounts.get_or_insert_mut(row.character.account_id, Held::default);
        held.listed = None;
        held.keep(row);
    }

    /// Forgets a character that was deleted.
    pub(super) fn forget(&self, account_id: AccountId, character_id: CharacterId) {
        if let Some(held) = self.lock().get_mut(&account_id) {
            held.listed = None;
            held.rows.remove(&character_id);
        }
    }

    /// Forgets everything of an account.
    pub(crate) fn forget_account(&self, account_id: AccountId) {
        self.lock().pop(&account_id);
    }

    /// All characters of an account, if they were read a moment ago and none has come or gone since.
    pub(super) fn list(&self, account_id: AccountId, roster: u64, now: Timestamp) -> Option<Vec<CharacterRow>> {
        let mut accounts = self.lock();
        let held = accounts.get(&account_id)?;
        let listed = held.listed.as_ref().filter(|listed| listed.roster == roster && now < listed.until);
        listed.map(|_| held.rows.values().cloned().collect())
    }

    /// Keeps all characters of an account, as read at `now` or after, when its roster had this number.
    pub(super) fn keep_list(&self, account_id: AccountId, roster: u64, rows: &[CharacterRow], now: Timestamp) {
        let mut accounts = self.lock();
        let held = accounts.get_or_insert_mut(account_id, Held::default);
        let known = |id: &CharacterId| rows.iter().any(|row| row.character.character_id == *id);
        held.rows.retain(|id, _| known(id));
        rows.iter().for_each(|row| held.keep(row));
        held.listed = Some(Listed { roster, until: now.plus_millis(CHARACTER_LIST_TTL_MS) });
    }

    /// Rows in the cache.
    pub(crate) fn len(&self) -> usize {
        self.lock().iter().map(|(_, held)| held.rows.len()).sum()
    }

    /// Whoever panicked while holding the lock has left a whole value behind: every change is one assignment.
    fn lock(&self) -> MutexGuard<'_, LruCache<AccountId, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Later versions replace earlier ones, in whatever order answers arrive.
    fn keep(&mut self, row: &CharacterRow) {
        let id = row.character.character_id;
        if self.rows.get(&id).is_none_or(|held| held.character.version <= row.character.version) {
            self.rows.insert(id, row.clone());
        }
    }
}
