//! Which fields rules need, and which rules could never fire on given events, by what is missing.

use std::collections::BTreeMap;

use rule_core::inspect::{FieldSeen, Inspector, Lack, Reason, Seen, Verdict};
use serde::Serialize;

/// Most values that are named of a list.
const MAX_VALUES: usize = 4;

/// A field, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldNeed {
    /// Its flat dotted name.
    pub field: String,
    /// Its type, as Elasticsearch calls it; none when only the values can tell.
    #[serde(rename = "type")]
    pub kind: Option<&'static str>,
    /// How many rules read it.
    pub rules: usize,
    /// Of these, how many cannot match without it.
    pub required_by: usize,
    /// How many events have it; none without events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// A value, of the first event that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
}

/// The rules that lack the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What they lack, in words.
    pub reason: String,
    /// How many rules there are. A rule that lacks several things is in several groups.
    pub count: usize,
    /// Their names, in order.
    pub rules: Vec<String>,
}

/// A rule, and why it could not fire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleNeeds {
    /// `rule_id`
    pub id: String,
    /// Its name.
    pub name: String,
    /// The fields that it reads.
    pub fields: Vec<String>,
    /// Of these, those without which it cannot match.
    pub required: Vec<String>,
    /// Whether it could fire on events like the given ones; none without events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub could_fire: Option<bool>,
    /// Why not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// What a rule set needs of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Needs {
    /// What was seen of events; none without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<EventsSeen>,
    /// The fields, those that most rules read first.
    pub fields: Vec<FieldNeed>,
    /// How many rules could fire; none without events, as the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub could_fire: Option<usize>,
    /// How many could never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub could_never_fire: Option<usize>,
    /// Why, that of most rules first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Group>,
    /// Each rule, in the order of the rule set.
    pub rules: Vec<RuleNeeds>,
}

/// What was seen of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct EventsSeen {
    /// Events that could be read.
    pub count: u64,
    /// Events that could not.
    pub rejected: u64,
    /// How many kinds of events there are: those that have the same fields, and the same values in those that tell kinds apart.
    pub kinds: usize,
    /// Events of further kinds, of which only the fields were looked at.
    pub beyond_limit: u64,
}

/// The needs of those rules that `wants` picks by number. `observed`: whether the inspector was shown events.
pub fn needs(inspector: &Inspector, wants: &dyn Fn(usize) -> bool, observed: bool) -> Needs {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut groups: BTreeMap<Reason, Vec<String>> = BTreeMap::new();
    let mut rules = Vec::new();
    for (number, info) in inspector.rules().iter().enumerate().filter(|(number, _)| wants(*number)) {
        let fields = inspector.fields_of(number);
        for (field, required) in &fields {
            let count = counts.entry(field).or_default();
            count.0 += 1;
            count.1 += usize::from(*required);
        }
        let verdict = observed.then(|| inspector.verdict(number));
        let mut reasons = Vec::new();
        if let Some(Verdict::Never(why)) = &verdict {
            for reason in why {
                reasons.push(words(reason));
                groups.entry(reason.clone()).or_default().push(info.name.clone());
            }
        }
        rules.push(RuleNeeds {
            id: info.id.clone(),
            name: info.name.clone(),
            required: fields.iter().filter(|(_, required)| *required).map(|(field, _)| (*field).to_owned()).collect(),
            fields: fields.into_iter().map(|(field, _)| field.to_owned()).collect(),
            could_fire: verdict.map(|verdict| verdict == Verdict::Could),
            reasons,
        });
    }
    let never = rules.iter().filter(|rule| rule.could_fire == Some(false)).count();
    let Seen { events, rejected, shapes, unshaped } = inspector.seen();
    Needs {
        events: observed.then_some(EventsSeen { count: events, rejected, kinds: shapes, beyond_limit: unshaped }),
        fields: fields(inspector.fields(), &counts, observed),
        could_fire: observed.then_some(rules.len() - never),
        could_never_fire: observed.then_some(never),
        missing: grouped(groups),
        rules,
    }
}

fn fields(seen: Vec<FieldSeen>, counts: &BTreeMap<&str, (usize, usize)>, observed: bool) -> Vec<FieldNeed> {
    let mut fields: Vec<FieldNeed> = seen
        .into_iter()
        .filter_map(|FieldSeen { path, kind, events, sample }| {
            let (rules, required_by) = *counts.get(path.as_str())?;
            Some(FieldNeed { field: path, kind, rules, required_by, events: observed.then_some(events), sample })
        })
        .collect();
    // One field may have several columns, by what stands for null.
    fields.dedup_by(|second, first| second.field == first.field);
    fields.sort_by_key(|field| std::cmp::Reverse(field.rules));
    fields
}

fn grouped(groups: BTreeMap<Reason, Vec<String>>) -> Vec<Group> {
    let mut groups: Vec<Group> = groups
        .into_iter()
        .map(|(reason, mut rules)| {
            rules.sort();
            Group { reason: words(&reason), count: rules.len(), rules }
        })
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

/// A reason as the end of "N rules …": `need registry.path, which no event has`.
pub fn words(reason: &Reason) -> String {
    match reason {
        Reason::Impossible => "hold for no event at all".to_owned(),
        Reason::Lacks(lacks) => match lacks.as_slice() {
            [one] => format!("need {}, which no event has", thing(one)),
            several => format!("need {}, of which no event has any", list(several)),
        },
        Reason::Apart(lacks) => format!("need {} in one event with the rest, and no event has both", list(lacks)),
    }
}

fn list(lacks: &[Lack]) -> String {
    let things: Vec<String> = lacks.iter().take(MAX_VALUES).map(thing).collect();
    let more = lacks.len().saturating_sub(MAX_VALUES);
    let more = if more > 0 { format!(" or {more} more") } else { String::new() };
    format!("{}{more}", things.join(" or "))
}

fn thing(lack: &Lack) -> String {
    let not = if lack.negated { "not " } else { "" };
    let quoted: Vec<String> = lack.wanted.iter().take(MAX_VALUES).map(|value| format!("{value:?}")).collect();
    let more = lack.wanted.len().saturating_sub(MAX_VALUES);
    match quoted.as_slice() {
        [] => format!("{not}{}", lack.field),
        [only] if more == 0 => format!("{not}{} : {only}", lack.field),
        values if more > 0 => format!("{not}{} : ({}, and {more} more)", lack.field, values.join(", ")),
        values => format!("{not}{} : ({})", lack.field, values.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use rule_core::inspect::MAX_SHAPES;
    use rule_core::{CompileOptions, Source};

    use super::*;

    fn needs_of(rules: &[&str], events: Option<&str>) -> Needs {
        let source = |(at, text): (usize, &&str)| Source { path: format!("r{at}.eql"), text: (*text).into() };
        let sources: Vec<Source> = rules.iter().enumerate().map(source).collect();
        let mut inspector = Inspector::compile(&sources, &CompileOptions::default(), MAX_SHAPES).0;
        if let Some(events) = events {
            inspector.observe(events.as_bytes());
        }
        needs(&inspector, &|_| true, events.is_some())
    }

    #[test]
    fn fields_are_counted_by_rule() {
        let rules = ["process where process.name : \"a\" or process.name : \"b\"", "any where process.name : \"c\""];
        let found = needs_of(&rules, None);
        let shown: Vec<_> = found.fields.iter().map(|f| (f.field.as_str(), f.kind, f.rules, f.required_by)).collect();
        let keyword = Some("keyword");
        assert_eq!(shown, [("process.name", keyword, 2, 2), ("event.category", keyword, 1, 1)]);
        assert_eq!((found.could_fire, found.events), (None, None));
    }

    #[test]
    fn rules_are_grouped_by_what_is_missing() {
        let rules = [
            "registry where registry.path : \"x\"",
            "any where registry.path : \"y\"",
            "any where dns.id : \"1\" or event.action in (\"a\", \"b\", \"c\", \"d\", \"e\")",
            "process where host.os.type == \"windows\"",
            "process where true",
            "any where false",
        ];
        let events = "{\"event\":{\"category\":\"process\",\"action\":\"x\"},\"host.os.type\":\"linux\"}\n{\"host.os.type\":\"windows\"}\n";
        let found = needs_of(&rules, Some(events));
        assert_eq!((found.could_fire, found.could_never_fire), (Some(1), Some(5)));
        let groups: Vec<_> = found.missing.iter().map(|group| (group.count, group.reason.as_str())).collect();
        assert_eq!(
            groups,
            [
                (2, "need registry.path, which no event has"),
                (
                    1,
                    "need dns.id or event.action : (\"a\", \"b\", \"c\", \"d\", and 1 more), of which no event has any"
                ),
                (1, "need event.category : \"registry\", which no event has"),
                (1, "need host.os.type : \"windows\" in one event with the rest, and no event has both"),
                (1, "hold for no event at all"),
            ]
        );
        assert_eq!(found.missing[0].rules, ["r0", "r1"]);
        assert_eq!(found.rules[4].could_fire, Some(true));
    }
}
