//! Points in time as directories write them, in seconds since 1970.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Says what time it is.
///
/// *Why* one of our own: a directory stamps its entries with the time of its own machine, and a clock
/// that a story moves knows nothing of that. Tests of this crate move this one instead.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// The machine's own clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "the directory's stamps are compared with the real time, which no story moves"
    )]
    pub(crate) fn system() -> Self {
        Self::from_fn(|| match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            Err(_) => 0,
        })
    }

    /// A clock that shows what `read` returns.
    pub(crate) fn from_fn(read: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    pub(crate) fn now(&self) -> i64 {
        (self.0)()
    }
}

/// `YYYYMMDDHH[MM[SS]][.fraction](Z|±HH[MM])`: GeneralizedTime (RFC 4517 §3.3.13).
pub(crate) fn generalized(text: &str) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (time, rest) = text.split_at_checked(digits)?;
    let part = |from: usize, to: usize| match time.get(from..to) {
        Some(digits) => digits.parse::<i64>().ok(),
        None => Some(0),
    };
    if !matches!(digits, 10 | 12 | 14) {
        return None;
    }
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    // `000001010000Z` is the "for ever" of OpenLDAP: it has month and day, and the year 0.
    if !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    let zone = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => fraction.trim_start_matches(|digit: char| digit.is_ascii_digit()),
        None => rest,
    };
    let days = days_since_1970(year, month, day);
    Some(days * 86_400 + hour * 3600 + minute * 60 + second - offset(zone)?)
}

/// Seconds that a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number = |digits: Option<&str>| digits.map_or(Some(0), |digits| digits.parse::<i64>().ok());
    Some(sign * (number(digits.get(..2))? * 3600 + number(digits.get(2..4))? * 60))
}

/// The civil calendar, extended to all years; March comes first, so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// A FILETIME: tenths of microseconds since 1601. `None` for its two ways to say "never".
pub(crate) fn filetime(text: &str) -> Option<i64> {
    match text.parse::<i64>().ok()? {
        0 | i64::MAX => None,
        ticks => Some(ticks.div_euclid(10_000_000) - 11_644_473_600),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_generalized_time_is_read() {
        for (text, seconds) in [
            ("19700101000000Z", 0),
            ("20000229120000Z", 951_825_600),
            ("20240229235959.999Z", 1_709_251_199),
            ("202402292359Z", 1_709_251_140),
            ("20240301000000+0100", 1_709_247_600),
            ("20240301000000-01", 1_709_254_800),
            ("19691231235959Z", -1),
            ("000001010000Z", -62_167_219_200),
        ] {
            assert_eq!(generalized(text), Some(seconds), "{text}");
        }
        for bad in [
            "",
            "Z",
            "2024",
            "20241301000000Z",
            "20240132000000Z",
            "20240101000000",
            "x",
            "20240101000000+1",
        ] {
            assert_eq!(generalized(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_filetime_is_read() {
        assert_eq!(filetime("116444736000000000"), Some(0));
        assert_eq!(filetime("133485408000000000"), Some(1_704_067_200));
        for never in ["0", "9223372036854775807", "", "x", "1e9"] {
            assert_eq!(filetime(never), None, "{never}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in any::<String>(), time in "[0-9]{10,14}[.,Z+-]?[0-9Z]{0,5}") {
            let _ = (generalized(&text), generalized(&time), filetime(&text));
        }

        #[test]
        fn days_follow_one_another(day in -1_000_000_i64..1_000_000) {
            // A day is at most one month and one year away from where the average length puts it.
            let year = 1970 + day.div_euclid(366);
            let first = days_since_1970(year, 1, 1);
            let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            let leap = i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
            let mut begins = first;
            for (month, length) in (1..).zip(lengths) {
                prop_assert_eq!(days_since_1970(year, month, 1), begins);
                begins += length + if month == 2 { leap } else { 0 };
            }
            prop_assert_eq!(days_since_1970(year + 1, 1, 1), begins);
        }
    }
}
