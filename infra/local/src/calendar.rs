//! Points in time as API Gateway and AWS signatures write them. Gregorian, UTC, from 1970 to 9999; nothing else is needed.

use guildhall_domain::Timestamp;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_S: u64 = 86_400;

/// `12/Mar/2020:19:03:58 +0000`, the form of `requestContext.time`.
pub(crate) fn gateway_time(at: Timestamp) -> String {
    let (year, month, day) = civil_from_days(at.as_secs() / DAY_S);
    let month = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
    let second = at.as_secs() % DAY_S;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{day:02}/{month}/{year}:{hour:02}:{minute:02}:{second:02} +0000")
}

/// Reads `20200312T190358Z`, the form of `x-amz-date`; `None` for anything that this is not the one spelling of.
pub(crate) fn parse_amz_date(text: &str) -> Option<Timestamp> {
    let digits = |from: usize, to: usize| -> Option<u64> {
        let part = text.get(from..to)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()
    };
    if text.len() != 16 || text.get(8..9) != Some("T") || text.get(15..) != Some("Z") {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(4, 6)?, digits(6, 8)?);
    let (hour, minute, second) = (digits(9, 11)?, digits(11, 13)?, digits(13, 15)?);
    if year < 1970 || !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_from_civil(year, month, day);
    // A day that its month does not have comes out as another date.
    let exists = civil_from_days(days) == (year, month, day);
    exists.then(|| Timestamp((days * DAY_S + hour * 3_600 + minute * 60 + second) * 1_000))
}

/// Days since 1970-01-01, by Howard Hinnant's `days_from_civil` ("chrono-Compatible Low-Level Date Algorithms").
const fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.saturating_sub(1);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse, from the same source.
const fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds were computed with `date -u +%s`.
    #[test]
    fn known_instants_are_read_and_written() {
        for (compact, seconds, written) in [
            ("19700101T000000Z", 0, "01/Jan/1970:00:00:00 +0000"),
            ("20000229T235959Z", 951_868_799, "29/Feb/2000:23:59:59 +0000"),
            ("20200312T190358Z", 1_584_039_838, "12/Mar/2020:19:03:58 +0000"),
            ("20251231T120000Z", 1_767_182_400, "31/Dec/2025:12:00:00 +0000"),
        ] {
            assert_eq!(parse_amz_date(compact), Some(Timestamp(seconds * 1_000)), "{compact}");
            assert_eq!(gateway_time(Timestamp(seconds * 1_000)), written);
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for wrong in [
            "",
            "20200312T190358",
            "2020-03-12T19:03Z",
            "20210229T000000Z",
            "20201301T000000Z",
            "20200300T000000Z",
            "20200312T240000Z",
            "20200312t190358Z",
            "+0200312T190358Z",
            "19691231T235959Z",
        ] {
            assert_eq!(parse_amz_date(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_survives() {
        for day in 0..146_097 {
            let (year, month, of_month) = civil_from_days(day);
            assert_eq!(days_from_civil(year, month, of_month), day);
        }
    }
}
