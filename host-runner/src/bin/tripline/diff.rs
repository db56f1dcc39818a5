//! Two texts as a unified diff.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use crate::output::clean;

const REMOVED: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
const ADDED: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const PLACE: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));
const BOLD: Style = Style::new().bold();

/// How long to look for the smallest diff; after that a correct one is enough.
const PATIENCE: Duration = Duration::from_secs(1);

/// What turns one text of a file into the other, as `patch` takes it. For people it has colours, and nothing in it can
/// steer a terminal.
pub fn unified(path: &str, before: &str, after: &str, for_people: bool) -> String {
    let mut out = String::new();
    line(&mut out, BOLD, "--- ", path, for_people);
    line(&mut out, BOLD, "+++ ", path, for_people);
    out + &hunks(before, after, for_people)
}

/// The same without the lines that name the file.
pub fn hunks(before: &str, after: &str, for_people: bool) -> String {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    let mut out = String::new();
    let mut line = |style: Style, sign: &str, text: &str| line(&mut out, style, sign, text, for_people);
    for hunk in diff.unified_diff().iter_hunks() {
        line(PLACE, "", &hunk.header().to_string());
        for change in hunk.iter_changes() {
            let (style, sign) = match change.tag() {
                ChangeTag::Delete => (REMOVED, "-"),
                ChangeTag::Insert => (ADDED, "+"),
                ChangeTag::Equal => (Style::new(), " "),
            };
            line(style, sign, change.value().strip_suffix('\n').unwrap_or(change.value()));
            if change.missing_newline() {
                line(Style::new(), "", "\\ No newline at end of file");
            }
        }
    }
    out
}

fn line(out: &mut String, style: Style, sign: &str, text: &str, for_people: bool) {
    if for_people {
        // A tab steers nothing but the cursor.
        let text: Vec<_> = text.trim_end_matches('\r').split('\t').map(clean).collect();
        out.push_str(&format!("{style}{sign}{}{style:#}\n", text.join("\t")));
    } else {
        out.push_str(&format!("{sign}{text}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn what_patch_takes() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh\r\ni";
        let after = "a\nb\nc\nd\nE\nf\ng\nh\r\ni\n";
        let expected =
            "--- x\n+++ x\n@@ -2,8 +2,8 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\r\n-i\n\\ No newline at end of file\n+i\n";
        assert_eq!(unified("x", before, after, false), expected);
    }

    #[test]
    fn strangers_cannot_drive_the_terminal() {
        let diff = unified("x", "\u{1b}[2J\tb\r\n", "", true);
        assert!(diff.contains("-\\u{1b}[2J\tb\u{1b}["), "{diff:?}");
    }
}
