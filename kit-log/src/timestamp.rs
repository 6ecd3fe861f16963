//! Dates as RFC 3339 prints them, in UTC with nanoseconds: `2026-11-21T18:23:05.000000007Z`.
//!
//! All but the nanoseconds changes once a second, so each thread keeps the text of its last date.
//!
//! # Source
//! Days to a date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::digits::PAIRS;

/// Bytes of a printed date: always the same.
pub(crate) const LEN: usize = 30;

/// Where the nanoseconds begin.
const NANOS: usize = 20;
/// Seconds of 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: RFC 3339 has four digits for a year.
const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_300_799;

/// The text of the last date printed, of which the next one mostly changes the nanoseconds alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dates {
    second: i64,
    text: [u8; LEN],
}

impl Dates {
    pub(crate) const fn new() -> Self {
        Self { second: 0, text: *b"1970-01-01T00:00:00.000000000Z" }
    }

    /// The text of `time`. A date outside the years 0 to 9999 is the nearest one inside.
    pub(crate) fn text(&mut self, time: SystemTime) -> &[u8; LEN] {
        let (second, nanos) = since_epoch(time);
        if second != self.second {
            self.second = second;
            self.text[..NANOS].copy_from_slice(&render(second));
        }
        self.text[NANOS..LEN - 1].copy_from_slice(&nine(nanos));
        &self.text
    }
}

impl Default for Dates {
    fn default() -> Self {
        Self::new()
    }
}

thread_local! {
    static LATEST: Cell<Dates> = const { Cell::new(Dates::new()) };
}

/// The text of `time`, as [`Dates::text`] has it.
pub(crate) fn rfc3339(time: SystemTime) -> [u8; LEN] {
    // Of a plain `Cell` without a destructor, a thread that is ending has one too.
    LATEST.with(|latest| {
        let mut dates = latest.get();
        let text = *dates.text(time);
        latest.set(dates);
        text
    })
}

/// Nine digits, by pairs from a table: none waits for the division of another, as they would digit by digit.
fn nine(nanos: u32) -> [u8; 9] {
    let (first, rest) = (nanos / 100_000_000, nanos % 100_000_000);
    let (high, low) = (rest / 10_000, rest % 10_000);
    let [a, b, c, d] = [high / 100, high % 100, low / 100, low % 100].map(|pair| PAIRS[pair as usize % 100]);
    [b'0' + (first % 10) as u8, a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1]]
}

fn since_epoch(time: SystemTime) -> (i64, u32) {
    let (seconds, nanos) = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()).unwrap_or(i64::MAX), after.subsec_nanos()),
        Err(error) => {
            let before = error.duration();
            let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => (-whole, 0),
                nanos => (-whole - 1, 1_000_000_000 - nanos),
            }
        }
    };
    if seconds < FIRST {
        (FIRST, 0)
    } else if seconds > LAST {
        (LAST, 999_999_999)
    } else {
        (seconds, nanos)
    }
}

fn render(seconds: i64) -> [u8; NANOS] {
    let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let mut text = *b"0000-00-00T00:00:00.";
    put(&mut text[0..4], year);
    put(&mut text[5..7], month);
    put(&mut text[8..10], day);
    put(&mut text[11..13], of_day / 3600);
    put(&mut text[14..16], of_day / 60 % 60);
    put(&mut text[17..19], of_day % 60);
    text
}

fn put(field: &mut [u8], value: i64) {
    let mut rest = value;
    for digit in field.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    // Years begin in March here, so that the leap day is a year's last.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn text(time: SystemTime) -> String {
        String::from_utf8(rfc3339(time).to_vec()).unwrap()
    }

    fn at(seconds: u64, nanos: u32) -> SystemTime {
        UNIX_EPOCH + Duration::new(seconds, nanos)
    }

    #[test]
    fn known_dates_print_exactly() {
        // The right-hand sides come from GNU date.
        for (time, expected) in [
            (at(0, 0), "1970-01-01T00:00:00.000000000Z"),
            (at(951_782_400, 7), "2000-02-29T00:00:00.000000007Z"),
            (at(951_868_799, 999_999_999), "2000-02-29T23:59:59.999999999Z"),
            (at(4_107_542_399, 0), "2100-02-28T23:59:59.000000000Z"),
            (at(4_107_542_400, 0), "2100-03-01T00:00:00.000000000Z"),
            (at(1_795_285_385, 123_456_789), "2026-11-21T18:23:05.123456789Z"),
        ] {
            assert_eq!(text(time), expected);
        }
    }

    #[test]
    fn dates_before_1970_count_backwards() {
        assert_eq!(text(UNIX_EPOCH - Duration::new(0, 1)), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(text(UNIX_EPOCH - Duration::new(1, 0)), "1969-12-31T23:59:59.000000000Z");
    }

    #[test]
    fn a_year_of_five_digits_is_the_last_moment_of_9999() {
        assert_eq!(text(at(LAST as u64 + 1, 0)), "9999-12-31T23:59:59.999999999Z");
    }

    proptest! {
        /// Walks the calendar a day at a time beside the arithmetic.
        #[test]
        fn the_day_after_is_the_next_day_of_the_calendar(days in -700_000i64..2_900_000) {
            let (year, month, day) = civil_from_days(days);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + i64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            let next = if day < length {
                (year, month, day + 1)
            } else if month < 12 {
                (year, month + 1, 1)
            } else {
                (year + 1, 1, 1)
            };
            prop_assert_eq!(civil_from_days(days + 1), next);
        }

        #[test]
        fn nanoseconds_are_nine_digits(nanos in 0u32..1_000_000_000) {
            prop_assert_eq!(nine(nanos).to_vec(), format!("{nanos:09}").into_bytes());
        }

        #[test]
        fn the_kept_second_never_shows_in_another(a in 0u64..4_000_000_000, b in 0u64..4_000_000_000) {
            let expected = render(b as i64);
            rfc3339(at(a, 0));
            prop_assert_eq!(&rfc3339(at(b, 5))[..NANOS], &expected[..]);
        }
    }
}
