//! What the command line of `tripline rules` looks like.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use host_runner::ruleset::Status;
use host_runner::ruleset::select::{Order, Selection};
use rule_core::inspect::MAX_SHAPES;

use crate::args::{EngineArgs, LimitArgs, RulesArgs};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline rules list --rules rules/ --source linux --tactic execution
  tripline rules show 8ccd0f7a-d297-460a-92c8-e02f2c42cf6a --rules rules/
  tripline rules fields --rules rules/ --events events.ndjson
  tripline rules navigator --rules rules/ --out layer.json
  tripline rules diff rules-1.0/ rules-1.1/

Each has --help with more.")]
pub struct RulesCommand {
    #[command(subcommand)]
    pub command: Sub,
}

#[derive(Debug, Subcommand)]
pub enum Sub {
    /// List rules, with totals by type and the reasons why some are skipped.
    List(ListArgs),
    /// Show one rule: what it detects, its query, what the compiler says of it.
    Show(ShowArgs),
    /// Tell which fields rules need, which of them events have, and which rules could never fire on them.
    Fields(FieldsArgs),
    /// Write what rules cover of ATT&CK as a layer for its Navigator.
    Navigator(NavigatorArgs),
    /// Compare two versions of a rule set.
    Diff(DiffArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline rules list --rules rules/
  tripline rules list --rules rules/ --tactic TA0002 --source windows --severity high --severity critical
  tripline rules list --rules rules/ --status skipped --skipped
  tripline rules list --rules rules/ --technique T1059 --output ndjson | jq -r .name

Fails if a rule that is listed has an error; `tripline check` shows it.")]
pub struct ListArgs {
    #[command(flatten)]
    pub rules: RulesArgs,
    #[command(flatten)]
    pub select: SelectArgs,
    /// What comes first.
    #[arg(long, value_enum, default_value_t = SortBy::Name)]
    pub sort: SortBy,
    /// Name all rules that are skipped, not only the first of each reason.
    #[arg(long)]
    pub skipped: bool,
    /// What to print [default: human on a terminal, otherwise json]
    #[arg(short, long, value_enum)]
    pub output: Option<ListOutput>,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline rules show rules/miner.toml
  tripline rules show 'Mining Service File Created' --rules rules/
  tripline rules show mining --rules rules/ --note

Nothing runs, so that there is no sandbox.")]
pub struct ShowArgs {
    /// The rule: its file, its rule_id, its name, or a part of the name that no other has.
    #[arg(value_name = "ID|NAME|PATH")]
    pub which: String,
    /// Where to look for it; without this it is a file.
    #[arg(short, long, value_name = "PATH", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub rules: Vec<PathBuf>,
    /// An Elasticsearch mapping (JSON, `{\"properties\": …}`): fields outside it are errors.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub mapping: Option<PathBuf>,
    /// Show the investigation guide and the setup notes too.
    #[arg(long)]
    pub note: bool,
    /// What to print [default: human on a terminal, otherwise json]
    #[arg(short, long, value_enum)]
    pub output: Option<Output>,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline rules fields --rules rules/
  tripline rules fields --rules rules/ --events events.ndjson --all
  tripline rules fields --rules rules/ --events events.ndjson --name 'Kernel Module'
  tripline rules fields --rules rules/ --source linux --events day.ndjson.zst --output json | jq '.missing'

With events it is told which fields they have, and which rules could never fire on such events: because a field is missing
that the rule needs, or a value of a field that says what kind of event it is (event.category, event.type, event.action,
host.os.type, …), or because no one event has all of that. Values of other fields are not compared: a rule that could fire is
not one that did. Rules that are skipped, and those with errors, are left out.

Nothing runs, so that there is no sandbox.")]
pub struct FieldsArgs {
    #[command(flatten)]
    pub rules: RulesArgs,
    #[command(flatten)]
    pub select: SelectArgs,
    /// Events as NDJSON or JSON, also compressed (gzip, zstd); `-` is standard input.
    #[arg(short, long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub events: Vec<PathBuf>,
    /// Show all fields and name all rules, not only the first.
    #[arg(long)]
    pub all: bool,
    /// How many kinds of events are kept apart; of events beyond them only the fields are looked at.
    #[arg(long, value_name = "N", default_value_t = MAX_SHAPES, hide_short_help = true)]
    pub max_event_kinds: usize,
    /// What to print [default: human on a terminal, otherwise json]
    #[arg(short, long, value_enum)]
    pub output: Option<Output>,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline rules navigator --rules rules/ --out layer.json
  tripline rules navigator --rules rules/ --source aws --title 'AWS coverage' > layer.json

Open the layer at https://mitre-attack.github.io/attack-navigator/ (Open Existing Layer). A technique's score is the number of
rules for it that run; its comment has their names. Skipped, disabled and broken rules count with --all.")]
pub struct NavigatorArgs {
    #[command(flatten)]
    pub rules: RulesArgs,
    #[command(flatten)]
    pub select: SelectArgs,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// The layer's name.
    #[arg(long, value_name = "TEXT", default_value = "Detection rules")]
    pub title: String,
    /// Count rules that do not run too.
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tripline rules diff rules-1.0/ rules-1.1/
  tripline rules diff old.toml new.toml
  tripline rules diff old/ new/ --output json | jq '.changed[] | {name, changes: [.changes[].field]}'

Rules are the same by rule_id; bare queries, whose text makes their id, by name. Sequences of which the query changed start
anew when a collector reads the new version; those of others go on. Fails if a rule of the new version has an error.

Nothing runs, so that there is no sandbox.")]
pub struct DiffArgs {
    /// The old version: a file or folder.
    #[arg(value_hint = ValueHint::AnyPath)]
    pub old: PathBuf,
    /// The new version.
    #[arg(value_hint = ValueHint::AnyPath)]
    pub new: PathBuf,
    /// What to print [default: human on a terminal, otherwise json]
    #[arg(short, long, value_enum)]
    pub output: Option<Output>,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Which rules are meant.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection (of one option any value, of several options each)")]
pub struct SelectArgs {
    /// A rule_id, or a part of a name.
    #[arg(long, value_name = "NAME")]
    pub name: Vec<String>,
    /// A tag, or what stands after its colon: `OS: Linux` or `linux`.
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// A tactic of ATT&CK, by name or id: `execution`, `TA0002`.
    #[arg(long, value_name = "TACTIC")]
    pub tactic: Vec<String>,
    /// A technique, by id or name; `T1059` means its sub-techniques too.
    #[arg(long, value_name = "TECHNIQUE")]
    pub technique: Vec<String>,
    /// A source of events (linux, windows, macos, aws, okta, endpoint, …), from tags, index patterns and host.os.type.
    #[arg(long, value_name = "SOURCE")]
    pub source: Vec<String>,
    /// A rule type: eql, query, threshold, new_terms, threat_match, esql, machine_learning, …
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Vec<String>,
    /// low, medium, high or critical.
    #[arg(long, value_name = "SEVERITY")]
    pub severity: Vec<String>,
    /// What became of the rule.
    #[arg(long, value_enum, value_name = "STATUS")]
    pub status: Vec<StatusName>,
}

impl SelectArgs {
    pub fn selection(&self) -> Selection {
        Selection {
            names: self.name.clone(),
            tags: self.tag.clone(),
            tactics: self.tactic.clone(),
            techniques: self.technique.clone(),
            sources: self.source.clone(),
            types: self.kind.clone(),
            severities: self.severity.clone(),
            status: self.status.iter().map(|status| status.status()).collect(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusName {
    /// It runs.
    Compiled,
    /// It is of a type that is not evaluated, or there twice.
    Skipped,
    /// It has an error.
    Failed,
}

impl StatusName {
    fn status(self) -> Status {
        match self {
            StatusName::Compiled => Status::Compiled,
            StatusName::Skipped => Status::Skipped,
            StatusName::Failed => Status::Failed,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortBy {
    Name,
    /// The most severe first.
    Severity,
    /// The highest risk score first.
    Risk,
    Type,
}

impl From<SortBy> for Order {
    fn from(sort: SortBy) -> Self {
        match sort {
            SortBy::Name => Order::Name,
            SortBy::Severity => Order::Severity,
            SortBy::Risk => Order::Risk,
            SortBy::Type => Order::Type,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListOutput {
    /// A table and totals, for people.
    Human,
    /// One document with the rules, the totals and the reasons.
    Json,
    /// A rule per line.
    Ndjson,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Human,
    /// One document.
    Json,
}
