//! Boolean trees over predicates.

/// A condition in two-valued logic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Known before any event.
    Constant(bool),
    /// The answer of a predicate.
    Predicate(u32),
    /// The complement.
    Not(Box<Condition>),
    /// All of them.
    And(Vec<Condition>),
    /// Any of them.
    Or(Vec<Condition>),
}

impl Condition {
    /// The complement, without double negation.
    pub fn negate(self) -> Condition {
        match self {
            Condition::Constant(truth) => Condition::Constant(!truth),
            Condition::Not(inner) => *inner,
            other => Condition::Not(Box::new(other)),
        }
    }

    /// All of them; constants are folded and nested conjunctions flattened.
    pub fn all(parts: impl IntoIterator<Item = Condition>) -> Condition {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Condition::Constant(true) => {}
                Condition::Constant(false) => return Condition::Constant(false),
                Condition::And(inner) => kept.extend(inner),
                other => kept.push(other),
            }
        }
        match kept.len() {
            0 => Condition::Constant(true),
            1 => kept.remove(0),
            _ => Condition::And(kept),
        }
    }

    /// Any of them; constants are folded and nested disjunctions flattened.
    pub fn any(parts: impl IntoIterator<Item = Condition>) -> Condition {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Condition::Constant(false) => {}
                Condition::Constant(true) => return Condition::Constant(true),
                Condition::Or(inner) => kept.extend(inner),
                other => kept.push(other),
            }
        }
        match kept.len() {
            0 => Condition::Constant(false),
            1 => kept.remove(0),
            _ => Condition::Or(kept),
        }
    }
}
