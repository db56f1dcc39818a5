//! Trees of every construct.

use proptest::prelude::*;
use rule_core::Span;
use rule_core::syntax::ast::*;

fn expr(kind: ExprKind) -> Expr {
    Expr { kind, span: Span::default() }
}

/// Text with what strings and names must not trip over.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9 _*?./-]{1,6}".prop_map(String::from),
        2 => prop::sample::select(vec!["\\", "\"", "\"\"", "\"\"\"", "'", "\\\\", "\\n", "//", "/*", "*/", "`", "(", ")", "{"]).prop_map(String::from),
        1 => prop::sample::select(vec!["\n", "\r", "\t", "\u{8}", "\u{c}", "\0", "\u{7f}", "\u{85}"]).prop_map(String::from),
        1 => prop::sample::select(vec!["é", "漢", "😀", "\u{202e}", "\u{200b}", "\u{feff}", "\u{a0}", "\u{e0001}"]).prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => "[a-z_@][a-zA-Z0-9_]{0,7}".prop_map(String::from),
        1 => prop::sample::select(vec!["and", "where", "any", "maxspan", "1", "0x", "a@b", "head", "of"]).prop_map(String::from),
        1 => text().prop_map(|text| text.replace('\n', "")),
    ];
    prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("."))
}

pub fn field() -> impl Strategy<Value = Expr> {
    (name(), any::<bool>()).prop_map(|(name, optional)| expr(ExprKind::Field { name, optional }))
}

fn literal() -> impl Strategy<Value = Literal> {
    let edges = vec![0, 1, -1, i64::MAX, i64::MIN, i64::MIN + 1];
    let floats = vec![
        0.0,
        -0.0,
        1.0,
        1e10,
        1e16,
        1e-7,
        0.1,
        -2.5,
        1e300,
        f64::MAX,
        f64::MIN_POSITIVE,
        9_223_372_036_854_775_808.0,
    ];
    prop_oneof![
        1 => Just(Literal::Null),
        1 => any::<bool>().prop_map(Literal::Bool),
        2 => prop_oneof![prop::sample::select(edges), any::<i64>(), -100..100i64].prop_map(Literal::Int),
        // -2^63 as a float has no text: it is read as an integer.
        2 => prop_oneof![prop::sample::select(floats), any::<f64>()]
            .prop_filter("a finite number", |n| n.is_finite() && *n != -9_223_372_036_854_775_808.0)
            .prop_map(Literal::Float),
        6 => text().prop_map(Literal::String),
    ]
}

fn is_number(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Literal(Literal::Int(_) | Literal::Float(_)))
}

fn compare_op() -> impl Strategy<Value = CompareOp> {
    use CompareOp::*;
    prop::sample::select(vec![Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual])
}

fn arithmetic_op() -> impl Strategy<Value = ArithmeticOp> {
    use ArithmeticOp::*;
    prop::sample::select(vec![Add, Subtract, Multiply, Divide, Modulo])
}

fn match_op() -> impl Strategy<Value = (MatchOp, bool)> {
    use MatchOp::*;
    prop::sample::select(vec![(Colon, true), (Like, false), (Like, true), (Regex, false), (Regex, true)])
}

pub fn condition() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![literal().prop_map(|literal| expr(ExprKind::Literal(literal))), field()];
    leaf.prop_recursive(6, 48, 5, |inner| {
        let one = || inner.clone().prop_map(Box::new);
        let some = |least| prop::collection::vec(inner.clone(), least..5);
        prop_oneof![
            2 => one().prop_map(ExprKind::Not),
            4 => some(2).prop_map(ExprKind::And),
            4 => some(2).prop_map(ExprKind::Or),
            3 => (compare_op(), one(), one()).prop_map(|(op, left, right)| ExprKind::Compare { op, left, right }),
            3 => (match_op(), one(), some(1)).prop_map(|((op, insensitive), value, patterns)| {
                ExprKind::Match { op, insensitive, value, patterns }
            }),
            3 => (any::<bool>(), any::<bool>(), one(), some(1)).prop_map(|(negated, insensitive, value, list)| {
                ExprKind::In { negated, insensitive, value, list }
            }),
            2 => (arithmetic_op(), one(), one()).prop_map(|(op, left, right)| ExprKind::Arithmetic { op, left, right }),
            // A sign before a number is part of the number.
            1 => one().prop_filter("no number", |operand| !is_number(operand)).prop_map(ExprKind::Negate),
            2 => ("x[a-zA-Z0-9_]{0,7}", any::<bool>(), some(0)).prop_map(|(name, insensitive, arguments)| {
                ExprKind::Call { name, name_span: Span::default(), insensitive, arguments }
            }),
        ]
        .prop_map(expr)
    })
}

fn filter() -> impl Strategy<Value = EventFilter> {
    let category = prop_oneof![
        1 => Just(Category::Any(Span::default())),
        2 => prop_oneof![name(), text()].prop_map(|name| Category::Name(name, Span::default())),
    ];
    (category, condition()).prop_map(|(category, condition)| EventFilter { category, condition, span: Span::default() })
}

fn term(keys: usize) -> impl Strategy<Value = Term> {
    let runs = prop::option::of((1..=100u32).prop_map(|n| (n, Span::default())));
    let keys = prop::collection::vec(field(), keys..=keys);
    (filter(), keys, runs).prop_map(|(filter, by, runs)| Term {
        filter,
        missing: false,
        by,
        runs,
        span: Span::default(),
    })
}

fn sequence() -> impl Strategy<Value = Sequence> {
    let maxspan = (1..1u64 << 33, prop::sample::select(vec![1, 1000, 60_000, 3_600_000, 86_400_000]));
    let maxspan = prop::option::of(maxspan.prop_map(|(n, factor)| (n * factor, Span::default())));
    let parts = (0..3usize).prop_flat_map(|keys| {
        let by = prop::collection::vec(field(), 0..3usize);
        (by, prop::collection::vec(term(keys), 2..4), prop::option::of(term(keys).prop_map(Box::new)))
    });
    (parts, maxspan, any::<bool>()).prop_map(|((by, mut terms, until), maxspan, missing)| {
        // A sequence with missing events needs a time span, and another event.
        terms[0].missing = missing && maxspan.is_some();
        Sequence { keyword: Span::default(), by, maxspan, terms, until, span: Span::default() }
    })
}

fn sample() -> impl Strategy<Value = Sample> {
    let parts = (0..2usize)
        .prop_flat_map(|keys| (prop::collection::vec(field(), 1..3usize), prop::collection::vec(term(keys), 2..4)));
    parts.prop_map(|(by, mut terms)| {
        terms.iter_mut().for_each(|term| term.runs = None);
        Sample { keyword: Span::default(), by, terms, span: Span::default() }
    })
}

pub fn query() -> impl Strategy<Value = Query> {
    let kind = prop_oneof![
        3 => filter().prop_map(QueryKind::Event),
        2 => sequence().prop_map(QueryKind::Sequence),
        1 => sample().prop_map(QueryKind::Sample),
    ];
    let count = prop_oneof![1..100u32, any::<u32>().prop_map(|n| n.max(1))];
    let pipe = (prop::sample::select(vec![PipeKind::Head, PipeKind::Tail]), count).prop_map(|(kind, count)| Pipe {
        kind,
        count,
        span: Span::default(),
    });
    (kind, prop::collection::vec(pipe, 0..3)).prop_map(|(kind, pipes)| Query { kind, pipes })
}
