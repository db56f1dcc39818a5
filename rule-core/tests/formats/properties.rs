//! No text stops the reader, and all that it tells lies in the text.

use proptest::prelude::*;
use rule_core::rule::{self, FileContents, Overrides};
use rule_core::{CompileOptions, Diagnostic, Limits, Source, compile};

use crate::{exported, source};

fn lie_within(text: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let suggestion = diagnostic.suggestion.iter().map(|suggestion| suggestion.span);
        for span in diagnostic.labels.iter().map(|label| label.span).chain(suggestion) {
            assert!(text.get(span.range()).is_some(), "{text:?}: {diagnostic:?}");
        }
        assert!(!diagnostic.message.is_empty());
    }
}

fn check(text: &str) {
    let source = source("any", text);
    let FileContents { rules, exceptions, diagnostics, .. } = rule::read(&source, &Limits::default());
    lie_within(text, &diagnostics);
    for at in rules.iter().map(|rule| rule.at).chain(exceptions.iter().map(|exception| exception.at)) {
        assert!(text.get(at.range()).is_some(), "{text:?}: {at:?}");
    }
    for query in rules.iter().filter_map(|rule| rule.query.as_ref()) {
        for (start, char) in query.text.char_indices() {
            let span = query.map.span(rule_core::Span::new(start as u32, (start + char.len_utf8()) as u32));
            let written = text.get(span.range());
            assert!(written.is_some_and(|written| written.starts_with(char) || written.starts_with('\\')), "{text:?}");
        }
    }
    let (_, report) = compile(std::slice::from_ref(&source), &CompileOptions::default());
    lie_within(text, &report.diagnostics);
    assert!(report.totals().2 == 0 || report.has_errors());
    rule::is_rule_file(text);
    let (_, diagnostics) = Overrides::read(&source, &Limits::default());
    lie_within(text, &diagnostics);
    let overrides = Some(Source { path: "overrides".into(), text: text.into() });
    let rules = [Source { path: "rule".into(), text: exported("1", "") }];
    let (_, report) = compile(&rules, &CompileOptions { overrides, ..CompileOptions::default() });
    let (in_overrides, in_rule): (Vec<Diagnostic>, Vec<Diagnostic>) =
        report.diagnostics.into_iter().partition(|diagnostic| diagnostic.path == "overrides");
    lie_within(text, &in_overrides);
    lie_within(&rules[0].text, &in_rule);
}

/// Pieces of files, so that what is put together gets far.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just(",".to_owned()),
        Just(":".to_owned()),
        Just("\n".to_owned()),
        Just("[[rule]]\n".to_owned()),
        Just("[[rule.exception]]\n".to_owned()),
        Just("[rule]\nname = 'é'\ntype = 'eql'\n".to_owned()),
        Just("\\".to_owned()),
        Just("\"\\ud83d\"".to_owned()),
        Just("-1e5".to_owned()),
        Just("null".to_owned()),
        Just("\u{feff}".to_owned()),
        Just(exported("1", "")),
        (
            prop::sample::select(vec![
                "rule_id",
                "type",
                "query",
                "language",
                "name",
                "threshold",
                "value",
                "field",
                "new_terms",
                "from",
                "threat_mapping",
                "entries",
                "list_id",
                "item_id",
                "alert_suppression",
                "group_by",
                "duration",
                "severity_mapping",
                "filters",
                "enabled",
                "version",
                "data",
                "attributes",
                "id",
                "tag",
                "tags_add",
            ]),
            prop::sample::select(vec![
                "\"eql\"",
                "\"threshold\"",
                "\"any where \\u00e9\\\\\"",
                "1",
                "[]",
                "{}",
                "[{}]",
                "[\"a\"]",
                "true",
                "\"*é*\"",
                "\"now-1d\"",
                "null",
                "{\"value\":1,\"unit\":\"m\"}",
                "[[{\"entries\":[{\"type\":\"nested\"}]}]]",
            ]),
            any::<bool>(),
        )
            .prop_map(|(key, value, is_json)| if is_json {
                format!("\"{key}\":{value},")
            } else {
                format!("{key} = {value}\n")
            }),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_stops_the_reader(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn nothing_like_a_rule_stops_the_reader(text in pieces()) {
        check(&text);
    }

    #[test]
    fn no_object_stops_the_reader(members in pieces()) {
        check(&format!("{{\"name\":\"é\",{members}\"type\":\"eql\"}}"));
    }

    /// A rule with something cut out or put in.
    #[test]
    fn no_broken_rule_stops_the_reader(at in 0usize..120, len in 0usize..20, put in any::<char>()) {
        let text = exported("1", ",\"threshold\":{\"value\":1},\"note\":\"\\u00e9\\n\"");
        let cut: String = text.chars().take(at).chain([put]).chain(text.chars().skip(at + len)).collect();
        check(&cut);
    }
}
