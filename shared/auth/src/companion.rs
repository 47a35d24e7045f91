//! Companion tickets: a player's consent that one of their characters is seated in somebody else's next session. It is kept
//! nowhere; whoever is handed the text may use it until it expires. What it is worth at that moment (whether the login lives,
//! whether the character is free) is for whoever redeems it to judge.

use crate::{DerivationKey, coded};
use guildhall_domain::{AccountId, CharacterId, LoginSessionId, Timestamp};

const SIGNED_BYTES: usize = 16 + 16 + 16 + 8;
/// Keeps these codes apart from everything else that the key derives.
const PURPOSE: &str = "companion-ticket";

/// A companion ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompanionTicket {
    /// Who consents.
    pub account_id: AccountId,
    /// Who is to be seated.
    pub character_id: CharacterId,
    /// The login that consented, for which the seat is kept.
    pub login_session_id: LoginSessionId,
    /// Until when it may be used.
    pub expires_at: Timestamp,
}

impl CompanionTicket {
    /// The ticket as players hand it around: base64url without padding.
    pub fn encode(&self, key: &DerivationKey) -> String {
        let signed = [
            &self.account_id.to_bytes()[..],
            &self.character_id.to_bytes(),
            &self.login_session_id.to_bytes(),
            &self.expires_at.0.to_be_bytes(),
        ];
        coded::encode(&signed.concat(), PURPOSE, key)
    }

    /// The inverse of [`Self::encode`]; `None` for anything that was not encoded with this key. An expired ticket decodes.
    pub fn decode(text: &str, key: &DerivationKey) -> Option<Self> {
        let signed: [u8; SIGNED_BYTES] = coded::decode(text, PURPOSE, key)?;
        let (account_id, rest) = signed.split_first_chunk::<16>()?;
        let (character_id, rest) = rest.split_first_chunk::<16>()?;
        let (login_session_id, expires_at) = rest.split_first_chunk::<16>()?;
        Some(Self {
            account_id: AccountId::from_bytes(*account_id),
            character_id: CharacterId::from_bytes(*character_id),
            login_session_id: LoginSessionId::from_bytes(*login_session_id),
            expires_at: Timestamp(u64::from_be_bytes(expires_at.try_into().ok()?)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RefreshToken;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    const TICKET: CompanionTicket = CompanionTicket {
        account_id: AccountId::from_bits(1),
        character_id: CharacterId::from_bits(2),
        login_session_id: LoginSessionId::from_bits(3),
        expires_at: Timestamp(4),
    };

    #[test]
    fn a_ticket_comes_back_as_it_was_under_its_own_key_alone() {
        let key = DerivationKey::new([1; 32]);
        let text = TICKET.encode(&key);
        assert_eq!((text.len(), CompanionTicket::decode(&text, &key)), (96, Some(TICKET)));
        assert_eq!(CompanionTicket::decode(&text, &DerivationKey::new([2; 32])), None);
        assert_eq!(RefreshToken::decode(&text, &key), None);
    }

    #[test]
    fn whatever_is_altered_is_noticed() {
        let key = DerivationKey::new([1; 32]);
        let text = TICKET.encode(&key);
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert_eq!(CompanionTicket::decode(&URL_SAFE_NO_PAD.encode(altered), &key), None, "byte {at}");
        }
        for wrong in ["", "x", &text[1..], &format!("{text}A"), &format!("{text}="), &"é".repeat(48)] {
            assert_eq!(CompanionTicket::decode(wrong, &key), None, "{wrong:?}");
        }
        // The purpose is part of what is signed.
        let foreign = coded::encode(&bytes[..SIGNED_BYTES], "refresh-token", &key);
        assert_eq!(CompanionTicket::decode(&foreign, &key), None);
    }
}
