//! Boolean trees over predicates.

/// A condition in two-valued logic.
#[derive(Clone, Debug, PartialEq)]
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

    /// The truth, given the answers of the predicates, where `None` is one that cannot be had. Asks from left to right and no more than
    /// needed. The truth is known when it is the same whatever the missing answers are, as Kleene's logic has it.
    pub fn holds(&self, answer: &mut impl FnMut(u32) -> Option<bool>) -> Option<bool> {
        match self {
            Condition::Constant(truth) => Some(*truth),
            Condition::Predicate(number) => answer(*number),
            Condition::Not(inner) => inner.holds(answer).map(|truth| !truth),
            Condition::And(parts) => decided(parts, false, answer),
            Condition::Or(parts) => decided(parts, true, answer),
        }
    }
}

/// `decisive` if any part is, else its opposite if all parts are known.
fn decided(parts: &[Condition], decisive: bool, answer: &mut impl FnMut(u32) -> Option<bool>) -> Option<bool> {
    let mut truth = Some(!decisive);
    for part in parts {
        match part.holds(answer) {
            Some(decided) if decided == decisive => return Some(decisive),
            Some(_) => {}
            None => truth = None,
        }
    }
    truth
}
