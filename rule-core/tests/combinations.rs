//! A condition over several multi-valued fields tries their combinations; how many is limited.

use rule_core::{CompileOptions, Limits, Outcome, Session, SessionOptions, Source, compile};

fn evaluate(rules: &[&str], event: &str, max_combinations: u32) -> Outcome {
    let source = |(at, text): (usize, &&str)| Source { path: format!("{at}.eql"), text: (*text).to_owned() };
    let sources: Vec<_> = rules.iter().enumerate().map(source).collect();
    let options =
        CompileOptions { limits: Limits { max_combinations, ..Limits::default() }, ..CompileOptions::default() };
    let (rules, report) = compile(&sources, &options);
    assert!(!report.has_errors(), "{:?}", report.diagnostics);
    Session::open(rules.into(), SessionOptions::default()).evaluate(event.as_bytes())
}

fn matched(outcome: &Outcome) -> Vec<u32> {
    outcome.matches.iter().map(|m| m.rule).collect()
}

const EVENT: &str = r#"{"a":["p","q","r"],"b":["x","y","z"],"c":1}"#;

#[test]
fn a_match_does_not_rest_on_what_was_not_tried() {
    let rules = [
        "any where startsWith(a, b)",
        "any where not startsWith(a, b)",
        "any where c == 1 or startsWith(a, b)",
        "any where startsWith(a, b) and c == 2",
        "any where c == 1",
        "any where not (startsWith(a, b) and c == 2)",
    ];
    let all = evaluate(&rules, EVENT, 9);
    assert_eq!((matched(&all), all.rejected), (vec![1, 2, 4, 5], 0));
    let few = evaluate(&rules, EVENT, 8);
    assert_eq!((matched(&few), few.rejected), (vec![2, 4, 5], 1));
    assert_eq!(few.rejections[0].message, "a condition has more than 8 combinations of values to try");
}

#[test]
fn a_combination_that_is_found_in_time_decides() {
    let event = r#"{"a":["p","q"],"b":["p","y"]}"#;
    let outcome = evaluate(&["any where startsWith(a, b)"], event, 1);
    assert_eq!((matched(&outcome), outcome.rejected), (vec![0], 0));
}
