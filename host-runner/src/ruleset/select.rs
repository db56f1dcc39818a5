//! Which rules are meant, and in which order.

use std::cmp::Reverse;

use rule_core::{RuleInfo, RuleReport};

use super::{Status, kind, name, slug, sources};

/// What rules must be like. Of the values of one list one must be met; a list without values asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// `rule_id`, or a part of the name.
    pub names: Vec<String>,
    /// A tag, or what stands after its colon: `OS: Linux` or `linux`. Upper and lower case are the same, as in the others.
    pub tags: Vec<String>,
    /// Name or id of a tactic: `execution`, `command and control`, `TA0002`.
    pub tactics: Vec<String>,
    /// Name or id of a technique; `T1059` means its sub-techniques too.
    pub techniques: Vec<String>,
    /// See [`sources`].
    pub sources: Vec<String>,
    /// `eql`, `query`, …
    pub types: Vec<String>,
    /// `low`, …
    pub severities: Vec<String>,
    /// What became of it.
    pub status: Vec<Status>,
}

/// An order of rules. Those that are equal in it are in the order of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By name.
    #[default]
    Name,
    /// The most severe first.
    Severity,
    /// The highest risk score first.
    Risk,
    /// By type.
    Type,
}

impl Selection {
    /// Whether a rule is meant.
    pub fn matches(&self, rule: &RuleReport) -> bool {
        let any =
            |list: &[String], test: &dyn Fn(&str) -> bool| list.is_empty() || list.iter().any(|wanted| test(wanted));
        let info = &*rule.rule;
        any(&self.names, &|wanted| info.id == wanted || name(rule).to_lowercase().contains(&wanted.to_lowercase()))
            && any(&self.tags, &|wanted| has_tag(info, wanted))
            && any(&self.tactics, &|wanted| has_tactic(info, wanted))
            && any(&self.techniques, &|wanted| has_technique(info, wanted))
            && (self.sources.is_empty() || {
                let sources = sources::sources(info);
                self.sources.iter().any(|wanted| sources::is_from(&sources, wanted))
            })
            && any(&self.types, &|wanted| kind(info).eq_ignore_ascii_case(wanted))
            && any(&self.severities, &|wanted| info.severity.eq_ignore_ascii_case(wanted))
            && (self.status.is_empty() || self.status.contains(&Status::of(&rule.status)))
    }
}

fn has_tag(rule: &RuleInfo, wanted: &str) -> bool {
    let wanted = wanted.trim().to_lowercase();
    rule.tags
        .iter()
        .map(|tag| tag.to_lowercase())
        .any(|tag| tag == wanted || tag.split_once(':').is_some_and(|(_, value)| value.trim() == wanted))
}

fn has_tactic(rule: &RuleInfo, wanted: &str) -> bool {
    let wanted = slug(wanted);
    rule.threat.iter().any(|threat| slug(&threat.tactic.id) == wanted || slug(&threat.tactic.name) == wanted)
}

fn has_technique(rule: &RuleInfo, wanted: &str) -> bool {
    let wanted = slug(wanted);
    let is = |id: &str, name: &str| {
        let id = slug(id);
        id.strip_prefix(&wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) || slug(name) == wanted
    };
    let techniques = rule.threat.iter().flat_map(|threat| &threat.technique);
    !wanted.is_empty()
        && techniques.into_iter().any(|technique| {
            is(&technique.id, &technique.name) || technique.subtechnique.iter().any(|sub| is(&sub.id, &sub.name))
        })
}

/// How severe; what is no severity comes last.
fn severity(rule: &RuleInfo) -> u8 {
    let names = ["low", "medium", "high", "critical"];
    names.iter().position(|name| rule.severity.eq_ignore_ascii_case(name)).map_or(0, |at| at as u8 + 1)
}

/// Puts rules in order.
pub fn sort(rules: &mut [&RuleReport], order: Order) {
    rules.sort_by_cached_key(|rule| {
        let info = &rule.rule;
        let (first, text) = match order {
            Order::Name => (0, ""),
            Order::Severity => (u32::from(severity(info)), ""),
            Order::Risk => (info.risk_score, ""),
            Order::Type => (0, kind(info)),
        };
        (Reverse(first), text.to_owned(), name(rule).to_lowercase(), info.id.clone(), rule.path.clone())
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rule_core::{RuleStatus, Technique, Threat, ThreatEntry};

    use super::*;

    fn rule(name: &str, severity: &str, risk_score: u32) -> RuleReport {
        let entry = |id: &str, name: &str| ThreatEntry { id: id.into(), name: name.into(), ..ThreatEntry::default() };
        let technique = Technique {
            id: "T1059".into(),
            name: "Command and Scripting Interpreter".into(),
            subtechnique: vec![entry("T1059.004", "Unix Shell")],
            ..Technique::default()
        };
        let threat = Threat { tactic: entry("TA0002", "Execution"), technique: vec![technique], ..Threat::default() };
        let info = RuleInfo {
            name: name.into(),
            kind: "eql".into(),
            severity: severity.into(),
            risk_score,
            tags: vec!["OS: Linux".into(), "Mine".into()],
            threat: vec![threat],
            ..RuleInfo::default()
        };
        RuleReport { path: "p".into(), status: RuleStatus::Failed, rule: Arc::new(info) }
    }

    #[test]
    fn one_value_of_each_list_must_be_met() {
        let rule = rule("a", "high", 1);
        let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let with = |change: &dyn Fn(&mut Selection)| {
            let mut selection = Selection::default();
            change(&mut selection);
            selection.matches(&rule)
        };
        assert!(with(&|_| {}));
        for (wanted, expected) in [("OS: linux", true), ("linux", true), ("mine", true), ("OS", false), ("lin", false)]
        {
            assert_eq!(with(&|s| s.tags = list(&[wanted])), expected, "{wanted}");
        }
        assert!(with(&|s| s.tags = list(&["no", "mine"])));
        for (wanted, expected) in [("TA0002", true), ("execution", true), ("Execution", true), ("impact", false)] {
            assert_eq!(with(&|s| s.tactics = list(&[wanted])), expected, "{wanted}");
        }
        let techniques = [
            ("t1059", true),
            ("T1059.004", true),
            ("T1059.001", false),
            ("T105", false),
            ("unix shell", true),
            ("", false),
        ];
        for (wanted, expected) in techniques {
            assert_eq!(with(&|s| s.techniques = list(&[wanted])), expected, "{wanted}");
        }
        assert!(with(&|s| s.names = list(&["A"])) && !with(&|s| s.names = list(&["b"])));
        assert!(with(&|s| s.types = list(&["EQL"])) && !with(&|s| s.types = list(&["query"])));
        assert!(with(&|s| s.status = vec![Status::Failed]) && !with(&|s| s.status = vec![Status::Skipped]));
        assert!(!with(&|s| (s.tags, s.severities) = (list(&["mine"]), list(&["low"]))));
        assert!(with(&|s| s.sources = list(&["linux"])));
    }

    #[test]
    fn orders_end_with_the_name() {
        let rules = [rule("b", "low", 9), rule("A", "high", 5), rule("c", "high", 1)];
        let sorted = |order| {
            let mut list: Vec<&RuleReport> = rules.iter().collect();
            sort(&mut list, order);
            list.iter().map(|rule| rule.rule.name.as_str()).collect::<String>()
        };
        assert_eq!([Order::Name, Order::Severity, Order::Risk, Order::Type].map(sorted), ["Abc", "Acb", "bAc", "Abc"]);
    }
}
