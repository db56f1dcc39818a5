//! What KQL, Lucene queries, Kibana's filters and exceptions have in common: clauses on fields, as Elasticsearch's query DSL
//! has them. Each language is read into this, and from here on there is one meaning.
//!
//! A clause holds if *any* value of its field passes, and a field without a value passes nothing; `Not` is the complement. That is
//! `bool` over leaf queries, see "Boolean query" and "Term-level queries" in Elasticsearch's reference.

use crate::Span;

/// A clause and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// What it asks.
    pub kind: ClauseKind,
    /// Where, in the text that it was read from; empty for what was no text.
    pub span: Span,
}

/// What a clause asks.
#[derive(Clone, Debug, PartialEq)]
pub enum ClauseKind {
    /// Holds for every event: `match_all`.
    All,
    /// Holds for no event: `match_none`.
    None,
    /// The complement.
    Not(Box<Clause>),
    /// All of them.
    And(Vec<Clause>),
    /// Any of them.
    Or(Vec<Clause>),
    /// A value of the field passes.
    Field {
        /// Which.
        field: FieldName,
        /// Where it is written.
        field_span: Span,
        /// What its values are asked.
        test: FieldTest,
    },
    /// One object of an array of objects passes alone: the names inside are whole names, path included.
    Nested {
        /// The array's name.
        path: String,
        /// What the object must pass.
        inner: Box<Clause>,
    },
}

/// Which fields a clause is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldName {
    /// The one of this name.
    Name(String),
    /// All whose name matches, where `*` is any run of characters, dots too.
    Matching(String),
    /// All.
    Every,
}

/// What the values of a field are asked.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldTest {
    /// That there is one: `exists`.
    Exists,
    /// `match`: equal; of analysed text, that it has one of the words.
    Match(String),
    /// `match_phrase`: equal; of analysed text, that it has all the words one after the other.
    Phrase(String),
    /// `term`: equal, whether or not the field is text; case-insensitive when the flag is set, as in the next three.
    Term(String, bool),
    /// `wildcard`
    Glob(Glob, bool),
    /// `prefix`
    Prefix(String, bool),
    /// `regexp`, in Lucene's syntax.
    Regexp(String, bool),
    /// `range`: within all of these bounds.
    Range(Vec<(RangeOp, String)>),
}

/// On which side of a bound a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeOp {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl RangeOp {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            RangeOp::Less => "<",
            RangeOp::LessOrEqual => "<=",
            RangeOp::Greater => ">",
            RangeOp::GreaterOrEqual => ">=",
        }
    }
}

/// A pattern of characters and wildcards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glob(pub Vec<Part>);

/// One step of a [`Glob`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `*`: any run of characters.
    Any,
    /// `?`: one character.
    One,
    /// This character.
    Char(char),
}

impl Glob {
    /// A Lucene wildcard: `*`, `?`, and a backslash takes the next character as it is; at the end it stands for itself.
    pub fn lucene(pattern: &str) -> Glob {
        let mut glob = Glob::default();
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            glob.push(match c {
                '*' => Part::Any,
                '?' => Part::One,
                '\\' => Part::Char(chars.next().unwrap_or('\\')),
                c => Part::Char(c),
            });
        }
        glob
    }

    /// Adds a step; one star after another says nothing new.
    pub fn push(&mut self, part: Part) {
        if part != Part::Any || self.0.last() != Some(&Part::Any) {
            self.0.push(part);
        }
    }

    /// The text, if there are no wildcards.
    pub fn literal(&self) -> Option<String> {
        plain(&self.0)
    }
}

/// The characters, if there are no wildcards among them.
pub fn plain(parts: &[Part]) -> Option<String> {
    parts.iter().map(|part| if let Part::Char(c) = part { Some(*c) } else { None }).collect()
}

impl Clause {
    /// A clause without a place.
    pub fn new(kind: ClauseKind) -> Clause {
        Clause { kind, span: Span::default() }
    }

    /// A test on one field, without a place.
    pub fn field(name: impl Into<String>, test: FieldTest) -> Clause {
        let field = FieldName::Name(name.into());
        Clause::new(ClauseKind::Field { field, field_span: Span::default(), test })
    }

    /// All of the clauses.
    pub fn all(mut clauses: Vec<Clause>) -> Clause {
        match clauses.len() {
            1 => clauses.remove(0),
            _ => Clause::new(if clauses.is_empty() { ClauseKind::All } else { ClauseKind::And(clauses) }),
        }
    }

    /// Any of the clauses.
    pub fn any(mut clauses: Vec<Clause>) -> Clause {
        match clauses.len() {
            1 => clauses.remove(0),
            _ => Clause::new(if clauses.is_empty() { ClauseKind::None } else { ClauseKind::Or(clauses) }),
        }
    }

    /// The complement.
    #[allow(clippy::should_implement_trait)]
    pub fn not(self) -> Clause {
        let span = self.span;
        Clause { kind: ClauseKind::Not(Box::new(self)), span }
    }

    /// Calls with each name of a field in it, and its place.
    pub fn each_name(&self, call: &mut dyn FnMut(&str, Span)) {
        match &self.kind {
            ClauseKind::All | ClauseKind::None => {}
            ClauseKind::Not(inner) | ClauseKind::Nested { inner, .. } => inner.each_name(call),
            ClauseKind::And(parts) | ClauseKind::Or(parts) => parts.iter().for_each(|part| part.each_name(call)),
            ClauseKind::Field { field: FieldName::Name(name), field_span, .. } => call(name, *field_span),
            ClauseKind::Field { .. } => {}
        }
    }
}
