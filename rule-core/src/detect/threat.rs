//! Events that have a value of an indicator: `threat_match`.
//!
//! A rule's `threat_query` and `threat_filters` say which of the indicators it means; that is decided once, when they are loaded. Of these,
//! each group of entries of its mapping has a table: the values of its first entry that is not negated, and which indicators have them.
//! An event costs a look for each value that it has in these fields.
//!
//! An indicator without any of the fields of `event.*` that a query asks for has no envelope, as lists from elsewhere have none: what is
//! asked of these fields is left out for it. So is what is compared with `now`: the core has no clock, and an indicator that was loaded is
//! meant.

mod document;
mod selection;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::indicators::Indicators;
use crate::correlate::key::{self, KeyField, KeyKind};
use crate::correlate::timeline::Span;
use crate::decode::{Event, Line};
use crate::engine::{Evaluator, LoweredExceptions};
use crate::plan::{Column, Plan};
use crate::rule::ThreatMatch;
use crate::schema::Schema;
use crate::sort;
use crate::{Limits, RuleInfo};
use document::get;
use selection::selection;

/// How many indicators an alert tells. Kibana: `MAX_NUMBER_OF_SIGNAL_MATCHES`.
const MOST_TOLD: usize = 200;

/// A rule that looks for indicators.
#[derive(Debug)]
pub struct Threat {
    /// Index of the rule.
    pub rule: u32,
    /// Its suppression, if it has one, by the number of its correlation.
    pub machine: Option<u32>,
    /// Any of these must hold.
    groups: Vec<Group>,
    indicators: Arc<Indicators>,
    /// How many of the indicators it means.
    pub meant: u64,
    indicator_path: String,
}

/// Entries that must all hold for the same indicator.
#[derive(Debug)]
struct Group {
    entries: Vec<Entry>,
    /// Which entry the table is for.
    first: usize,
    /// Indicators by the values of that entry.
    table: HashMap<Box<[u8]>, Vec<u32>>,
    /// For each indicator the values of each entry, where there are several.
    values: HashMap<u32, Vec<Values>>,
}

type Values = Vec<Box<[u8]>>;

#[derive(Debug)]
struct Entry {
    field: KeyField,
    name: String,
    negate: bool,
}

/// Memory for looking.
#[derive(Debug, Default)]
pub struct Scratch {
    bytes: Vec<u8>,
    keys: Vec<Span>,
}

impl Scratch {
    /// The values of a field of an event, one by one.
    fn values<'s>(
        &'s mut self,
        event: Event<'_>,
        field: &KeyField,
        columns: &[Column],
    ) -> impl Iterator<Item = &'s [u8]> + Clone {
        self.bytes.clear();
        self.keys.clear();
        // A single field has no more combinations than values.
        let fields = std::slice::from_ref(field);
        let _ = key::keys(event, fields, columns, u32::MAX, &mut self.bytes, &mut self.keys);
        self.keys.iter().map(|span| &self.bytes[span.start as usize..][..span.len as usize])
    }
}

/// What a rule brings to look with.
pub struct Wanted<'a> {
    /// Its number.
    pub rule: u32,
    /// What its file says of it.
    pub info: &'a RuleInfo,
    /// What that says of indicators.
    pub threat: &'a ThreatMatch,
    /// The indicators there are.
    pub indicators: &'a Arc<Indicators>,
    /// What takes indicators away, as it does events.
    pub exceptions: &'a LoweredExceptions<'a>,
    /// What is known about fields.
    pub schema: &'a Schema,
    /// Bounds.
    pub limits: &'a Limits,
}

/// Loads the indicators that a rule means. `plan` is that of its events. The error says in words what is wrong with the rule.
pub fn load(wanted: &Wanted<'_>, plan: &mut Plan) -> Result<Threat, String> {
    let Wanted { rule, threat, indicators, schema, .. } = *wanted;
    let mut own = Plan::default();
    let mut groups = Vec::new();
    // The same entries as fields of an indicator.
    let mut fields: Vec<Vec<KeyField>> = Vec::new();
    for mapping in &threat.mapping {
        let mut entries = Vec::new();
        let mut of_indicator = Vec::new();
        for entry in &mapping.entries {
            let kind = KeyKind::of(schema.get(&entry.field).map(|field| field.kind));
            let of =
                |plan: &mut Plan, name: &str| KeyField { slot: Some(plan.slot(schema, name)), optional: false, kind };
            of_indicator.push(of(&mut own, &entry.value));
            entries.push(Entry { field: of(plan, &entry.field), name: entry.field.clone(), negate: entry.negate });
        }
        let Some(first) = entries.iter().position(|entry| !entry.negate) else {
            return Err("`threat_mapping` has a group without an entry that is not negated".to_owned());
        };
        groups.push(Group { entries, first, table: HashMap::new(), values: HashMap::new() });
        fields.push(of_indicator);
    }
    if groups.is_empty() {
        return Err("`threat_mapping` has no entries".to_owned());
    }
    let (program, envelope) = selection(wanted, own)?;
    let mut made = Threat {
        rule,
        machine: None,
        groups,
        indicators: Arc::clone(indicators),
        meant: 0,
        indicator_path: threat.indicator_path.clone(),
    };
    let (mut evaluator, mut scratch) = (Evaluator::default(), Scratch::default());
    for (number, indicator) in (0..).zip(&indicators.list) {
        let line = Line::new(indicator.document.as_bytes());
        if evaluator.run(&program, line).is_err() && evaluator.matched().is_empty() {
            continue;
        }
        let event = evaluator.event(line);
        let has_envelope = envelope.iter().any(|slot| event.values(*slot as usize).next().is_some());
        if !evaluator.matched().contains(&u32::from(!has_envelope)) {
            continue;
        }
        made.meant += 1;
        for (group, fields) in made.groups.iter_mut().zip(&fields) {
            let columns = &program.plan.columns;
            let values: Vec<Values> =
                fields.iter().map(|field| scratch.values(event, field, columns).map(Box::from).collect()).collect();
            // Kibana, `filterThreatMapping`: an indicator that lacks one of the fields is none for the group.
            if values.iter().any(Vec::is_empty) {
                continue;
            }
            for value in values.get(group.first).into_iter().flatten() {
                group.table.entry(value.clone()).or_default().push(number);
            }
            if values.len() > 1 {
                group.values.insert(number, values);
            }
        }
    }
    Ok(made)
}

impl Threat {
    /// How many indicators there are.
    pub fn given(&self) -> usize {
        self.indicators.list.len()
    }

    /// Whether the event has what an indicator has.
    pub fn matches(&self, event: Event<'_>, columns: &[Column], scratch: &mut Scratch) -> bool {
        let mut any = false;
        self.each(event, columns, scratch, &mut |_, _| {
            any = true;
            false
        });
        any
    }

    /// Calls with each group and indicator that match the event, until it says no.
    fn each<'t>(
        &'t self,
        event: Event<'_>,
        columns: &[Column],
        scratch: &mut Scratch,
        call: &mut dyn FnMut(&'t Group, u32) -> bool,
    ) {
        for group in &self.groups {
            let Some(first) = group.entries.get(group.first).filter(|_| !group.table.is_empty()) else { continue };
            if group.entries.len() == 1 {
                for value in scratch.values(event, &first.field, columns) {
                    for number in group.table.get(value).into_iter().flatten() {
                        if !call(group, *number) {
                            return;
                        }
                    }
                }
                continue;
            }
            let mut found: Vec<u32> = scratch
                .values(event, &first.field, columns)
                .filter_map(|value| group.table.get(value))
                .flatten()
                .copied()
                .collect();
            sort::unstable(&mut found, Ord::cmp);
            found.dedup();
            for number in found {
                let Some(of_indicator) = group.values.get(&number) else { continue };
                let holds = group.entries.iter().zip(of_indicator).all(|(entry, wanted)| {
                    let mut values = scratch.values(event, &entry.field, columns);
                    values.any(|value| wanted.iter().any(|wanted| **wanted == *value)) != entry.negate
                });
                if holds && !call(group, number) {
                    return;
                }
            }
        }
    }

    /// `threat.enrichments` of the alert for an event. Shapes are Kibana's (`buildEnrichments`, `enrichSignalWithThreatMatches`).
    pub fn enrichments(&self, event: Event<'_>, columns: &[Column], scratch: &mut Scratch) -> Value {
        let mut found: Vec<(u32, &str)> = Vec::new();
        self.each(event, columns, scratch, &mut |group, number| {
            let entries = group.entries.iter().filter(|entry| !entry.negate);
            found.extend(entries.map(|entry| (number, entry.name.as_str())));
            found.len() < MOST_TOLD * 4
        });
        let mut told: Vec<(u32, &str)> = Vec::new();
        for pair in found {
            if told.len() < MOST_TOLD && !told.contains(&pair) {
                told.push(pair);
            }
        }
        let source = std::str::from_utf8(event.source()).unwrap_or_default();
        let source: Value = serde_json::from_str(source).unwrap_or_default();
        told.into_iter().filter_map(|(number, field)| self.enrichment(number, field, &source)).collect()
    }

    fn enrichment(&self, number: u32, field: &str, event: &Value) -> Option<Value> {
        let indicator = self.indicators.list.get(number as usize)?;
        let hit: Value = serde_json::from_str(&indicator.document).ok()?;
        let document = hit.get("_source").filter(|source| source.is_object()).unwrap_or(&hit);
        let file = self.indicators.files.get(indicator.file as usize).map(String::as_str).unwrap_or_default();
        let hash = || super::digest(indicator.document.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let id: String = hit["_id"].as_str().map_or_else(hash, str::to_owned);
        let mut feed = Map::new();
        if let Some(name) = get(document, "threat.feed.name") {
            feed.insert("name".to_owned(), name);
        }
        Some(json!({
            "indicator": get(document, &self.indicator_path).filter(Value::is_object).unwrap_or_else(|| json!({})),
            "feed": feed,
            "matched": {
                "atomic": get(event, field),
                "field": field,
                "id": id,
                "index": hit["_index"].as_str().unwrap_or(file),
                "type": "indicator_match_rule",
            },
        }))
    }
}
