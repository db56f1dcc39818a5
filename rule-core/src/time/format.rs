//! Date formats of a mapping: `"format": "dd-MM-yyyy||epoch_millis"`.
//!
//! Elasticsearch tries them in turn. Names (`strict_date_optional_time`, `epoch_second`, …) and patterns of
//! `java.time.format.DateTimeFormatter` with digits for all fields are read; names of months and days, weeks and eras are not.

use super::{Instant, Period, Reader, SECOND, days_from_civil, parse};

/// The formats of a date field, in the order in which they are tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Format(Vec<Pattern>);

#[derive(Clone, Debug, PartialEq)]
enum Pattern {
    /// ISO 8601 with whatever parts there are, or milliseconds since the epoch, as [`parse`] reads it.
    Iso,
    /// Milliseconds since the epoch.
    EpochMillis,
    /// Seconds since the epoch, with a fraction or without.
    EpochSecond,
    /// Letters for digits.
    Letters(Vec<Piece>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece {
    Literal(char),
    /// The field of this letter with at least so many digits.
    Digits(char, usize),
    /// A fraction of a second with so many digits.
    Fraction(usize),
    /// `Z`, `+02:00`, `+0200`
    Offset,
}

impl Format {
    /// Reads a mapping's `format`. The error says what cannot be read.
    pub fn new(text: &str) -> Result<Format, String> {
        text.split("||").map(Pattern::new).collect::<Result<_, _>>().map(Format)
    }

    /// The instants that a text may mean, by the first format that takes it.
    pub fn parse(&self, text: &str) -> Option<Period> {
        self.0.iter().find_map(|pattern| pattern.parse(text))
    }
}

impl Pattern {
    fn new(text: &str) -> Result<Pattern, String> {
        let text = text.trim();
        Ok(match text {
            "epoch_millis" => Pattern::EpochMillis,
            "epoch_second" => Pattern::EpochSecond,
            "basic_date" => Pattern::letters("yyyyMMdd")?,
            "basic_date_time" => Pattern::letters("yyyyMMdd'T'HHmmss.SSSX")?,
            "basic_date_time_no_millis" => Pattern::letters("yyyyMMdd'T'HHmmssX")?,
            "iso8601" => Pattern::Iso,
            // All of these names stand for some part of an ISO date and time.
            _ if ["date", "year", "strict_date", "strict_year"]
                .iter()
                .any(|word| text.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))) =>
            {
                Pattern::Iso
            }
            _ => Pattern::letters(text)?,
        })
    }

    fn letters(text: &str) -> Result<Pattern, String> {
        let mut pieces = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(letter) = rest.next() {
            if letter == '\'' {
                let mut empty = true;
                for quoted in rest.by_ref().take_while(|c| *c != '\'') {
                    pieces.push(Piece::Literal(quoted));
                    empty = false;
                }
                if empty {
                    pieces.push(Piece::Literal('\''));
                }
                continue;
            }
            if !letter.is_ascii_alphabetic() {
                pieces.push(Piece::Literal(letter));
                continue;
            }
            let mut count = 1;
            while rest.next_if_eq(&letter).is_some() {
                count += 1;
            }
            pieces.push(match letter {
                'y' | 'u' if count >= 4 => Piece::Digits('y', count),
                'M' if count <= 2 => Piece::Digits('M', count),
                'd' | 'H' | 'm' | 's' if count <= 2 => Piece::Digits(letter, count),
                'S' if count <= 9 => Piece::Fraction(count),
                'X' | 'x' | 'Z' => Piece::Offset,
                _ => return Err(format!("the date format {text:?} has `{letter}`, which is not read")),
            });
        }
        match pieces.is_empty() {
            true => Err("a date format is empty".into()),
            false => Ok(Pattern::Letters(pieces)),
        }
    }

    fn parse(&self, text: &str) -> Option<Period> {
        match self {
            Pattern::Iso if text.parse::<i64>().is_ok() && text.len() != 4 => None,
            Pattern::Iso => parse(text),
            Pattern::EpochMillis => {
                parse(text).filter(|_| text.bytes().all(|b| b.is_ascii_digit() || b"-.".contains(&b)))
            }
            Pattern::EpochSecond => {
                let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
                let first = whole.parse::<i64>().ok()? as Instant * SECOND;
                if fraction.is_empty() {
                    return (whole.len() == text.len()).then_some(Period { first, last: first + SECOND - 1 });
                }
                let (nanos, digits) = Reader { bytes: fraction.as_bytes() }.fraction()?;
                let first = first + nanos as Instant;
                Some(Period { first, last: first + (10 as Instant).pow(9 - digits) - 1 })
            }
            Pattern::Letters(pieces) => by_letters(pieces, text),
        }
    }
}

fn by_letters(pieces: &[Piece], text: &str) -> Option<Period> {
    let mut reader = Reader { bytes: text.as_bytes() };
    let (mut year, mut month, mut day, mut hour, mut minute, mut second) = (1970, 1, 1, 0, 0, 0);
    let (mut nanos, mut offset) = (0, 0);
    // The smallest part that the pattern has.
    let mut unit = 86_400 * SECOND;
    for piece in pieces {
        match *piece {
            Piece::Literal(literal) => {
                let mut bytes = [0; 4];
                for byte in literal.encode_utf8(&mut bytes).bytes() {
                    reader.eat(byte).then_some(())?;
                }
            }
            Piece::Digits(letter, least) => {
                // One letter takes one digit or two.
                let two = least == 1 && reader.bytes.get(1).is_some_and(u8::is_ascii_digit);
                let value = reader.digits(if two { 2 } else { least })?;
                let part = match letter {
                    'y' => &mut year,
                    'M' => &mut month,
                    'd' => &mut day,
                    'H' => &mut hour,
                    'm' => &mut minute,
                    _ => &mut second,
                };
                *part = value;
                unit = unit.min(match letter {
                    'H' => 3600 * SECOND,
                    'm' => 60 * SECOND,
                    's' => SECOND,
                    _ => unit,
                });
            }
            Piece::Fraction(count) => {
                nanos = reader.digits(count)? * 10i64.pow(9 - count as u32);
                unit = unit.min((10 as Instant).pow(9 - count as u32));
            }
            Piece::Offset => offset = reader.offset()?,
        }
    }
    if !reader.bytes.is_empty() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_from_civil(year, month, day)?;
    let seconds = hour * 3600 + minute * 60 + second - offset;
    let first = (days as Instant * 86_400 + seconds as Instant) * SECOND + nanos as Instant;
    Some(Period { first, last: first + unit.max(1) - 1 })
}

#[cfg(test)]
mod tests {
    use super::super::MILLI;
    use super::*;

    fn millis(format: &str, text: &str) -> Option<(i128, i128)> {
        let period = Format::new(format).expect("a format").parse(text)?;
        Some((period.first / MILLI, period.last / MILLI))
    }

    #[test]
    fn formats_are_tried_in_turn() {
        let both = "dd-MM-yyyy||yyyy-MM-dd";
        assert_eq!(millis(both, "17-12-2022"), Some((1_671_235_200_000, 1_671_321_599_999)));
        assert_eq!(millis(both, "2022-12-17"), millis(both, "17-12-2022"));
        assert_eq!(millis(both, "1671235200000"), None);
        assert_eq!(millis("epoch_millis", "1671235200000"), Some((1_671_235_200_000, 1_671_235_200_000)));
        assert_eq!(millis("epoch_second", "1671235200"), Some((1_671_235_200_000, 1_671_235_200_999)));
        assert_eq!(millis("epoch_second", "1671235200.5"), Some((1_671_235_200_500, 1_671_235_200_599)));
        assert_eq!(millis("strict_date_optional_time", "1671235200000"), None);
        assert_eq!(millis("strict_date_optional_time", "2022"), Some((1_640_995_200_000, 1_641_081_599_999)));
    }

    #[test]
    fn letters_stand_for_digits() {
        let at = Some((1_671_271_201_250, 1_671_271_201_250));
        assert_eq!(millis("yyyy/MM/dd HH:mm:ss.SSS", "2022/12/17 10:00:01.250"), at);
        assert_eq!(millis("uuuu-MM-dd'T'HH:mm:ss.SSSXXX", "2022-12-17T12:00:01.250+02:00"), at);
        assert_eq!(millis("basic_date_time", "20221217T100001.250Z"), at);
        assert_eq!(millis("d.M.yyyy", "7.12.2022"), millis("yyyy-MM-dd", "2022-12-07"));
        assert_eq!(millis("HH:mm", "10:00"), Some((36_000_000, 36_059_999)));
        for broken in ["2022/12/17", "2022/12/17 24:00:01.250", "2022/13/17 10:00:01.250", "2022/12/17 10:00:01.250x"] {
            assert_eq!(millis("yyyy/MM/dd HH:mm:ss.SSS", broken), None, "{broken}");
        }
    }

    #[test]
    fn what_is_not_read_is_refused() {
        assert!(Format::new("EEE, dd MMM yyyy").is_err_and(|error| error.contains("`E`")));
        assert!(Format::new("").is_err());
        assert!(Format::new("dd-MM-yyyy||").is_err());
    }
}
