//! Comments of a query, by how they stand to the words around them.

use std::ops::Range;

use crate::Span;

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// On lines of its own.
    Alone,
    /// Behind the last word of a line.
    Behind,
    /// Before another word on the same line.
    Within,
}

/// A comment, or several on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    pub stand: Stand,
    /// As written, without the white space at the end of a `//`; several are joined by a space.
    pub text: String,
    pub range: Range<usize>,
}

impl Remark {
    /// Takes in the comment that follows on the same line.
    pub fn join(&mut self, next: Remark) {
        self.stand = next.stand;
        self.text.push(' ');
        self.text.push_str(&next.text);
        self.range.end = next.range.end;
    }
}

const BLANK: [char; 2] = [' ', '\t'];
const LINE_BREAK: [char; 2] = ['\n', '\r'];

/// The comments of a text in their order.
pub(super) fn remarks(text: &str, comments: &[Span]) -> Vec<Remark> {
    let mut remarks: Vec<Remark> = Vec::new();
    // Where the last comment ended, if its line goes on, and whether it began that line.
    let mut goes_on = None;
    let mut begins_line = false;
    for range in comments.iter().map(|comment| comment.range()) {
        let mut written = &text[range.clone()];
        if written.starts_with("//") {
            written = written.trim_end();
        }
        let after = text[range.end..].trim_start_matches(BLANK);
        let ends_line = written.starts_with("//")
            || written.contains(LINE_BREAK)
            || after.is_empty()
            || after.starts_with(LINE_BREAK);
        let before = text[..range.start].trim_end_matches(BLANK);
        let is_joined = goes_on == Some(before.len());
        if !is_joined {
            begins_line = before.is_empty() || before.ends_with(LINE_BREAK);
        }
        let stand = match (ends_line, begins_line) {
            (false, _) => Stand::Within,
            (true, true) => Stand::Alone,
            (true, false) => Stand::Behind,
        };
        goes_on = Some(range.end).filter(|_| !ends_line);
        match remarks.last_mut().filter(|_| is_joined) {
            Some(last) => last.join(Remark { stand, text: written.to_owned(), range }),
            None => remarks.push(Remark { stand, text: written.to_owned(), range }),
        }
    }
    remarks
}

/// Whether a blank line is between two words; `between` is what stands there, without comments.
pub(super) fn has_blank_line(between: &str) -> bool {
    let mut breaks = 0;
    let mut bytes = between.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\n' => breaks += 1,
            b'\r' if bytes.peek() != Some(&b'\n') => breaks += 1,
            b' ' | b'\t' | b'\r' => {}
            _ => breaks = 0,
        }
        if breaks == 2 {
            return true;
        }
    }
    false
}

/// How the first line of the text ends, if it has several. Lines of comments do not count: they are printed as they are.
pub(super) fn line_ending(text: &str, comments: &[Span]) -> Option<&'static str> {
    let starts = comments.iter().map(|comment| comment.start as usize).chain([text.len()]);
    let ends = std::iter::once(0).chain(comments.iter().map(|comment| comment.end as usize));
    let at = ends.zip(starts).find_map(|(from, to)| Some(from + text.get(from..to)?.find('\n')?))?;
    Some(if text[..at].ends_with('\r') { "\r\n" } else { "\n" })
}
