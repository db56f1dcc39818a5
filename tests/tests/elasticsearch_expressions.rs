//! Elasticsearch's constant expressions and parser cases: each is checked, or listed with the reason why not.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use rule_core::{CompileOptions, CompileReport, Level, Session, SessionOptions, Source, compile, fold_constant};
use serde::Deserialize;
use serde_json::{Value, json};
use tripline_tests::{assert_none, shared};

#[derive(Debug, Deserialize)]
struct Expression {
    group: String,
    expression: String,
    #[serde(default)]
    expected: Value,
    note: Option<String>,
}

/// Expressions of the older dialect, which Elasticsearch itself gave up, and why each is not evaluated.
fn older_dialect(entry: &Expression) -> Option<&'static str> {
    let text = &entry.expression;
    if entry.group == "string_case_insensitive_match_comparison.fold.tests" {
        return Some("comparisons are case-sensitive now; `:` and `~` are what is not");
    }
    if text.contains('\'') {
        return Some("single quotes are an error now");
    }
    if text.contains(":length()") {
        return Some("method calls are gone");
    }
    if text.starts_with("wildcard(") {
        return Some("wildcard() is gone; `like` and `:` are in its place");
    }
    if text.starts_with("match(") && !entry.group.ends_with("verifier.failures") {
        return Some("match() is gone; `regex` is in its place");
    }
    None
}

/// Values that replace the data's: (group, expression, value, why).
///
/// Elasticsearch leaves out of `test_string_functions.toml` what its `test_unsupported.toml` lists (`TomlFoldTests`): the
/// expectations of the older dialect that it does not meet. Its code, its unit tests and its documentation agree there.
const CORRECTED: [(&str, &str, Corrected, &str); 7] = [
    (
        "between.fold.tests",
        r#"between("welcome to the planet", "welcome", "village")"#,
        Corrected::Text(""),
        "test_unsupported.toml; StringUtils.between and StringUtilsTests.testBetweenBasicEQLExamples have the empty string",
    ),
    (
        "between.fold.tests",
        r#"between("welcome to the planet", "goodbye", "planet")"#,
        Corrected::Text(""),
        "test_unsupported.toml, as the one before",
    ),
    (
        "between.fold.tests",
        r#"between("welcome to the planet", "", "", false)"#,
        Corrected::Text("welcome to the planet"),
        "test_unsupported.toml; StringUtilsTests.testBetweenEmptyNullLeftRight has the whole string",
    ),
    (
        "substring.fold.tests",
        r#"substring("hello world", null, 5)"#,
        Corrected::Text("hello world"),
        "test_unsupported.toml; SubstringFunctionProcessor.doProcess gives its input back when there is no start",
    ),
    (
        "function_examples",
        r#"indexOf~(url.domain, "D")"#,
        Corrected::Number(3),
        "the note: the documentation has a typing error",
    ),
    (
        "function_examples",
        r#"indexOf(url.domain, ".", null)"#,
        Corrected::Number(9),
        "the note: Elasticsearch's tests take a null start for 0",
    ),
    (
        "function_examples",
        r#"cidrMatch("10.6.48.157", "10.6.12/12")"#,
        Corrected::Refused,
        "Elasticsearch throws (CIDRMatchProcessorTests.java, testCIDRMatchFunctionInvalidInput), and null stands for that",
    ),
];

#[derive(Clone, Copy, Debug)]
enum Corrected {
    Refused,
    Number(i64),
    Text(&'static str),
}

impl Expression {
    fn corrected(&self) -> Option<Corrected> {
        let mut list = CORRECTED.iter();
        list.find(|(group, text, ..)| *group == self.group && *text == self.expression).map(|found| found.2)
    }

    fn expected(&self) -> Value {
        match self.corrected() {
            Some(Corrected::Number(number)) => json!(number),
            Some(Corrected::Text(text)) => json!(text),
            Some(Corrected::Refused) | None => self.expected.clone(),
        }
    }

    fn is_refused(&self) -> bool {
        self.group.ends_with("verifier.failures") || matches!(self.corrected(), Some(Corrected::Refused))
    }

    /// `null < $value` stands for every value.
    fn instances(&self) -> Vec<String> {
        if !self.expression.contains("$value") {
            return vec![self.expression.clone()];
        }
        ["1", "1.5", "\"a\""].iter().map(|value| self.expression.replace("$value", value)).collect()
    }
}

/// The fields of the documentation's examples, with the values that it gives them.
fn documented_event() -> Value {
    json!({
        "process": {"args_count": 4, "parent": {"args_count": 2}, "command_line": "start regsvr32.exe"},
        "file": {"path": "C:\\Windows\\System32\\cmd.exe"},
        "source": {"address": "192.168.152.12"},
        "url": {"domain": "subdomain.example.com"},
    })
}

fn documented_mapping() -> Value {
    json!({"properties": {
        "process.args_count": {"type": "long"},
        "process.parent.args_count": {"type": "long"},
        "process.command_line": {"type": "keyword"},
        "file.path": {"type": "keyword"},
        "source.address": {"type": "ip"},
        "url.domain": {"type": "keyword"},
    }})
}

fn reads_a_field(text: &str) -> bool {
    ["process.", "file.", "source.", "url."].iter().any(|prefix| text.contains(prefix))
}

fn options(mapping: Option<Value>) -> CompileOptions {
    CompileOptions { mapping, ..CompileOptions::default() }
}

fn compile_query(query: &str, mapping: Option<Value>) -> (rule_core::RuleSet, CompileReport) {
    compile(&[Source { path: "case.eql".into(), text: query.into() }], &options(mapping))
}

/// Whether an event matches a query that must compile.
fn matches(query: &str, mapping: Option<Value>, event: &Value) -> Result<bool> {
    let (rules, report) = compile_query(query, mapping);
    ensure!(!report.has_errors(), "{query}: {}", serde_json::to_string(&report.diagnostics)?);
    ensure!(rules.rules().len() == 1, "{query}: {:?}", report.rules);
    let outcome = Session::open(Arc::new(rules), SessionOptions::default()).evaluate(event.to_string().as_bytes());
    ensure!(outcome.events == 1 && outcome.rejected == 0, "{outcome:?}");
    Ok(outcome.matches.len() == 1)
}

/// Equal as EQL has it: 21 and 21.0 are the same number.
fn same(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => found == expected,
    }
}

fn check_constant(text: &str, expected: &Value) -> Result<()> {
    match fold_constant(text) {
        Ok(found) => {
            let found = found.unwrap_or(Value::Null);
            ensure!(same(&found, expected), "expected {expected}, got {found}");
            Ok(())
        }
        Err(diagnostics) => bail!("expected {expected}, got {}", serde_json::to_string(&diagnostics)?),
    }
}

fn check_with_fields(text: &str, expected: &Value) -> Result<()> {
    let event = documented_event();
    let holds = |query: String| matches(&query, Some(documented_mapping()), &event);
    let right = holds(format!("any where {text} == {expected}"))?;
    ensure!(right, "is not {expected}");
    if !expected.is_null() {
        let null = holds(format!("any where {text} == null"))?;
        ensure!(!null, "is null as well");
    }
    Ok(())
}

#[test]
fn constant_expressions() -> Result<()> {
    let Some(data) = shared::data() else { return Ok(()) };
    let entries: Vec<Expression> = shared::json(data.join("eql/expressions.json"))?;
    let mut problems = Vec::new();
    let mut listed: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut folded, mut with_fields, mut refused) = (0, 0, 0);
    for entry in &entries {
        if let Some(reason) = older_dialect(entry) {
            *listed.entry(reason).or_default() += 1;
            continue;
        }
        for text in entry.instances() {
            let checked = if entry.is_refused() {
                refused += 1;
                match fold_constant(&text) {
                    Err(_) => Ok(()),
                    Ok(value) => Err(anyhow::anyhow!("Elasticsearch refuses it, and here it is {value:?}")),
                }
            } else if reads_a_field(&text) {
                with_fields += 1;
                check_with_fields(&text, &entry.expected())
            } else {
                folded += 1;
                check_constant(&text, &entry.expected())
            };
            if let Err(problem) = checked {
                let note = entry.note.as_deref().unwrap_or("no note");
                problems.push(format!("{}: {text}\n  {problem:#}\n  ({note})", entry.group));
            }
        }
    }
    println!(
        "{} of {} expressions checked: {folded} folded, {with_fields} over fields, {refused} refused (with every `$value`); \
         not this dialect: {listed:#?}",
        entries.len() - listed.values().sum::<usize>(),
        entries.len(),
    );
    ensure!(entries.len() >= 282, "the data has shrunk to {} expressions", entries.len());
    for (group, text, ..) in CORRECTED {
        ensure!(entries.iter().any(|e| e.group == group && e.expression == text), "no entry {text}");
    }
    assert_none("expressions", &problems);
    Ok(())
}

#[derive(Debug, Deserialize)]
struct ParserCase {
    input: String,
    error: Option<String>,
    #[serde(default)]
    value: Value,
}

/// The types of the fields in Elasticsearch's parser and verifier tests.
fn parser_mapping() -> Value {
    let types = [
        ("pid", "long"),
        ("x", "keyword"),
        ("y", "keyword"),
        ("a", "keyword"),
        ("foo", "boolean"),
        ("name", "long"),
        ("opcode", "long"),
        ("md5", "keyword"),
        ("hostname", "keyword"),
        ("user_domain", "keyword"),
        ("command_line", "keyword"),
        ("process_name", "keyword"),
        ("serial_event_id", "long"),
        ("boolean_field", "boolean"),
        ("long_field", "long"),
        ("date", "date"),
        ("field", "double"),
        ("source_address", "ip"),
        ("processes", "nested"),
        ("event.category", "keyword"),
    ];
    let properties: serde_json::Map<String, Value> =
        types.into_iter().map(|(name, kind)| (name.to_owned(), json!({ "type": kind }))).collect();
    json!({ "properties": properties })
}

/// The code that a diagnostic has in place of Elasticsearch's words: the first entry whose words are in the error.
const CODES: [(&str, &[&str]); 28] = [
    ("Unicode sequence in curly braces", &["string"]),
    ("... has [9]", &["string"]),
    ("token recognition error", &["string"]),
    ("Use double quotes", &["string"]),
    ("Use triple double quotes", &["string"]),
    ("chained comparison", &["syntax"]),
    ("syntax error", &["syntax"]),
    ("mismatched input", &["syntax"]),
    ("extraneous input", &["syntax"]),
    ("Condition expression needs to be boolean", &["condition"]),
    ("... found [KEYWORD]", &["condition"]),
    ("Unknown column", &["unknown-field"]),
    ("Process relationships", &["not-supported"]),
    ("Unknown function", &["unknown-function"]),
    ("Array indexes", &["not-supported"]),
    ("Comparisons against fields", &["field-comparison"]),
    ("must be a constant", &["constant"]),
    ("expects at least two arguments", &["arguments"]),
    ("expects three or four arguments", &["arguments"]),
    ("expects exactly two arguments", &["arguments"]),
    ("argument must be [string]", &["type"]),
    ("first argument of [:] must be [string]", &["type"]),
    ("first argument must be", &["type"]),
    ("2nd argument must be [long]", &["type"]),
    ("nested fields not supported", &["not-supported"]),
    ("is not supported (also filter, sort", &["not-supported"]),
    ("expects exactly one argument but found", &["pipe"]),
    ("expects a positive integer", &["pipe"]),
];

/// What the errors about sequences are; the diagnostics have one code for all of them.
const SEQUENCE_ERRORS: [&str; 7] = [
    "Sequence key",
    "Please specify sequence [by] before [with]",
    "No time unit specified",
    "A positive maxspan value",
    "A sequence requires a minimum",
    "Unrecognized option",
    "Inconsistent number of join keys",
];

impl ParserCase {
    /// The queries that the input stands for: some entries hold two, some are a constant alone.
    fn queries(&self) -> Vec<String> {
        let input = self.input.trim_end_matches(" (nested)");
        if let Some((first, second)) = input.split_once(" / head x") {
            let pipe = first.rfind('|').unwrap_or_default();
            return vec![first.to_owned(), format!("{}| head x{second}", &first[..pipe])];
        }
        if let Some(head) = input.strip_suffix(" ...") {
            return vec![format!("{head} [process where true] [process where true]")];
        }
        let is_query = input.contains(" where ") || input.starts_with("sequence");
        let is_condition = ["==", "<=", " in ", " = "].iter().any(|operator| input.contains(operator));
        match (is_query, is_condition) {
            (true, _) => vec![input.to_owned()],
            (false, true) => vec![format!("any where {input}")],
            (false, false) => vec![format!("any where x == {input}")],
        }
    }

    fn check(&self) -> Result<Checked> {
        if let Some(error) = &self.error {
            for query in self.queries() {
                check_error(&query, error).with_context(|| query.clone())?;
            }
            return Ok(Checked::Refused);
        }
        match &self.value {
            Value::Object(window) => check_window(&self.input, window).map(|()| Checked::Window),
            Value::String(text) if text == "accepted" => {
                let (rules, report) = compile_query(&self.input, Some(parser_mapping()));
                ensure!(!report.has_errors(), "{}", serde_json::to_string(&report.diagnostics)?);
                ensure!(rules.rules().len() == 1, "{:?}", report.rules);
                Ok(Checked::Accepted)
            }
            Value::String(text) if text.starts_with("field ") => check_field(&self.input, &text["field ".len()..]),
            Value::String(text) if text == "duplicates kept" => {
                ensure!(matches(&self.queries()[0], Some(parser_mapping()), &json!({"name": 1}))?, "does not match");
                ensure!(!matches(&self.queries()[0], Some(parser_mapping()), &json!({"name": 2}))?, "matches");
                Ok(Checked::Accepted)
            }
            Value::String(text) if text == "(1*-2) <= (-3*4)" => {
                ensure!(fold_constant(&self.input) == fold_constant(text), "not the same as {text}");
                check_constant(&self.input, &json!(false))?;
                Ok(Checked::Constant)
            }
            value => check_constant(&self.input, value).map(|()| Checked::Constant),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Checked {
    Accepted,
    Constant,
    Field,
    Refused,
    Window,
}

fn check_error(query: &str, error: &str) -> Result<()> {
    let (rules, report) = compile_query(query, Some(parser_mapping()));
    let errors: Vec<_> = report.diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error).collect();
    let found = || serde_json::to_string(&report.diagnostics).unwrap_or_default();
    ensure!(rules.rules().is_empty() && !errors.is_empty(), "no error, but: {}", found());
    let codes: &[&str] = if SEQUENCE_ERRORS.iter().any(|words| error.contains(words)) {
        &["sequence", "type", "syntax"]
    } else {
        CODES
            .iter()
            .find(|(words, _)| error.contains(words))
            .map(|(_, codes)| *codes)
            .with_context(|| format!("no code stands for the error {error:?}"))?
    };
    ensure!(
        errors.iter().any(|diagnostic| codes.contains(&diagnostic.code.as_str())),
        "not {codes:?}, but: {}",
        found()
    );
    if let Some((_, suggestion)) = error.split_once("did you mean [md5]") {
        ensure!(suggestion.starts_with('?'), "unexpected {error:?}");
        let mend = errors.iter().find_map(|diagnostic| diagnostic.suggestion.as_ref());
        ensure!(mend.is_some_and(|mend| mend.replacement == "md5"), "no such suggestion: {}", found());
    }
    Ok(())
}

fn check_field(input: &str, name: &str) -> Result<Checked> {
    let condition = if input.contains("==") { input.to_owned() } else { format!("{input} == 1") };
    let query = format!("any where {condition}");
    let name = name
        .strip_prefix('`')
        .and_then(|name| name.strip_suffix('`').map(|inner| format!("`{inner}`")))
        .unwrap_or(name.to_owned());
    let event = json!({ name.as_str(): 1 });
    ensure!(matches(&query, None, &event)?, "{query} does not read {name}");
    Ok(Checked::Field)
}

/// `head` and `tail` in a row are one window: an offset and a limit from the start of the results, or, with a negative
/// limit, from their end. Over 30 events, in the order of time.
fn check_window(query: &str, window: &serde_json::Map<String, Value>) -> Result<()> {
    const EVENTS: i64 = 30;
    let offset = window["offset"].as_i64().context("offset")?;
    let limit = window["limit"].as_i64().context("limit")?;
    let expected: Vec<i64> = if limit >= 0 {
        (offset..(offset + limit).min(EVENTS)).collect()
    } else {
        ((EVENTS - offset + limit).max(0)..EVENTS - offset).collect()
    };
    let options = rule_core::SearchOptions { size: 100, ..rule_core::SearchOptions::default() };
    let source = Source { path: "case.eql".into(), text: query.into() };
    let mut search = rule_core::Search::open(&source, options)
        .map_err(|diagnostics| anyhow::anyhow!("{}", serde_json::to_string(&diagnostics).unwrap_or_default()))?;
    let lines: String = (0..EVENTS)
        .map(|number| {
            format!("{}\n", json!({"@timestamp": number, "event": {"category": "process"}, "number": number}))
        })
        .collect();
    search.add("events", 0, lines.as_bytes());
    let body: Value = serde_json::from_str(&search.finish())?;
    let hits = body["hits"]["events"].as_array().context("no events")?;
    let found: Vec<i64> = hits.iter().filter_map(|hit| hit["_source"]["number"].as_i64()).collect();
    ensure!(found == expected, "expected {expected:?}, got {found:?}");
    Ok(())
}

#[test]
fn parser_cases() -> Result<()> {
    let Some(data) = shared::data() else { return Ok(()) };
    let cases: Vec<ParserCase> = shared::json(data.join("eql/parser_cases.json"))?;
    let mut problems = Vec::new();
    let mut counts: BTreeMap<Checked, usize> = BTreeMap::new();
    for case in &cases {
        match case.check() {
            Ok(checked) => *counts.entry(checked).or_default() += 1,
            Err(problem) => {
                let expected = case.error.clone().unwrap_or_else(|| case.value.to_string());
                problems.push(format!("{}\n  Elasticsearch: {expected}\n  {problem:#}", case.input));
            }
        }
    }
    println!("{} of {} parser cases hold: {counts:?}", counts.values().sum::<usize>(), cases.len());
    ensure!(cases.len() >= 66, "the data has shrunk to {} cases", cases.len());
    assert_none("parser cases", &problems);
    Ok(())
}
