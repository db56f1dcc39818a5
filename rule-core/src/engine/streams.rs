//! Which rules are meant for an event's data stream: a rule's `index` patterns against the name of the event's.
//!
//! The name is the event's `_index` where it is a search hit, else `type-dataset-namespace` of its `data_stream.*` fields, all of which a
//! data stream has (what has `data_stream.dataset` alone may be in an index of another name), else what the host says of the input ([`SessionOptions::index`](crate::SessionOptions::index)). An event of which none of these is known is for
//! every rule. Patterns are Elasticsearch's: `*` is any run of characters, one with `-` before it takes away what it names, commas
//! separate several, and `cluster:` before a name is about another cluster, which an event does not name, so that it is left out.
//!
//! Source: "Multi-target syntax", Elasticsearch reference; "Data stream naming scheme", Elastic documentation.

use std::collections::HashMap;

use crate::RuleInfo;
use crate::decode::{Event, Value};
use crate::pattern::Fold;
use crate::pattern::wildcard::Wildcards;

/// The fields that name an event's data stream.
pub(crate) const FIELDS: [&str; 3] = ["data_stream.type", "data_stream.dataset", "data_stream.namespace"];

/// Names that are remembered; then they are forgotten, so that an event's sender cannot fill the memory.
const MOST_NAMES: usize = 1024;

/// The index patterns of a rule set.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    lists: Vec<Patterns>,
    /// Of each rule, one of the lists; [`ANY`] for rules without patterns.
    of_rule: Vec<u32>,
    slots: [u32; 3],
}

const ANY: u32 = u32::MAX;

#[derive(Debug)]
struct Patterns {
    wanted: Wildcards,
    unwanted: Wildcards,
}

impl Patterns {
    fn new(list: &[&str]) -> Patterns {
        let local = |pattern: &&str| pattern.rsplit(':').next().unwrap_or_default().to_owned();
        let (unwanted, wanted): (Vec<&str>, Vec<&str>) = list.iter().partition(|pattern| pattern.starts_with('-'));
        let unwanted: Vec<String> = unwanted.iter().map(|pattern| local(&&pattern[1..])).collect();
        let mut wanted: Vec<String> = wanted.iter().map(local).collect();
        if wanted.is_empty() {
            wanted.push("*".to_owned());
        }
        let wildcards = |list: &[String]| Wildcards::new(list.iter().map(String::as_str), false);
        Patterns { wanted: wildcards(&wanted), unwanted: wildcards(&unwanted) }
    }

    fn take(&self, name: &str, fold: &mut Fold) -> bool {
        self.wanted.matches(name, fold) && !self.unwanted.matches(name, fold)
    }
}

impl Streams {
    /// The patterns of rules, in their order. `slots` are those of [`FIELDS`].
    pub fn new<'a>(rules: impl Iterator<Item = &'a RuleInfo>, slots: [u32; 3]) -> Streams {
        let mut streams = Streams { slots, ..Streams::default() };
        let mut numbers: HashMap<Vec<&str>, u32> = HashMap::new();
        for rule in rules {
            let split = rule.index.iter().flat_map(|patterns| patterns.split(',')).map(str::trim);
            let list: Vec<&str> = split.filter(|pattern| !pattern.is_empty()).collect();
            let number = if list.is_empty() {
                ANY
            } else {
                *numbers.entry(list).or_insert_with_key(|list| {
                    streams.lists.push(Patterns::new(list));
                    streams.lists.len() as u32 - 1
                })
            };
            streams.of_rule.push(number);
        }
        streams
    }

    /// Whether any rule has patterns.
    fn is_needed(&self) -> bool {
        !self.lists.is_empty()
    }
}

/// The names of data streams that a session has seen, and which rules are meant for them.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    names: HashMap<String, u32>,
    /// A bit for each list of patterns, for each name.
    rows: Vec<Vec<u64>>,
    /// The row of the current event; none when every rule is meant.
    row: Option<usize>,
    name: String,
    /// The name before it.
    last: String,
    fold: Fold,
}

impl Seen {
    /// Looks at an event, of an input whose events are of this index if they do not say.
    pub fn event(&mut self, streams: &Streams, event: Event<'_>, input: Option<&str>) {
        let last = self.row.take();
        if !streams.is_needed() {
            return;
        }
        std::mem::swap(&mut self.name, &mut self.last);
        if !self.find_name(streams, event, input) {
            return;
        }
        // Events of one stream come in a row.
        if last.is_some() && self.name == self.last {
            self.row = last;
            return;
        }
        if let Some(row) = self.names.get(&self.name) {
            self.row = Some(*row as usize);
            return;
        }
        if self.rows.len() >= MOST_NAMES {
            self.names.clear();
            self.rows.clear();
        }
        let mut row = vec![0u64; streams.lists.len().div_ceil(64)];
        for (at, patterns) in streams.lists.iter().enumerate() {
            if patterns.take(&self.name, &mut self.fold) {
                row[at / 64] |= 1 << (at % 64);
            }
        }
        self.row = Some(self.rows.len());
        self.names.insert(self.name.clone(), self.rows.len() as u32);
        self.rows.push(row);
    }

    /// Whether the rule is meant for the current event.
    #[inline]
    pub fn is_for(&self, streams: &Streams, rule: u32) -> bool {
        let Some(row) = self.row else { return true };
        match streams.of_rule.get(rule as usize) {
            Some(&list) if list != ANY => self.rows[row][list as usize / 64] >> (list % 64) & 1 == 1,
            _ => true,
        }
    }

    /// The name of the current event's data stream, if it is known and a rule asks for it.
    pub fn name(&self) -> Option<&str> {
        self.row.map(|_| self.name.as_str())
    }

    /// Puts the name of the event's data stream into place; false when it is not known.
    fn find_name(&mut self, streams: &Streams, event: Event<'_>, input: Option<&str>) -> bool {
        self.name.clear();
        if let Some(index) = event.index() {
            self.name.push_str(data_stream_of(index));
            return true;
        }
        let [kind, dataset, namespace] = streams.slots.map(|slot| {
            event.values(slot as usize).find_map(|value| match value {
                Value::String(text) => Some(text),
                _ => None,
            })
        });
        match (kind, dataset, namespace, input) {
            (Some(kind), Some(dataset), Some(namespace), _) => {
                for part in [kind, "-", dataset, "-", namespace] {
                    self.name.push_str(part);
                }
                true
            }
            (.., Some(input)) => {
                self.name.push_str(input);
                true
            }
            (.., None) => false,
        }
    }
}

/// The data stream of a backing index, `.ds-NAME-2026.01.02-000001`; other names are as they are.
fn data_stream_of(index: &str) -> &str {
    let backing = || {
        let rest = index.strip_prefix(".ds-")?;
        let (rest, generation) = rest.rsplit_once('-')?;
        let (name, date) = rest.rsplit_once('-')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        (is_number(generation) && date.split('.').all(is_number)).then_some(name)
    };
    backing().unwrap_or(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(patterns: &[&str], name: &str) -> bool {
        Patterns::new(patterns).take(name, &mut Fold::default())
    }

    #[test]
    fn patterns_are_elasticsearchs() {
        let defend = "logs-endpoint.events.process-default";
        assert!(taken(&["logs-endpoint.events.*"], defend));
        assert!(taken(&["endgame-*", "logs-*"], defend));
        assert!(!taken(&["logs-endpoint.events.file-*"], defend));
        assert!(!taken(&["logs-*", "-logs-endpoint*"], defend));
        assert!(taken(&["-*elastic-cloud-logs-*"], defend), "nothing but exclusions leaves the rest");
        assert!(taken(&["remote:logs-*"], defend));
        assert!(taken(&["*:logs-*"], defend));
    }

    #[test]
    fn a_backing_index_is_one_of_its_data_stream() {
        assert_eq!(data_stream_of(".ds-logs-x.y-default-2026.01.02-000001"), "logs-x.y-default");
        assert_eq!(data_stream_of("endgame-4.28.0"), "endgame-4.28.0");
        assert_eq!(data_stream_of(".ds-odd"), ".ds-odd");
    }
}
