use proptest::prelude::*;

use super::{parse, print};
use crate::clause::{Clause, ClauseKind, FieldName, FieldTest, Glob, Part, RangeOp};
use crate::{Diagnostic, Span};

const DEPTH: u32 = 32;

fn read(text: &str) -> Result<Clause, Box<Diagnostic>> {
    let mut errors = Vec::new();
    parse(text, DEPTH, &mut errors).ok_or_else(|| Box::new(errors.remove(0)))
}

/// Without places, which differ between texts that mean the same.
fn without_places(clause: &Clause) -> Clause {
    let list = |parts: &[Clause]| parts.iter().map(without_places).collect();
    Clause::new(match &clause.kind {
        ClauseKind::Not(inner) => ClauseKind::Not(Box::new(without_places(inner))),
        ClauseKind::And(parts) => ClauseKind::And(list(parts)),
        ClauseKind::Or(parts) => ClauseKind::Or(list(parts)),
        ClauseKind::Nested { path, inner } => {
            ClauseKind::Nested { path: path.clone(), inner: Box::new(without_places(inner)) }
        }
        ClauseKind::Field { field, test, .. } => {
            ClauseKind::Field { field: field.clone(), field_span: Span::default(), test: test.clone() }
        }
        other => other.clone(),
    })
}

#[test]
fn places_are_those_of_the_text() {
    let text = "not process.name: (nc or \"n cat\") and pid > 7";
    let clause = read(text).expect("a query");
    let ClauseKind::And(parts) = &clause.kind else { panic!("{clause:?}") };
    let at = |clause: &Clause| &text[clause.span.range()];
    assert_eq!(parts.iter().map(at).collect::<Vec<_>>(), ["not process.name: (nc or \"n cat\")", "pid > 7"]);
    let ClauseKind::Not(inner) = &parts[0].kind else { panic!("{clause:?}") };
    let ClauseKind::Or(values) = &inner.kind else { panic!("{clause:?}") };
    assert_eq!(values.iter().map(at).collect::<Vec<_>>(), ["nc", "\"n cat\""]);
    let ClauseKind::Field { field_span, .. } = &values[1].kind else { panic!("{clause:?}") };
    assert_eq!(&text[field_span.range()], "process.name");
}

#[test]
fn errors_have_places_and_say_what_to_do() {
    for (text, place, message) in [
        ("a: b:c", ":", "unexpected `:`"),
        ("a: (x or y", "", "expected `)`"),
        (r"a: C:\\Windows", ":", "unexpected `:`"),
        (r"a: \d", "\\", "a backslash before a character that needs none"),
        ("a: \"x", "\"x", "the string has no end"),
        ("a:", "", "expected a value, and the query ends"),
        ("a: x \"y\"", "\"", "unexpected `\"`"),
        ("cannot x: 1", "not", "unexpected `not`"),
    ] {
        let error = read(text).expect_err(text);
        assert_eq!((&text[error.labels[0].span.range()], error.message.as_str()), (place, message), "{text}");
    }
}

#[test]
fn the_equals_of_other_languages_is_told() {
    for (text, instead) in [
        ("process.pid = 7", "process.pid: 7"),
        ("a == nc", "a: nc"),
        ("process.name=nc", "process.name: nc"),
        ("x: 1 and user.name != root", "x: 1 and not user.name: root"),
        ("@timestamp = 2026-01-01", "@timestamp: 2026-01-01"),
    ] {
        let mut found = Vec::new();
        assert!(parse(text, DEPTH, &mut found).is_some(), "{text}");
        let [warning] = found.as_slice() else { panic!("{text}: {found:?}") };
        assert_eq!(warning.level, crate::Level::Warning);
        let suggestion = warning.suggestion.as_ref().expect("a suggestion");
        let mut mended = text.to_owned();
        mended.replace_range(suggestion.span.range(), &suggestion.replacement);
        assert_eq!(mended, instead);
    }
    for text in ["--user=root", "a=1", "a: b = c", "\"a = b\"", "= x", "rock & roll = fun", "a ="] {
        let mut found = Vec::new();
        assert!(parse(text, DEPTH, &mut found).is_some() && found.is_empty(), "{text}: {found:?}");
    }
    for text in ["process.name = \"nc\"", "process.name == (a or b)", "process.name=\"nc\""] {
        let error = read(text).expect_err(text);
        let suggestion = error.suggestion.as_ref().expect("a suggestion");
        assert_eq!((suggestion.replacement.as_str(), suggestion.span.start), (":", 12), "{text}");
    }
}

/// Names and values: words, what is special, what is a keyword.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,4}(\\.[a-z]{1,4}){0,2}",
        "[a-c:<>(){}*\"\\\\ \\t\\n.é?=-]{1,6}".prop_map(|text| text.trim().to_owned()),
        "(or|and|not|OR|rock and roll|x not y|north|android)",
    ]
    .prop_filter("not empty, and no word with a meaning", |word| {
        !word.is_empty() && !["null"].contains(&word.as_str()) && word.trim() == word
    })
}

fn clauses() -> impl Strategy<Value = Clause> {
    let glob = prop::collection::vec(
        prop_oneof![Just(Part::Any), word().prop_map(|w| Part::Char(w.chars().next().unwrap_or('x')))],
        2..5,
    )
    .prop_filter("a pattern that is not trimmed", |parts| {
        parts.contains(&Part::Any)
            && parts.iter().any(|part| *part != Part::Any)
            && !matches!(parts.first(), Some(Part::Char(c)) if c.is_whitespace())
            && !matches!(parts.last(), Some(Part::Char(c)) if c.is_whitespace())
    })
    .prop_map(|parts| {
        let mut glob = Glob::default();
        parts.into_iter().for_each(|part| glob.push(part));
        FieldTest::Glob(glob, false)
    });
    let op = prop_oneof![Just(RangeOp::Less), Just(RangeOp::GreaterOrEqual)];
    let value = prop_oneof![word().prop_map(FieldTest::Match), word().prop_map(FieldTest::Phrase), glob.clone()];
    let test = prop_oneof![
        3 => value.clone(),
        1 => Just(FieldTest::Exists),
        1 => (op, word()).prop_map(|(op, bound)| FieldTest::Range(vec![(op, bound)])),
    ];
    let named = (word(), test).prop_map(|(name, test)| Clause::field(name, test));
    let free = value
        .prop_map(|test| Clause::new(ClauseKind::Field { field: FieldName::Every, field_span: Span::default(), test }));
    prop_oneof![4 => named, 1 => free].prop_recursive(4, 24, 3, |inner| {
        let list = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            list.clone().prop_map(|parts| Clause::new(ClauseKind::And(parts))),
            list.prop_map(|parts| Clause::new(ClauseKind::Or(parts))),
            inner.prop_map(|inner| Clause::new(ClauseKind::Not(Box::new(inner)))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_as_the_same(clause in clauses()) {
        let text = print(&clause);
        let again = read(&text).map_err(|error| TestCaseError::fail(format!("{text}: {}", error.message)))?;
        prop_assert_eq!(without_places(&again), clause, "{}", text);
    }

    #[test]
    fn what_was_read_is_printed_as_what_reads_the_same(text in "[a-c:<>(){}*\"\\\\ .]{0,12}( (and|or) (not )?[a-c:(){}*\"]{1,8}){0,3}") {
        if let Ok(clause) = read(&text) {
            let printed = print(&clause);
            let again = read(&printed).map_err(|error| TestCaseError::fail(format!("{printed}: {}", error.message)))?;
            prop_assert_eq!(without_places(&again), without_places(&clause), "{}", printed);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        if let Err(error) = read(&text) {
            prop_assert!(text.get(error.labels[0].span.range()).is_some());
        }
    }
}
