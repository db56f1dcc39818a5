//! Text with possible line breaks to lines, after Wadler and Oppen: a group that fits is one line, else all its breaks
//! are taken; a fill takes only those that it must.

use std::borrow::Cow;

/// What the printer writes.
#[derive(Clone, Debug)]
pub(super) enum Op<'a> {
    /// Never broken.
    Text(Cow<'a, str>),
    /// A comment at the end of a line or on lines of its own: however long it is, it moves nothing.
    Comment(String),
    /// Where a line may end.
    Break(Break),
    /// Begins a group or fill.
    Open(Frame),
    /// Ends it.
    Close,
    /// Lines that begin from here on stand two columns further to the right.
    Indent,
    /// Ends that.
    Dedent,
}

/// A place between two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Break {
    /// What stands there when the line goes on.
    pub flat: &'static str,
    /// When the line ends here.
    pub when: When,
    /// Whether a blank line of the author's may stay here.
    pub keeps_blank: bool,
    /// A blank line follows if the line ends here.
    pub blank: bool,
}

/// When a line ends at a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Never.
    Never,
    /// If its group does not fit.
    Needed,
    /// Always; no group around it fits.
    Always,
}

/// How the breaks directly inside are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// All or none.
    Group,
    /// As many as are needed to stay within the width.
    Fill,
}

/// Columns that a line should not exceed.
const WIDTH: usize = 100;

/// The lines, without a line break at the end. `eol` ends the others.
pub(super) fn lay_out(ops: &[Op], eol: &str) -> String {
    let mut layout = Layout {
        ops,
        broken: must_break(ops),
        frames: Vec::new(),
        out: String::new(),
        eol,
        column: 0,
        indent: 0,
        lines: 0,
        at_start: true,
    };
    for at in 0..ops.len() {
        layout.op(at);
    }
    layout.out
}

/// For each `Open`, whether a line must end inside.
fn must_break(ops: &[Op]) -> Vec<bool> {
    let mut broken = vec![false; ops.len()];
    let mut open = Vec::new();
    for (at, op) in ops.iter().enumerate() {
        match op {
            Op::Open(_) => open.push(at),
            Op::Break(Break { when: When::Always, .. }) => {
                if let Some(&frame) = open.last() {
                    broken[frame] = true;
                }
            }
            Op::Close => {
                let inner = open.pop().is_some_and(|frame| broken[frame]);
                if let (true, Some(&outer)) = (inner, open.last()) {
                    broken[outer] = true;
                }
            }
            _ => {}
        }
    }
    broken
}

struct OpenFrame {
    kind: Frame,
    /// All on one line.
    flat: bool,
    /// The line on which the current item of a fill began.
    item: usize,
}

struct Layout<'o, 'a> {
    ops: &'o [Op<'a>],
    broken: Vec<bool>,
    frames: Vec<OpenFrame>,
    out: String,
    eol: &'o str,
    column: usize,
    indent: usize,
    lines: usize,
    /// Nothing stands on the line yet, not even its indentation, which is `column`.
    at_start: bool,
}

impl Layout<'_, '_> {
    fn op(&mut self, at: usize) {
        let ops = self.ops;
        match &ops[at] {
            Op::Text(text) => self.write(text),
            Op::Comment(text) => self.write(text),
            Op::Break(place) => self.place(*place, at),
            Op::Open(kind) => {
                let flat_around = self.frames.last().is_some_and(|frame| frame.flat);
                let flat = flat_around || (*kind == Frame::Group && !self.broken[at] && self.fits(at + 1, 1, 0));
                self.frames.push(OpenFrame { kind: *kind, flat, item: self.lines });
            }
            Op::Close => drop(self.frames.pop()),
            Op::Indent => self.indent += 2,
            Op::Dedent => self.indent = self.indent.saturating_sub(2),
        }
    }

    fn write(&mut self, text: &str) {
        if self.at_start {
            self.out.extend(std::iter::repeat_n(' ', self.column));
            self.at_start = false;
        }
        self.out.push_str(text);
        self.column += columns(text);
    }

    fn place(&mut self, place: Break, at: usize) {
        let ends = match (place.when, self.frames.last()) {
            (When::Never, _) => false,
            (When::Always, _) | (_, None) => true,
            (_, Some(frame)) if frame.flat => false,
            (_, Some(frame)) if frame.kind == Frame::Group => true,
            (_, Some(frame)) => place.blank || frame.item != self.lines || !self.fits(at + 1, 0, columns(place.flat)),
        };
        if ends {
            self.out.push_str(self.eol);
            if place.blank {
                self.out.push_str(self.eol);
            }
            self.lines += 1;
            self.at_start = true;
            self.column = self.indent;
        } else {
            self.write(place.flat);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.item = self.lines;
        }
    }

    /// Whether what follows fits on the line, behind a gap, up to the first place where the line can end: with `inside` 1
    /// behind the group that begins here, with 0 behind the item of the fill that begins here.
    fn fits(&self, from: usize, inside: usize, gap: usize) -> bool {
        let Some(mut left) = WIDTH.checked_sub(self.column + gap) else { return false };
        // Frames opened on the way, all of them flat, and how many of those around have been left.
        let mut opened = inside;
        let mut closed = 0;
        for (at, op) in self.ops.iter().enumerate().skip(from) {
            let width = match op {
                Op::Text(text) => columns(text),
                Op::Break(place) if opened > 0 => {
                    // Only reached behind the group or item that is tried.
                    if place.when == When::Always {
                        return false;
                    }
                    columns(place.flat)
                }
                Op::Break(place) => {
                    let flat = self.frames.iter().rev().nth(closed).is_some_and(|frame| frame.flat);
                    if place.when == When::Always || (place.when == When::Needed && !flat) {
                        return true;
                    }
                    columns(place.flat)
                }
                Op::Open(_) => {
                    // What must break behind the group that is tried can begin on this line.
                    if opened == 0 && inside == 1 && self.broken[at] {
                        return true;
                    }
                    opened += 1;
                    0
                }
                Op::Close => {
                    if opened > 0 {
                        opened -= 1;
                    } else {
                        closed += 1;
                    }
                    0
                }
                Op::Comment(_) | Op::Indent | Op::Dedent => 0,
            };
            match left.checked_sub(width) {
                Some(rest) => left = rest,
                None => return false,
            }
        }
        true
    }
}

/// How many columns a text takes: one for each character.
fn columns(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}
