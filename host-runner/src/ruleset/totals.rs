//! How many rules there are of each type, and which are not evaluated.

use std::collections::BTreeMap;

use rule_core::RuleReport;
use serde::Serialize;

use super::{Status, kind, name, reason};

/// The rules of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TypeTotals {
    /// `eql`, `query`, …; `unknown` of files that do not say.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many there are.
    pub rules: usize,
    /// Of these, how many run.
    pub compiled: usize,
    /// How many are not evaluated.
    pub skipped: usize,
    /// How many have an error.
    pub failed: usize,
}

/// Rules that are skipped for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// In words.
    pub reason: String,
    /// How many there are.
    pub count: usize,
    /// Their names, in order.
    pub rules: Vec<String>,
}

/// The totals of each type, the most frequent first.
pub fn by_type(rules: &[&RuleReport]) -> Vec<TypeTotals> {
    let mut types: BTreeMap<&str, TypeTotals> = BTreeMap::new();
    for rule in rules {
        let kind = kind(&rule.rule);
        let totals = types.entry(kind).or_insert_with(|| TypeTotals { kind: kind.to_owned(), ..TypeTotals::default() });
        totals.rules += 1;
        *match Status::of(&rule.status) {
            Status::Compiled => &mut totals.compiled,
            Status::Skipped => &mut totals.skipped,
            Status::Failed => &mut totals.failed,
        } += 1;
    }
    let mut types: Vec<TypeTotals> = types.into_values().collect();
    types.sort_by_key(|totals| std::cmp::Reverse(totals.rules));
    types
}

/// All of them together.
pub fn sum(types: &[TypeTotals]) -> TypeTotals {
    types.iter().fold(TypeTotals { kind: "all".into(), ..TypeTotals::default() }, |mut sum, totals| {
        sum.rules += totals.rules;
        sum.compiled += totals.compiled;
        sum.skipped += totals.skipped;
        sum.failed += totals.failed;
        sum
    })
}

/// The rules that are skipped, by reason, the most frequent first.
pub fn skipped(rules: &[&RuleReport]) -> Vec<Skipped> {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for rule in rules {
        if let Some(reason) = reason(rule) {
            reasons.entry(reason).or_default().push(name(rule).to_owned());
        }
    }
    let mut groups: Vec<Skipped> = reasons
        .into_iter()
        .map(|(reason, mut rules)| {
            rules.sort();
            Skipped { reason: reason.to_owned(), count: rules.len(), rules }
        })
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rule_core::{RuleInfo, RuleStatus};

    use super::*;

    #[test]
    fn totals_and_reasons_are_in_order() {
        let rule = |name: &str, kind: &str, status| RuleReport {
            path: "p".into(),
            status,
            rule: Arc::new(RuleInfo { name: name.into(), kind: kind.into(), ..RuleInfo::default() }),
        };
        let skipped_for = |reason: &str| RuleStatus::Skipped { reason: reason.into() };
        let rules = [
            rule("d", "esql", skipped_for("x")),
            rule("b", "eql", RuleStatus::Compiled { index: 0 }),
            rule("c", "eql", RuleStatus::Failed),
            rule("", "", RuleStatus::Failed),
            rule("a", "ml", skipped_for("y")),
            rule("e", "esql", skipped_for("x")),
            rule("0", "esql", skipped_for("x")),
        ];
        let rules: Vec<&RuleReport> = rules.iter().collect();
        let types = by_type(&rules);
        let shown: Vec<_> = types.iter().map(|t| (t.kind.as_str(), t.rules, t.compiled, t.skipped, t.failed)).collect();
        assert_eq!(shown, [("esql", 3, 0, 3, 0), ("eql", 2, 1, 0, 1), ("ml", 1, 0, 1, 0), ("unknown", 1, 0, 0, 1)]);
        let all = sum(&types);
        assert_eq!((all.rules, all.compiled, all.skipped, all.failed), (7, 1, 4, 2));
        let groups = skipped(&rules);
        assert_eq!(groups.iter().map(|g| (g.reason.as_str(), g.count)).collect::<Vec<_>>(), [("x", 3), ("y", 1)]);
        assert_eq!(groups[0].rules, ["0", "d", "e"]);
    }
}
