//! What there is to say of a rule set as a whole: which rules it has, what they cover, what they need, and how two versions differ.
//!
//! Everything starts from a [`CompileReport`](rule_core::CompileReport) and is data: `tripline rules` shows it to people, or writes it as JSON.
//!
//! | file | what it tells |
//! |---|---|
//! | `select` | which rules are meant: by tag, tactic, technique, source, type, severity, status |
//! | `sources` | which sources of events a rule is about |
//! | `totals` | how many rules there are of each type, and which are not evaluated, and why |
//! | `navigator` | which techniques of ATT&CK they are for, as a layer for its Navigator |
//! | `needs` | which fields they need, and which could never fire on given events |
//! | `diff` | what became of the rules from one version to the next |

pub mod diff;
pub mod navigator;
pub mod needs;
pub mod select;
pub mod sources;
pub mod totals;

use rule_core::{RuleInfo, RuleReport, RuleStatus};

/// What became of a rule, without more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It runs.
    Compiled,
    /// It is of a kind that is not evaluated, or there twice.
    Skipped,
    /// It has an error.
    Failed,
}

impl Status {
    /// As the report has it.
    pub fn of(status: &RuleStatus) -> Status {
        match status {
            RuleStatus::Compiled { .. } => Status::Compiled,
            RuleStatus::Skipped { .. } => Status::Skipped,
            RuleStatus::Failed => Status::Failed,
        }
    }

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Status::Compiled => "compiled",
            Status::Skipped => "skipped",
            Status::Failed => "failed",
        }
    }
}

/// Why a rule is skipped.
pub fn reason(rule: &RuleReport) -> Option<&str> {
    match &rule.status {
        RuleStatus::Skipped { reason } => Some(reason),
        _ => None,
    }
}

/// What a rule is called: its name, or else its file.
pub fn name(rule: &RuleReport) -> &str {
    if rule.rule.name.is_empty() { &rule.path } else { &rule.rule.name }
}

/// A rule's type, `unknown` if its file does not say.
pub fn kind(rule: &RuleInfo) -> &str {
    if rule.kind.is_empty() { "unknown" } else { &rule.kind }
}

/// The names of a rule's tactics, each once, in its order; the id where there is no name.
pub fn tactics(rule: &RuleInfo) -> Vec<&str> {
    let tactics = rule.threat.iter().map(|threat| &threat.tactic);
    once(tactics.map(|tactic| if tactic.name.is_empty() { tactic.id.as_str() } else { &tactic.name }))
}

/// The ids of a rule's techniques and sub-techniques, each once, in its order.
pub fn techniques(rule: &RuleInfo) -> Vec<&str> {
    let techniques = rule.threat.iter().flat_map(|threat| &threat.technique);
    let ids = techniques.flat_map(|technique| {
        std::iter::once(technique.id.as_str()).chain(technique.subtechnique.iter().map(|sub| sub.id.as_str()))
    });
    once(ids)
}

fn once<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut list: Vec<&str> = Vec::new();
    for text in texts.filter(|text| !text.is_empty()) {
        if !list.contains(&text) {
            list.push(text);
        }
    }
    list
}

/// Lower case, with `-` between words, as ATT&CK writes the short names of tactics: `Command and Control` is `command-and-control`.
pub fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_alphanumeric() || character == '.' {
            slug.extend(character.to_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn slugs_are_as_attack_has_them() {
        let slugs = ["Command and Control", "TA0002", "T1059.004", " a__b! ", "", "Élan"].map(slug);
        assert_eq!(slugs, ["command-and-control", "ta0002", "t1059.004", "a-b", "", "élan"]);
    }
}
