//! The syntax tree.

use crate::Span;

/// A whole query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What it looks for.
    pub kind: QueryKind,
    /// `| head 5` and the like.
    pub pipes: Vec<Pipe>,
}

/// The three kinds of query.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryKind {
    /// `category where condition`
    Event(EventFilter),
    /// `sequence …`
    Sequence(Sequence),
    /// `sample by …`
    Sample(Sample),
}

/// `category where condition`
#[derive(Clone, Debug, PartialEq)]
pub struct EventFilter {
    /// Which category.
    pub category: Category,
    /// The condition.
    pub condition: Expr,
    /// All of it.
    pub span: Span,
}

/// The category of an event filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Category {
    /// `any`
    Any(Span),
    /// A name, quoted or not.
    Name(String, Span),
}

/// `sequence by … with maxspan=… [ … ] [ … ] until [ … ]`
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    /// The keyword.
    pub keyword: Span,
    /// Keys of every term.
    pub by: Vec<Expr>,
    /// In milliseconds.
    pub maxspan: Option<(u64, Span)>,
    /// In order.
    pub terms: Vec<Term>,
    /// The event that ends a sequence under way.
    pub until: Option<Box<Term>>,
    /// All of it.
    pub span: Span,
}

/// `sample by … [ … ] [ … ]`
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The keyword.
    pub keyword: Span,
    /// Keys of every term.
    pub by: Vec<Expr>,
    /// In any order.
    pub terms: Vec<Term>,
    /// All of it.
    pub span: Span,
}

/// `[ filter ] by key with runs=3`, or `![ filter ]`
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The events.
    pub filter: EventFilter,
    /// Whether there must be none.
    pub missing: bool,
    /// Keys of this term, after those of the whole sequence.
    pub by: Vec<Expr>,
    /// How many in a row.
    pub runs: Option<(u32, Span)>,
    /// All of it.
    pub span: Span,
}

/// `| name argument, …`
#[derive(Clone, Debug, PartialEq)]
pub struct Pipe {
    /// `head` or `tail`.
    pub kind: PipeKind,
    /// How many.
    pub count: u32,
    /// All of it.
    pub span: Span,
}

/// The pipes of Elasticsearch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipeKind {
    /// The earliest.
    Head,
    /// The most recent.
    Tail,
}

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `42`
    Int(i64),
    /// `4.2`
    Float(f64),
    /// `"x"` or `"""x"""`
    String(String),
}

/// The comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

impl CompareOp {
    /// As written.
    pub fn text(self) -> &'static str {
        match self {
            CompareOp::Equal => "==",
            CompareOp::NotEqual => "!=",
            CompareOp::Less => "<",
            CompareOp::LessEqual => "<=",
            CompareOp::Greater => ">",
            CompareOp::GreaterEqual => ">=",
        }
    }

    /// The operator with its sides exchanged: `1 < x` is `x > 1`.
    pub fn flipped(self) -> CompareOp {
        match self {
            CompareOp::Less => CompareOp::Greater,
            CompareOp::LessEqual => CompareOp::GreaterEqual,
            CompareOp::Greater => CompareOp::Less,
            CompareOp::GreaterEqual => CompareOp::LessEqual,
            same => same,
        }
    }

    /// Whether an ordering satisfies the operator.
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            CompareOp::Equal => ordering.is_eq(),
            CompareOp::NotEqual => ordering.is_ne(),
            CompareOp::Less => ordering.is_lt(),
            CompareOp::LessEqual => ordering.is_le(),
            CompareOp::Greater => ordering.is_gt(),
            CompareOp::GreaterEqual => ordering.is_ge(),
        }
    }
}

/// The arithmetic operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArithmeticOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

/// The pattern operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `:`, always case-insensitive
    Colon,
    /// `like`, `like~`
    Like,
    /// `regex`, `regex~`
    Regex,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// A field by its flat dotted name; `?name` is optional.
    Field {
        /// Flat dotted name.
        name: String,
        /// Written with `?`.
        optional: bool,
    },
    /// `not x`
    Not(Box<Expr>),
    /// `x and y and …`
    And(Vec<Expr>),
    /// `x or y or …`
    Or(Vec<Expr>),
    /// `x == y`
    Compare {
        /// Which.
        op: CompareOp,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// `x : "a*"`, `x like~ ("a*", "b?")`, `x regex "…"`
    Match {
        /// Which.
        op: MatchOp,
        /// With `~`.
        insensitive: bool,
        /// What is matched.
        value: Box<Expr>,
        /// The constants.
        patterns: Vec<Expr>,
    },
    /// `x in (…)`, `x not in~ (…)`
    In {
        /// With `not`.
        negated: bool,
        /// With `~`.
        insensitive: bool,
        /// What is looked for.
        value: Box<Expr>,
        /// Where.
        list: Vec<Expr>,
    },
    /// `x + y`
    Arithmetic {
        /// Which.
        op: ArithmeticOp,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// `-x`
    Negate(Box<Expr>),
    /// `name~(…)`
    Call {
        /// As written, without `~`.
        name: String,
        /// Where the name stands.
        name_span: Span,
        /// With `~`.
        insensitive: bool,
        /// The arguments.
        arguments: Vec<Expr>,
    },
    /// Reported already; has any type.
    Error,
}
