//! What the command line looks like.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use host_runner::normalisers::Normalise;
use host_runner::{Cache, Deployment, EngineKind, InstanceLimits, WasmOptions, testing, units};
use rule_core::{Limits, ResultPosition};

use crate::rules::args::RulesCommand;

/// Evaluates detection rules where the events are born.
#[derive(Debug, Parser)]
#[command(
    name = "tripline",
    version = version(),
    propagate_version = false,
    max_term_width = 110,
    after_help = "Exit status: 0 done, 1 the thing asked about failed (a rule has an error, a limit was exceeded), 2 usage or I/O.\n\
                  Colour follows the terminal; NO_COLOR=1 turns it off."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

fn version() -> String {
    let module = host_runner::module_sha256().unwrap_or("none in this build: run `cargo xtask module` and build again");
    format!("{}\nmodule sha256: {module}", host_runner::VERSION)
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Evaluate rules over events and print alerts.
    Eval(EvalArgs),
    /// Run one EQL query over events, like Elasticsearch's EQL search API.
    Search(SearchArgs),
    /// Check rules and show what is wrong with them.
    Check(CheckArgs),
    /// Explain why a rule matches events or does not, node by node.
    Explain(ExplainArgs),
    /// Run the tests that stand beside rules, NAME.test.yaml.
    Test(TestArgs),
    /// Measure how fast rules run on events, and which cost most.
    Bench(BenchArgs),
    /// Write EQL queries, in rule files too, in one style.
    Fmt(FmtArgs),
    /// Show raw records as the events that rules see, and list the sources that are known.
    Normalise(NormaliseArgs),
    /// Look at a rule set: list, show, fields, ATT&CK coverage, differences.
    Rules(RulesCommand),
    /// Run the collector: tenants with their own rules, fed over standard input, TCP or HTTP.
    Run(RunArgs),
    /// Serve the playground from this binary.
    Playground(PlaygroundArgs),
    /// Write a WebAssembly module with rules inside it, for Fluent Bit.
    Embed(EmbedArgs),
    /// Print the JSON Schema of what Tripline writes.
    Schema(SchemaArgs),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline eval --rules rules/ --events events.ndjson
  tripline eval --rules rule.toml --events day1.ndjson.gz day2.ndjson.zst --output ndjson > alerts.ndjson
  tail -F events.ndjson | tripline eval --rules rules/ --events - --lateness 10s")]
pub struct EvalArgs {
    #[command(flatten)]
    pub rules: RulesArgs,
    #[command(flatten)]
    pub events: EventsArgs,
    /// What to print [default: table on a terminal, otherwise ndjson]
    #[arg(short, long, value_enum)]
    pub output: Option<EvalOutput>,
    /// Put investigation guides (`kibana.alert.rule.note`) and other long texts into alerts.
    #[arg(long)]
    pub notes: bool,
    /// How much later an event may come than one that happened after it, and still take its place in a sequence, such as `30s`
    /// [default: any; sequences are then told at the end]. While standard input is silent, event time goes on with the clock
    #[arg(long, value_name = "DURATION", value_parser = units::any_duration)]
    pub lateness: Option<Duration>,
    /// The index or data stream of events that do not say theirs, for rules with index patterns, such as
    /// `logs-system.auth-default` [default: such events are for every rule]
    #[arg(long, value_name = "NAME")]
    pub index: Option<String>,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EvalOutput {
    /// A line per alert and a summary, for people.
    Table,
    /// One alert document per line.
    Ndjson,
    /// One OCSF Detection Finding per line.
    Ocsf,
    /// One document with the report on the rules, matches, alerts and rejected events.
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline schema alert > alert.schema.json")]
pub struct SchemaArgs {
    /// What to describe
    #[arg(value_enum)]
    pub of: Described,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Described {
    /// An alert document, as `eval --output ndjson` and the collector write it.
    Alert,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline search 'process where process.name == \"bash\"' --events events.ndjson
  tripline search -f query.eql --events a.ndjson b.ndjson.gz --size 100 --result-position head
  tripline search 'any where user.id == 0' --events - --output table < events.ndjson
  tripline search 'sequence by host.id with maxspan=1m [process where true] [file where true]' --events events.ndjson")]
pub struct SearchArgs {
    /// The query.
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub query: Option<String>,
    /// Read the query from a file (`-` is standard input).
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub events: EventsArgs,
    /// The field that orders events.
    #[arg(long, value_name = "FIELD", default_value = "@timestamp")]
    pub timestamp_field: String,
    /// Orders events with equal timestamps; events without it sort last.
    #[arg(long, value_name = "FIELD")]
    pub tiebreaker_field: Option<String>,
    /// The field that `process where …` tests.
    #[arg(long, value_name = "FIELD", default_value = "event.category")]
    pub event_category_field: String,
    /// How many results when the query has no `head` or `tail`.
    #[arg(long, default_value_t = 10)]
    pub size: u32,
    /// Which end of the results to keep.
    #[arg(long, value_enum, default_value_t = Position::Tail)]
    pub result_position: Position,
    /// How many samples one key may give.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub max_samples_per_key: u32,
    /// An Elasticsearch mapping (JSON, `{"properties": …}`): fields outside it are errors.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub mapping: Option<PathBuf>,
    /// What to print.
    #[arg(short, long, value_enum, default_value_t = SearchOutput::Json)]
    pub output: SearchOutput,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SearchOutput {
    /// The API's response body; indented on a terminal.
    Json,
    /// A line per event, for people.
    Table,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Position {
    /// The earliest.
    Head,
    /// The most recent.
    Tail,
}

impl From<Position> for ResultPosition {
    fn from(position: Position) -> Self {
        match position {
            Position::Head => ResultPosition::Head,
            Position::Tail => ResultPosition::Tail,
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline check --rules rules/
  tripline check --rules rule.toml --mapping mapping.json
  tripline check --rules rules/ --output json | jq '.diagnostics[] | select(.level == \"error\")'")]
pub struct CheckArgs {
    #[command(flatten)]
    pub rules: RulesArgs,
    /// What to print [default: human on a terminal, otherwise json]
    #[arg(short, long, value_enum)]
    pub output: Option<CheckOutput>,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckOutput {
    /// Diagnostics with excerpts of the rules, and totals.
    Human,
    /// The report as one document.
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline explain --rule rule.toml --event event.json
  tripline explain 'process where process.name == \"bash\"' --event events.ndjson --only 17 --full
  tripline explain --rule rule.toml --event - --output json < events.ndjson | jq -r '.events[].terms[].reason'

In the tree: ✓ holds, ✗ does not, – is null (a field is missing; the note says what that counts as), ? is undecided.
What decides is bold. Without --full, what has no part in the outcome is dim or folded.")]
pub struct ExplainArgs {
    /// The query.
    #[arg(required_unless_present = "rule", conflicts_with = "rule")]
    pub query: Option<String>,
    /// A rule file (`-` is standard input); of several rules in it the first is explained.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub rule: Option<PathBuf>,
    /// Events as NDJSON or JSON, also compressed (gzip, zstd); several files are one data set, `-` is standard input.
    #[arg(short, long, alias = "events", value_name = "FILE", required = true, num_args = 1.., value_hint = ValueHint::FilePath)]
    pub event: Vec<PathBuf>,
    /// Explain these events of the data set, counted from 1: `--only 3,17`.
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u64).range(1..))]
    pub only: Vec<u64>,
    /// Show every node, every value that was computed, and all of long texts.
    #[arg(long)]
    pub full: bool,
    /// The field that holds an event's time [default: what the rule says, else @timestamp]
    #[arg(long, value_name = "FIELD")]
    pub timestamp_field: Option<String>,
    /// The field that `process where …` tests [default: what the rule says, else event.category]
    #[arg(long, value_name = "FIELD")]
    pub event_category_field: Option<String>,
    /// An Elasticsearch mapping (JSON, `{"properties": …}`): fields outside it are errors.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub mapping: Option<PathBuf>,
    #[command(flatten)]
    pub deployment: DeploymentArgs,
    /// Files with exception items of the rule's lists, such as exports of the lists, where the rule's own file does not have them.
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub exceptions: Vec<PathBuf>,
    /// The index or data stream of events that do not say theirs [default: the rule is for such events]
    #[arg(long, value_name = "NAME")]
    pub index: Option<String>,
    /// For how long, from the first event, new terms are learned without alerts, as in a collector [default: 0s]
    #[arg(long, value_name = "DURATION", value_parser = units::any_duration)]
    pub learning: Option<Duration>,
    /// What to print [default: tree on a terminal, otherwise json]
    #[arg(short, long, value_enum)]
    pub output: Option<ExplainOutput>,
    /// How wide the tree may be [default: the terminal, elsewhere 100]
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(20..))]
    pub width: Option<u16>,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline test rules/
  tripline test rules/execution_x.toml --watch
  tripline test rules/ --coverage
  tripline test rules/ --filter \"cron\" --fail-fast
  tripline test rules/ --output junit > report.xml

  # execution_x.test.yaml, beside execution_x.toml
  defaults: { event.category: file, event.type: creation, host.os.type: linux }
  tests:
    - name: a miner's unit
      events:
        - { file.name: pnsd.service }
      expect: alert
    - name: the same file deleted
      events:
        - { file.name: pnsd.service, event.type: deletion }
      expect: none

docs/testing.md describes the format. Exit status: 0 all passed, 1 a test failed or could not be run, 2 usage or I/O.")]
pub struct TestArgs {
    /// Test files (NAME.test.yaml), rule files with tests beside them, or folders of these.
    #[arg(value_name = "PATH", required = true, value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// What to print.
    #[arg(short, long, value_enum, default_value_t = TestOutput::Human)]
    pub output: TestOutput,
    /// Run only tests with this in their name, or in their rule's name; upper and lower case are the same.
    #[arg(short, long, value_name = "NAME")]
    pub filter: Option<String>,
    /// Stop at the first test that fails.
    #[arg(long)]
    pub fail_fast: bool,
    /// Tell which conditions of the rules no test reaches; with a file, write that there as JSON.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, value_hint = ValueHint::FilePath)]
    pub coverage: Option<Option<PathBuf>>,
    /// Run again what changes, until Ctrl-C.
    #[arg(short, long)]
    pub watch: bool,
    /// An Elasticsearch mapping (JSON, `{\"properties\": …}`): fields outside it are errors.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub mapping: Option<PathBuf>,
    #[command(flatten)]
    pub deployment: DeploymentArgs,
    /// How wide what is printed may be [default: the terminal, elsewhere 100]
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(20..))]
    pub width: Option<u16>,
    /// Bytes of one test file, and of one file of events that tests name.
    #[arg(long, value_name = "N", default_value_t = testing::DEFAULT_MAX_BYTES, hide_short_help = true)]
    pub max_test_bytes: u32,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TestOutput {
    /// A line per test file, and what failed, for people.
    Human,
    /// What became of each test, as one document.
    Json,
    /// JUnit XML, for CI systems.
    Junit,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline bench --rules rules/ --events events.ndjson
  tripline bench --rules rules/ --events day.ndjson.zst --engine native --seconds 10 --top 25
  tripline bench --rules rules/ --events events.ndjson --output json | jq '.engines[].events_per_second'

Events are read into memory, and gone over again and again, each time in a session of its own as `eval` has it: alerts are made,
and sequences are told at the end. Reading and decompressing files is not measured. Engines take turns, so that a machine that is
busy at times is so for both. Where the time goes is measured natively. Fail: a rule with an error, or engines that find different matches.")]
pub struct BenchArgs {
    #[command(flatten)]
    pub rules: RulesArgs,
    #[command(flatten)]
    pub events: EventsArgs,
    /// What to print [default: human on a terminal, otherwise json]
    #[arg(short, long, value_enum)]
    pub output: Option<BenchOutput>,
    /// About how long to measure each engine, and as long again where the time goes.
    #[arg(long, value_name = "N", value_parser = seconds, default_value = "3")]
    pub seconds: Duration,
    /// How many of the costliest rules and predicates to list.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,
    /// How much later an event may come than one that happened after it, as `tripline run` has it (there 10s) [default: any]
    #[arg(long, value_name = "DURATION", value_parser = units::any_duration)]
    pub lateness: Option<Duration>,
    /// How many bytes of events to read; what comes after is left out.
    #[arg(long, value_name = "SIZE", value_parser = units::size, default_value = "256MiB")]
    pub max_input: ByteSize,
    #[command(flatten)]
    pub engines: EnginesArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchOutput {
    /// Tables, for people.
    Human,
    /// All figures as one document.
    Json,
}

/// Reads a number of seconds.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds: &f64| (0.001..=86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| format!("`{text}` is not a number of seconds, such as 3 or 0.5"))
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline fmt rules/
  tripline fmt --check rules/ || echo 'run tripline fmt'
  echo 'any where user.id==0' | tripline fmt -

What fits on a line of 100 columns becomes one; longer queries are broken at `and` and `or`.
Comments and single blank lines stay. Of a TOML rule only the query changes. Its meaning never
does: what is written has been read back. Rules in other languages and pages in Markdown are
left alone. Files with errors are shown, left as they are, and make the command fail.

Formatting keeps no state and runs no rule, so it needs no sandbox; --max-rule-bytes and
--max-query-depth bound it. A bare query has no id but the hash of its text, so formatting it
gives it another.")]
pub struct FmtArgs {
    /// Rule files, or folders of .toml, .eql, .kql, .md, .ndjson and .json files; `-` formats standard input to standard output.
    #[arg(value_name = "PATH", required = true, value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Change nothing: print what would change as a diff, and fail if anything would.
    #[arg(long)]
    pub check: bool,
    /// What to print.
    #[arg(short, long, value_enum, default_value_t = FmtOutput::Human)]
    pub output: FmtOutput,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainOutput {
    /// A tree for each event, for people.
    Tree,
    /// The explanation as one document; indented on a terminal.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FmtOutput {
    /// The files that were formatted, or a diff.
    Human,
    /// What became of each file, as one document.
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline run --config tripline.yaml
  tripline run --config tripline.yaml --check

  # tripline.yaml
  tenants:
    - name: web
      rules: [rules/linux, rules/web.toml]
      overrides: overrides.toml     # what this deployment changes of the rules
      normalise: auto               # raw records of sensors are recognised; or `off`, or the name of their source
      memory_limit: 64MiB
      deadline: 1s
      allowed_lateness: 30s         # how late events may come and still take their place in sequences
      new_terms_learning: 24h       # how long terms are learned before `new_terms` rules make alerts
      state: state                  # a folder; sequences go on after a restart
  inputs:
    - http: 127.0.0.1:8080        # POST /v1/tenants/web/events, GET /status
    - tcp: 127.0.0.1:5170
      tenant: web
    - stdin: true
      tenant: web
  output: alerts.ndjson           # or `-` for standard output

Signals: SIGHUP reads the configuration's rules again; a rule set with errors is refused and the old one kept, and
sequences of rules that did not change go on. SIGTERM and SIGINT stop accepting, evaluate what was accepted, save the
state, and write the counters to the log.")]
pub struct RunArgs {
    /// The configuration, in YAML.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: PathBuf,
    /// Check the configuration and the rules, then stop.
    #[arg(long)]
    pub check: bool,
    /// How the log on standard error is written.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// How much is logged.
    #[arg(long, value_enum, default_value_t = LogLevel::Info, env = "TRIPLINE_LOG")]
    pub log_level: LogLevel,
    /// Do not keep compiled code in the cache folder.
    #[arg(long)]
    pub no_cache: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line per message, for people.
    Text,
    /// A JSON document per message.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline playground --open
  tripline playground --port 0    # any free port")]
pub struct PlaygroundArgs {
    /// The port on 127.0.0.1; 0 takes any that is free.
    #[arg(short, long, default_value_t = 7878)]
    pub port: u16,
    /// Open it in the browser.
    #[arg(long)]
    pub open: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline embed --rules rules/ --out tripline-rules.wasm")]
pub struct EmbedArgs {
    #[command(flatten)]
    pub rules: RulesArgs,
    /// The module to write.
    #[arg(long, value_name = "FILE.wasm", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline completions bash > /etc/bash_completion.d/tripline
  tripline completions zsh > \"${fpath[1]}/_tripline\"
  tripline completions fish > ~/.config/fish/completions/tripline.fish")]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Rule files, or folders of .toml, .eql, .kql, .md, .ndjson and .json files.
    #[arg(short, long, value_name = "PATH", required = true, num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub rules: Vec<PathBuf>,
    /// An Elasticsearch mapping (JSON, `{"properties": …}`): fields outside it are errors.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub mapping: Option<PathBuf>,
    #[command(flatten)]
    pub deployment: DeploymentArgs,
}

/// What becomes of raw records.
#[derive(Debug, Args)]
pub struct SourcesArgs {
    /// Raw records of sensors: `auto` recognises their source, `off` takes every event as it is, a name (`tripline normalise --list`)
    /// takes all that are no ECS events for that source's.
    #[arg(long, value_name = "auto|off|NAME", default_value = "auto")]
    pub normalise: Normalise,
    /// Your own normaliser files, or folders of them; they are asked before the built-in ones.
    #[arg(long, value_name = "PATH", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub normalisers: Vec<PathBuf>,
}

/// What belongs to a deployment and not to its rules.
#[derive(Debug, Args)]
pub struct DeploymentArgs {
    /// What this deployment changes of the rules (TOML): enable, disable, severity, exceptions, …
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    overrides: Option<PathBuf>,
    /// Value lists that exceptions mention, one value per line; a list is named like its file.
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    value_lists: Vec<PathBuf>,
    /// Indicators for `threat_match` rules.
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    indicators: Vec<PathBuf>,
    #[command(flatten)]
    sources: SourcesArgs,
}

impl DeploymentArgs {
    pub fn files(&self) -> Deployment {
        Deployment {
            overrides: self.overrides.clone(),
            value_lists: self.value_lists.clone(),
            indicators: self.indicators.clone(),
            normalise: self.sources.normalise.clone(),
            normalisers: self.sources.normalisers.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub struct EventsArgs {
    /// Events as NDJSON or JSON, also compressed (gzip, zstd); several files are one data set, `-` is standard input.
    #[arg(short, long, value_name = "FILE", required = true, num_args = 1.., value_hint = ValueHint::FilePath)]
    pub events: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline normalise --list
  tripline normalise --events fdr.ndjson | jq .
  tripline normalise --events fdr.ndjson --rules rules/          # only the fields that the rules read
  tripline normalise --events own.ndjson --normalisers own.toml --fields process.name,process.args

An event for each record, fields under their dotted names; what is no record of a known source is left out and counted.
Normalising keeps no state and runs no rule, so it needs no sandbox.")]
pub struct NormaliseArgs {
    /// Records as NDJSON or JSON, also compressed (gzip, zstd); `-` is standard input.
    #[arg(short, long, value_name = "FILE", required_unless_present = "list", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub events: Vec<PathBuf>,
    #[command(flatten)]
    pub sources: SourcesArgs,
    /// Show only the fields that these rules read.
    #[arg(short, long, value_name = "PATH", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub rules: Vec<PathBuf>,
    /// Show only these fields.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub fields: Vec<String>,
    /// List the sources that are known, and what their records are recognised by.
    #[arg(long, conflicts_with_all = ["events", "rules", "fields"])]
    pub list: bool,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Engine")]
pub struct EngineArgs {
    /// Where the rules run.
    #[arg(long, value_enum, default_value_t = EngineName::Wasm)]
    pub engine: EngineName,
    #[command(flatten)]
    pub sandbox: SandboxArgs,
}

/// As [`EngineArgs`], for commands that compare engines.
#[derive(Debug, Args)]
#[command(next_help_heading = "Engine")]
pub struct EnginesArgs {
    /// Where the rules run.
    #[arg(long, value_enum, default_value_t = EngineNames::Both)]
    pub engine: EngineNames,
    #[command(flatten)]
    pub sandbox: SandboxArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Engine")]
pub struct SandboxArgs {
    /// Memory that the sandbox may take.
    #[arg(long, value_name = "SIZE", value_parser = units::size, default_value = "128MiB")]
    pub memory_limit: ByteSize,
    /// Time that the sandbox may take for one batch of events (about 1 MiB).
    #[arg(long, value_name = "DURATION", value_parser = units::duration, default_value = "10s")]
    pub deadline: Duration,
    /// Time that the sandbox may take to compile the rules.
    #[arg(long, value_name = "DURATION", value_parser = units::duration, default_value = "1m")]
    pub compile_deadline: Duration,
    /// Do not keep compiled code in the cache folder ($XDG_CACHE_HOME/tripline or ~/.cache/tripline).
    #[arg(long)]
    pub no_cache: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// The sandbox: the WebAssembly module in wasmtime, under the limits below.
    Wasm,
    /// The same core without the sandbox and without limits on memory and time.
    Native,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineNames {
    /// In the sandbox and natively, in turns.
    Both,
    /// Only in the sandbox; where the time goes is not told.
    Wasm,
    /// Only natively.
    Native,
}

impl EngineArgs {
    pub fn kind(&self) -> EngineKind {
        match self.engine {
            EngineName::Wasm => EngineKind::Wasm,
            EngineName::Native => EngineKind::Native,
        }
    }
}

impl EnginesArgs {
    pub fn kinds(&self) -> &'static [EngineKind] {
        match self.engine {
            EngineNames::Both => &[EngineKind::Native, EngineKind::Wasm],
            EngineNames::Wasm => &[EngineKind::Wasm],
            EngineNames::Native => &[EngineKind::Native],
        }
    }
}

impl SandboxArgs {
    pub fn wasm_options(&self) -> WasmOptions {
        WasmOptions { instances: 1, cache: cache(self.no_cache) }
    }

    pub fn instance_limits(&self) -> InstanceLimits {
        InstanceLimits { memory: self.memory_limit, deadline: self.deadline, compile_deadline: self.compile_deadline }
    }
}

/// Whether compiled code is kept.
pub fn cache(no_cache: bool) -> Cache {
    if no_cache { Cache::Off } else { Cache::Default }
}

macro_rules! limit_args {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {
        /// One flag per field of [`Limits`].
        #[derive(Clone, Debug, Args)]
        #[command(next_help_heading = "Limits")]
        pub struct LimitArgs {
            $(
                $(#[doc = $doc])*
                #[arg(long, value_name = "N", default_value_t = Limits::default().$name, hide_short_help = true)]
                $name: u32,
            )*
        }

        impl LimitArgs {
            pub fn limits(&self) -> Limits {
                // No `..`: a new limit without a flag does not compile.
                Limits { $($name: self.$name,)* }
            }
        }
    };
}

limit_args! {
    /// Rules in one rule set.
    max_rules,
    /// Bytes of one rule, and of a rule file other than an export.
    max_rule_bytes,
    /// Bytes of one export of rules.
    max_export_bytes,
    /// Nesting of one query.
    max_query_depth,
    /// Bytes of one wildcard or regular expression.
    max_pattern_bytes,
    /// Bytes of one compiled regular expression.
    max_regex_bytes,
    /// Diagnostics reported for one rule file; the rest are counted.
    max_diagnostics,
    /// Bytes of one event; larger ones are rejected and skipped.
    max_event_bytes,
    /// Nesting of objects and arrays in one event.
    max_event_depth,
    /// Values that one event may bring for the fields that the rules read.
    max_event_values,
    /// Normaliser files of one rule set.
    max_normalisers,
    /// Ways to find fields in one normaliser file.
    max_normaliser_fields,
    /// Bytes of text that a normaliser may make of one event.
    max_derived_bytes,
    /// Combinations of values that one condition may try on one event.
    max_combinations,
    /// Stages of one sequence, and terms of one sample.
    max_sequence_stages,
    /// Join keys that one sequence or sample keeps state for; beyond it the oldest is dropped.
    max_join_keys,
    /// Partial matches that one sequence keeps; beyond it the oldest is dropped.
    max_partial_matches,
    /// Groups that one threshold rule counts, and suppressions that one rule has under way; beyond it the oldest goes.
    max_groups,
    /// Different values that one group of a threshold rule tells apart for its cardinality.
    max_group_values,
    /// Combinations of values that one new_terms rule remembers; beyond it the one not seen for longest is forgotten.
    max_new_terms,
    /// Runs of rules for which alerts are counted for max_signals; beyond it the earliest is forgotten.
    max_signal_runs,
    /// Indicators that one rule set loads for threat_match; the rest are left out.
    max_indicators,
    /// Bytes of one file of indicators.
    max_indicator_bytes,
    /// Bytes of state of all rules over several events; beyond it the oldest state is dropped.
    max_state_bytes,
    /// Bytes of events held back until their order is known; beyond it the earliest are put in order at once.
    max_held_bytes,
    /// Rejected events described per batch; all are counted.
    max_rejections,
    /// Results that one search may hold back for its answer.
    max_search_size,
    /// Events of one explanation; the rest are counted.
    max_explained_events,
    /// Nodes of one explanation, over all events; events after them are counted.
    max_explained_nodes,
}
