//! How many alerts a run may still give: `max_signals`.
//!
//! Kibana: "Max alerts per run … Specifies the maximum number of alerts the rule can create each time it runs. Default is 100" (Create a
//! detection rule, "Configure advanced rule settings").

use std::collections::BTreeMap;

/// The alerts of rules whose events come in any order, by run. The oldest run is forgotten when there are too many.
#[derive(Debug, Default)]
pub struct Budget {
    used: BTreeMap<(i64, u32), u32>,
    /// Runs before it were forgotten: they give no more.
    forgotten: Option<i64>,
}

impl Budget {
    /// Takes one of `most` alerts of a run; false when there is none left. `runs`: so many runs are kept.
    pub fn take(&mut self, rule: u32, run: i64, most: u32, runs: u32) -> bool {
        if self.forgotten.is_some_and(|forgotten| run <= forgotten) && !self.used.contains_key(&(run, rule)) {
            // What is forgotten may have been used up.
            return false;
        }
        let used = self.used.entry((run, rule)).or_default();
        if *used >= most {
            return false;
        }
        *used += 1;
        while self.used.len() > runs.max(1) as usize {
            if let Some(((run, _), _)) = self.used.pop_first() {
                self.forgotten = self.forgotten.max(Some(run));
            }
        }
        true
    }

    /// What was used, to be saved: run, rule and how much.
    pub fn entries(&self) -> impl Iterator<Item = (i64, u32, u32)> {
        self.used.iter().map(|((run, rule), used)| (*run, *rule, *used))
    }

    /// Takes over what was saved of a rule.
    pub fn set(&mut self, run: i64, rule: u32, used: u32) {
        self.used.insert((run, rule), used);
    }
}

/// The same for a rule whose alerts come in the order of its runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Current {
    run: i64,
    used: u32,
}

impl Current {
    /// Takes one of `most` alerts of a run; false when there is none left.
    pub fn take(&mut self, run: i64, most: u32) -> bool {
        if run > self.run {
            *self = Current { run, used: 0 };
        }
        let left = self.used < most;
        self.used += u32::from(left);
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_has_its_own_budget_and_the_oldest_is_forgotten() {
        let mut budget = Budget::default();
        let taken: Vec<bool> = (0..3).map(|_| budget.take(0, 300, 2, 2)).collect();
        assert_eq!(taken, [true, true, false]);
        assert!(budget.take(1, 300, 2, 2) && budget.take(0, 600, 2, 2));
        // The first of the three is gone, and gives nothing more.
        assert!(!budget.take(0, 300, 2, 2) && budget.take(0, 600, 2, 2));
        assert_eq!(budget.entries().count(), 2);
    }

    #[test]
    fn runs_in_order_need_one_count() {
        let mut current = Current::default();
        assert!(current.take(300, 1) && !current.take(300, 1) && current.take(600, 1) && !current.take(600, 1));
    }
}
