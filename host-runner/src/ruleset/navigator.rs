//! Which techniques of ATT&CK rules are for, as a layer for the ATT&CK Navigator.
//!
//! Source: "ATT&CK Navigator Layer File Format Definition", version 4.5,
//! <https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md>.

use std::collections::{BTreeMap, BTreeSet};

use rule_core::{RuleInfo, Threat};
use serde::Serialize;

use super::slug;

/// A comment names as many rules; those after them are counted.
const MAX_NAMES: usize = 50;
/// From few rules to many.
const COLOURS: [&str; 3] = ["#deebf7", "#6baed6", "#08519c"];
/// The oldest Navigator that reads the format.
const NAVIGATOR: &str = "4.9.0";
/// The version of the format.
const LAYER: &str = "4.5";

/// The tactics of the domain, by id. Source: <https://attack.mitre.org/tactics/enterprise/>.
const TACTICS: [(&str, &str); 14] = [
    ("TA0001", "initial-access"),
    ("TA0002", "execution"),
    ("TA0003", "persistence"),
    ("TA0004", "privilege-escalation"),
    ("TA0005", "defense-evasion"),
    ("TA0006", "credential-access"),
    ("TA0007", "discovery"),
    ("TA0008", "lateral-movement"),
    ("TA0009", "collection"),
    ("TA0010", "exfiltration"),
    ("TA0011", "command-and-control"),
    ("TA0040", "impact"),
    ("TA0042", "resource-development"),
    ("TA0043", "reconnaissance"),
];

/// A layer, in the format's own words.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    name: String,
    versions: Versions,
    domain: &'static str,
    description: String,
    /// By score, the highest first.
    sorting: u8,
    layout: Layout,
    /// What rules are for.
    pub techniques: Vec<Cell>,
    gradient: Gradient,
    legend_items: Vec<LegendItem>,
    metadata: Vec<Metadata>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Versions {
    navigator: &'static str,
    layer: &'static str,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    layout: &'static str,
    #[serde(rename = "showID")]
    show_id: bool,
    show_name: bool,
    expanded_subtechniques: &'static str,
}

/// A technique or sub-technique under a tactic.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    /// `T1059`, `T1059.004`
    #[serde(rename = "techniqueID")]
    pub technique_id: String,
    /// `execution`; without one it is meant under all of its tactics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tactic: Option<String>,
    /// How many rules there are.
    pub score: usize,
    /// Their names, one on each line.
    pub comment: String,
    /// Whether there are rules for its sub-techniques, too.
    pub show_subtechniques: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Gradient {
    colors: [&'static str; 3],
    min_value: usize,
    max_value: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct LegendItem {
    label: String,
    color: &'static str,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Metadata {
    name: &'static str,
    value: String,
}

/// A layer, and what could not be in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// The layer.
    pub layer: Layer,
    /// How many rules it has.
    pub rules: usize,
    /// How many have no technique.
    pub unmapped: usize,
    /// Ids that are no techniques, in order.
    pub malformed: Vec<String>,
}

/// The rules, by name and id, of each technique under each tactic.
type Cells<'a> = BTreeMap<(String, Option<String>), BTreeSet<(&'a str, &'a str)>>;

/// The layer of some rules.
pub fn coverage<'a>(rules: impl IntoIterator<Item = &'a RuleInfo>, name: &str) -> Coverage {
    let mut cells = Cells::new();
    let mut malformed = BTreeSet::new();
    let (mut count, mut unmapped) = (0, 0);
    for rule in rules {
        let mut is_mapped = false;
        for threat in rule.threat.iter().filter(|threat| is_attack(threat)) {
            let tactic = tactic(threat);
            for id in ids(threat) {
                if is_technique(id) {
                    is_mapped = true;
                    // Two rules may have one name.
                    cells.entry((id.to_owned(), tactic.clone())).or_default().insert((&rule.name, &rule.id));
                } else if !id.is_empty() {
                    malformed.insert(id.to_owned());
                }
            }
        }
        count += 1;
        unmapped += usize::from(!is_mapped);
    }
    let layer = layer(&cells, name, count);
    Coverage { layer, rules: count, unmapped, malformed: malformed.into_iter().collect() }
}

fn layer(cells: &Cells<'_>, name: &str, count: usize) -> Layer {
    let most = cells.values().map(BTreeSet::len).max().unwrap_or(0);
    let has_subs = |id: &str, tactic: &Option<String>| {
        let below = format!("{id}.");
        cells.keys().any(|(other, its_tactic)| other.starts_with(&below) && its_tactic == tactic)
    };
    let techniques = cells.iter().map(|((id, tactic), rules)| Cell {
        technique_id: id.clone(),
        tactic: tactic.clone(),
        score: rules.len(),
        comment: comment(rules),
        show_subtechniques: has_subs(id, tactic),
    });
    let [few, _, many] = COLOURS;
    let rules = |number: usize| if number == 1 { "1 rule".to_owned() } else { format!("{number} rules") };
    let mut legend_items = vec![LegendItem { label: rules(1), color: few }];
    if most > 1 {
        legend_items.push(LegendItem { label: rules(most), color: many });
    }
    Layer {
        name: name.to_owned(),
        versions: Versions { navigator: NAVIGATOR, layer: LAYER },
        domain: "enterprise-attack",
        description: format!("How many of {} there are for each technique", rules(count)),
        sorting: 3,
        layout: Layout { layout: "side", show_id: true, show_name: true, expanded_subtechniques: "annotated" },
        techniques: techniques.collect(),
        // The format wants the upper bound above the lower one.
        gradient: Gradient { colors: COLOURS, min_value: 1, max_value: most.max(2) },
        legend_items,
        metadata: vec![Metadata { name: "tripline", value: crate::VERSION.to_owned() }],
    }
}

fn comment(rules: &BTreeSet<(&str, &str)>) -> String {
    let mut lines: Vec<String> = rules.iter().take(MAX_NAMES).map(|(name, _)| (*name).to_owned()).collect();
    if rules.len() > MAX_NAMES {
        lines.push(format!("and {} more", rules.len() - MAX_NAMES));
    }
    lines.join("\n")
}

/// Other frameworks, such as ATLAS, have layers of their own.
fn is_attack(threat: &Threat) -> bool {
    threat.framework.is_empty() || slug(&threat.framework) == "mitre-att-ck"
}

fn tactic(threat: &Threat) -> Option<String> {
    let known = TACTICS.iter().find(|(id, name)| *id == threat.tactic.id || *name == slug(&threat.tactic.name));
    known.map(|(_, name)| (*name).to_owned())
}

fn ids(threat: &Threat) -> impl Iterator<Item = &str> {
    threat.technique.iter().flat_map(|technique| {
        std::iter::once(technique.id.as_str()).chain(technique.subtechnique.iter().map(|sub| sub.id.as_str()))
    })
}

/// `T1059`, `T1059.004`
fn is_technique(id: &str) -> bool {
    let digits = |text: &str, len| text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
    id.strip_prefix('T').is_some_and(|id| match id.split_once('.') {
        Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
        None => digits(id, 4),
    })
}

#[cfg(test)]
mod tests {
    use rule_core::{Technique, ThreatEntry};
    use serde_json::{Value, json};

    use super::*;

    fn rule(name: &str, tactic: (&str, &str), techniques: &[&str]) -> RuleInfo {
        let entry = |id: &str, name: &str| ThreatEntry { id: id.into(), name: name.into(), ..ThreatEntry::default() };
        let technique = techniques.iter().map(|id| match id.split_once('.') {
            Some((parent, _)) => {
                Technique { id: parent.into(), subtechnique: vec![entry(id, "")], ..Technique::default() }
            }
            None => Technique { id: (*id).into(), ..Technique::default() },
        });
        let threat = Threat {
            framework: "MITRE ATT&CK".into(),
            tactic: entry(tactic.0, tactic.1),
            technique: technique.collect(),
        };
        RuleInfo { name: name.into(), id: name.into(), threat: vec![threat], ..RuleInfo::default() }
    }

    #[test]
    fn a_layer_is_what_the_format_says() {
        let mut atlas = rule("atlas", ("AML.TA0000", "X"), &["T9999"]);
        atlas.threat[0].framework = "MITRE ATLAS".into();
        let rules = [
            rule("b", ("TA0002", "Execution"), &["T1059.004"]),
            rule("a", ("", "Execution"), &["T1059", "T105", "T1059.04", "1059"]),
            rule("c", ("TA9999", "New"), &["T1000"]),
            atlas,
        ];
        let found = coverage(&rules, "mine");
        assert_eq!((found.rules, found.unmapped), (4, 1));
        assert_eq!(found.malformed, ["1059", "T105", "T1059.04"]);
        let layer = serde_json::to_value(&found.layer).unwrap();
        // The format's required properties, and the values that it fixes.
        assert_eq!(layer["name"], "mine");
        assert_eq!(layer["domain"], "enterprise-attack");
        assert_eq!(layer["versions"], json!({"navigator": "4.9.0", "layer": "4.5"}));
        let gradient = &layer["gradient"];
        assert!(gradient["colors"].as_array().is_some_and(|colors| colors.len() >= 2));
        assert!(gradient["maxValue"].as_u64() > gradient["minValue"].as_u64());
        for item in layer["legendItems"].as_array().unwrap() {
            assert!(item["label"].is_string() && item["color"].as_str().is_some_and(|color| color.starts_with('#')));
        }
        let cells = layer["techniques"].as_array().unwrap();
        let brief = |cell: &Value| {
            let text = |name: &str| cell[name].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {} {}",
                text("techniqueID"),
                text("tactic"),
                cell["score"],
                text("comment").replace('\n', "+")
            )
        };
        assert_eq!(
            cells.iter().map(brief).collect::<Vec<_>>(),
            ["T1000 - 1 c", "T1059 execution 2 a+b", "T1059.004 execution 1 b"]
        );
        assert_eq!(cells[1]["showSubtechniques"], true);
    }

    #[test]
    fn a_layer_without_rules_is_one() {
        let found = coverage([], "none");
        let layer = serde_json::to_value(&found.layer).unwrap();
        assert_eq!((&layer["techniques"], &layer["gradient"]["maxValue"]), (&json!([]), &json!(2)));
    }

    #[test]
    fn comments_end_somewhere() {
        let rules: Vec<RuleInfo> = (0..60).map(|n| rule(&format!("{n:02}"), ("TA0002", ""), &["T1059"])).collect();
        let found = coverage(&rules, "");
        assert_eq!(found.layer.techniques[0].score, 60);
        assert!(found.layer.techniques[0].comment.ends_with("\n49\nand 10 more"));
    }
}
