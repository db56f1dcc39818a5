//! Of several rules with one id the latest version runs, wherever it stands.

use rule_core::{CompileOptions, Limits, RuleStatus, Source, compile_each};

use crate::{compiled, exported, status};

fn toml(id: &str, query: &str, more: &str) -> String {
    format!("[rule]\nrule_id = '{id}'\nname = 'T'\ntype = 'eql'\nquery = '{query}'\n{more}\n")
}

#[test]
fn the_latest_version_runs() {
    let version = |version: &str| exported("1", version);
    let (none, two, ten) = (version(""), version(",\"version\":2"), version(",\"version\":10"));
    let superseded = |here: &str, there: &str, path: &str| {
        format!("the rule with id 1 has {here} here and {there} in {path}, which is the one that runs")
    };
    // Texts in order, which of them runs, and why each of the others does not.
    type Case<'a> = (&'a [&'a str], usize, &'a [(usize, String)]);
    let already = |path: &str| format!("the rule with id 1 was read from {path} already");
    let cases: &[Case] = &[
        (&[&two, &ten], 1, &[(0, superseded("version 2", "version 10", "1"))]),
        (&[&ten, &two], 0, &[(1, superseded("version 2", "version 10", "0"))]),
        (&[&none, &two], 1, &[(0, superseded("no version", "version 2", "1"))]),
        (&[&two, &none], 0, &[(1, superseded("no version", "version 2", "0"))]),
        (&[&two, &two], 0, &[(1, already("0"))]),
        (&[&none, &none], 0, &[(1, already("0"))]),
        (
            &[&none, &two, &ten],
            2,
            &[(0, superseded("no version", "version 2", "1")), (1, superseded("version 2", "version 10", "2"))],
        ),
        (
            &[&two, &ten, &two],
            1,
            &[(0, superseded("version 2", "version 10", "1")), (2, superseded("version 2", "version 10", "1"))],
        ),
    ];
    for (texts, runs, reasons) in cases {
        let paths: Vec<String> = (0..texts.len()).map(|number| number.to_string()).collect();
        let files: Vec<(&str, &str)> = paths.iter().map(String::as_str).zip(texts.iter().copied()).collect();
        let (set, report) = compiled(&files, None);
        assert_eq!(set.rules().len(), 1);
        let status: Vec<&str> = status(&report).into_iter().map(|(_, status)| status).collect();
        for (number, status) in status.iter().enumerate() {
            let reason = reasons.iter().find(|(rule, _)| *rule == number).map(|(_, reason)| reason.as_str());
            assert_eq!(*status, reason.unwrap_or("compiled"), "{texts:?}");
            assert_eq!(reason.is_none(), number == *runs);
        }
        assert_eq!(report.diagnostics.len(), reasons.len());
        for (number, reason) in *reasons {
            let warning = report.diagnostics.iter().find(|found| found.path == paths[*number]).expect("a warning");
            assert_eq!((warning.code.as_str(), &warning.message), ("duplicate", reason));
            assert_eq!((warning.line, warning.rule.as_deref()), (1, Some("Rule 1")));
            assert_eq!(
                warning.labels[0].span.range(),
                texts[*number].find("\"Rule 1\"").map(|at| at..at + 8).expect("a name")
            );
        }
    }
}

/// A rule's place in the set is that of the version that runs, and what the others were compiled to is gone.
#[test]
fn a_set_is_as_if_only_the_latest_were_there() {
    let old = toml("1", "process where process.name == \"old\"", "");
    let sequence = toml("1", "sequence by host.id [process where true] [file where true]", "version = 2");
    let new = toml("1", "process where process.name == \"new\"", "version = 3");
    let other = toml("2", "file where true", "");
    let files = [("old", &old), ("other", &other), ("sequence", &sequence), ("new", &new)];
    let sources: Vec<Source> =
        files.iter().map(|(path, text)| Source { path: (*path).into(), text: (*text).clone() }).collect();
    let (set, report) = compile_each(sources, &CompileOptions::default());
    let ids: Vec<_> = set.rules().iter().map(|rule| (rule.id.as_str(), rule.version)).collect();
    assert_eq!(ids, [("2", None), ("1", Some(3))]);
    assert_eq!(report.rules[1].status, RuleStatus::Compiled { index: 0 });
    assert_eq!(report.rules[3].status, RuleStatus::Compiled { index: 1 });
    assert_eq!(report.totals(), (2, 2, 0));

    let events = concat!(
        r#"{"@timestamp":"2026-01-01T00:00:00Z","event":{"category":"process"},"host":{"id":"h"},"process":{"name":"old"}}"#,
        "\n",
        r#"{"@timestamp":"2026-01-01T00:00:01Z","event":{"category":"file"},"host":{"id":"h"}}"#,
        "\n",
        r#"{"@timestamp":"2026-01-01T00:00:02Z","event":{"category":"process"},"host":{"id":"h"},"process":{"name":"new"}}"#,
        "\n",
    );
    let options = rule_core::SessionOptions::default();
    let mut session = rule_core::Session::open(std::sync::Arc::new(set), options);
    let mut matches = session.evaluate(events.as_bytes()).matches;
    matches.extend(session.finish().matches);
    let matches: Vec<_> = matches.iter().map(|found| (found.rule, found.events.clone())).collect();
    assert_eq!(matches, [(0, vec![1]), (1, vec![2])]);
}

#[test]
fn only_a_rule_without_errors_takes_the_place_of_another() {
    let works = toml("1", "any where true", "");
    let broken = toml("1", "any where", "version = 5");
    for files in [[("a", &works), ("b", &broken)], [("b", &broken), ("a", &works)]] {
        let files = files.map(|(path, text)| (path, text.as_str()));
        let (set, report) = compiled(&files, None);
        assert_eq!(set.rules().len(), 1);
        let mut status = status(&report);
        status.sort_unstable();
        assert_eq!(status, [("a", "compiled"), ("b", "failed")]);
    }
}

#[test]
fn a_version_that_is_skipped_takes_the_place_of_one_that_runs() {
    let works = toml("1", "any where true", "");
    let disabled = toml("1", "any where true", "version = 5\nenabled = false");
    for files in [[("a", &works), ("b", &disabled)], [("b", &disabled), ("a", &works)]] {
        let files = files.map(|(path, text)| (path, text.as_str()));
        let (set, report) = compiled(&files, None);
        assert_eq!(set.rules().len(), 0);
        let mut status = status(&report);
        status.sort_unstable();
        let reason = "the rule with id 1 has no version here and version 5 in b, which is the one that runs";
        assert_eq!(status, [("a", reason), ("b", "disabled in its file")]);
    }
}

/// Types that are left out, each with its reason.
#[test]
fn what_cannot_be_evaluated_is_skipped() {
    for (kind, why) in [("esql", "Elasticsearch has stored"), ("machine_learning", "job"), ("saved_query", "in Kibana")]
    {
        let text = format!("[rule]\nname = 'N'\ntype = '{kind}'\nquery = 'FROM a'\n");
        let (_, report) = compiled(&[("a", &text)], None);
        let RuleStatus::Skipped { reason } = &report.rules[0].status else { panic!("{report:?}") };
        assert!(reason.starts_with(&format!("rules of type {kind} are not evaluated: ")) && reason.contains(why));
        assert_eq!((report.diagnostics[0].code.as_str(), &report.diagnostics[0].message), ("rule-type", reason));
    }
}

#[test]
fn a_version_in_the_place_of_another_is_no_rule_more() {
    let limits = Limits { max_rules: 1, ..Limits::default() };
    let sources = [("a", toml("1", "any where true", "")), ("b", toml("1", "any where true", "version = 2"))];
    let more = ("c", toml("2", "any where true", ""));
    let sources = sources.into_iter().chain([more]).map(|(path, text)| Source { path: path.into(), text });
    let (set, report) = compile_each(sources, &CompileOptions { limits, ..CompileOptions::default() });
    assert_eq!((set.rules().len(), report.rules[2].status.clone()), (1, RuleStatus::Failed));
    assert_eq!(set.rules()[0].version, Some(2));
}
