//! What the tables find against plain evaluation: whatever the rules and the event, the same filters hold.

use proptest::prelude::*;

use super::{Evaluator, Program};
use crate::Limits;
use crate::check::Checker;
use crate::decode::{Line, Projection, Slots};
use crate::pattern::Fold;
use crate::plan::condition::Condition;
use crate::plan::{Filter, Plan, Predicate};
use crate::schema::Schema;
use crate::syntax::ast::QueryKind;
use crate::syntax::parse_query;

/// The truth of a condition by its definition.
fn holds(condition: &Condition, plan: &Plan, event: crate::decode::Event<'_>, fold: &mut Fold) -> bool {
    match condition {
        Condition::Constant(truth) => *truth,
        Condition::Not(inner) => !holds(inner, plan, event, fold),
        Condition::And(parts) => parts.iter().all(|part| holds(part, plan, event, fold)),
        Condition::Or(parts) => parts.iter().any(|part| holds(part, plan, event, fold)),
        Condition::Predicate(number) => match &plan.predicates[*number as usize] {
            Predicate::Field { slot, test } => {
                let column = &plan.columns[*slot as usize];
                let mut values = event.values(*slot as usize).filter_map(|value| column.stored(value));
                values.any(|value| test.passes(value, column, fold))
            }
            Predicate::Words => panic!("a test was wanted"),
            Predicate::Document(document) => document.holds(event, &Limits::default(), fold),
            Predicate::Script(script) => script.holds(event, &plan.columns, u32::MAX, fold) == Ok(true),
        },
    }
}

fn lower(rules: &[String], schema: &Schema) -> (Plan, Vec<Filter>) {
    let limits = Limits::default();
    // The definition asks the tests, the engine its tables.
    let mut plan = Plan::default().with_word_tests();
    let mut filters = Vec::new();
    for text in rules {
        let mut errors = Vec::new();
        let query = parse_query(text, limits.max_query_depth, &mut errors).expect("the query parses");
        let QueryKind::Event(filter) = &query.kind else { panic!("{text}") };
        let mut checker = Checker { text, schema, limits: &limits, plan: &mut plan, errors: &mut errors };
        filters.push(checker.filter(filter, "cat").unwrap_or_else(|| panic!("{text}: {errors:?}")));
    }
    (plan, filters)
}

/// Words whose parts overlap, in several cases, with what is special to tables of four bytes: shorter, with edges, not ASCII.
const WORDS: [&str; 24] = [
    "",
    "a",
    "ab",
    "abc",
    "abcd",
    "ABCD",
    "aBcDe",
    "abcdefgh",
    "abcdefghi",
    "xabcdx",
    "/tmp/abcd",
    "/TMP/x",
    "x.sh",
    ".SH",
    "a.shx",
    "é",
    "éabc",
    "É",
    "@",
    "`",
    "[x",
    "{x",
    "true",
    "12",
];
const PATTERNS: [&str; 22] = [
    "*",
    "?*",
    "a*",
    "*d",
    "*abc*",
    "*ABCD*",
    "ab?d*",
    "/tmp/*",
    "*.sh",
    "*é*",
    "abc*ghi",
    "?",
    "??",
    "*a*b*c*",
    "*\\u0041*",
    "1*",
    "abcd",
    "TRUE",
    "*e",
    "x*x",
    "*cdef*",
    "?abc*",
];

/// Each has bytes by which the tables know it.
const PARTS: [&str; 9] = ["*abc*", "*ABCD*", "*cdef*", "/tmp/*", "*.sh", "abc*ghi", "*efgh*", "*éabc*", "*defghi"];

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(&WORDS[..]).prop_map(|word| format!("{word:?}"))
}

fn pattern() -> impl Strategy<Value = String> {
    prop::sample::select(&PATTERNS[..]).prop_map(|pattern| format!("\"{pattern}\""))
}

fn condition() -> impl Strategy<Value = String> {
    let field = || prop::sample::select(&["f", "g", "h", "?n"][..]);
    let list = |item: BoxedStrategy<String>| prop::collection::vec(item, 1..12).prop_map(|items| items.join(", "));
    let leaf = prop_oneof![
        (field(), prop::sample::select(&["==", "!=", ":", "<"][..]), word())
            .prop_map(|(f, op, w)| format!("{f} {op} {w}")),
        (field(), prop::sample::select(&["in", "in~", "not in"][..]), list(word().boxed()))
            .prop_map(|(f, op, list)| format!("{f} {op} ({list})")),
        (field(), prop::sample::select(&[":", "like", "like~"][..]), list(pattern().boxed()))
            .prop_map(|(f, op, list)| format!("{f} {op} ({list})")),
        (prop::sample::select(&["startsWith", "startsWith~", "endsWith~", "stringContains~"][..]), field(), word())
            .prop_map(|(function, f, w)| format!("{function}({f}, {w})")),
        (field(), prop::sample::select(&["== null", "!= null"][..])).prop_map(|(f, op)| format!("{f} {op}")),
        field().prop_map(|f| format!("length({f}) > 3")),
        // So many that they are asked as one.
        (field(), prop::sample::subsequence(&PARTS[..], 5..9), prop::sample::select(&["like", ":"][..])).prop_map(
            |(f, parts, op)| {
                let parts: Vec<String> = parts.iter().map(|part| format!("{f} {op} \"{part}\"")).collect();
                format!("({})", parts.join(" or "))
            }
        ),
        (field(), pattern()).prop_map(|(f, p)| format!("{f} regex {}", p.replace('*', ".*").replace('?', "."))),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" and "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" or "))),
            inner.prop_map(|inner| format!("not ({inner})")),
        ]
    })
}

fn rule() -> impl Strategy<Value = String> {
    (prop::sample::select(&["any", "a", "b", "\"A\""][..]), condition())
        .prop_map(|(category, condition)| format!("{category} where {condition}"))
}

fn event() -> impl Strategy<Value = String> {
    let scalar = || {
        prop_oneof![
            8 => word(),
            1 => prop::sample::select(&["null", "true", "12", "1.5", "\"\\u0061bcd\"", "\"x\\n\""][..]).prop_map(String::from),
        ]
    };
    let value = prop_oneof![
        3 => scalar(),
        1 => prop::collection::vec(scalar(), 0..4).prop_map(|values| format!("[{}]", values.join(","))),
    ];
    let field =
        (prop::sample::select(&["f", "g", "h", "n", "cat"][..]), value).prop_map(|(f, v)| format!("\"{f}\":{v}"));
    (prop::collection::vec(field, 0..6), prop::sample::select(&["a", "b", "A", "c"][..]))
        .prop_map(|(fields, category)| [fields, vec![format!("\"cat\":\"{category}\"")]].concat().join(","))
        .prop_map(|fields| format!("{{{fields}}}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_tables_lose_no_match_and_make_none_up(
        rules in prop::collection::vec(rule(), 1..12),
        events in prop::collection::vec(event(), 1..6),
        mapped in any::<bool>(),
    ) {
        let mapping = serde_json::json!({"properties": {
            "f": {"type": "keyword"}, "g": {"type": "keyword", "null_value": "ABCD"}, "h": {"type": "wildcard"},
            "cat": {"type": "keyword"},
        }});
        let schema = if mapped { Schema::from_mapping(&mapping).expect("a mapping") } else { Schema::ecs() };
        let (plan, filters) = lower(&rules, &schema);
        let paths: Vec<&str> = plan.columns.iter().map(|column| column.path.as_str()).collect();
        let projection = Projection::new(&paths);
        let (mut slots, mut fold) = (Slots::default(), Fold::default());
        let mut expected = Vec::new();
        for text in &events {
            projection.decode(text.as_bytes(), &Limits::default(), &mut slots).expect("JSON");
            let event = slots.view(text.as_bytes());
            let is_of = |filter: &Filter| filter.category.as_ref().is_none_or(|(slot, name)| {
                event.values(*slot as usize).any(|value| value == crate::decode::Value::String(name))
            });
            let filters = (0_u32..).zip(&filters);
            let held = filters.filter(|(_, f)| is_of(f) && holds(&f.condition, &plan, event, &mut fold));
            expected.push(held.map(|(number, _)| number).collect::<Vec<_>>());
        }
        let program = Program::new(plan, filters, Limits::default());
        let mut evaluator = Evaluator::default();
        for (text, expected) in events.iter().zip(expected) {
            evaluator.run(&program, Line::new(text.as_bytes())).expect("decided");
            prop_assert_eq!(evaluator.matched(), expected, "{}\n{:#?}", text, rules);
        }
    }
}
