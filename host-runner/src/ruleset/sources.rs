//! Which sources of events a rule is about: operating systems, products, data sets.

use std::collections::BTreeSet;

use rule_core::RuleInfo;

use super::slug;

/// Names of one thing: whoever asks for one means all. The tags of Elastic's rules have the long names, index patterns the short ones.
const SAME: [(&str, &str); 9] = [
    ("aws", "amazon-web-services"),
    ("gcp", "google-cloud-platform"),
    ("endpoint", "elastic-defend"),
    ("endgame", "elastic-endgame"),
    ("o365", "microsoft-365"),
    ("sentinelone", "sentinel-one"),
    ("m365-defender", "microsoft-defender-xdr"),
    ("auditd-manager", "auditd"),
    ("cloud-defend", "elastic-defend-for-containers"),
];

/// The field that a query asks for the operating system.
const OS_FIELD: &str = "host.os.type";

/// The sources of a rule, as slugs in order: from its tags `OS: …` and `Data Source: …`, its index patterns, and what its query
/// says of `host.os.type`.
pub fn sources(rule: &RuleInfo) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for tag in &rule.tags {
        if let Some((name, value)) = tag.split_once(':')
            && matches!(slug(name).as_str(), "os" | "data-source")
        {
            found.insert(slug(value));
        }
    }
    found.extend(rule.index.iter().filter_map(|pattern| of_pattern(pattern)));
    found.extend(systems(&rule.query));
    found.remove("");
    found
}

/// Whether one of a rule's sources is meant: by its name, by the first words of it, or by another name of the same.
pub fn is_from(sources: &BTreeSet<String>, wanted: &str) -> bool {
    let wanted = slug(wanted);
    let is = |wanted: &str| {
        sources.iter().any(|source| {
            source.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
        })
    };
    let others = SAME.iter().filter_map(|(a, b)| match wanted.as_str() {
        name if name == *a => Some(*b),
        name if name == *b => Some(*a),
        _ => None,
    });
    !wanted.is_empty() && (is(&wanted) || others.into_iter().any(is))
}

/// `logs-aws.cloudtrail-*` is `aws.cloudtrail`, `winlogbeat-*` is `winlogbeat`. The name of a data stream is
/// `type-dataset-namespace`.
fn of_pattern(pattern: &str) -> Option<String> {
    // Of another cluster; an exclusion is no source.
    let pattern = pattern.rsplit(':').next().unwrap_or_default();
    if pattern.starts_with('-') {
        return None;
    }
    let data_set = ["logs-", "metrics-", "traces-"].iter().find_map(|kind| pattern.strip_prefix(kind));
    let name = data_set.unwrap_or(pattern).split(['*', '-']).next().unwrap_or_default();
    Some(slug(&name.trim_end_matches('.').replace('_', "-")))
}

/// The values that a query compares `host.os.type` with, in whatever language: `host.os.type == "linux"`, `host.os.type : (linux or
/// macos)`, `host.os.type in ("linux", "macos")`.
fn systems(query: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in query.match_indices(OS_FIELD) {
        let rest = query.get(at + OS_FIELD.len()..).unwrap_or_default().trim_start();
        let Some(value) = ["==", ":", "in~", "in ", "in("].iter().find_map(|sign| match rest.strip_prefix(sign) {
            // The parenthesis is part of the list.
            Some(_) if *sign == "in(" => rest.strip_prefix("in"),
            other => other,
        }) else {
            continue;
        };
        let value = value.trim_start();
        let list = match value.strip_prefix('(') {
            Some(list) => list.split(')').next().unwrap_or_default(),
            None => value.split_whitespace().next().unwrap_or_default(),
        };
        let words = list.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        found.extend(words.map(str::to_lowercase).filter(|word| !matches!(word.as_str(), "or" | "and" | "not")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_come_from_tags_patterns_and_queries() {
        let rule = RuleInfo {
            tags: ["OS: Linux", "Data Source: AWS CloudTrail", "Tactic: Execution", "os"].map(String::from).into(),
            index: ["logs-endpoint.events.file*", "endgame-*", "logs-aws.cloudtrail-*", "-*elastic-cloud-logs-*"]
                .map(String::from)
                .into(),
            query: "any where host.os.type in (\"Windows\", \"macos\") and host.os.type != \"bsd\"".into(),
            ..RuleInfo::default()
        };
        let found: Vec<String> = sources(&rule).into_iter().collect();
        let expected =
            ["aws-cloudtrail", "aws.cloudtrail", "endgame", "endpoint.events.file", "linux", "macos", "windows"];
        assert_eq!(found, expected);
        let is = |wanted| is_from(&sources(&rule), wanted);
        assert!(is("aws") && is("AWS CloudTrail") && is("elastic-defend") && is("Elastic Endgame") && is("Linux"));
        assert!(!is("aw") && !is("gcp") && !is("") && !is("bsd"));
    }

    #[test]
    fn systems_are_read_in_any_language() {
        let of = |query| systems(query).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(of("host.os.type:linux and x:y"), "linux");
        assert_eq!(of("host.os.type : (windows or \"macos\") and a"), "macos windows");
        assert_eq!(of("process where host.os.type == \"linux\" and true"), "linux");
        assert_eq!(of("host.os.type in(\"linux\")"), "linux");
        assert_eq!(of("host.os.type"), "");
        assert_eq!(of("host.os.type : ("), "");
    }
}
