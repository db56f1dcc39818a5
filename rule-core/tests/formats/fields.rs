//! What rules of each type say, in TOML and as exported: the same, with mistakes shown where they stand.

use crate::{at, json, read};

const TOML: &str = r#"
[rule]
rule_id = "1"
name = "N"
type = "TYPE"
language = "kuery"
query = "a : b"
enabled = false
data_view_id = "security"
rule_name_override = "message"
setup = "install it"
false_positives = ["tests"]
KEYS
filters = [{ meta = { negate = true }, query = { match_phrase = { "a.b" = 1.5 } } }]

[[rule.exceptions_list]]
id = "list"
list_id = "mine"
namespace_type = "agnostic"
type = "detection"

[[rule.severity_mapping]]
field = "event.severity"
operator = "equals"
severity = "high"
value = "73"

[[rule.risk_score_mapping]]
field = "event.risk_score"
operator = "equals"
value = ""
"#;

const EXPORTED: &str = r#"{
  "rule_id": "1", "name": "N", "type": "TYPE", "language": "kuery", "query": "a : b", "enabled": false,
  "data_view_id": "security", "rule_name_override": "message", "setup": "install it", "false_positives": ["tests"],
  "timestamp_override": "", "note": null, "version": 1.0, "building_block_type": null,
  "filters": [{"meta": {"negate": true}, "query": {"match_phrase": {"a.b": 1.5}}}],
  "exceptions_list": [{"id": "list", "list_id": "mine", "namespace_type": "agnostic", "type": "detection"}],
  "severity_mapping": [
    {"field": "event.severity", "operator": "equals", "severity": "high", "value": "73"},
    {"field": "", "operator": "equals", "severity": "low", "value": ""}
  ],
  "risk_score_mapping": [{"field": "event.risk_score", "operator": "equals", "value": ""}],
  MORE
}"#;

/// The same in both notations, as the rule's information.
fn both(kind: &str, toml: &str, exported: &str, expected: &str) {
    // Keys of the rule itself come first, tables behind.
    let (keys, tables) = toml.split_at(toml.find("[rule").map_or(0, |at| at - usize::from(toml[..at].ends_with('['))));
    let toml = format!("{}\n{tables}", TOML.replace("TYPE", kind).replace("KEYS", keys));
    let exported = EXPORTED.replace("TYPE", kind).replace("MORE", exported);
    let mut infos = [&toml, &exported].map(|text| {
        let contents = read(text);
        assert_eq!(contents.diagnostics, [], "{text}");
        serde_json::to_value(&contents.rules[0].info).expect("plain data")
    });
    assert_eq!(infos[1]["version"], 1);
    infos[0]["version"] = 1.into();
    assert_eq!(infos[0], infos[1]);
    let expected = json(expected);
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&infos[0][key], value, "{key}");
    }
}

#[test]
fn what_all_rules_say_is_read() {
    both(
        "query",
        "[rule.alert_suppression]\ngroup_by = ['host.id', 'a', 'b', 'c', 'd']\nduration = { value = 5, unit = 'm' }\n\
         missing_fields_strategy = 'doNotSuppress'",
        r#""alert_suppression": {"group_by": ["host.id", "a", "b", "c", "d"], "duration": {"value": 5, "unit": "m"},
           "missing_fields_strategy": "doNotSuppress"}"#,
        r#"{
          "disabled": true, "data_view_id": "security", "rule_name_override": "message", "setup": "install it",
          "false_positives": ["tests"],
          "filters": [{"meta": {"negate": true}, "query": {"match_phrase": {"a.b": 1.5}}}],
          "exceptions_list": [{"id": "list", "list_id": "mine", "namespace_type": "agnostic", "type": "detection"}],
          "severity_mapping": [{"field": "event.severity", "operator": "equals", "severity": "high", "value": "73"}],
          "risk_score_mapping": [{"field": "event.risk_score", "operator": "equals", "value": ""}],
          "alert_suppression": {"group_by": ["host.id", "a", "b", "c", "d"], "duration": {"value": 5, "unit": "m"},
                                "missing_fields_strategy": "doNotSuppress"}
        }"#,
    );
}

#[test]
fn thresholds_are_read() {
    both(
        "threshold",
        "[rule.threshold]\nfield = ['host.id', 'user.name']\nvalue = 25\n[[rule.threshold.cardinality]]\n\
         field = 'source.ip'\nvalue = 3\n[rule.alert_suppression.duration]\nvalue = 1\nunit = 'h'",
        r#""threshold": {"field": ["host.id", "user.name"], "value": 25, "cardinality": [{"field": "source.ip", "value": 3}]},
           "alert_suppression": {"duration": {"value": 1, "unit": "h"}}"#,
        r#"{"threshold": {"field": ["host.id", "user.name"], "value": 25, "cardinality": [{"field": "source.ip", "value": 3}]},
            "alert_suppression": {"duration": {"value": 1, "unit": "h"}, "missing_fields_strategy": "suppress"}}"#,
    );
    // One field without brackets, and none.
    for (field, expected) in [("'host.id'", "[\"host.id\"]"), ("''", "[]"), ("[]", "[]")] {
        let toml = format!("[rule.threshold]\nfield = {field}\nvalue = 1");
        let exported = format!("\"threshold\": {{\"field\": {}, \"value\": 1}}", field.replace('\'', "\""));
        both("threshold", &toml, &exported, &format!("{{\"threshold\": {{\"field\": {expected}, \"value\": 1}}}}"));
    }
}

#[test]
fn new_terms_are_read() {
    both(
        "new_terms",
        "[rule.new_terms]\nfield = 'new_terms_fields'\nvalue = ['host.id', 'user.id']\n\
         [[rule.new_terms.history_window_start]]\nfield = 'history_window_start'\nvalue = 'now-14d'",
        r#""new_terms_fields": ["host.id", "user.id"], "history_window_start": "now-14d""#,
        r#"{"new_terms": {"fields": ["host.id", "user.id"], "history_window_start": "now-14d"}}"#,
    );
}

#[test]
fn threat_matches_are_read() {
    both(
        "threat_match",
        "threat_index = ['logs-ti_*']\nthreat_query = '''\n*:*\n'''\n\
         threat_filters = [{ meta = { key = 'a' } }]\nthreat_indicator_path = 'ti'\n\
         [[rule.threat_mapping]]\nentries = [{ field = 'file.hash.md5', type = 'mapping', value = 'ti.md5' }, \
         { field = 'user.name', type = 'mapping', value = 'ti.user', negate = true }]",
        r#""threat_index": ["logs-ti_*"], "threat_query": "*:*", "threat_filters": [{"meta": {"key": "a"}}],
           "threat_indicator_path": "ti", "threat_language": "kuery",
           "threat_mapping": [{"entries": [{"field": "file.hash.md5", "type": "mapping", "value": "ti.md5"},
                                           {"field": "user.name", "type": "mapping", "value": "ti.user", "negate": true}]}]"#,
        r#"{"threat_match": {"threat_query": "*:*", "threat_language": "kuery", "threat_filters": [{"meta": {"key": "a"}}],
            "threat_index": ["logs-ti_*"], "threat_indicator_path": "ti",
            "threat_mapping": [{"entries": [{"field": "file.hash.md5", "type": "mapping", "value": "ti.md5"},
                                            {"field": "user.name", "type": "mapping", "value": "ti.user", "negate": true}]}]}}"#,
    );
}

#[test]
fn what_kibana_accepts_is_no_error() {
    for text in [
        // Every event that passes the filters.
        r#"{"type": "query", "name": "N"}"#,
        r#"{"type": "query", "name": "N", "query": "", "language": "lucene", "interval": "1d", "from": "now-1d/d"}"#,
        r#"{"type": "saved_query", "name": "N", "saved_id": "q"}"#,
        r#"{"type": "machine_learning", "name": "N", "machine_learning_job_id": ["a"], "anomaly_threshold": 50}"#,
        r#"{"type": "esql", "name": "N", "language": "esql", "query": "FROM a"}"#,
        r#"{"type": "threshold", "name": "N", "query": "", "threshold": {"field": [], "value": 1, "cardinality": []}}"#,
        r#"{"type": "eql", "name": "N", "query": "any where true", "unknown": [{}], "index": null, "from": "now-70m/m"}"#,
        r#"{"type": "eql", "name": "\ud83d\ude00 \ud83d", "query": "any where true"}"#,
    ] {
        let contents = read(text);
        assert_eq!(contents.diagnostics, [], "{text}");
        assert!(!contents.rules[0].failed);
    }
    // More than one counts for nothing, and that is said.
    let text = r#"{"type": "threshold", "name": "N", "query": "a:b", "threshold": {"field": "a", "value": 1, "cardinality":
        [{"field": "b", "value": 2}, {"field": "c", "value": 3}]}}"#;
    let contents = read(text);
    assert!(!contents.rules[0].failed);
    assert_eq!(at(text, &contents.diagnostics[0]), "{\"field\": \"c\", \"value\": 3}");
}

#[test]
fn mistakes_are_shown_where_they_are() {
    // A type, what a rule of it says in TOML and exported, what is pointed at, and a part of the message.
    let cases: &[(&str, &str, &str, &str)] = &[
        ("eql", "enabled = 'true'", "'true'", "`enabled` is a string, not"),
        ("eql", "interval = '5 min'", "'5 min'", "no duration"),
        ("eql", "interval = '0m'", "'0m'", "no duration"),
        ("eql", "from = '9m'", "'9m'", "no date relative to now"),
        ("eql", "from = 'now-9x'", "'now-9x'", "no date relative to now"),
        ("eql", "from = 'now-é'", "'now-é'", "no date relative to now"),
        ("eql", "max_signals = 0", "0", "out of range"),
        ("eql", "filters = 1", "1", "not an array"),
        ("eql", "language = 'kuery'", "'kuery'", "no queries in `kuery`"),
        ("esqk", "", "'esqk'", "no type of rule"),
        ("query", "language = 'eql'", "'eql'", "no queries in `eql`"),
        ("eql", "alert_suppression = [1]", "[1]", "is an array"),
        ("eql", "alert_suppression = {group_by = []}", "[]", "has 0 fields"),
        (
            "eql",
            "alert_suppression = {group_by = ['a', 'b', 'c', 'd', 'e', 'f']}",
            "['a', 'b', 'c', 'd', 'e', 'f']",
            "has 6 fields",
        ),
        (
            "eql",
            "alert_suppression = {group_by = ['a'], missing_fields_strategy = 'surpress'}",
            "'surpress'",
            "no strategy",
        ),
        ("eql", "alert_suppression = {group_by = ['a'], duration = {value = 0, unit = 'm'}}", "0", "out of range"),
        ("eql", "alert_suppression = {group_by = ['a'], duration = {value = 1, unit = 'd'}}", "'d'", "no unit"),
        ("eql", "severity_mapping = [{field = 'a', severity = 'bad', value = 'b'}]", "'bad'", "no severity"),
        ("eql", "risk_score_mapping = [{field = 1}]", "1", "not a string"),
        ("eql", "exceptions_list = [{list_id = 'a', namespace_type = 'all'}]", "'all'", "no namespace type"),
        ("threshold", "threshold = {field = 'a', value = 0}", "0", "out of range"),
        ("threshold", "threshold = 5", "5", "is a"),
        (
            "threshold",
            "threshold = {field = ['a'], value = 1, cardinality = [{field = 'b', value = -1}]}",
            "-1",
            "range",
        ),
        ("new_terms", "new_terms_fields = []\nhistory_window_start = 'now-1d'", "[]", "has 0 fields"),
        ("new_terms", "new_terms_fields = ['a']\nhistory_window_start = 'yesterday'", "'yesterday'", "no date"),
        ("threat_match", "threat_mapping = []", "[]", "is empty"),
        ("threat_match", "threat_mapping = [{entries = []}]", "{entries = []}", "no `entries`"),
    ];
    for (kind, fields, place, message) in cases {
        let toml = format!("[rule]\nname = 'N'\ntype = '{kind}'\nquery = 'any where true'\n{fields}\n");
        let (mut rule, quoted) = (String::new(), |text: &str| text.replace('\'', "\""));
        for field in fields.split('\n').filter(|field| !field.is_empty()) {
            let (name, value) = field.split_once(" = ").expect("a field");
            // Names within, with the signs of JSON.
            let mut value = quoted(value);
            for name in [
                "group_by",
                "missing_fields_strategy",
                "duration",
                "field",
                "value",
                "unit",
                "severity",
                "list_id",
                "namespace_type",
                "cardinality",
                "entries",
            ] {
                value = value.replace(&format!("{name} = "), &format!("\"{name}\" : "));
            }
            rule.push_str(&format!(",\n\"{name}\": {value}"));
        }
        let exported = format!("{{\"name\": \"N\", \"type\": \"{kind}\", \"query\": \"any where true\"{rule}}}\n");
        for (text, place) in
            [(&toml, (*place).to_owned()), (&exported, quoted(place).replace("entries = ", "\"entries\" : "))]
        {
            let contents = read(text);
            let [diagnostic] = &contents.diagnostics[..] else { panic!("{text}\n{:#?}", contents.diagnostics) };
            assert_eq!(at(text, diagnostic), place, "{text}");
            assert!(diagnostic.message.contains(message), "{text}\n{}", diagnostic.message);
            assert!(contents.rules[0].failed, "{text}");
            assert!(diagnostic.line > 0 && diagnostic.column > 0);
        }
    }
}

#[test]
fn what_a_type_needs_is_missed() {
    for (kind, wanted) in [
        ("eql", &["query"][..]),
        ("threshold", &["threshold"]),
        ("new_terms", &["new_terms_fields", "history_window_start"]),
        ("threat_match", &["threat_mapping"]),
        ("esql", &["query"]),
    ] {
        let query = if kind == "eql" || kind == "esql" { "" } else { ",\"query\":\"a:b\"" };
        let text = format!("{{\"name\": \"N\", \"type\": \"{kind}\"{query}}}");
        let messages: Vec<String> = read(&text).diagnostics.into_iter().map(|diagnostic| diagnostic.message).collect();
        let expected: Vec<String> = wanted.iter().map(|field| format!("the rule has no `{field}`")).collect();
        assert_eq!(messages, expected, "{text}");
    }
    let text = "{\"name\": \"N\", \"type\": \"query\", \"qurey\": \"a:b\"}";
    let contents = read(text);
    let suggestion = contents.diagnostics[0].suggestion.clone().expect("a mend");
    assert_eq!((&text[suggestion.span.range()], suggestion.replacement.as_str()), ("\"qurey\"", "\"query\""));
}

#[test]
fn documentation_pages_of_other_types_are_read() {
    let page = |kind: &str| {
        format!(
            "# T [t-1]\n\nD\n\n**Rule type**: {kind}\n\n**References**: None\n\n## Rule query [q]\n\n```js\na:b\n```\n"
        )
    };
    for (kind, language) in [("query", "kuery"), ("threshold", "kuery"), ("new_terms", "kuery"), ("esql", "esql")] {
        let contents = read(&page(kind));
        assert_eq!(contents.diagnostics, []);
        let info = &contents.rules[0].info;
        assert_eq!((info.language.as_str(), info.query.as_str()), (language, "a:b"));
    }
    let (_, report) = crate::compiled(&[("page.md", &page("threshold"))], None);
    let reason = "the file does not say what its rule of type threshold needs beside the query";
    assert_eq!(crate::status(&report), [("page.md", reason)]);
    let text = page("thresholds");
    let contents = read(&text);
    assert_eq!(at(&text, &contents.diagnostics[0]), "**Rule type**: thresholds");
    assert!(contents.rules[0].failed);
}

/// What is said of a value, in the words of its notation.
#[test]
fn each_notation_has_its_words() {
    let message = |text: &str| read(text).diagnostics.remove(0).message;
    let toml = "[rule]\nname = 'N'\ntype = 'eql'\nquery = 'any where true'\nthreat = [1]\nrisk_score = 'x'\n";
    assert_eq!(message(toml), "`risk_score` is a string, not an integer");
    let exported = r#"{"name": "N", "type": "eql", "query": "any where true", "threat": [1], "risk_score": "x"}"#;
    assert_eq!(message(exported), "`risk_score` is a string, not a whole number");
}
