//! What an explanation says: plain data, the same on every host.

use rule_syntax::members;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::api::{Match, Rejection};
use crate::correlate::trace::{Pending, Step};
use crate::diagnostic::{Diagnostic, Span};
use crate::{Limits, Source};

/// How to explain a rule. The defaults are those under which the rule runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ExplainOptions {
    /// The field that says when, as a search has it ([`SearchOptions`](crate::SearchOptions)): it holds dates. Left out, it is
    /// what the rule names, else `@timestamp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_field: Option<String>,
    /// The field that `process where …` tests. Left out, it is what the rule names, else `event.category`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_category_field: Option<String>,
    /// An Elasticsearch mapping; see [`CompileOptions::mapping`](crate::CompileOptions::mapping).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Value>,
    /// What this deployment changes of the rule; see [`CompileOptions::overrides`](crate::CompileOptions::overrides).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<Source>,
    /// See [`CompileOptions::value_lists`](crate::CompileOptions::value_lists).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub value_lists: Vec<Source>,
    /// See [`CompileOptions::indicators`](crate::CompileOptions::indicators).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub indicators: Vec<Source>,
    /// Normaliser files; see [`CompileOptions::normalisers`](crate::CompileOptions::normalisers).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub normalisers: Vec<Source>,
    /// The one that is used; see [`CompileOptions::normaliser`](crate::CompileOptions::normaliser).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normaliser: Option<String>,
    /// Files whose exception items count too, beside those of the rule's own file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Source>,
    /// The data stream of events that do not say theirs; see [`SessionOptions::index`](crate::SessionOptions::index).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// See [`SessionOptions::learning_ms`](crate::SessionOptions::learning_ms).
    pub learning_ms: u64,
    /// The ordinals of the events to explain; all when there are none. The others count, but are not explained.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<u64>,
    /// Bounds on the rule, the events and the explanation.
    pub limits: Limits,
}

members!(ExplainOptions {
    timestamp_field,
    event_category_field,
    mapping,
    overrides,
    value_lists,
    indicators,
    limits,
    normalisers,
    normaliser,
    exceptions,
    index,
    learning_ms,
    only
});

/// Why a rule matches events or does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The rule file, as given in [`Source::path`](crate::Source::path).
    pub path: String,
    /// `rule_id`; for a bare query the hash of its text.
    pub id: String,
    /// The rule's name.
    pub name: String,
    /// The kind of its query.
    pub query: QueryKind,
    /// Where the query stands in the file.
    pub span: Span,
    /// The `maxspan` of a sequence in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub maxspan: Option<u64>,
    /// The filters that events are held against, in the order of the query. An event query has one.
    pub terms: Vec<Term>,
    /// The events, in the order given; no more than the limits allow.
    pub events: Vec<ExplainedEvent>,
    /// Events that were left out because of [`Limits::max_explained_events`] or [`Limits::max_explained_nodes`].
    pub omitted: u64,
    /// What the rule's author should look at, such as the name of a field that looks misspelt.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warnings: Vec<Diagnostic>,
    /// What a sequence or sample made of the events, key by key; absent for an event query.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sequence: Option<SequenceTrace>,
    /// Why the rule does not run, though it is explained as if it did: it is disabled, for example.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub skipped: Option<String>,
    /// What it takes beside a match to make an alert, in a sentence; absent where every match is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alerts_when: Option<String>,
}

/// What a sequence or sample made of all events given, put in order as one data set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SequenceTrace {
    /// Its matches, as [`Session::finish`](crate::Session::finish) would tell them: ordinals of the events, missing ones left out.
    pub matches: Vec<Match>,
    /// What happened to partial matches, in the order of events; no more than the limits allow.
    pub steps: Vec<Step>,
    /// Steps that were left out because of [`Limits::max_explained_nodes`].
    pub omitted: u64,
    /// Partial matches that are still open after the last event, and what they wait for.
    pub pending: Vec<Pending>,
    /// Events that a term matched but that have no timestamp, and so no place in the order.
    pub undated: u64,
}

/// The three kinds of query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueryKind {
    /// `process where …`
    Event,
    /// `sequence …`
    Sequence,
    /// `sample by …`
    Sample,
}

/// What a term is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The whole of an event query.
    Event,
    /// `[ … ]`: an event of the sequence or sample.
    Term,
    /// `![ … ]`: an event that must not be there.
    Missing,
    /// `until [ … ]`: the event that ends a sequence under way.
    Until,
}

/// One filter of the query: `process where …`, with brackets in sequences and samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// What it is for.
    pub role: Role,
    /// Its source, as in [`Node::text`].
    pub text: String,
    /// Where it stands in the file.
    pub span: Span,
    /// How many events in a row it stands for: `with runs=3`. 1 without.
    pub runs: u32,
    /// Its join keys: those of the whole query, then its own.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub keys: Vec<Key>,
}

/// A join key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The field.
    pub field: String,
    /// Where it stands in the file.
    pub span: Span,
    /// Written with `?`: an event without it has the key null. Without, such an event is none for the term.
    pub optional: bool,
}

/// One event, held against every term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExplainedEvent {
    /// Its ordinal, counted from 0 over the lines given.
    pub event: u64,
    /// When, as the event has it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timestamp: Option<String>,
    /// Why it could not be read; there are no `terms` then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rejected: Option<Rejection>,
    /// The terms in the order of [`Explanation::terms`].
    pub terms: Vec<Verdict>,
    /// What stands between the event and an alert, in the order in which it is asked; none for a rule that has only its query.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub gates: Vec<Gate>,
}

impl ExplainedEvent {
    /// Whether the query takes the event: it matches, or is one for a term.
    pub fn matched(&self) -> bool {
        self.terms.iter().any(|verdict| verdict.matched)
    }

    /// The first gate beside the query that does not let the event through.
    pub fn held_by(&self) -> Option<&Gate> {
        self.gates.iter().find(|gate| !gate.passes && gate.gate != GateKind::Query)
    }
}

/// One of the conditions that an event has to pass to become an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Which.
    pub gate: GateKind,
    /// Whether it lets the event through.
    pub passes: bool,
    /// Why, in a sentence without a full stop.
    pub reason: String,
    /// The filter or exception that decides; of exceptions none of which holds, the one that is nearest to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// That filter or exception, node by node. Its nodes have no places: it is not written in the query.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tree: Option<Node>,
}

/// The kinds of gates, in the order in which they are asked. Those after the exceptions are asked of events that passed all before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// The rule's index patterns have the event's data stream.
    Index,
    /// The query matches.
    Query,
    /// Kibana's filters all hold.
    Filters,
    /// No exception holds.
    Exceptions,
    /// The event's group is large enough.
    Threshold,
    /// A term of the event is new.
    NewTerms,
    /// The event has a value of an indicator.
    Indicators,
    /// The alert is not part of another.
    Suppression,
    /// The run has not had all its alerts yet.
    MaxSignals,
}

/// What a term says of an event, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the event is one for the term: the filter holds and no join key is missing. For an event query this is
    /// whether the rule matches.
    pub matched: bool,
    /// One sentence that names the smallest set of nodes that decides.
    pub reason: String,
    /// The fewest tests that would have to come out differently for the filter to hold; 0 when it holds, `null` when it
    /// cannot hold for any event. Tests are counted as often as they are written.
    pub distance: Option<u32>,
    /// The event's join keys, in the order of [`Term::keys`].
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub keys: Vec<Found>,
    /// The filter, node by node.
    pub tree: Node,
}

/// What a node is, which tells how its truth follows from its children's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    /// A term's filter, the root: all of its children, the category and the condition, must hold.
    Filter,
    /// The category before `where`. `any` has no such node.
    Category,
    /// All of the children must hold. `f(x) == true` is an `and` of one.
    And,
    /// One of the children must hold.
    Or,
    /// The child must not hold. `f(x) == false` is one, too.
    Not,
    /// A question to the event's fields: a comparison, a match, a function. Its children are values.
    Test,
    /// A condition that reads no field.
    Constant,
    /// Not a condition but a part of a test, with the value that it has for this event.
    Value,
}

/// An expression of the rule over one event.
///
/// A condition has one of four states, which `truth` and `counts_as` tell together:
///
/// | `truth` | `counts_as` | |
/// |---|---|---|
/// | `true`, `false` | | what the engine finds |
/// | `null` | `true`, `false` | null in three-valued logic, because a field is missing or a value cannot be computed; the engine, which has two values, counts it as this |
/// | `null` | | undecided: it would take more combinations of values than [`Limits::max_combinations`] |
///
/// Elasticsearch searches with two values: a test of a missing field does not hold, and a negation is the complement. So
/// `x == "a"` over an event without `x` is null and counts as false; `x != "a"` and `x not in ("a")` are null and count as
/// true; `not x == "a"` is true.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its source on one line: comments are left out, white space is one space. Cut after 500 characters.
    pub text: String,
    /// Where it stands in the file.
    pub span: Span,
    /// Whether it holds; see above. `null` for [`NodeKind::Value`].
    pub truth: Option<bool>,
    /// What a truth of null counts as; see above.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counts_as: Option<bool>,
    /// Whether it belongs to the smallest set of nodes that decides the root's truth. So do the nodes above it.
    #[serde(skip_serializing_if = "is_false", default)]
    pub decides: bool,
    /// The fields that a test reads, with what the event has there.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub fields: Vec<Found>,
    /// The value of a [`NodeKind::Value`], for the first combination of the fields' values that makes the test true, else for
    /// the first of all.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "present")]
    pub value: Option<Value>,
    /// What helps to understand the outcome, a sentence each without a full stop.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<String>,
    /// Its parts.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub children: Vec<Node>,
}

impl Node {
    /// The fewest tests that would have to come out differently for the condition to be `wanted`; `None` when nothing that
    /// an event can have makes it so.
    pub fn distance(&self, wanted: bool) -> Option<u32> {
        super::decide::distance(self, wanted)
    }

    /// The value of a part of a test.
    pub(super) fn of_value(text: String, span: Span, value: Value) -> Node {
        Node { value: Some(value), ..Node::new(NodeKind::Value, text, span) }
    }

    /// How many nodes there are, this one included.
    pub(super) fn count(&self) -> usize {
        1 + self.children.iter().map(Node::count).sum::<usize>()
    }

    /// A node without an outcome.
    pub(super) fn new(kind: NodeKind, text: String, span: Span) -> Node {
        Node {
            kind,
            text,
            span,
            truth: None,
            counts_as: None,
            decides: false,
            fields: Vec::new(),
            value: None,
            notes: Vec::new(),
            children: Vec::new(),
        }
    }

    /// What the engine takes the condition for; `None` when it cannot be decided.
    pub fn holds(&self) -> Option<bool> {
        self.truth.or(self.counts_as)
    }
}

/// A field and the values that an event has for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The field, as the rule names it.
    pub field: String,
    /// Its values in document order, at most 20 of them, with at least one that passes if there is one; none when the event
    /// lacks the field. Strings are cut after 500 characters. A number that is not exact as a double is a string of its digits.
    pub values: Vec<Value>,
    /// Which of `values` pass the test, by index. For `!=` and `not in` these are the values that are equal, or in the
    /// list. Not known for tests with functions of several values; see [`Node::value`].
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub passing: Vec<u32>,
    /// How many values there are when `values` does not have them all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub total: Option<u64>,
}

fn is_false(truth: &bool) -> bool {
    !truth
}

/// Keeps a value of `null` apart from none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
