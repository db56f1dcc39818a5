//! From rows to lines: columns, colours, and what is too long.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use super::tree::{Mark, Row, Tone, Word, WordKind};
use crate::output::{BOLD, DIM, RED, YELLOW, clean, cut};

const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(colour)))
}

pub const GREEN: Style = colour(AnsiColor::Green).bold();
const CYAN: Style = colour(AnsiColor::Cyan);
pub const PASSING: Style = colour(AnsiColor::Green);
pub const FAILING: Style = colour(AnsiColor::Red);

/// Narrower than this, what was found stands below the source and not beside it.
const BESIDE: usize = 72;
/// However narrow the terminal is, texts and values are not cut shorter than this.
const MIN_TEXT: usize = 16;
const MIN_VALUE: usize = 8;
/// Between the columns.
const GAP: usize = 2;

/// The sign of a truth and its colour.
pub fn sign(mark: Mark) -> (&'static str, Style) {
    match mark {
        Mark::True => ("✓", GREEN),
        Mark::False => ("✗", RED),
        Mark::Null(true) => ("–", GREEN),
        Mark::Null(false) => ("–", RED),
        Mark::Undecided => ("?", YELLOW),
        Mark::Value => ("=", DIM),
    }
}

/// Text in a style; nothing at all for no text.
pub fn styled(text: &str, style: Style) -> String {
    if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") }
}

/// Writes rows in two columns: the source, and what was found.
pub fn rows(out: &mut dyn Write, rows: &[Row], indent: usize, width: usize, full: bool) -> io::Result<()> {
    let beside = width >= BESIDE;
    let start = |row: &Row| indent + row.lead.width() + 2;
    // Rows with nothing at the right do not push the column away; what is found has half of the width if it needs that.
    let beside_rows = || rows.iter().filter(|row| !row.right.is_empty());
    let left = beside_rows().map(|row| start(row) + plain(&row.text).width()).max().unwrap_or(0);
    let found = |row: &Row| row.right.iter().map(|word| plain(&word.text).width() + 2).sum::<usize>();
    let right = beside_rows().map(found).max().unwrap_or(0).min(width / 2);
    let column = left.min(width.saturating_sub(right + GAP));
    let margin = " ".repeat(indent);
    for row in rows {
        let start = start(row);
        let alone = row.right.is_empty() || !beside;
        let room = if alone { width } else { column }.saturating_sub(start).max(MIN_TEXT);
        let text = plain(&row.text);
        let left = if full { wrap(&text, room) } else { vec![cut(&text, room)] };
        let right = match beside {
            true => words(&row.right, width.saturating_sub(column + GAP).max(MIN_TEXT), full),
            false => Vec::new(),
        };
        let (sign, sign_style) = sign(row.mark);
        let sign_style = if row.tone == Tone::Faint { faint(sign_style) } else { sign_style };
        for at in 0..left.len().max(right.len()) {
            let line = left.get(at).map_or("", String::as_str);
            let (lead, sign) = if at == 0 { (&row.lead, sign) } else { (&row.below, " ") };
            write!(out, "{margin}{}{}", styled(lead, DIM), styled(sign, sign_style))?;
            if !line.is_empty() {
                write!(out, " {}", styled(line, style(row)))?;
            }
            if let Some(found) = right.get(at) {
                // The space before the text is there only with a text.
                let used = start + line.width() - usize::from(line.is_empty());
                write!(out, "{}", " ".repeat((column + GAP).saturating_sub(used)))?;
                write_words(out, found, row.tone)?;
            }
            writeln!(out)?;
        }
        if !beside {
            for found in words(&row.right, width.saturating_sub(start + 2).max(MIN_TEXT), full) {
                write!(out, "{margin}{}    ", styled(&row.below, DIM))?;
                write_words(out, &found, row.tone)?;
                writeln!(out)?;
            }
        }
        notes(out, row, &margin, width)?;
    }
    Ok(())
}

fn notes(out: &mut dyn Write, row: &Row, margin: &str, width: usize) -> io::Result<()> {
    let style = if row.tone == Tone::Faint { DIM } else { CYAN };
    let start = margin.len() + row.below.width() + 4;
    for note in &row.notes {
        for (at, line) in wrap(&plain(note), width.saturating_sub(start).max(MIN_TEXT)).iter().enumerate() {
            let arrow = if at == 0 { "↳" } else { " " };
            writeln!(out, "{margin}{}  {}", styled(&row.below, DIM), styled(&format!("{arrow} {line}"), style))?;
        }
    }
    Ok(())
}

/// One line that cannot drive the terminal.
pub fn plain(text: &str) -> String {
    clean(&text.replace(['\n', '\t'], " "))
}

fn style(row: &Row) -> Style {
    match row.tone {
        Tone::Strong => BOLD,
        Tone::Plain if row.said => DIM,
        Tone::Plain => Style::new(),
        Tone::Faint => DIM,
    }
}

/// Words in lines of at most `room`: as many as fit into one, and how many do not, or with `full` all of them.
fn words(words: &[Word], room: usize, full: bool) -> Vec<Vec<Word>> {
    if full {
        return all_words(words, room);
    }
    let mut line: Vec<Word> = Vec::new();
    let mut used = 0;
    for (at, word) in words.iter().enumerate() {
        let text = plain(&word.text);
        let separator = if at > 0 { 2 } else { 0 };
        // Room for what says how many are left out.
        let after = if at + 1 < words.len() { "  +99 more".len() } else { 0 };
        let left = room.saturating_sub(used + separator);
        if at > 0 && text.width() + after > left.max(MIN_VALUE) {
            line.push(Word { text: format!("+{} more", words.len() - at), kind: WordKind::Said });
            break;
        }
        let text = cut(&text, left.saturating_sub(after).max(MIN_VALUE));
        used += separator + text.width();
        line.push(Word { text, kind: word.kind });
    }
    if line.is_empty() { Vec::new() } else { vec![line] }
}

fn all_words(words: &[Word], room: usize) -> Vec<Vec<Word>> {
    let mut lines: Vec<Vec<Word>> = Vec::new();
    let mut used = usize::MAX;
    for word in words {
        for part in wrap(&plain(&word.text), room) {
            let width = part.width();
            if used.saturating_add(2 + width) > room {
                lines.push(Vec::new());
                used = 0;
            }
            used += width + if used > 0 { 2 } else { 0 };
            if let Some(line) = lines.last_mut() {
                line.push(Word { text: part, kind: word.kind });
            }
        }
    }
    lines
}

fn write_words(out: &mut dyn Write, words: &[Word], tone: Tone) -> io::Result<()> {
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            write!(out, "{}", styled(", ", DIM))?;
        }
        let style = match (word.kind, tone) {
            (WordKind::Said, _) => DIM,
            (WordKind::Passing, _) => PASSING,
            (WordKind::Failing, _) => FAILING,
            (WordKind::Missing, _) => YELLOW,
            (WordKind::Value, Tone::Strong) => BOLD,
            (WordKind::Value, _) => Style::new(),
        };
        let style = if tone == Tone::Faint { faint(style) } else { style };
        write!(out, "{}", styled(&word.text, style))?;
    }
    Ok(())
}

/// The same colour, but dim and not bold.
fn faint(style: Style) -> Style {
    Style::new().fg_color(style.get_fg_color()).dimmed()
}

/// Lines of at most `width` columns, broken between words where that is possible.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        let mut rest = word;
        if used > 0 && used + rest.trim_end().width() > width {
            lines.push(String::new());
            used = 0;
        }
        // A word that is longer than a line is broken anywhere.
        while rest.trim_end().width() > width {
            let at = rest
                .char_indices()
                .map(|(at, _)| at)
                .take_while(|at| rest[..*at].width() <= width)
                .last()
                .filter(|at| *at > 0)
                .unwrap_or_else(|| rest.chars().next().map_or(rest.len(), char::len_utf8));
            let (head, tail) = rest.split_at(at);
            if let Some(line) = lines.last_mut() {
                line.push_str(head);
            }
            used = width;
            if !tail.trim_end().is_empty() {
                lines.push(String::new());
                used = 0;
            }
            rest = tail;
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(rest);
        }
        used += rest.width();
    }
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_or_anywhere() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("one", 8), ["one"]);
        assert_eq!(wrap("", 8), [""]);
        assert_eq!(wrap("a 0123456789 b", 4), ["a", "0123", "4567", "89 b"]);
        assert_eq!(wrap("漢字漢字", 4), ["漢字", "漢字"]);
        assert_eq!(wrap("漢字", 1), ["漢", "字"]);
    }

    #[test]
    fn values_that_do_not_fit_are_counted() {
        let word = |text: &str| Word { text: text.into(), kind: WordKind::Value };
        let shown = |room, full| -> Vec<String> {
            let all = [word("\"one\""), word("\"two\""), word("\"three\"")];
            let lines = words(&all, room, full);
            lines.iter().map(|line| line.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(", ")).collect()
        };
        assert_eq!(shown(40, false), [r#""one", "two", "three""#]);
        assert_eq!(shown(22, false), [r#""one", "two", "three""#]);
        assert_eq!(shown(21, false), [r#""one", +2 more"#]);
        assert_eq!(shown(12, true), [r#""one", "two""#, r#""three""#]);
    }
}
