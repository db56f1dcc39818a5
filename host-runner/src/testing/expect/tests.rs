use serde_json::json;

use super::*;

fn holds(expected: Value, found: Value) -> bool {
    let object = json!({ "f": expected });
    let fields = expected_fields(object.as_object().unwrap()).unwrap();
    let alert = FoundAlert { document: json!({ "f": found }), events: vec![1] };
    compare(&Expect::Alert, &fields, &[alert]).is_empty()
}

#[test]
fn values_are_compared_as_they_are_meant() {
    assert!(holds(json!(47), json!(47.0)));
    assert!(holds(json!("a"), json!(["b", "a"])));
    assert!(holds(json!(["b", "a"]), json!(["b", "a"])));
    assert!(!holds(json!(["a"]), json!(["b", "a"])));
    assert!(!holds(json!("A"), json!("a")));
    assert!(holds(json!({"exists": true}), json!(false)));
    assert!(!holds(json!({"exists": false}), json!(false)));
    assert!(!holds(json!(null), json!(1)));
    assert!(holds(json!({"like": "*pnsd?service*"}), json!("a pnsd.service on b")));
    assert!(!holds(json!({"like": "*PNSD*"}), json!("pnsd")));
    assert!(holds(json!({"like": "a*b*c"}), json!(["x", "aXbYbZc"])));
    assert!(!holds(json!("x*"), json!("xy")));
}

#[test]
fn a_missing_field_is_nothing() {
    let object = json!({"a.b": 1, "c": {"exists": false}, "d": {"e": {"like": "*"}}});
    let fields = expected_fields(object.as_object().unwrap()).unwrap();
    let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["a.b", "c", "d.e"]);
    let failures = compare(&Expect::Alert, &fields, &[FoundAlert { document: json!({}), events: vec![] }]);
    let told: Vec<_> = failures.iter().map(|f| (f.expected.as_str(), f.found.as_str())).collect();
    assert_eq!(told, [("1", "nothing"), ("like \"*\"", "nothing")]);
    let bad = json!({"a": {"like": 5}});
    assert!(expected_fields(bad.as_object().unwrap()).is_err());
}

#[test]
fn alerts_are_counted_and_their_events_compared() {
    let alert = |events: &[u64]| FoundAlert { document: json!({}), events: events.to_vec() };
    let kinds = |expect: Expect, found: &[FoundAlert]| -> Vec<FailureKind> {
        compare(&expect, &[], found).into_iter().map(|failure| failure.kind).collect()
    };
    assert_eq!(kinds(Expect::Alert, &[]), [FailureKind::Missing]);
    assert_eq!(kinds(Expect::Count(0), &[alert(&[1])]), [FailureKind::Unexpected]);
    assert_eq!(kinds(Expect::Count(2), &[alert(&[1])]), [FailureKind::Missing]);
    let about = |events: &[u64]| ExpectedAlert { events: Some(events.to_vec()), fields: vec![] };
    assert_eq!(kinds(Expect::Alerts(vec![about(&[1, 2])]), &[alert(&[1, 3])]), [FailureKind::Events]);
    assert_eq!(kinds(Expect::Alerts(vec![about(&[1, 2])]), &[alert(&[1, 2])]), []);
}
