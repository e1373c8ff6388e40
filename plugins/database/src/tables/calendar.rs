//! Dates and times as ISO 8601 writes them, from the numbers that databases send.

/// `2024-02-29`, from days since 1970-01-01. After Howard Hinnant's `civil_from_days`.
pub(super) fn date(days: i64) -> String {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2024-02-29T12:34:56.789`, from microseconds since 1970.
pub(super) fn timestamp(microseconds: i64) -> String {
    const DAY: i64 = 86_400_000_000;
    let (days, within) = (microseconds.div_euclid(DAY), microseconds.rem_euclid(DAY));
    format!("{}T{}", date(days), time(within))
}

/// `12:34:56.789`, from microseconds since midnight. Without a fraction of zero.
pub(super) fn time(microseconds: i64) -> String {
    let (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = format!("{hour:02}:{minute:02}:{second:02}");
    if fraction != 0 {
        text.push_str(format!(".{fraction:06}").trim_end_matches('0'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    // `date -u -d @… +%FT%T` of GNU coreutils.
    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_400, "2000-02-29T00:00:00"),
            (1_709_210_096, "2024-02-29T12:34:56"),
            (4_107_542_399, "2100-02-28T23:59:59"),
            (-1, "1969-12-31T23:59:59"),
            (-62_135_596_800, "0001-01-01T00:00:00"),
        ] {
            assert_eq!(timestamp(seconds * 1_000_000), text);
        }
        assert_eq!(time(3_723_004_500), "01:02:03.0045");
    }
}
