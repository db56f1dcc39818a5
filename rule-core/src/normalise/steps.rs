//! What becomes of a value on its way from the record to the event.

use rule_syntax::normaliser::{Kind, Step, Unit};

use super::Made;
use crate::time;

/// Where values end up.
pub(super) struct Sink<'a> {
    pub rule: u32,
    pub text: &'a mut String,
    pub made: &'a mut Vec<Made>,
    pub most_bytes: usize,
    pub most_values: usize,
    /// Whether there was more than may be.
    pub full: bool,
}

impl Sink<'_> {
    pub fn push(&mut self, text: &str, kind: Kind) {
        // A step may leave nothing, which is no value.
        if text.is_empty() {
            return;
        }
        self.full |= self.text.len() + text.len() > self.most_bytes || self.made.len() >= self.most_values;
        if self.full {
            return;
        }
        let start = self.text.len() as u32;
        self.text.push_str(text);
        self.made.push(Made { rule: self.rule, kind, start, end: self.text.len() as u32 });
    }
}

/// Takes a value through the steps; what comes out, which may be nothing or several values, is handed on.
pub(super) fn run(steps: &[Step], text: &str, kind: Kind, out: &mut dyn FnMut(&str, Kind)) {
    let Some((step, rest)) = steps.split_first() else { return out(text, kind) };
    let mut go = |text: &str| run(rest, text, Kind::String, out);
    match step {
        Step::Basename => go(text.rsplit(['/', '\\']).next().unwrap_or(text)),
        Step::Dirname => {
            if let Some((directory, _)) = text.rsplit_once(['/', '\\']) {
                // Of what is in the root, the root.
                go(if directory.is_empty() { &text[..1] } else { directory });
            }
        }
        Step::Extension => {
            let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
            if let Some((_, extension)) = name.rsplit_once('.') {
                go(extension);
            }
        }
        Step::Lowercase => go(&text.to_lowercase()),
        Step::Uppercase => go(&text.to_uppercase()),
        Step::Trim => go(text.trim()),
        Step::Unquote => go(text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)),
        Step::Args => args(text, &mut go),
        Step::Integer => {
            if let Some(number) = integer(text) {
                run(rest, &number.to_string(), Kind::Number, out);
            }
        }
        Step::Hex => {
            let digits = text.trim().trim_start_matches("0x").trim_start_matches("0X");
            if let Ok(number) = u64::from_str_radix(digits, 16) {
                run(rest, &number.to_string(), Kind::Number, out);
            }
        }
        Step::Boolean => {
            let is = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
            match (is(["true", "yes", "1"]), is(["false", "no", "0"])) {
                (true, _) => run(rest, "true", Kind::Bool, out),
                (_, true) => run(rest, "false", Kind::Bool, out),
                _ => {}
            }
        }
        Step::String => go(text),
        Step::Unhex => go(&unhex(text).unwrap_or_else(|| text.to_owned())),
        Step::Before(mark) => {
            if let Some((before, _)) = text.split_once(mark.as_str()) {
                go(before);
            }
        }
        Step::After(mark) => {
            if let Some((_, after)) = text.split_once(mark.as_str()) {
                go(after);
            }
        }
        Step::Prefix(prefix) => go(text.strip_prefix(prefix.as_str()).unwrap_or(text)),
        Step::Suffix(suffix) => go(text.strip_suffix(suffix.as_str()).unwrap_or(text)),
        Step::Device(drive) => match device(text) {
            Some(path) => go(&format!("{drive}{path}")),
            None => go(text),
        },
        Step::Split(mark) => text.split(mark.as_str()).for_each(|part| go(part.trim())),
        Step::Pair(key) => {
            let mut pairs = text.split(',').filter_map(|pair| pair.split_once('='));
            if let Some((_, value)) = pairs.find(|(name, _)| name.trim() == key) {
                go(value.trim());
            }
        }
        Step::Drop(texts) if texts.iter().any(|dropped| dropped == text) => {}
        Step::Drop(_) => run(rest, text, kind, out),
        Step::Time(unit) => {
            if let Some(date) = date(text, *unit) {
                go(&date);
            }
        }
    }
}

/// A number in decimal digits, or in hexadecimal ones after `0x`.
fn integer(text: &str) -> Option<i128> {
    let text = text.trim();
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i128::from(u64::from_str_radix(digits, 16).ok()?),
        None => text.parse().ok()?,
    };
    // What Elasticsearch has numbers for.
    (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&number).then_some(number)
}

/// Bytes in hexadecimal digits as text, if that is what they are.
fn unhex(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 2 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: &u8| (*byte as char).to_digit(16).map(|digit| digit as u8);
    let bytes = bytes.chunks(2).map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?));
    let mut bytes = bytes.collect::<Option<Vec<u8>>>()?;
    bytes.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
    String::from_utf8(bytes).ok()
}

/// The path on a device: `\Windows\a.exe` of `\Device\HarddiskVolume3\Windows\a.exe`.
fn device(text: &str) -> Option<&str> {
    const DEVICE: &str = r"\device\harddiskvolume";
    let rest = text.get(DEVICE.len()..)?;
    let is_device = text.get(..DEVICE.len())?.eq_ignore_ascii_case(DEVICE);
    let path = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    (is_device && path.len() < rest.len() && path.starts_with('\\')).then_some(path)
}

/// The arguments of a command line by the rules of the Windows runtime before 2008, as Elastic's pipelines split one
/// (<https://daviddeley.com/autohotkey/parameters/parameters.htm>, sections 5.2 and 5.3): quotes group, two of them within quotes are one,
/// and backslashes mean something before a quote only.
fn args(line: &str, out: &mut dyn FnMut(&str)) {
    let mut argument = String::new();
    let (mut quoted, mut slashes, mut begun) = (false, 0usize, false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => slashes += 1,
            '"' => {
                argument.extend(std::iter::repeat_n('\\', slashes / 2));
                if slashes % 2 == 1 {
                    argument.push('"');
                } else {
                    if quoted && chars.peek() == Some(&'"') {
                        argument.push('"');
                        chars.next();
                    }
                    quoted = !quoted;
                }
                slashes = 0;
            }
            _ => {
                argument.extend(std::iter::repeat_n('\\', slashes));
                slashes = 0;
                if !quoted && matches!(c, ' ' | '\t') {
                    if begun {
                        out(&argument);
                    }
                    argument.clear();
                    begun = false;
                    continue;
                }
                argument.push(c);
            }
        }
        begun = true;
    }
    argument.extend(std::iter::repeat_n('\\', slashes));
    if begun {
        out(&argument);
    }
}

/// Seconds from 1601 to 1970.
const FILETIME_EPOCH: i128 = 11_644_473_600;
/// A file time that no count of seconds is as large as (<https://devblogs.microsoft.com/oldnewthing/20030905-02/?p=42653>).
const LEAST_FILETIME: i128 = 0x0100_0000_0000_0000;
const SECOND: i128 = 1_000_000_000;
/// The seconds since 1970 of the years 1 to 9999.
const YEARS: std::ops::Range<i128> = -62_135_596_800..253_402_300_800;

fn date(text: &str, unit: Unit) -> Option<String> {
    let text = text.trim();
    let nanos = match number(text) {
        Some(_) if unit == Unit::Date => return None,
        Some((whole, nanos)) => {
            let filetime = unit == Unit::Filetime || unit == Unit::Auto && whole >= LEAST_FILETIME;
            match unit {
                _ if filetime => (whole - FILETIME_EPOCH * (SECOND / 100)).checked_mul(100)?,
                Unit::Millis => whole.checked_mul(SECOND / 1000)? + nanos / 1000,
                Unit::Micros => whole.checked_mul(1000)? + nanos / 1_000_000,
                Unit::Nanos => whole,
                _ => whole.checked_mul(SECOND)? + nanos,
            }
        }
        None => {
            // `2024-05-01 10:00:00.5` is a date in most logs, and not in Elasticsearch.
            let mut text = text.trim_end_matches(" UTC").to_owned();
            if text.as_bytes().get(10) == Some(&b' ') {
                text.replace_range(10..11, "T");
            }
            time::parse(&text)?.first
        }
    };
    if !YEARS.contains(&nanos.div_euclid(SECOND)) {
        return None;
    }
    let (millis, rest) = time::split(nanos);
    Some(time::format(i64::try_from(millis).ok()?, rest))
}

/// A decimal number as what is before the point, and billionths.
fn number(text: &str) -> Option<(i128, i128)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || whole.len() > 20 || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let nanos = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    Some((whole.parse().ok()?, nanos.fold(0, |nanos, digit| nanos * 10 + i128::from(digit - b'0'))))
}
