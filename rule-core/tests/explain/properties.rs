//! What holds for every rule and event.

use proptest::prelude::*;
use rule_core::explain::{Node, NodeKind};
use rule_core::{CompileOptions, Explanation, Session, SessionOptions, Source, compile};

use crate::explained;

fn one(list: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(list)
}

/// A condition over the fields a, b (strings), n (numbers) and t (truths).
fn condition() -> impl Strategy<Value = String> {
    let text = one(&["a", "b", "concat(a, b)", "substring(a, 1)", r#"between(b, "x", "z")"#, "string(n)"]);
    let number = one(&["n", "length(a)", "(n + 1)", "(n / n)", "number(b)", r#"indexOf(a, "y")"#, "(-n)"]);
    let string = one(&[r#""x""#, r#""X""#, r#""xyz""#, r#""x*""#, r#""1""#, r#""""#]);
    let order = one(&["==", "!=", "<", "<=", ">", ">="]);
    let matches = one(&[":", "like", "like~", "regex", "regex~"]);
    let within = one(&["in", "in~", "not in", "not in~"]);
    let small = -2..4i32;
    let test = prop_oneof![
        (text.clone(), order.clone(), string.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (number.clone(), order.clone(), small.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (small, order, number.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (text.clone(), matches, string.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (text.clone(), within, string.clone(), string.clone()).prop_map(|(a, op, b, c)| format!("{a} {op} ({b}, {c})")),
        (number.clone(), one(&["in", "not in"])).prop_map(|(a, op)| format!("{a} {op} (0, 1)")),
        (text.clone(), one(&["== null", "!= null", "< null"])).prop_map(|(a, op)| format!("{a} {op}")),
        (number, one(&["null ==", "null !="])).prop_map(|(a, op)| format!("{op} {a}")),
        (text, string, one(&["", " == false", " == true", " != true", " == null"]))
            .prop_map(|(a, b, rest)| format!("startsWith~({a}, {b}){rest}")),
        one(&["startsWith(a, b)", "t", "t == true", "t != false", "true", "false", "1 > 2", "?a == null"])
            .prop_map(str::to_owned),
    ];
    test.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" and "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" or "))),
            inner.clone().prop_map(|part| format!("not ({part})")),
            inner.prop_map(|part| format!("({part}) == false")),
        ]
    })
}

fn values(list: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    let value = one(list);
    prop_oneof![
        1 => Just(None),
        3 => value.clone().prop_map(|value| Some(value.to_owned())),
        1 => prop::collection::vec(value, 0..4).prop_map(|values| Some(format!("[{}]", values.join(",")))),
    ]
}

fn event() -> impl Strategy<Value = String> {
    let strings = &[r#""x""#, r#""X""#, r#""xyz""#, r#""y""#, r#"" x""#, r#""1""#, r#""""#, "null", "1"];
    let fields = (
        values(strings),
        values(strings),
        values(&["-1", "0", "1", "2.5", "null", r#""2""#]),
        values(&["true", "false", r#""true""#, "null"]),
        values(&[r#""process""#, r#""file""#]),
    );
    fields.prop_map(|(a, b, n, t, category)| {
        let fields = [("a", a), ("b", b), ("n", n), ("t", t), ("event.category", category)];
        let fields: Vec<String> =
            fields.into_iter().filter_map(|(name, value)| Some(format!("\"{name}\":{}", value?))).collect();
        format!("{{{}}}", fields.join(","))
    })
}

/// What three-valued logic makes of the node's truth when only some of the nodes below are known.
fn from_known(node: &Node, known: &dyn Fn(&Node) -> bool) -> Option<bool> {
    let conditions = || node.children.iter().filter(|child| child.kind != NodeKind::Value);
    let parts = || conditions().map(|child| from_known(child, known));
    match node.kind {
        NodeKind::Not => parts().next().flatten().map(|truth| !truth),
        NodeKind::Or if parts().any(|part| part == Some(true)) => Some(true),
        NodeKind::Or => parts().all(|part| part == Some(false)).then_some(false),
        NodeKind::And | NodeKind::Filter if parts().any(|part| part == Some(false)) => Some(false),
        NodeKind::And | NodeKind::Filter => parts().all(|part| part == Some(true)).then_some(true),
        _ => node.holds().filter(|_| known(node)),
    }
}

/// Every node, parents first.
fn nodes(node: &Node) -> Vec<&Node> {
    let mut all = vec![node];
    let mut at = 0;
    while at < all.len() {
        let node = all[at];
        all.extend(&node.children);
        at += 1;
    }
    all
}

fn matches(query: &str, event: &str) -> bool {
    let source = Source { path: "rule.eql".into(), text: query.to_owned() };
    let (rules, report) = compile(&[source], &CompileOptions::default());
    assert!(!report.has_errors(), "{query}: {:#?}", report.diagnostics);
    let outcome = Session::open(rules.into(), SessionOptions::default()).evaluate(event.as_bytes());
    assert_eq!((outcome.events, outcome.rejected), (1, 0));
    !outcome.matches.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_explanation_agrees_with_the_engine_and_with_itself(
        category in one(&["any", "process"]),
        condition in condition(),
        event in event(),
    ) {
        let query = format!("{category} where {condition}");
        let explanation = explained(&query, &event);
        let verdict = &explanation.events[0].terms[0];
        prop_assert_eq!(verdict.matched, matches(&query, &event));
        prop_assert_eq!(verdict.tree.holds(), Some(verdict.matched));
        prop_assert_eq!(verdict.distance == Some(0), verdict.matched);
        for node in nodes(&verdict.tree) {
            match node.kind {
                NodeKind::Value => prop_assert!(node.value.is_some()),
                // Children combine to their parent, and a condition by itself is what it is within the rule.
                _ => {
                    prop_assert_eq!(node.holds(), from_known(node, &|_| true), "{}", &node.text);
                    let alone = node.kind == NodeKind::Test || node.kind == NodeKind::Not;
                    if alone {
                        let alone = matches(&format!("any where {}", node.text), &event);
                        prop_assert_eq!(node.holds(), Some(alone), "{}", &node.text);
                    }
                }
            }
            for found in &node.fields {
                prop_assert!(found.passing.iter().all(|at| (*at as usize) < found.values.len()));
            }
            // A truth of null is always a missing field or a null on the way.
            if node.truth.is_none() && node.kind == NodeKind::Test {
                let empty = node.fields.iter().any(|found| found.values.is_empty());
                prop_assert!(empty || !node.notes.is_empty(), "{}", &node.text);
            }
        }
        // What is marked is enough to decide, and nothing of it can be left out.
        let marked: Vec<*const Node> =
            nodes(&verdict.tree).into_iter().filter(|node| node.decides).map(std::ptr::from_ref).collect();
        let is_marked = |node: &Node| marked.contains(&std::ptr::from_ref(node));
        prop_assert_eq!(from_known(&verdict.tree, &is_marked), Some(verdict.matched));
        for left_out in nodes(&verdict.tree).into_iter().filter(|node| {
            is_marked(node) && matches!(node.kind, NodeKind::Test | NodeKind::Category)
        }) {
            let known = |node: &Node| is_marked(node) && !std::ptr::eq(node, left_out);
            prop_assert_eq!(from_known(&verdict.tree, &known), None, "{}", &left_out.text);
        }
        let json = serde_json::to_string(&explanation).expect("plain data");
        let read: Explanation = serde_json::from_str(&json).expect("its own JSON");
        prop_assert_eq!(&read, &explanation);
        prop_assert_eq!(serde_json::to_string(&read).expect("plain data"), json);
    }
}
