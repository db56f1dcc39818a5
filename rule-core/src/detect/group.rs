//! What the events of a sequence or sample have in common, by which its alerts are suppressed.

use crate::correlate::key::{self, KeyField};
use crate::decode::Line;
use crate::engine::{Evaluator, Program};

/// The values of the fields, packed. Kibana suppresses the alert that it makes for the whole sequence, which has a field only if all events
/// have the same value in it (`buildAlertGroupFromSequence`); here too the others count as missing. `None`: a field is missing that is not
/// optional.
pub fn common(fields: &[KeyField], lines: &[&[u8]], program: &Program, evaluator: &mut Evaluator) -> Option<Vec<u8>> {
    let mut common: Option<Vec<Option<Vec<u8>>>> = None;
    for line in lines {
        let event = evaluator.read(program, Line::new(line))?;
        let own = fields.iter().map(|field| {
            let (mut bytes, mut keys) = (Vec::new(), Vec::new());
            let field = KeyField { optional: false, ..field.clone() };
            key::whole(event, &[field], &program.plan.columns, &mut bytes, &mut keys);
            (!keys.is_empty()).then_some(bytes)
        });
        common = Some(match common {
            None => own.collect(),
            Some(before) => {
                before.into_iter().zip(own).map(|(before, own)| if before == own { own } else { None }).collect()
            }
        });
    }
    let mut group = Vec::new();
    for (field, value) in fields.iter().zip(common?) {
        match value {
            Some(value) => group.extend(value),
            None if field.optional => key::null(&mut group),
            None => return None,
        }
    }
    Some(group)
}
