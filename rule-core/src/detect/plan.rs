//! What a rule asks for.

use crate::RuleInfo;
use crate::correlate::key::{KeyField, KeyKind};
use crate::correlate::plan::{Role, Term, TimelineFields};
use crate::engine::{TIMESTAMP_FIELD, window};
use crate::plan;
use crate::rule::MissingFields;
use crate::schema::Schema;

/// How often Kibana runs a rule that does not say.
const DEFAULT_INTERVAL: u64 = 5 * 60 * 1000;
/// How many alerts a run gives of a rule that does not say. Kibana: `DEFAULT_MAX_SIGNALS`.
const DEFAULT_MAX_SIGNALS: u32 = 100;
/// How far back the history of new terms goes where a rule does not say it so that it can be read.
const DEFAULT_HISTORY: u64 = 14 * 24 * 60 * 60 * 1000;

/// What a rule does with the events that its query finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What makes an alert.
    pub stage: Stage,
    /// Which alerts count as one.
    pub suppression: Option<Suppression>,
    /// Milliseconds from run to run.
    pub interval: u64,
    /// Milliseconds that a run looks back; no less than the interval, so that every event is in some run.
    pub lookback: u64,
    /// Alerts of one run.
    pub max_signals: u32,
}

/// What makes an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Each event.
    Each,
    /// So many events of a group within one run.
    Threshold {
        /// The fields whose values make a group.
        fields: Vec<String>,
        /// The least number of events.
        value: u64,
        /// A field and its least number of different values.
        cardinality: Option<(String, u64)>,
    },
    /// A term that was not seen for so many milliseconds.
    NewTerms(u64),
}

/// Which alerts count as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The fields whose values are the same.
    pub fields: Vec<String>,
    /// For how many milliseconds; those of one run without it.
    pub duration: Option<u64>,
    /// Whether all values of a field are taken together.
    pub whole: bool,
}

/// A plan with the keys that its events need.
pub struct Lowered {
    /// The plan.
    pub plan: Plan,
    /// [`STAGE`], [`VALUES`] and [`GROUP`].
    pub terms: Vec<Term>,
    /// What puts its events in order.
    pub timeline: TimelineFields,
}

/// The term whose keys the stage works with: groups of a threshold, new terms. An empty key for each event otherwise.
pub const STAGE: u16 = 0;
/// The term whose keys are the values that a threshold counts.
pub const VALUES: u16 = 1;
/// The term whose keys are groups of a suppression.
pub const GROUP: u16 = 2;

/// What a rule asks for beyond an alert for each of its events; `None` when that is all.
pub fn lower(info: &RuleInfo, plan: &mut plan::Plan, schema: &Schema) -> Option<Lowered> {
    let stage = match (info.kind.as_str(), &info.threshold, &info.new_terms) {
        ("threshold", Some(threshold), _) => Stage::Threshold {
            fields: threshold.field.clone(),
            value: threshold.value.max(1),
            cardinality: threshold.cardinality.first().map(|least| (least.field.clone(), least.value)),
        },
        ("new_terms", _, Some(terms)) => Stage::NewTerms(ago(&terms.history_window_start).unwrap_or(DEFAULT_HISTORY)),
        _ => Stage::Each,
    };
    let mut missing = MissingFields::Suppress;
    let suppression = info.alert_suppression.as_ref().and_then(|asked| {
        missing = asked.missing_fields_strategy;
        let duration = asked.duration.map(|duration| duration.milliseconds());
        match &stage {
            // "Per time period … is the only option available when configuring alert suppression for threshold rules", and their
            // groups are those that are counted.
            Stage::Threshold { fields, .. } => {
                duration.map(|_| Suppression { fields: fields.clone(), duration, whole: false })
            }
            // "Custom query or threshold rules: Alerts are grouped by each unique value"; of others "Alerts with identical array values
            // are grouped together" (Suppress detection alerts, "Suppression for fields with an array of values").
            _ => (!asked.group_by.is_empty()).then(|| Suppression {
                fields: asked.group_by.clone(),
                duration,
                whole: !matches!(info.kind.as_str(), "query" | "saved_query"),
            }),
        }
    });
    if stage == Stage::Each && suppression.is_none() {
        return None;
    }
    let timeline = timeline(info, plan, schema);
    let mut field = |name: &String, optional: bool| KeyField {
        slot: Some(plan.slot(schema, name)),
        optional,
        kind: KeyKind::of(schema.get(name).map(|field| field.kind)),
    };
    let keys: Vec<KeyField> = match (&stage, &info.new_terms) {
        (Stage::Threshold { fields, .. }, _) => fields.iter().map(|name| field(name, false)).collect(),
        (Stage::NewTerms(_), Some(terms)) => terms.fields.iter().map(|name| field(name, false)).collect(),
        _ => Vec::new(),
    };
    let mut terms = vec![term(keys, false)];
    let values = match &stage {
        Stage::Threshold { cardinality: Some((name, _)), .. } => vec![field(name, false)],
        _ => Vec::new(),
    };
    terms.push(term(values, false));
    if let (Some(suppression), false) = (&suppression, matches!(stage, Stage::Threshold { .. })) {
        let optional = missing == MissingFields::Suppress;
        let keys = suppression.fields.iter().map(|name| field(name, optional)).collect();
        terms.push(term(keys, suppression.whole));
    }
    let interval = interval(info);
    let plan = Plan {
        stage,
        suppression,
        interval,
        lookback: window(info.from.as_deref()).max(interval),
        max_signals: max_signals(info),
    };
    Some(Lowered { plan, terms, timeline })
}

fn term(keys: Vec<KeyField>, whole: bool) -> Term {
    // Whatever comes of the event begins with it.
    Term { keys, whole, role: Role { stages: vec![0], ..Role::default() } }
}

/// The fields by which Kibana puts the events of a rule into runs: `timestamp_override`, and `@timestamp` where an event lacks that.
/// It is ingestion that makes `event.ingested`, which most of Elastic's rules name: events on their way there have none yet.
fn timeline(info: &RuleInfo, plan: &mut plan::Plan, schema: &Schema) -> TimelineFields {
    let named = info.timestamp_override.as_deref().filter(|name| !name.is_empty());
    let timestamp = named.unwrap_or(TIMESTAMP_FIELD);
    let mut slot = |name: &str| {
        plan.add_date(name);
        plan.slot(schema, name)
    };
    let fallback = (timestamp != TIMESTAMP_FIELD).then(|| slot(TIMESTAMP_FIELD));
    TimelineFields { timestamp: slot(timestamp), fallback, tiebreaker: None }
}

impl Lowered {
    /// What the state depends on, for a hash.
    pub fn state_key(&self) -> String {
        let Lowered { plan, terms, .. } = self;
        let keys: Vec<Vec<KeyKind>> = terms.iter().map(|term| term.keys.iter().map(|key| key.kind).collect()).collect();
        format!("{:?}{:?}{}{}{keys:?}", plan.stage, plan.suppression, plan.interval, plan.lookback)
    }
}

/// Milliseconds from run to run of a rule.
pub fn interval(info: &RuleInfo) -> u64 {
    info.interval.as_deref().and_then(span).filter(|interval| *interval > 0).unwrap_or(DEFAULT_INTERVAL)
}

/// Alerts of one run of a rule.
pub fn max_signals(info: &RuleInfo) -> u32 {
    info.max_signals.unwrap_or(DEFAULT_MAX_SIGNALS)
}

/// How long ago `now-14d` is, in milliseconds. Rounding (`now-14d/d`) is left out: there is no calendar in event time.
pub fn ago(text: &str) -> Option<u64> {
    span(text.split('/').next()?.strip_prefix("now-")?)
}

/// `5m` in milliseconds.
fn span(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let factor = match &text[digits..] {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_read_as_rules_write_them() {
        assert_eq!(ago("now-14d"), Some(14 * 86_400_000));
        assert_eq!(ago("now-7205m"), Some(7205 * 60_000));
        assert_eq!(ago("now-30d/d"), Some(30 * 86_400_000));
        assert_eq!(span("5m"), Some(300_000));
        for text in ["now", "now-", "now-d", "now-5x", "now+5m", "now-99999999999999999999d", "now-99999999999999999d"]
        {
            assert_eq!(ago(text), None, "{text}");
        }
    }
}
