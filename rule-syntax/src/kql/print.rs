//! Clauses back to text.

use crate::clause::{Clause, ClauseKind, FieldName, FieldTest, Part, RangeOp};

/// The query as text. What [`parse`](super::parse) gave reads as the same again, places aside; of what KQL has no words for, the
/// nearest is written.
pub fn print(clause: &Clause) -> String {
    let mut out = String::new();
    write(clause, "", Within::Query, &mut out);
    out
}

/// What a clause is a part of; the later, the tighter.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Within {
    Query,
    And,
    Not,
}

/// `path` is that of the nested clause around it, which names are written without.
fn write(clause: &Clause, path: &str, within: Within, out: &mut String) {
    match &clause.kind {
        ClauseKind::All => out.push_str("*:*"),
        ClauseKind::None => out.push_str("not *:*"),
        ClauseKind::Not(inner) => parenthesised(within >= Within::Not, out, |out| {
            out.push_str("not ");
            write(inner, path, Within::Not, out);
        }),
        ClauseKind::And(parts) => {
            parenthesised(within >= Within::And, out, |out| joined(parts, " and ", path, Within::And, out));
        }
        ClauseKind::Or(parts) => {
            parenthesised(within >= Within::And, out, |out| joined(parts, " or ", path, Within::And, out));
        }
        ClauseKind::Nested { path: full, inner } => {
            name(&FieldName::Name(full.clone()), path, out);
            out.push_str(":{ ");
            write(inner, full, Within::Query, out);
            out.push_str(" }");
        }
        ClauseKind::Field { field, test: FieldTest::Range(bounds), .. } => {
            parenthesised(bounds.len() > 1 && within >= Within::And, out, |out| range(field, bounds, path, out));
        }
        ClauseKind::Field { field, test, .. } => field_test(field, test, path, out),
    }
}

fn parenthesised(needed: bool, out: &mut String, inner: impl FnOnce(&mut String)) {
    out.push_str(if needed { "(" } else { "" });
    inner(out);
    out.push_str(if needed { ")" } else { "" });
}

fn joined(parts: &[Clause], joint: &str, path: &str, within: Within, out: &mut String) {
    for (at, part) in parts.iter().enumerate() {
        out.push_str(if at > 0 { joint } else { "" });
        write(part, path, within, out);
    }
}

fn range(field: &FieldName, bounds: &[(RangeOp, String)], path: &str, out: &mut String) {
    for (at, (op, bound)) in bounds.iter().enumerate() {
        out.push_str(if at > 0 { " and " } else { "" });
        name(field, path, out);
        out.push_str(&format!(" {} ", op.text()));
        quoted(bound, out);
    }
}

fn field_test(field: &FieldName, test: &FieldTest, path: &str, out: &mut String) {
    if *field != FieldName::Every {
        name(field, path, out);
        out.push(':');
    }
    match test {
        FieldTest::Exists => out.push('*'),
        FieldTest::Match(text) => unquoted(text.chars().map(Part::Char), out),
        FieldTest::Phrase(text) | FieldTest::Term(text, _) | FieldTest::Regexp(text, _) => quoted(text, out),
        FieldTest::Glob(glob, _) => unquoted(glob.0.iter().copied(), out),
        FieldTest::Prefix(text, _) => unquoted(text.chars().map(Part::Char).chain([Part::Any]), out),
        FieldTest::Range(_) => {}
    }
}

fn name(field: &FieldName, path: &str, out: &mut String) {
    let below = |name: &str| -> String {
        let below = name.strip_prefix(path).and_then(|rest| rest.strip_prefix('.'));
        if path.is_empty() { name } else { below.unwrap_or(name) }.to_owned()
    };
    match field {
        FieldName::Every => out.push('*'),
        FieldName::Name(name) => match below(name) {
            name if name.is_empty() || name.trim() != name => quoted(&name, out),
            name => unquoted(name.chars().map(Part::Char), out),
        },
        FieldName::Matching(name) => {
            unquoted(below(name).chars().map(|c| if c == '*' { Part::Any } else { Part::Char(c) }), out);
        }
    }
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// A value without quotes. Where a keyword would be read, it gets a backslash.
fn unquoted(parts: impl Iterator<Item = Part>, out: &mut String) {
    let start = out.len();
    for part in parts {
        match part {
            Part::Any => out.push('*'),
            Part::One => out.push('?'),
            Part::Char('\t') => out.push_str("\\t"),
            Part::Char('\r') => out.push_str("\\r"),
            Part::Char('\n') => out.push_str("\\n"),
            Part::Char(c) => {
                if "\\():<>\"*{}".contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
        }
    }
    let text = out.split_off(start);
    for (at, c) in text.char_indices() {
        let word = ["or", "and", "not"]
            .iter()
            .find(|word| text[at..].get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word)));
        let before = text[..at].chars().next_back();
        if word.is_some()
            && before != Some('\\')
            && (c.eq_ignore_ascii_case(&'n') || before.is_none_or(char::is_whitespace))
        {
            out.push('\\');
        }
        out.push(c);
    }
}
