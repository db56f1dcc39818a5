//! What Kibana exports: rules, exception lists and their items, one object per line.

use rule_core::rule::{EntryTest, ListOperator, Namespace};
use rule_core::{Limits, Source, Span, rule};

use crate::{at, compiled, exported, read, status};

const LIST: &str = r#"{"id":"i1","list_id":"l1","name":"List","description":"d","type":"rule_default","namespace_type":"single","os_types":[],"tags":[],"version":1}"#;
const SUMMARY: &str = r#"{"exported_count":2,"exported_rules_count":1,"missing_rules":[],"missing_rules_count":0}"#;
const CONNECTOR: &str =
    r#"{"id":"c1","type":"action","attributes":{"name":"mail","actionTypeId":".email"},"references":[]}"#;

fn item(id: &str, entries: &str) -> String {
    format!(
        "{{\"item_id\":\"{id}\",\"list_id\":\"l1\",\"name\":\"Item {id}\",\"namespace_type\":\"single\",\"type\":\"simple\",\
         \"os_types\":[\"linux\"],\"comments\":[],\"expire_time\":\"2030-01-01T00:00:00.000Z\",\"entries\":[{entries}]}}"
    )
}

#[test]
fn an_export_is_read_whole() {
    let entries = [
        r#"{"field":"a","type":"match","operator":"included","value":"x"}"#,
        r#"{"field":"b","type":"match_any","operator":"excluded","value":["x","y"]}"#,
        r#"{"field":"c","type":"exists","operator":"included"}"#,
        r#"{"field":"d","type":"wildcard","operator":"included","value":"x*"}"#,
        r#"{"field":"e","type":"list","operator":"included","list":{"id":"ips.txt","type":"ip"}}"#,
        r#"{"field":"f","type":"nested","entries":[{"field":"g","type":"match","operator":"included","value":"x"}]}"#,
    ];
    let rules = [exported("1", ",\"version\":3"), exported("2", "")];
    let text = [&rules[0], &rules[1], LIST, &item("x1", &entries.join(",")), CONNECTOR, SUMMARY, ""].join("\n");
    let contents = read(&text);
    assert_eq!(contents.diagnostics, []);
    let ids: Vec<_> = contents.rules.iter().map(|rule| (rule.info.id.as_str(), rule.info.version)).collect();
    assert_eq!(ids, [("1", Some(3)), ("2", None)]);
    assert_eq!(&text[contents.rules[1].at.range()], "\"Rule 2\"");
    assert_eq!(contents.exception_lists.len(), 1);
    assert_eq!(contents.exception_lists[0].list_id, "l1");

    let [exception] = &contents.exceptions[..] else { panic!("{:?}", contents.exceptions) };
    assert_eq!(&text[exception.at.range()], "\"Item x1\"");
    let item = &exception.item;
    assert_eq!((item.item_id.as_str(), item.list_id.as_str(), item.namespace_type), ("x1", "l1", Namespace::Single));
    assert_eq!(
        (&item.os_types[..], item.expire_time.as_deref()),
        (&["linux".to_owned()][..], Some("2030-01-01T00:00:00.000Z"))
    );
    let fields: Vec<_> = item.entries.iter().map(|entry| entry.field.as_str()).collect();
    assert_eq!(fields, ["a", "b", "c", "d", "e", "f"]);
    assert_eq!(item.entries[1].operator, ListOperator::Excluded);
    assert!(matches!(&item.entries[1].test, EntryTest::MatchAny { value } if value.len() == 2));
    assert!(matches!(&item.entries[4].test, EntryTest::List { list } if list.id == "ips.txt" && list.kind == "ip"));
    assert!(matches!(&item.entries[5].test, EntryTest::Nested { entries } if entries[0].field == "g"));

    let (set, report) = compiled(&[("export.ndjson", &text)], None);
    assert_eq!(report.diagnostics, []);
    assert_eq!(set.rules().len(), 2);
}

#[test]
fn the_same_is_read_in_other_shapes() {
    let (one, two) = (exported("1", ""), exported("2", ""));
    let pretty = serde_json::to_string_pretty(&crate::json(&one)).expect("JSON");
    for (text, ids) in [
        (format!("[{one},\n{two}]"), &["1", "2"][..]),
        (format!("\u{feff}\r\n{one}\r\n\r\n{two}\r\n"), &["1", "2"]),
        (pretty.clone(), &["1"]),
        (format!("{pretty}\n{pretty}"), &["1", "1"]),
        (format!("{{\"page\":1,\"total\":2,\"data\":[{one},{two}]}}"), &["1", "2"]),
        (format!("{{\"id\":\"1_3\",\"type\":\"security-rule\",\"attributes\":{one}}}"), &["1"]),
        (format!("{LIST}\n{SUMMARY}"), &[]),
    ] {
        let contents = read(&text);
        assert_eq!(contents.diagnostics, [], "{text}");
        let found: Vec<_> = contents.rules.iter().map(|rule| rule.info.id.as_str()).collect();
        assert_eq!(found, ids, "{text}");
    }
}

#[test]
fn places_in_a_query_are_places_in_the_file() {
    let file = format!(
        "{}\n{}\n",
        exported("1", ""),
        r#"{"rule_id":"2","name":"N","type":"eql","query":"\n process where\n  process.name == \"n\u00e9\\\\\ud83d\ude00\" and bb = 1"}"#
    );
    let contents = read(&file);
    let query = contents.rules[1].query.as_ref().expect("a query");
    assert_eq!(query.text, "process where\n  process.name == \"né\\\\😀\" and bb = 1");
    for (part, written) in [
        ("process where", "process where"),
        ("\"né\\\\😀\"", r#"\"n\u00e9\\\\\ud83d\ude00\""#),
        ("é\\\\😀", r"\u00e9\\\\\ud83d\ude00"),
        ("bb", "bb"),
    ] {
        let start = query.text.find(part).expect("a part") as u32;
        let span = query.map.span(Span::new(start, start + part.len() as u32));
        assert_eq!(&file[span.range()], written);
    }
    let (_, report) = compiled(&[("e.ndjson", &file)], None);
    assert_eq!(status(&report), [("e.ndjson", "compiled"), ("e.ndjson", "failed")]);
    let diagnostic = &report.diagnostics[0];
    assert_eq!((at(&file, diagnostic), diagnostic.line, diagnostic.rule.as_deref()), ("=", 2, Some("N")));
}

#[test]
fn a_broken_line_does_not_keep_the_others_from_being_read() {
    let (one, two) = (exported("1", ""), exported("2", ""));
    for (broken, place, message) in [
        ("{\"rule_id\": \"x\", ", "{", "a name in double quotes"),
        ("{\"rule_id\": \"x\"", "{", "`,` or `}`"),
        ("{\"rule_id\": \"x\" \"name\"}", "\"", "`,` or `}`"),
        ("{\"rule_id\": 'x'}", "'", "a value is expected"),
        ("{\"rule_id\": \"x", "\n", "control character"),
        ("{\"rule_id\": \"\\x\"}", "\\", "escape"),
        ("{\"rule_id\": \"\\u12\"}", "\\", "escape"),
        ("{\"version\": 01}", "0", "no number"),
        ("{\"version\": 1.}", "1", "no number"),
        ("{\"version\": -}", "-", "no number"),
        ("{\"version\": nul}", "n", "a value is expected"),
        ("{\"a\" 1}", "1", "`:` is expected"),
        ("{\"a\":[1,]}", "]", "a value is expected"),
        ("{\"event\": {\"category\": \"process\"}}", "{", "neither a rule"),
        ("5", "5", "neither a rule"),
        ("[[1]]", "[", "neither a rule"),
    ] {
        let text = format!("{one}\n{broken}\n{two}\n");
        let contents = read(&text);
        let ids: Vec<_> = contents.rules.iter().map(|rule| rule.info.id.as_str()).collect();
        assert_eq!(ids, ["1", "2"], "{broken}");
        let [diagnostic] = &contents.diagnostics[..] else { panic!("{broken}\n{:#?}", contents.diagnostics) };
        assert_eq!((diagnostic.code.as_str(), at(&text, diagnostic)), ("rule-file", place), "{broken}");
        assert!(diagnostic.message.contains(message), "{broken}\n{}", diagnostic.message);
        assert!((2..=3).contains(&diagnostic.line), "{broken}");
    }
    let text = format!("{}{}", "{\"a\":".repeat(200), "}".repeat(200));
    assert!(read(&text).diagnostics[0].message.contains("nested too deeply"));
}

#[test]
fn an_exception_with_a_mistake_is_left_out() {
    for (entries, place, message) in [
        ("", "{", "no `entries`"),
        (r#"{"type":"match","value":"x"}"#, r#"{"type":"match","value":"x"}"#, "no `field`"),
        (r#"{"field":"a","value":"x"}"#, r#"{"field":"a","value":"x"}"#, "no `type`"),
        (r#"{"field":"a","type":"macth","value":"x"}"#, r#""macth""#, "no type of condition"),
        (r#"{"field":"a","type":"match"}"#, r#"{"field":"a","type":"match"}"#, "no `value`"),
        (r#"{"field":"a","type":"match","value":1}"#, "1", "not a string"),
        (
            r#"{"field":"a","type":"match_any","value":[]}"#,
            r#"{"field":"a","type":"match_any","value":[]}"#,
            "no values",
        ),
        (r#"{"field":"a","type":"list"}"#, r#"{"field":"a","type":"list"}"#, "no value list"),
        (r#"{"field":"a","type":"exists","operator":"in"}"#, r#""in""#, "no operator"),
        (
            r#"{"field":"a","type":"nested","entries":[{"field":"b","type":"nested","entries":[]}]}"#,
            r#"{"field":"b","type":"nested","entries":[]}"#,
            "holds a nested condition",
        ),
    ] {
        let text = item("x1", entries);
        let contents = read(&text);
        assert_eq!(contents.exceptions, [], "{entries}");
        let [diagnostic] = &contents.diagnostics[..] else { panic!("{entries}\n{:#?}", contents.diagnostics) };
        assert_eq!(at(&text, diagnostic), place, "{entries}");
        assert!(diagnostic.message.contains(message), "{}", diagnostic.message);
        assert_eq!(diagnostic.rule.as_deref(), Some("exception item \"Item x1\""));
    }
}

#[test]
fn a_list_that_is_nowhere_is_missed() {
    let rule = |list: &str, kind: &str| {
        exported(
            "1",
            &format!(
                ",\"exceptions_list\":[{{\"list_id\":\"{list}\",\"type\":\"{kind}\",\"namespace_type\":\"single\"}}]"
            ),
        )
    };
    let warnings = |files: &[(&str, &str)]| {
        let (set, report) = compiled(files, None);
        assert_eq!(set.rules().len(), 1);
        let codes = report.diagnostics.iter().map(|found| (found.code.clone(), found.path.clone(), found.line));
        codes.collect::<Vec<_>>()
    };
    assert_eq!(warnings(&[("a", &rule("l2", "detection"))]), [("exception-list".into(), "a".into(), 1)]);
    // One without items, in a later file; Elastic's own.
    assert_eq!(warnings(&[("a", &rule("l1", "rule_default")), ("b", LIST)]), []);
    assert_eq!(warnings(&[("a", &rule("endpoint_list", "endpoint"))]), []);
}

#[test]
fn an_item_is_there_once() {
    let same = item("x1", r#"{"field":"a","type":"exists"}"#);
    let other = item("x1", r#"{"field":"b","type":"exists"}"#);
    let (_, report) = compiled(&[("a", &same), ("b", &same), ("c", &format!("{LIST}\n{other}"))], None);
    let [warning] = &report.diagnostics[..] else { panic!("{:#?}", report.diagnostics) };
    assert_eq!((warning.code.as_str(), warning.path.as_str(), warning.line), ("duplicate", "c", 2));
    assert_eq!(warning.message, "the exception item x1 was read from a already");
}

#[test]
fn bounds_hold() {
    let read = |text: &str, limits: Limits| rule::read(&Source { path: "a".into(), text: text.into() }, &limits);
    let text: Vec<String> = (0..10).map(|id| exported(&id.to_string(), "")).collect();
    let text = text.join("\n");
    // One export is larger than one rule.
    let one = exported("0", "").len() as u32;
    let limits = Limits { max_rule_bytes: one, ..Limits::default() };
    assert_eq!(read(&text, limits.clone()).rules.len(), 10);
    let contents = read(&text, Limits { max_rule_bytes: one - 1, ..Limits::default() });
    assert_eq!((contents.rules.len(), contents.diagnostics.len()), (0, 10));
    assert_eq!((contents.diagnostics[3].code.as_str(), contents.diagnostics[3].line), ("too-large", 4));
    let contents = read(&text, Limits { max_export_bytes: one * 10, ..limits });
    assert_eq!((contents.rules.len(), contents.diagnostics.len()), (0, 1));
    assert!(contents.diagnostics[0].help[0].contains("max_export_bytes"));
    let contents = read(&text, Limits { max_rules: 4, ..Limits::default() });
    assert_eq!((contents.rules.len(), contents.diagnostics.len()), (4, 1));
    assert_eq!(contents.diagnostics[0].code, "too-large");
    let contents = read(&"{\n".repeat(1_000), Limits { max_diagnostics: 3, ..Limits::default() });
    assert_eq!((contents.diagnostics.len(), contents.omitted), (3, 997));
}
