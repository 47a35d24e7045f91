//! Points in time as plain numbers, so that every rule takes `now` as an argument.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This instant in whole seconds, as tokens and TTL attributes want it.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// The instant `seconds` later.
    pub const fn plus_secs(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// The instant `millis` later.
    pub const fn plus_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The day in UTC, `YYYY-MM-DD`.
    pub fn day(self) -> String {
        let (year, month, day) = civil(self.as_secs() / 86_400);
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// Whether a text is a day as [`Self::day`] writes it.
    pub fn is_day(text: &str) -> bool {
        let parts: Vec<&str> = text.split('-').collect();
        let is_number =
            |part: &str, digits: usize| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        matches!(parts.as_slice(), [year, month, day]
            if is_number(year, 4) && is_number(month, 2) && is_number(day, 2)
                && matches!(month.parse(), Ok(1..=12)) && matches!(day.parse(), Ok(1..=31)))
    }
}

/// Year, month and day of a day since 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms").
const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + if month <= 2 { 1 } else { 0 }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let days = [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_700_000_000, "2023-11-14"),
            (4_102_444_799, "2099-12-31"),
        ];
        for (seconds, day) in days {
            assert_eq!(Timestamp(seconds * 1_000).day(), day);
            assert!(Timestamp::is_day(day));
        }
        for wrong in
            ["", "2023-1-14", "2023-13-01", "2023-00-01", "2023-01-32", "2023-01-01-", "+023-01-01", "20230101"]
        {
            assert!(!Timestamp::is_day(wrong), "{wrong}");
        }
    }
}
