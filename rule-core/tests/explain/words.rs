//! What explanations say.

use rule_core::explain::{NodeKind, QueryKind, Role};
use rule_core::{ExplainOptions, Limits, Source, explain};
use serde_json::json;

use crate::{explained, mapped, shown, with};

const BASH: &str = r#"{"@timestamp":"2026-01-02T03:04:05Z","event":{"category":"process"},"process":{"name":"Bash","args":["-c","id"]}}"#;

/// The notes of the first test of `any where CONDITION`.
fn notes(condition: &str, event: &str) -> Vec<String> {
    let explanation = explained(&format!("any where {condition}"), event);
    let mut node = &explanation.events[0].terms[0].tree;
    while !matches!(node.kind, NodeKind::Test | NodeKind::Constant) {
        node = &node.children[0];
    }
    node.notes.clone()
}

fn reason(query: &str, event: &str) -> String {
    explained(query, event).events[0].terms[0].reason.clone()
}

#[test]
fn a_tree_shows_truths_values_and_what_decides() {
    let query = "process where process.name == \"bash\" and // a comment\n  (length(process.args) > 7 or not user.name : \"root*\")";
    let explanation = explained(query, BASH);
    assert_eq!((explanation.query, explanation.name.as_str()), (QueryKind::Event, "rule"));
    let event = &explanation.events[0];
    assert_eq!(event.timestamp.as_deref(), Some("2026-01-02T03:04:05Z"));
    assert_eq!(event.terms[0].distance, Some(1));
    let tree = &event.terms[0].tree;
    assert_eq!(
        shown(tree),
        r#"*filter false `process where process.name == "bash" and (length(process.args) > 7 or not user.name : "root*")`
   category true `process` event.category=["process"!]
  *and false `process.name == "bash" and (length(process.args) > 7 or not user.name : "root*")`
    *test false `process.name == "bash"` process.name=["Bash"] -- `==` is case-sensitive: the value differs in case only, which `:` would ignore
     or true `(length(process.args) > 7 or not user.name : "root*")`
       test false `length(process.args) > 7` process.args=["-c" "id"] -- the field is an array, and none of its values passes
         value = `length(process.args)` 2
           value = `process.args` "-c"
       not true `not user.name : "root*"` -- a test of a missing field does not hold, so its negation does
         test null/false `user.name : "root*"` user.name=[] -- the event has no user.name
"#
    );
    let test = &tree.children[1].children[0];
    assert_eq!(&query[test.span.range()], r#"process.name == "bash""#);
}

#[test]
fn spans_are_those_of_the_file() {
    let text = "[rule]\nname = \"x\"\nrule_id = \"1\"\ntype = \"eql\"\nlanguage = \"eql\"\nquery = \"any where\\n\\tuser.name == \\\"a\\\"\"\n";
    let explanation = explain(
        &Source { path: "rule.toml".into(), text: text.into() },
        br#"{"user.name":"a"}"#,
        &ExplainOptions::default(),
    );
    let explanation = explanation.unwrap();
    let test = &explanation.events[0].terms[0].tree.children[0];
    assert_eq!(test.text, r#"user.name == "a""#);
    assert_eq!(&text[test.span.range()], r#"user.name == \"a\""#);
    assert!(text[explanation.span.range()].starts_with("any where"));
}

#[test]
fn null_counts_as_elasticsearch_has_it() {
    let state = |condition: &str| {
        let explanation = explained(&format!("any where {condition}"), r#"{"n":0}"#);
        let node = &explanation.events[0].terms[0].tree.children[0];
        (node.truth, node.counts_as)
    };
    assert_eq!(state(r#"x == "a""#), (None, Some(false)));
    assert_eq!(state(r#"x != "a""#), (None, Some(true)));
    assert_eq!(state(r#"x not in ("a")"#), (None, Some(true)));
    assert_eq!(state(r#"not x == "a""#), (Some(true), None));
    assert_eq!(state("x == null"), (Some(true), None));
    assert_eq!(state("x != null"), (Some(false), None));
    assert_eq!(state("null == x"), (Some(true), None));
    assert_eq!(state("n > null"), (None, Some(false)));
    // A script has null at hand, and what is not true does not pass.
    assert_eq!(state("length(x) != 3"), (None, Some(false)));
    assert_eq!(state("null == length(x)"), (Some(true), None));
    assert_eq!(state("1 / n == 2"), (None, Some(false)));
    assert_eq!(state(r#"cidrMatch(x, "10.0.0.0/8") == false"#), (Some(true), None));
}

#[test]
fn near_misses_are_named() {
    let one = |condition: &str, event: &str| notes(condition, event).remove(0);
    let upper = r#"{"x":"Bash"}"#;
    for (condition, operator, other) in [
        (r#"x == "bash""#, "==", ":"),
        (r#"x != "bash""#, "!=", "not … :"),
        (r#"x in ("sh", "bash")"#, "in", "in~"),
        (r#"x not in ("sh", "bash")"#, "not in", "not in~"),
        (r#"x like "ba*""#, "like", "like~"),
        (r#"x regex "ba.*""#, "regex", "regex~"),
        (r#"startsWith(x, "ba")"#, "startsWith", "startsWith~"),
        (r#"substring(x, 0, 2) == "ba""#, "==", ":"),
    ] {
        let expected =
            format!("`{operator}` is case-sensitive: the value differs in case only, which `{other}` would ignore");
        assert_eq!(one(condition, upper), expected, "{condition}");
    }
    assert_eq!(one(r#"x == "B*""#, upper), "wildcards need `:` or `like`: `==` takes `*` and `?` as they are");
    assert_eq!(
        one(r#"x : "curl""#, r#"{"x":"/usr/bin/curl -s"}"#),
        "`:` matches the whole value: with `*` at both ends the pattern would find a part of it"
    );
    assert_eq!(
        one(r#"x regex "cur[lL]""#, r#"{"x":"/usr/bin/curl -s"}"#),
        "`regex` matches the whole value: with `.*` at both ends the pattern would find a part of it"
    );
    assert_eq!(one(r#"x == "a b""#, r#"{"x":"a b "}"#), "`==` counts white space: the value differs by it at its ends");
    // Where the test holds, or nothing near would, there is nothing to say.
    assert_eq!(notes(r#"x == "Bash""#, upper), [""; 0]);
    assert_eq!(notes(r#"x == "zsh""#, upper), [""; 0]);
    assert_eq!(notes(r#"x : "b""#, upper), [""; 0]);
}

#[test]
fn a_missing_field_may_be_there_by_another_name() {
    let event = r#"{"process":{"Name":"x","parent":{"name":"y"}},"custm":1}"#;
    assert_eq!(
        notes(r#"process.name == "x""#, event),
        ["the event has no process.name", "the event does have process.Name"]
    );
    assert_eq!(
        notes(r#"process.parent == "y""#, event),
        ["the event has no process.parent", "in the event, process.parent is an object"]
    );
    assert_eq!(notes("custom == 1", event), ["the event has no custom", "the event does have custm"]);
    // Two fields of the schema are two fields.
    assert_eq!(notes(r#"host.ip == "::1""#, r#"{"host":{"id":"1"}}"#), ["the event has no host.ip"]);
    assert_eq!(notes(r#"x != "a""#, "{}"), ["the event has no x, and `!=` holds without it"]);
}

#[test]
fn arrays_are_explained() {
    let event = r#"{"x":["a","b"]}"#;
    assert_eq!(notes(r#"x == "a""#, event), ["the field is an array: one value that passes is enough"]);
    assert_eq!(notes(r#"x == "c""#, event), ["the field is an array, and none of its values passes"]);
    assert_eq!(notes(r#"x != "a""#, event), ["the field is an array: `!=` holds only if it holds for every value"]);
    let long: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    let explanation = explained(r#"any where x == "49""#, &json!({ "x": long }).to_string());
    let found = &explanation.events[0].terms[0].tree.children[0].fields[0];
    assert_eq!((found.values.len(), found.total, found.passing.as_slice()), (20, Some(50), &[19][..]));
    assert_eq!(found.values[19], json!("49"), "of the values that pass one is shown");
}

#[test]
fn reasons_name_what_decides() {
    let cases = [
        (
            r#"process where process.name == "bash""#,
            r#"did not match: process.name is "Bash", the rule wants "bash" (case-sensitive)"#,
        ),
        ("file where true", r#"did not match: the event's category is "process", the rule wants file"#),
        ("process where process.pid > 4", "did not match: the event has no process.pid"),
        (
            r#"process where not process.name : "ba*""#,
            r#"did not match: process.name is "Bash", which the rule excludes"#,
        ),
        (
            r#"any where process.name == "a" or process.name == "b""#,
            r#"did not match: process.name is "Bash", the rule wants "a" or "b""#,
        ),
        (
            r#"any where process.name in ("a", "b", "c", "d", "e")"#,
            r#"did not match: process.name is "Bash", the rule wants one of 5 values"#,
        ),
        (
            r#"any where process.name : "a*" or user.name != null"#,
            r#"did not match: process.name is "Bash", the rule wants "a*"; the event has no user.name"#,
        ),
        (
            r#"any where process.name regex "[a-z]+""#,
            r#"did not match: process.name is "Bash", the rule wants a match of "[a-z]+" (`regex` matches the whole value)"#,
        ),
        ("any where length(process.name) > 7", "did not match: length(process.name) is 4, the rule wants > 7"),
        (
            r#"any where substring(process.name, 0, 2) : ("x*", "y*")"#,
            r#"did not match: substring(process.name, 0, 2) is "Ba", the rule wants "x*" or "y*""#,
        ),
        ("any where 1 != length(process.args)", "matched: length(process.args) is 2"),
        (
            r#"any where startsWith(process.name, "ba")"#,
            r#"did not match: `startsWith(process.name, "ba")` does not hold: process.name is "Bash" (case-sensitive)"#,
        ),
        (
            r#"any where not endsWith(process.args, "d")"#,
            r#"did not match: `endsWith(process.args, "d")` holds, which the rule excludes: process.args is "id""#,
        ),
        (
            "any where startsWith(process.name, user.name)",
            "did not match: `startsWith(process.name, user.name)` does not hold: the event has no user.name",
        ),
        ("any where process.name == null", r#"did not match: process.name is "Bash", the rule wants none"#),
        ("any where false", "did not match: `false` does not hold"),
        (
            r#"process where process.name : "bash" and not user.name == "root""#,
            r#"matched: the event's category is "process"; process.name is "Bash"; the event has no user.name"#,
        ),
        (
            r#"any where process.args == "id" and process.name != "x""#,
            r#"matched: process.args is "id"; process.name is "Bash", not "x""#,
        ),
        ("any where true", "matched"),
    ];
    for (query, expected) in cases {
        assert_eq!(reason(query, BASH), expected, "{query}");
    }
}

#[test]
fn the_distance_is_the_number_of_tests_to_change() {
    let distance = |query: &str| explained(query, BASH).events[0].terms[0].distance;
    assert_eq!(distance("process where true"), Some(0));
    assert_eq!(distance("process where false"), None);
    assert_eq!(distance("file where user.id == 1 and process.pid == 1"), Some(3));
    assert_eq!(distance("process where (user.id == 1 and process.pid == 1) or host.name == \"x\""), Some(1));
    assert_eq!(distance("process where not (process.name == \"Bash\" and process.args == \"id\")"), Some(1));
    assert_eq!(distance("process where not (process.name == \"Bash\" or process.args == \"id\")"), Some(2));
}

#[test]
fn undecided_is_said_where_it_arises() {
    let limits = Limits { max_combinations: 8, ..Limits::default() };
    let options = ExplainOptions { limits, ..ExplainOptions::default() };
    let event = r#"{"a":["p","q","r"],"b":["x","y","z"],"c":1}"#;
    let explanation = with("any where c == 1 and not startsWith(a, b)", event, &options).unwrap();
    let verdict = &explanation.events[0].terms[0];
    assert!(!verdict.matched);
    assert_eq!(verdict.reason, "undecided, so it did not match: `startsWith(a, b)` cannot be decided");
    assert_eq!(
        shown(&verdict.tree.children[0]).lines().skip(2).collect::<Vec<_>>(),
        [
            " *not undecided `not startsWith(a, b)`".to_owned(),
            r#"   *test undecided `startsWith(a, b)` a=["p" "q" "r"] b=["x" "y" "z"] -- undecided: it has more than 8 combinations of values to try"#.to_owned(),
            r#"      value = `a` "p""#.to_owned(),
            r#"      value = `b` "x""#.to_owned(),
        ]
        .map(|line| format!(" {line}"))
    );
    let explanation = with("any where c == 2 and not startsWith(a, b)", event, &options).unwrap();
    assert!(explanation.events[0].terms[0].reason.starts_with("did not match: c is 1"), "it decides without");
}

#[test]
fn a_mapping_has_its_say() {
    let properties = r#"{"x":{"type":"keyword","null_value":"NONE"},"when":{"type":"date"}}"#;
    let tree = |condition: &str, event: &str| {
        let explanation = mapped(&format!("any where {condition}"), event, properties);
        shown(&explanation.events[0].terms[0].tree.children[0])
    };
    assert_eq!(
        tree("?gone == null", "{}"),
        "*constant true `?gone == null` -- the mapping has no gone: the optional field is null for every event\n"
    );
    assert_eq!(
        tree("?gone > 1", "{}"),
        "*constant null/false `?gone > 1` -- the mapping has no gone: the optional field is null for every event\n"
    );
    assert_eq!(tree(r#"x == "NONE""#, r#"{"x":null}"#), "*test true `x == \"NONE\"` x=[\"NONE\"!]\n");
    assert_eq!(
        tree(r#"when == "yesterday""#, r#"{"when":"2026-01-01"}"#),
        "*test false `when == \"yesterday\"` when=[\"2026-01-01\"] -- no value can pass this test\n"
    );
    assert_eq!(
        tree(r#"length(?gone) > 1 or x == "a""#, r#"{"x":"a"}"#).lines().nth(1),
        Some(
            "   constant null/false `length(?gone) > 1` -- the mapping has no gone: the optional field is null for every event"
        )
    );
}

#[test]
fn computed_parts_have_their_values() {
    let explanation = explained(
        "any where length(concat(a, b)) + 60 * 60 == 3603 and n == 60 * 60",
        r#"{"a":"x","b":["yy","zzz"],"n":3600}"#,
    );
    assert_eq!(
        shown(&explanation.events[0].terms[0].tree.children[0]),
        "*and true `length(concat(a, b)) + 60 * 60 == 3603 and n == 60 * 60`
  *test true `length(concat(a, b)) + 60 * 60 == 3603` a=[\"x\"] b=[\"yy\" \"zzz\"] -- the field is an array: one value that passes is enough
     value = `length(concat(a, b)) + 60 * 60` 3603
       value = `length(concat(a, b))` 3
         value = `concat(a, b)` \"xyy\"
           value = `b` \"yy\"
       value = `60 * 60` 3600
  *test true `n == 60 * 60` n=[3600!]
     value = `60 * 60` 3600
"
    );
}

#[test]
fn numbers_keep_their_digits() {
    let event = r#"{"n":[1,1.5,9007199254740993,18446744073709551615,1e400,-0.0]}"#;
    let explanation = explained("any where n == 1", event);
    let found = &explanation.events[0].terms[0].tree.children[0].fields[0];
    assert_eq!(
        found.values,
        [json!(1), json!(1.5), json!("9007199254740993"), json!("18446744073709551615"), json!("1e400"), json!(-0.0)]
    );
}

#[test]
fn sequences_are_explained_term_by_term() {
    let query = r#"sequence by host.id, ?user.id with maxspan=1m
        [process where process.name == "a"] by process.pid with runs=2
        ![file where true] by file.owner
        [any where process.name == "b"] by process.pid
        until [process where process.name == "c"] by process.pid"#;
    let event = r#"{"host":{"id":"h"},"event":{"category":"process"},"process":{"name":["a","b"],"pid":[1,2]}}"#;
    let explanation = explained(query, event);
    assert_eq!((explanation.query, explanation.maxspan), (QueryKind::Sequence, Some(60_000)));
    let roles: Vec<_> = explanation.terms.iter().map(|term| (term.role, term.runs)).collect();
    assert_eq!(roles, [(Role::Term, 2), (Role::Missing, 1), (Role::Term, 1), (Role::Until, 1)]);
    assert_eq!(explanation.terms[1].text, "![file where true] by file.owner");
    let keys: Vec<_> = explanation.terms[0].keys.iter().map(|key| (key.field.as_str(), key.optional)).collect();
    assert_eq!(keys, [("host.id", false), ("user.id", true), ("process.pid", false)]);
    let terms = &explanation.events[0].terms;
    assert_eq!(terms.iter().map(|term| term.matched).collect::<Vec<_>>(), [true, false, true, false]);
    let values: Vec<_> = terms[0].keys.iter().map(|found| (found.field.as_str(), found.values.clone())).collect();
    assert_eq!(values, [("host.id", vec![json!("h")]), ("user.id", vec![]), ("process.pid", vec![json!(1), json!(2)])]);
    assert_eq!(terms[3].distance, Some(1));

    let sample = explained("sample by host.id [any where a == 1] [any where a == 2]", r#"{"a":1}"#);
    assert_eq!(sample.query, QueryKind::Sample);
    let verdict = &sample.events[0].terms[0];
    assert!(!verdict.matched);
    assert_eq!(verdict.reason, "did not match: the condition holds, but the event has no host.id to be joined by");
}

#[test]
fn rejected_events_say_why_and_keep_their_places() {
    let explanation = explained("any where true", "{\"a\":1}\n\n{oops\n{}\n");
    let events: Vec<_> = explanation.events.iter().map(|e| (e.event, e.rejected.is_some(), e.terms.len())).collect();
    assert_eq!(events, [(0, false, 1), (1, true, 0), (2, false, 1)]);
    let rejected = explanation.events[1].rejected.as_ref().unwrap();
    assert_eq!((rejected.event, rejected.offset), (1, 1));
}

#[test]
fn what_is_explained_is_bounded() {
    let events = "{}\n".repeat(10);
    let explain = |max_explained_events, max_explained_nodes| {
        let limits = Limits { max_explained_events, max_explained_nodes, ..Limits::default() };
        let options = ExplainOptions { limits, ..ExplainOptions::default() };
        let explanation = with("any where a == 1 and b == 1", &events, &options).unwrap();
        (explanation.events.len(), explanation.omitted)
    };
    assert_eq!(explain(1000, 1000), (10, 0));
    assert_eq!(explain(3, 1000), (3, 7));
    assert_eq!(explain(1000, 9), (3, 7), "four nodes an event");
    assert_eq!(explain(0, 0), (1, 9), "one is always explained");

    let long = "x".repeat(10_000);
    let explanation = explained(&format!(r#"any where a == "{long}""#), &format!(r#"{{"a":"{long}y"}}"#));
    let test = &explanation.events[0].terms[0].tree.children[0];
    assert_eq!(test.text.chars().count(), 501);
    assert_eq!(test.fields[0].values[0].as_str().unwrap().chars().count(), 501);
}

/// A parser of the answer may have a limit of its own: serde_json's is 128.
#[test]
fn nesting_is_bounded() {
    let mut condition =
        "length(concat(concat(concat(concat(concat(concat(concat(concat(concat(a)))))))))) == 1".to_owned();
    for at in 0..100 {
        condition = match at % 3 {
            0 => format!("not ({condition})"),
            1 => format!("b == 1 and ({condition})"),
            _ => format!("b == 1 or ({condition})"),
        };
        let limits = Limits { max_query_depth: 1000, ..Limits::default() };
        let options = ExplainOptions { limits, ..ExplainOptions::default() };
        let explanation = with(&format!("any where {condition}"), r#"{"a":"x"}"#, &options).unwrap();
        let json = serde_json::to_string(&explanation).unwrap();
        assert_eq!(serde_json::from_str::<rule_core::Explanation>(&json).unwrap(), explanation, "at {at}");
    }
}

#[test]
fn errors_are_those_of_the_rule() {
    let errors = with("any where process.name ==", "{}", &ExplainOptions::default()).unwrap_err();
    assert_eq!((errors[0].code.as_str(), errors[0].line, errors[0].path.as_str()), ("syntax", 1, "rule.eql"));
    let errors = explain(&Source { path: "x".into(), text: String::new() }, b"{}", &ExplainOptions::default());
    assert_eq!(errors.unwrap_err()[0].code, "rule-file");
    let esql = "[rule]\nname = \"x\"\nrule_id = \"1\"\ntype = \"esql\"\nlanguage = \"esql\"\nquery = \"from a\"\n";
    let errors = explain(&Source { path: "x".into(), text: esql.into() }, b"{}", &ExplainOptions::default());
    assert_eq!(errors.unwrap_err()[0].code, "rule-type");
    let mapping = Some(json!({ "properties": { "a": { "type": "long" } } }));
    let options = ExplainOptions { mapping, ..ExplainOptions::default() };
    let errors = with("sequence by b [any where a == 1] [any where a == 2]", "{}", &options).unwrap_err();
    assert_eq!(errors.iter().map(|d| d.code.as_str()).collect::<Vec<_>>(), ["unknown-field"]);
    let warnings = explained("any where proces.name == \"x\"", "{}").warnings;
    assert_eq!(warnings[0].code, "similar-field");
}

#[test]
fn the_rule_or_the_caller_names_fields() {
    let toml = "[rule]\nname = \"x\"\nrule_id = \"1\"\ntype = \"eql\"\nlanguage = \"eql\"\nquery = \"a where true\"\n\
                event_category_override = \"kind\"\ntimestamp_override = \"seen\"\n";
    let event = br#"{"kind":"a","sort":"b","seen":1,"at":"2026"}"#;
    let source = Source { path: "x".into(), text: toml.into() };
    let explanation = explain(&source, event, &ExplainOptions::default()).unwrap();
    assert_eq!((explanation.events[0].timestamp.as_deref(), explanation.events[0].terms[0].matched), (Some("1"), true));
    let options = ExplainOptions {
        timestamp_field: Some("at".into()),
        event_category_field: Some("sort".into()),
        ..ExplainOptions::default()
    };
    let explanation = explain(&source, event, &options).unwrap();
    assert_eq!(
        (explanation.events[0].timestamp.as_deref(), explanation.events[0].terms[0].matched),
        (Some("2026"), false)
    );
}
