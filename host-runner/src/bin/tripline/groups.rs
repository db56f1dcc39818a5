//! Events that belong together, a sequence or a sample, as people read them: a line for all of them, then one for each.
//!
//! ```text
//! 2026-01-02T03:04:05Z  …  2 events in 1m 10s, joined by web-1, root
//! ├─ 03:04:05.678Z      …  exec curl (root)
//! └─ 03:05:15.702Z      …  creation /etc/systemd/system/x.service by curl (root)
//! ```

use std::time::Duration;

use rule_core::parse_date;
use serde_json::Value;

use crate::output::{Cell, DIM, exact_time, host};

/// What the first column has room for beside the branch.
const CLOCK: usize = 17;

/// Several events, in their order. Missing ones have no place here.
pub struct Group<'a> {
    events: Vec<&'a Value>,
    join_keys: &'a [Value],
}

impl<'a> Group<'a> {
    pub fn new(events: impl IntoIterator<Item = &'a Value>, join_keys: &'a [Value]) -> Self {
        Group { events: events.into_iter().collect(), join_keys }
    }

    /// How many events, how far apart, and what joins them.
    pub fn summary(&self) -> String {
        let mut summary = match self.events.len() {
            1 => "1 event".to_owned(),
            count => format!("{count} events"),
        };
        if let Some(span) = self.span().filter(|_| self.events.len() > 1) {
            match span.is_zero() {
                true => summary.push_str(" at once"),
                false => summary.push_str(&format!(" in {}", rounded(span))),
            }
        }
        if !self.join_keys.is_empty() {
            let keys: Vec<String> = self.join_keys.iter().map(text).collect();
            summary.push_str(&format!(", joined by {}", keys.join(", ")));
        }
        summary
    }

    /// The host of all events, or how many there are.
    pub fn host(&self) -> String {
        let mut hosts: Vec<_> = self.events.iter().filter_map(|event| host(event)).collect();
        hosts.sort_unstable();
        hosts.dedup();
        match hosts.len() {
            0 => "-".into(),
            1 => hosts.swap_remove(0),
            count => format!("{count} hosts"),
        }
    }

    /// Whether the events are of more than one host.
    pub fn is_spread(&self) -> bool {
        let first = self.events.first().and_then(|event| host(event));
        self.events.iter().any(|event| host(event) != first)
    }

    /// The cell that an event's line begins with: the branch and the time, without the day where that is the first event's. `event` is
    /// none for an event that is missing.
    pub fn branch(&self, event: Option<&Value>, is_last: bool) -> Cell {
        let branch = if is_last { "└─" } else { "├─" };
        let first = self.events.first().and_then(|event| exact_time(event)).unwrap_or_default();
        Cell(
            match event.and_then(exact_time) {
                Some(time) => format!("{branch} {}", clock(&time, &first)),
                None => branch.to_owned(),
            },
            DIM,
        )
    }

    /// From the first event to the last; none where one of them has no time.
    fn span(&self) -> Option<Duration> {
        let at = |event: &&Value| parse_date(&exact_time(event)?).map(|period| period.first);
        let times = self.events.iter().map(at).collect::<Option<Vec<_>>>()?;
        let nanoseconds = times.iter().max()? - times.iter().min()?;
        u64::try_from(nanoseconds).ok().map(Duration::from_nanos)
    }
}

/// A join key's value as it is in an event.
fn text(key: &Value) -> String {
    key.as_str().map_or_else(|| key.to_string(), |text| text.replace('\n', "\\n"))
}

/// A duration without what is too fine to matter in it.
fn rounded(span: Duration) -> String {
    let rounded = match span.as_secs() {
        0 if span.as_millis() == 0 => span,
        0..60 => Duration::from_millis(span.as_millis() as u64),
        seconds @ 60..86_400 => Duration::from_secs(seconds),
        seconds => Duration::from_secs(seconds / 60 * 60),
    };
    humantime::format_duration(rounded).to_string()
}

/// The time of day to the millisecond, and the day before it where that is another one than in `first`.
fn clock(time: &str, first: &str) -> String {
    let Some((day, of_day)) = time.split_once('T') else { return time.to_owned() };
    let (of_day, zone) = of_day.find(['Z', '+', '-']).map_or((of_day, ""), |at| of_day.split_at(at));
    let (seconds, fraction) = of_day.split_once('.').unwrap_or((of_day, ""));
    if first.split_once('T').is_none_or(|(first_day, _)| first_day != day) {
        let month_and_day = day.split_once('-').map_or(day, |(_, rest)| rest);
        return format!("{month_and_day}T{seconds}{zone}");
    }
    let milliseconds = fraction.get(..3).unwrap_or(fraction);
    let exact = format!("{seconds}.{milliseconds}{zone}");
    if milliseconds.is_empty() || exact.len() > CLOCK { format!("{seconds}{zone}") } else { exact }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_summary_tells_number_span_and_keys() {
        let at = |time: &str| json!({"@timestamp": time});
        let told = |events: &[Value], keys: &[Value]| Group::new(events, keys).summary();
        let start = at("2026-01-02T03:04:05.678Z");
        for (end, span) in [
            ("2026-01-02T03:04:05.678Z", "at once"),
            ("2026-01-02T04:04:06.000+01:00", "in 322ms"),
            ("2026-01-02T03:04:07.679Z", "in 2s 1ms"),
            ("2026-01-02T03:05:15.999Z", "in 1m 10s"),
            ("2026-01-04T03:04:59Z", "in 2days"),
        ] {
            assert_eq!(told(&[start.clone(), at(end)], &[]), format!("2 events {span}"));
        }
        let keys = [json!("web-1"), json!(0), Value::Null];
        assert_eq!(told(&[start.clone(), at("yesterday")], &keys), "2 events, joined by web-1, 0, null");
        assert_eq!(told(&[start], &[json!("a\nb")]), "1 event, joined by a\\nb");
        assert_eq!(
            told(&[json!({"@timestamp": 1_000_000}), json!({"@timestamp": 1_002_500})], &[]),
            "2 events in 2s 500ms"
        );
    }

    #[test]
    fn the_host_is_told_where_there_is_one() {
        let on = |host: &str| json!({"host": {"name": host}});
        let told = |events: &[Value]| {
            let group = Group::new(events, &[]);
            (group.host(), group.is_spread())
        };
        assert_eq!(told(&[on("a"), on("a")]), ("a".into(), false));
        assert_eq!(told(&[on("a"), json!({})]), ("a".into(), true));
        assert_eq!(told(&[on("a"), on("b"), on("a")]), ("2 hosts".into(), true));
        assert_eq!(told(&[json!({})]), ("-".into(), false));
    }

    #[test]
    fn times_are_told_by_the_clock() {
        let first = "2026-01-02T03:04:05Z";
        for (time, told) in [
            ("2026-01-02T03:04:05.6789012Z", "03:04:05.678Z"),
            ("2026-01-02T03:04:05Z", "03:04:05Z"),
            ("2026-01-02T03:04:05.1", "03:04:05.1"),
            ("2026-01-02T03:04:05.678+02:00", "03:04:05+02:00"),
            ("2026-01-03T00:00:01.5Z", "01-03T00:00:01Z"),
            ("1767323045678", "1767323045678"),
        ] {
            assert_eq!(clock(time, first), told);
            assert!(told.len() <= CLOCK);
        }
    }
}
