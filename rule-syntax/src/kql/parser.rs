//! Text to clauses, by recursive descent over characters: the language has no tokens, since what ends a value depends on what
//! stands behind it.

use crate::Span;
use crate::clause::{Clause, ClauseKind, FieldName, FieldTest, Glob, Part, RangeOp};
use crate::diagnostic::{Diagnostic, codes};

/// Parses a query; nothing but white space is `*:*`. `None` when there is an error, which is the first: what follows one can be
/// read in too many ways to be worth reporting.
pub fn parse(text: &str, max_depth: u32, errors: &mut Vec<Diagnostic>) -> Option<Clause> {
    let mut parser = Parser { text, at: 0, depth: 0, max_depth, warnings: Vec::new() };
    match parser.query() {
        Ok(clause) => {
            errors.append(&mut parser.warnings);
            Some(clause)
        }
        Err(error) => {
            errors.push(*error);
            None
        }
    }
}

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Characters that a value without quotes has with a backslash only.
const SPECIAL: &str = "\\():<>\"*{}";

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
    max_depth: u32,
    warnings: Vec<Diagnostic>,
}

/// What stands for a field or a value.
struct Literal {
    parts: Glob,
    quoted: bool,
    span: Span,
}

impl Literal {
    /// As it is, where a `*` is a character like others.
    fn text(&self) -> String {
        let char = |part: &Part| match part {
            Part::Any => '*',
            Part::One => '?',
            Part::Char(c) => *c,
        };
        self.parts.0.iter().map(char).collect()
    }

    fn is_wild(&self) -> bool {
        self.parts.0.contains(&Part::Any)
    }

    fn is_star(&self) -> bool {
        self.parts.0 == [Part::Any]
    }

    fn field(&self) -> FieldName {
        match (self.is_star(), self.is_wild()) {
            (true, _) => FieldName::Every,
            (_, true) => FieldName::Matching(self.text()),
            _ => FieldName::Name(self.text()),
        }
    }
}

/// What a value or list of values is about.
struct Subject {
    field: FieldName,
    span: Span,
}

/// `and` and `or`.
#[derive(Clone, Copy, PartialEq)]
enum Joint {
    And,
    Or,
}

impl<'t> Parser<'t> {
    fn query(&mut self) -> Result<Clause> {
        self.space();
        if self.rest().is_empty() {
            return Ok(Clause::new(ClauseKind::All));
        }
        let clause = self.or(None)?;
        self.space();
        match self.rest().chars().next() {
            None => Ok(clause),
            Some(found) => Err(self.unexpected(found)),
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Steps over white space and tells how long it was.
    fn space(&mut self) -> usize {
        let len = space(self.rest());
        self.at += len;
        len
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Steps over ` and ` or ` or `.
    fn joint(&mut self, joint: Joint) -> bool {
        let word = if joint == Joint::And { "and" } else { "or" };
        match keyword_after_space(self.rest(), word) {
            Some(len) => {
                self.at += len;
                true
            }
            None => false,
        }
    }

    fn since(&self, start: usize) -> Span {
        Span::new(start as u32, self.at as u32)
    }

    /// Queries joined by `or`, or values of a subject.
    fn or(&mut self, subject: Option<&Subject>) -> Result<Clause> {
        self.deeper(|parser| parser.joined(Joint::Or, |parser| parser.and(subject)))
    }

    fn and(&mut self, subject: Option<&Subject>) -> Result<Clause> {
        self.joined(Joint::And, |parser| parser.not(subject))
    }

    fn joined(&mut self, joint: Joint, mut part: impl FnMut(&mut Self) -> Result<Clause>) -> Result<Clause> {
        let start = self.at;
        let first = part(self)?;
        let mut parts = vec![first];
        while self.joint(joint) {
            parts.push(part(self)?);
        }
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        let kind = if joint == Joint::And { ClauseKind::And(parts) } else { ClauseKind::Or(parts) };
        Ok(Clause { kind, span: self.since(start) })
    }

    fn not(&mut self, subject: Option<&Subject>) -> Result<Clause> {
        let start = self.at;
        let Some(len) = keyword_before_space(self.rest(), "not") else { return self.sub(subject) };
        self.at += len;
        let inner = self.sub(subject)?;
        Ok(Clause { kind: ClauseKind::Not(Box::new(inner)), span: self.since(start) })
    }

    fn sub(&mut self, subject: Option<&Subject>) -> Result<Clause> {
        let start = self.at;
        if self.eat("(") {
            self.space();
            let inner = self.or(subject)?;
            return self.closed(')', start).map(|()| inner);
        }
        let literal = self.literal(if subject.is_some() { "a value" } else { "a field or a value" })?;
        match subject {
            Some(subject) => self.value(subject, literal),
            None => self.expression(literal),
        }
    }

    fn closed(&mut self, bracket: char, start: usize) -> Result<()> {
        self.space();
        if self.rest().starts_with(bracket) {
            self.at += 1;
            return Ok(());
        }
        let (message, at) = match self.rest().chars().next() {
            Some(found) => return Err(self.unexpected(found)),
            None => (format!("expected `{bracket}`"), self.at as u32),
        };
        let error = Diagnostic::error(codes::SYNTAX, message, Span::new(at, at));
        Err(Box::new(error.also(Span::new(start as u32, start as u32 + 1), "to close this")))
    }

    /// What stands behind a literal that is a field, unless it is a value.
    fn expression(&mut self, literal: Literal) -> Result<Clause> {
        let start = literal.span.start as usize;
        let end = self.at;
        self.space();
        if self.eat(":") {
            self.space();
            let subject = Subject { field: literal.field(), span: literal.span };
            let open = self.at;
            if self.eat("{") {
                self.space();
                let inner = self.or(None)?;
                self.closed('}', open)?;
                return self.nested(literal, inner);
            }
            let mut clause = self.values(&subject)?;
            clause.span = self.since(start);
            return Ok(clause);
        }
        for op in [RangeOp::LessOrEqual, RangeOp::GreaterOrEqual, RangeOp::Less, RangeOp::Greater] {
            if self.eat(op.text()) {
                self.space();
                let bound = self.literal("a value")?;
                let test = FieldTest::Range(vec![(op, bound.text())]);
                let kind = ClauseKind::Field { field: literal.field(), field_span: literal.span, test };
                return Ok(Clause { kind, span: self.since(start) });
            }
        }
        self.at = end;
        self.check_equals(&literal);
        let subject = Subject { field: FieldName::Every, span: Span::default() };
        self.value(&subject, literal)
    }

    /// `a = 1`, as other languages have it, is a text like others: Kibana looks for it in all fields.
    fn check_equals(&mut self, literal: &Literal) {
        let text = &self.text[literal.span.range()];
        let Some((before, value)) = text.split_once('=').filter(|_| !literal.quoted) else { return };
        let name = before.trim_end_matches(['!', '=']).trim_end();
        let (op, value) = (&text[name.len()..], value.trim_start_matches('='));
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '@')
            && name.chars().all(|c| c.is_alphanumeric() || "._@-*".contains(c));
        let is_apart = op.starts_with(is_white) || value.starts_with(is_white) || name.contains('.');
        if !is_name || !is_apart || value.trim().is_empty() {
            return;
        }
        let shown: String = text.chars().take(60).collect();
        let warning = Diagnostic::warning(
            codes::SYNTAX,
            format!("`{shown}` is a text that is looked for in all fields"),
            literal.span,
        );
        let (not, value) = (if before.ends_with('!') { "not " } else { "" }, value.trim_start());
        let instead = format!("{not}{name}: {value}");
        self.warnings.push(warning.suggest(literal.span, instead, "KQL compares with `:`"));
    }

    /// A list of values in parentheses, or a single one.
    fn values(&mut self, subject: &Subject) -> Result<Clause> {
        let start = self.at;
        if self.eat("(") {
            self.space();
            let inner = self.or(Some(subject))?;
            return self.closed(')', start).map(|()| inner);
        }
        let literal = self.literal("a value")?;
        self.value(subject, literal)
    }

    fn value(&mut self, subject: &Subject, literal: Literal) -> Result<Clause> {
        let text = literal.text();
        if !literal.quoted && text == "null" {
            let error = Diagnostic::error(codes::SYNTAX, "no field has the value null", literal.span);
            return Err(Box::new(
                error.help("`not field: *` holds for events without the field; quote the text \"null\""),
            ));
        }
        let kind = match (literal.is_star(), &subject.field) {
            (true, FieldName::Every) => ClauseKind::All,
            (true, field) => field_test(field, subject, FieldTest::Exists),
            (_, field) if literal.is_wild() => field_test(field, subject, FieldTest::Glob(literal.parts, false)),
            (_, field) if literal.quoted => field_test(field, subject, FieldTest::Phrase(text)),
            (_, field) => field_test(field, subject, FieldTest::Match(text)),
        };
        Ok(Clause { kind, span: literal.span })
    }

    fn nested(&mut self, path: Literal, mut inner: Clause) -> Result<Clause> {
        if path.is_wild() {
            let error = Diagnostic::error(codes::SYNTAX, "the name before `{` has a wildcard", path.span);
            return Err(Box::new(error.help("name the nested field")));
        }
        let span = self.since(path.span.start as usize);
        let path = path.text();
        prefix(&mut inner, &path);
        Ok(Clause { kind: ClauseKind::Nested { path, inner: Box::new(inner) }, span })
    }

    fn literal(&mut self, wanted: &str) -> Result<Literal> {
        let start = self.at;
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let mut parts = Glob::default();
        while let Some(c) = self.rest().chars().next() {
            match c {
                '\\' => parts.push(Part::Char(self.escape()?)),
                '*' => {
                    self.at += 1;
                    parts.push(Part::Any);
                }
                c if SPECIAL.contains(c) || is_keyword(self.rest()) => break,
                c => {
                    self.at += c.len_utf8();
                    parts.push(Part::Char(c));
                }
            }
        }
        // White space around a value is not the value's; an escaped one is, but at its ends, as Kibana trims them too.
        let is_space = |part: &Part| matches!(part, Part::Char(c) if c.is_whitespace());
        let trailing = parts.0.iter().rev().take_while(|part| is_space(part)).count();
        parts.0.truncate(parts.0.len() - trailing);
        let leading = parts.0.iter().take_while(|part| is_space(part)).count();
        parts.0.drain(..leading);
        if parts.0.is_empty() {
            self.at = start;
            return Err(self.expected(wanted));
        }
        let written = &self.text[start..self.at];
        // What follows the value begins behind the space that may be before a keyword.
        self.at = start + written.trim_end_matches(is_white).len();
        Ok(Literal { parts, quoted: false, span: self.since(start) })
    }

    fn quoted(&mut self) -> Result<Literal> {
        let start = self.at;
        self.at += 1;
        let mut parts = Glob::default();
        loop {
            let Some(c) = self.rest().chars().next() else {
                let error = Diagnostic::error(codes::STRING, "the string has no end", self.since(start));
                return Err(Box::new(error.help("close it with `\"`; a quote within it is written `\\\"`")));
            };
            match c {
                '"' => break,
                '\\' if is_escape(self.rest(), "\\\"") => parts.0.push(Part::Char(self.escape()?)),
                c => {
                    self.at += c.len_utf8();
                    parts.0.push(Part::Char(c));
                }
            }
        }
        self.at += 1;
        Ok(Literal { parts, quoted: true, span: self.since(start) })
    }

    /// The character that an escape stands for. A keyword's first letter stands for itself: what follows it is no keyword then.
    fn escape(&mut self) -> Result<char> {
        let start = self.at;
        let mut chars = self.rest()[1..].chars();
        let next = chars.next();
        let (len, c) = match next {
            Some('t') => (1, '\t'),
            Some('r') => (1, '\r'),
            Some('n') if !starts_with_word(&self.rest()[1..], "not") => (1, '\n'),
            Some(c) if SPECIAL.contains(c) => (1, c),
            Some('u') => match self.rest().get(2..6).map(|digits| u32::from_str_radix(digits, 16)) {
                // Half of a surrogate pair is no character.
                Some(Ok(code)) => (5, char::from_u32(code).unwrap_or('\u{fffd}')),
                _ => return Err(self.bad_escape(start)),
            },
            Some(c) if ["or", "and", "not"].iter().any(|word| starts_with_word(&self.rest()[1..], word)) => (1, c),
            _ => return Err(self.bad_escape(start)),
        };
        self.at += 1 + len;
        Ok(c)
    }

    fn bad_escape(&self, start: usize) -> Box<Diagnostic> {
        let span = Span::new(start as u32, start as u32 + 1);
        let error = Diagnostic::error(codes::STRING, "a backslash before a character that needs none", span);
        let error = error.help("a backslash itself is written `\\\\`, also in quotes");
        Box::new(error.suggest(span, "\\\\", "write the backslash twice"))
    }

    fn expected(&self, wanted: &str) -> Box<Diagnostic> {
        match self.rest().chars().next() {
            Some(found) => {
                let error = *self.unexpected(found);
                Box::new(error.label(format!("expected {wanted}")))
            }
            None => {
                let at = self.at as u32;
                let message = format!("expected {wanted}, and the query ends");
                Box::new(Diagnostic::error(codes::SYNTAX, message, Span::new(at, at)))
            }
        }
    }

    fn unexpected(&self, found: char) -> Box<Diagnostic> {
        let at = self.at as u32;
        let word: String = self.rest().chars().take_while(|c| c.is_alphanumeric()).collect();
        let found = if word.is_empty() { found.to_string() } else { word };
        let span = Span::new(at, at + found.len() as u32);
        let mut error = Diagnostic::error(codes::SYNTAX, format!("unexpected `{found}`"), span);
        // `a = "1"`
        let before = self.text[..self.at].trim_end();
        let name = before.trim_end_matches(['=', '!']);
        if before.ends_with('=') && matches!(found.as_str(), "\"" | "(") {
            let start = name.trim_end().len() as u32;
            error = match before[name.len()..].starts_with('!') {
                true => error.help("KQL compares with `:`, and `not` stands before the field"),
                false => error.suggest(Span::new(start, before.len() as u32), ":", "KQL compares with `:`"),
            };
            return Box::new(error);
        }
        error = match found.as_str() {
            ":" | "<" | ">" | "{" | "}" | "(" | ")" => {
                error.help(format!("where `{found}` is part of a value, quote the value or write `\\{found}`"))
            }
            "=" | "==" => error.suggest(span, ":", "KQL compares with `:`"),
            "\"" => error.help("values are joined by `and` or `or`"),
            "and" | "or" | "not" => error.help(format!("where `{found}` is part of a value, quote the value")),
            _ => error,
        };
        Box::new(error)
    }

    fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= self.max_depth {
            let at = self.at as u32;
            let message = format!("the query is nested more than {} deep", self.max_depth);
            return Err(Box::new(Diagnostic::error(codes::TOO_LARGE, message, Span::new(at, at))));
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        result
    }
}

fn field_test(field: &FieldName, subject: &Subject, test: FieldTest) -> ClauseKind {
    ClauseKind::Field { field: field.clone(), field_span: subject.span, test }
}

/// Gives the names in a nested clause the path that they are below.
fn prefix(clause: &mut Clause, path: &str) {
    match &mut clause.kind {
        ClauseKind::Not(inner) => prefix(inner, path),
        ClauseKind::And(parts) | ClauseKind::Or(parts) => parts.iter_mut().for_each(|part| prefix(part, path)),
        ClauseKind::Nested { path: inner_path, inner } => {
            *inner_path = format!("{path}.{inner_path}");
            prefix(inner, path);
        }
        ClauseKind::Field { field, .. } => match field {
            FieldName::Name(name) | FieldName::Matching(name) => *name = format!("{path}.{name}"),
            FieldName::Every => *field = FieldName::Matching(format!("{path}.*")),
        },
        ClauseKind::All | ClauseKind::None => {}
    }
}

fn is_white(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{a0}')
}

/// How many bytes of white space the text begins with.
fn space(text: &str) -> usize {
    text.len() - text.trim_start_matches(is_white).len()
}

/// Whether the text begins with a word, in any case.
fn starts_with_word(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
}

/// `not` and the space behind it.
fn keyword_before_space(text: &str, word: &str) -> Option<usize> {
    if !starts_with_word(text, word) {
        return None;
    }
    let after = space(&text[word.len()..]);
    (after > 0).then_some(word.len() + after)
}

/// `and` or `or` with the space around it.
fn keyword_after_space(text: &str, word: &str) -> Option<usize> {
    let before = space(text);
    if before == 0 {
        return None;
    }
    Some(before + keyword_before_space(&text[before..], word)?)
}

/// Whether a value ends here, because a keyword follows.
fn is_keyword(text: &str) -> bool {
    match text.as_bytes().first() {
        Some(b'n' | b'N') => keyword_before_space(text, "not").is_some(),
        Some(b' ' | b'\t' | b'\r' | b'\n' | 0xc2) => {
            keyword_after_space(text, "or").is_some() || keyword_after_space(text, "and").is_some()
        }
        _ => false,
    }
}

/// Whether a backslash in quotes is an escape; else it is a character like others.
fn is_escape(text: &str, special: &str) -> bool {
    match text[1..].chars().next() {
        Some('t' | 'r' | 'n') => true,
        Some('u') => text.get(2..6).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())),
        Some(c) => special.contains(c),
        None => false,
    }
}
