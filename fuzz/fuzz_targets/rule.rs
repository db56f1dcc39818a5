//! Any text as a rule file, in each format. Compiling does not panic, every diagnostic lies in the text, and what compiles can be
//! run over events.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use rule_core::explain::QueryKind;
use rule_core::{
    CompileOptions, ExplainOptions, Explanation, Limits, Outcome, Session, SessionOptions, Source, compile, explain,
};

const EVENTS: &str = concat!(
    r#"{"@timestamp":"2026-03-02T10:14:27.318Z","event":{"category":["file"],"type":["creation"],"action":"creation"},"host":{"os":{"type":"linux"}},"file":{"name":"PNSD.service","path":"/etc/systemd/system/pnsd.service","size":312},"user":{"id":"0"}}"#,
    "\n",
    r#"{"event.category":"process","process":{"name":"cmd.exe","args":["cmd","/c","whoami"],"args_count":3,"pid":4,"parent":{"executable":"C:\\Windows\\explorer.exe"}},"source.ip":["10.0.0.1","fe80::1"],"a":null,"b":true,"c":-1.5}"#,
    "\n",
    "{\"broken\"\n",
    "{}\n",
);

fn run(path: &str, text: String) {
    let len = text.len();
    let limits = Limits { max_rule_bytes: 1 << 16, max_regex_bytes: 1 << 16, ..Limits::default() };
    let options = CompileOptions { limits, ..CompileOptions::default() };
    let (rules, report) = compile(&[Source { path: path.to_owned(), text: text.clone() }], &options);
    for diagnostic in &report.diagnostics {
        for label in &diagnostic.labels {
            let range = label.span.range();
            assert!(range.start <= range.end && range.end <= len, "{diagnostic:?}");
            assert!(text.get(range).is_some(), "a span cuts a character: {diagnostic:?}");
        }
        assert!(!diagnostic.message.is_empty());
    }
    let (compiled, _, failed) = report.totals();
    assert_eq!(compiled, rules.rules().len());
    assert!(failed == 0 || report.has_errors(), "a rule failed and nothing says why");
    let rules = Arc::new(rules);
    let evaluate = || {
        let mut session = Session::open(Arc::clone(&rules), SessionOptions { alerts: true, notes: true, ..SessionOptions::default() });
        session.evaluate(EVENTS.as_bytes())
    };
    let outcome = evaluate();
    assert_eq!(outcome, evaluate(), "not deterministic");
    explained(path, text, &options.limits, &outcome);
}

/// What explains a rule agrees with what evaluates it.
fn explained(path: &str, text: String, limits: &Limits, outcome: &Outcome) {
    let options = ExplainOptions { limits: limits.clone(), ..ExplainOptions::default() };
    let source = Source { path: path.to_owned(), text };
    let Ok(explanation) = explain(&source, EVENTS.as_bytes(), &options) else { return };
    if explanation.query != QueryKind::Event {
        return;
    }
    let matched = explanation.events.iter().filter(|event| event.terms.iter().any(|verdict| verdict.matched));
    let matched: Vec<_> = matched.map(|event| vec![event.event]).collect();
    let expected: Vec<_> = outcome.matches.iter().map(|found| found.events.clone()).collect();
    // A rule with pipes is explained as if it had none, and not evaluated.
    assert!(matched == expected || outcome.matches.is_empty(), "{explanation:?}");
    let json = serde_json::to_string(&explanation).expect("plain data");
    let read: Explanation = serde_json::from_str(&json).expect("no deeper than a reader goes");
    assert_eq!(read, explanation);
}

fuzz_target!(|text: &str| {
    run("fuzz.eql", text.to_owned());
    // As the query of a rule file, where spans are those of the file.
    if !text.contains("'''") {
        run(
            "fuzz.toml",
            format!(
                "[rule]\nname = \"fuzz\"\nrule_id = \"fuzz\"\ntype = \"eql\"\nlanguage = \"eql\"\nquery = '''\n{text}\n'''\n"
            ),
        );
    }
    run("fuzz.toml", text.to_owned());
    // As the query of an exported rule, where every sign may be an escape, and as members of one.
    let query = serde_json::to_string(text).expect("a string");
    run("fuzz.ndjson", format!("{{\"name\":\"fuzz\",\"rule_id\":\"fuzz\",\"type\":\"eql\",\"query\":{query}}}\n"));
    run("fuzz.json", format!("{{\"name\":\"fuzz\",\"rule_id\":\"fuzz\",{text}}}"));
    overrides(text);
});

/// Any text as overrides, and as those of one rule.
fn overrides(text: &str) {
    let rule = Source { path: "fuzz.eql".to_owned(), text: "any where true".to_owned() };
    for text in [text.to_owned(), format!("[[rule]]\nname = \"*\"\n{text}")] {
        let source = Source { path: "overrides.toml".to_owned(), text: text.clone() };
        let options = CompileOptions { overrides: Some(source), ..CompileOptions::default() };
        let (_, report) = compile(std::slice::from_ref(&rule), &options);
        for diagnostic in report.diagnostics.iter().filter(|diagnostic| diagnostic.path == "overrides.toml") {
            for label in &diagnostic.labels {
                assert!(text.get(label.span.range()).is_some(), "{diagnostic:?}");
            }
        }
    }
}
