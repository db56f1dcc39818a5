//! `tripline test`: the tests beside rules.

mod show;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use host_runner::Engine;
use host_runner::testing::{self, FileReport, Library, Report, TestOptions, Tester, Watched};
use rule_core::CompileOptions;
use serde::Serialize;

use crate::args::{TestArgs, TestOutput};
use crate::{Outcome, output, setup};
use show::View;

/// How often files are looked at with `--watch`. Two looks that agree are needed: an editor may be still writing.
const LOOK: Duration = Duration::from_millis(250);

pub fn run(args: &TestArgs) -> Result<Outcome> {
    if args.watch && args.output != TestOutput::Human {
        bail!("--watch prints for people: it goes with `--output human` only");
    }
    let (mapping, limits) = (setup::mapping(args.mapping.as_deref())?, args.limits.limits());
    let compile = CompileOptions { mapping, limits, ..CompileOptions::default() };
    let options = TestOptions {
        compile: args.deployment.files().read(compile)?,
        instance: args.engine.sandbox.instance_limits(),
        max_test_bytes: args.max_test_bytes,
        filter: args.filter.clone(),
        coverage: args.coverage.is_some(),
        fail_fast: args.fail_fast,
    };
    let engine = setup::engine_of(args.engine.kind(), &args.engine.sandbox)?;
    let terminal = io::stdout().is_terminal();
    let width = args.width.map_or_else(|| if terminal { output::width() } else { 100 }, usize::from);
    let command = Command { args, options, engine, view: View { width, quiet: args.filter.is_some() } };
    if args.watch { command.watch(terminal) } else { command.once() }
}

struct Command<'a> {
    args: &'a TestArgs,
    options: TestOptions,
    engine: Engine,
    view: View,
}

impl Command<'_> {
    fn once(&self) -> Result<Outcome> {
        let found = testing::find(&self.args.paths)?;
        let tester = self.tester();
        let mut files = Vec::new();
        let is_human = self.args.output == TestOutput::Human;
        for path in &found.tests {
            let file = tester.run(path);
            if is_human {
                self.view.file(&mut anstream::stdout().lock(), &file)?;
            }
            let stop = self.args.fail_fast && !file.is_good();
            files.push(file);
            if stop {
                break;
            }
        }
        let report = Report::new(files, &found.untested);
        if let Some(filter) = self.args.filter.as_ref().filter(|_| report.totals.is_empty()) {
            bail!("no test and no rule has `{filter}` in its name");
        }
        match self.args.output {
            TestOutput::Human => self.view.end(&mut anstream::stdout().lock(), &report, self.args.fail_fast)?,
            TestOutput::Json => write_json(io::stdout().lock(), &report)?,
            TestOutput::Junit => io::stdout().lock().write_all(testing::junit(&report).as_bytes())?,
        }
        if let Some(Some(path)) = &self.args.coverage {
            let error = || format!("cannot write {}", path.display());
            write_json(File::create(path).with_context(error)?, &report.coverage).with_context(error)?;
        }
        Ok(if report.totals.is_good() { Outcome::Done } else { Outcome::Failed })
    }

    fn tester(&self) -> Tester<'_> {
        let library = Library::new(&self.args.paths, &self.options.compile.limits);
        Tester { engine: &self.engine, options: &self.options, library }
    }

    /// Runs what changed, again and again. Ends with the process.
    fn watch(&self, terminal: bool) -> Result<Outcome> {
        let mut reports: Vec<FileReport> = Vec::new();
        let mut seen = Watched::default();
        let mut rules: Vec<PathBuf> = Vec::new();
        loop {
            // Also what was added since. While a file is replaced it may be gone for a moment.
            let found = match testing::find(&self.args.paths) {
                Err(_) if seen != Watched::default() => {
                    std::thread::sleep(LOOK);
                    continue;
                }
                found => found?,
            };
            reports.retain(|report| report.inputs.first().is_some_and(|test| found.tests.contains(test)));
            let now = self.look(&found.tests, &found.untested, &reports);
            if found.untested != rules {
                // A rule that came may be the one that a test lacked.
                reports.retain(|report| report.error.is_none());
                rules.clone_from(&found.untested);
            }
            let stale: Vec<PathBuf> =
                now.stale(&seen, &found.tests, &reports).into_iter().map(Path::to_owned).collect();
            if stale.is_empty() {
                std::thread::sleep(LOOK);
                continue;
            }
            if seen != Watched::default() {
                std::thread::sleep(LOOK);
                if self.look(&found.tests, &found.untested, &reports) != now {
                    continue;
                }
            }
            let tester = self.tester();
            // Looked at before they are read: what changes meanwhile is seen by the next look.
            let inputs: Vec<PathBuf> = stale.iter().flat_map(|path| tester.inputs(path)).collect();
            seen = now.or(Watched::look(inputs.iter().map(PathBuf::as_path)));
            reports.retain(|report| !report.inputs.first().is_some_and(|test| stale.contains(test)));
            reports.extend(stale.iter().map(|path| tester.run(path)));
            reports.sort_by_key(|report| found.tests.iter().position(|test| report.inputs.first() == Some(test)));
            let report = Report::new(reports.clone(), &found.untested);
            let mut out = anstream::stdout().lock();
            if terminal {
                write!(out, "\x1b[2J\x1b[H")?;
            }
            for file in &report.files {
                self.view.file(&mut out, file)?;
            }
            self.view.end(&mut out, &report, false)?;
            writeln!(out, "{}waiting for changes; Ctrl-C ends{:#}", output::DIM, output::DIM)?;
            out.flush()?;
        }
    }

    fn look(&self, tests: &[PathBuf], rules: &[PathBuf], reports: &[FileReport]) -> Watched {
        let inputs = reports.iter().flat_map(|report| &report.inputs);
        Watched::look(tests.iter().chain(rules).chain(inputs).map(PathBuf::as_path))
    }
}

fn write_json(out: impl Write, value: &impl Serialize) -> Result<()> {
    let mut out = BufWriter::new(out);
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(out.flush()?)
}
