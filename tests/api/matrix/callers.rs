//! Those who call: one who may, and everybody who might wish they could.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildhall_auth::SigningKeys;
use guildhall_domain::{AccountId, LoginSessionId, Timestamp, TokenId};
use guildhall_functions::Access;
use guildhall_tests::Caller;
use guildhall_tests::backend::ACCESS_SECRET;
use serde_json::Value;

/// A kind of caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Anonymous,
    /// The owner, by a token whose login was ended.
    LoggedOut,
    /// A player whom an operator has banned.
    Banned,
    /// A player whose account is deleted.
    Deleted,
    /// The owner, by a token of a living login whose hour is over.
    Expired,
    /// The owner, by the refresh token.
    RefreshToken,
    /// The owner, by the ticket to the game sim.
    ConnectToken,
    /// The owner's token, signed with another key of the same name.
    ForeignKey,
    /// The owner's token, not signed at all.
    Unsigned,
    Owner,
    OtherPlayer,
    /// Somebody of another role of the cloud account.
    OtherRole,
    /// The game sim that runs the owner's session.
    Holder,
    /// The same, as the boot before this one.
    OldBoot,
    /// The same, under an earlier placement of the session.
    OldPlacement,
    /// A game sim without this session.
    OtherGamesim,
    /// The same, quoting the holder's epochs.
    Impostor,
    Operator,
}

impl Who {
    pub(super) const ALL: [Self; 18] = [
        Self::Anonymous,
        Self::LoggedOut,
        Self::Banned,
        Self::Deleted,
        Self::Expired,
        Self::RefreshToken,
        Self::ConnectToken,
        Self::ForeignKey,
        Self::Unsigned,
        Self::Owner,
        Self::OtherPlayer,
        Self::OtherRole,
        Self::Holder,
        Self::OldBoot,
        Self::OldPlacement,
        Self::OtherGamesim,
        Self::Impostor,
        Self::Operator,
    ];

    /// The routes that let them in, beside those that let everybody in.
    pub(super) const fn access(self) -> Access {
        match self {
            Self::Owner | Self::OtherPlayer => Access::Player,
            Self::Holder | Self::OldBoot | Self::OldPlacement | Self::OtherGamesim | Self::Impostor => Access::Gamesim,
            Self::Operator => Access::Operator,
            _ => Access::Public,
        }
    }
}

/// What the players among them show.
pub(super) struct Tokens {
    pub(super) owner: String,
    pub(super) other_player: String,
    pub(super) logged_out: String,
    pub(super) banned: String,
    pub(super) deleted: String,
    pub(super) refresh: String,
    pub(super) connect: String,
    expired: String,
    foreign_key: String,
    unsigned: String,
}

impl Tokens {
    /// The given ones and those that are forged after the owner's.
    pub(super) fn new(
        owner: &str,
        other_player: &str,
        [logged_out, banned, deleted]: [&str; 3],
        [refresh, connect]: [&str; 2],
        now: Timestamp,
    ) -> Self {
        let payload = owner.split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        let account: AccountId = claims["sub"].as_str().unwrap().parse().unwrap();
        let login: LoginSessionId = claims["sid"].as_str().unwrap().parse().unwrap();
        let sign = |secret: [u8; 32], at: Timestamp| {
            let keys = SigningKeys::new(vec![("1".to_owned(), secret.to_vec())]).unwrap();
            keys.issue(account, login, TokenId::from_bits(1), at, 3_600)
        };
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none","kid":"1"}"#);
        Self {
            owner: owner.to_owned(),
            other_player: other_player.to_owned(),
            logged_out: logged_out.to_owned(),
            banned: banned.to_owned(),
            deleted: deleted.to_owned(),
            refresh: refresh.to_owned(),
            connect: connect.to_owned(),
            expired: sign(ACCESS_SECRET, Timestamp(now.0 - 3_600_000)),
            foreign_key: sign([6; 32], now),
            unsigned: format!("{header}.{payload}."),
        }
    }

    pub(super) fn caller(&self, who: Who) -> Caller<'_> {
        match who {
            Who::Anonymous => Caller::Anyone,
            Who::LoggedOut => Caller::Bearer(&self.logged_out),
            Who::Banned => Caller::Bearer(&self.banned),
            Who::Deleted => Caller::Bearer(&self.deleted),
            Who::Expired => Caller::Bearer(&self.expired),
            Who::RefreshToken => Caller::Bearer(&self.refresh),
            Who::ConnectToken => Caller::Bearer(&self.connect),
            Who::ForeignKey => Caller::Bearer(&self.foreign_key),
            Who::Unsigned => Caller::Bearer(&self.unsigned),
            Who::Owner => Caller::Bearer(&self.owner),
            Who::OtherPlayer => Caller::Bearer(&self.other_player),
            Who::OtherRole => Caller::Role("guildhall-deployer", "sim-a"),
            Who::Holder | Who::OldBoot | Who::OldPlacement => Caller::Gamesim("sim-a"),
            Who::OtherGamesim | Who::Impostor => Caller::Gamesim("sim-b"),
            Who::Operator => Caller::Operator("olga"),
        }
    }
}
