//! Queries in colours.

use anstyle::{AnsiColor, Style};
use rule_core::syntax::lexer;
use rule_core::syntax::token::TokenKind;

use crate::output::{DIM, clean};

const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(colour)))
}

const KEYWORD: Style = colour(AnsiColor::Magenta).bold();
const STRING: Style = colour(AnsiColor::Green);
const NUMBER: Style = colour(AnsiColor::Cyan);
const FUNCTION: Style = colour(AnsiColor::Blue);

/// A query with colours, if it is EQL; harmless for a terminal in any case.
pub fn query(text: &str, language: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut at = 0;
    for (start, end, style) in if language == "eql" { parts(text) } else { Vec::new() } {
        let (Some(between), Some(part)) = (text.get(at..start), text.get(start..end)) else { continue };
        out.push_str(&harmless(between));
        // A colour ends with the line, so that lines can be indented.
        let lines: Vec<String> = part.split('\n').map(|line| format!("{style}{}{style:#}", harmless(line))).collect();
        out.push_str(&lines.join("\n"));
        at = end;
    }
    out.push_str(&harmless(text.get(at..).unwrap_or_default()));
    out
}

fn harmless(text: &str) -> String {
    clean(&text.replace("\r\n", "\n").replace('\t', "    "))
}

/// The parts that have a colour, in order.
fn parts(text: &str) -> Vec<(usize, usize, Style)> {
    let (tokens, comments) = lexer::tokens_and_comments(text, &mut Vec::new());
    let style = |at: usize| {
        let is_call = matches!(tokens.get(at + 1).map(|next| &next.kind), Some(TokenKind::LeftParen));
        match &tokens[at].kind {
            TokenKind::String(_) => Some(STRING),
            TokenKind::Integer(_) | TokenKind::Decimal(_) => Some(NUMBER),
            TokenKind::Identifier(_) | TokenKind::TildeIdentifier(_) => is_call.then_some(FUNCTION),
            TokenKind::InInsensitive | TokenKind::LikeInsensitive | TokenKind::RegexInsensitive => Some(KEYWORD),
            _ => {
                let word = text.get(tokens[at].span.range()).unwrap_or_default();
                TokenKind::keyword(word).map(|_| KEYWORD)
            }
        }
    };
    let tokens = (0..tokens.len()).filter_map(|at| {
        let range = tokens[at].span.range();
        style(at).map(|style| (range.start, range.end, style))
    });
    let comments = comments.into_iter().map(|span| (span.range().start, span.range().end, DIM));
    let mut parts: Vec<_> = tokens.chain(comments).collect();
    parts.sort_by_key(|(start, ..)| *start);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_and_nothing_steers_the_terminal() {
        let text = "process where /* a\nb */ length~(x) >= 3 and\n\tname in~ (\"\"\"a\nb\"\"\", \"\u{1b}[2J\") // é";
        let plain = anstream::adapter::strip_str(&query(text, "eql")).to_string();
        assert_eq!(plain, text.replace('\t', "    ").replace('\u{1b}', "\\u{1b}"));
        let painted = query("any where x == \"s\"", "eql");
        assert!(painted.contains(&format!("{KEYWORD}where{KEYWORD:#}")), "{painted:?}");
        assert!(painted.contains(&format!("{STRING}\"s\"{STRING:#}")), "{painted:?}");
        assert_eq!(query("a : \"b\" and c", "kuery"), "a : \"b\" and c");
    }

    #[test]
    fn broken_queries_are_shown_as_they_are() {
        for text in ["any where \"open", "§§§ where", "", "a /* open", "any where 'x' == 99999999999999999999"] {
            assert_eq!(anstream::adapter::strip_str(&query(text, "eql")).to_string(), text);
        }
    }
}
