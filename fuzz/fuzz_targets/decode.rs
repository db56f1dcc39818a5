//! Any bytes as an event. The decoder does not panic, accepts what JSON is and nothing else, and says the same of an event whatever it
//! reads of it.
#![no_main]

use std::cell::RefCell;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rule_core::Limits;
use rule_core::decode::{Projection, Slots, Value};
use serde::de::IgnoredAny;

const FIELDS: [&[&str]; 3] = [
    &[],
    &["event.category", "file.name", "a", "a.b", "a.b.c", "", ".", "_source.a"],
    // All of it that has one of these names, at any of three levels.
    &["a", "b", "c", "a.a", "a.b", "b.a", "b.b", "a.a.a", "a.b.a", "b.a.b", "b.b.b", "_id", "_index", "@timestamp"],
];

static PROJECTIONS: LazyLock<[Projection; 3]> = LazyLock::new(|| FIELDS.map(Projection::new));

thread_local! {
    /// Kept from event to event, as an engine keeps it.
    static SLOTS: RefCell<Slots> = RefCell::default();
}

fuzz_target!(|event: &[u8]| {
    let limits = Limits { max_event_depth: u32::MAX, ..Limits::default() };
    // Skipping by serde_json checks all but UTF-8, and has no limits of its own.
    let is_event = serde_json::from_slice::<IgnoredAny>(event).is_ok()
        && std::str::from_utf8(event).is_ok()
        && event.trim_ascii_start().starts_with(b"{");
    let mut first_error = None;
    for (fields, projection) in FIELDS.iter().zip(&*PROJECTIONS) {
        SLOTS.with_borrow_mut(|slots| {
            let result = projection.decode(event, &limits, slots);
            assert_eq!(result.is_ok(), is_event, "{result:?}");
            assert_eq!(*first_error.get_or_insert(result), result, "the error depends on the fields");
            let decoded = slots.view(event);
            for slot in 0..fields.len() {
                for value in decoded.values(slot) {
                    assert!(is_event, "a value of a broken event");
                    if let Value::Number(number) = value {
                        assert!(!number.as_f64().is_nan());
                        assert!(number.as_i64().is_none_or(|integer| integer as f64 == number.as_f64()));
                    }
                }
            }
            if is_event {
                let source = decoded.source();
                assert!(serde_json::from_slice::<IgnoredAny>(source).is_ok());
                assert!(source.starts_with(b"{"));
            }
            _ = (decoded.index(), decoded.id());
        });
    }
    // The limits refuse, and do nothing else.
    let tight = Limits { max_event_depth: 3, max_event_values: 4, max_event_bytes: 200, ..Limits::default() };
    let limited = PROJECTIONS[2].decode(event, &tight, &mut Slots::default());
    assert!(limited.is_err() || is_event);
});
