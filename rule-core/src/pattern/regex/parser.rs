//! From text to tree. Follows the grammar of Lucene's `RegExp` also where it is surprising; see the parent module.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::RegexError;
use super::interval::interval;
use super::tree::{Node, class};

/// Nesting of groups in one expression.
const MAX_DEPTH: u32 = 100;
/// Height of the tree: a group is a few nodes high, and `a{2}{2}` is higher than `a{2}`.
const MAX_HEIGHT: u32 = 400;
/// What an interval is at most high.
const INTERVAL_HEIGHT: u32 = 40;
/// Largest count in `{n,m}`: as many states as Lucene's automata may have.
const MAX_REPEAT: u32 = 10_000;

/// An expression, read.
pub struct Parsed {
    pub tree: Node,
    /// Whether there is a complement or an intersection in it.
    pub boolean: bool,
}

/// Reads an expression.
pub fn parse(pattern: &str, insensitive: bool) -> Result<Parsed, RegexError> {
    if pattern.is_empty() {
        return Ok(Parsed { tree: Node::Empty, boolean: false });
    }
    let mut parser = Parser { pattern, at: 0, depth: 0, insensitive, boolean: false };
    let (tree, _) = parser.union()?;
    if parser.at < pattern.len() {
        return Err(parser.error("unmatched `)`; for a plain `)` write `\\)`"));
    }
    Ok(Parsed { tree, boolean: parser.boolean })
}

/// A node and its height.
type Part = (Node, u32);

struct Parser<'p> {
    pattern: &'p str,
    at: usize,
    depth: u32,
    insensitive: bool,
    boolean: bool,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.pattern[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn error(&self, message: impl Into<String>) -> RegexError {
        self.error_at(self.at, message)
    }

    fn error_at(&self, offset: usize, message: impl Into<String>) -> RegexError {
        RegexError { offset, message: message.into() }
    }

    fn union(&mut self) -> Result<Part, RegexError> {
        let mut branches = vec![self.inter()?];
        while self.eat('|') {
            branches.push(self.inter()?);
        }
        Ok(join(branches, Node::Union))
    }

    fn inter(&mut self) -> Result<Part, RegexError> {
        let mut branches = vec![self.concat()?];
        while self.eat('&') {
            self.boolean = true;
            branches.push(self.concat()?);
        }
        Ok(join(branches, Node::Inter))
    }

    fn concat(&mut self) -> Result<Part, RegexError> {
        let mut parts = vec![self.repeat()?];
        while self.peek().is_some_and(|c| !matches!(c, '|' | '&' | ')')) {
            parts.push(self.repeat()?);
        }
        Ok(join(parts, Node::Concat))
    }

    fn repeat(&mut self) -> Result<Part, RegexError> {
        let mut part = self.complement()?;
        loop {
            if part.1 > MAX_HEIGHT {
                return Err(self.error("the expression is nested too deeply"));
            }
            let (min, max) = match self.peek() {
                Some('?') => (0, Some(1)),
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('{') => {
                    let (min, max) = self.counts()?;
                    part = repeat(part, min, max);
                    continue;
                }
                _ => return Ok(part),
            };
            self.at += 1;
            part = repeat(part, min, max);
        }
    }

    /// `{n}`, `{n,}` or `{n,m}`
    fn counts(&mut self) -> Result<(u32, Option<u32>), RegexError> {
        self.at += 1;
        let min = self.count()?;
        let max = if !self.eat(',') {
            Some(min)
        } else if self.peek() == Some('}') {
            None
        } else {
            Some(self.count()?)
        };
        if !self.eat('}') {
            return Err(self.error("expected `}` after the number of repetitions"));
        }
        if max.is_some_and(|max| max < min) {
            return Err(self.error("the largest number of repetitions is below the smallest"));
        }
        Ok((min, max))
    }

    fn count(&mut self) -> Result<u32, RegexError> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(self.error("expected a number of repetitions; for a plain `{` write `\\{`"));
        }
        match self.rest()[..digits].parse::<u32>() {
            Ok(n) if n <= MAX_REPEAT => {
                self.at += digits;
                Ok(n)
            }
            _ => Err(self.error(format!("more than {MAX_REPEAT} repetitions"))),
        }
    }

    fn complement(&mut self) -> Result<Part, RegexError> {
        let mut negated = false;
        while self.eat('~') {
            self.boolean = true;
            negated = !negated;
        }
        let (node, height) = self.simple()?;
        Ok(if negated { (Node::Not(Box::new(node)), height + 1) } else { (node, height) })
    }

    fn simple(&mut self) -> Result<Part, RegexError> {
        let start = self.at;
        let Some(c) = self.next() else {
            return Err(self.error("the expression ends where something must follow; the empty string is `()`"));
        };
        let node = match c {
            '.' => Node::any(),
            '#' => Node::ranges([]),
            '@' => return Ok((Node::Repeat(Box::new(Node::any()), 0, None), 2)),
            '(' if self.eat(')') => Node::Empty,
            '(' => return self.group(start),
            '[' => Node::Class(self.class(start)?),
            '"' => return self.quoted(start),
            '<' => return Ok((self.interval(start)?, INTERVAL_HEIGHT)),
            '\\' => match self.predefined()? {
                Some(class) => Node::Class(class),
                None => match self.next() {
                    Some(c) => self.character(c),
                    None => return Err(self.error("nothing after the backslash")),
                },
            },
            c => self.character(c),
        };
        Ok((node, 1))
    }

    /// `(…)`, after the parenthesis.
    fn group(&mut self, start: usize) -> Result<Part, RegexError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("groups are nested deeper than {MAX_DEPTH} levels")));
        }
        let unclosed = self.error_at(start, "unclosed group");
        if self.at == self.pattern.len() {
            return Err(unclosed);
        }
        let inner = self.union()?;
        if !self.eat(')') {
            return Err(unclosed);
        }
        self.depth -= 1;
        Ok(inner)
    }

    /// `"…"`, after the quote. There is no escape in it.
    fn quoted(&mut self, start: usize) -> Result<Part, RegexError> {
        let Some((text, _)) = self.rest().split_once('"') else {
            return Err(self.error_at(start, "unclosed quotation; for a plain `\"` write `\\\"`"));
        };
        let parts = text.chars().map(|c| (self.character(c), 1)).collect();
        self.at += text.len() + 1;
        Ok(join(parts, Node::Concat))
    }

    /// `<1-9>`, after the `<`.
    fn interval(&mut self, start: usize) -> Result<Node, RegexError> {
        let Some((text, _)) = self.rest().split_once('>') else {
            return Err(self.error_at(start, "unclosed numeric interval; for a plain `<` write `\\<`"));
        };
        let bounds = text.split_once('-').and_then(|(a, b)| Some((a, bound(a)?, b, bound(b)?)));
        let Some((a, first, b, second)) = bounds else {
            let message = "expected a numeric interval such as `<1-9>`; for a plain `<` write `\\<`";
            return Err(self.error_at(start, message));
        };
        let node = interval(first.min(second), first.max(second), (a.len() == b.len()).then_some(a.len()));
        self.at += text.len() + 1;
        Ok(node)
    }

    /// `\d` and its like, after the backslash; `None` when a character that stands for itself follows.
    fn predefined(&mut self) -> Result<Option<ClassUnicode>, RegexError> {
        let Some(c) = self.peek().filter(char::is_ascii_alphabetic) else { return Ok(None) };
        let mut class = match c.to_ascii_lowercase() {
            'd' => class([('0', '9')]),
            's' => class([('\t', '\n'), ('\r', '\r'), (' ', ' ')]),
            'w' => class([('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
            _ => {
                let message = format!("there is no class `\\{c}`; for a plain `{c}` leave out the backslash");
                return Err(self.error_at(self.at - 1, message));
            }
        };
        self.at += 1;
        if c.is_ascii_uppercase() {
            class.negate();
        }
        Ok(Some(class))
    }

    /// `[…]`, after the bracket.
    fn class(&mut self, open: usize) -> Result<ClassUnicode, RegexError> {
        let mut unclosed = self.error_at(open, "unclosed character class; for a plain `[` write `\\[`");
        let negated = self.eat('^');
        let mut class = ClassUnicode::empty();
        loop {
            let start = self.at;
            let Some(from) = self.next() else { return Err(unclosed) };
            if from == '\\' {
                match self.predefined()? {
                    Some(predefined) => class.union(&predefined),
                    // No range begins with an escape, in Lucene 10.
                    None => match self.next() {
                        Some(c) => class.push(ClassUnicodeRange::new(c, c)),
                        None => return Err(unclosed),
                    },
                }
            } else if self.eat('-') {
                self.eat('\\');
                let Some(to) = self.next() else { return Err(unclosed) };
                if to < from {
                    let message = format!("the range `{from}-{to}` is empty; for a plain `-` write `\\-`");
                    return Err(self.error_at(start, message));
                }
                if to == ']' {
                    let message =
                        format!("unclosed character class: `{from}-]` is a range; for a plain `-` write `\\-`");
                    unclosed = self.error_at(start, message);
                }
                class.push(ClassUnicodeRange::new(from, to));
            } else {
                for c in self.cases(from) {
                    class.push(ClassUnicodeRange::new(c, c));
                }
            }
            // A class has at least one member, so `[]]` holds a bracket.
            if self.eat(']') {
                break;
            }
        }
        if negated {
            class.negate();
        }
        Ok(class)
    }

    fn character(&self, c: char) -> Node {
        Node::ranges(self.cases(c).map(|c| (c, c)))
    }

    /// The character, in both cases where case is ignored.
    fn cases(&self, c: char) -> [char; 2] {
        if self.insensitive { [c.to_ascii_uppercase(), c.to_ascii_lowercase()] } else { [c, c] }
    }
}

/// A bound of a numeric interval, as large as Java's `int`.
fn bound(text: &str) -> Option<u32> {
    text.parse::<u32>().ok().filter(|n| *n <= i32::MAX as u32)
}

fn join(parts: Vec<Part>, combine: fn(Vec<Node>) -> Node) -> Part {
    let height = parts.iter().map(|part| part.1).max().unwrap_or(0);
    let higher = u32::from(parts.len() > 1);
    (Node::join(parts.into_iter().map(|part| part.0).collect(), combine), height + higher)
}

/// `a**` and its like are no higher than `a*`.
fn repeat((node, height): Part, min: u32, max: Option<u32>) -> Part {
    let simple = |min: u32, max: Option<u32>| min <= 1 && max.is_none_or(|max| max == 1);
    match node {
        Node::Repeat(inner, inner_min, inner_max) if simple(min, max) && simple(inner_min, inner_max) => {
            (Node::Repeat(inner, min * inner_min, max.and(inner_max)), height)
        }
        node => (Node::Repeat(Box::new(node), min, max), height + 1),
    }
}
