//! Recognises a record and fills the fields' slots from the record's.

use rule_syntax::normaliser::{Constant, Kind};

use super::steps::{self, Sink};
use super::{Asked, Compiled, Made, Normalisers, Part, Rule, Test, Way};
use crate::Limits;
use crate::decode::{Event, Line, Slots, Value};
use crate::plan::test::text;

/// The working memory of normalising, used again for every event.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(super) text: String,
    pub(super) made: Vec<Made>,
    holds: Vec<bool>,
}

/// Why an event could not be normalised: a limit, in words.
pub(crate) type TooMuch = String;

impl Normalisers {
    /// Fills the fields of a record; events that are not records of a known source stay as they are.
    pub fn apply(
        &self,
        line: Line<'_>,
        slots: &mut Slots,
        scratch: &mut Scratch,
        limits: &Limits,
    ) -> Result<(), TooMuch> {
        let event = slots.view_line(line);
        let Some(normaliser) = self.recognise(event) else { return Ok(()) };
        normaliser.derive(event, scratch, limits)?;
        let index = match (&normaliser.index, event.index()) {
            (Some(rule), None) => normaliser.one(rule, event, scratch, limits)?,
            _ => None,
        };
        if normaliser.moves {
            slots.forget_values();
        }
        let from = slots.append(&scratch.text);
        if let Some(made) = index {
            slots.set_index(from, made.start, made.end);
        }
        for made in &scratch.made {
            // The values that the whole event may bring, those of the record included.
            for slot in &normaliser.rules[made.rule as usize].to {
                if slots.len() >= limits.max_event_values as usize {
                    return Err(too_many(limits));
                }
                slots.derive(*slot, made.kind, from, made.start, made.end);
            }
        }
        Ok(())
    }

    /// Whose record it is.
    pub(super) fn recognise(&self, event: Event<'_>) -> Option<&Compiled> {
        self.list.iter().find(|normaliser| normaliser.is_for(event, self.recognises))
    }
}

fn too_many(limits: &Limits) -> TooMuch {
    format!("a normalised event has more than {} values", limits.max_event_values)
}

/// The values of a slot, without those that count as none.
fn values<'a>(event: Event<'a>, slot: u32) -> impl Iterator<Item = Value<'a>> {
    event.values(slot as usize).filter(|value| !matches!(value, Value::Null | Value::String("")))
}

fn has_value(event: Event<'_>, slot: u32) -> bool {
    values(event, slot).next().is_some()
}

impl Part {
    fn is_in(&self, text: &str) -> bool {
        match (self.before, self.behind) {
            (true, true) => text.contains(&self.text),
            (true, false) => text.ends_with(&self.text),
            _ => text.starts_with(&self.text),
        }
    }
}

impl Test {
    fn holds(&self, event: Event<'_>) -> bool {
        let Asked::Text(whole, parts) = &self.want else {
            let present = self.slots.iter().any(|slot| has_value(event, *slot));
            return present == matches!(self.want, Asked::Present);
        };
        self.slots.iter().flat_map(|slot| values(event, *slot)).any(|value| {
            let text = text(&value);
            whole.binary_search_by(|known| known.as_str().cmp(text)).is_ok()
                || parts.iter().any(|part| part.is_in(text))
        })
    }
}

fn all_hold(tests: &[Test], event: Event<'_>) -> bool {
    tests.iter().all(|test| test.holds(event))
}

impl Compiled {
    fn is_for(&self, event: Event<'_>, recognises: bool) -> bool {
        let is_record = !recognises || self.recognise.iter().any(|tests| all_hold(tests, event));
        is_record && !self.unless.iter().any(|slot| has_value(event, *slot))
    }

    /// Finds the values of all fields.
    pub(super) fn derive(&self, event: Event<'_>, scratch: &mut Scratch, limits: &Limits) -> Result<(), TooMuch> {
        scratch.text.clear();
        scratch.made.clear();
        scratch.holds.clear();
        scratch.holds.extend(self.conditions.iter().map(|tests| all_hold(tests, event)));
        for (number, rule) in self.rules.iter().enumerate() {
            // What the event says itself in the schema's words stands.
            if self.moves || !rule.to.iter().any(|slot| has_value(event, *slot)) {
                self.rule(number as u32, rule, event, scratch, limits)?;
            }
        }
        Ok(())
    }

    /// The first value of a rule whose field has no slot.
    pub(super) fn one(
        &self,
        rule: &Rule,
        event: Event<'_>,
        scratch: &mut Scratch,
        limits: &Limits,
    ) -> Result<Option<Made>, TooMuch> {
        let before = scratch.made.len();
        self.rule(0, rule, event, scratch, limits)?;
        let made = scratch.made.get(before).copied();
        scratch.made.truncate(before);
        Ok(made)
    }

    fn rule(
        &self,
        number: u32,
        rule: &Rule,
        event: Event<'_>,
        scratch: &mut Scratch,
        limits: &Limits,
    ) -> Result<(), TooMuch> {
        for way in &rule.ways {
            let holds = |number: &u32| scratch.holds.get(*number as usize) == Some(&true);
            if !way.when.is_empty() && !way.when.iter().any(holds) {
                continue;
            }
            let before = scratch.made.len();
            let start = scratch.text.len();
            // An alert sets no limit, and in the sandbox it is as large as lengths can be.
            let most_values = before.saturating_add(limits.max_event_values as usize);
            let mut sink = Sink {
                rule: number,
                text: &mut scratch.text,
                made: &mut scratch.made,
                most_bytes: limits.max_derived_bytes as usize,
                most_values,
                full: false,
            };
            way.run(event, &mut sink);
            if sink.full {
                let most = limits.max_derived_bytes;
                let values = scratch.made.len() >= most_values;
                return Err(match values {
                    true => too_many(limits),
                    false => format!("a normalised event has more than {most} bytes of derived text"),
                });
            }
            let count = scratch.made.len() - before;
            if count == 0 {
                continue;
            }
            if way.count {
                scratch.made.truncate(before);
                scratch.text.truncate(start);
                scratch.text += &count.to_string();
                let (start, end) = (start as u32, scratch.text.len() as u32);
                scratch.made.push(Made { rule: number, kind: Kind::Number, start, end });
            }
            break;
        }
        Ok(())
    }
}

impl Way {
    fn run(&self, event: Event<'_>, sink: &mut Sink<'_>) {
        if self.parts.is_empty() {
            self.constants.iter().for_each(|constant| sink.push(&constant.text, constant.kind));
            return;
        }
        if let Some(join) = &self.join {
            let first = |part: &Vec<u32>| part.iter().find_map(|slot| values(event, *slot).next());
            let all = |part: &Vec<u32>| {
                let slot = part.iter().find(|slot| has_value(event, **slot));
                slot.into_iter().flat_map(|slot| values(event, *slot)).collect()
            };
            let found: Vec<_> = match &self.parts[..] {
                [one] => all(one),
                several => several.iter().filter_map(first).collect(),
            };
            let texts: Vec<_> = found.iter().map(|value| text(value)).collect();
            if !texts.is_empty() {
                self.value(&texts.join(join.as_str()), Kind::String, sink);
            }
            return;
        }
        let slot = self.parts.iter().flatten().find(|slot| has_value(event, **slot));
        for value in slot.into_iter().flat_map(|slot| values(event, *slot)) {
            let kind = match value {
                Value::Number(_) => Kind::Number,
                Value::Bool(_) => Kind::Bool,
                Value::String(_) | Value::Null => Kind::String,
            };
            self.value(text(&value), kind, sink);
        }
    }

    fn value(&self, text: &str, kind: Kind, sink: &mut Sink<'_>) {
        if self.map.is_empty() && self.constants.is_empty() {
            return steps::run(&self.steps, text, kind, &mut |text, kind| sink.push(text, kind));
        }
        steps::run(&self.steps, text, kind, &mut |text, _| {
            let known = self.map.binary_search_by(|(known, _)| known.as_str().cmp(text));
            let constants: &[Constant] = known.map_or(&self.constants, |at| &self.map[at].1);
            constants.iter().for_each(|constant| sink.push(&constant.text, constant.kind));
        });
    }
}
