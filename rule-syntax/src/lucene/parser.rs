//! Text to clauses, by recursive descent.

use crate::Span;
use crate::clause::{Clause, ClauseKind, FieldName, FieldTest, Glob, Part, RangeOp};
use crate::diagnostic::{Diagnostic, codes};

/// Parses a query; nothing but white space matches everything. `None` when there is an error.
pub fn parse(text: &str, max_depth: u32, errors: &mut Vec<Diagnostic>) -> Option<Clause> {
    let mut parser = Parser { text, at: 0, depth: 0, max_depth };
    match parser.query() {
        Ok(clause) => Some(clause),
        Err(error) => {
            errors.push(*error);
            None
        }
    }
}

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Characters that end a term.
const ENDS: &str = "():^[]{}\"~";

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
    max_depth: u32,
}

/// How a clause takes part in a list: Lucene's queries have no `and` and `or` but clauses that must, must not or may hold.
#[derive(Clone, Copy, PartialEq)]
enum Occur {
    Must,
    MustNot,
    Should,
}

impl<'t> Parser<'t> {
    fn query(&mut self) -> Result<Clause> {
        self.space();
        if self.rest().is_empty() {
            return Ok(Clause::new(ClauseKind::All));
        }
        let clause = self.list(&FieldName::Every)?;
        match self.rest().chars().next() {
            None => Ok(clause),
            Some(found) => Err(self.error(format!("unexpected `{found}`"), found.len_utf8())),
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// A word in capitals, whole.
    fn word(&mut self, word: &str) -> bool {
        let Some(after) = self.rest().strip_prefix(word) else { return false };
        let whole = after.chars().next().is_none_or(|c| c.is_whitespace() || "()!+-\"".contains(c));
        if whole {
            self.at += word.len();
        }
        whole
    }

    fn since(&self, start: usize) -> Span {
        Span::new(start as u32, self.at as u32)
    }

    fn error(&self, message: impl Into<String>, len: usize) -> Box<Diagnostic> {
        let at = self.at as u32;
        Box::new(Diagnostic::error(codes::SYNTAX, message, Span::new(at, at + len as u32)))
    }

    /// Clauses up to a closing parenthesis or the end. `AND` makes the clauses on both sides of it required, as Lucene's
    /// classic parser does, which knows no precedence.
    fn list(&mut self, field: &FieldName) -> Result<Clause> {
        if self.depth >= self.max_depth {
            let message = format!("the query is nested more than {} deep", self.max_depth);
            return Err(Box::new(Diagnostic { code: codes::TOO_LARGE.to_owned(), ..*self.error(message, 0) }));
        }
        self.depth += 1;
        let start = self.at;
        let mut clauses: Vec<(Occur, Clause)> = Vec::new();
        loop {
            self.space();
            if self.rest().is_empty() || self.rest().starts_with(')') {
                break;
            }
            let joined = if self.word("AND") || self.eat("&&") {
                Some(Occur::Must)
            } else if self.word("OR") || self.eat("||") {
                Some(Occur::Should)
            } else {
                None
            };
            if joined.is_some() && clauses.is_empty() {
                return Err(self.error("nothing stands before this `AND` or `OR`", 0));
            }
            self.space();
            let mut occur = joined.unwrap_or(Occur::Should);
            if self.word("NOT") || self.eat("!") || self.eat("-") {
                occur = Occur::MustNot;
            } else if self.eat("+") {
                occur = Occur::Must;
            }
            self.space();
            let clause = self.clause(field)?;
            if let (Some(Occur::Must), Some((last @ Occur::Should, _))) = (joined, clauses.last_mut()) {
                *last = Occur::Must;
            }
            clauses.push((occur, clause));
        }
        self.depth -= 1;
        let span = self.since(start);
        if clauses.is_empty() {
            return Err(self.error("expected a term", 0));
        }
        Ok(Clause { span, ..combined(clauses) })
    }

    fn clause(&mut self, field: &FieldName) -> Result<Clause> {
        let start = self.at;
        if self.eat("(") {
            let inner = self.list(field)?;
            self.close(start)?;
            return Ok(inner);
        }
        let before = self.at;
        if !self.rest().starts_with(['"', '/', '[', '{', '<', '>']) {
            let name = self.term()?;
            let span = self.since(before);
            if self.eat(":") {
                self.space();
                return self.of_field(&name, span, start);
            }
            self.at = before;
        }
        self.value(field, Span::default())
    }

    fn close(&mut self, start: usize) -> Result<()> {
        self.space();
        if self.eat(")") {
            return self.boost();
        }
        let error = *self.error("expected `)`", 0);
        Err(Box::new(error.also(Span::new(start as u32, start as u32 + 1), "to close this")))
    }

    fn of_field(&mut self, name: &Glob, span: Span, start: usize) -> Result<Clause> {
        let text = name.literal();
        if text.as_deref() == Some("_exists_") {
            let field = self.term()?;
            let kind =
                ClauseKind::Field { field: named(&field), field_span: self.since(start), test: FieldTest::Exists };
            return Ok(Clause { kind, span: self.since(start) });
        }
        let field = named(name);
        let open = self.at;
        let mut clause = if self.eat("(") {
            let inner = self.list(&field)?;
            self.close(open)?;
            inner
        } else {
            self.value(&field, span)?
        };
        clause.span = self.since(start);
        Ok(clause)
    }

    fn value(&mut self, field: &FieldName, field_span: Span) -> Result<Clause> {
        let start = self.at;
        let test = match self.rest().as_bytes().first() {
            Some(b'"') => FieldTest::Phrase(self.phrase()?),
            Some(b'/') => FieldTest::Regexp(self.regexp()?, false),
            Some(b'[' | b'{') => self.range()?,
            Some(b'<' | b'>') => {
                let ops = [RangeOp::LessOrEqual, RangeOp::GreaterOrEqual, RangeOp::Less, RangeOp::Greater];
                let op = ops.into_iter().find(|op| self.eat(op.text())).unwrap_or(RangeOp::Less);
                FieldTest::Range(vec![(op, self.bound()?)])
            }
            _ => {
                let term = self.term()?;
                match term.literal() {
                    Some(text) => FieldTest::Match(text),
                    None if term.0 == [Part::Any] => FieldTest::Exists,
                    None => FieldTest::Glob(term, false),
                }
            }
        };
        self.boost()?;
        let kind = match (&test, field) {
            (FieldTest::Exists, FieldName::Every) => ClauseKind::All,
            _ => ClauseKind::Field { field: field.clone(), field_span, test },
        };
        Ok(Clause { kind, span: self.since(start) })
    }

    fn term(&mut self) -> Result<Glob> {
        let mut glob = Glob::default();
        while let Some(c) = self.rest().chars().next() {
            if c.is_whitespace() || ENDS.contains(c) {
                break;
            }
            self.at += c.len_utf8();
            glob.push(match c {
                '*' => Part::Any,
                '?' => Part::One,
                '\\' => match self.rest().chars().next() {
                    Some(next) => {
                        self.at += next.len_utf8();
                        Part::Char(next)
                    }
                    None => return Err(self.error("a backslash at the end escapes nothing", 0)),
                },
                c => Part::Char(c),
            });
        }
        if glob.0.is_empty() {
            let found = self.rest().chars().next();
            let message = found.map_or("expected a term".to_owned(), |c| format!("expected a term, found `{c}`"));
            return Err(self.error(message, found.map_or(0, char::len_utf8)));
        }
        Ok(glob)
    }

    fn phrase(&mut self) -> Result<String> {
        self.delimited('"', "the phrase has no end", true)
    }

    fn regexp(&mut self) -> Result<String> {
        self.delimited('/', "the regular expression has no end", false)
    }

    /// What stands between two of the delimiter. A backslash takes the next character as it is, and is kept for others to read if
    /// it is not undone, unless it is before the delimiter.
    fn delimited(&mut self, delimiter: char, unclosed: &str, undone: bool) -> Result<String> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                return Err(Box::new(Diagnostic::error(codes::STRING, unclosed, self.since(start))));
            };
            self.at += c.len_utf8();
            if c == delimiter {
                return Ok(text);
            }
            let next = self.rest().chars().next().filter(|_| c == '\\');
            match next {
                Some(next) => {
                    self.at += next.len_utf8();
                    if !undone && next != delimiter {
                        text.push('\\');
                    }
                    text.push(next);
                }
                None => text.push(c),
            }
        }
    }

    /// `[a TO b]`, a brace where the bound is not part of it.
    fn range(&mut self) -> Result<FieldTest> {
        let open = self.rest().starts_with('[');
        self.at += 1;
        self.space();
        let low = self.bound()?;
        self.space();
        if !self.word("TO") {
            return Err(self.error("expected `TO`", 0));
        }
        self.space();
        let high = self.bound()?;
        self.space();
        let closed = self.rest().starts_with(']');
        if !closed && !self.rest().starts_with('}') {
            return Err(self.error("expected `]` or `}`", 0));
        }
        self.at += 1;
        let mut bounds = Vec::new();
        if low != "*" {
            bounds.push((if open { RangeOp::GreaterOrEqual } else { RangeOp::Greater }, low));
        }
        if high != "*" {
            bounds.push((if closed { RangeOp::LessOrEqual } else { RangeOp::Less }, high));
        }
        Ok(if bounds.is_empty() { FieldTest::Exists } else { FieldTest::Range(bounds) })
    }

    /// A bound of a range: dates have colons, so that white space and brackets alone end it.
    fn bound(&mut self) -> Result<String> {
        if self.rest().starts_with('"') {
            return self.phrase();
        }
        let len = self.rest().find(|c: char| c.is_whitespace() || "[]{}()".contains(c)).unwrap_or(self.rest().len());
        if len == 0 {
            return Err(self.error("expected a bound", 0));
        }
        let bound = self.rest()[..len].to_owned();
        self.at += len;
        Ok(bound)
    }

    /// `^2`, which is about scores; `~`, which is not read.
    fn boost(&mut self) -> Result<()> {
        if self.eat("^") {
            let len = self.rest().find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(self.rest().len());
            self.at += len;
        }
        if self.rest().starts_with('~') {
            let error = *self.error("fuzzy terms and phrases with slop are not evaluated", 1);
            return Err(Box::new(error.help("write the terms that are meant, or a wildcard")));
        }
        Ok(())
    }
}

fn named(name: &Glob) -> FieldName {
    let text = name.0.iter().map(|part| match part {
        Part::Any => '*',
        Part::One => '?',
        Part::Char(c) => *c,
    });
    let text: String = text.collect();
    match name.literal() {
        Some(name) => FieldName::Name(name),
        None if text == "*" => FieldName::Every,
        None => FieldName::Matching(text),
    }
}

/// Required clauses must hold; one of the others must if none is required.
fn combined(clauses: Vec<(Occur, Clause)>) -> Clause {
    let (mut required, mut optional) = (Vec::new(), Vec::new());
    for (occur, clause) in clauses {
        match occur {
            Occur::Must => required.push(clause),
            Occur::MustNot => required.push(clause.not()),
            Occur::Should => optional.push(clause),
        }
    }
    let is_must = |clause: &Clause| !matches!(clause.kind, ClauseKind::Not(_));
    if !optional.is_empty() && !required.iter().any(is_must) {
        required.push(Clause::any(optional));
    }
    Clause::all(required)
}
