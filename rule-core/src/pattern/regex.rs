//! Lucene's regular expressions (`org.apache.lucene.util.automaton.RegExp`), translated.
//!
//! The dialect is not that of most engines: the whole value must match, `.` is any character, `^` and `$` are plain
//! characters, a backslash makes any character plain (`\n` is an `n`) except in `\d \D \s \S \w \W`, `"…"` quotes,
//! `@` is any string and `#` no string at all. The expression becomes a tree for `regex-automata`, whose matching
//! is linear in the value. Complement `~`, intersection `&` and numeric intervals `<1-9>` have no counterpart there
//! and are refused.

use regex_automata::meta;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, Look, Repetition};

/// Nesting of groups in one expression.
const MAX_DEPTH: u32 = 100;
/// Largest count in `{n,m}`, as in Lucene, whose automata are bounded too.
const MAX_REPEAT: u32 = 10_000;

/// A compiled expression.
#[derive(Debug)]
pub struct Regex(meta::Regex);

/// What is wrong with an expression.
#[derive(Debug, PartialEq, Eq)]
pub struct RegexError {
    /// Byte offset in the expression.
    pub offset: usize,
    /// In words.
    pub message: String,
}

impl Regex {
    /// Compiles; `max_bytes` bounds the automaton.
    pub fn new(pattern: &str, insensitive: bool, max_bytes: usize) -> Result<Regex, RegexError> {
        let mut parser = Parser { pattern, at: 0, depth: 0, insensitive };
        let body = parser.union()?;
        if parser.at < pattern.len() {
            return Err(parser.error("unmatched `)`"));
        }
        let whole = Hir::concat(vec![Hir::look(Look::Start), body, Hir::look(Look::End)]);
        let config = meta::Regex::config()
            .nfa_size_limit(Some(max_bytes))
            .which_captures(regex_automata::nfa::thompson::WhichCaptures::None)
            .hybrid_cache_capacity(max_bytes.clamp(64 << 10, 1 << 20));
        meta::Regex::builder().configure(config).build_from_hir(&whole).map(Regex).map_err(|_| RegexError {
            offset: 0,
            message: format!("the expression needs an automaton of more than {max_bytes} bytes"),
        })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

struct Parser<'p> {
    pattern: &'p str,
    at: usize,
    depth: u32,
    insensitive: bool,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.pattern[self.at..].chars().next()
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
        RegexError { offset: self.at, message: message.into() }
    }

    fn union(&mut self) -> Result<Hir, RegexError> {
        let mut branches = vec![self.concat()?];
        while self.eat('|') {
            branches.push(self.concat()?);
        }
        Ok(Hir::alternation(branches))
    }

    fn concat(&mut self) -> Result<Hir, RegexError> {
        let mut parts = Vec::new();
        while let Some(c) = self.peek() {
            match c {
                '|' | ')' => break,
                '&' => return Err(self.error("intersection `&` is not supported; for a plain `&` write `\\&`")),
                _ => parts.push(self.repeat()?),
            }
        }
        Ok(Hir::concat(parts))
    }

    fn repeat(&mut self) -> Result<Hir, RegexError> {
        let mut hir = self.simple()?;
        loop {
            let (min, max) = match self.peek() {
                Some('?') => (0, Some(1)),
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('{') => {
                    let (min, max) = self.counts()?;
                    hir = repetition(hir, min, max);
                    continue;
                }
                _ => return Ok(hir),
            };
            self.at += 1;
            hir = repetition(hir, min, max);
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
        let digits = self.pattern[self.at..].bytes().take_while(u8::is_ascii_digit).count();
        let number = &self.pattern[self.at..self.at + digits];
        match number.parse::<u32>() {
            Ok(n) if n <= MAX_REPEAT => {
                self.at += digits;
                Ok(n)
            }
            Ok(_) => Err(self.error(format!("more than {MAX_REPEAT} repetitions"))),
            Err(_) => Err(self.error("expected a number of repetitions; for a plain `{` write `\\{`")),
        }
    }

    fn simple(&mut self) -> Result<Hir, RegexError> {
        let start = self.at;
        let Some(c) = self.next() else { return Err(self.error("unexpected end")) };
        Ok(match c {
            '.' => any(),
            '@' => repetition(any(), 0, None),
            '#' => Hir::fail(),
            '[' => self.class()?,
            '(' => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(self.error(format!("groups are nested deeper than {MAX_DEPTH} levels")));
                }
                let inner = self.union()?;
                if !self.eat(')') {
                    self.at = start;
                    return Err(self.error("unclosed group"));
                }
                self.depth -= 1;
                inner
            }
            '"' => {
                let Some(len) = self.pattern[self.at..].find('"') else {
                    self.at = start;
                    return Err(self.error("unclosed quotation; for a plain `\"` write `\\\"`"));
                };
                let quoted: Vec<Hir> =
                    self.pattern[self.at..self.at + len].chars().map(|c| self.character(c)).collect();
                self.at += len + 1;
                Hir::concat(quoted)
            }
            '~' => {
                self.at = start;
                return Err(self.error("complement `~` is not supported; for a plain `~` write `\\~`"));
            }
            '<' => {
                self.at = start;
                return Err(self.error("numeric intervals `<1-9>` are not supported; for a plain `<` write `\\<`"));
            }
            '\\' => match self.predefined() {
                Some(class) => Hir::class(Class::Unicode(class)),
                None => match self.next() {
                    Some(c) => self.character(c),
                    None => return Err(self.error("nothing after the backslash")),
                },
            },
            '?' | '*' | '+' | '{' => {
                self.at = start;
                return Err(self.error(format!("nothing to repeat before `{c}`")));
            }
            c => self.character(c),
        })
    }

    /// `\d` and its like, after the backslash.
    fn predefined(&mut self) -> Option<ClassUnicode> {
        let ranges: &[(char, char)] = match self.peek()?.to_ascii_lowercase() {
            'd' => &[('0', '9')],
            's' => &[('\t', '\n'), ('\r', '\r'), (' ', ' ')],
            'w' => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
            _ => return None,
        };
        let mut class = ClassUnicode::new(ranges.iter().map(|(a, b)| ClassUnicodeRange::new(*a, *b)));
        if self.next()?.is_ascii_uppercase() {
            class.negate();
        }
        Some(class)
    }

    /// `[…]`, after the bracket.
    fn class(&mut self) -> Result<Hir, RegexError> {
        let open = self.at - 1;
        let negated = self.eat('^');
        let mut class = ClassUnicode::empty();
        let mut first = true;
        loop {
            // As in Lucene, a class has at least one member, so `[]]` holds a bracket.
            if !first && self.eat(']') {
                break;
            }
            first = false;
            let Some(c) = self.next() else {
                self.at = open;
                return Err(self.error("unclosed character class; for a plain `[` write `\\[`"));
            };
            let from = if c == '\\' {
                if let Some(predefined) = self.predefined() {
                    class.union(&predefined);
                    continue;
                }
                self.escaped()?
            } else {
                c
            };
            let range = self.peek() == Some('-') && !self.pattern[self.at + 1..].starts_with(']');
            let to = if range {
                self.at += 1;
                match self.next() {
                    Some('\\') => self.escaped()?,
                    Some(c) => c,
                    None => return Err(self.error("unclosed character class")),
                }
            } else {
                from
            };
            if to < from {
                return Err(self.error(format!("the range `{from}-{to}` is empty")));
            }
            class.push(ClassUnicodeRange::new(from, to));
        }
        if self.insensitive {
            fold(&mut class);
        }
        if negated {
            class.negate();
        }
        Ok(Hir::class(Class::Unicode(class)))
    }

    fn escaped(&mut self) -> Result<char, RegexError> {
        self.next().ok_or_else(|| self.error("nothing after the backslash"))
    }

    fn character(&self, c: char) -> Hir {
        if self.insensitive && c.is_ascii_alphabetic() {
            let both = [c.to_ascii_uppercase(), c.to_ascii_lowercase()].map(|c| ClassUnicodeRange::new(c, c));
            return Hir::class(Class::Unicode(ClassUnicode::new(both)));
        }
        Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes())
    }
}

fn any() -> Hir {
    Hir::class(Class::Unicode(ClassUnicode::new([ClassUnicodeRange::new('\0', char::MAX)])))
}

fn repetition(hir: Hir, min: u32, max: Option<u32>) -> Hir {
    Hir::repetition(Repetition { min, max, greedy: true, sub: Box::new(hir) })
}

/// Adds the other case of every ASCII letter in the class.
fn fold(class: &mut ClassUnicode) {
    let mut other = Vec::new();
    for range in class.ranges() {
        for (first, last, shift) in [('A', 'Z', 32i32), ('a', 'z', -32)] {
            let (from, to) = (range.start().max(first), range.end().min(last));
            if from <= to {
                let shifted = |c: char| ((c as i32 + shift) as u8) as char;
                other.push(ClassUnicodeRange::new(shifted(from), shifted(to)));
            }
        }
    }
    for range in other {
        class.push(range);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Regex::new(pattern, false, 1 << 20).expect("a valid expression").matches(text)
    }

    #[test]
    fn lucene_dialect() {
        for (pattern, text, expected) in [
            ("ab", "ab", true),
            ("ab", "xab", false),
            (".*?net1[ ]+localgroup.*?", "net1  localgroup x", true),
            ("a.c", "a\nc", true),
            ("^a$", "^a$", true),
            ("^a$", "a", false),
            ("\\n", "n", true),
            ("\\s\\d\\w", " 1_", true),
            ("[^\\s]", " ", false),
            ("[a\\-z]", "-", true),
            ("[a\\-z]", "b", false),
            ("[a-]", "-", true),
            ("[]]", "]", true),
            ("\"a.c\"", "a.c", true),
            ("\"a.c\"", "abc", false),
            ("\\\"x", "\"x", true),
            ("a@b", "a anything b", true),
            ("#", "", false),
            ("()", "", true),
            ("(a|b){2,3}", "aba", true),
            ("(a|b){2}", "aba", false),
            ("a{2,}", "aaaa", true),
            ("[ʰ-˿]+", "ʰʱ", true),
            (".", "💩", true),
            ("C:\\\\x", "C:\\x", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        let insensitive = Regex::new("[a-c]x[^Q]", true, 1 << 20).expect("valid");
        assert!(insensitive.matches("BXy"));
        assert!(!insensitive.matches("bxq"));
    }

    #[test]
    fn what_cannot_be_translated_says_so() {
        for (pattern, offset, word) in [
            ("a&b", 1, "intersection"),
            ("~a", 0, "complement"),
            ("<1-9>", 0, "interval"),
            ("(a", 0, "unclosed group"),
            ("a)", 1, "unmatched"),
            ("[a", 0, "unclosed character class"),
            ("*a", 0, "nothing to repeat"),
            ("a{x}", 2, "number of repetitions"),
            ("a\\", 2, "backslash"),
            ("((a{1000}){1000}){1000}", 0, "automaton"),
        ] {
            let error = Regex::new(pattern, false, 1 << 20).map(drop).expect_err(pattern);
            assert_eq!(error.offset, offset, "{pattern}: {}", error.message);
            assert!(error.message.contains(word), "{pattern}: {}", error.message);
        }
        let deep = "(".repeat(1000);
        assert!(Regex::new(&deep, false, 1 << 20).is_err());
    }
}
