//! What became of the rules from one version of a rule set to the next.

use std::collections::{BTreeMap, BTreeSet};

use rule_core::inspect::Inspector;
use rule_core::{CompileReport, RuleInfo, RuleReport};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Status, kind, name};

/// A version of a rule set, compiled.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    /// What its rules need, of which the state of sequences is looked at.
    pub inspector: &'a Inspector,
    /// What became of its rules.
    pub report: &'a CompileReport,
}

/// A rule that is in one version only.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Brief {
    /// `rule_id`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its severity.
    pub severity: String,
    /// What became of it.
    pub status: Status,
    /// Its file.
    pub path: String,
}

/// A value that is not the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// What it is of, as Kibana's API names it.
    pub field: String,
    /// In the old version; null where it says nothing.
    pub old: Value,
    /// In the new one.
    pub new: Value,
}

/// A rule that is in both versions and not the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changed {
    /// `rule_id`, of the new version.
    pub id: String,
    /// Its name in the new version.
    pub name: String,
    /// Its file in the new version.
    pub path: String,
    /// What changed; first what people look for first.
    pub changes: Vec<Change>,
    /// Whether the partial matches of its sequence or sample cannot go on.
    pub state_starts_anew: bool,
}

/// All of it. Rules are in the order of names.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Diff {
    /// Only in the new version.
    pub added: Vec<Brief>,
    /// Only in the old version.
    pub removed: Vec<Brief>,
    /// In both.
    pub changed: Vec<Changed>,
    /// How many are the same.
    pub unchanged: usize,
    /// How many of the rules that changed are sequences or samples whose partial matches start anew.
    pub states_started_anew: usize,
    /// How many of the rules that were removed are such, whose partial matches end.
    pub states_ended: usize,
}

/// What changes first.
const FIRST: [&str; 9] = ["status", "version", "name", "type", "severity", "risk_score", "language", "query", "index"];

/// Compares two versions. Rules are the same by `rule_id`; of those that have no partner, those of one name, which bare queries need, as
/// their text makes their id.
pub fn diff(old: Version<'_>, new: Version<'_>) -> Diff {
    let (olds, news) = (by_id(old.report), by_id(new.report));
    let mut pairs: Vec<(&RuleReport, &RuleReport)> =
        olds.iter().filter_map(|(id, rule)| Some((*rule, *news.get(id)?))).collect();
    let alone = |rules: &BTreeMap<&str, _>, others: &BTreeMap<&str, _>| -> Vec<&RuleReport> {
        let rules: &BTreeMap<&str, &RuleReport> = rules;
        let others: &BTreeMap<&str, &RuleReport> = others;
        rules.iter().filter(|(id, _)| !others.contains_key(*id)).map(|(_, rule)| *rule).collect()
    };
    let (mut removed, mut added) = (alone(&olds, &news), alone(&news, &olds));
    let (old_names, new_names) = (by_name(&removed), by_name(&added));
    let renamed: Vec<(&RuleReport, &RuleReport)> =
        old_names.iter().filter_map(|(name, rule)| Some(((*rule)?, (*new_names.get(name)?)?))).collect();
    removed.retain(|rule| !renamed.iter().any(|(old, _)| std::ptr::eq(*old, *rule)));
    added.retain(|rule| !renamed.iter().any(|(_, new)| std::ptr::eq(*new, *rule)));
    pairs.extend(renamed);

    let (old_states, new_states) = (states(old.inspector), states(new.inspector));
    let state = |states: &BTreeMap<String, [u8; 16]>, rule: &RuleReport| states.get(&rule.rule.id).copied();
    let mut found = Diff::default();
    for (old, new) in pairs {
        let changes = changes(old, new);
        if changes.is_empty() {
            found.unchanged += 1;
            continue;
        }
        let before = state(&old_states, old);
        let state_starts_anew = before.is_some() && before != state(&new_states, new);
        found.states_started_anew += usize::from(state_starts_anew);
        let (id, path) = (new.rule.id.clone(), new.path.clone());
        found.changed.push(Changed { id, name: name(new).to_owned(), path, changes, state_starts_anew });
    }
    found.states_ended = removed.iter().filter(|rule| state(&old_states, rule).is_some()).count();
    found.added = added.into_iter().map(brief).collect();
    found.removed = removed.into_iter().map(brief).collect();
    found.added.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    found.removed.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    found.changed.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    found
}

/// The rules by id; of several with one id, one that compiled, or else the first. What has no id has its file.
fn by_id(report: &CompileReport) -> BTreeMap<&str, &RuleReport> {
    let mut rules: BTreeMap<&str, &RuleReport> = BTreeMap::new();
    for rule in &report.rules {
        let id = if rule.rule.id.is_empty() { &rule.path } else { &rule.rule.id };
        let kept = rules.entry(id).or_insert(rule);
        if Status::of(&rule.status) < Status::of(&kept.status) {
            *kept = rule;
        }
    }
    rules
}

/// The rules by name; none where several have one.
fn by_name<'a>(rules: &[&'a RuleReport]) -> BTreeMap<&'a str, Option<&'a RuleReport>> {
    let mut names = BTreeMap::new();
    for rule in rules {
        names.entry(name(rule)).and_modify(|kept| *kept = None).or_insert(Some(*rule));
    }
    names
}

fn states(inspector: &Inspector) -> BTreeMap<String, [u8; 16]> {
    let rules = inspector.rules().iter().enumerate();
    rules.filter_map(|(number, info)| Some((info.id.clone(), inspector.state_of(number)?))).collect()
}

fn brief(rule: &RuleReport) -> Brief {
    Brief {
        id: rule.rule.id.clone(),
        name: name(rule).to_owned(),
        kind: kind(&rule.rule).to_owned(),
        severity: rule.rule.severity.clone(),
        status: Status::of(&rule.status),
        path: rule.path.clone(),
    }
}

fn changes(old: &RuleReport, new: &RuleReport) -> Vec<Change> {
    let (mut before, mut after) = (fields(&old.rule), fields(&new.rule));
    before.insert("status".into(), Status::of(&old.status).name().into());
    after.insert("status".into(), Status::of(&new.status).name().into());
    let names: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    let mut take = |field: String| {
        let (old, new) = (before.remove(&field).unwrap_or_default(), after.remove(&field).unwrap_or_default());
        (old != new).then_some(Change { field, old, new })
    };
    let mut changes: Vec<Change> = names.into_iter().filter_map(&mut take).collect();
    changes.sort_by_key(|change| FIRST.iter().position(|first| *first == change.field).unwrap_or(FIRST.len()));
    changes
}

/// All that a rule says, as data. White space at the ends of texts is nothing to compare.
fn fields(rule: &RuleInfo) -> Map<String, Value> {
    let mut fields = match serde_json::to_value(rule) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    for value in fields.values_mut() {
        if let Value::String(text) = value {
            *text = text.trim().to_owned();
        }
    }
    fields
}
