//! What a connect token says about its bearer: the 256 bytes that netcode carries sealed from the API to the game sim.
//!
//! The protocol version comes first, so that a sim of any version can tell a client of another one why it is refused.
//! Whether the data fits the sim's sessions is for the sim to judge.

use crate::netcode::USER_DATA_BYTES;
use guildhall_domain::{AccountId, CharacterId, SessionId};

/// Which seat of which session the bearer may take, as whom, and with which versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserData {
    /// The session to enter.
    pub session_id: SessionId,
    /// Placement of the session that the token was made for.
    pub session_epoch: u32,
    /// The seat to take.
    pub seat: u8,
    /// The account that asked for the token.
    pub account_id: AccountId,
    /// The character that sits there.
    pub character_id: CharacterId,
    /// Version of the payload layer that the client speaks.
    pub protocol_version: u16,
    /// Version of the content that the client plays with.
    pub content_version: u64,
    /// Life of the game sim that the token was made for.
    pub gamesim_epoch: u64,
}

/// Why user data cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("reserved bytes of the user data are set")]
pub struct UserDataError;

impl UserData {
    /// The user data as it goes into a connect token.
    pub fn encode(&self) -> [u8; USER_DATA_BYTES] {
        let fields: [&[u8]; 8] = [
            &self.protocol_version.to_le_bytes(),
            &self.session_id.to_bytes(),
            &self.session_epoch.to_le_bytes(),
            &[self.seat],
            &self.account_id.to_bytes(),
            &self.character_id.to_bytes(),
            &self.content_version.to_le_bytes(),
            &self.gamesim_epoch.to_le_bytes(),
        ];
        let mut bytes = [0; USER_DATA_BYTES];
        for (to, from) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }

    /// The inverse of [`Self::encode`]. Reserved bytes must be zero in our own version; another version may use them.
    pub fn decode(bytes: &[u8; USER_DATA_BYTES]) -> Result<Self, UserDataError> {
        let mut rest = bytes.as_slice();
        let user_data = Self {
            protocol_version: u16::from_le_bytes(take(&mut rest)?),
            session_id: SessionId::from_bytes(take(&mut rest)?),
            session_epoch: u32::from_le_bytes(take(&mut rest)?),
            seat: u8::from_le_bytes(take(&mut rest)?),
            account_id: AccountId::from_bytes(take(&mut rest)?),
            character_id: CharacterId::from_bytes(take(&mut rest)?),
            content_version: u64::from_le_bytes(take(&mut rest)?),
            gamesim_epoch: u64::from_le_bytes(take(&mut rest)?),
        };
        let reserved_used = rest.iter().any(|byte| *byte != 0);
        if user_data.protocol_version == crate::PROTOCOL_VERSION && reserved_used {
            return Err(UserDataError);
        }
        Ok(user_data)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], UserDataError> {
    let (field, after) = rest.split_first_chunk().ok_or(UserDataError)?;
    *rest = after;
    Ok(*field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> UserData {
        UserData {
            session_id: SessionId::from_bits(1),
            session_epoch: 2,
            seat: 3,
            account_id: AccountId::from_bits(4),
            character_id: CharacterId::from_bits(5),
            protocol_version: crate::PROTOCOL_VERSION,
            content_version: 6,
            gamesim_epoch: u64::MAX,
        }
    }

    #[test]
    fn every_field_survives_and_has_its_place() {
        let bytes = example().encode();
        assert_eq!(UserData::decode(&bytes), Ok(example()));
        // The places that docs/PROTOCOL.md states.
        assert_eq!((bytes[0], bytes[17], bytes[18], bytes[22]), (crate::PROTOCOL_VERSION as u8, 1, 2, 3));
        assert_eq!((bytes[38], bytes[54], bytes[55], bytes[63], bytes[70], bytes[71]), (4, 5, 6, 255, 255, 0));
    }

    #[test]
    fn reserved_bytes_are_refused_in_our_version_and_left_alone_in_another() {
        let mut bytes = example().encode();
        bytes[255] = 1;
        assert_eq!(UserData::decode(&bytes), Err(UserDataError));
        bytes[0] = 200;
        assert_eq!(UserData::decode(&bytes).unwrap().protocol_version, 200);
    }
}
