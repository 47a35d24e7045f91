//! What identifies a player at the door: an e-mail address in one canonical spelling, and a password that is never shown.

use crate::Invalid;
use crate::limits::{EMAIL_BYTES_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Words that come to mind with any account here, and are tried as passwords first.
const WORDS: [&str; 1] = ["guildhall"];
/// The 3,000 most common passwords of eight characters and more, in lower case, one in a line: what leaked lists and guessing
/// programs begin with (OWASP ASVS 5.0, 6.2.4). Source: zxcvbn's list of frequent passwords.
const COMMON: &str = include_str!("account/common-passwords.txt");
/// Shortest word that makes a password weak, in characters.
const WORD_CHARS_MIN: usize = 4;

/// An e-mail address, lowercased; two spellings that differ only in case are one account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// Checks the shape only (`local@domain.tld`, no blanks or control characters); whether mail arrives is not known here.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let refuse = || {
            Invalid::new(
                "email",
                format!("expected an address like name@example.com of at most {EMAIL_BYTES_MAX} bytes"),
            )
        };
        let lower = text.trim().to_lowercase();
        let (local, domain) = lower.split_once('@').ok_or_else(refuse)?;
        let blank = lower.chars().any(|c| c.is_whitespace() || c.is_control());
        let dotted = domain.split('.').count() >= 2 && domain.split('.').all(|label| !label.is_empty());
        if blank || local.is_empty() || !dotted || domain.contains('@') || lower.len() > EMAIL_BYTES_MAX {
            return Err(refuse());
        }
        Ok(Self(lower))
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

/// A password as a player typed it. `Debug` hides it, and nothing serialises it but the client that sends it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Password(String);

impl Password {
    /// Accepts any text of the allowed length: composition rules only make passwords worse (NIST SP 800-63B, 3.1.1.2).
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if (PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("password", format!("expected {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters")))
        }
    }

    /// Refuses what is little more than the game's name or the account's own address, and what very many people choose. It is
    /// for passwords that are new: whoever has had one for long must still get in.
    pub fn resist_guessing(&self, email: &Email) -> Result<(), Invalid> {
        let lower = self.0.to_lowercase();
        let local = email.as_str().split('@').next().unwrap_or_default();
        let is_most = |word: &str| {
            word.chars().count() >= WORD_CHARS_MIN && lower.replace(word, "").chars().count() < PASSWORD_CHARS_MIN
        };
        if WORDS.into_iter().chain([email.as_str(), local]).any(is_most) {
            return Err(Invalid::new(
                "password",
                "it is little more than the game's name or the address; choose another",
            ));
        }
        if COMMON.lines().any(|common| common == lower) {
            return Err(Invalid::new("password", "it is one of the most common passwords; choose another"));
        }
        Ok(())
    }

    /// The secret itself, for the hash.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Password {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Password> for String {
    fn from(password: Password) -> Self {
        password.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_canonical_or_refused() {
        assert_eq!(Email::parse(" Ada@Example.COM ").unwrap().as_str(), "ada@example.com");
        for wrong in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "a da@example.com",
            "a@b@example.com",
            "ada@example..com",
        ] {
            assert!(Email::parse(wrong).is_err(), "{wrong:?} parsed");
        }
        assert!(Email::parse(&format!("{}@example.com", "a".repeat(EMAIL_BYTES_MAX))).is_err());
    }

    #[test]
    fn passwords_are_bounded_and_hidden() {
        assert!(Password::parse("1234567").is_err());
        assert!(Password::parse(&"x".repeat(129)).is_err());
        let shown = format!("{:?}", Password::parse("correct horse").unwrap());
        assert!(!shown.contains("horse"), "{shown}");
    }

    #[test]
    fn what_is_known_of_an_account_is_no_password_for_it() {
        let email = Email::parse("Ada.Lovelace@example.com").unwrap();
        let judge = |text: &str| Password::parse(text).unwrap().resist_guessing(&email).is_ok();
        for weak in ["guildhall", "GuildHall2026", "ada.lovelace", "ADA.LOVELACE!1", "ada.lovelace@example.com"] {
            assert!(!judge(weak), "{weak}");
        }
        for strong in ["correct horse", "the guildhall burns", "ada.lovelace has a secret", "x7Kp2mQz"] {
            assert!(judge(strong), "{strong}");
        }
        // Common ones in any letters, from the first of the list to the last; not what only begins or ends like one.
        for weak in ["password", "PassWord1", "!qaz2wsx", "ZZ8807zpl"] {
            assert!(!judge(weak), "{weak}");
        }
        assert!(judge("password of ada") && judge("my password") && judge("password\ntrustno1"));
        // A short name is part of many words.
        let ada = Email::parse("ada@example.com").unwrap();
        assert!(Password::parse("canadaaa").unwrap().resist_guessing(&ada).is_ok());
    }

    #[test]
    fn three_thousand_passwords_are_common() {
        assert_eq!(COMMON.lines().count(), 3_000);
        assert!(COMMON.lines().is_sorted_by(|a, b| a < b), "each stands there once");
        for common in COMMON.lines() {
            assert!(Password::parse(common).is_ok() && common == common.to_lowercase(), "{common:?} refuses nothing");
        }
    }
}
