//! Explanations of KQL.

use rule_core::{ExplainOptions, Explanation, Source, explain};

use crate::shown;

fn explained(query: &str, event: &str) -> Explanation {
    let text = format!("[rule]\nname = 'x'\ntype = 'query'\nlanguage = 'kuery'\nquery = \'\'\'\n{query}\n\'\'\'\n");
    let source = Source { path: "rule.toml".into(), text };
    explain(&source, event.as_bytes(), &ExplainOptions::default())
        .unwrap_or_else(|errors| panic!("{query}: {errors:#?}"))
}

const EVENT: &str =
    r#"{"event":{"category":["process"]},"process":{"name":"Bash","args":["-c","id; ls"]},"user":{"id":"0"}}"#;

#[test]
fn a_tree_shows_lists_values_and_what_decides() {
    let query = "event.category: process and\n process.name: (bash or zsh) and not user.id: 7 and process.args: *id*";
    let explanation = explained(query, EVENT);
    let verdict = &explanation.events[0].terms[0];
    assert_eq!(
        verdict.reason,
        r#"did not match: process.name is "Bash", the rule wants "bash" (case-sensitive); and 1 more"#
    );
    assert_eq!(
        shown(&verdict.tree),
        r#"*filter false `event.category: process and process.name: (bash or zsh) and not user.id: 7 and process.args: *id*`
  *and false `event.category: process and process.name: (bash or zsh) and not user.id: 7 and process.args: *id*`
     test true `event.category: process` event.category=["process"!]
    *or false `process.name: (bash or zsh)`
      *test false `process.name: bash` process.name=["Bash"] -- values are case-sensitive: the event's differs in case only
      *test false `process.name: zsh` process.name=["Bash"]
     not true `not user.id: 7`
       test false `user.id: 7` user.id=["0"]
     test true `process.args: *id*` process.args=["-c" "id; ls"!] -- the field is an array: one value that passes is enough
"#
    );
}

#[test]
fn reasons_are_told_in_the_words_of_the_query() {
    for (query, reason) in [
        ("process.name: Bash", r#"matched: process.name is "Bash""#),
        (
            "process.args: id",
            r#"did not match: process.args is "-c", "id; ls", the rule wants "id" (`:` matches the whole value)"#,
        ),
        ("process.args: (\"id; ls\" and -c)", r#"matched: process.args is "id; ls"; process.args is "-c""#),
        ("process.executable: *", r#"did not match: the event has no process.executable"#),
        ("not process.name: Bash", r#"did not match: process.name is "Bash", which the rule excludes"#),
        ("process.pid > 5", r#"did not match: the event has no process.pid"#),
        ("process.pid: many", r#"did not match: `process.pid: many` does not hold"#),
        ("bash*", r#"did not match: `bash*` does not hold"#),
        ("process.p*: x", r#"did not match: `process.p*: x` does not hold"#),
        ("user:{ id: 0 and name: root }", r#"did not match: `user:{ id: 0 and name: root }` does not hold"#),
        ("*:*", r#"matched"#),
    ] {
        assert_eq!(explained(query, EVENT).events[0].terms[0].reason, reason, "{query}");
    }
}

#[test]
fn it_says_what_the_engine_does() {
    for query in [
        "process.name: Bash and not process.args: x*",
        "process.name: bash",
        "process.args: (-c and *ls)",
        "not (user.id: 0 or x: *)",
        "Bash",
        "p*.name: Bash",
    ] {
        let text = format!("[rule]\nname = 'x'\ntype = 'query'\nlanguage = 'kuery'\nquery = '{query}'\n");
        let (set, _) = rule_core::compile(&[Source { path: String::new(), text }], &Default::default());
        let mut session = rule_core::Session::open(set.into(), Default::default());
        let matched = !session.evaluate(EVENT.as_bytes()).matches.is_empty();
        assert_eq!(explained(query, EVENT).events[0].terms[0].matched, matched, "{query}");
    }
}
