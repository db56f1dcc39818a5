//! Why a rule or a predicate costs what it does, and what could be done about it.

use rule_core::profile::{ConditionCost, Kind, PredicateCost, Reach};

/// More keys than this are counted.
const MOST_KEYS: usize = 3;
/// Evaluated, or held, for a larger part of the events than this is often.
const OFTEN: f64 = 0.25;

/// For which events a condition is evaluated, in words. `term`: which of a sequence or sample it is, counted from 0.
pub fn reached_by(reach: &Reach, term: Option<u16>) -> String {
    let reached = match reach {
        Reach::Every => "every event".to_owned(),
        Reach::Category(category) => format!("every event of category {category}"),
        Reach::Values(keys) => match keys.chunk_by(|(a, _), (b, _)| a == b).map(field).collect::<Vec<_>>().as_slice() {
            [] => "nothing: it never holds".to_owned(),
            fields => fields.join(" or "),
        },
    };
    match term {
        Some(term) => format!("{reached} (term {})", term + 1),
        None => reached,
    }
}

/// The keys of a field: as EQL writes them, but for those that are only counted.
fn field(keys: &[(String, Option<String>)]) -> String {
    let path = keys.first().map_or("", |(path, _)| path);
    // Where any value will do, no other says more.
    if keys.iter().any(|(_, value)| value.is_none()) {
        return format!("any {path}");
    }
    let values: Vec<String> = keys.iter().flat_map(|(_, value)| value).map(|value| format!("{value:?}")).collect();
    match values.as_slice() {
        [only] => format!("{path} : {only}"),
        values if values.len() > MOST_KEYS => {
            format!("{path} : ({}, and {} more)", values[..MOST_KEYS].join(", "), values.len() - MOST_KEYS)
        }
        values => format!("{path} : ({})", values.join(", ")),
    }
}

/// What could be done about a condition. `read`: how many events there were; `in_sequence`: whether most of its cost is there.
pub fn of_condition(cost: &ConditionCost, read: u64, in_sequence: bool) -> Option<String> {
    let part = |count: u64| count as f64 / read.max(1) as f64;
    if let (Some(term), true) = (cost.term, in_sequence)
        && part(cost.held) >= OFTEN
    {
        return Some(format!(
            "term {} holds for {} of events, each of which is kept until its order is known: a narrower term costs less",
            term + 1,
            percent(part(cost.held)),
        ));
    }
    let advice = "a value that all its events have, in an `and`, would let the index find it";
    match &cost.reach {
        Reach::Every => Some(format!("no event is ruled out before it is evaluated: a category or {advice}")),
        Reach::Category(_) => Some(format!("only the category rules events out before it is evaluated: {advice}")),
        Reach::Values(keys) if part(cost.evaluated) >= OFTEN => match keys.iter().find(|(_, value)| value.is_none()) {
            Some((field, _)) => Some(format!("evaluated wherever {field} has any value: {advice}")),
            None => Some("the values that it is found by are in many events: rarer ones would be better".into()),
        },
        Reach::Values(_) => None,
    }
}

/// What could be done about a rule most of whose cost is alerts.
pub fn of_alerts(alerts: u64, of_all: f64) -> String {
    format!(
        "most of it is for its {alerts} alerts, {} of all: exceptions for what is harmless would save them",
        percent(of_all)
    )
}

/// What could be done about a predicate.
pub fn of_predicate(cost: &PredicateCost) -> Option<String> {
    match cost.kind {
        Kind::Regex => {
            Some("the index cannot look for a regular expression; it can for wildcards (`:`, `like`)".into())
        }
        Kind::Computed => {
            Some("computed for each event; the index can look for tests of a field with constants".into())
        }
        Kind::Test => None,
    }
}

/// `0.25` as `25 %`; what is little with a decimal.
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent < 9.95 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(reach: Reach, term: Option<u16>, evaluated: u64, held: u64) -> ConditionCost {
        ConditionCost { rule: 0, term, evaluated, held, time: 1.0, reach }
    }

    #[test]
    fn reaches_in_words() {
        let keys = |keys: &[(&str, Option<&str>)]| -> Reach {
            Reach::Values(keys.iter().map(|(field, value)| ((*field).into(), value.map(str::to_owned))).collect())
        };
        let words = |reach, term| reached_by(&reach, term);
        assert_eq!(words(Reach::Every, None), "every event");
        assert_eq!(words(Reach::Category("file".into()), Some(1)), "every event of category file (term 2)");
        assert_eq!(words(keys(&[("a.b", None), ("a.b", Some("x")), ("c", Some("d"))]), None), "any a.b or c : \"d\"");
        assert_eq!(words(keys(&[("a", Some("x")), ("a", Some("y"))]), None), r#"a : ("x", "y")"#);
        let many = ["1", "2", "3", "4", "5"].map(|value| ("a", Some(value)));
        assert_eq!(words(keys(&many), None), r#"a : ("1", "2", "3", and 2 more)"#);
        assert_eq!(words(keys(&[]), None), "nothing: it never holds");
    }

    #[test]
    fn hints_are_given_where_something_can_be_done() {
        let hint = |cost: &ConditionCost, in_sequence| of_condition(cost, 100, in_sequence).unwrap_or_default();
        assert!(hint(&cost(Reach::Every, None, 100, 0), false).contains("a category or a value"));
        let rare = Reach::Values(vec![("a".into(), Some("x".into()))]);
        assert_eq!(hint(&cost(rare.clone(), None, 3, 0), false), "");
        assert!(hint(&cost(rare.clone(), None, 30, 0), false).contains("rarer ones"));
        assert!(hint(&cost(rare, Some(0), 90, 90), true).contains("term 1 holds for 90 % of events"));
        let present = Reach::Values(vec![("a.b".into(), None)]);
        assert!(hint(&cost(present, None, 90, 0), false).contains("wherever a.b has any value"));
    }

    #[test]
    fn shares_as_people_read_them() {
        assert_eq!([0.0, 0.012, 0.0996, 0.5, 1.0].map(percent), ["0.0 %", "1.2 %", "10 %", "50 %", "100 %"]);
    }
}
