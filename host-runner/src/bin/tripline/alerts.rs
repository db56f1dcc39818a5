//! Alerts as rows, for people.

use anstyle::Style;
use anyhow::{Context as _, Result};
use host_runner::document::read_alert;
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
                self.table.row(&mut out, &cells(&alert, host), &output::what_happened(&alert))?;
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
