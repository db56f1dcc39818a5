//! `tripline fmt`: EQL in one style.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use host_runner::rules::{self, RuleFiles};
use rule_core::{Diagnostic, Level, Limits, Source, format_rule};
use serde::Serialize;

use crate::args::{FmtArgs, FmtOutput};
use crate::{Outcome, diff, render};

/// What became of the files, and what `--output json` prints.
#[derive(Default, Serialize)]
struct Report {
    files: Vec<File>,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Serialize)]
struct File {
    path: String,
    status: Status,
    /// Why it is left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// With `--check`, what would change.
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<String>,
    /// Of standard input, the text formatted.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    /// It was written again; of standard input, it is printed.
    Formatted,
    /// It would be, but for `--check`.
    Different,
    Unchanged,
    /// It has no EQL query, or is of a kind that is only read.
    LeftAlone,
    /// It has errors.
    Failed,
}

pub fn run(args: &FmtArgs) -> Result<Outcome> {
    let limits = args.limits.limits();
    let dash = Path::new("-");
    let is_stdin = args.paths.iter().any(|path| path == dash);
    if is_stdin && args.paths.len() > 1 {
        bail!("standard input (`-`) is formatted to standard output, so it cannot be named beside files");
    }
    let RuleFiles { sources, diagnostics } =
        if is_stdin { stdin(&limits)? } else { rules::read(&args.paths, &limits)? };
    let mut report = Report::default();
    for diagnostic in diagnostics {
        report.files.push(File::new(&diagnostic.path, Status::Failed));
        fail(&mut report, vec![diagnostic], args, &sources)?;
    }
    for source in &sources {
        file(source, is_stdin, args, &limits, &sources, &mut report)?;
    }
    match args.output {
        FmtOutput::Human if is_stdin => {}
        FmtOutput::Human => totals(&mut anstream::stderr(), &report)?,
        FmtOutput::Json => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            serde_json::to_writer_pretty(&mut out, &report)?;
            writeln!(out)?;
            out.flush()?;
        }
    }
    let bad = |file: &File| matches!(file.status, Status::Failed | Status::Different);
    Ok(if report.files.iter().any(bad) { Outcome::Failed } else { Outcome::Done })
}

fn stdin(limits: &Limits) -> Result<RuleFiles> {
    let mut bytes = Vec::new();
    // One byte over the limit is enough for the core to say that the text is too large.
    let most = u64::from(limits.max_rule_bytes) + 1;
    io::stdin().lock().take(most).read_to_end(&mut bytes).context("cannot read standard input")?;
    let text = String::from_utf8(bytes).context("standard input is not UTF-8")?;
    Ok(RuleFiles { sources: vec![Source { path: "<stdin>".into(), text }], ..RuleFiles::default() })
}

impl File {
    fn new(path: &str, status: Status) -> Self {
        File { path: path.to_owned(), status, reason: None, diff: None, text: None }
    }
}

/// Formats one file and says so.
fn file(
    source: &Source,
    is_stdin: bool,
    args: &FmtArgs,
    limits: &Limits,
    sources: &[Source],
    report: &mut Report,
) -> Result<()> {
    let is_human = args.output == FmtOutput::Human;
    let mut file = File::new(&source.path, Status::Unchanged);
    let mut out = anstream::stdout().lock();
    let text = match format_rule(source, limits) {
        Ok(text) => {
            let changes = text != source.text;
            if changes && args.check {
                file.status = Status::Different;
                let for_people = is_human && io::stdout().is_terminal();
                let diff = diff::unified(&source.path, &source.text, &text, for_people);
                if is_human { out.write_all(diff.as_bytes())? } else { file.diff = Some(diff) }
            } else if changes {
                file.status = Status::Formatted;
            }
            text
        }
        Err(found) if found.iter().all(|diagnostic| diagnostic.level != Level::Error) => {
            file.status = Status::LeftAlone;
            file.reason = found.into_iter().next().map(|diagnostic| diagnostic.message);
            source.text.clone()
        }
        Err(found) => {
            file.status = Status::Failed;
            report.files.push(file);
            return fail(report, found, args, sources);
        }
    };
    if is_stdin && !args.check {
        if is_human { out.write_all(text.as_bytes())? } else { file.text = Some(text) }
    } else if file.status == Status::Formatted {
        write(&source.path, &text)?;
        if is_human {
            writeln!(out, "formatted {}", crate::output::clean(&source.path))?;
        }
    }
    report.files.push(file);
    Ok(())
}

/// Shows or keeps what is wrong with a file.
fn fail(report: &mut Report, found: Vec<Diagnostic>, args: &FmtArgs, sources: &[Source]) -> Result<()> {
    if args.output == FmtOutput::Human {
        for diagnostic in &found {
            let mut out = anstream::stderr().lock();
            render::diagnostic(&mut out, diagnostic, sources)?;
            writeln!(out)?;
        }
    }
    report.diagnostics.extend(found);
    Ok(())
}

/// Into the file that is there, which keeps its owner, its permissions and its links.
fn write(path: &str, text: &str) -> Result<()> {
    let file = OpenOptions::new().write(true).truncate(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| format!("cannot write {path}"))
}

fn totals(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let count = |status| report.files.iter().filter(|file| file.status == status).count();
    let mut parts = vec![
        (count(Status::Formatted), "formatted"),
        (count(Status::Different), "to format"),
        (count(Status::Unchanged), "unchanged"),
        (count(Status::LeftAlone), "left alone"),
        (count(Status::Failed), "failed"),
    ];
    parts.retain(|(count, _)| *count > 0);
    let parts: Vec<_> = parts.iter().map(|(count, what)| format!("{count} {what}")).collect();
    writeln!(out, "{} files: {}", report.files.len(), parts.join(", "))?;
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in report.files.iter().filter_map(|file| file.reason.as_deref()) {
        *reasons.entry(reason).or_default() += 1;
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (reason, count) in reasons {
        writeln!(out, "{count:>7} left alone: {reason}")?;
    }
    Ok(())
}
