//! Queries at the limits, and at the edges of the grammar.

use rule_core::{Limits, format_query};

use crate::format;

fn with_depth(text: &str, max_query_depth: u32) -> Result<String, String> {
    let limits = Limits { max_query_depth, ..Limits::default() };
    format_query(text, &limits).map_err(|errors| errors[0].code.clone())
}

#[test]
fn parentheses_for_reading_do_not_nest_too_deeply() {
    assert_eq!(with_depth("any where a and b or c", 2).as_deref(), Ok("any where (a and b) or c"));
    assert_eq!(with_depth("any where a and b or c", 1).as_deref(), Ok("any where a and b or c"));
    assert_eq!(with_depth("any where (a and b) or c", 1).map_err(|code| code == "too-large"), Err(true));
}

#[test]
fn little_text_does_not_become_much() {
    let nested = format!("any where {}a{}", "not (b or ".repeat(60), ")".repeat(60));
    let wide = nested.replace(" a)", &format!(" {}a)", "c or ".repeat(3000)));
    let limits = Limits { max_rule_bytes: 100_000, ..Limits::default() };
    assert!(format_query(&nested, &limits).is_ok());
    let errors = format_query(&wide, &limits).expect_err("too large");
    assert_eq!((errors.len(), errors[0].code.as_str(), errors[0].line), (1, "too-large", 1));
    let errors = format_query(&wide, &Limits { max_rule_bytes: 1000, ..Limits::default() }).expect_err("too large");
    assert_eq!((errors.len(), errors[0].code.as_str()), (1, "too-large"));
}

#[test]
fn errors_have_places_and_a_limit() {
    let text = "any where a ==\nand b ==\nand c ==";
    let errors = format_query(text, &Limits::default()).expect_err("errors");
    assert_eq!(errors.iter().map(|error| error.line).collect::<Vec<_>>(), [2, 3, 3], "{errors:#?}");
    assert_eq!(format_query(text, &Limits { max_diagnostics: 1, ..Limits::default() }).expect_err("one").len(), 1);
}

#[test]
fn the_smallest_integer_has_no_negative() {
    assert_eq!(format("any where a == - -9223372036854775808"), "any where a == 9223372036854775808");
    assert_eq!(format("any where a == - - -9223372036854775808"), "any where a == -9223372036854775808");
}

#[test]
fn a_carriage_return_ends_a_comment() {
    assert_eq!(format("any where // a\ra // b\rand c"), "any where // a\n  a and // b\n  c");
}
