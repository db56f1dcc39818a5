//! A query and where each of its bytes stands in the file.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Span};

/// A query as the parser reads it, without white space around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryText {
    /// The text, with the escapes of the file's format undone.
    pub text: String,
    /// From the text back to the file.
    pub map: TextMap,
}

impl QueryText {
    /// The query that stands in the file as it is.
    pub(super) fn verbatim(file: &str, range: Range<usize>) -> QueryText {
        let mut map = TextMap::default();
        let text = file.get(range.clone()).unwrap_or_default();
        map.verbatim(0, range.start, text.len());
        QueryText { text: text.to_owned(), map }.trimmed()
    }

    /// Moves a diagnostic of the query to its place in the file.
    pub fn place(&self, diagnostic: &mut Diagnostic) {
        for label in &mut diagnostic.labels {
            label.span = self.map.span(label.span);
        }
        if let Some(suggestion) = &mut diagnostic.suggestion {
            suggestion.span = self.map.span(suggestion.span);
        }
    }

    /// Without the white space around it.
    pub(super) fn trimmed(mut self) -> QueryText {
        let end = self.text.trim_end().len();
        let start = (self.text.len() - self.text.trim_start().len()).min(end);
        self.map.cut(start as u32..end as u32);
        self.text.truncate(end);
        self.text.drain(..start);
        self
    }
}

/// Maps byte ranges of a query to byte ranges of the file that it was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextMap {
    /// Ordered and without gaps in the query; between them the file has what the query leaves out.
    pieces: Vec<Piece>,
}

/// A stretch of the query. Where both lengths are the same it is written in the file as it is, else as an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    query: u32,
    query_len: u32,
    file: u32,
    file_len: u32,
}

impl Piece {
    fn is_verbatim(&self) -> bool {
        self.query_len == self.file_len
    }
}

impl TextMap {
    /// `len` bytes that are the same in both.
    pub(super) fn verbatim(&mut self, query: usize, file: usize, len: usize) {
        self.push(Piece { query: query as u32, query_len: len as u32, file: file as u32, file_len: len as u32 });
    }

    /// `query_len` bytes of the query that take `file_len` bytes in the file.
    pub(super) fn escape(&mut self, query: usize, query_len: usize, file: usize, file_len: usize) {
        self.push(Piece {
            query: query as u32,
            query_len: query_len as u32,
            file: file as u32,
            file_len: file_len as u32,
        });
    }

    fn push(&mut self, piece: Piece) {
        match self.pieces.last_mut() {
            Some(last) if last.is_verbatim() && piece.is_verbatim() && last.file + last.file_len == piece.file => {
                last.query_len += piece.query_len;
                last.file_len += piece.file_len;
            }
            _ => self.pieces.push(piece),
        }
    }

    /// Keeps a range of the query and counts from its start.
    fn cut(&mut self, range: Range<u32>) {
        let mut kept = Vec::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            let start = piece.query.max(range.start);
            let end = (piece.query + piece.query_len).min(range.end);
            // An empty query still has its place in the file.
            let is_all = range.is_empty() && kept.is_empty() && piece.query + piece.query_len >= range.start;
            if start < end || is_all {
                let mut piece = *piece;
                if piece.is_verbatim() {
                    let end = end.max(start);
                    piece.file += start - piece.query;
                    (piece.query_len, piece.file_len) = (end - start, end - start);
                }
                piece.query = start - range.start;
                kept.push(piece);
            }
        }
        self.pieces = kept;
    }

    /// The range of the file that a range of the query was read from. What the query leaves out between two places
    /// (an escaped line break and its indentation) belongs to neither.
    pub fn span(&self, in_query: Span) -> Span {
        let (Some(first), Some(last)) = (self.pieces.first(), self.pieces.last()) else {
            return Span::default();
        };
        let end_of_query = last.query + last.query_len;
        let start = in_query.start.min(end_of_query);
        let end = in_query.end.clamp(start, end_of_query);
        if end == start {
            let piece = self.piece(start).unwrap_or(*last);
            let file = match () {
                () if piece.is_verbatim() => piece.file + (start - piece.query).min(piece.file_len),
                () if start >= piece.query + piece.query_len => piece.file + piece.file_len,
                () => piece.file,
            };
            return Span::new(file, file);
        }
        let head = self.piece(start).unwrap_or(*first);
        let tail = self.piece(end - 1).unwrap_or(*last);
        let from = head.file + if head.is_verbatim() { start - head.query } else { 0 };
        let to = tail.file + if tail.is_verbatim() { end - tail.query } else { tail.file_len };
        Span::new(from, to)
    }

    /// The piece that holds this byte of the query.
    fn piece(&self, at: u32) -> Option<Piece> {
        let next = self.pieces.partition_point(|piece| piece.query <= at);
        self.pieces.get(next.checked_sub(1)?).copied().filter(|piece| at < piece.query + piece.query_len)
    }
}
