//! The figures: as a table, or as JSON.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// Tables
    Human,
    /// One JSON document
    Json,
}

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Which rules.
    pub rules: String,
    /// What was left out or is otherwise than asked for.
    pub notes: Vec<String>,
    /// Throughput.
    pub corpora: Vec<Corpus>,
    /// Start-up.
    pub starts: Vec<StartRow>,
}

/// The figures of one set of events.
#[derive(Debug, Serialize)]
pub struct Corpus {
    /// Which.
    pub name: String,
    /// How many events.
    pub events: usize,
    /// How many bytes.
    pub bytes: usize,
    /// One for each contender.
    pub rows: Vec<Row>,
}

/// The figures of one contender.
#[derive(Debug, Default, Serialize)]
pub struct Row {
    /// Who.
    pub name: String,
    /// With how many rules.
    pub rules: Option<usize>,
    /// Rounds that count.
    pub rounds: usize,
    /// Median time of an event.
    pub ns_per_event: f64,
    /// The same as throughput, in events.
    pub events_per_s: f64,
    /// The same as throughput, in millions of bytes.
    pub mb_per_s: f64,
    /// Median ratio of its time to that of serde_json's `Value` in the same round.
    pub ratio: f64,
    /// The least and the greatest such ratio.
    pub ratio_range: (f64, f64),
    /// Matches of all events.
    pub matches: u64,
    /// Events that could not be read.
    pub rejected: u64,
    /// Why there are no figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Time of each round.
    #[serde(skip)]
    pub times: Vec<Duration>,
    /// Ratio of each round.
    #[serde(skip)]
    pub ratios: Vec<f64>,
    /// Time of all rounds.
    #[serde(skip)]
    pub spent: Duration,
}

/// What a rule set takes before the first event.
#[derive(Debug, Default, Serialize)]
pub struct StartRow {
    /// On which host.
    pub host: String,
    /// Rules that compiled.
    pub rules: usize,
    /// Rules that did not.
    pub left_out: usize,
    /// Median time of compiling.
    pub compile_ms: f64,
    /// Bytes: of linear memory, or natively of the process.
    pub memory: Option<u64>,
    /// Compiling the same rules anew, taking over the session's state, and letting go of the old ones.
    pub reload_ms: f64,
}

impl Row {
    /// The row of this contender, still without figures.
    pub fn named(name: &str) -> Self {
        Row { name: name.into(), ..Row::default() }
    }

    /// Name and number of rules.
    pub fn title(&self) -> String {
        match self.rules {
            Some(rules) => format!("{}, {rules} rule{}", self.name, if rules == 1 { "" } else { "s" }),
            None => self.name.clone(),
        }
    }

    /// With figures, from the rounds.
    pub fn done(mut self, events: usize, bytes: usize) -> Self {
        if self.error.is_some() || self.times.is_empty() {
            return self;
        }
        self.rounds = self.times.len();
        self.times.sort();
        self.ratios.sort_by(f64::total_cmp);
        let seconds = self.times[self.times.len() / 2].as_secs_f64();
        self.ns_per_event = seconds * 1e9 / events as f64;
        self.events_per_s = events as f64 / seconds;
        self.mb_per_s = bytes as f64 / seconds / 1e6;
        self.ratio = self.ratios[self.ratios.len() / 2];
        self.ratio_range = (self.ratios[0], self.ratios[self.ratios.len() - 1]);
        self
    }
}

impl Report {
    /// Adds a note that is not there yet.
    pub fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Prints it.
    pub fn print(&self, output: Output) -> Result<()> {
        if output == Output::Json {
            println!("{}", serde_json::to_string_pretty(self)?);
            return Ok(());
        }
        println!("Rules: {}.", self.rules);
        self.notes.iter().for_each(|note| println!("Note: {note}."));
        self.corpora.iter().for_each(Corpus::print);
        if !self.starts.is_empty() {
            println!(
                "\nStart\n{:<20} {:>7} {:>9} {:>12} {:>12} {:>12}",
                "", "rules", "left out", "compile ms", "memory MB", "reload ms"
            );
        }
        for row in &self.starts {
            let memory = row.memory.map_or("-".into(), |bytes| format!("{:.1}", bytes as f64 / 1e6));
            println!(
                "{:<20} {:>7} {:>9} {:>12.1} {:>12} {:>12.1}",
                row.host, row.rules, row.left_out, row.compile_ms, memory, row.reload_ms
            );
        }
        Ok(())
    }
}

impl Corpus {
    fn print(&self) {
        println!(
            "\n{}: {} events, {:.1} MB, {} bytes on average",
            self.name,
            self.events,
            self.bytes as f64 / 1e6,
            self.bytes / self.events.max(1)
        );
        println!(
            "{:<34} {:>10} {:>11} {:>8} {:>8} {:>15} {:>8} {:>8} {:>6}",
            "", "ns/event", "events/s", "MB/s", "/ Value", "range", "matches", "rejected", "rounds"
        );
        for row in &self.rows {
            if let Some(error) = &row.error {
                println!("{:<34} {error}", row.title());
                continue;
            }
            println!(
                "{:<34} {:>10.0} {:>11.0} {:>8.1} {:>8.3} {:>15} {:>8} {:>8} {:>6}",
                row.title(),
                row.ns_per_event,
                row.events_per_s,
                row.mb_per_s,
                row.ratio,
                format!("{:.3}-{:.3}", row.ratio_range.0, row.ratio_range.1),
                row.matches,
                row.rejected,
                row.rounds
            );
        }
    }
}

/// As a number.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
