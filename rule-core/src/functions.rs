//! The functions of EQL, by the registry of Elasticsearch (`EqlFunctionRegistry`).
//!
//! Positions and lengths count UTF-16 code units, as Java's strings do. Any null argument gives null, unless the
//! argument is optional.

use std::borrow::Cow;

use crate::pattern;
use crate::syntax::ast::ArithmeticOp;
use crate::value::Value;

/// What a function wants at a place, or gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    Any,
    /// A truth.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An address.
    Ip,
}

impl Kind {
    /// As Elasticsearch's messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Any => "any",
            Kind::Bool => "boolean",
            Kind::Number => "numeric",
            Kind::String => "string",
            Kind::Ip => "ip",
        }
    }
}

/// Which function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Function {
    Add,
    Between,
    CidrMatch,
    Concat,
    Divide,
    EndsWith,
    IndexOf,
    Length,
    Modulo,
    Multiply,
    Number,
    StartsWith,
    String,
    StringContains,
    Substring,
    Subtract,
}

/// A function's name and form.
#[derive(Debug)]
pub struct Signature {
    /// Which.
    pub function: Function,
    /// As documentation writes it; calls may use any case.
    pub name: &'static str,
    /// What it wants; the last repeats up to `most`.
    pub parameters: &'static [Kind],
    /// Fewest arguments.
    pub least: usize,
    /// Most arguments.
    pub most: usize,
    /// What it gives.
    pub result: Kind,
    /// Whether `name~` exists.
    pub tilde: bool,
}

impl Signature {
    /// The number of arguments in words.
    pub fn arity(&self) -> String {
        let words = ["no", "one", "two", "three", "four"];
        let word = |n: usize| words.get(n).copied().unwrap_or("more");
        match (self.least, self.most) {
            (least, most) if least == most => {
                format!("exactly {} argument{}", word(least), if least == 1 { "" } else { "s" })
            }
            (least, usize::MAX) => format!("at least {} argument{}", word(least), if least == 1 { "" } else { "s" }),
            (least, most) => format!("{} or {} arguments", word(least), word(most)),
        }
    }
}

macro_rules! functions {
    ($($function:ident $name:literal ($($kind:ident),*) $least:literal..=$most:expr, $result:ident, $tilde:literal;)*) => {
        /// All functions, by name.
        pub const ALL: &[Signature] = &[$(Signature {
            function: Function::$function,
            name: $name,
            parameters: &[$(Kind::$kind),*],
            least: $least,
            most: $most,
            result: Kind::$result,
            tilde: $tilde,
        }),*];
    };
}

functions! {
    Add "add" (Number, Number) 2..=2, Number, false;
    Between "between" (String, String, String, Bool) 3..=4, String, true;
    CidrMatch "cidrMatch" (Ip, String) 2..=usize::MAX, Bool, false;
    Concat "concat" (Any) 1..=usize::MAX, String, false;
    Divide "divide" (Number, Number) 2..=2, Number, false;
    EndsWith "endsWith" (String, String) 2..=2, Bool, true;
    IndexOf "indexOf" (String, String, Number) 2..=3, Number, true;
    Length "length" (String) 1..=1, Number, false;
    Modulo "modulo" (Number, Number) 2..=2, Number, false;
    Multiply "multiply" (Number, Number) 2..=2, Number, false;
    Number "number" (String, Number) 1..=2, Number, false;
    StartsWith "startsWith" (String, String) 2..=2, Bool, true;
    String "string" (Any) 1..=1, String, false;
    StringContains "stringContains" (String, String) 2..=2, Bool, true;
    Substring "substring" (String, Number, Number) 2..=3, String, false;
    Subtract "subtract" (Number, Number) 2..=2, Number, false;
}

/// The function of that name, in any case.
pub fn find(name: &str) -> Option<&'static Signature> {
    ALL.iter().find(|s| s.name.eq_ignore_ascii_case(name))
}

/// The value of a call.
pub fn call<'a>(function: Function, insensitive: bool, arguments: &[Value<'a>]) -> Value<'a> {
    evaluate(function, insensitive, arguments).unwrap_or(Value::Null)
}

fn evaluate<'a>(function: Function, insensitive: bool, arguments: &[Value<'a>]) -> Option<Value<'a>> {
    let argument = |at: usize| arguments.get(at).unwrap_or(&Value::Null);
    let pair = |op| arithmetic(op, argument(0), argument(1));
    Some(match function {
        Function::Add => pair(ArithmeticOp::Add),
        Function::Subtract => pair(ArithmeticOp::Subtract),
        Function::Multiply => pair(ArithmeticOp::Multiply),
        Function::Divide => pair(ArithmeticOp::Divide),
        Function::Modulo => pair(ArithmeticOp::Modulo),
        Function::Between => {
            let greedy = matches!(argument(3), Value::Bool(true));
            between(argument(0), argument(1), argument(2), greedy, insensitive)?
        }
        Function::CidrMatch => {
            let address = pattern::address::parse(string(argument(0))?)?;
            let mut found = false;
            for range in &arguments[1..] {
                found |= pattern::address::Range::parse(string(range)?)?.contains(address);
            }
            Value::Bool(found)
        }
        Function::Concat => {
            let mut text = std::string::String::new();
            for argument in arguments {
                text.push_str(&argument.text()?);
            }
            Value::Str(text.into())
        }
        Function::EndsWith => {
            let (text, suffix) = (folded(argument(0), insensitive)?, folded(argument(1), insensitive)?);
            Value::Bool(text.ends_with(&*suffix))
        }
        Function::StartsWith => {
            let (text, prefix) = (folded(argument(0), insensitive)?, folded(argument(1), insensitive)?);
            Value::Bool(text.starts_with(&*prefix))
        }
        Function::StringContains => {
            let (text, part) = (folded(argument(0), insensitive)?, folded(argument(1), insensitive)?);
            // Elasticsearch finds nothing in nothing, and nothing nowhere.
            Value::Bool(!text.is_empty() && !part.is_empty() && text.contains(&*part))
        }
        Function::IndexOf => {
            let (text, part) = (folded(argument(0), insensitive)?, folded(argument(1), insensitive)?);
            // Beyond the end there is the empty string only, and it is at the end: Java's rule.
            let from = byte_offset(&text, integer(argument(2)).unwrap_or(0).max(0)).unwrap_or(text.len());
            let at = from + text[from..].find(&*part)?;
            Value::Int(utf16_length(&text[..at]))
        }
        Function::Length => Value::Int(utf16_length(string(argument(0))?)),
        Function::Number => number(string(argument(0))?, argument(1))?,
        Function::String => match argument(0) {
            Value::Str(Cow::Borrowed(text)) => Value::Str(Cow::Borrowed(text)),
            value => Value::Str(Cow::Owned(value.text()?.into_owned())),
        },
        Function::Substring => substring(argument(0), argument(1), argument(2))?,
    })
}

/// Arithmetic. Two integers give an integer, division cuts towards zero; overflow and division by zero give null.
pub fn arithmetic(op: ArithmeticOp, left: &Value<'_>, right: &Value<'_>) -> Value<'static> {
    if let (Value::Int(a), Value::Int(b)) = (left, right) {
        let result = match op {
            ArithmeticOp::Add => a.checked_add(*b),
            ArithmeticOp::Subtract => a.checked_sub(*b),
            ArithmeticOp::Multiply => a.checked_mul(*b),
            ArithmeticOp::Divide => a.checked_div(*b),
            ArithmeticOp::Modulo => a.checked_rem(*b),
        };
        return result.map_or(Value::Null, Value::Int);
    }
    let (Some(a), Some(b)) = (left.as_f64(), right.as_f64()) else { return Value::Null };
    let result = match op {
        ArithmeticOp::Add => a + b,
        ArithmeticOp::Subtract => a - b,
        ArithmeticOp::Multiply => a * b,
        ArithmeticOp::Divide => a / b,
        ArithmeticOp::Modulo => a % b,
    };
    if result.is_nan() { Value::Null } else { Value::Float(result) }
}

fn string<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match value {
        Value::Str(s) => Some(s),
        _ => None,
    }
}

fn integer(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(n) => Some(*n),
        Value::Float(n) => Some(*n as i64),
        _ => None,
    }
}

fn utf16_length(text: &str) -> i64 {
    if text.is_ascii() { text.len() as i64 } else { text.encode_utf16().count() as i64 }
}

/// The byte where a UTF-16 position falls; a position inside a character falls before it. `None` past the end.
fn byte_offset(text: &str, position: i64) -> Option<usize> {
    if text.is_ascii() {
        return usize::try_from(position).ok().filter(|at| *at <= text.len());
    }
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16() as i64;
        if units > position {
            return Some(at);
        }
    }
    (units == position).then_some(text.len())
}

/// Part of the text, sharing what it borrows.
fn slice<'a>(value: &Value<'a>, range: std::ops::Range<usize>) -> Option<Value<'a>> {
    match value {
        Value::Str(Cow::Borrowed(s)) => Some(Value::Str(Cow::Borrowed(s.get(range)?))),
        Value::Str(Cow::Owned(s)) => Some(Value::Str(Cow::Owned(s.get(range)?.to_owned()))),
        _ => None,
    }
}

/// The string, in lower case where case is ignored: all letters of Unicode, as in Elasticsearch's scripts.
fn folded<'v>(value: &'v Value<'_>, insensitive: bool) -> Option<Cow<'v, str>> {
    let text = string(value)?;
    Some(match insensitive {
        true if text.is_ascii() && !text.bytes().any(|b| b.is_ascii_uppercase()) => Cow::Borrowed(text),
        true if text.is_ascii() => Cow::Owned(text.to_ascii_lowercase()),
        true => Cow::Owned(text.to_lowercase()),
        false => Cow::Borrowed(text),
    })
}

/// What is between two strings. The empty string where one of them is not found, the whole source where one of them is
/// empty, which is what Elasticsearch's code and documentation have.
fn between<'a>(
    source: &Value<'a>,
    left: &Value<'_>,
    right: &Value<'_>,
    greedy: bool,
    insensitive: bool,
) -> Option<Value<'a>> {
    let (original, text) = (string(source)?, folded(source, insensitive)?);
    let (left, right) = (folded(left, insensitive)?, folded(right, insensitive)?);
    if text.is_empty() || left.is_empty() || right.is_empty() {
        return slice(source, 0..original.len());
    }
    let Some(start) = text.find(&*left).map(|at| at + left.len()) else { return slice(source, 0..0) };
    let end = if greedy { text.rfind(&*right) } else { text[start..].find(&*right).map(|at| start + at) };
    match end {
        None => slice(source, 0..0),
        // The last right text ends before the first left one does: Elasticsearch fails.
        Some(end) if end < start => None,
        // Places are those of the folded text also where folding changed its length.
        Some(end) => slice(source, same_place(&text, start, original)?..same_place(&text, end, original)?),
    }
}

/// The byte of `original` at the UTF-16 position that a byte of `text` has.
fn same_place(text: &str, at: usize, original: &str) -> Option<usize> {
    byte_offset(original, utf16_length(&text[..at]))
}

/// A slice as Python takes it: negative positions count from the end, what lies outside is cut. Without a start it is the
/// whole source, whatever the end.
fn substring<'a>(source: &Value<'a>, start: &Value<'_>, end: &Value<'_>) -> Option<Value<'a>> {
    let text = string(source)?;
    if start.is_null() {
        return slice(source, 0..text.len());
    }
    let length = utf16_length(text);
    let position = |value: &Value<'_>, default: i64| {
        let at = integer(value).unwrap_or(default);
        (if at < 0 { at.saturating_add(length) } else { at }).clamp(0, length)
    };
    let (start, end) = (position(start, 0), position(end, length));
    if start >= end {
        return slice(source, 0..0);
    }
    slice(source, byte_offset(text, start)?..byte_offset(text, end)?)
}

/// `number("0x1f")`, `number("17", 8)`.
fn number(text: &str, base: &Value<'_>) -> Option<Value<'static>> {
    let text = text.trim();
    let (digits, radix) = match (integer(base), text.strip_prefix("0x")) {
        (None | Some(16), Some(hex)) => (hex, 16),
        (None, None) => (text, 10),
        (Some(radix @ 2..=36), _) => (text, radix as u32),
        _ => return None,
    };
    if radix != 10 {
        return i64::from_str_radix(digits, radix).ok().map(Value::Int);
    }
    if let Ok(n) = digits.parse::<i64>() {
        return Some(Value::Int(n));
    }
    // Only digits, sign, point and exponent: no `inf`, no `nan`.
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
    digits.parse::<f64>().ok().filter(|n| plain && n.is_finite()).map(Value::Float)
}
