//! Lucene's regular expressions, as Elasticsearch's `regexp` queries (and with them EQL's `regex`) read them.
//!
//! Source: `org.apache.lucene.util.automaton.RegExp` and `Automata` of Lucene 10, the one in Elasticsearch 9, with
//! all optional syntax and complement switched on. The whole value must match. From loosest to tightest:
//!
//! | written | means |
//! | --- | --- |
//! | `a\|b` | union |
//! | `a&b` | intersection |
//! | `ab` | concatenation |
//! | `a? a* a+ a{2} a{2,} a{2,3}` | repetition |
//! | `~a` | every string that `a` does not match, of any length |
//! | `[a-z_] [^a-z]` | one character of the class, or not of it |
//! | `.` `@` `#` `()` | any character, any string, no string at all, the empty string |
//! | `<7-12>` | a decimal number in the interval, in any number of leading zeros |
//! | `<007-012>` | the same in exactly that many digits, for bounds of equal length |
//! | `"a*"` | the characters between the quotes |
//! | `\d \s \w \D \S \W` | digit, one of tab, line feed, carriage return and space, one of `[0-9A-Z_a-z]`, and the rest |
//! | `\.` | that character; letters other than the above are refused, as in Lucene |
//!
//! There are no anchors: `^` and `$` are plain characters. So is an operator where an operand must begin (`*a` is a
//! star and an `a`, `(|a)` a bar and an `a`), and so are `]`, `}` and `>` alone. In a class only `\`, a `-` after an
//! unescaped character, and a `]` that is not the first member are special, and the end of a range is taken as it
//! stands: `[a-]` is the empty range from `a` to `]`, an error. Names (`<name>`) are refused: there are none.
//!
//! Ignoring case, plain characters, quoted ones and single members of a class match the other case too; ranges and
//! `\w` do not (`[a-z]` matches no `A`). This is Lucene's rule. Only ASCII letters have another case, as up to Lucene
//! 10.1 (Elasticsearch 9.0) and as for the other operators here; later versions fold the rest of Unicode as well.
//!
//! Without `~` and `&`, the expression runs on `regex-automata`. With them it becomes a deterministic automaton here,
//! complete before the first match, so that a match is one table look-up per character and cannot fail.

mod alphabet;
mod dfa;
mod hir;
mod interval;
mod parser;
mod term;
#[cfg(test)]
mod tests;
mod tree;

/// A compiled expression.
#[derive(Debug)]
pub struct Regex(Engine);

#[derive(Debug)]
enum Engine {
    Library(Box<hir::Lazy>),
    Table(Box<dfa::Dfa>),
}

/// What is wrong with an expression.
#[derive(Debug, PartialEq, Eq)]
pub struct RegexError {
    /// Byte offset in the expression.
    pub offset: usize,
    /// In words.
    pub message: String,
}

impl Regex {
    /// Compiles; `max_bytes` bounds the automaton and what it takes to build it.
    pub fn new(pattern: &str, insensitive: bool, max_bytes: usize) -> Result<Regex, RegexError> {
        let parsed = parser::parse(pattern, insensitive)?;
        let engine = if parsed.boolean {
            dfa::Dfa::new(&parsed.tree, max_bytes).ok().map(Box::new).map(Engine::Table)
        } else {
            hir::Lazy::new(&parsed.tree, max_bytes).map(Box::new).map(Engine::Library)
        };
        engine.map(Regex).ok_or_else(|| RegexError {
            offset: 0,
            message: if parsed.boolean {
                format!(
                    "the expression needs an automaton of more than {max_bytes} bytes; `~` and `&` over long \
                     repetitions are what grows it"
                )
            } else {
                format!("the expression needs an automaton of more than {max_bytes} bytes")
            },
        })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        match &self.0 {
            Engine::Library(regex) => regex.matches(text),
            Engine::Table(dfa) => dfa.matches(text),
        }
    }
}
