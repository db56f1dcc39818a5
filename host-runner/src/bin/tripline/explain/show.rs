//! An explanation for people: the rule, each event with its reason and tree, a summary.

use std::io::{self, Write};

use anstyle::Style;
use rule_core::Explanation;
use rule_core::explain::{ExplainedEvent, Found, Gate, GateKind, Node, NodeKind, QueryKind, Role, Term, Verdict};
use unicode_width::UnicodeWidthStr as _;

use super::Place;
use super::paint::{self, plain, sign, styled, wrap};
use super::trace;
use super::tree::{self, Mark};
use crate::output::{BOLD, DIM, YELLOW, cut};

/// More events than this are listed, a line each.
const MOST_TREES: usize = 10;
/// Widest time in the list.
const MOST_TIME: usize = 30;

/// How an explanation is shown.
pub struct View {
    pub width: usize,
    /// Every node.
    pub full: bool,
    /// Whether these events were asked for by number.
    pub chosen: bool,
    /// Whether there are more events than may be explained.
    pub more: bool,
}

impl View {
    pub fn explanation(&self, out: &mut dyn Write, explanation: &Explanation, places: &[Place]) -> io::Result<()> {
        self.rule(out, explanation)?;
        let events = || explanation.events.iter().zip(places);
        if explanation.events.len() > MOST_TREES && !self.full && !self.chosen {
            writeln!(out)?;
            let times = explanation
                .events
                .iter()
                .filter_map(|event| event.timestamp.as_deref())
                .map(|time| plain(time).width());
            let time = times.max().unwrap_or(0).min(MOST_TIME);
            for (event, place) in events() {
                self.line(out, explanation, event, place, time)?;
            }
            writeln!(out, "\n{}", styled("--only N shows the tree of an event, --full those of all", DIM))?;
        } else {
            for (event, place) in events() {
                writeln!(out)?;
                self.event(out, explanation, event, place)?;
            }
        }
        trace::write(out, explanation, self.width, self.full)?;
        self.summary(out, explanation, places)
    }

    fn rule(&self, out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
        let kind = match explanation.query {
            QueryKind::Event => "event query".to_owned(),
            QueryKind::Sequence => match explanation.maxspan {
                Some(millis) => format!("sequence, maxspan {}", span(millis)),
                None => "sequence".to_owned(),
            },
            QueryKind::Sample => "sample".to_owned(),
        };
        let (path, name) = (plain(&explanation.path), plain(&explanation.name));
        match path == name {
            true => writeln!(out, "{}", styled(&kind, BOLD))?,
            false => {
                writeln!(out, "{}  {}", styled(&cut(&name, self.width), BOLD), styled(&format!("{path}, {kind}"), DIM))?
            }
        }
        let skipped = explanation.skipped.as_ref().map(|reason| (format!("the rule does not run: {reason}"), YELLOW));
        for (text, style) in explanation.alerts_when.iter().map(|text| (text.clone(), DIM)).chain(skipped) {
            for line in wrap(&plain(&text), self.width.saturating_sub(2).max(20)) {
                writeln!(out, "  {}", styled(&line, style))?;
            }
        }
        if explanation.query != QueryKind::Event {
            let labels = labels(explanation);
            for (term, label) in explanation.terms.iter().zip(&labels) {
                let room = self.width.saturating_sub(label.width() + 4).max(20);
                writeln!(out, "  {label}  {}", styled(&cut(&plain(&term.text), room), DIM))?;
            }
        }
        Ok(())
    }

    /// One event in a line. `time`: the width of the column of times.
    fn line(
        &self,
        out: &mut dyn Write,
        explanation: &Explanation,
        event: &ExplainedEvent,
        place: &Place,
        time: usize,
    ) -> io::Result<()> {
        let (mark, style) = sign(verdict_of(event));
        let when = cut(&event.timestamp.as_deref().map(plain).unwrap_or_default(), time);
        let pad = " ".repeat(time - when.width());
        let head = format!("{:>5}  {when}{pad}{}", place.number, if time > 0 { "  " } else { "" });
        let reason = match (explanation.query, event.terms.as_slice()) {
            (QueryKind::Event, [verdict]) if event.held_by().is_none() || !verdict.matched => verdict.reason.clone(),
            _ => self.reason(explanation, event),
        };
        let room = self.width.saturating_sub(2 + head.width()).max(20);
        let reason = cut(without_outcome(&plain(&reason)), room);
        // Events of another kind are not what is looked for.
        let faint =
            if event.terms.iter().all(|verdict| is_of_another_category(&verdict.tree)) { DIM } else { Style::new() };
        writeln!(out, "{} {}{}", styled(mark, style), styled(&head, DIM), styled(&reason, faint))
    }

    fn event(
        &self,
        out: &mut dyn Write,
        explanation: &Explanation,
        event: &ExplainedEvent,
        place: &Place,
    ) -> io::Result<()> {
        let (mark, style) = sign(verdict_of(event));
        let time = event.timestamp.as_deref().map_or_else(String::new, |time| format!("{}  ", plain(time)));
        let place_text = format!("{time}{}:{}", plain(&place.file), place.line);
        let number = styled(&format!("event {}", place.number), BOLD);
        writeln!(out, "{} {number}  {}", styled(mark, style), styled(&place_text, DIM))?;
        for line in wrap(&plain(&self.reason(explanation, event)), self.width.saturating_sub(2).max(20)) {
            writeln!(out, "  {line}")?;
        }
        if event.rejected.is_none() {
            writeln!(out)?;
        }
        match (explanation.query, event.terms.as_slice()) {
            (QueryKind::Event, [verdict]) if event.gates.is_empty() => self.tree(out, &verdict.tree, 2),
            (QueryKind::Event, [verdict]) => self.gates(out, event, Some(verdict)),
            (_, verdicts) => {
                self.gates(out, event, None)?;
                self.terms(out, explanation, verdicts)
            }
        }
    }

    /// What the event had to pass, in order, and why it did or did not.
    fn gates(&self, out: &mut dyn Write, event: &ExplainedEvent, query: Option<&Verdict>) -> io::Result<()> {
        let held = event.held_by().filter(|_| event.matched());
        for gate in event.gates.iter().filter(|gate| query.is_some() || gate.gate != GateKind::Query) {
            let is_query = gate.gate == GateKind::Query;
            let is_held = held.is_some_and(|held| held == gate);
            // What the sentence above says already is not said again.
            let said = match (is_query, &gate.name) {
                (true, _) if held.is_none() => "",
                (true, _) => without_outcome(&gate.reason),
                (_, Some(name)) if is_held => name,
                _ if is_held => "",
                _ => &gate.reason,
            };
            self.gate(out, gate, said, is_held)?;
            let tree = if is_query { query.map(|verdict| &verdict.tree) } else { gate.tree.as_ref() };
            if let Some(tree) = tree.filter(|_| is_query && held.is_none() || !gate.passes || self.full) {
                self.tree(out, tree, 4)?;
            }
        }
        Ok(())
    }

    fn gate(&self, out: &mut dyn Write, gate: &Gate, said: &str, is_held: bool) -> io::Result<()> {
        let (mark, style) = sign(if gate.passes { Mark::True } else { Mark::False });
        let label = format!("{:<11}", gate_label(gate.gate));
        let (label_style, said_style) = if is_held { (BOLD, Style::new()) } else { (Style::new(), DIM) };
        let lines = wrap(&plain(said), self.width.saturating_sub(17).max(20));
        for (at, line) in lines.iter().enumerate() {
            match at {
                0 => write!(out, "  {} {}", styled(mark, style), styled(label.trim_end(), label_style))?,
                _ => write!(out, "    ")?,
            }
            let pad = if at > 0 { label.len() } else { label.len() - label.trim_end().len() };
            let pad = if line.is_empty() { String::new() } else { " ".repeat(pad + 2) };
            writeln!(out, "{pad}{}", styled(line, said_style))?;
        }
        Ok(())
    }

    /// The terms of a sequence or sample over one event.
    fn terms(&self, out: &mut dyn Write, explanation: &Explanation, verdicts: &[Verdict]) -> io::Result<()> {
        let none = verdicts.iter().all(|verdict| !verdict.matched);
        let nearest = verdicts.iter().filter_map(|verdict| verdict.distance).min();
        for (verdict, label) in verdicts.iter().zip(labels(explanation)) {
            // A filter that holds is not enough where a join key is missing.
            let mark = match tree::mark(&verdict.tree) {
                Mark::True if !verdict.matched => Mark::False,
                mark => mark,
            };
            let is_near = none && verdict.distance == nearest;
            let (said, style) = match (verdict.matched, verdict.keys.is_empty()) {
                (true, true) => (String::new(), Style::new()),
                (true, false) => {
                    let keys: Vec<String> = verdict.keys.iter().map(key).collect();
                    (format!("by {}", keys.join(", ")), Style::new())
                }
                (false, _) => (without_outcome(&verdict.reason).to_owned(), if is_near { Style::new() } else { DIM }),
            };
            let start = 6 + label.width();
            let (mark, mark_style) = sign(mark);
            for (at, line) in wrap(&plain(&said), self.width.saturating_sub(start).max(20)).iter().enumerate() {
                match at {
                    0 => write!(out, "  {} {}", styled(mark, mark_style), styled(&label, BOLD))?,
                    _ => write!(out, "{}", " ".repeat(start - 2))?,
                }
                writeln!(out, "{}{}", if line.is_empty() { "" } else { "  " }, styled(line, style))?;
            }
            if self.full || is_near {
                self.tree(out, &verdict.tree, 4)?;
            }
        }
        Ok(())
    }

    fn tree(&self, out: &mut dyn Write, tree: &Node, indent: usize) -> io::Result<()> {
        paint::rows(out, &tree::rows(tree, self.full), indent, self.width, self.full)
    }

    /// Why, in a sentence.
    fn reason(&self, explanation: &Explanation, event: &ExplainedEvent) -> String {
        if let Some(rejected) = &event.rejected {
            return format!("could not be read: at byte {}: {}", rejected.offset, rejected.message);
        }
        let held = event.held_by().filter(|_| event.matched()).map(|gate| format!(", but {}", gate.reason));
        let held = held.unwrap_or_default();
        if let (QueryKind::Event, [verdict]) = (explanation.query, event.terms.as_slice()) {
            if !held.is_empty() {
                return format!("the query matches{held}");
            }
            let far = verdict.distance.filter(|distance| *distance > 1);
            let far = far.map_or_else(String::new, |distance| format!(" ({distance} tests from a match)"));
            return format!("{}{far}", verdict.reason);
        }
        let terms = event.terms.iter().zip(&explanation.terms).enumerate();
        let matched: Vec<String> =
            terms.filter(|(_, (verdict, _))| verdict.matched).map(|(at, (_, term))| label(term, at)).collect();
        match matched.is_empty() {
            true => "is no event for any term".into(),
            false => format!("is an event for {}{held}", matched.join(", ")),
        }
    }

    fn summary(&self, out: &mut dyn Write, explanation: &Explanation, places: &[Place]) -> io::Result<()> {
        let events = &explanation.events;
        if events.len() > 1 {
            let count = |at: usize| {
                let matched = |event: &&ExplainedEvent| event.terms.get(at).is_some_and(|verdict| verdict.matched);
                match events.iter().filter(matched).count() {
                    0 => "none".to_owned(),
                    count => count.to_string(),
                }
            };
            let matched = match explanation.query {
                QueryKind::Event => format!("{} matched", count(0)),
                _ => {
                    let terms = explanation.terms.iter().enumerate();
                    let terms: Vec<_> =
                        terms.map(|(at, term)| format!("{} for {}", count(at), label(term, at))).collect();
                    terms.join(", ")
                }
            };
            write!(out, "\n{}", styled(&format!("{} events: {matched}", events.len()), BOLD))?;
            let held = events.iter().filter(|event| event.matched() && event.held_by().is_some()).count();
            if held > 0 {
                write!(out, ", {}", styled(&format!("{held} of them held back"), YELLOW))?;
            }
            let rejected = events.iter().filter(|event| event.rejected.is_some()).count();
            if rejected > 0 {
                write!(out, ", {}", styled(&format!("{rejected} could not be read"), YELLOW))?;
            }
            if let (QueryKind::Event, Some((place, distance @ 1..))) = (explanation.query, nearest(events, places)) {
                let tests = if distance == 1 { "test" } else { "tests" };
                write!(out, "; nearest is event {}, {distance} {tests} from a match", place.number)?;
            }
            writeln!(out)?;
        }
        let left_out = match (self.more, explanation.omitted) {
            (true, _) => "there are more events, which are not explained (see --max-explained-events)".to_owned(),
            (false, 0) => return Ok(()),
            (false, omitted) => {
                format!("{omitted} more events are not explained (see --max-explained-events, --max-explained-nodes)")
            }
        };
        writeln!(out, "{}", styled(&left_out, YELLOW))
    }
}

/// What became of an event as a whole.
fn verdict_of(event: &ExplainedEvent) -> Mark {
    if event.matched() {
        return if event.held_by().is_some() { Mark::False } else { Mark::True };
    }
    match event.terms.iter().any(|verdict| verdict.tree.holds().is_none()) || event.rejected.is_some() {
        true => Mark::Undecided,
        false => Mark::False,
    }
}

fn is_of_another_category(filter: &Node) -> bool {
    filter.children.first().is_some_and(|node| node.kind == NodeKind::Category && node.holds() == Some(false))
}

/// The event that is nearest to a match, and how far it is.
fn nearest<'p>(events: &[ExplainedEvent], places: &'p [Place]) -> Option<(&'p Place, u32)> {
    let distance = |event: &ExplainedEvent| event.terms.iter().filter_map(|verdict| verdict.distance).min();
    events.iter().zip(places).filter_map(|(event, place)| Some((place, distance(event)?))).min_by_key(|(_, far)| *far)
}

/// What a gate is called.
fn gate_label(kind: GateKind) -> &'static str {
    match kind {
        GateKind::Index => "index",
        GateKind::Query => "query",
        GateKind::Filters => "filters",
        GateKind::Exceptions => "exceptions",
        GateKind::Threshold => "threshold",
        GateKind::NewTerms => "new terms",
        GateKind::Indicators => "indicators",
        GateKind::Suppression => "suppression",
        GateKind::MaxSignals => "max_signals",
    }
}

/// What a term is called.
pub fn label(term: &Term, at: usize) -> String {
    let number = at + 1;
    match (term.role, term.runs) {
        (Role::Until, _) => "until".into(),
        (Role::Missing, _) => format!("term {number} (missing)"),
        (Role::Event | Role::Term, 1) => format!("term {number}"),
        (Role::Event | Role::Term, runs) => format!("term {number} (runs={runs})"),
    }
}

/// The terms' labels, all of one width.
fn labels(explanation: &Explanation) -> Vec<String> {
    let labels: Vec<String> = explanation.terms.iter().enumerate().map(|(at, term)| label(term, at)).collect();
    let width = labels.iter().map(|label| label.width()).max().unwrap_or(0);
    labels.into_iter().map(|label| format!("{label:width$}")).collect()
}

/// A reason after a mark that says the outcome already.
fn without_outcome(reason: &str) -> &str {
    let reason = reason.strip_prefix("did not match: ").unwrap_or(reason);
    reason.strip_prefix("matched: ").unwrap_or(reason)
}

fn key(found: &Found) -> String {
    let words: Vec<String> = tree::values(found, None, None).into_iter().map(|word| word.text).collect();
    format!("{} {}", found.field, words.join(", "))
}

/// A span as EQL writes it.
fn span(millis: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let unit = units.into_iter().find(|(factor, _)| millis.is_multiple_of(*factor));
    unit.map_or_else(|| format!("{millis}ms"), |(factor, unit)| format!("{}{unit}", millis / factor))
}
