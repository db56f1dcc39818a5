//! The formatter, the inverse of the parser: what it writes means the same, and reads well.

mod bounds;
mod elastic;
mod goldens;
mod properties;
mod rule_files;
mod sloppy;
mod trees;

use rule_core::syntax::ast::Query;
use rule_core::syntax::parse_query;
use rule_core::{Limits, format_query};

/// Deeper than any tree that is made here.
const DEPTH: u32 = 1000;

fn limits() -> Limits {
    Limits { max_query_depth: DEPTH, ..Limits::default() }
}

/// The tree of a query that has no errors.
fn tree(text: &str) -> Query {
    let mut errors = Vec::new();
    let query = parse_query(text, DEPTH, &mut errors);
    assert!(errors.is_empty(), "{text}\n{errors:#?}");
    query.expect("a query").without_spans()
}

/// The text formatted, and what must hold for every query.
fn format(text: &str) -> String {
    let once = format_query(text, &limits()).unwrap_or_else(|errors| panic!("{text}\n{errors:#?}"));
    assert_eq!(format!("{:?}", tree(text)), format!("{:?}", tree(&once)), "the tree stays\n{text}\n---\n{once}");
    assert_eq!(comments(text), comments(&once), "comments stay\n{text}\n---\n{once}");
    let twice = format_query(&once, &limits()).expect("what was printed is EQL");
    if once != twice {
        let (first, second) = once.lines().zip(twice.lines()).find(|(once, twice)| once != twice).unwrap_or_default();
        panic!("the second time {first:?} becomes {second:?}\n{text}\n---\n{once}\n---\n{twice}");
    }
    once
}

/// The comments of a text in their order, without the white space at the end of a `//`.
fn comments(text: &str) -> Vec<String> {
    let mut comments = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let len = if let Some(line) = rest.strip_prefix("//") {
            let end = line.find(['\n', '\r']).unwrap_or(line.len()) + 2;
            comments.push(rest[..end].trim_end().to_owned());
            end
        } else if rest.starts_with("/*") {
            let mut depth = 0;
            let mut end = 0;
            loop {
                match &rest.as_bytes()[end..] {
                    [b'/', b'*', ..] => (depth, end) = (depth + 1, end + 2),
                    [b'*', b'/', ..] => (depth, end) = (depth - 1, end + 2),
                    _ => end += 1,
                }
                if depth == 0 {
                    break;
                }
            }
            comments.push(rest[..end].to_owned());
            end
        } else if let Some(raw) = rest.strip_prefix("\"\"\"") {
            let close = raw.find("\"\"\"").expect("a closed string") + 6;
            close + rest[close..].bytes().take(2).take_while(|byte| *byte == b'"').count()
        } else if rest.starts_with(['"', '`']) {
            let quote = rest.as_bytes()[0];
            let mut end = 1;
            while rest.as_bytes()[end] != quote {
                end += if quote == b'"' && rest.as_bytes()[end] == b'\\' { 2 } else { 1 };
            }
            end + 1
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        rest = &rest[len..];
    }
    comments
}
