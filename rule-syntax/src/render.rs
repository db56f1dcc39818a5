//! Diagnostics as text for people: the title, the place in the file with what is to be said about it, and what to do next.

use std::borrow::Cow;
use std::ops::Range;

use annotate_snippets::{
    AnnotationKind, Element, Level as Severity, Origin, Padding, Patch, Renderer, Snippet, normalize_untrusted_str,
};

use crate::diagnostic::{Diagnostic, Level, Span, line_column};

/// Lines up to this many bytes are shown as they are. Generated rules have longer ones; nobody reads them whole.
const MAX_LINE: usize = 200;
/// How much of a long line is shown in a suggestion, and how much of that before the place that matters.
const PART: usize = 120;
const BEFORE: usize = 50;
/// The renderer walks a line up to the place that matters, to count columns; behind this many bytes it need not.
const MAX_WALK: usize = 16 << 10;

/// The diagnostic with an excerpt of `text`, the file that it is about. Ends without a line break.
///
/// Nothing in it can steer a terminal: control characters of the file, its path and its names are shown as symbols.
/// A span that does not fit the text is moved to the nearest place that does.
pub fn render(diagnostic: &Diagnostic, text: &str, color: bool) -> String {
    let level = match diagnostic.level {
        Level::Error => Severity::ERROR,
        Level::Warning => Severity::WARNING,
    };
    let path = clean(if diagnostic.path.is_empty() { "<query>" } else { &diagnostic.path });
    let mut group = level
        .primary_title(clean(&diagnostic.message))
        .id(diagnostic.code.as_str())
        .elements(excerpts(diagnostic, text, &path));
    if let Some(rule) = diagnostic.rule.as_deref().filter(|rule| !path.contains(rule)) {
        group = group.element(Severity::NOTE.message(format!("in the rule \"{}\"", clean(rule))));
    }
    for help in &diagnostic.help {
        group = group.element(Severity::HELP.message(clean(help)));
    }
    let mut report = vec![group];
    if let Some(suggestion) = &diagnostic.suggestion {
        let span = fit(suggestion.span, text);
        let (shown, span, line) = shorten(text, span);
        let patch = Patch::new(span, suggestion.replacement.as_str());
        let snippet = Snippet::source(shown).line_start(line).path(path.as_str()).patch(patch);
        report.push(Severity::HELP.secondary_title(clean(&suggestion.message)).element(snippet));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&report)
}

/// One excerpt with all labels, or one for each where lines are so long that the labels would be far from each other.
fn excerpts<'a>(diagnostic: &'a Diagnostic, text: &'a str, path: &str) -> Vec<Element<'a>> {
    let spans: Vec<Range<usize>> = diagnostic.labels.iter().map(|label| fit(label.span, text)).collect();
    let start = spans.iter().map(|span| span.start).min();
    let end = spans.iter().map(|span| span.end).max();
    let (Some(start), Some(end), false) = (start, end, text.is_empty()) else {
        return vec![Origin::path(path.to_owned()).into(), Padding.into()];
    };
    let annotation = |at: usize, span: Range<usize>| {
        let kind = if at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let message = clean(&diagnostic.labels[at].message);
        kind.span(span).label(Some(message).filter(|message| !message.is_empty()))
    };
    let mut elements: Vec<Element> = Vec::new();
    let lines = Lines::around(text, start..end);
    if !lines.are_long() {
        let place = |span: &Range<usize>| span.start - lines.start..span.end - lines.start;
        let annotations: Vec<_> = spans.iter().enumerate().map(|(at, span)| annotation(at, place(span))).collect();
        let snippet = Snippet::source(lines.text).line_start(lines.number).path(path.to_owned());
        elements.push(snippet.annotations(annotations).into());
        return elements;
    }
    for (at, span) in spans.iter().enumerate() {
        let line = Lines::around(text, span.start..span.start);
        if span.start - line.start > MAX_WALK {
            let (number, column) = line_column(text, span.start);
            let origin = Origin::path(path.to_owned()).line(number as usize).char_column(column as usize);
            let message = [clean(&diagnostic.labels[at].message), clean(&shorten(text, span.clone()).0)];
            let message = message.join(if message[0].is_empty() { "" } else { ": " });
            elements.extend([origin.into(), Padding.into(), Severity::NOTE.message(message).into()]);
            continue;
        }
        // What follows the place is cut off; the renderer itself cuts what precedes it.
        let end = floor(line.text, (span.start - line.start + MAX_LINE).min(line.text.len()));
        let place = span.start - line.start..(span.end - line.start).min(end);
        let snippet = Snippet::source(&line.text[..end]).line_start(line.number).path(path.to_owned());
        elements.push(snippet.annotation(annotation(at, place)).into());
    }
    elements
}

/// One line, with symbols for whatever could steer a terminal.
fn clean(text: &str) -> String {
    normalize_untrusted_str(&text.replace(['\r', '\n'], " "))
}

/// The span within the text and around whole characters. What lies behind the last word of the text moves to its end.
fn fit(span: Span, text: &str) -> Range<usize> {
    let seen = text.trim_end().len();
    let start = floor(text, (span.start as usize).min(seen));
    let mut end = (span.end as usize).clamp(start, seen);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Whole lines of a text.
struct Lines<'a> {
    text: &'a str,
    /// Offset of the first one.
    start: usize,
    /// Number of the first one, counted from 1.
    number: usize,
}

impl<'a> Lines<'a> {
    /// The lines that hold the span.
    fn around(text: &'a str, span: Range<usize>) -> Lines<'a> {
        let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let end = span.end + text[span.end..].find('\n').unwrap_or(text.len() - span.end);
        let number = text[..start].bytes().filter(|byte| *byte == b'\n').count() + 1;
        let text = &text[start..end];
        let text = text.strip_suffix('\r').filter(|text| start + text.len() >= span.end).unwrap_or(text);
        Lines { text, start, number }
    }

    fn are_long(&self) -> bool {
        self.text.split('\n').any(|line| line.len() > MAX_LINE)
    }
}

/// The lines that hold the span, the place of the span in them, and the number of the first. Of long lines only the part
/// around the start of the span remains.
fn shorten(text: &str, span: Range<usize>) -> (Cow<'_, str>, Range<usize>, usize) {
    let lines = Lines::around(text, span.clone());
    if !lines.are_long() {
        return (lines.text.into(), span.start - lines.start..span.end - lines.start, lines.number);
    }
    let line = Lines::around(text, span.start..span.start);
    let at = span.start - line.start;
    let from = floor(line.text, at.saturating_sub(BEFORE));
    let to = floor(line.text, (from + PART).min(line.text.len()));
    let before = if from > 0 { "…" } else { "" };
    let after = if to < line.text.len() { "…" } else { "" };
    let place = |at: usize| before.len() + at.min(to) - from;
    let shown = format!("{before}{}{after}", &line.text[from..to]);
    (shown.into(), place(at)..place(span.end - line.start), line.number)
}
