//! What becomes of a value on its way from the record to the event.

/// One step. Those that find nothing to do give no value where it says so, and otherwise the value as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `basename`: what is behind the last `/` or `\`.
    Basename,
    /// `dirname`: what is before the last `/` or `\`; no value where there is none.
    Dirname,
    /// `extension`: what is behind the last dot of the last part of a path; no value where there is none.
    Extension,
    /// `lowercase`
    Lowercase,
    /// `uppercase`
    Uppercase,
    /// `trim`: without white space around it.
    Trim,
    /// `unquote`: without the double quotes around it.
    Unquote,
    /// `args`: the arguments of a command line as Windows splits one, each a value.
    Args,
    /// `integer`: a number written in decimal digits, or in hexadecimal ones after `0x`; no value if it is none.
    Integer,
    /// `hex`: a number in hexadecimal digits, with `0x` or without.
    Hex,
    /// `boolean`: `true`, `yes`, `1` and `false`, `no`, `0`, in any case; no value if it is none.
    Boolean,
    /// `string`: a number or truth as a string.
    String,
    /// `unhex`: bytes written in hexadecimal digits, as auditd does with texts that it cannot put in quotes; NUL becomes a blank. Other
    /// texts stay as they are.
    Unhex,
    /// `{ before = "x" }`: what is before the first x; no value where there is none.
    Before(String),
    /// `{ after = "x" }`: what is behind the first x; no value where there is none.
    After(String),
    /// `{ prefix = "x" }`: without x at the beginning.
    Prefix(String),
    /// `{ suffix = "x" }`: without x at the end.
    Suffix(String),
    /// `{ device = "C:" }`: `\Device\HarddiskVolume3` at the beginning replaced.
    Device(String),
    /// `{ split = "," }`: the parts between, each a value, without white space around them.
    Split(String),
    /// `{ pair = "MD5" }`: the value of one key in `MD5=…,SHA256=…`; no value where there is none.
    Pair(String),
    /// `{ drop = ["-"] }`: no value if it is one of these.
    Drop(Vec<String>),
    /// `{ time = "ms" }`: a date as Elasticsearch writes one; no value if it is none.
    Time(Unit),
}

/// How a date is written in a record. A date with its parts in order (`2024-05-01 10:00:00.123`, with `T`, `Z` or an offset if it likes)
/// is read whatever the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `s`: seconds since 1970, with a fraction.
    Seconds,
    /// `ms`: milliseconds since 1970.
    Millis,
    /// `us`: microseconds since 1970.
    Micros,
    /// `ns`: nanoseconds since 1970.
    Nanos,
    /// `filetime`: tenths of microseconds since 1601.
    Filetime,
    /// `auto`: `filetime` for numbers that are that large, else seconds.
    Auto,
    /// `date`: only the parts in order.
    Date,
}

/// The steps without an argument.
pub(super) const PLAIN: [(&str, Step); 13] = [
    ("args", Step::Args),
    ("basename", Step::Basename),
    ("boolean", Step::Boolean),
    ("dirname", Step::Dirname),
    ("extension", Step::Extension),
    ("hex", Step::Hex),
    ("integer", Step::Integer),
    ("lowercase", Step::Lowercase),
    ("string", Step::String),
    ("trim", Step::Trim),
    ("unhex", Step::Unhex),
    ("unquote", Step::Unquote),
    ("uppercase", Step::Uppercase),
];

/// The steps with a text.
#[expect(clippy::type_complexity, reason = "a table of names and constructors")]
pub(super) const WITH_TEXT: [(&str, fn(String) -> Step); 7] = [
    ("after", Step::After),
    ("before", Step::Before),
    ("device", Step::Device),
    ("pair", Step::Pair),
    ("prefix", Step::Prefix),
    ("split", Step::Split),
    ("suffix", Step::Suffix),
];

pub(super) const UNITS: [(&str, Unit); 7] = [
    ("auto", Unit::Auto),
    ("date", Unit::Date),
    ("filetime", Unit::Filetime),
    ("ms", Unit::Millis),
    ("ns", Unit::Nanos),
    ("s", Unit::Seconds),
    ("us", Unit::Micros),
];
