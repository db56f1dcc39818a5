//! Alerts as rows, for people.

use anstyle::Style;
use anyhow::{Context as _, Result};
use host_runner::document::{lookup, read_alert};
use rule_core::{CompileReport, Match, RuleInfo, RuleStatus};
use serde_json::Value;

use crate::groups::Group;
use crate::output::{self, Cell, Column, Table};

/// Alerts as rows; the head comes with the first.
pub struct AlertTable {
    table: Table,
    headed: bool,
    /// The ids of the rules that matches refer to.
    ids: Vec<String>,
}

impl AlertTable {
    pub fn new(report: &CompileReport) -> Self {
        let names = report.rules.iter().filter(|rule| matches!(rule.status, RuleStatus::Compiled { .. }));
        let longest = names.map(|rule| name(&rule.rule).chars().count()).max().unwrap_or(0);
        let width = output::width();
        let wide = width >= 110;
        let mut columns = vec![
            Column("TIME", 20),
            Column("SEVERITY", 8),
            Column("RULE", longest.clamp(4, if wide { 44 } else { 26 })),
        ];
        if wide {
            columns.push(Column("HOST", 16));
        }
        let mut ids: Vec<(u32, String)> = Vec::new();
        for rule in &report.rules {
            if let RuleStatus::Compiled { index } = rule.status {
                ids.push((index, rule.rule.id.clone()));
            }
        }
        ids.sort_unstable();
        let ids = ids.into_iter().map(|(_, id)| id).collect();
        AlertTable { table: Table::new(columns, width), headed: false, ids }
    }

    /// Writes the alerts of an outcome. Those for the events of a sequence come before the one for all of them, which is the last of
    /// its match; they are shown below it.
    pub fn rows(&mut self, alerts: &str, matches: &[Match]) -> Result<()> {
        let mut out = anstream::stdout().lock();
        let (mut events, mut next) = (Vec::new(), 0);
        for line in alerts.lines() {
            let alert = read_alert(line).context("an alert is not JSON")?;
            if output::field(&alert, "kibana.alert.group.index").is_some() {
                events.push(alert);
                continue;
            }
            if !std::mem::replace(&mut self.headed, true) {
                self.table.head(&mut out, "WHAT HAPPENED")?;
            }
            let events = std::mem::take(&mut events);
            if events.is_empty() {
                let host = output::host(&alert).unwrap_or_else(|| "-".into());
                self.table.row(&mut out, &cells(&alert, host), &told(&alert))?;
                continue;
            }
            // Not each match has an alert: some are suppressed or held back.
            let rule = output::field(&alert, "kibana.alert.rule.rule_id").unwrap_or_default();
            let is_its =
                |found: &Match| self.ids.get(found.rule as usize) == Some(&rule) && found.events.len() == events.len();
            let at = (next..matches.len()).find(|at| matches.get(*at).is_some_and(is_its));
            next = at.map_or(next, |at| at + 1);
            let join_keys = at.and_then(|at| matches.get(at)).map_or(&[][..], |found| &found.join_keys);
            let group = Group::new(&events, join_keys);
            self.table.row(&mut out, &cells(&alert, group.host()), &group.summary())?;
            for (number, event) in events.iter().enumerate() {
                let mut what = output::what_happened(event);
                if let Some(host) = output::host(event).filter(|_| group.is_spread()) {
                    what = format!("{host}: {what}");
                }
                self.table.row(&mut out, &[group.branch(Some(event), number + 1 == events.len())], &what)?;
            }
        }
        Ok(())
    }
}

/// What happened, behind what the rule found beside the event: on a narrow screen the end is cut.
fn told(alert: &Value) -> String {
    let get = |path: &str| output::field(alert, path);
    let list = |path: &str| lookup(alert, path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let pairs = |path: &str, write: fn(&str, &str) -> String| -> Vec<String> {
        let pair = |pair| Some(write(&output::field(pair, "field")?, &output::field(pair, "value")?));
        list(path).iter().filter_map(pair).collect()
    };
    let time = |path: &str| get(path).map(|time| output::time(&serde_json::json!({ "@timestamp": time })));
    if let Some(count) = get("kibana.alert.threshold_result.count") {
        let result = |name: &str| format!("kibana.alert.threshold_result.{name}");
        let since = time(&result("from")).map_or_else(String::new, |time| format!(" since {time}"));
        let different = pairs(&result("cardinality"), |field, value| format!(", {value} of {field}")).concat();
        let terms = pairs(&result("terms"), |field, value| format!("{field} {value}"));
        return format!("[{count} events{since}{different}] {}", terms.join(", "));
    }
    let mut notes = Vec::new();
    let terms: Vec<String> = list("kibana.alert.new_terms").iter().map(plain).collect();
    if !terms.is_empty() {
        notes.push(format!("[new: {}] ", terms.join(", ")));
    }
    let indicators = list("threat.enrichments");
    if let Some(first) = indicators.first() {
        let feed = output::field(first, "feed.name").map_or_else(String::new, |name| format!(" of {name}"));
        let value = output::field(first, "matched.atomic").unwrap_or_default();
        let more = if indicators.len() > 1 { format!(" and {} more", indicators.len() - 1) } else { String::new() };
        notes.push(format!("[indicator {value}{feed}{more}] "));
    }
    if let Some(count) = get("kibana.alert.suppression.docs_count").filter(|count| count != "0") {
        let until = time("kibana.alert.suppression.end").map_or_else(String::new, |time| format!(" until {time}"));
        notes.push(format!("[and {count} more{until}] "));
    }
    notes.push(output::what_happened(alert));
    notes.concat()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.replace('\n', "\\n"))
}

fn cells(alert: &Value, host: String) -> [Cell; 4] {
    let get = |path| output::field(alert, path).unwrap_or_default();
    let severity = get("kibana.alert.severity");
    let style = output::severity_style(&severity);
    let plain = |text: String| Cell(text, Style::new());
    [plain(output::time(alert)), Cell(severity, style), plain(get("kibana.alert.rule.name")), plain(host)]
}

fn name(rule: &RuleInfo) -> &str {
    if rule.name.is_empty() { &rule.id } else { &rule.name }
}
