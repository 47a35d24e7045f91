//! The checkpoints of all rooms of one shard as one object, because the store is paid by the call: an index, then the
//! checkpoints one after the other. All numbers are little-endian.
//!
//! | field | bytes |
//! |---|---|
//! | format, 1 | 1 |
//! | entries | 4 |
//! | for each entry: session id (big-endian), session epoch, number, length in bytes | 16 + 4 + 4 + 4 |
//! | the checkpoints, in the order of the index | as the index says |

use crate::limits::{CHECKPOINT_BYTES_MAX, CHECKPOINT_OBJECT_BYTES_MAX};
use guildhall_domain::SessionId;
use std::collections::BTreeMap;

const FORMAT: u8 = 1;
const HEADER_BYTES: usize = 1 + 4;
const ENTRY_BYTES: usize = 16 + 4 + 4 + 4;

/// One session's checkpoint, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// The session's epoch when it was taken.
    pub session_epoch: u32,
    /// Its number within that epoch.
    pub number: u32,
    /// The room.
    pub bytes: Vec<u8>,
}

/// The object with the latest checkpoint of each session, and the epoch and number of each that is in it. What would
/// make it longer than [`CHECKPOINT_OBJECT_BYTES_MAX`] is left out.
pub(crate) fn encode(latest: &BTreeMap<SessionId, StoredCheckpoint>) -> (Vec<u8>, BTreeMap<SessionId, (u32, u32)>) {
    let mut included = BTreeMap::new();
    let (mut index, mut blobs) = (Vec::with_capacity(latest.len() * ENTRY_BYTES), Vec::new());
    for (session_id, StoredCheckpoint { session_epoch, number, bytes }) in latest {
        let length = HEADER_BYTES + index.len() + ENTRY_BYTES + blobs.len() + bytes.len();
        let Ok(blob_length) = u32::try_from(bytes.len()) else { continue };
        if length > CHECKPOINT_OBJECT_BYTES_MAX {
            continue;
        }
        index.extend(session_id.to_bytes());
        for field in [*session_epoch, *number, blob_length] {
            index.extend(field.to_le_bytes());
        }
        blobs.extend_from_slice(bytes);
        included.insert(*session_id, (*session_epoch, *number));
    }
    let mut object = Vec::with_capacity(HEADER_BYTES + index.len() + blobs.len());
    object.push(FORMAT);
    object.extend(u32::try_from(included.len()).unwrap_or(u32::MAX).to_le_bytes());
    object.append(&mut index);
    object.append(&mut blobs);
    (object, included)
}

/// The checkpoint that an object has of a session, in this epoch of it. `None` also for bytes that are no object.
pub(crate) fn find(object: &[u8], session_id: SessionId, session_epoch: u32) -> Option<StoredCheckpoint> {
    let (_, rest) = object.split_first().filter(|(format, _)| **format == FORMAT)?;
    let (entries, rest) = rest.split_first_chunk()?;
    let index_bytes = usize::try_from(u32::from_le_bytes(*entries)).ok()?.checked_mul(ENTRY_BYTES)?;
    let (index, mut blobs) = rest.split_at_checked(index_bytes)?;
    let mut found = None;
    for entry in index.chunks_exact(ENTRY_BYTES) {
        let (id, fields) = entry.split_first_chunk()?;
        let (epoch, fields) = fields.split_first_chunk()?;
        let (number, fields) = fields.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*fields.first_chunk()?)).ok()?;
        let (blob, others) = blobs.split_at_checked(length).filter(|_| length <= CHECKPOINT_BYTES_MAX)?;
        blobs = others;
        let epoch = u32::from_le_bytes(*epoch);
        if (SessionId::from_bytes(*id), epoch) == (session_id, session_epoch) {
            let number = u32::from_le_bytes(*number);
            found = Some(StoredCheckpoint { session_epoch, number, bytes: blob.to_vec() });
        }
    }
    found.filter(|_| blobs.is_empty())
}
