//! Which indicators a rule means: `threat_query` and `threat_filters`, without what has no meaning here.

use super::Wanted;
use crate::check::Checker;
use crate::clause::{Clause, ClauseKind, FieldName, FieldTest};
use crate::engine::Program;
use crate::plan::Plan;
use crate::plan::condition::Condition;
use crate::{filter, kql, lucene};

/// Which indicators are meant, as a program with two filters, for those with an envelope and those without; and the slots of the envelope.
pub fn selection(wanted: &Wanted<'_>, mut plan: Plan) -> Result<(Program, Vec<u32>), String> {
    let Wanted { info, threat, exceptions, schema, limits, .. } = *wanted;
    let mut errors = Vec::new();
    let parse = if threat.language == "lucene" { lucene::parse } else { kql::parse };
    let query = match threat.query.trim() {
        "" => Some(Clause::new(ClauseKind::All)),
        text => parse(text, limits.max_query_depth, &mut errors),
    };
    let wrong = |what: &str, why: &str| format!("`{what}` cannot be read: {why}");
    let first = |errors: &[crate::Diagnostic]| errors.first().map(|error| error.message.clone()).unwrap_or_default();
    let query = query.ok_or_else(|| wrong("threat_query", &first(&errors)))?;
    let filters = filter::filters(&threat.filters).map_err(|error| wrong("threat_filters", &error))?;
    let all = Clause::all(vec![query, filters]);
    let mut envelope = Vec::new();
    all.each_name(&mut |name, _| {
        if is_envelope(name) {
            envelope.push(plan.slot(schema, name));
        }
    });
    let mut checker = Checker { text: &threat.query, schema, limits, plan: &mut plan, errors: &mut errors };
    let mut made = Vec::new();
    for is_left_out in [is_clock as fn(&Clause) -> bool, |clause| is_clock(clause) || is_envelope_test(clause)] {
        let clause = without(&all, is_left_out).unwrap_or_else(|| Clause::new(ClauseKind::All));
        made.push(checker.query(&clause));
    }
    let made: Option<Vec<_>> = made.into_iter().collect();
    let mut made = made.ok_or_else(|| wrong("threat_query", &first(&errors)))?;
    // Kibana searches for indicators with the rule's exceptions, as for events.
    let left = exceptions.left_of_others(&info.exceptions_list, &mut plan);
    for filter in &mut made {
        let own = std::mem::replace(&mut filter.condition, Condition::Constant(true));
        filter.condition = Condition::all([own, left.clone()]);
    }
    Ok((Program::new(plan, made, limits.clone()), envelope))
}

/// Whether a field says how a document came about.
fn is_envelope(name: &str) -> bool {
    name.starts_with("event.")
}

fn is_envelope_test(clause: &Clause) -> bool {
    matches!(&clause.kind, ClauseKind::Field { field: FieldName::Name(name), .. } if is_envelope(name))
}

/// Whether a clause compares with what time it is.
fn is_clock(clause: &Clause) -> bool {
    let ClauseKind::Field { test, .. } = &clause.kind else { return false };
    match test {
        FieldTest::Range(bounds) => bounds.iter().any(|(_, bound)| bound.starts_with("now")),
        FieldTest::Match(text) | FieldTest::Phrase(text) => text == "now" || text.starts_with("now-"),
        _ => false,
    }
}

/// The clause without some of its parts; none when nothing is left that it asks.
fn without(clause: &Clause, is_left_out: fn(&Clause) -> bool) -> Option<Clause> {
    if is_left_out(clause) {
        return None;
    }
    let kind = match &clause.kind {
        ClauseKind::Not(inner) => ClauseKind::Not(Box::new(without(inner, is_left_out)?)),
        ClauseKind::And(parts) => {
            let left: Vec<_> = parts.iter().filter_map(|part| without(part, is_left_out)).collect();
            if left.is_empty() {
                return None;
            }
            ClauseKind::And(left)
        }
        // An alternative that asks nothing holds.
        ClauseKind::Or(parts) => {
            ClauseKind::Or(parts.iter().map(|part| without(part, is_left_out)).collect::<Option<_>>()?)
        }
        other => other.clone(),
    };
    Some(Clause { kind, span: clause.span })
}
