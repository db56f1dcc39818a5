//! Events as they are written, and as they were recorded.

use std::path::{Path, PathBuf};

use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use super::{Reader, read_text};
use crate::testing::fields::{Fields, Object, lookup};
use crate::testing::format::{FormatError, Step, When};
use crate::units;

/// The keys of an event that are not fields.
const AT: &str = "at";
const ADVANCE: &str = "advance";
const FROM: &str = "from";
const LINE: &str = "line";

impl Reader<'_> {
    /// What happens in one entry of `events`.
    pub(super) fn step(
        &self,
        written: &Spanned<Object>,
        defaults: &Fields,
        steps: &mut Vec<Step>,
        files: &mut Vec<PathBuf>,
    ) -> Result<(), FormatError> {
        let (place, object) = (written.referenced, &written.value);
        let mut own = object.clone();
        let [at, advance, from, line] = [AT, ADVANCE, FROM, LINE].map(|key| own.remove(key));
        if let Some(advance) = advance {
            if object.len() > 1 {
                return Err(self.error(place, "`advance` stands alone: time passes, nothing happens".into()));
            }
            steps.push(Step::Advance(self.duration(place, ADVANCE, &advance)?));
            return Ok(());
        }
        let at = at.map(|at| self.duration(place, AT, &at)).transpose()?;
        let changes = self.fields(place, &own)?;
        if at.is_some() && changes.has("@timestamp") {
            return Err(self.error(place, "an event has `at` or `@timestamp`, not both".into()));
        }
        let Some(from) = from else {
            if line.is_some() {
                return Err(self.error(place, "`line` is for `from`: which line of that file".into()));
            }
            if let Some(Value::String(name)) = own.get("file").filter(|file| file.is_string()) {
                let message = format!("`file` is a field here, and an object: to read events write `from: {name}`");
                return Err(self.error(place, message));
            }
            let mut fields = defaults.clone();
            fields.change(&changes);
            let when = when(at, fields.has("@timestamp"));
            let document = fields.document();
            self.spend(place, &document)?;
            steps.push(Step::Event { document, line: place.line(), when });
            return Ok(());
        };
        let Value::String(from) = from else {
            return Err(self.error(place, "`from` names a file of events, one JSON document per line".into()));
        };
        let path = self.path.parent().unwrap_or(Path::new("")).join(&from);
        let text = read_text(&path, self.max_bytes).map_err(|said| self.error(place, format!("`{from}`: {said}")))?;
        if !files.contains(&path) {
            files.push(path);
        }
        let wanted = match line {
            None => None,
            Some(line) => Some(
                line.as_u64()
                    .filter(|line| *line > 0)
                    .ok_or_else(|| self.error(place, "`line` is the number of a line, counted from 1".into()))?,
            ),
        };
        let before = steps.len();
        for (number, text) in (1u64..).zip(text.lines()) {
            if text.trim().is_empty() || wanted.is_some_and(|wanted| wanted != number) {
                continue;
            }
            let mut document: Value = serde_json::from_str(text)
                .ok()
                .filter(Value::is_object)
                .ok_or_else(|| self.error(place, format!("line {number} of `{from}` is not a JSON object")))?;
            if let (Value::Object(object), true) = (&document, changes.iter().next().is_some()) {
                let mut fields = self.fields(place, object)?;
                fields.change(&changes);
                document = fields.document();
            }
            let when = when(at, lookup(&document, "@timestamp").is_some());
            self.spend(place, &document)?;
            steps.push(Step::Event { document, line: place.line(), when });
        }
        match (steps.len() == before, wanted) {
            (true, Some(wanted)) => Err(self.error(place, format!("`{from}` has no event on line {wanted}"))),
            (true, None) => Err(self.error(place, format!("`{from}` has no events"))),
            _ => Ok(()),
        }
    }

    fn duration(&self, place: Location, key: &str, value: &Value) -> Result<u64, FormatError> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) if number.as_u64() == Some(0) => "0s".into(),
            other => other.to_string(),
        };
        let duration = units::any_duration(&text).map_err(|said| self.error(place, format!("`{key}`: {said}")))?;
        // A year is more than any rule looks back.
        u64::try_from(duration.as_millis())
            .ok()
            .filter(|millis| *millis <= 366 * 86_400_000)
            .ok_or_else(|| self.error(place, format!("`{key}`: {text} is more than a year")))
    }
}

fn when(at: Option<u64>, timed: bool) -> When {
    match (at, timed) {
        (Some(at), _) => When::At(at),
        (None, true) => When::Document,
        (None, false) => When::Next,
    }
}
