//! Words to what the layout takes, and the comments of the source back to their places between the words.
//!
//! The printer writes words in the order of the source. A word that is given with its place there first brings the
//! comments that stand before it: those behind a word stay behind the last word that was written, a comma or `and`
//! included; those on lines of their own come before the new word; the others stay on its line.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use super::comments::{self, Remark, Stand};
use super::layout::{Break, Frame, Op, When};
use crate::Span;
use crate::syntax::token::{Token, TokenKind};

/// Where a query was read from.
pub(super) struct Written<'a> {
    pub text: &'a str,
    pub tokens: &'a [Token],
    pub comments: &'a [Span],
}

#[derive(Default)]
pub(super) struct Writer<'a> {
    pub(super) ops: Vec<Op<'a>>,
    text: &'a str,
    tokens: &'a [Token],
    /// Those that were not written yet.
    remarks: VecDeque<Remark>,
    /// Where the last word ended in the source.
    last_end: usize,
    /// The first token that was not passed yet.
    token: usize,
}

impl<'a> Writer<'a> {
    pub fn new(written: Option<Written<'a>>) -> Self {
        let Some(Written { text, tokens, comments }) = written else { return Writer::default() };
        let remarks = comments::remarks(text, comments).into();
        Writer { text, tokens, remarks, ..Writer::default() }
    }

    /// A word without a place in the source.
    pub fn text(&mut self, text: impl Into<Cow<'a, str>>) {
        self.ops.push(Op::Text(text.into()));
    }

    /// A word and where it was read from, with the comments before it.
    pub fn word(&mut self, range: Range<usize>, text: impl Into<Cow<'a, str>>) {
        self.comments_before(range.start);
        self.text(text);
        self.last_end = self.last_end.max(range.end);
    }

    pub fn open(&mut self, frame: Frame) {
        self.ops.push(Op::Open(frame));
    }

    pub fn close(&mut self) {
        self.ops.push(Op::Close);
    }

    pub fn indent(&mut self) {
        self.ops.push(Op::Indent);
    }

    pub fn dedent(&mut self) {
        self.ops.push(Op::Dedent);
    }

    /// A space at which no line ends, unless a comment wants it.
    pub fn space(&mut self) {
        self.gap(" ", When::Never, false);
    }

    /// A space or the end of a line.
    pub fn line(&mut self) {
        self.gap(" ", When::Needed, false);
    }

    /// Nothing or the end of a line.
    pub fn soft_line(&mut self) {
        self.gap("", When::Needed, false);
    }

    /// A space or the end of a line, where a blank line of the author's may follow.
    pub fn line_between(&mut self) {
        self.gap(" ", When::Needed, true);
    }

    /// The end of a line, where a blank line of the author's may follow.
    pub fn new_line(&mut self) {
        self.gap("", When::Always, true);
    }

    fn gap(&mut self, flat: &'static str, when: When, keeps_blank: bool) {
        self.ops.push(Op::Break(Break { flat, when, keeps_blank, blank: false }));
    }

    /// The first token at or behind a place that is wanted.
    pub fn token_from(&mut self, at: usize, wanted: impl Fn(&TokenKind) -> bool) -> Range<usize> {
        self.token += self.tokens[self.token..].partition_point(|token| (token.span.start as usize) < at);
        let found = self.tokens[self.token..].iter().find(|token| wanted(&token.kind));
        found.map_or(at..at, |token| token.span.range())
    }

    /// The field name that begins at or behind a place, with what it is made of.
    pub fn field_from(&mut self, at: usize) -> Range<usize> {
        let is_word = |kind: &TokenKind| !matches!(kind, TokenKind::LeftParen | TokenKind::Plus | TokenKind::Minus);
        let Range { start, mut end } = self.token_from(at, is_word);
        let rest = self.tokens[self.token..].iter().skip_while(|token| (token.span.start as usize) < start);
        let mut last = TokenKind::Dot;
        for token in rest {
            let is_part = matches!(token.kind, TokenKind::Dot | TokenKind::Question)
                || (matches!(last, TokenKind::Dot | TokenKind::Question)
                    && matches!(token.kind, TokenKind::Identifier(_) | TokenKind::QuotedIdentifier(_)));
            if !is_part {
                break;
            }
            last.clone_from(&token.kind);
            end = token.span.end as usize;
        }
        start..end
    }

    /// What stands in the source; empty if there is none.
    pub fn source(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    /// Whether comments stand before this place that have not been written yet.
    pub fn has_comments_before(&self, at: usize) -> bool {
        self.remarks.front().is_some_and(|remark| remark.range.start < at)
    }

    /// Whether a line ends between two places of the source.
    pub fn has_line_break(&self, between: Range<usize>) -> bool {
        self.text.get(between).is_some_and(|between| between.contains(['\n', '\r']))
    }

    fn has_blank_line(&self, from: usize, to: usize) -> bool {
        self.text.get(from..to).is_some_and(comments::has_blank_line)
    }

    /// The comments before a place, joined where they come to stand on one line.
    fn take_before(&mut self, at: usize) -> Vec<Remark> {
        let mut taken: Vec<Remark> = Vec::new();
        while let Some(remark) = self.remarks.pop_front_if(|remark| remark.range.start < at) {
            match taken.last_mut() {
                Some(last) if last.stand == Stand::Within && remark.stand != Stand::Alone => last.join(remark),
                // What was to stand before a word now ends its line.
                Some(last) => {
                    if last.stand == Stand::Within {
                        last.stand = Stand::Behind;
                    }
                    taken.push(remark);
                }
                None => taken.push(remark),
            }
        }
        taken
    }

    /// Writes the comments that stand before the next word.
    fn comments_before(&mut self, at: usize) {
        let mut remarks = self.take_before(at);
        let within = remarks.pop_if(|remark| remark.stand == Stand::Within);
        let end = within.as_ref().map_or(at, |within| within.range.start);
        // What was written since the last word: ends of groups, a gap, beginnings of groups.
        let last_word = self.ops.iter().rposition(|op| matches!(op, Op::Text(_) | Op::Comment(_)));
        let mut tail = self.ops.split_off(last_word.map_or(0, |at| at + 1));
        let gap = tail.iter().position(|op| matches!(op, Op::Break(_)));
        let keeps_blank = gap.is_some_and(|at| matches!(tail[at], Op::Break(Break { keeps_blank: true, .. })));
        if remarks.is_empty() {
            let blank = keeps_blank && self.has_blank_line(self.last_end, end);
            if let Some(Op::Break(place)) = gap.map(|at| &mut tail[at]) {
                place.blank = blank;
            }
            self.ops.extend(tail);
        } else {
            let is_first = last_word.is_none();
            let (behind, lines) = self.lines(remarks, end, is_first, keeps_blank);
            self.ops.extend(behind);
            // Above the query they are part of no group; elsewhere they take the place of the gap.
            let place = if is_first { Some(0..0) } else { gap.map(|at| at..at + 1) };
            tail.splice(place.unwrap_or(tail.len()..tail.len()), lines);
            self.ops.extend(tail);
        }
        if let Some(within) = within {
            self.last_end = self.last_end.max(within.range.end);
            self.text(within.text + " ");
        }
    }

    /// The comment that goes behind the last word, and lines of their own for the others, up to the line that begins
    /// at `end`.
    fn lines(
        &self,
        remarks: Vec<Remark>,
        end: usize,
        is_first: bool,
        keeps_blank: bool,
    ) -> (Option<Op<'a>>, Vec<Op<'a>>) {
        let mut behind = None;
        let mut lines = Vec::new();
        let mut before = self.last_end;
        let mut keeps_blank = keeps_blank;
        for remark in remarks {
            let blank = keeps_blank && self.has_blank_line(before, remark.range.start);
            before = remark.range.end;
            if remark.stand == Stand::Behind && behind.is_none() && lines.is_empty() && !is_first {
                behind = Some(Op::Comment(format!(" {}", remark.text)));
                continue;
            }
            if !(is_first && lines.is_empty()) {
                lines.push(line_end(blank));
            }
            lines.push(Op::Comment(remark.text));
            keeps_blank = true;
        }
        lines.push(line_end(keeps_blank && self.has_blank_line(before, end)));
        (behind, lines)
    }

    /// Writes the comments before the end of a list, group or query, inside it. True if a line must end behind them; not
    /// so if the last of them stood on the line of the end and `goes_on` lets it.
    pub fn comments_inside(&mut self, end: usize, goes_on: bool) -> bool {
        let mut ends_line = false;
        for remark in self.take_before(end) {
            if ends_line || remark.stand == Stand::Alone {
                let blank = self.has_blank_line(self.last_end, remark.range.start);
                self.ops.push(line_end(blank));
                self.ops.push(Op::Comment(remark.text));
            } else {
                self.ops.push(Op::Comment(format!(" {}", remark.text)));
            }
            ends_line = !(goes_on && remark.stand == Stand::Within);
            self.last_end = self.last_end.max(remark.range.end);
        }
        self.last_end = self.last_end.max(end);
        ends_line
    }
}

fn line_end(blank: bool) -> Op<'static> {
    Op::Break(Break { flat: "", when: When::Always, keeps_blank: true, blank })
}
