//! A character's name: which texts may be one, and which two are the same. Names are for reading, so nothing that reads
//! like another name, or that a reader cannot see, gets in.

use crate::Invalid;
use crate::limits::{
    CHARACTER_NAME_BYTES_MAX, CHARACTER_NAME_GRAPHEME_CHARS_MAX, CHARACTER_NAME_GRAPHEMES_MAX,
    CHARACTER_NAME_GRAPHEMES_MIN,
};
use caseless::Caseless;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::{RestrictionLevel, RestrictionLevelDetection, skeleton};
use unicode_segmentation::UnicodeSegmentation;

/// A character's name: 3 to 16 letters, digits, single blanks, hyphens or apostrophes, beginning and ending with a letter or
/// digit, in one script; kept in Unicode's normal form C.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CharacterName(String);

impl CharacterName {
    /// Checks a name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let refuse = |reason: &str| Err(Invalid::new("name", reason));
        // Before any work whose effort grows with the length.
        if text.len() > CHARACTER_NAME_BYTES_MAX {
            return refuse("too long");
        }
        let name: String = text.nfc().collect();
        if !is_well_formed(&name) {
            return refuse("expected 3 to 16 letters, digits, single blanks, hyphens or apostrophes");
        }
        let letters: String = name.chars().filter(|c| !is_joiner(*c)).collect();
        // UTS 39, section 5.2: one script, or a combination that a language in use writes (Japanese, Korean, Chinese). This
        // also refuses what is allowed in no identifier: invisible, directional, obsolete and compatibility characters.
        if !letters.as_str().check_restriction_level(RestrictionLevel::HighlyRestrictive) {
            return refuse("expected letters of one script, and none that is unusual or invisible");
        }
        // UTS 39, section 4: a name of another script that would be read as one in plain Latin letters.
        let latin = letters.chars().any(|c| c.is_ascii_alphanumeric());
        if !latin && skeleton(&letters).all(|c| c.is_ascii()) {
            return refuse("it could be mistaken for a name in Latin letters");
        }
        Ok(Self(name))
    }

    /// Reads a name of a record, which was parsed when its character was created: its letters are not looked at again. So a
    /// function that reads characters but names none comes without the tables of all the world's scripts, 0.15 MB of its
    /// archive, and a character stays readable when a later Unicode thinks otherwise of its name.
    pub(crate) fn kept<'de, D: Deserializer<'de>>(record: D) -> Result<Self, D::Error> {
        let name = String::deserialize(record)?;
        if name.is_empty() || name.len() > CHARACTER_NAME_BYTES_MAX {
            return Err(D::Error::custom("a name of no length that a name has"));
        }
        Ok(Self(name))
    }

    /// The name as typed, in normal form C.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two names have in common that are the same to a reader: compatibility caseless form (The Unicode Standard,
    /// section 3.13, D146), composed. Uniqueness is judged on this.
    pub fn folded(&self) -> String {
        let once: String = self.0.nfd().default_case_fold().nfkd().collect();
        once.chars().default_case_fold().nfkc().collect()
    }
}

fn is_joiner(c: char) -> bool {
    matches!(c, ' ' | '-' | '\'')
}

fn is_well_formed(name: &str) -> bool {
    let graphemes = || name.graphemes(true);
    let length = CHARACTER_NAME_GRAPHEMES_MIN..=CHARACTER_NAME_GRAPHEMES_MAX;
    let starts_with_letter = |grapheme: &str| grapheme.chars().next().is_some_and(char::is_alphanumeric);
    length.contains(&graphemes().count())
        && graphemes().all(|grapheme| grapheme.chars().count() <= CHARACTER_NAME_GRAPHEME_CHARS_MAX)
        && name.chars().all(|c| c.is_alphanumeric() || is_joiner(c) || is_combining_mark(c))
        && graphemes().next().is_some_and(starts_with_letter)
        && graphemes().next_back().is_some_and(starts_with_letter)
        && !name.contains("  ")
}

impl TryFrom<String> for CharacterName {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<CharacterName> for String {
    fn from(name: CharacterName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_short_plain_and_trimmed() {
        let right =
            ["Ada", "Jean-Luc", "D'Artagnan", "Éowyn 2", "Łukasz", "Жанна", "さくら子", "गायत्री", "E\u{301}owyn"];
        for right in right {
            assert!(CharacterName::parse(right).is_ok(), "{right:?} refused");
        }
        let wrong =
            ["", "ab", " Ada", "Ada ", "A  da", "-Ada", "<b>x</b>", "abcdefghijklmnopq", "Ada\n", "Ada_x", "🙂🙂🙂"];
        for wrong in wrong {
            assert!(CharacterName::parse(wrong).is_err(), "{wrong:?} parsed");
        }
    }

    #[test]
    fn what_deceives_a_reader_is_no_name() {
        for (wrong, why) in [
            ("Ada\u{202e}x", "right-to-left override"),
            ("Ada\u{2066}x", "isolate"),
            ("Ada\u{200b}x", "zero-width space"),
            ("Ada\u{200d}x", "zero-width joiner"),
            ("Ada\u{feff}x", "byte order mark"),
            ("Ada\u{ad}x", "soft hyphen"),
            ("Аda", "Cyrillic and Latin"),
            ("Αda", "Greek and Latin"),
            ("сосо", "Cyrillic that reads as Latin"),
            ("Ａｄａ", "full-width letters"),
            ("𝐀𝐝𝐚", "mathematical letters"),
            ("Ada²", "superscript"),
            ("Ad\u{e9}\u{301}\u{301}\u{301}\u{301}", "a tower of marks"),
        ] {
            assert!(CharacterName::parse(wrong).is_err(), "{why} parsed");
        }
    }

    #[test]
    fn names_that_read_the_same_fold_to_the_same() {
        let folded = |text: &str| CharacterName::parse(text).unwrap().folded();
        for (one, other) in [("Ada", "ADA"), ("Éowyn", "e\u{301}OWYN"), ("Groß", "GROSS"), ("Νίκος", "ΝΊΚΟΣ")]
        {
            assert_eq!(folded(one), folded(other));
        }
        assert_ne!(folded("Ada"), folded("Ada 2"));
    }

    /// What is stored is read as it is; what is asked for is judged.
    #[test]
    fn a_character_keeps_a_name_that_none_would_get_today() {
        let content = crate::rules::tests::seed_content();
        let mut record = serde_json::to_value(crate::rules::tests::character(&content, "fighter")).unwrap();
        let renamed = |record: &mut serde_json::Value, name: &str| {
            record["name"] = name.into();
            serde_json::from_value::<crate::Character>(record.clone()).map(|character| String::from(character.name))
        };
        assert_eq!(renamed(&mut record, "Аda").unwrap(), "Аda");
        for wrong in ["", &"a".repeat(CHARACTER_NAME_BYTES_MAX + 1)] {
            assert!(renamed(&mut record, wrong).is_err(), "{wrong:?} read");
        }
        let request = serde_json::json!({ "name": "Аda", "class": "fighter" });
        assert!(serde_json::from_value::<crate::api::CreateCharacterRequest>(request).is_err());
    }

    proptest! {
        #[test]
        fn parsing_and_folding_are_stable(text in "\\PC{1,20}") {
            if let Ok(name) = CharacterName::parse(&text) {
                prop_assert_eq!(CharacterName::parse(name.as_str()), Ok(name.clone()));
                if let Ok(again) = CharacterName::parse(&name.folded()) {
                    prop_assert_eq!(again.folded(), name.folded());
                }
            }
        }
    }
}
