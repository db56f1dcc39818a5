use serde_json::{Value, json};

use super::{ValueList, exception, filters};
use crate::kql;
use crate::rule::ExceptionItem;

fn read(list: Value) -> Result<String, String> {
    let list = list.as_array().cloned().unwrap_or_default();
    filters(&list).map(|clause| kql::print(&clause))
}

#[test]
fn filters_mean_what_kibana_sends() {
    for (filter, expected) in [
        (json!([]), "*:*"),
        (json!([{"meta": {}, "query": {"match_phrase": {"a": "x y"}}}]), "a:\"x y\""),
        (json!([{"meta": {"negate": true}, "query": {"match_phrase": {"a": {"query": "x"}}}}]), "not a:\"x\""),
        (json!([{"meta": {"disabled": true}, "query": {"match_phrase": {"a": "x"}}}]), "*:*"),
        (
            json!([{"meta": {"negate": true}, "query": {"wildcard": {"f": {"case_insensitive": true, "value": "?:\\\\a\\\\*"}}}}]),
            "not f:?\\:\\\\a\\\\*",
        ),
        (json!([{"query": {"wildcard": {"f": {"wildcard": "a*"}}}}]), "f:a*"),
        (json!([{"meta": {"type": "exists"}, "exists": {"field": "a"}}]), "a:*"),
        (json!([{"range": {"n": {"gte": 5, "lt": 9}}}]), "n >= \"5\" and n < \"9\""),
        (
            json!([{"query": {"bool": {"minimum_should_match": 1, "should": [{"match": {"a": "x"}}, {"term": {"a": 7}}]}}}]),
            "a:x or a:\"7\"",
        ),
        (
            json!([{"query": {"bool": {"filter": [{"exists": {"field": "a"}}], "must_not": {"terms": {"b": ["x", "y"]}}}}}]),
            "a:* and not (b:\"x\" or b:\"y\")",
        ),
        (
            json!([{"query": {"query_string": {"query": "x OR y*", "fields": ["a", "b"]}}}]),
            "(a:x or b:x) or (a:y* or b:y*)",
        ),
        (json!([{"query": {"nested": {"path": "u", "query": {"match": {"u.n": "x"}}}}}]), "u:{ n:x }"),
        (
            json!([{"meta": {"type": "combined", "relation": "OR", "params": [
                {"meta": {}, "query": {"match_phrase": {"a": "x"}}},
                {"meta": {"negate": true}, "query": {"exists": {"field": "b"}}},
            ]}}]),
            "a:\"x\" or not b:*",
        ),
        (json!([{"query": {"prefix": {"a": "x"}}}, {"query": {"match_all": {}}}]), "a:x* and *:*"),
    ] {
        assert_eq!(read(filter.clone()).as_deref(), Ok(expected), "{filter}");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    for (filter, message) in [
        (json!([{"query": {"geo_shape": {"a": {}}}}]), "filters of kind `geo_shape` are not evaluated"),
        (json!([{"query": {"match": {"a": 1, "b": 2}}}]), "a filter's query is not about one field"),
        (json!([{"meta": {}}]), "a filter has no `query`"),
        (
            json!([{"query": {"bool": {"should": [{"match_all": {}}, {"match_all": {}}, {"match_all": {}}], "minimum_should_match": 2}}}]),
            "`minimum_should_match` of 2 is not evaluated",
        ),
        (json!([7]), "a filter is not an object"),
    ] {
        assert_eq!(read(filter.clone()), Err(message.to_owned()), "{filter}");
    }
    let deep = (0..100).fold(json!({"match_all": {}}), |inner, _| json!({"bool": {"filter": inner}}));
    assert_eq!(read(json!([{"query": deep}])), Err("a filter is nested more than 32 deep".to_owned()));
}

#[test]
fn exceptions_are_all_their_entries() {
    let lists = [ValueList { id: "ips.txt".into(), values: vec!["10.0.0.1".into(), "10.1.0.0-10.1.0.9".into()] }];
    let find = |id: &str| lists.iter().find(|list| list.id == id);
    for (item, expected) in [
        (json!([{"field": "a", "operator": "included", "type": "match", "value": "x"}]), Ok("a:\"x\"")),
        (
            json!([{"field": "a", "operator": "excluded", "type": "match_any", "value": ["x", "y"]}]),
            Ok("not (a:\"x\" or a:\"y\")"),
        ),
        (
            json!([{"field": "a", "operator": "included", "type": "exists"}, {"field": "b", "operator": "included", "type": "wildcard", "value": "x*y"}]),
            Ok("a:* and b:x*y"),
        ),
        (
            json!([{"field": "source.ip", "operator": "included", "type": "list", "list": {"id": "ips.txt", "type": "ip_range"}}]),
            Ok("source.ip:\"10.0.0.1\" or (source.ip >= \"10.1.0.0\" and source.ip <= \"10.1.0.9\")"),
        ),
        (
            json!([{"field": "source.ip", "operator": "included", "type": "list", "list": {"id": "none", "type": "ip"}}]),
            Err("it needs the value list `none`, which was not given"),
        ),
        (
            json!([{"field": "dll", "type": "nested", "entries": [{"field": "name", "operator": "included", "type": "match", "value": "x"}]}]),
            Ok("dll:{ name:\"x\" }"),
        ),
        (json!([]), Err("it has no entries, so that it would take every event away")),
    ] {
        let item: ExceptionItem = serde_json::from_value(json!({"entries": item})).expect("an item");
        let found = exception(&item, &find).map(|clause| kql::print(&clause));
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(found, expected, "{item:?}");
    }
}
