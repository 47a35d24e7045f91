//! The reason codes inside `Refused` and `SessionEnding`. Codes are never reused; an unknown one is shown as such.

macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant = $code,)*
        }

        impl $name {
            /// The code on the wire.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The reason of a code, if this version knows it.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

reasons! {
    /// Why a connected client gets no seat.
    RefusalReason {
        /// The client speaks another version of the payload layer.
        ProtocolVersion = 1,
        /// The client plays with other content than the session.
        ContentVersion = 2,
        /// The token was made for an earlier life of this game sim.
        GamesimEpoch = 3,
        /// The session is not here, or the token was made for an earlier placement of it.
        Session = 4,
        /// The seat does not exist, or another character holds it.
        Seat = 5,
        /// The user data of the token cannot be read.
        UserData = 6,
        /// The game sim is shutting down.
        Draining = 7,
        /// The client let too many reliable events pile up unacknowledged.
        Unresponsive = 8,
    }
}

reasons! {
    /// Why a session ends.
    EndingReason {
        /// The dungeon is won.
        Cleared = 1,
        /// Everybody left.
        Empty = 2,
        /// The time is up.
        TimeLimit = 3,
        /// The game sim is shutting down.
        Shutdown = 4,
        /// The session broke and its progress so far is being stored.
        Fault = 5,
        /// The player's account was signed out or banned.
        Revoked = 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_reasons_are_one_to_one() {
        let refusals: Vec<_> = (0..=u8::MAX).filter_map(RefusalReason::from_code).collect();
        assert_eq!(refusals.len(), 8);
        assert!(refusals.iter().all(|reason| RefusalReason::from_code(reason.code()) == Some(*reason)));
        let endings: Vec<_> = (0..=u8::MAX).filter_map(EndingReason::from_code).collect();
        assert_eq!(endings.len(), 6);
        assert!(endings.iter().all(|reason| EndingReason::from_code(reason.code()) == Some(*reason)));
    }
}
