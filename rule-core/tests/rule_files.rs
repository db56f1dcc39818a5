//! Rule files of every format: what is read from them, what is wrong with broken ones, and where.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rule_core::rule::{self, RuleFile};
use rule_core::{Diagnostic, Limits, Source, Span};

fn read(path: &str, text: &str) -> (Vec<RuleFile>, Vec<Diagnostic>) {
    let contents = rule::read(&Source { path: path.into(), text: text.into() }, &Limits::default());
    (contents.rules, contents.diagnostics)
}

/// The only rule of a file without a mistake.
fn rule(path: &str, text: &str) -> RuleFile {
    let (mut rules, diagnostics) = read(path, text);
    assert_eq!(diagnostics, [], "{path}");
    assert_eq!(rules.len(), 1, "{path}");
    assert!(!rules[0].failed, "{path}");
    rules.remove(0)
}

/// The text of the file below a part of the query.
fn below<'a>(file: &'a str, rule: &RuleFile, part: &str) -> &'a str {
    let query = rule.query.as_ref().expect("a query");
    let start = query.text.find(part).expect("a part of the query") as u32;
    &file[query.map.span(Span::new(start, start + part.len() as u32)).range()]
}

const RULE: &str = r#"# A rule of the project's own.
[metadata]
creation_date = "2026/01/01"

[rule]
author = ["A", "B"]
building_block_type = "default"
description = """
Finds
things.
"""
event_category_override = "event.type"
from = "now-9m"
index = ["logs-a.*", "logs-b.*"]
interval = "5m"
language = "eql"
license = "Apache-2.0"
max_signals = 50
name = "Netcat"
note = "look"
references = ["https://example.org/"]
risk_score = 0x2f
rule_id = "0001"
severity = "medium"
tags = ["OS: Linux"]
timestamp_override = "event.ingested"
type = "eql"
version = 3
something_else = 2026-01-01
query = '''
process where process.name == "nc"
'''

[[rule.threat]]
framework = "MITRE ATT&CK"
[[rule.threat.technique]]
id = "T1059"
name = "Command and Scripting Interpreter"
reference = "https://attack.mitre.org/techniques/T1059/"
[[rule.threat.technique.subtechnique]]
id = "T1059.004"
name = "Unix Shell"
reference = "https://attack.mitre.org/techniques/T1059/004/"
[rule.threat.tactic]
id = "TA0002"
name = "Execution"
reference = "https://attack.mitre.org/tactics/TA0002/"
"#;

#[test]
fn a_toml_rule_is_read_whole() {
    let rule = rule("rules/a.toml", RULE);
    let info = serde_json::to_value(&rule.info).expect("plain data");
    let entry = |id: &str, name: &str, page: &str| serde_json::json!({"id": id, "name": name, "reference": format!("https://attack.mitre.org/{page}/")});
    let mut technique = entry("T1059", "Command and Scripting Interpreter", "techniques/T1059");
    technique["subtechnique"] = serde_json::json!([entry("T1059.004", "Unix Shell", "techniques/T1059/004")]);
    let expected = serde_json::json!({
        "id": "0001",
        "name": "Netcat",
        "type": "eql",
        "language": "eql",
        "query": "process where process.name == \"nc\"",
        "description": "Finds\nthings.",
        "severity": "medium",
        "risk_score": 47,
        "tags": ["OS: Linux"],
        "threat": [{
            "framework": "MITRE ATT&CK",
            "tactic": entry("TA0002", "Execution", "tactics/TA0002"),
            "technique": [technique],
        }],
        "index": ["logs-a.*", "logs-b.*"],
        "version": 3,
        "references": ["https://example.org/"],
        "interval": "5m",
        "from": "now-9m",
        "max_signals": 50,
        "author": ["A", "B"],
        "license": "Apache-2.0",
        "note": "look",
        "event_category_override": "event.type",
        "timestamp_override": "event.ingested",
        "building_block": true,
    });
    assert_eq!(info, expected);
    assert_eq!(below(RULE, &rule, "process.name"), "process.name");
}

#[test]
fn a_short_toml_rule_takes_defaults() {
    let rule = rule("a.toml", "rule.name = 'N'\nrule.type = 'eql'\nrule.query = 'any where true'\n");
    assert_eq!((rule.info.severity.as_str(), rule.info.risk_score), ("low", 21));
    assert_eq!(rule.info.language, "eql");
    assert_eq!(rule.info.id.len(), 32);
    assert!(!rule.info.building_block);
    // Machine learning rules have no query.
    let rule = self::rule("b.toml", "[rule]\nname = 'N'\ntype = 'machine_learning'\n");
    assert_eq!(rule.query, None);
}

#[test]
fn each_kind_of_toml_string_is_mapped_back() {
    let query = "any where a == \"x\\\\y\" and\n  bé == 1";
    for quoted in [
        format!("'''\n{query}\n'''"),
        format!("'''{query}'''"),
        // Windows line ends.
        format!("'''\r\n{}\r\n'''", query.replace('\n', "\r\n")),
        format!("\"\"\"\n{}\"\"\"", query.replace('\\', "\\\\")),
        format!("\"{}\"", query.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")),
        format!("\"\"\"\\\n   {}\\\n  \\t\"\"\"", query.replace('\\', "\\u005c").replace('\n', "\\x0A")),
    ] {
        let file = format!("[rule]\nname = \"N\"\ntype = \"eql\"\nquery = {quoted}\n");
        let rule = rule("a.toml", &file);
        let text = &rule.query.as_ref().expect("a query").text;
        assert_eq!(text.replace("\r\n", "\n"), query, "{file}");
        for part in ["any where", "bé", "== 1"] {
            assert_eq!(below(&file, &rule, part), part, "{file}");
        }
        let escaped = below(&file, &rule, "x\\\\y");
        assert!(escaped.starts_with('x') && escaped.ends_with('y') && escaped.len() >= 4, "{escaped} in {file}");
        // The end of the query is the end of what is seen of it, not of the white space behind.
        let end = text.len() as u32;
        let query = rule.query.as_ref().expect("a query");
        let eof = query.map.span(Span::new(end, end));
        assert!(file[..eof.start as usize].ends_with("== 1"), "{file}");
        assert_eq!(query.map.span(Span::new(end + 7, end + 9)), eof);
    }
}

#[test]
fn what_a_continued_line_leaves_out_belongs_to_no_span() {
    let file = "[rule]\nname = 'N'\ntype = 'eql'\nquery = \"\"\"any where \\\n      true\"\"\"\n";
    let rule = rule("a.toml", file);
    assert_eq!(rule.info.query, "any where true");
    assert_eq!(below(file, &rule, "where "), "where ");
    assert_eq!(below(file, &rule, "true"), "true");
    assert_eq!(below(file, &rule, "where true"), "where \\\n      true");
}

#[test]
fn a_bare_query_takes_its_name_from_the_file() {
    for (path, name) in [
        ("rules/linux/nc.eql", "nc"),
        ("C:\\rules\\nc.eql", "nc"),
        ("nc", "nc"),
        ("my.rule.eql", "my.rule"),
        ("", "query 54e1e0b7"),
    ] {
        let text = "\u{feff}\n// Netcat\nprocess where process.name == \"nc\"\n";
        let rule = rule(path, text);
        assert_eq!(rule.info.name.split(' ').next(), name.split(' ').next(), "{path}");
        assert_eq!((rule.info.kind.as_str(), rule.info.language.as_str()), ("eql", "eql"));
        assert_eq!(rule.info.query, text.trim_start_matches('\u{feff}').trim());
        assert_eq!(below(text, &rule, "process.name"), "process.name");
    }
    // White space around it makes no other rule; another text does.
    let id = |text: &str| rule("a", text).info.id;
    assert_eq!(id("any where true"), id("\n any where true \n"));
    assert_ne!(id("any where true"), id("any where  true"));
}

#[test]
fn formats_are_told_apart_by_content() {
    let page = "# T [t-1]\n\nD\n\n**Rule type**: eql\n\n## Rule query [q]\n\n```js\nany where true\n```\n";
    for (text, query) in [
        ("[rule] # comment\nname = 'N'\ntype = 'eql'\nquery = 'any where true'\n", "any where true"),
        ("\"rule\".name = 'N'\n[rule]\n", ""),
        (page, "any where true"),
        (&page.replace("# T [t-1]\n\nD\n", ""), "any where true"),
        (&page.replace('\n', "\r\n"), "any where true"),
        ("sequence [a where true] [b where true]", "sequence [a where true] [b where true]"),
        ("\"a=b\" where true", "\"a=b\" where true"),
        ("/* [rule] */ any where x == 1", "/* [rule] */ any where x == 1"),
        ("a where b = 1", "a where b = 1"),
    ] {
        let (rules, _) = read("file", text);
        assert_eq!(rules[0].query.as_ref().map_or("", |query| &query.text), query, "{text}");
    }
    for (json, message) in
        [(" [{\"a\": 1}]", "neither a rule"), ("[", "not valid JSON"), ("\u{feff}{", "not valid JSON")]
    {
        let (rules, diagnostics) = read("rules.ndjson", json);
        assert_eq!((rules.len(), diagnostics.len()), (0, 1), "{json}");
        assert_eq!(diagnostics[0].code, "rule-file");
        assert!(diagnostics[0].message.contains(message), "{}", diagnostics[0].message);
    }
    for (text, language) in [
        ("process.name : nc", "kuery"),
        ("process where", "eql"),
        ("where", "kuery"),
        ("\"a b\" where true", "eql"),
        ("\"a b\" and where : x", "kuery"),
        ("sequence : 5", "kuery"),
        ("sample by host.id [a where true] [b where true]", "eql"),
        ("sequence with maxspan=1m [a where true] [b where true]", "eql"),
        ("/* what it finds */ a where b", "eql"),
        ("not process.name : (nc or \"n c\")", "kuery"),
    ] {
        assert_eq!(rule("rules/file", text).info.language, language, "{text}");
        // A file's name says what is meant only where its text begins as nothing.
        assert_eq!(rule("rules/file.eql", text).info.language, "eql", "{text}");
    }
}

#[test]
fn a_documentation_page_is_read_whole() {
    let page = r#"---
applies_to:
  stack: all
---

# Shell \(odd\) [prebuilt-rule-1-odd-shell]

Finds odd shells,
even two.

**Rule type**: eql

**Rule indices**:

* logs-a.*
* logs-b\*

**Severity**: high

**Risk score**: 73

**Runs every**: 5m

**Searches indices from**: now-9m ({{ref}}/x.html[Date Math], see also [`Additional`](y.md))

**Maximum alerts per execution**: 100

**References**:

* [https://example.org/a](https://example.org/a)
* https://example.org/b

**Tags**:

* OS: Linux

**Version**: 7

**Rule authors**:

* A
* B

**Rule license**: Apache-2.0

## Investigation guide [_guide]

**Triage**: look

### Rule query of the guide

```
not this
```

## Setup [_setup]

**Version**: of the agent
* not a tag

## Rule query [_query]

```js
process where
  process.name == "sh"
```

**Framework**: MITRE ATT&CKTM

* Tactic:

    * Name: Execution
    * ID: TA0002
    * Reference URL: [https://attack.mitre.org/tactics/TA0002/](https://attack.mitre.org/tactics/TA0002/)

* Technique:

    * Name: Command and Scripting Interpreter
    * ID: T1059
    * Reference URL: [https://attack.mitre.org/techniques/T1059/](https://attack.mitre.org/techniques/T1059/)

* Sub-technique:

    * Name: Unix Shell
    * ID: T1059.004
    * Reference URL: [https://attack.mitre.org/techniques/T1059/004/](https://attack.mitre.org/techniques/T1059/004/)

* Tactic:

    * Name: Persistence
    * ID: TA0003
"#;
    let rule = rule("page.md", page);
    let info = serde_json::to_value(&rule.info).expect("plain data");
    let entry = |id: &str, name: &str, page: &str| serde_json::json!({"id": id, "name": name, "reference": format!("https://attack.mitre.org/{page}/")});
    let mut technique = entry("T1059", "Command and Scripting Interpreter", "techniques/T1059");
    technique["subtechnique"] = serde_json::json!([entry("T1059.004", "Unix Shell", "techniques/T1059/004")]);
    let expected = serde_json::json!({
        "id": "prebuilt-rule-1-odd-shell",
        "name": "Shell (odd)",
        "type": "eql",
        "language": "eql",
        "query": "process where\n  process.name == \"sh\"",
        "description": "Finds odd shells, even two.",
        "severity": "high",
        "risk_score": 73,
        "tags": ["OS: Linux"],
        "threat": [
            {
                "framework": "MITRE ATT&CK",
                "tactic": entry("TA0002", "Execution", "tactics/TA0002"),
                "technique": [technique],
            },
            {
                "framework": "MITRE ATT&CK",
                "tactic": {"id": "TA0003", "name": "Persistence", "reference": ""},
            },
        ],
        "index": ["logs-a.*", "logs-b*"],
        "version": 7,
        "references": ["https://example.org/a", "https://example.org/b"],
        "interval": "5m",
        "from": "now-9m",
        "max_signals": 100,
        "author": ["A", "B"],
        "license": "Apache-2.0",
        "note": "**Triage**: look\n\n### Rule query of the guide\n\n```\nnot this\n```",
        "event_category_override": null,
        "timestamp_override": null,
        "building_block": false,
    });
    assert_eq!(info, expected);
    assert_eq!(below(page, &rule, "process.name"), "process.name");
}

#[test]
fn mistakes_are_shown_where_they_are() {
    /// A file, and for each diagnostic: its code, the text it points at, a part of its message, its mend.
    type Case<'a> = (String, &'a [(&'a str, &'a str, &'a str, Option<&'a str>)]);
    let rule = "[rule]\nname = 'N'\ntype = 'eql'\nquery = 'any where true'\n";
    let with = |line: &str| format!("{rule}{line}\n");
    let cases: &[Case] = &[
        ("".into(), &[("rule-file", "", "empty", None)]),
        (" \n\t".into(), &[("rule-file", "", "empty", None)]),
        (with("severity = 3"), &[("rule-file", "3", "`severity` is an integer, not a string", Some("\"3\""))]),
        (with("severity = 'hihg'"), &[("rule-file", "'hihg'", "no severity", Some("\"high\""))]),
        (with("severity = 'urgent'"), &[("rule-file", "'urgent'", "no severity", None)]),
        (with("risk_score = 101"), &[("rule-file", "101", "out of range", None)]),
        (with("risk_score = -1"), &[("rule-file", "-1", "out of range", None)]),
        (with("risk_score = '47'"), &[("rule-file", "'47'", "is a string, not an integer", Some("47"))]),
        (with("risk_score = 4.5"), &[("rule-file", "4.5", "is a float", None)]),
        (with("version = 99999999999999999999"), &[("rule-file", "99999999999999999999", "out of range", None)]),
        (with("index = 'logs-*'"), &[("rule-file", "'logs-*'", "an array of strings", Some("['logs-*']"))]),
        (with("tags = ['a', 1]"), &[("rule-file", "1", "an item of `tags` is an integer", None)]),
        (with("threat = 1"), &[("rule-file", "1", "an array of tables", None)]),
        (
            with("threat = [{tactic = 1, technique = [2]}]"),
            &[
                ("rule-file", "1", "`tactic` is an integer, not a table", None),
                ("rule-file", "2", "an item of `technique` is an integer", None),
            ],
        ),
        (with("from = 2026-01-01"), &[("rule-file", "2026-01-01", "is a date", Some("\"2026-01-01\""))]),
        (with("name = 'M'"), &[("rule-file", "name", "duplicate key", None)]),
        (with("a = = 1"), &[("rule-file", "=", "not valid TOML", None)]),
        ("rule = 1".into(), &[("rule-file", "1", "`rule` is an integer, not a table", None)]),
        ("[metadata]\na = 1".into(), &[("rule-file", "", "no `[rule]` table", None)]),
        (
            "[rule]".into(),
            &[
                ("rule-file", "[rule]", "has no `name`", None),
                ("rule-file", "[rule]", "has no `type`", None),
                ("rule-file", "[rule]", "has no `query`", None),
            ],
        ),
        (
            "[rule]\nname = ''\ntype = 'eql'\nqurey = 'a where b'".into(),
            &[("rule-file", "''", "`name` is empty", None), ("rule-file", "[rule]", "has no `query`", Some("query"))],
        ),
        ("[rule]\nname = 'N'\ntype = 'eql'\nquery = ' \\t'".into(), &[]),
        (
            "[rule]\nname = 'N'\ntype = 'eql'\nquery = \" \\t\"".into(),
            &[("rule-file", "\" \\t\"", "`query` is empty", None)],
        ),
        (
            "[rule]\nname = 'N'\ntype = 'eql'\nquery = ['a']".into(),
            &[("rule-file", "['a']", "`query` is an array", None)],
        ),
        (
            "# T\n".into(),
            &[("rule-file", "# T", "does not say what type", None), ("rule-file", "# T", "no query", None)],
        ),
        (
            "# T\n**Rule type**: eql\n**Severity**: bad\n**Risk score**: 1000\n## Rule query\n```\n```\n".into(),
            &[
                ("rule-file", "**Severity**: bad", "no severity", None),
                ("rule-file", "**Risk score**: 1000", "out of range", None),
                ("rule-file", "## Rule query", "no query", None),
            ],
        ),
    ];
    for (text, expected) in cases {
        let (rules, diagnostics) = read("dir/file", text);
        let found: Vec<_> = diagnostics
            .iter()
            .map(|diagnostic| {
                assert_eq!(diagnostic.path, "dir/file");
                let at = diagnostic.labels[0].span;
                let mend = diagnostic.suggestion.as_ref().map(|suggestion| suggestion.replacement.as_str());
                (diagnostic.code.as_str(), &text[at.range()], diagnostic.message.as_str(), mend)
            })
            .collect();
        let matches = found.len() == expected.len()
            && found.iter().zip(*expected).all(|(f, e)| f.0 == e.0 && f.1 == e.1 && f.2.contains(e.2) && f.3 == e.3);
        assert!(matches, "{text}\n{found:#?}");
        for rule in rules {
            assert_eq!(rule.failed, !expected.is_empty(), "{text}");
        }
    }
}

#[test]
fn a_broken_file_still_tells_its_name() {
    let text = "[rule]\nname = \"Netcat\"\nquery = 'any where\n";
    let (rules, diagnostics) = read("a.toml", text);
    assert_eq!(rules[0].info.name, "Netcat");
    assert_eq!((rules[0].query.as_ref(), rules[0].failed), (None, true));
    assert_eq!(diagnostics[0].rule.as_deref(), Some("Netcat"));
    assert_eq!(diagnostics[0].line, 3);
    assert!(!diagnostics[0].help.is_empty());
}

#[test]
fn a_file_over_the_limit_is_not_read() {
    let limits = Limits { max_rule_bytes: 10, ..Limits::default() };
    let read = |text: &str| {
        let contents = rule::read(&Source { path: "a".into(), text: text.into() }, &limits);
        (contents.rules, contents.diagnostics)
    };
    assert_eq!(read("a where b1").1, []);
    let (rules, diagnostics) = read("a where b12");
    assert_eq!((rules.len(), diagnostics.len()), (0, 1));
    assert_eq!(diagnostics[0].code, "too-large");
    assert!(diagnostics[0].help[0].contains("max_rule_bytes"));
}

#[test]
fn no_file_stops_the_reader() {
    let page = "\u{feff}---\nx\n---\n# T [a]\n\nD \\\n**Rule type**: eql\n* x\n## Rule query\r\n```js\r\nany where é\r\n```\n**Framework**: M\n* Tactic:\n  * Name: x\n* Sub-technique:\n  * ID: y\n* Technique:\n  * ID: z";
    let strings =
        "[rule]\nname = \"é\\u00e9\\\n \\x41\"\ntype = 'eql'\nquery = \"\"\"\\\n  a \\\"\\U0001F600\\\n \"\"\"\n";
    for text in [RULE, page, strings, "any where é == \"\\u{1F600}\""] {
        let boundaries: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for &at in &boundaries {
            // Cut off, cut out and put in: every result has spans inside the file.
            for text in [text[..at].to_owned(), text[at..].to_owned(), format!("{}\"{}", &text[..at], &text[at..])] {
                let (rules, diagnostics) = read("x", &text);
                for diagnostic in &diagnostics {
                    for label in &diagnostic.labels {
                        assert!(text.get(label.span.range()).is_some(), "{text:?}: {diagnostic:?}");
                    }
                }
                for query in rules.iter().filter_map(|rule| rule.query.as_ref()) {
                    for start in 0..=query.text.len() as u32 {
                        for end in [start, start + 1, query.text.len() as u32 + 1] {
                            let span = query.map.span(Span::new(start, end));
                            assert!(span.start <= span.end && span.end as usize <= text.len(), "{text:?} {span:?}");
                        }
                    }
                }
            }
        }
    }
}

/// Third-party rules lie beside the checkout, where they are there at all.
fn shared() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/rules");
    if !data.is_dir() {
        eprintln!("SKIPPED: {} is not there; Elastic's rules are not part of the project", data.display());
        return None;
    }
    Some(data)
}

fn toml_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            toml_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
}

#[test]
fn every_rule_of_elastic_is_read() {
    let Some(shared) = shared() else { return };
    let mut files = Vec::new();
    toml_files(&shared.join("elastic"), &mut files);
    let (mut queries, mut kinds) = (0, BTreeMap::<String, usize>::new());
    for path in &files {
        let text = std::fs::read_to_string(path).expect("readable");
        let rule = rule(&path.to_string_lossy(), &text);
        let info = &rule.info;
        assert!(!info.id.is_empty() && !info.name.is_empty() && !info.severity.is_empty(), "{}", path.display());
        *kinds.entry(info.kind.clone()).or_default() += 1;
        match info.kind.as_str() {
            "threshold" => assert!(info.threshold.as_ref().is_some_and(|threshold| threshold.value > 0)),
            "new_terms" => assert!(info.new_terms.as_ref().is_some_and(|terms| (1..=3).contains(&terms.fields.len()))),
            "threat_match" => assert!(info.threat_match.as_ref().is_some_and(|threat| !threat.mapping.is_empty())),
            _ => {}
        }
        let Some(query) = &rule.query else {
            assert_eq!(info.kind, "machine_learning", "{}", path.display());
            continue;
        };
        queries += 1;
        // Every character of the query leads to itself, or to its escape.
        for (at, char) in query.text.char_indices() {
            let span = query.map.span(Span::new(at as u32, (at + char.len_utf8()) as u32));
            let written = text.get(span.range()).expect("a part of the file");
            assert!(written.starts_with(char) || written.starts_with('\\'), "{}: {at} {written:?}", path.display());
        }
    }
    eprintln!("{} rules read, {queries} with a query: {kinds:?}", files.len());
    let kinds: Vec<(&str, usize)> = kinds.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
    let expected = [
        ("eql", 1024),
        ("esql", 209),
        ("machine_learning", 106),
        ("new_terms", 241),
        ("query", 454),
        ("threat_match", 6),
        ("threshold", 28),
    ];
    assert_eq!(kinds, expected);
}

/// A rule says the same as a line of an export, whose fields are those of its TOML but for the new terms.
#[test]
fn every_rule_of_elastic_is_the_same_in_an_export() {
    let Some(shared) = shared() else { return };
    let mut files = Vec::new();
    toml_files(&shared.join("elastic"), &mut files);
    let mut export = String::new();
    let mut expected = Vec::new();
    for path in &files {
        let text = std::fs::read_to_string(path).expect("readable");
        let mut table: toml::Table = text.parse().expect("TOML");
        let mut fields = table.remove("rule").expect("a rule");
        let fields = fields.as_table_mut().expect("a table");
        if let Some(terms) = fields.remove("new_terms") {
            fields.insert("new_terms_fields".into(), terms["value"].clone());
            fields.insert("history_window_start".into(), terms["history_window_start"][0]["value"].clone());
        }
        export.push_str(&serde_json::to_string(&fields).expect("plain data"));
        export.push('\n');
        expected.push(rule(&path.to_string_lossy(), &text));
    }
    assert!(export.len() > 10 << 20, "larger than an export may be by default");
    let limits = Limits { max_export_bytes: 64 << 20, ..Limits::default() };
    let contents = rule::read(&Source { path: "export.ndjson".into(), text: export.clone() }, &limits);
    assert_eq!(contents.diagnostics, []);
    assert_eq!(contents.rules.len(), expected.len());
    for (read, expected) in contents.rules.iter().zip(&expected) {
        assert_eq!(read.info, expected.info);
        let Some(query) = &read.query else { continue };
        for (at, char) in query.text.char_indices() {
            let span = query.map.span(Span::new(at as u32, (at + char.len_utf8()) as u32));
            assert!(export[span.range()].starts_with([char, '\\']), "{}: {at}", read.info.name);
        }
    }
}

#[test]
fn the_page_and_the_toml_of_one_rule_agree() {
    let Some(shared) = shared() else { return };
    let read = |path: PathBuf| rule(&path.to_string_lossy(), &std::fs::read_to_string(&path).expect("readable")).info;
    let page = read(shared.join("prebuilt-rule-8-17-4-suspicious-mining-process-creation-event.md"));
    let toml = read(shared.join("elastic/linux/execution_suspicious_mining_process_creation_events.toml"));
    assert_eq!(page.name, toml.name);
    assert_eq!(page.description, toml.description.replace('\n', " "));
    assert_eq!((&page.kind, &page.language), (&toml.kind, &toml.language));
    assert_eq!((&page.severity, page.risk_score), (&toml.severity, toml.risk_score));
    assert_eq!((&page.from, &page.author, &page.license), (&toml.from, &toml.author, &toml.license));
    assert_eq!(page.tags, toml.tags);
    // The TOML is a year younger: its query and indices are narrower and it has two more tactics.
    assert_eq!(page.threat[..], toml.threat[..1]);
    assert_eq!(page.version, Some(107));
    assert_eq!(page.interval.as_deref(), Some("5m"));
    assert_eq!(page.max_signals, Some(100));
    assert_eq!(
        page.index,
        ["logs-endpoint.events.*", "endgame-*", "logs-crowdstrike.fdr*", "logs-sentinel_one_cloud_funnel.*"]
    );
    assert!(page.query.starts_with("file where host.os.type == \"linux\" and event.type == \"creation\""));
    assert!(page.query.ends_with("\"pastebin.service\", \"xvf.service\")"));
    assert_eq!(page.query.lines().count(), 2);
    assert!(page.note.is_some_and(|note| note.starts_with("**Triage and analysis**")
        && note.ends_with("organization.")
        || note.len() > 1000));
}
