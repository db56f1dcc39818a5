//! A failing case is made smaller, step by step, while it fails.

use super::{Case, Event, Field, MS, Query, Term};

/// How many smaller cases are tried at most.
const MAX_TRIES: usize = 20_000;

impl Case {
    /// The smallest case that can be reached by steps after each of which `fails` still holds.
    pub fn shrunk(&self, fails: impl Fn(&Case) -> bool) -> Case {
        let mut smallest = self.clone();
        let mut tries = 0;
        loop {
            let step = smallest.simpler().into_iter().find(|case| {
                tries += 1;
                tries < MAX_TRIES && fails(case)
            });
            match step {
                Some(case) => smallest = case,
                None => return smallest,
            }
        }
    }

    /// Every case that is one step simpler, the longest steps first.
    fn simpler(&self) -> Vec<Case> {
        let mut simpler = Vec::new();
        for at in 0..self.events.len() {
            let mut case = self.clone();
            case.events.remove(at);
            case.number();
            simpler.push(case);
        }
        let queries = simpler_queries(&self.query).into_iter().filter(Query::is_valid);
        simpler.extend(queries.map(|query| Case { query, ..self.clone() }));
        if self.tiebreaker {
            simpler.push(Case { tiebreaker: false, ..self.clone() });
        }
        if self.nanos {
            simpler.push(Case { nanos: false, ..self.clone() });
        }
        for (at, event) in self.events.iter().enumerate() {
            for event in simpler_events(event, self.events.iter().map(|event| event.ts_ns)) {
                let mut case = self.clone();
                case.events[at] = event;
                simpler.push(case);
            }
        }
        simpler
    }
}

fn simpler_queries(query: &Query) -> Vec<Query> {
    let mut simpler = Vec::new();
    let mut change = |edit: &dyn Fn(&mut Query)| {
        let mut changed = query.clone();
        edit(&mut changed);
        if changed != *query {
            simpler.push(changed);
        }
    };
    for at in 0..query.terms.len() {
        change(&|query| {
            query.terms.remove(at);
        });
    }
    change(&|query| query.until = None);
    change(&|query| query.maxspan_ms = None);
    for at in 0..query.by.len() {
        change(&|query| {
            query.by.remove(at);
        });
        change(&|query| query.by[at].optional = false);
    }
    for key in 0..query.terms[0].by.len() {
        change(&|query| {
            terms(query).for_each(|term| {
                term.by.remove(key);
            })
        });
        change(&|query| terms(query).for_each(|term| term.by[key].optional = false));
    }
    for at in 0..query.terms.len() {
        change(&|query| query.terms[at].missing = false);
        change(&|query| query.terms[at].runs = 1);
        change(&|query| query.terms[at].runs = query.terms[at].runs.min(2));
        change(&|query| query.terms[at].filter.least = 0);
    }
    simpler
}

fn terms(query: &mut Query) -> impl Iterator<Item = &mut Term> {
    query.terms.iter_mut().chain(&mut query.until)
}

fn simpler_events(event: &Event, times: impl Iterator<Item = i64>) -> Vec<Event> {
    let mut simpler = Vec::new();
    let mut change = |edit: &dyn Fn(&mut Event)| {
        let mut changed = event.clone();
        edit(&mut changed);
        if changed != *event {
            simpler.push(changed);
        }
    };
    change(&|event| event.fields.clear());
    for name in event.fields.keys() {
        change(&|event| {
            event.fields.remove(name);
        });
        change(&|event| {
            if let Some(field) = event.fields.get_mut(name)
                && let Field::Many(values) = field
                && let Some(value) = values.iter().flatten().next()
            {
                *field = Field::One(Some(value.clone()));
            }
        });
    }
    change(&|event| event.tiebreaker = None);
    change(&|event| event.level = 0);
    // Nearer to the earliest, but never beyond it: smaller gaps, with the order left as it is or not.
    if let Some(first) = times.min()
        && event.ts_ns > first
    {
        change(&|event| event.ts_ns = (event.ts_ns - MS).max(first));
        change(&|event| event.ts_ns = event.ts_ms() * MS);
    }
    simpler
}
