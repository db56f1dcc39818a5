//! Alerts as OCSF Detection Findings.
//!
//! The core writes one kind of document, Kibana's; this makes another of it. Version 1.5.0 of the Open Cybersecurity Schema Framework,
//! <https://github.com/ocsf/ocsf-schema/tree/1.5.0>: class `detection_finding` (2004) with profile `host`.
//!
//! | file | what it does |
//! |---|---|
//! | `mod` | the finding, its rule and the rule's place in ATT&CK |
//! | `evidence` | from ECS fields to processes, files, devices, users and endpoints |
//! | `observables` | what of these an analyst may look for elsewhere |
//! | `fields` | ECS fields by name |
//!
//! `docs/alerts.md` has the table of what becomes what.

mod evidence;
mod fields;
mod observables;

use serde_json::{Map, Value, json};

use crate::document::read_alert;
use fields::{Fields, Object};

/// The version of OCSF that findings are written in.
pub const OCSF_VERSION: &str = "1.5.0";

/// Alert documents, one per line, as findings, one per line. With the tenant, if there are several.
pub fn findings(alerts: &str, tenant: Option<&str>) -> serde_json::Result<String> {
    let mut findings = String::with_capacity(alerts.len());
    for line in alerts.lines().filter(|line| !line.is_empty()) {
        findings.push_str(&finding(line, tenant)?.to_string());
        findings.push('\n');
    }
    Ok(findings)
}

/// One alert document as a finding. The error is that it is not JSON.
pub fn finding(alert: &str, tenant: Option<&str>) -> serde_json::Result<Value> {
    let document = read_alert(alert)?;
    let fields = Fields(&document);
    let own = |name: &str| document.get(format!("kibana.alert.{name}")).filter(|value| !value.is_null());
    let text = |name: &str| own(name).and_then(Value::as_str);

    let (severity_id, severity) = match text("severity") {
        Some("low") => (2, "Low"),
        Some("medium") => (3, "Medium"),
        Some("high") => (4, "High"),
        Some("critical") => (5, "Critical"),
        _ => (0, "Unknown"),
    };
    let first = fields::time(own("original_time"));
    let last = fields::time(document.get("@timestamp")).or(first);
    let mut finding = Object::of([
        ("class_uid", json!(2004)),
        ("class_name", json!("Detection Finding")),
        ("category_uid", json!(2)),
        ("category_name", json!("Findings")),
        ("activity_id", json!(1)),
        ("activity_name", json!("Create")),
        ("type_uid", json!(200_401)),
        ("type_name", json!("Detection Finding: Create")),
        // Required. An event that does not say when dates nothing: better a time that cannot be than one made up.
        ("time", json!(last.unwrap_or(0))),
        ("severity_id", json!(severity_id)),
        ("severity", json!(severity)),
        ("status_id", json!(1)),
        ("status", json!("New")),
        // A building block is a part of another finding.
        ("is_alert", json!(own("building_block_type").is_none())),
    ]);
    finding.put("message", text("reason"));
    finding.put("risk_score", own("risk_score").and_then(Value::as_f64).map(|score| score.round() as u32));
    let start =
        fields::lookup_time(own("threshold_result"), "from").or(fields::time(own("suppression.start"))).or(first);
    let end = fields::time(own("suppression.end")).or(last);
    finding.put("start_time", start);
    finding.put("end_time", end);
    let suppressed = own("suppression.docs_count").and_then(Value::as_u64);
    let counted = own("threshold_result").and_then(|result| result.get("count")?.as_u64());
    // An integer of OCSF's need not hold more.
    let count = counted.or(suppressed.map(|count| count.saturating_add(1))).map(|count| count.min(i32::MAX as u64));
    finding.put("count", count);
    finding.put("metadata", metadata(&document, tenant));
    finding.put("finding_info", finding_info(&own, start, end, last));

    let evidence = evidence::evidence(fields);
    finding.put("device", evidence.get("device").cloned());
    finding.put("actor", evidence.get("actor").cloned());
    if !evidence.is_empty() {
        let evidences = Value::Array(vec![Value::Object(evidence)]);
        let observables = observables::observables(&evidences[0]);
        finding.put("evidences", evidences);
        finding.put("observables", Some(observables).filter(|list| !list.is_empty()));
    }
    finding.put("unmapped", unmapped(&document));
    finding.put("raw_data", alert);
    Ok(Value::Object(finding.into_map()))
}

fn metadata(document: &Value, tenant: Option<&str>) -> Value {
    let product = json!({"name": "Tripline", "vendor_name": "Tripline", "version": crate::VERSION});
    let mut metadata = Object::of([
        ("version", json!(OCSF_VERSION)),
        ("product", product),
        ("profiles", json!(["host"])),
        ("log_name", json!("alerts")),
    ]);
    metadata.put("uid", document.get("kibana.alert.uuid"));
    metadata.put("original_time", fields::text(document.get("kibana.alert.original_time")));
    metadata.put("event_code", fields::text(document.get("kibana.alert.original_event.code")));
    metadata.put("tenant_uid", tenant);
    Value::Object(metadata.into_map())
}

/// Who found what, and what it means.
fn finding_info<'d>(
    own: &impl Fn(&str) -> Option<&'d Value>,
    first_seen: Option<i64>,
    last_seen: Option<i64>,
    created: Option<i64>,
) -> Value {
    let mut analytic = Object::of([("type_id", json!(1)), ("type", json!("Rule"))]);
    analytic.put("uid", own("rule.rule_id"));
    analytic.put("name", own("rule.name"));
    analytic.put("category", own("rule.category"));
    analytic.put("version", fields::text(own("rule.version")));
    let mut info = Object::of([("uid", own("uuid").cloned().unwrap_or_else(|| json!("")))]);
    info.put("title", own("rule.name"));
    info.put("desc", own("rule.description"));
    info.put("analytic", analytic.having(&["uid", "name"]));
    info.put("attacks", Some(attacks(own("rule.threat"))).filter(|list| !list.is_empty()));
    info.put("created_time", created);
    info.put("first_seen_time", first_seen);
    info.put("last_seen_time", last_seen);
    let related: Vec<Value> =
        own("ancestors").and_then(Value::as_array).into_iter().flatten().filter_map(related).collect();
    info.put("related_events_count", Some(related.len()).filter(|count| *count > 0));
    info.put("related_events", Some(related).filter(|list| !list.is_empty()));
    Value::Object(info.into_map())
}

/// An event that the alert came from, or an alert that is a part of it.
fn related(ancestor: &Value) -> Option<Value> {
    let uid = ancestor.get("id")?;
    Some(match ancestor.get("type")?.as_str()? {
        "signal" => json!({"uid": uid, "type_uid": 200_401, "type_name": "Detection Finding: Create"}),
        kind => json!({"uid": uid, "type": kind}),
    })
}

/// One for each sub-technique, for each technique that has none, and for each tactic that has no technique.
fn attacks(threat: Option<&Value>) -> Vec<Value> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let entry = |value: &Value| {
        let mut entry = Object::default();
        for (name, from) in [("uid", "id"), ("name", "name"), ("src_url", "reference")] {
            entry.put(name, fields::text(value.get(from)));
        }
        Some(Value::Object(entry.into_map())).filter(|entry| entry != &json!({}))
    };
    let mut attacks = Vec::new();
    let mut push = |parts: [(&str, Option<Value>); 3]| {
        let mut attack = Object::default();
        parts.into_iter().for_each(|(name, part)| attack.put(name, part));
        let attack = attack.into_map();
        if !attack.is_empty() {
            attacks.push(Value::Object(attack));
        }
    };
    for threat in list(threat) {
        let tactic = threat.get("tactic").and_then(entry);
        let techniques = list(threat.get("technique"));
        if techniques.is_empty() {
            push([("tactic", tactic.clone()), ("technique", None), ("sub_technique", None)]);
        }
        for technique in &techniques {
            let subs = list(technique.get("subtechnique"));
            let subs: Vec<_> = if subs.is_empty() { vec![None] } else { subs.iter().map(entry).collect() };
            for sub in subs {
                push([("tactic", tactic.clone()), ("technique", entry(technique)), ("sub_technique", sub)]);
            }
        }
    }
    attacks
}

/// What the alert itself says that has no place in a finding. The event as it was is in `raw_data`.
fn unmapped(document: &Value) -> Option<Map<String, Value>> {
    const NAMES: &[&str] = &[
        "kibana.alert.rule.tags",
        "kibana.alert.rule.references",
        "kibana.alert.rule.false_positives",
        "kibana.alert.rule.note",
        "kibana.alert.group.id",
        "kibana.alert.group.index",
        "kibana.alert.new_terms",
        "kibana.alert.threshold_result",
        "kibana.alert.instance.id",
        "kibana.alert.suppression.terms",
        "threat.enrichments",
    ];
    let found = NAMES.iter().filter_map(|name| Some(((*name).to_owned(), document.get(*name)?.clone())));
    let found: Map<_, _> = found.filter(|(_, value)| value != &json!([])).collect();
    Some(found).filter(|found| !found.is_empty())
}
