//! Rule files: only the query changes, wherever and however it is written.

use proptest::prelude::*;
use rule_core::{Diagnostic, Level, Limits, Source, format_rule, rule};

use crate::sloppy::{self, Whims};
use crate::{comments, limits, tree, trees};

fn source(text: &str) -> Source {
    Source { path: "rules/a.toml".into(), text: text.to_owned() }
}

/// The file formatted; doing it again changes nothing.
fn format(text: &str) -> String {
    let once = format_rule(&source(text), &limits()).unwrap_or_else(|found| panic!("{text}\n{found:#?}"));
    assert_eq!(format_rule(&source(&once), &limits()).as_deref(), Ok(once.as_str()), "{text}");
    once
}

fn refused(text: &str) -> Vec<Diagnostic> {
    format_rule(&source(text), &Limits::default()).expect_err(text)
}

/// A rule around the literal of its query, with what a formatter of TOML would change.
fn toml(literal: &str) -> String {
    format!(
        "# first\n[metadata]\nmaturity  =   'x'\n\n[rule]\nname=\"A rule\"   # its name\ntype = \"eql\"\nlanguage = 'eql'\nquery = {literal} # behind\n\n\n[[rule.threat]]\nframework = \"MITRE ATT&CK\"\n[rule.threat.tactic]\nid = \"TA0002\"\n"
    )
}

#[test]
fn a_bare_query_is_the_whole_file() {
    assert_eq!(format("any   where true"), "any where true\n");
    assert_eq!(format("\n\n  any where a==1 // why\n\n\n"), "any where a == 1 // why\n");
    assert_eq!(format("\u{feff}any where true"), "\u{feff}any where true\n");
    assert_eq!(format("any where\r\na and // c\r\nb\r\n"), "any where\r\n  a and // c\r\n  b\r\n");
    assert_eq!(format("any where true\r\n"), "any where true\r\n");
}

#[test]
fn a_literal_keeps_its_form_if_it_can() {
    for (before, after) in [
        ("'''\nany where   a==\"C:\\\\x\"\n'''", "'''\nany where a == \"C:\\\\x\"\n'''"),
        ("'''any where   a'''", "'''any where a'''"),
        ("'''\n\n    any where   a\n    '''", "'''\nany where a\n'''"),
        ("'any where   a'", "'any where a'"),
        (r#""any where   a == \"C:\\\\x\"""#, r#""any where a == \"C:\\\\x\"""#),
        ("\"\"\"\nany where   a == \"C:\\\\\\\\x\"\n\"\"\"", "\"\"\"\nany where a == \"C:\\\\\\\\x\"\n\"\"\""),
        ("\"\"\"any where \\\n   a == \"x\\\"\"\"\"", "\"\"\"any where a == \"x\\\"\"\"\""),
        // A raw string has three quotes, the last of which needs an escape.
        (
            "\"\"\"any where a ==  \\\"\\\"\\\"\\\\\\\\\\\"\\\"\\\"\"\"\"",
            "\"\"\"any where a == \"\"\\\"\\\\\\\\\"\"\\\"\"\"\"",
        ),
    ] {
        assert_eq!(format(&toml(before)), toml(after));
    }
}

#[test]
fn a_literal_takes_another_form_if_it_must() {
    // Lines do not fit between single quotes.
    assert_eq!(format(&toml("\"any where a // c\\n or b\"")), toml("'''\nany where\n  a or // c\n  b\n'''"));
    // A quote need not be escaped in EQL, but three of them end a literal of TOML.
    assert_eq!(
        format(&toml(r#"'''any where a == "'\''"'''"#)),
        toml(r#"'''any where a == "'''"'''"#)
            .replace("'''any where a == \"'''\"'''", "\"\"\"any where a == \"'''\\\"\"\"\"")
    );
    // A control character in a comment has only an escape.
    assert_eq!(format(&toml("\"any where a // \\u0007\\n\"")), toml("\"any where a // \\u0007\""));
    assert_eq!(
        format(&toml("\"any where a // \\u0007\\n or b\"")),
        toml("\"\"\"\nany where\n  a or // \\u0007\n  b\n\"\"\"")
    );
}

#[test]
fn lines_end_as_the_file_has_them() {
    let rule = toml("'''\nany where // c\n a or b\n'''").replace('\n', "\r\n");
    assert_eq!(format(&rule), toml("'''\nany where // c\n  a or\n  b\n'''").replace('\n', "\r\n"));
    let rule = toml("\"any where // c\\n a or b\"").replace('\n', "\r\n");
    assert_eq!(format(&rule), toml("'''\nany where // c\n  a or\n  b\n'''").replace('\n', "\r\n"));
}

#[test]
fn errors_are_shown_where_they_are() {
    let found = refused(&toml("'''\nany where a and\n  b =='''"));
    assert_eq!((found.len(), found[0].level, found[0].code.as_str()), (1, Level::Error, "syntax"));
    assert_eq!((found[0].path.as_str(), found[0].rule.as_deref()), ("rules/a.toml", Some("A rule")));
    assert_eq!((found[0].line, found[0].column), (11, 7), "{found:#?}");

    assert!(refused("[rule]\nname = ").iter().all(|found| found.level == Level::Error));
    assert_eq!(refused("any where")[0].line, 1);
    assert_eq!(refused(" \n")[0].message, "the file is empty");
    let small = Limits { max_rule_bytes: 10, ..Limits::default() };
    assert_eq!(format_rule(&source("any where true"), &small).expect_err("a limit")[0].code, "too-large");
}

#[test]
fn what_is_no_eql_query_is_left_alone() {
    let kuery = toml("'''a:b'''").replace("'eql'", "'kuery'").replace("\"eql\"", "\"query\"");
    let learning = "[rule]\nname = \"x\"\ntype = \"machine_learning\"\n";
    let page = "# A rule\n\n**Rule type**: eql\n\n## Rule query\n\n```js\nany   where true\n```\n";
    for text in [&kuery, learning, page] {
        let found = refused(text);
        assert_eq!((found.len(), found[0].level), (1, Level::Warning), "{text}");
        assert!(found[0].message.contains("left alone") || found[0].message.contains("no query"), "{found:?}");
    }
}

/// The ways to write a string in TOML that can hold the query.
fn literals(query: &str) -> Vec<String> {
    let escape = |text: &str, keep: &[char]| -> String {
        let code = |c: char| match u32::from(c) {
            code if code > 0xffff => format!("\\U{code:08X}"),
            code => format!("\\u{code:04X}"),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || " _.()".contains(c) || keep.contains(&c);
        text.chars().map(|c| if plain(c) { c.to_string() } else { code(c) }).collect()
    };
    let mut literals = vec![format!("\"{}\"", escape(query, &[])), format!("\"\"\"\n{}\"\"\"", escape(query, &['\n']))];
    let is_plain = !query.contains("'''")
        && !query.replace("\r\n", "\n").chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    if is_plain {
        literals.push(format!("'''\n{query}'''"));
    }
    literals
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_query_in_any_literal(query in trees::query(), seed in any::<u64>()) {
        let text = sloppy::write(&query, &mut Whims(seed)) + "\n";
        for literal in literals(&text) {
            let file = toml(&literal);
            let formatted = format(&file);
            let around = |file: &str| {
                let (before, rest) = file.split_once("\nquery = ").expect("a query");
                (before.to_owned(), rest.rsplit_once(" # behind").expect("a comment").1.to_owned())
            };
            prop_assert_eq!(around(&file), around(&formatted));
            let read = rule::read(&source(&formatted), &limits()).rules.remove(0);
            prop_assert!(!read.failed);
            prop_assert_eq!(tree(&read.info.query), tree(&text));
            prop_assert_eq!(comments(&read.info.query), comments(&text));
        }
    }
}
