//! An explanation for people: the rule, each event with its reason and tree, a summary.

use std::io::{self, Write};

use anstyle::Style;
use rule_core::Explanation;
use rule_core::explain::{ExplainedEvent, QueryKind, Role, Term, Verdict};

use super::Place;
use super::paint::{self, plain, sign, wrap};
use super::tree::{self, Mark};
use crate::output::{BOLD, DIM, YELLOW, cut};

/// More events than this are listed, a line each.
const MOST_TREES: usize = 10;

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
            for (event, place) in events() {
                self.line(out, explanation, event, place)?;
            }
            writeln!(out, "\n{DIM}--only N shows the tree of an event, --full those of all{DIM:#}")?;
        } else {
            for (event, place) in events() {
                self.event(out, explanation, event, place)?;
            }
        }
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
        let name = cut(&plain(&explanation.name), self.width);
        writeln!(out, "{BOLD}{name}{BOLD:#}  {DIM}{}, {kind}{DIM:#}", plain(&explanation.path))?;
        if explanation.query != QueryKind::Event {
            for (number, term) in explanation.terms.iter().enumerate() {
                let label = label(term, number);
                let room = self.width.saturating_sub(label.len() + 3).max(20);
                writeln!(out, "  {label} {DIM}{}{DIM:#}", cut(&plain(&term.text), room))?;
            }
        }
        writeln!(out)
    }

    /// One event in a line.
    fn line(
        &self,
        out: &mut dyn Write,
        explanation: &Explanation,
        event: &ExplainedEvent,
        place: &Place,
    ) -> io::Result<()> {
        let (mark, style) = sign(verdict_of(event));
        let time = event.timestamp.as_deref().map(plain).unwrap_or_default();
        let head = format!("{:>5}  {time:<24}  ", place.number);
        let room = self.width.saturating_sub(2 + head.len()).max(20);
        let reason = cut(&plain(&self.reason(explanation, event)), room);
        writeln!(out, "{style}{mark}{style:#} {}{reason}", dim(&head))
    }

    fn event(
        &self,
        out: &mut dyn Write,
        explanation: &Explanation,
        event: &ExplainedEvent,
        place: &Place,
    ) -> io::Result<()> {
        let (mark, style) = sign(verdict_of(event));
        write!(out, "{style}{mark}{style:#} {BOLD}event {}{BOLD:#}", place.number)?;
        let time = event.timestamp.as_deref().map(plain);
        let place = format!("{}:{}", plain(&place.file), place.line);
        writeln!(out, "  {DIM}{}{place}{DIM:#}", time.map_or_else(String::new, |time| format!("{time}  ")))?;
        self.paragraph(out, &self.reason(explanation, event), Style::new())?;
        if event.rejected.is_none() {
            writeln!(out)?;
        }
        match (explanation.query, event.terms.as_slice()) {
            (QueryKind::Event, [verdict]) => self.tree(out, verdict, 2)?,
            (_, verdicts) => self.terms(out, explanation, verdicts)?,
        }
        writeln!(out)
    }

    /// The terms of a sequence or sample over one event.
    fn terms(&self, out: &mut dyn Write, explanation: &Explanation, verdicts: &[Verdict]) -> io::Result<()> {
        let none = verdicts.iter().all(|verdict| !verdict.matched);
        let nearest = verdicts.iter().filter_map(|verdict| verdict.distance).min();
        for (number, (verdict, term)) in verdicts.iter().zip(&explanation.terms).enumerate() {
            let (mark, style) = sign(if verdict.matched { Mark::True } else { tree::mark(&verdict.tree) });
            // A filter that holds is not enough where a join key is missing.
            let (mark, style) = if !verdict.matched && mark == "✓" { sign(Mark::False) } else { (mark, style) };
            write!(out, "  {style}{mark}{style:#} {BOLD}{}{BOLD:#}", label(term, number))?;
            let keys: Vec<String> = verdict.keys.iter().map(key).collect();
            if verdict.matched && !keys.is_empty() {
                write!(out, "  {DIM}by{DIM:#} {}", plain(&keys.join(", ")))?;
            }
            writeln!(out)?;
            if !verdict.matched {
                let style = if none && verdict.distance == nearest { Style::new() } else { DIM };
                for line in wrap(&plain(&verdict.reason), self.width.saturating_sub(4).max(20)) {
                    writeln!(out, "    {style}{line}{style:#}")?;
                }
            }
            if self.full || (none && verdict.distance == nearest) {
                self.tree(out, verdict, 4)?;
            }
        }
        Ok(())
    }

    fn tree(&self, out: &mut dyn Write, verdict: &Verdict, indent: usize) -> io::Result<()> {
        paint::rows(out, &tree::rows(&verdict.tree, self.full), indent, self.width, self.full)
    }

    fn paragraph(&self, out: &mut dyn Write, text: &str, style: Style) -> io::Result<()> {
        for line in wrap(&plain(text), self.width.saturating_sub(2).max(20)) {
            writeln!(out, "  {style}{line}{style:#}")?;
        }
        Ok(())
    }

    /// Why, in a sentence.
    fn reason(&self, explanation: &Explanation, event: &ExplainedEvent) -> String {
        if let Some(rejected) = &event.rejected {
            return format!("could not be read: at byte {}: {}", rejected.offset, rejected.message);
        }
        if let (QueryKind::Event, [verdict]) = (explanation.query, event.terms.as_slice()) {
            let far = verdict.distance.filter(|distance| *distance > 1);
            let far = far.map_or_else(String::new, |distance| format!(" ({distance} tests from a match)"));
            return format!("{}{far}", verdict.reason);
        }
        let terms = event.terms.iter().zip(&explanation.terms).enumerate();
        let matched: Vec<String> =
            terms.filter(|(_, (verdict, _))| verdict.matched).map(|(at, (_, term))| label(term, at)).collect();
        match matched.is_empty() {
            true => "is no event for any term".into(),
            false => format!("is an event for {}", matched.join(", ")),
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
            write!(out, "{BOLD}{} events: {matched}{BOLD:#}", events.len())?;
            let rejected = events.iter().filter(|event| event.rejected.is_some()).count();
            if rejected > 0 {
                write!(out, ", {YELLOW}{rejected} could not be read{YELLOW:#}")?;
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
        writeln!(out, "{YELLOW}{left_out}{YELLOW:#}")
    }
}

/// What became of an event as a whole.
fn verdict_of(event: &ExplainedEvent) -> Mark {
    if event.terms.iter().any(|verdict| verdict.matched) {
        return Mark::True;
    }
    match event.terms.iter().any(|verdict| verdict.tree.holds().is_none()) || event.rejected.is_some() {
        true => Mark::Undecided,
        false => Mark::False,
    }
}

/// The event that is nearest to a match, and how far it is.
fn nearest<'p>(events: &[ExplainedEvent], places: &'p [Place]) -> Option<(&'p Place, u32)> {
    let distance = |event: &ExplainedEvent| event.terms.iter().filter_map(|verdict| verdict.distance).min();
    events.iter().zip(places).filter_map(|(event, place)| Some((place, distance(event)?))).min_by_key(|(_, far)| *far)
}

/// What a term is called.
fn label(term: &Term, at: usize) -> String {
    let name = match term.role {
        Role::Until => return "until".into(),
        Role::Missing => format!("missing event {}", at + 1),
        Role::Event | Role::Term => format!("term {}", at + 1),
    };
    if term.runs > 1 { format!("{name} (runs={})", term.runs) } else { name }
}

fn key(found: &rule_core::explain::Found) -> String {
    let words: Vec<String> = tree::values(found, None, None).into_iter().map(|word| word.text).collect();
    format!("{} {}", found.field, words.join(", "))
}

fn dim(text: &str) -> String {
    format!("{DIM}{text}{DIM:#}")
}

/// A span as EQL writes it.
fn span(millis: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let unit = units.into_iter().find(|(factor, _)| millis.is_multiple_of(*factor));
    unit.map_or_else(|| format!("{millis}ms"), |(factor, unit)| format!("{}{unit}", millis / factor))
}
