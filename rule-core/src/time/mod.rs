//! Instants: dates as Elasticsearch's `strict_date_optional_time||epoch_millis` reads them.

mod format;

pub use format::Format;

/// Nanoseconds since 1970-01-01T00:00:00Z.
pub type Instant = i128;

const SECOND: Instant = 1_000_000_000;
const MILLI: Instant = 1_000_000;

/// The instants that a date text may mean: `2024-05-01` is a whole day, `2024-05-01T10:00:00Z` a whole second.
///
/// Elasticsearch fills what is missing with its least value for `>=` and `<`, and with its greatest for `<=` and `>`;
/// `==` takes both ends. (Reference: "Missing date components" of the range query.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    /// The first instant.
    pub first: Instant,
    /// The last instant.
    pub last: Instant,
}

/// The milliseconds since 1970 and the nanoseconds beyond them.
pub fn split(at: Instant) -> (Instant, u32) {
    // Until the year 2262 without a division of 128 bits, which takes a hundred times as long.
    match i64::try_from(at) {
        Ok(at) => (at.div_euclid(MILLI as i64).into(), at.rem_euclid(MILLI as i64) as u32),
        Err(_) => (at.div_euclid(MILLI), at.rem_euclid(MILLI) as u32),
    }
}

/// The instant at the beginning of its millisecond.
pub fn floor_to_milli(at: Instant) -> Instant {
    at - Instant::from(split(at).1)
}

/// A number in a date field: milliseconds since the epoch.
pub fn from_millis(millis: f64) -> Option<Instant> {
    // Beyond this, no date that Elasticsearch stores.
    (millis.abs() < 1e18).then(|| (millis as i64 as Instant) * MILLI)
}

/// The instant of `2024-05-01T10:00:00.123Z`, in that form and no other, with one to nine digits behind the point or without it: what
/// nearly every event has, read for what it costs.
pub fn parse_usual(text: &str) -> Option<Instant> {
    let (head, rest) = text.as_bytes().split_first_chunk::<19>()?;
    // Where digits stand, and what stands between them.
    const FORM: [u8; 19] = *b"0000-00-00T00:00:00";
    let is_form = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    if !head.iter().zip(&FORM).all(is_form) {
        return None;
    }
    let two = |at: usize| i64::from(head[at] - b'0') * 10 + i64::from(head[at + 1] - b'0');
    let (hour, minute, second) = (two(11), two(14), two(17));
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let nanos = match rest {
        [b'Z'] => 0,
        [b'.', fraction @ .., b'Z'] => {
            let mut reader = Reader { bytes: fraction };
            let (nanos, _) = reader.fraction()?;
            if !reader.bytes.is_empty() {
                return None;
            }
            nanos
        }
        _ => return None,
    };
    let seconds = days_from_civil(two(0) * 100 + two(2), two(5), two(8))? * 86_400 + hour * 3600 + minute * 60 + second;
    Some(Instant::from(seconds) * SECOND + Instant::from(nanos))
}

/// A date text: an ISO 8601 date with optional time, or milliseconds since the epoch.
pub fn parse(text: &str) -> Option<Period> {
    if let Ok(millis) = text.parse::<i64>()
        && !(text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()))
    {
        let first = millis as Instant * MILLI;
        return Some(Period { first, last: first + MILLI - 1 });
    }
    // `epoch_millis` may carry the nanoseconds of a `date_nanos` as a fraction.
    if let Some((millis, fraction)) = text.split_once('.')
        && let (Ok(millis), true) = (millis.parse::<i64>(), (1..=6).contains(&fraction.len()))
    {
        let (nanos, digits) = Reader { bytes: fraction.as_bytes() }.fraction()?;
        let first = millis as Instant * MILLI + (nanos / 1000) as Instant;
        return Some(Period { first, last: first + (10 as Instant).pow(6 - digits) - 1 });
    }
    let mut reader = Reader { bytes: text.as_bytes() };
    let year = reader.digits(4)?;
    let month = if reader.eat(b'-') { reader.digits(2)? } else { 1 };
    let day = if reader.eat(b'-') { reader.digits(2)? } else { 1 };
    let days = days_from_civil(year, month, day)?;
    let (mut seconds, mut nanos) = (0, 0);
    let mut unit = 86_400 * SECOND;
    if reader.eat(b'T') {
        let hour = reader.digits(2)?;
        let minute = if reader.eat(b':') { Some(reader.digits(2)?) } else { None };
        let second = if minute.is_some() && reader.eat(b':') { Some(reader.digits(2)?) } else { None };
        let fraction =
            if second.is_some() && (reader.eat(b'.') || reader.eat(b',')) { Some(reader.fraction()?) } else { None };
        if hour > 23 || minute.unwrap_or(0) > 59 || second.unwrap_or(0) > 59 {
            return None;
        }
        seconds = hour * 3600 + minute.unwrap_or(0) * 60 + second.unwrap_or(0);
        unit = match (minute, second, fraction) {
            (None, ..) => 3600 * SECOND,
            (_, None, _) => 60 * SECOND,
            (.., None) => SECOND,
            (.., Some((value, digits))) => {
                nanos = value as Instant;
                (10 as Instant).pow(9 - digits)
            }
        };
        seconds -= reader.offset()?;
    }
    if !reader.bytes.is_empty() {
        return None;
    }
    let first = (days as Instant * 86_400 + seconds as Instant) * SECOND + nanos;
    Some(Period { first, last: first + unit - 1 })
}

/// A date as Elasticsearch writes one: `2024-05-01T10:00:00.000Z`, with nanoseconds where there are any.
pub fn format(millis: i64, nanos: u32) -> String {
    let days = millis.div_euclid(86_400_000);
    let of_day = millis.rem_euclid(86_400_000);
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second, milli) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1000 % 60, of_day % 1000);
    let fraction = if nanos == 0 { String::new() } else { format!("{nanos:06}") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}{fraction}Z")
}

/// The date that many days after 1970-01-01 in the proleptic Gregorian calendar.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    // Counting from March 1 of year 0, as `days_from_civil` does.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

struct Reader<'t> {
    bytes: &'t [u8],
}

impl Reader<'_> {
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.bytes.first() == Some(&byte);
        if found {
            self.bytes = &self.bytes[1..];
        }
        found
    }

    /// Exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        digits.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    }

    /// One to nine digits of a second, as nanoseconds, and how many there were.
    fn fraction(&mut self) -> Option<(i64, u32)> {
        let count = self.bytes.iter().take_while(|b| b.is_ascii_digit()).count();
        if !(1..=9).contains(&count) {
            return None;
        }
        let value = self.digits(count)?;
        Some((value * 10i64.pow(9 - count as u32), count as u32))
    }

    /// `Z`, `+02:00`, `+0200`, `+02` or nothing, in seconds east of UTC.
    fn offset(&mut self) -> Option<i64> {
        if self.bytes.is_empty() || self.eat(b'Z') {
            return Some(0);
        }
        let sign = if self.eat(b'+') {
            1
        } else if self.eat(b'-') {
            -1
        } else {
            return None;
        };
        let hours = self.digits(2)?;
        let minutes = if self.bytes.is_empty() {
            0
        } else {
            self.eat(b':');
            self.digits(2)?
        };
        (hours <= 18 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Counting years from March puts the leap day last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_they_are_read() {
        for (millis, nanos, text) in [
            (0, 0, "1970-01-01T00:00:00.000Z"),
            (86_400_000, 0, "1970-01-02T00:00:00.000Z"),
            (-1, 0, "1969-12-31T23:59:59.999Z"),
            (951_868_740_000, 0, "2000-02-29T23:59:00.000Z"),
            (131_509_374_294, 365_140, "1974-03-03T02:22:54.294365140Z"),
        ] {
            assert_eq!(format(millis, nanos), text);
            assert_eq!(parse(text).map(|p| p.first), Some(millis as Instant * MILLI + nanos as Instant));
        }
    }

    #[test]
    fn texts_are_periods() {
        let millis = |text: &str| parse(text).map(|p| (p.first / MILLI, p.last / MILLI));
        assert_eq!(millis("1970-01-01"), Some((0, 86_399_999)));
        assert_eq!(millis("1970"), Some((0, 86_399_999)));
        assert_eq!(millis("1970-01-01T00:00:01Z"), Some((1000, 1999)));
        assert_eq!(millis("2017-08-30T20:47:33Z"), Some((1_504_126_053_000, 1_504_126_053_999)));
        assert_eq!(millis("2017-08-30T22:47:33.5+02:00"), Some((1_504_126_053_500, 1_504_126_053_599)));
        assert_eq!(millis("2000-02-29T23:59Z"), Some((951_868_740_000, 951_868_799_999)));
        assert_eq!(millis("1504126053000"), Some((1_504_126_053_000, 1_504_126_053_000)));
        assert_eq!(parse("1974-03-03T02:22:54.294365140Z").map(|p| p.first), Some(131_509_374_294_365_140));
        assert_eq!(parse("1").map(|p| p.first), Some(MILLI));
        assert_eq!(
            parse("131509374294.365140"),
            parse("1974-03-03T02:22:54.294365140Z").map(|p| Period { last: p.first, ..p })
        );
        for usual in [
            "2024-05-01T10:00:00.123Z",
            "1969-12-31T23:59:59Z",
            "2000-02-29T00:00:00.123456789Z",
            "0000-03-01T00:00:00.1Z",
        ] {
            assert_eq!(parse_usual(usual), Some(parse(usual).expect("a date").first), "{usual}");
        }
        for other in [
            "2024-05-01T10:00:00.Z",
            "2024-05-01T10:00:00",
            "2024-05-01T24:00:00Z",
            "2024-02-30T10:00:00Z",
            "2024-05-01T10:00:00.1x3Z",
        ] {
            assert_eq!(parse_usual(other), None, "{other}");
        }
        for broken in [
            "",
            "abc",
            "2017-13-01",
            "2017-02-29",
            "2017-02-28T24:00Z",
            "2017-02-28T10:00x",
            "2017-2-3",
            "20170203T",
            "2017-02-28T10:00:00.Z",
        ] {
            assert_eq!(parse(broken), None, "{broken}");
        }
    }
}
