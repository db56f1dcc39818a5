//! From nodes to rows: what of an explanation is shown, and how prominently.

use std::collections::HashSet;

use rule_core::explain::{Found, Node, NodeKind};

/// How a row stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It decides.
    Strong,
    /// It has a part in the outcome.
    Plain,
    /// It has none.
    Faint,
}

/// The truth of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    True,
    False,
    /// Null, and what it counts as.
    Null(bool),
    Undecided,
    /// A value, which has no truth.
    Value,
}

/// A word or value at the right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub kind: WordKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordKind {
    /// A value that the event has.
    Value,
    /// One of several values, which makes the condition hold.
    Passing,
    /// One of several values, which makes it not hold.
    Failing,
    /// That a field is missing.
    Missing,
    /// What is not from the event.
    Said,
}

/// A line of the tree, before it is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Guides before the mark, and before what follows below it.
    pub lead: String,
    pub below: String,
    pub mark: Mark,
    pub tone: Tone,
    pub text: String,
    /// Whether the text stands for several nodes or names a connective, rather than being source.
    pub said: bool,
    pub right: Vec<Word>,
    pub notes: Vec<String>,
}

/// More than so many nodes of one kind are folded.
const MOST_PASSED: usize = 3;
const MOST_OTHERS: usize = 2;
const MOST_FAILED: usize = 8;

/// The rows of a filter. `full`: every node.
pub fn rows(filter: &Node, full: bool) -> Vec<Row> {
    let mut builder = Builder { full, matched: filter.holds() == Some(true), rows: Vec::new() };
    // The category and what `and` joins stand side by side, as they are written.
    let mut tops: Vec<&Node> = Vec::new();
    for child in &filter.children {
        match child.kind {
            NodeKind::And if child.children.len() > 1 => tops.extend(&child.children),
            _ => tops.push(child),
        }
    }
    builder.siblings(&tops, NodeKind::And, true, None);
    builder.rows
}

struct Builder {
    full: bool,
    /// Whether the filter holds.
    matched: bool,
    rows: Vec<Row>,
}

impl Builder {
    /// Whether a node has a part in the outcome. `wanted`: the truth of it that would let the filter hold.
    fn matters(&self, node: &Node, wanted: bool) -> bool {
        if self.matched { node.decides } else { node.holds() != Some(wanted) }
    }

    /// Nodes that one connective joins; `below` are the guides of the node above them, none at the top.
    fn siblings(&mut self, nodes: &[&Node], kind: NodeKind, wanted: bool, below: Option<&str>) {
        let (shown, folded) = self.choose(nodes, kind, wanted);
        let count = shown.len() + folded.len();
        let guides = |at: usize| match below {
            None => (String::new(), String::new()),
            Some(below) if at + 1 == count => (format!("{below}└ "), format!("{below}  ")),
            Some(below) => (format!("{below}├ "), format!("{below}│ ")),
        };
        for (at, node) in shown.iter().enumerate() {
            let (lead, below) = guides(at);
            self.node(node, wanted, lead, below);
        }
        for (at, fold) in folded.into_iter().enumerate() {
            let (lead, below) = guides(shown.len() + at);
            let Fold { mark, text } = fold;
            self.rows.push(Row {
                lead,
                below,
                mark,
                tone: Tone::Faint,
                text,
                said: true,
                right: vec![],
                notes: vec![],
            });
        }
    }

    /// Which of the nodes get rows of their own, and one row each for the rest.
    fn choose<'n>(&self, nodes: &[&'n Node], kind: NodeKind, wanted: bool) -> (Vec<&'n Node>, Vec<Fold>) {
        if self.full {
            return (nodes.to_vec(), Vec::new());
        }
        let is_or = (kind == NodeKind::Or) == wanted;
        let mattering: Vec<&Node> = nodes.iter().copied().filter(|node| self.matters(node, wanted)).collect();
        let rest = nodes.len() - mattering.len();
        // Of many that fail the nearest are worth a look.
        let mut chosen = mattering;
        if !self.matched && chosen.len() > MOST_FAILED {
            chosen.sort_by_key(|node| (!node.decides || is_or, node.distance(wanted).unwrap_or(u32::MAX)));
            chosen.truncate(MOST_FAILED - 1);
        }
        let chosen: HashSet<*const Node> = chosen.into_iter().map(std::ptr::from_ref).collect();
        let most = if self.matched { MOST_OTHERS } else { MOST_PASSED };
        let is_kept = |node: &Node| {
            // The category is always there: it is what everybody looks at first.
            chosen.contains(&std::ptr::from_ref(node))
                || (!self.matters(node, wanted) && rest <= most)
                || node.kind == NodeKind::Category
        };
        let (keep, hidden): (Vec<&Node>, Vec<&Node>) = nodes.iter().copied().partition(|node| is_kept(node));
        let mut fold = Vec::new();
        let hidden = |matters: bool| hidden.iter().filter(move |node| self.matters(node, wanted) == matters);
        let failed = hidden(true).count();
        if failed > 0 {
            let what = if is_or { "alternatives" } else { "conditions" };
            let (mark, verb) = if wanted { (Mark::False, "do not hold") } else { (Mark::True, "hold") };
            fold.push(Fold { mark, text: format!("{failed} more {what} {verb}") });
        }
        for (truth, mark) in [(true, Mark::True), (false, Mark::False)] {
            let count = hidden(false).filter(|node| node.holds() == Some(truth)).count();
            if count > 0 {
                let what = match (kind, count) {
                    (NodeKind::Or, 1) => "other alternative",
                    (NodeKind::Or, _) => "other alternatives",
                    (_, 1) => "other condition",
                    _ => "other conditions",
                };
                let verb = match (truth, count) {
                    (true, 1) => "holds",
                    (true, _) => "hold",
                    (false, 1) => "does not hold",
                    (false, _) => "do not hold",
                };
                fold.push(Fold { mark, text: format!("{count} {what} {verb}") });
            }
        }
        (keep, fold)
    }

    fn node(&mut self, node: &Node, wanted: bool, lead: String, below: String) {
        let matters = self.matters(node, wanted);
        let conditions: Vec<&Node> = node.children.iter().filter(|child| child.kind != NodeKind::Value).collect();
        let tone = match (matters, node.decides) {
            (_, true) => Tone::Strong,
            (true, false) => Tone::Plain,
            (false, false) => Tone::Faint,
        };
        let mut row = Row {
            lead,
            below,
            mark: mark(node),
            tone,
            text: node.text.clone(),
            said: false,
            right: right(node, node, self.full),
            notes: if node.kind == NodeKind::Category && !self.full { Vec::new() } else { node.notes.clone() },
        };
        // `not x == "a"` and `f(x) == true` are one line, with what the test inside found.
        if let ([inner], false) = (conditions.as_slice(), self.full)
            && inner.children.iter().all(|child| child.kind == NodeKind::Value)
        {
            row.right = right(inner, node, false);
            row.notes = inner.notes.iter().chain(&node.notes).cloned().collect();
            self.push(row);
            return;
        }
        let wanted_inside = if node.kind == NodeKind::Not { !wanted } else { wanted };
        if !conditions.is_empty() && (self.full || matters) {
            row.text = match node.kind {
                NodeKind::Not => "not",
                NodeKind::Or => "or",
                _ => "and",
            }
            .into();
            row.said = true;
            row.right = tally(node, &conditions);
            let below = row.below.clone();
            self.push(row);
            self.siblings(&conditions, node.kind, wanted_inside, Some(&below));
            return;
        }
        let below = row.below.clone();
        self.push(row);
        if self.full {
            self.values(node, &below);
        }
    }

    fn push(&mut self, mut row: Row) {
        if row.tone == Tone::Faint && !self.full {
            row.notes.clear();
        }
        self.rows.push(row);
    }

    /// The values inside a test.
    fn values(&mut self, node: &Node, below: &str) {
        let count = node.children.len();
        for (at, child) in node.children.iter().enumerate() {
            let (lead, below) = match at + 1 == count {
                true => (format!("{below}└ "), format!("{below}  ")),
                false => (format!("{below}├ "), format!("{below}│ ")),
            };
            let value = child.value.as_ref().map(json).unwrap_or_default();
            self.rows.push(Row {
                lead,
                below: below.clone(),
                mark: Mark::Value,
                tone: Tone::Faint,
                text: child.text.clone(),
                said: false,
                right: vec![Word { text: value, kind: WordKind::Value }],
                notes: Vec::new(),
            });
            self.values(child, &below);
        }
    }
}

struct Fold {
    mark: Mark,
    text: String,
}

pub fn mark(node: &Node) -> Mark {
    match (node.kind, node.truth, node.counts_as) {
        (NodeKind::Value, ..) => Mark::Value,
        (_, Some(true), _) => Mark::True,
        (_, Some(false), _) => Mark::False,
        (_, None, Some(counts_as)) => Mark::Null(counts_as),
        (_, None, None) => Mark::Undecided,
    }
}

/// How many of the parts hold.
fn tally(node: &Node, parts: &[&Node]) -> Vec<Word> {
    let holding = parts.iter().filter(|part| part.holds() == Some(true)).count();
    let text = match (node.kind, parts.len()) {
        (NodeKind::Not, _) => return Vec::new(),
        (_, 1) => return Vec::new(),
        (_, count) if holding == 0 => format!("none of {count} holds"),
        (_, count) if holding == count => format!("all {count} hold"),
        (_, count) => format!("{holding} of {count} hold"),
    };
    vec![Word { text, kind: WordKind::Said }]
}

/// What a test found. `row`: the node that the row is for, which may be a negation of the test.
fn right(test: &Node, row: &Node, full: bool) -> Vec<Word> {
    let mut words = Vec::new();
    // Where something is computed that says more than the fields that it is computed from.
    let computed = test.children.iter().any(|child| child.kind == NodeKind::Value);
    if !full && computed && test.fields.iter().all(|found| !found.values.is_empty()) {
        for part in &test.children {
            computed_words(part, test, true, &mut words);
        }
        return words;
    }
    let named = test.fields.len() > 1 || test.kind == NodeKind::Category;
    for found in &test.fields {
        words.extend(values(found, named.then_some(found.field.as_str()), row.holds()));
    }
    if test.counts_as == Some(true) {
        words.push(Word { text: "counts as true".into(), kind: WordKind::Said });
    }
    words
}

/// A part with its value; of what is inside only the values of fields with several, since one of them was taken.
fn computed_words(part: &Node, test: &Node, outermost: bool, words: &mut Vec<Word>) {
    if outermost || test.fields.iter().any(|found| found.field == part.text) {
        let value = part.value.as_ref().map(json).unwrap_or_default();
        words.push(Word { text: format!("{} = {value}", part.text), kind: WordKind::Value });
    }
    for inner in &part.children {
        computed_words(inner, test, false, words);
    }
}

/// The values of a field, after its name if there is any doubt. Of several values those that pass have the sign of what
/// they make of the row.
pub fn values(found: &Found, name: Option<&str>, holds: Option<bool>) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for (at, value) in found.values.iter().enumerate() {
        let passing = found.passing.contains(&(at as u32)) && found.values.len() > 1;
        let (sign, kind) = match (passing, holds) {
            (true, Some(false)) => (" ✗", WordKind::Failing),
            (true, _) => (" ✓", WordKind::Passing),
            (false, _) => ("", WordKind::Value),
        };
        words.push(Word { text: format!("{}{sign}", json(value)), kind });
    }
    if let Some(more) = found.total.and_then(|total| total.checked_sub(found.values.len() as u64)) {
        words.push(Word { text: format!("{more} more"), kind: WordKind::Said });
    }
    if words.is_empty() {
        words.push(Word { text: "missing".into(), kind: WordKind::Missing });
    }
    if let (Some(name), Some(first)) = (name, words.first_mut()) {
        first.text = format!("{name}: {}", first.text);
    }
    words
}

fn json(value: &serde_json::Value) -> String {
    value.to_string()
}
