//! What rules were compiled to, until all files are read: of several rules with one id only the latest version becomes a part of
//! the set.

use std::collections::HashMap;
use std::sync::Arc;

use super::compile::Outcome;
use crate::RuleInfo;
use crate::api::{CompileReport, RuleReport, RuleStatus};
use crate::diagnostic::{Diagnostic, Span, codes};

/// Where a rule stands in its file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub span: Span,
    pub line: u32,
    pub column: u32,
}

/// A rule of the report that will run, and what it was compiled to.
pub(super) struct Piece {
    pub report: usize,
    pub place: Place,
    pub outcome: Outcome,
}

/// The rule that has an id at present.
struct Holder {
    report: usize,
    place: Place,
    /// Which piece is its own; one that is skipped has none.
    piece: Option<usize>,
}

/// The pieces of the rules read so far.
#[derive(Default)]
pub(super) struct Pieces {
    /// In the order of the report; a rule that was superseded left a gap.
    pieces: Vec<Option<Piece>>,
    live: usize,
    holders: HashMap<String, Holder>,
}

impl Pieces {
    /// How many rules will run.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether the rule would take the place of one that runs.
    pub fn replaces(&self, rule: &RuleInfo) -> bool {
        self.holders.get(&rule.id).is_some_and(|holder| holder.piece.is_some())
    }

    /// Adds a rule that is right, as the next of the report. A rule with a later version takes the place of the one with its id, a
    /// version being later than none; of equal ones the first stays.
    pub fn add(
        &mut self,
        (path, rule, place): (&str, Arc<RuleInfo>, Place),
        (status, outcome): (RuleStatus, Option<Outcome>),
        report: &mut CompileReport,
        found: &mut Vec<Diagnostic>,
    ) {
        let number = report.rules.len();
        let mut entry = RuleReport { path: path.to_owned(), status, rule };
        let older = match self.holders.get(&entry.rule.id) {
            Some(holder) => {
                let first = &mut report.rules[holder.report];
                if first.rule.version >= entry.rule.version {
                    entry.status = superseded(&entry.rule, first, &entry.path, place, found);
                    report.rules.push(entry);
                    return;
                }
                first.status = superseded(&first.rule, &entry, &first.path, holder.place, found);
                holder.piece
            }
            None => None,
        };
        if let Some(older) = older.and_then(|older| self.pieces.get_mut(older)) {
            self.live -= usize::from(older.take().is_some());
        }
        let piece = outcome.map(|outcome| {
            self.live += 1;
            self.pieces.push(Some(Piece { report: number, place, outcome }));
            self.pieces.len() - 1
        });
        self.holders.insert(entry.rule.id.clone(), Holder { report: number, place, piece });
        report.rules.push(entry);
    }

    /// What runs, in the order of the report.
    pub fn into_pieces(self) -> impl Iterator<Item = Piece> {
        self.pieces.into_iter().flatten()
    }
}

/// The status of a rule that gives way to another, and a warning where it stands.
fn superseded(rule: &RuleInfo, by: &RuleReport, path: &str, place: Place, found: &mut Vec<Diagnostic>) -> RuleStatus {
    let version =
        |version: Option<u32>| version.map_or("no version".to_owned(), |version| format!("version {version}"));
    let reason = if rule.version == by.rule.version {
        format!("the rule with id {} was read from {} already", rule.id, by.path)
    } else {
        let (here, there) = (version(rule.version), version(by.rule.version));
        format!("the rule with id {} has {here} here and {there} in {}, which is the one that runs", rule.id, by.path)
    };
    let warning = Diagnostic::warning(codes::DUPLICATE, &reason, place.span);
    found.push(Diagnostic {
        path: path.to_owned(),
        rule: Some(rule.name.clone()).filter(|name| !name.is_empty()),
        line: place.line,
        column: place.column,
        ..warning
    });
    RuleStatus::Skipped { reason }
}
